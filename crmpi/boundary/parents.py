"""Physical boundaries of parent buffers: the conditions of the blocks, on cells twice as wide.

Prolongation takes slopes from a buffer. Beside a physical boundary these must be the slopes of the
state beyond it: an atmosphere goes on, a wall is a mirror, and what flows in is what the problem
says. So the condition classes act on the buffers too; to them a buffer is a block of the coarser
level.
"""

import numpy as np

from crmpi.boundary.conditions import Outflow, Reflect, User, of_blocks
from crmpi.boundary.layers import Face
from crmpi.mesh.leaves import OFFSETS
from crmpi.mesh.links import EQUAL, FINE, NONE
from crmpi.mesh.metric import EvenCells
from crmpi.mesh.pack import component_names
from crmpi.mesh.pool import aligned_zeros
from crmpi.mesh.regions import COPY_COLUMNS, axis_shape, copy_regions
from crmpi.numerics.levels.fluid_ghosts import primitive_cells
from crmpi.plugins import BOUNDARY_CONDITIONS


class ParentView:
    """Parent buffers in the place of a pack, as boundary conditions see one.

    Parameters
    ----------
    pack : Pack
    parents : crmpi.mesh.parents.Parents

    Attributes
    ----------
    grid, origins, levels, fields, scalars, metric, magnetic, has_cr, grav, u0, w0, bcc
        as those of `Pack`, with a buffer in the place of a block; ``u0``, ``w0``, ``bcc`` hold the
        last state of the fluid, where they are kept at all
    """

    def __init__(self, pack, parents):
        g = pack.grid
        self.pack, self.parents = pack, parents
        self.grid = parents.grid._replace(dx1=g.dx1, dx2=g.dx2, dx3=g.dx3)
        self._pairs = [2 if ng else 1 for ng in (g.ng1, g.ng2, g.ng3)]
        self.origins = pack.origins[parents.slots] // self._pairs
        self.levels = parents.levels
        self.metric = EvenCells(self.grid, self.levels)
        self.fields, self.magnetic, self.has_cr = pack.fields, pack.magnetic, pack.has_cr
        self.scalars = pack.scalars
        self.grav = None if pack.grav is None else self.allocate(3)
        self.u0 = self.w0 = self.bcc = None

    def allocate(self, ncomp):
        """Return zeros of shape (n, ncomp, m3, m2, m1), one entry per buffer."""
        g = self.grid
        return aligned_zeros((len(self.levels), ncomp, g.m3, g.m2, g.m1))

    def widths(self, axis):
        """Return the cell width along an axis of each buffer (n,)."""
        return self.metric.widths(axis)

    def variable_names(self):
        """Return one name per component of ``u0``: 'dens', 'mom1', ..."""
        return component_names(self.fields)

    def fill_gravity(self):
        """Average the acceleration of the blocks; the outermost layer, which they do not reach,
        repeats the next one."""
        spans = [
            slice(0, n + 2 * g) for n, g in (axis_shape(self.pack.grid, axis) for axis in (2, 1, 0))
        ]
        means = self.pack.grav[self.parents.slots][:, :, *spans]
        margins = [(0, 0), (0, 0)]
        for axis in (2, 1, 0):
            place, pairs = 4 - axis, self._pairs[axis]
            if pairs == 2:
                means = 0.5 * (
                    means.take(range(0, means.shape[place], 2), place)
                    + means.take(range(1, means.shape[place], 2), place)
                )
            margin = (
                axis_shape(self.grid, axis)[1] - axis_shape(self.pack.grid, axis)[1] // 2
                if pairs == 2
                else 0
            )
            margins.append((margin, margin))
        filled = np.pad(means, margins, mode="edge")
        self.grav[:, :, : filled.shape[2], : filled.shape[3], : filled.shape[4]] = filled

    def keep(self, u, b, gamma, up, first_scalar):
        """Keep a state, for conditions that ask for it during transport: conserved cells `u`, faces
        `b`."""
        if self.u0 is None:
            self.u0, self.w0, self.bcc = (
                self.allocate(u.shape[1]),
                self.allocate(u.shape[1]),
                self.allocate(b.shape[1]),
            )
        self.u0[...] = u
        self.w0[...] = u
        primitive_cells(self.w0, b, (0, len(u)), up, gamma - 1.0, first_scalar)
        for axis in range(b.shape[1]):
            upper = np.roll(b[:, axis], -up[axis], axis=3 - axis)
            self.bcc[:, axis] = 0.5 * (b[:, axis] + upper)


