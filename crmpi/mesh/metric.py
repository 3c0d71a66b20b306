"""Metric of the blocks of a pack: widths, volumes, areas and distances of their cells, for kernels
and ledgers.

There is one class for each kind of cells. What differs between them is a method of the metric; no
other module distinguishes the kinds. Positions along the mesh are those of `crmpi.mesh.geometry`.
"""

import numpy as np

from crmpi.types import BlockVolumes, EqualVolumes, TubeVolumes


class EvenCells:
    """Cells of a level are equal boxes.

    Parameters
    ----------
    grid : Grid
        of level 0
    levels : int array (nblock,)
    refined : bool
        there are several levels, on whatever rank

    Attributes
    ----------
    axis : int or None
        the axis along which cells change
    volumes : EqualVolumes, BlockVolumes or TubeVolumes
        of all cells, for `crmpi.numerics.rows.volumes.cell_volume`
    cells : NamedTuple
        the cells as kernels see them, see `crmpi.numerics.rows.cells`
    """

    axis = None

    def __init__(self, grid, levels, *, refined=False):
        self.grid, self.levels = grid, levels
        equal = EqualVolumes(grid.dx1 * grid.dx2 * grid.dx3)
        self.cells = equal
        self.volumes = BlockVolumes(self.cell_volumes) if refined else equal

    def widths(self, axis):
        """Return the cell width along an axis of each block (nblock,)."""
        width = (self.grid.dx1, self.grid.dx2, self.grid.dx3)[axis]
        present = (self.grid.ng1, self.grid.ng2, self.grid.ng3)[axis]
        return width * 2.0 ** -(self.levels if present else 0 * self.levels)

    @property
    def cell_volumes(self):
        """Volume of a cell of each block (nblock,), by which sums of `weighted` densities count."""
        grid = self.grid
        present = [a for a, ng in enumerate((grid.ng1, grid.ng2, grid.ng3)) if ng]
        finer = [2.0**-self.levels if a in present else 1.0 for a in range(3)]
        return (grid.dx1 * finer[0]) * (grid.dx2 * finer[1]) * (grid.dx3 * finer[2])

    def weighted(self, cells):
        """Return densities of active cells (nblock, ncomp, n3, n2, n1) with the weights of
        the cells in a sum over their block."""
        return cells

    def spans(self, axis):
        """Return the distances between the two neighbours of cells along an axis; they fit an array
        (nblock, m3, m2, m1) without its outermost layers."""
        return 2.0 * self.widths(axis)[:, None, None, None]

    def gaps(self, axis, blocks, faces):
        """Return the distances of the two cells beside the lower faces with these indices along an
        axis."""
        return self.widths(axis)[blocks]

    turns = True
    """Whether the field may change its direction; if not, it is that of a constant flux along
    `axis`."""

    def weaken(self, faces, b, axis):
        """Make a uniform field on the active faces (k, j, i) of block `b` across an axis that of a
        uniform flux."""


class TubeCells:
    """Cells of a tube, whose cross-section and widths change along its axis; see
    `crmpi.mesh.geometry`. The other axes are missing.

    Parameters
    ----------
    pack : crmpi.mesh.pack.Pack
    geometry : crmpi.mesh.geometry.TubeGeometry

    Attributes
    ----------
    axis, volumes, cells
        see `EvenCells`; ``cells`` is a `crmpi.types.Tube`
    """

    def __init__(self, pack, geometry):
        grid, self.axis, self.pool = pack.grid, geometry.axis, pack.pool
        self.first = (grid.ng1, grid.ng2, grid.ng3)[self.axis]
        self.n = (grid.n1, grid.n2, grid.n3)[self.axis]
        count = (grid.m1, grid.m2, grid.m3)[self.axis]
        self.cells = geometry.tube(pack.origins[:, self.axis] - self.first, count)
        self.volumes = TubeVolumes(self.axis, self.cells.volume)
        self._widths = (grid.dx1, grid.dx2, grid.dx3)
        self._section = geometry.section

    def widths(self, axis):
        """Return the mean cell width along an axis of each block (nblock,)."""
        return self.pool.numbers(fill=self._widths[axis])

    @property
    def cell_volumes(self):
        """1 for each block: sums of `weighted` densities hold the volumes of cells."""
        return self.pool.numbers(fill=1.0)

    def weighted(self, cells):
        """Return densities of active cells times the volumes of the cells."""
        shape = [len(self.cells.area), 1, 1, 1, 1]
        shape[4 - self.axis] = self.n
        return cells * self.cells.volume[:, self.first : self.first + self.n].reshape(shape)

    def spans(self, axis):
        """Return the distances between the two neighbours of cells."""
        gap = self.cells.gap
        shape = [len(gap), 1, 1, 1]
        shape[3 - axis] = -1
        return (gap[:, 1:-1] + gap[:, 2:]).reshape(shape)

    def gaps(self, axis, blocks, faces):
        """Return the distances of the two cells beside lower faces."""
        return self.cells.gap[blocks, faces]

    turns = False

    def weaken(self, faces, b, axis):
        """Make a uniform field that of a uniform flux: B A = const, the given value where the
        relative cross-section is 1."""
        if axis == self.axis and faces.any():
            area = self.cells.area[b, self.first : self.first + faces.size]
            with np.errstate(divide="ignore"):
                faces /= (area / self._section).reshape(faces.shape)
