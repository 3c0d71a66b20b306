"""Reflux: what finer blocks found on shared faces and edges replaces what their coarser neighbours used."""

import numpy as np

from crmpi.mesh.interfaces import ALONG_COLUMNS, ALONG_ROWS, FLUXES, PIECES, Interfaces
from crmpi.mesh.pack import aligned_zeros
from crmpi.numerics.interfaces import EXTRA, Kept
from crmpi.numerics.restriction import restrict
from crmpi.parallel.exchange import Exchange, Part, Routes
from crmpi.parallel.halo import find_peers, places


class Reflux:
    """Planes of fluxes and electric fields at the boundaries of levels, and their exchange.

    Parameters
    ----------
    comm : SerialComm or MpiComm
    tree : BlockTree
    owner : int array (tree.nblock,)
    pack : Pack

    Attributes
    ----------
    interfaces : Interfaces
    kept : crmpi.numerics.interfaces.Kept
        what a stage writes
    fine : array
        after `exchange`: the planes with what finer blocks found in place of it
    """

    def __init__(self, comm, tree, owner, pack):
        self.interfaces = Interfaces(tree, pack)
        faces = self.interfaces
        shape = (faces.nplane, pack.nvar + EXTRA, 1, faces.extent, faces.extent)
        self.kept = Kept(faces.slots, aligned_zeros(shape))
        self._means, self.fine = aligned_zeros(shape), aligned_zeros(shape)
        self._nvar = pack.nvar
        peers = find_peers(comm.rank, tree, np.asarray(owner))
        routes, blocks = Routes(comm.rank, np.asarray(owner), peers), places(pack.gids, tree.nblock)
        parts = [Part(0, 1, *self._range(piece), self._tables(routes, blocks, piece)) for piece in PIECES]
        self._exchange = Exchange(comm, peers, parts)

    def kept_of(self, part):
        """Return `kept` of the blocks of one level."""
        return Kept(part.of(self.kept.slots), self.kept.planes)

    def exchange(self):
        """Average the planes of the finer side and give them to the coarser one; collective."""
        faces = self.interfaces
        for (piece, _), (table, span) in faces.means.items():
            restrict(self.kept.planes, self._means, *self._range(piece), table, span)
        self.fine[...] = self.kept.planes
        self._exchange.run((self._means, self.fine))

    def _range(self, piece):
        """Return the components (first, last) of a piece."""
        first = {FLUXES: 0, ALONG_ROWS: self._nvar + 1, ALONG_COLUMNS: self._nvar + 2}[piece]
        return first, self._nvar + 1 if piece == FLUXES else first + 1

    def _tables(self, routes, blocks, piece):
        transfer = self.interfaces.transfers(piece)
        slots = np.concatenate([self.interfaces.slots, np.full((1, 6), -1)])  # the last row: blocks of other ranks
        source, target = (slots[blocks[end[:, 0]], end[:, 1]] for end in (transfer.source, transfer.target))
        return routes.tables((transfer.target[:, 0], transfer.source[:, 0], transfer.boxes), source, target)