class ParentBoundaries:
    """The physical boundaries of parent buffers.

    Parameters
    ----------
    pack : Pack
    crossing : crmpi.boundary.refined.Crossing
    faces : sequence of (Face, kind)
        the boundaries of the mesh, x1 first
    eos : object with gamma and gamma_cr
    user : UserHook or None

    Attributes
    ----------
    conditions : list
        one per boundary, as for the blocks
    """

    def __init__(self, pack, crossing, faces, eos, user):
        self.view, self._crossing = ParentView(pack, crossing.parents), crossing
        self._gamma = eos.gamma
        relation = crossing.parents.relation
        self.conditions = []
        for face, kind in faces:
            offset = tuple(face.outward if axis == face.axis else 0 for axis in range(3))
            outside = np.flatnonzero(relation[:, OFFSETS.index(offset)] == NONE)
            own = Face(face.name, face.axis, face.outward, outside.tolist())
            self.conditions.append(BOUNDARY_CONDITIONS[kind](own, self.view, eos, user))
        self._asks = any(isinstance(condition, User) for condition in self.conditions)
        self._first_guess = (
            [Outflow(c.face, self.view, eos, None) for c in self.conditions] if self._asks else []
        )
        self._rims = self._rim_tables(relation)
        self._has_gravity = False
        self._of_levels = {None: self._first_guess + self.conditions}

    def follow(self, conditions):
        """Treat the field at walls as the `conditions` of the blocks do."""
        for own, other in zip(self.conditions, conditions, strict=True):
            if isinstance(own, Reflect):
                own.threaded = other.threaded

    def fluid(self, u, b, time, levels=None):
        """Fill the ghosts beyond the mesh of conserved cells `u` and faces `b` of buffers; of those
        of blocks of some `levels` alone, or of all, whose state is kept then."""
        if self.view.grav is not None and not self._has_gravity:
            self.view.fill_gravity()
            self._has_gravity = True
        self._fill_rims(u)
        if levels not in self._of_levels:
            own = np.isin(self.view.levels + 1, levels)
            self._of_levels[levels] = of_blocks(self._first_guess + self.conditions, own)
        for condition in self._of_levels[levels]:
            condition.fluid(u, b, time)
        if self._asks and levels is None:
            self.view.keep(u, b, self._gamma, self._crossing.up, self._crossing.first_scalar)

    def cells(self, q, fields, time):
        """Fill the ghosts beyond the mesh of a register `q` with the components of `fields`."""
        self._fill_rims(q)
        for condition in self._first_guess + self.conditions:
            condition.cells(q, fields, time)

    def _fill_rims(self, q):
        for table in self._rims:
            copy_regions(q, q, 0, q.shape[1], table)

    def _rim_tables(self, relation):
        """Return the tables that copy the outermost layer of buffers beside equal and finer blocks
        from the next one.

        Means of ghosts do not reach it and nothing is prolonged from it, but conditions act on
        whole layers.
        """
        touching = np.flatnonzero(self._crossing.parents.touches_boundary())
        tables, grid = [], self.view.grid
        for axis in range(3):
            n, g = axis_shape(grid, axis)
            rows = [np.zeros((0, COPY_COLUMNS), np.int64)]
            for column, offset in enumerate(OFFSETS):
                chosen = touching[np.isin(relation[touching, column], (EQUAL, FINE))]
                if g and offset[axis]:
                    rows.append(
                        _rim_rows(
                            grid,
                            chosen,
                            offset,
                            axis,
                            (1, 0) if offset[axis] < 0 else (n + 2 * g - 2, n + 2 * g - 1),
                        )
                    )
            tables.append(np.concatenate(rows))
        return [table for table in tables if len(table)]


def _rim_rows(grid, chosen, offset, axis, layers):
    """Return the rows of `COPY_COLUMNS` that copy one layer of a region to the next along an axis
    in the `chosen` buffers."""
    row = np.zeros(COPY_COLUMNS, np.int64)
    for a, side in enumerate(offset):
        n, g = axis_shape(grid, a)
        first, count = {-1: (0, g), 0: (g, n), 1: (g + n, g)}[side]
        source, target = layers if a == axis else (first, first)
        row[4 - a], row[7 - a], row[10 - a] = source, target, 1 if a == axis else count
    rows = np.tile(row, (len(chosen), 1))
    rows[:, 0] = rows[:, 1] = chosen
    return rows
