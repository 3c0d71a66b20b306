"""Pack: the storage of all blocks that one rank owns."""

from typing import NamedTuple

import numpy as np

from crmpi.errors import CrmpiError
from crmpi.mesh.geometry import Cartesian
from crmpi.mesh.pool import Pool
from crmpi.mesh.tiles import make_tiles, most_blocks
from crmpi.mesh.tree import NO_NEIGHBOUR, direction
from crmpi.precision import LANES
from crmpi.types import Field, Grid, make_axes

HYDRO_FIELDS = (
    Field("dens", unit="density", title="mass density"),
    Field("mom", 3, vector=True, unit="momentum_density", title="momentum density"),
    Field("ener", unit="pressure", title="gas and magnetic energy density"),
)
ECR_FIELD = Field("ecr", unit="pressure", title="cosmic-ray energy density")


def component_names(fields):
    """Return one name per component of `fields`: a vector 'mom' gives 'mom1', 'mom2', 'mom3'."""
    return [f.name if f.ncomp == 1 else f"{f.name}{c + 1}" for f in fields for c in range(f.ncomp)]


def make_grid(block, cells, lower, upper, ng):
    """Return the `Grid` of a block of shape `block` on a mesh of `cells` cells from `lower` to
    `upper`, axes in order x1, x2, x3.

    Raises
    ------
    CrmpiError
        if a block is thinner than its ghost zones: they would reach beyond the nearest neighbour
    """
    ghosts = [ng if total > 1 else 0 for total in cells]
    for axis, (n, g) in enumerate(zip(block, ghosts, strict=True)):
        if n < g:
            raise CrmpiError(
                f"mesh.block = {list(block)} is thinner than the {g} ghost zones that this "
                f"scheme needs along x{axis + 1}: "
                f"use blocks of at least {g} cells",
                everywhere=True,
            )
    extents = [n + 2 * g + 1 if g else 1 for n, g in zip(block, ghosts, strict=True)]
    extents[0] += -extents[0] % LANES
    widths = [(hi - lo) / total for lo, hi, total in zip(lower, upper, cells, strict=True)]
    return Grid(*block, *ghosts, *extents, *widths)


def make_pack(tree, gids, fields=HYDRO_FIELDS, ng=2, *, magnetic=True, gravity=False, spare=()):
    """Return the `Pack` of the blocks `gids` of a `BlockTree`, with `ng` ghost zones along every
    axis that is not missing.

    Blocks are stored by level, then by gid. ``spare``: memory of the pack of an earlier mesh, see
    `crmpi.mesh.pool.Pool.release`.
    """
    gids = np.asarray(gids, dtype=np.int64)
    gids = gids[np.lexsort((gids, tree.levels[gids]))]
    grid = make_grid(tree.block, tree.cells, tree.lower, tree.upper, ng)
    origins = [tree.origin(gid) for gid in gids]
    options = {
        "magnetic": magnetic,
        "gravity": gravity,
        "geometry": tree.geometry,
        "levels": tree.levels[gids],
        "spare": spare,
    }
    pack = Pack(grid, gids, origins, tree.lower, fields, **options)
    for axis in (a for a in range(3) if not tree.missing[a]):
        for side in (0, 1):
            offset = [0, 0, 0]
            offset[axis] = 2 * side - 1
            pack.outer[:, 2 * axis + side] = (
                tree.neighbours[pack.gids, direction(offset)] == NO_NEIGHBOUR
            )
    pack._measure(refined=tree.max_level > 0)
    pack.is_open = not all(tree.periodic[axis] or tree.missing[axis] for axis in range(3))
    return pack


class Part(NamedTuple):
    """The blocks of one level in a pack: kernels run over ``blocks``, a slice, with the widths of
    ``grid``.

    ``whole``: these are all blocks of the pack.
    """

    level: int
    blocks: slice
    grid: Grid
    whole: bool = False

    @property
    def volume(self):
        """Volume of a cell."""
        return self.grid.dx1 * self.grid.dx2 * self.grid.dx3

    def axes(self, dt):
        """Return the three `crmpi.numerics.rows.rows.Axis` of this level for a step `dt`."""
        return make_axes(self.grid, dt)

    def of(self, value):
        """Return what belongs to the blocks of this level: of arrays (nblock, ...) a slice, of a
        named tuple that of each member."""
        if self.whole:
            return value
        if isinstance(value, np.ndarray):
            return value[self.blocks]
        if isinstance(value, tuple):
            members = [self.of(member) for member in value]
            return type(value)(*members) if hasattr(value, "_fields") else tuple(members)
        return value

    def boxes(self, boxes):
        """Return the rows of a table of boxes (block, ...) whose blocks are of this level, counted
        from the first of them."""
        chosen = boxes[(boxes[:, 0] >= self.blocks.start) & (boxes[:, 0] < self.blocks.stop)].copy()
        chosen[:, 0] -= self.blocks.start
        return chosen


