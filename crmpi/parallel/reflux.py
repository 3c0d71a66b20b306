"""Reflux: what finer blocks found on shared faces and edges replaces what their coarser neighbours used."""

import copy

import numpy as np

from crmpi.mesh.interfaces import ALONG_COLUMNS, ALONG_ROWS, FLUXES, PIECES, Interfaces
from crmpi.mesh.pack import aligned_zeros
from crmpi.numerics.level_faces import Kept
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
    kept : crmpi.numerics.level_faces.Kept
        what a stage writes
    fine : array
        after `exchange`: the planes with what finer blocks found in place of it
    """

    def __init__(self, comm, tree, owner, pack):
        self.interfaces = Interfaces(tree, pack)
        self._comm, self._peers = comm, find_peers(comm.rank, tree, np.asarray(owner))
        routes, blocks = Routes(comm.rank, np.asarray(owner), self._peers), places(pack.gids, tree.nblock)
        self._tables = {piece: self._make_tables(routes, blocks, piece) for piece in PIECES}
        fluxes = pack.nvar + 1  # the last one is the velocity
        self._lay_out({FLUXES: (0, fluxes), ALONG_ROWS: (fluxes, fluxes + 1), ALONG_COLUMNS: (fluxes + 1, fluxes + 2)})

    def of_register(self, ncomp):
        """Return a `Reflux` of `ncomp` fluxes alone, between the same blocks: of a register of a transport solver."""
        other = copy.copy(self)
        other._lay_out({FLUXES: (0, ncomp)})
        return other

    def kept_of(self, part):
        """Return `kept` of the blocks of one level."""
        return Kept(part.of(self.kept.slots), self.kept.planes)

    def refluxed_of(self, part):
        """Return the rows (block, plane, axis, side) of the faces of the blocks of one level that finer blocks share."""
        return part.boxes(self.interfaces.refluxed)

    @property
    def planes(self):
        """What the coarser side has used and what the finer side has found, for the kernels that replace fluxes."""
        return self.kept.planes, self.fine

    def exchange(self):
        """Average the planes of the finer side and give them to the coarser one; collective."""
        for (piece, _), (table, span) in self.interfaces.means.items():
            if piece in self._pieces:
                restrict(self.kept.planes, self._means, *self._pieces[piece], table, span)
        self.fine[...] = self.kept.planes
        self._exchange.run((self._means, self.fine))

    def _lay_out(self, pieces):
        """Make planes whose components first <= c < last are the `pieces`, and their exchange."""
        faces, ncomp = self.interfaces, max(last for _, last in pieces.values())
        shape = (faces.nplane, ncomp, 1, faces.extent, faces.extent)
        self.kept = Kept(faces.slots, aligned_zeros(shape))
        self._means, self.fine = aligned_zeros(shape), aligned_zeros(shape)
        self._pieces = pieces
        parts = [Part(0, 1, *span, self._tables[piece]) for piece, span in pieces.items()]
        self._exchange = Exchange(self._comm, self._peers, parts)

    def _make_tables(self, routes, blocks, piece):
        transfer = self.interfaces.transfers(piece)
        slots = np.concatenate([self.interfaces.slots, np.full((1, 6), -1)])  # the last row: blocks of other ranks
        source, target = (slots[blocks[end[:, 0]], end[:, 1]] for end in (transfer.source, transfer.target))
        return routes.tables((transfer.target[:, 0], transfer.source[:, 0], transfer.boxes), source, target)
