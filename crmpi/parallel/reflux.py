"""Reflux: what finer blocks found on shared faces and edges replaces what their coarser neighbours
used."""

import copy

import numpy as np

from crmpi.mesh.interfaces import ALONG_COLUMNS, ALONG_ROWS, FLUXES, PIECES, Interfaces
from crmpi.mesh.pool import aligned_zeros
from crmpi.mesh.regions import COPY_COLUMNS, copy_regions
from crmpi.numerics.levels.level_faces import Kept
from crmpi.numerics.levels.restriction import restrict
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
    kept : crmpi.numerics.levels.level_faces.Kept
        what a stage writes
    fine : array
        after `exchange`: the planes with what finer blocks found in place of it
    """

    def __init__(self, comm, tree, owner, pack):
        self.interfaces = Interfaces(tree, pack)
        self._comm, self._peers = comm, find_peers(comm.rank, tree, np.asarray(owner))
        routes, blocks = (
            Routes(comm.rank, np.asarray(owner), self._peers),
            places(pack.gids, tree.nblock),
        )
        self._levels, self._owned = tree.levels, pack.levels
        self._tables = {None: {piece: self._make_tables(routes, blocks, piece) for piece in PIECES}}
        self._make = lambda piece, level: self._make_tables(routes, blocks, piece, level)
        fluxes = pack.nvar + 1  # the last one is the velocity
        self._lay_out(
            {
                FLUXES: (0, fluxes),
                ALONG_ROWS: (fluxes, fluxes + 1),
                ALONG_COLUMNS: (fluxes + 1, fluxes + 2),
            }
        )

    def of_register(self, ncomp):
        """Return a `Reflux` of `ncomp` fluxes alone, between the same blocks: of a register of a
        transport solver."""
        other = copy.copy(self)
        other._lay_out({FLUXES: (0, ncomp)})
        return other

    def kept_of(self, part):
        """Return `kept` of the blocks of one level."""
        return Kept(part.of(self.kept.slots), self.kept.planes)

    def refluxed_of(self, part):
        """Return the rows (block, plane, axis, side) of the faces of the blocks of one level that
        finer blocks share."""
        return part.boxes(self.interfaces.refluxed)

    @property
    def planes(self):
        """What the coarser side has used and what the finer side has found, for the kernels that
        replace fluxes."""
        return self.kept.planes, self.fine

    def exchange(self, level=None):
        """Average the planes of the finer side and give them to the coarser one; collective.

        ``level``: to coarse blocks of this level alone.
        """
        if level not in self._exchanges:
            self._exchanges[level] = self._make_exchange(level)
        means, exchange = self._exchanges[level]
        for piece, table, span in means:
            restrict(self.kept.planes, self._means, *self._pieces[piece], table, span)
        self._keep_edges()
        exchange.run((self._means, self.fine))

    def planes_of(self, part):
        """Return the slice of the planes of the blocks of one level."""
        slots = part.of(self.kept.slots)
        slots = slots[slots >= 0]
        return slice(slots.min(), slots.max() + 1) if len(slots) else slice(0, 0)

    def _keep_edges(self):
        """Set the electric fields that no finer block may give to the own ones; fluxes of refluxed
        faces all come from finer blocks."""
        if ALONG_ROWS in self._pieces:
            first = self._pieces[ALONG_ROWS][0]
            planes, last = self.kept.planes, self._pieces[ALONG_COLUMNS][1]
            copy_regions(planes, self.fine, first, last, self._edges)

    def _lay_out(self, pieces):
        """Make planes whose components first <= c < last are the `pieces`, and their exchange."""
        faces, ncomp = self.interfaces, max(last for _, last in pieces.values())
        shape = (faces.nplane, ncomp, 1, faces.extent, faces.extent)
        self.kept = Kept(faces.slots, aligned_zeros(shape))
        self._means, self.fine = aligned_zeros(shape), aligned_zeros(shape)
        touched = np.unique(faces.touched[:, 1])
        self._edges = np.zeros((len(touched), COPY_COLUMNS), np.int64)
        self._edges[:, 0] = self._edges[:, 1] = touched
        self._edges[:, 8:] = 1, faces.extent, faces.extent
        self._pieces, self._exchanges = pieces, {}

    def _make_exchange(self, level):
        """Return what is averaged, rows (piece, table, span), and the `Exchange`."""
        tables = self._tables.setdefault(level, {})  # shared with registers of fewer pieces
        tables.update({p: self._make(p, level) for p in self._pieces if p not in tables})
        means = [
            (piece, table, span)
            for (piece, _), (table, span) in self.interfaces.means.items()
            if piece in self._pieces
        ]
        if level is not None:
            above = self._owned[self.interfaces.block_of_plane] == level + 1
            means = [
                (piece, np.ascontiguousarray(table[above[table[:, 0]]]), span)
                for piece, table, span in means
            ]
        parts = [Part(0, 1, *span, tables[piece]) for piece, span in self._pieces.items()]
        return means, Exchange(self._comm, self._peers, parts)

    def _make_tables(self, routes, blocks, piece, level=None):
        transfer = self.interfaces.transfers(piece)
        if level is not None:
            chosen = self._levels[transfer.target[:, 0]] == level
            transfer = transfer._replace(
                **{name: part[chosen] for name, part in transfer._asdict().items()}
            )
        # the last row: blocks of other ranks
        slots = np.concatenate([self.interfaces.slots, np.full((1, 6), -1)])
        source, target = (
            slots[blocks[end[:, 0]], end[:, 1]] for end in (transfer.source, transfer.target)
        )
        return routes.tables(
            (transfer.target[:, 0], transfer.source[:, 0], transfer.boxes), source, target
        )
