"""Parent buffers: a block that touches a coarser level, seen with the cells of that level.

A buffer holds the means of the active cells of its block, n/2 along an axis, and ghosts around
them: means of the block's own ghosts where there are blocks of its level or finer ones, cells of
the coarser block elsewhere. Means go from here to the ghosts of coarser neighbours; prolongation
goes from here to the block's own ghosts.
"""

import numpy as np

from crmpi.errors import CrmpiError
from crmpi.mesh.leaves import OFFSETS
from crmpi.mesh.links import COARSE, EQUAL, FINE, NONE, Shape, region_ends, relations
from crmpi.mesh.pack import at_level
from crmpi.mesh.pool import aligned_zeros
from crmpi.mesh.regions import CELLS
from crmpi.numerics.levels.prolongation import PROLONG_COLUMNS, WRITES
from crmpi.numerics.levels.restriction import RESTRICT_COLUMNS
from crmpi.precision import LANES

_KINDS = (CELLS, 0, 1, 2)


def block_shape(grid):
    """Return the `Shape` of the blocks of a `Grid`: a parent buffer has one layer more than half
    the ghosts, for slopes."""
    ghosts = (grid.ng1, grid.ng2, grid.ng3)
    return Shape((grid.n1, grid.n2, grid.n3), ghosts, tuple(g // 2 + 1 if g else 0 for g in ghosts))


class Parents:
    """The parent buffers of one rank.

    Parameters
    ----------
    tree : BlockTree
    pack : Pack
        blocks of this rank

    Attributes
    ----------
    slots : int array (n,)
        place in the pack of the block of each buffer
    grid : Grid
        of a buffer of a block of level 1: its widths are those of level 0
    levels : int array (n,)
        level of the cells of each buffer
    relation : int array (n, 27)
        what lies in each direction, see `crmpi.mesh.links`
    own, edges : dict {kind: table}
        what is averaged from active cells or faces near coarser blocks, and from ghosts beside
        these, see `crmpi.numerics.levels.restriction`
    ghosts : table
        what is prolonged, see `crmpi.numerics.levels.prolongation`

    Raises
    ------
    CrmpiError
        if blocks cannot be halved, have too few cells or an odd number of ghosts
    """

    def __init__(self, tree, pack):
        self.shape = block_shape(pack.grid)
        check_shape(self.shape)
        relation = relations(tree)[pack.gids]
        self.slots = np.flatnonzero((relation == COARSE).any(axis=1))
        self.relation = relation[self.slots]
        self.levels = pack.levels[self.slots] - 1
        self.grid = _buffer_grid(pack.grid, self.shape)
        self.own = {kind: self._own(kind) for kind in _KINDS}
        self.edges = {kind: self._averages(kind) for kind in _KINDS}
        self.ghosts = self._prolonged()
        self._buffers = {}

    def buffer(self, ncomp, name):
        """Return the buffers (n, ncomp, m3, m2, m1) of an array, made at the first call with this
        name."""
        if (name, ncomp) not in self._buffers:
            g = self.grid
            self._buffers[name, ncomp] = aligned_zeros((len(self.slots), ncomp, g.m3, g.m2, g.m1))
        return self._buffers[name, ncomp]

    def _own(self, kind):
        """Return the rows of `RESTRICT_COLUMNS` of the active cells that coarser blocks and slopes
        beside them need.

        At the boundary of the mesh these are all cells: physical boundaries act on whole layers.
        """
        rows = [np.zeros((0, RESTRICT_COLUMNS), np.int64)]
        outer = self.touches_boundary()
        coarser = (self.relation == COARSE) & ~outer[:, None]
        for column, offset in enumerate(OFFSETS):
            covered = np.zeros(len(self.slots), bool)
            # the region of a face holds those of its edges and corners
            for axis in (a for a in range(3) if offset[a]):
                wider = [0 if a == axis else o for a, o in enumerate(offset)]
                covered |= coarser[:, OFFSETS.index(tuple(wider))] if any(wider) else False
            chosen = np.flatnonzero(coarser[:, column] & ~covered if any(offset) else outer)
            table = self._table(chosen, RESTRICT_COLUMNS, offset, self._near)
            if kind != CELLS and self.shape.ng[kind]:
                table[:, 10 - kind] += 1
            rows.append(table)
        return np.concatenate(rows)

    def touches_boundary(self):
        """Return (n,) whether the block of a buffer lies at a physical boundary."""
        touching = np.zeros(len(self.slots), bool)
        for axis in (a for a in range(3) if self.shape.ng[a]):
            for side in (-1, 1):
                offset = tuple(side if a == axis else 0 for a in range(3))
                touching |= self.relation[:, OFFSETS.index(offset)] == NONE
        return touching

    def _near(self, axis, side):
        """Return (fine index, buffer index, number of buffer cells) of the active cells next to one
        side."""
        n, g, gc = self.shape.n[axis], self.shape.ng[axis], self.shape.nc[axis]
        half, depth = n // 2 if g else n, g  # as many coarse cells as a coarser block has ghosts
        first = half - depth if side > 0 else 0
        return (g, gc, half) if side == 0 else (g + 2 * first, gc + first, depth)

    def _averages(self, kind):
        """Return the rows of `RESTRICT_COLUMNS` of the ghosts that slopes beside coarser blocks
        need, of equal and finer blocks.

        A slope needs one buffer cell further along an axis: at a region whose direction differs
        from that of a coarser block along this axis alone, and of it at the layer next to that
        block's.
        """
        rows = [np.zeros((0, RESTRICT_COLUMNS), np.int64)]
        for column, offset in enumerate(OFFSETS):
            held = np.isin(self.relation[:, column], (EQUAL, FINE))
            for axis in (a for a in range(3) if self.shape.ng[a]):
                for side in (0,) if offset[axis] else (-1, 1):
                    beside = tuple(side if a == axis else o for a, o in enumerate(offset))
                    chosen = np.flatnonzero(
                        held & (self.relation[:, OFFSETS.index(beside)] == COARSE)
                    )
                    rows.append(self._layer(chosen, offset, kind, axis, side))
        return np.concatenate(rows)

    def _layer(self, chosen, offset, kind, axis, side):
        """Return rows of one layer, along `axis`, of the regions in one direction: on one side, or
        (0) next to the active cells."""
        table = self._table(chosen, RESTRICT_COLUMNS, offset)
        # the last layer of the region, not the first
        upper = side > 0 or (side == 0 and offset[axis] < 0)
        count = table[:, 10 - axis].copy()
        table[:, 4 - axis] += 2 * (count - 1) * upper
        table[:, 7 - axis] += (count - 1) * upper
        table[:, 10 - axis] = 1
        # both ends: the energy of the field of a cell asks for all of its faces
        if kind != CELLS and self.shape.ng[kind]:
            table[:, 10 - kind] += 1
        return table

    def _prolonged(self):
        """Return the rows of `PROLONG_COLUMNS` of the ghost regions that have a coarser block."""
        rows = [np.zeros((0, PROLONG_COLUMNS), np.int64)]
        for column, offset in enumerate(OFFSETS):
            chosen = np.flatnonzero(self.relation[:, column] == COARSE)
            table = self._table(chosen, PROLONG_COLUMNS, offset)
            for axis in range(3):
                ends = region_ends(self.relation, chosen, np.array(offset), axis)
                table[:, WRITES + 2 * axis], table[:, WRITES + 2 * axis + 1] = ends
            rows.append(table)
        table = np.concatenate(rows)
        return table[np.argsort(table[:, 0], kind="stable")]  # those of a block follow each other

    def _table(self, chosen, columns, offset, span=None):
        """Return rows of the regions in one direction: fine block, buffer, fine k j i, buffer k j
        i, extents k j i in buffer cells."""
        table = np.zeros((len(chosen), columns), np.int64)
        table[:, 0], table[:, 1] = self.slots[chosen], chosen
        for axis, side in enumerate(offset):
            table[:, 4 - axis], table[:, 7 - axis], table[:, 10 - axis] = (span or self._span)(
                axis, side
            )
        return table

    def _span(self, axis, side):
        """Return (fine index, buffer index, number of buffer cells) of the region on one side along
        an axis."""
        n, g, gc = self.shape.n[axis], self.shape.ng[axis], self.shape.nc[axis]
        half, depth = n // 2 if g else n, g // 2
        if side == 0:
            return g, gc, half
        return (0, gc - depth, depth) if side < 0 else (g + n, gc + half, depth)


def check_shape(shape):
    """Raise an error if blocks of this `Shape` cannot touch another level."""
    for axis, (n, g, gc) in enumerate(zip(shape.n, shape.ng, shape.nc, strict=True)):
        if g % 2:
            raise CrmpiError(
                f"a refined mesh needs an even number of ghost zones, not {g}", everywhere=True
            )
        smallest = 2 * max(g, gc)
        if g and (n % 2 or n < smallest):
            message = (
                f"mesh.block has {n} cells along x{axis + 1}; with mesh.refinement it "
                f"needs an even number of at least {smallest}"
            )
            raise CrmpiError(message, everywhere=True)


def _buffer_grid(grid, shape):
    """Return the `Grid` of a parent buffer."""
    half = [n // 2 if g else n for n, g in zip(shape.n, shape.ng, strict=True)]
    extents = [n + 2 * gc + 1 if gc else 1 for n, gc in zip(half, shape.nc, strict=True)]
    extents[0] += -extents[0] % LANES
    return at_level(grid, -1)._replace(
        n1=half[0], n2=half[1], n3=half[2], ng1=shape.nc[0], ng2=shape.nc[1], ng3=shape.nc[2],
        m1=extents[0], m2=extents[1], m3=extents[2],
    )  # fmt: skip
