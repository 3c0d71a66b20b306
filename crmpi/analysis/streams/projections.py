"""Integrals and means along an axis, put together where they are: no rank ever holds a whole
picture.

The picture is a two-dimensional mesh of tiles as fine as the finest block above or below each. A
tile lies on the rank of the first block over it; the ranks of the others send it their integrals,
which it adds up in the order of the blocks, so the result does not depend on the number of ranks.
"""

import numpy as np

from crmpi.analysis.streams.layouts import averaged, flat_box, mesh_of
from crmpi.mesh.leaves import Lattice, refine, root_leaves
from crmpi.parallel.staging import Staging


class Projection:
    """The tiles of a mesh seen along an axis, and who adds them up.

    Parameters
    ----------
    comm : Comm
    tree : BlockTree
    owner : int array (nblock,)
    gids : int array
        blocks of this rank, in the order of its arrays
    axis : int
        0, 1 or 2
    coarsen : int

    Attributes
    ----------
    tree : BlockTree
        of the picture
    owner : int array (number of tiles,)
    """

    def __init__(self, comm, tree, owner, gids, axis, coarsen=1):
        self._mesh, self._axis, self._coarsen, self._rank = tree, axis, coarsen, comm.rank
        size = tuple(1 if a == axis else n for a, n in enumerate(tree.block))
        flat = tree.leaves.copy()
        flat[:, 1 + axis] = 0
        self._flat, self._tiles = flat, _tiles(tree, flat, axis)
        self.tree, order = mesh_of(flat_box(tree, axis), size, self._tiles, coarsen)
        self._tiles = self._tiles[order]
        self._over = _blocks_over(tree, flat, self._tiles)
        self.owner = owner[[blocks[0] for blocks in self._over]]
        pairs = [
            np.stack([np.full(len(blocks), rank), blocks], axis=1)
            for rank, blocks in zip(self.owner, self._over, strict=True)
        ]
        self._staging = Staging(comm, owner, gids, np.unique(np.concatenate(pairs), axis=0))

    def put_together(self, integrals):
        """Return the integrals (tiles of this rank, rows, n3, n2, n1) out of those along the axis
        through each block of this rank (blocks, rows, n3, n2, n1), one cell thick; collective."""
        staged = self._staging.bring(integrals)
        mine = np.flatnonzero(self.owner == self._rank)
        out = np.zeros((len(mine), *integrals.shape[1:]))
        for row, tile in enumerate(mine):
            for gid in self._over[tile]:
                out[row] += staged[self._staging.place[gid]][self._window(tile, gid)]
        return out

    def averaged(self, values):
        """Return the cells of tiles averaged as the stream wants it."""
        return averaged(values, self._coarsen)

    def _window(self, tile, gid):
        """Return the index of the cells of a block that lie over the cells of a tile."""
        (level, *place), (own, *origin) = self._tiles[tile], self._flat[gid]
        cells = [
            np.zeros(1, np.int64)
            if axis == self._axis or self._mesh.missing[axis]
            else ((place[axis] * n + np.arange(n)) >> (level - own)) - origin[axis] * n
            for axis, n in enumerate(self._mesh.block)
        ]
        return (slice(None), *np.ix_(*cells[::-1]))


def _tiles(tree, flat, axis):
    """Return the tiles (n, 4) of a mesh with the leaves `flat`, their places along the axis 0."""
    size = tuple(1 if a == axis else n for a, n in enumerate(tree.lattice))
    lattice = Lattice(
        size, tree.periodic, tuple(m or a == axis for a, m in enumerate(tree.missing))
    )
    refined = {above for leaf in set(map(tuple, flat.tolist())) for above in _ancestors(leaf)}

    def wanted(leaves):
        return leaves[:, 0] + np.array([tuple(leaf) in refined for leaf in leaves.tolist()])

    return refine(lattice, root_leaves(lattice), wanted, closed=False)


def _ancestors(leaf):
    """Yield the blocks that a leaf lies in, itself excluded. A missing axis stays at 0."""
    level, *place = leaf
    for up in range(1, level + 1):
        yield (level - up, *(n >> up for n in place))


def _blocks_over(tree, flat, tiles):
    """Return for each tile the numbers of the blocks over it, ascending."""
    blocks = {}
    for gid, leaf in enumerate(flat.tolist()):
        blocks.setdefault(tuple(leaf), []).append(gid)
    over = []
    for tile in map(tuple, tiles.tolist()):
        found = [blocks.get(place, []) for place in (tile, *_ancestors(tile))]
        over.append(np.array(sorted(gid for some in found for gid in some), np.int64))
    return over