def make_parts(grid, levels):
    """Return the `Part` of each level in ascending `levels` (nblock,); `grid` is that of level
    0."""
    levels = np.asarray(levels, dtype=np.int64)
    parts = []
    for level in np.unique(levels).tolist() or [0]:
        first, last = np.searchsorted(levels, [level, level + 1]).tolist()
        parts.append(
            Part(
                level, slice(first, last), at_level(grid, level), whole=last - first == len(levels)
            )
        )
    return tuple(parts)


def at_level(grid, level):
    """Return the `Grid` with the cell widths of a level; a missing axis keeps its width."""
    ratio = 2.0**-level
    widths = ((grid.ng1, grid.dx1), (grid.ng2, grid.dx2), (grid.ng3, grid.dx3))
    dx1, dx2, dx3 = (width * ratio if ghosts else width for ghosts, width in widths)
    return grid._replace(dx1=dx1, dx2=dx2, dx3=dx3)


class Pack:
    """Arrays ``(nblock, ncomp, m3, m2, m1)`` of the blocks `gids`, in this order.

    Parameters
    ----------
    grid : Grid
        shape of every block
    gids : sequence of int
        global ids of the blocks, ascending in each level
    origins : array (nblock, 3)
        index of the first active cell of each block in the mesh of its level, axes x1, x2, x3
    lower : sequence of 3 floats
        lower corner of the mesh
    fields : sequence of Field
        the evolved cell variables, in the order of ``u0``; hydro fields first, then ``ecr`` and the
        tracers' ``ecr_1`` ..., then scalars
    magnetic, gravity : bool
        allocate the magnetic field; the static acceleration
    geometry : crmpi.mesh.geometry.Cartesian, optional
        of the mesh; Cartesian by default
    levels : sequence of int, optional
        refinement level of each block, ascending; 0 by default
    spare : list, optional
        memory that may be used, see `crmpi.mesh.pool.Pool.release`

    Attributes
    ----------
    pool : crmpi.mesh.pool.Pool
        makes all arrays of these blocks
    parts : tuple of Part
        the blocks level by level
    geometry : crmpi.mesh.geometry.Cartesian
        positions
    metric : crmpi.mesh.metric.EvenCells or TubeCells
        widths, volumes, areas and distances of cells
    volumes : EqualVolumes, BlockVolumes or TubeVolumes
        of all cells, for `crmpi.numerics.rows.volumes.cell_volume`
    outer : bool array (nblock, 6)
        whether the faces ix1, ox1, ix2 ... of a block are on the boundary of the mesh and not
        periodic
    is_open : bool
        the mesh has such faces, on whatever rank
    scalars : tuple of str
        passive scalars, the last variables of ``u0``
    refined : bool
        the mesh has several levels, on whatever rank
    """

    def __init__(
        self,
        grid,
        gids,
        origins,
        lower,
        fields=HYDRO_FIELDS,
        *,
        magnetic=True,
        gravity=False,
        geometry=None,
        levels=None,
        spare=(),
    ):
        self.grid = grid
        self.gids = np.asarray(gids, dtype=np.int64)
        self.pool = Pool(grid, len(self.gids), spare)
        self.origins = np.asarray(origins, dtype=np.int64).reshape(-1, 3)
        self.levels = (
            np.zeros(len(self.gids), np.int64)
            if levels is None
            else np.asarray(levels, dtype=np.int64)
        )
        self.parts = make_parts(grid, self.levels)
        self._places = self.origins // (grid.n1, grid.n2, grid.n3)
        self._tiles = {}
        self.lower = tuple(float(x) for x in lower)
        self.fields = tuple(fields)
        self.magnetic = magnetic
        self.geometry = geometry or Cartesian(self.lower)
        self._measure(refined=False)
        self.outer, self.is_open = np.zeros((len(self.gids), 6), bool), False
        self.index = {}
        for field in self.fields:
            self.index[field.name] = sum(f.ncomp for f in self.fields[: len(self.index)])
        self.nvar = sum(f.ncomp for f in self.fields)
        self.has_cr = "ecr" in self.index
        self.scalars = tuple(field.name for field in self.fields if field.passive)
        self.tracers = tuple(
            field.name for field in self.fields if field.population and field.bulk == "ecr"
        )
        self.u0, self.u1, self.w0 = (self.allocate(self.nvar) for _ in range(3))
        nface = 3 if magnetic else 0
        self.b0, self.b1, self.b2, self.bcc = (self.allocate(nface) for _ in range(4))
        self.grav = self.allocate(3) if gravity else None

    def _measure(self, *, refined):
        """Make the metric of the blocks of a mesh that is `refined`, on whatever rank, or not."""
        self.refined = refined
        self.metric = self.geometry.metric(self)
        self.volumes = self.metric.volumes

    @property
    def nblock(self):
        """Number of blocks on this rank."""
        return len(self.gids)

    def grid_of(self, b):
        """Return the `Grid` of block `b`, with the cell widths of its level."""
        return next(part.grid for part in self.parts if part.blocks.start <= b < part.blocks.stop)

    def widths(self, axis):
        """Return the cell width along an axis of each block (nblock,), see `crmpi.mesh.metric`."""
        return self.metric.widths(axis)

    def tiles(self, part, widest, selected=None):
        """Return the `crmpi.mesh.tiles.Tiles` of the blocks of a `Part`, or of those of them that
        are `selected` (nblock,), counted from the first of the part; they are not wider than
        `widest` cells along x1 and x2."""
        own = part.blocks
        if selected is not None and not selected[own].all():
            return make_tiles(self.grid, self._places[own], widest, selected[own])
        key = own.start, own.stop, widest  # a part may be some blocks of a level
        if key not in self._tiles:
            every = np.ones(own.stop - own.start, bool)
            self._tiles[key] = make_tiles(self.grid, self._places[own], widest, every)
        return self._tiles[key]

    def most_blocks(self, widest):
        """Return the largest number of blocks along x1 and along x2 that such a tile may have."""
        most = [most_blocks(self.grid, self._places[part.blocks], widest) for part in self.parts]
        return tuple(max(numbers) for numbers in zip(*most, strict=True))

    @property
    def cell_volumes(self):
        """Volume of a cell of each block (nblock,), see `crmpi.mesh.metric`."""
        return self.metric.cell_volumes

    @property
    def cell_shares(self):
        """Volume of a cell of each block over that of a cell of level 0 (nblock,), powers of 2."""
        present = sum(1 for ghosts in (self.grid.ng1, self.grid.ng2, self.grid.ng3) if ghosts)
        return 0.5 ** (self.levels * present)

    def allocate(self, ncomp, grid=None):
        """Return a new register (nblock, ncomp, m3, m2, m1) of zeros of the `pool`; ``grid``: of
        another layout."""
        return self.pool.register(ncomp, grid)

    def by_gid(self, array, axis=0):
        """Return an array with its blocks, along `axis`, in the order of their gids: itself where
        they are."""
        order = np.argsort(self.gids, kind="stable")
        return array if (np.diff(order) == 1).all() else np.take(array, order, axis=axis)

    def active(self, array):
        """Return the view (nblock, ncomp, n3, n2, n1) of the active cells of a pack array."""
        g = self.grid
        return array[:, :, g.ng3 : g.ng3 + g.n3, g.ng2 : g.ng2 + g.n2, g.ng1 : g.ng1 + g.n1]

    def sums(self, array, variables):
        """Return the sums of some components over the active cells of each block (nblock,), with
        the weights of the metric."""
        cells = self.metric.weighted(self.active(array)[:, variables])
        return cells.sum(axis=(1, 2, 3, 4), dtype=float)

    def coords(self, b):
        """Return the centres (x1, x2, x3) of the active cells of block `b`, three 1-D arrays in
        code units.

        They follow from global cell indices: bitwise identical for every choice of blocks.
        """
        g = self.grid
        return self.positions(self.origins[b], (g.n1, g.n2, g.n3), self.levels[b])

    def positions(self, first, count, level=0):
        """Return the centres (x1, x2, x3) of `count` cells per axis from the indices `first` of a
        level on, three 1-D arrays."""
        grid = at_level(self.grid, int(level))
        return tuple(
            self.geometry.places(axis, first[axis] + np.arange(count[axis]), 0.5, width)
            for axis, width in enumerate((grid.dx1, grid.dx2, grid.dx3))
        )

    def variable_names(self):
        """Return one name per component of ``u0``: 'dens', 'mom1', ..."""
        return component_names(self.fields)
