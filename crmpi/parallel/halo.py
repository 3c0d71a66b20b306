"""Halo: ghost zones filled from neighbouring blocks, on this rank or on others.

All regions of all arrays that go to one rank travel in one message, those between levels too.
Regions between blocks of the same rank are copied by the same kind of table while the messages are
on their way. Every ghost cell has exactly one source, so the result does not depend on the number
of ranks or on the order of messages.
"""

import numpy as np

from crmpi.mesh.links import DOWN, SAME, SHARED, UP, Links, make_links
from crmpi.mesh.parents import block_shape
from crmpi.mesh.regions import CELLS
from crmpi.parallel.exchange import Exchange, Part, Routes
from crmpi.parallel.marks import MarkExchange

_KINDS = (CELLS, 0, 1, 2)


class Halo:
    """Exchange of ghost zones between blocks.

    Parameters
    ----------
    comm : SerialComm or MpiComm
    tree : BlockTree
    owner : int array (tree.nblock,)
        rank of each block
    pack : Pack
        this rank's blocks; gives the shape and the gids, its arrays are not touched
    parents : Parents, optional
        the parent buffers of a refined mesh

    Attributes
    ----------
    peers : list of int
        the ranks of neighbouring blocks
    """

    def __init__(self, comm, tree, owner, pack, parents=None):
        self._comm, owner = comm, np.asarray(owner)
        self.peers = find_peers(comm.rank, tree, owner)
        blocks = places(pack.gids, tree.nblock)
        buffers = None if parents is None else places(pack.gids[parents.slots], tree.nblock)
        self._families = (SAME,) if parents is None else (SAME, UP, DOWN)
        routes, shape = Routes(comm.rank, owner, self.peers), block_shape(pack.grid)
        # links of far blocks would cost every rank the memory of the whole mesh
        near = np.flatnonzero(np.isin(owner, [comm.rank, *self.peers]))

        def tables(family, kind, levels=None, *, back=False):
            links = make_links(tree, shape, kind, family, near)
            if levels is not None:
                chosen = np.isin(tree.levels[links.target], levels)
                links = Links(*(part[chosen] for part in links))
            source = (buffers if family in (UP, SHARED) else blocks)[links.source]
            target = (buffers if family == DOWN else blocks)[links.target]
            if back:
                here, there = links.boxes[:, 3:6], links.boxes[:, :3]
                boxes = np.concatenate([here, there, links.boxes[:, 6:]], axis=1)
                return routes.tables((links.source, links.target, boxes), target, source)
            return routes.tables(links, source, target)

        self._tables = {
            (family, kind): tables(family, kind) for family in self._families for kind in _KINDS
        }
        self._shared = {}
        self._exchanges, self._level_exchanges, self._make_tables = {}, {}, tables
        self._marks = None

    def share(self, faces, buffer, levels=None):
        """On a refined mesh, set the active faces that a finer block shares to its means;
        collective.

        Parameters
        ----------
        faces : array (nblock, 3, m3, m2, m1)
        buffer : array (nbuffer, 3, ...)
            parent buffer with the means of the active faces
        levels : range, optional
            of blocks whose faces are set
        """
        self._run_shared(faces, buffer, levels, back=False)

    def lend(self, faces, buffer, levels):
        """Set the means of active faces that blocks of some `levels` share with finer ones to what
        they hold themselves: the opposite of `share`; collective."""
        self._run_shared(faces, buffer, levels, back=True)

    def _run_shared(self, faces, buffer, levels, *, back):
        key = levels, back
        if key not in self._shared:
            source, target = (0, 1) if back else (1, 0)
            parts = [
                Part(source, target, a, a + 1, self._make_tables(SHARED, a, levels, back=back))
                for a in range(3)
            ]
            self._shared[key] = Exchange(self._comm, self.peers, parts)
        self._shared[key].run((faces, buffer))

    def exchange(self, cells=(), faces=(), buffers=()):
        """Fill the ghost zones that have a neighbouring block, edges and corners included.

        Parameters
        ----------
        cells : sequence of arrays (nblock, ncomp, m3, m2, m1)
            cell-centred arrays
        faces : sequence of arrays (nblock, 3, m3, m2, m1)
            component a lives on the lower faces along axis a; faces shared by two blocks of a level
            are not touched
        buffers : sequence of arrays (nbuffer, ncomp, ...)
            on a refined mesh, the parent buffers of `cells` and `faces` in this order: ghosts of
            coarser blocks come from there, ghosts of the buffers come from coarser blocks

        Notes
        ----- Collective: all ranks call it with arrays of the same numbers of components in the
          same order. One message per neighbouring rank.
        """
        key = tuple(array.shape[1] for array in cells), len(faces)
        if key not in self._exchanges:
            self._exchanges[key] = Exchange(self._comm, self.peers, self._parts(*key))
        self._exchanges[key].run((*cells, *faces, *buffers))

    @property
    def marks(self):
        """The `MarkExchange` of an array of one component and, on a refined mesh, its parent
        buffer."""
        if self._marks is None:
            self._marks = MarkExchange(self._comm, self.peers, self._parts((1,), 0))
        return self._marks

    def exchange_levels(self, cells, faces, above, buffers, levels):
        """Fill the ghost zones of the blocks of some levels of a refined mesh alone; collective.

        Parameters
        ----------
        cells, faces, buffers
            as for `exchange`
        above : sequence of arrays
            what blocks coarser than these levels hold at this time, as `cells` and `faces`
        levels : range
        """
        key = tuple(array.shape[1] for array in cells), len(faces), levels
        if key not in self._level_exchanges:
            parts = self._level_parts(key[0], len(faces), levels)
            self._level_exchanges[key] = Exchange(self._comm, self.peers, parts)
        self._level_exchanges[key].run((*cells, *faces, *buffers, *above))

    def _parts(self, ncomps, nfaces):
        """Return the parts of an exchange: array after array, buffers behind the arrays."""
        count, parts = len(ncomps) + nfaces, []
        for index, kind, first, last in _pieces(ncomps, nfaces):
            for family in self._families:
                source = index + count if family == UP else index
                target = index + count if family == DOWN else index
                parts.append(Part(source, target, first, last, self._tables[family, kind]))
        return parts

    def _level_parts(self, ncomps, nfaces, levels):
        """Return the parts of an exchange of some levels: arrays, buffers, and what lies above."""
        count, parts = len(ncomps) + nfaces, []
        lowest, others = levels[:1], levels[1:]
        for index, kind, first, last in _pieces(ncomps, nfaces):
            buffer, above = index + count, index + 2 * count
            for source, target, family, chosen in (
                (index, index, SAME, levels),
                (buffer, index, UP, levels),
                (above, buffer, DOWN, lowest),
                (index, buffer, DOWN, others),
            ):
                if len(chosen):
                    tables = self._make_tables(family, kind, chosen)
                    parts.append(Part(source, target, first, last, tables))
        return parts


def _pieces(ncomps, nfaces):
    """Return (number of the array, kind, first, last component) of what an exchange moves."""
    pieces = [(index, CELLS, 0, ncomp) for index, ncomp in enumerate(ncomps)]
    for index in range(len(ncomps), len(ncomps) + nfaces):
        pieces += [(index, axis, axis, axis + 1) for axis in range(3)]
    return pieces


def find_peers(rank, tree, owner):
    """Return the ranks, ascending, that own a block which touches one of this rank."""
    mine, found = owner == rank, tree.neighbours
    seen = found[mine]
    sees = (mine[np.maximum(found, 0)] & (found >= 0)).any(axis=1)
    touching = np.union1d(seen[seen >= 0], np.flatnonzero(sees))
    return [int(peer) for peer in np.setdiff1d(owner[touching], [rank])]


def places(gids, nblock):
    """Return the place of each block of the mesh in a list of `gids`, -1 where it is not in it."""
    result = np.full(nblock, -1, dtype=np.int64)
    result[gids] = np.arange(len(gids))
    return result
