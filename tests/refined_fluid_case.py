"""Fluid steps on refined meshes, without a simulation around them."""

import functools

import numpy as np

from crmpi.boundary.ghosts import Ghosts
from crmpi.boundary.layers import SIDES
from crmpi.constants import DENS, ECR, ENER, MOM1
from crmpi.mesh import make_pack
from crmpi.mesh.pack import ECR_FIELD, HYDRO_FIELDS
from crmpi.parallel.reflux import Reflux
from crmpi.params import make
from crmpi.physics.fluid import Fluid
from crmpi.physics.fluid_params import FluidParams, nghost
from crmpi.run.level_steps import LevelSteps
from crmpi.types import Field
from tests.refined_case import field_of, inside, places

_MARKS = (Field("troubled"),)


class RefinedFluid:
    """A `Fluid` on a refined tree, periodic or with one condition on all sides."""

    def __init__(
        self,
        comm,
        tree,
        owner=None,
        *,
        kind="outflow",
        gravity=False,
        rays=(ECR_FIELD,),
        ng=2,
        apart=0,
        **params,
    ):
        self.comm, self.tree = comm, tree
        self.params = make(FluidParams, **params)
        owner = np.zeros(tree.nblock, int) if owner is None else owner
        fields = HYDRO_FIELDS + (rays if self.params.cosmic_rays else ()) + (Field("dye"),)
        ng = 2 * ((max(ng, nghost(self.params)) + 1) // 2)
        gids = np.flatnonzero(owner == comm.rank)
        self.pack = make_pack(
            tree, gids, fields, ng, magnetic=self.params.magnetic, gravity=gravity
        )
        self.fluid = Fluid(self.params, self.pack)
        boundaries = {
            side: "periodic" if tree.periodic[n // 2] else kind for n, side in enumerate(SIDES)
        }
        self.ghosts = Ghosts(comm, tree, owner, self.pack, boundaries, self.fluid.eos)
        self.fluid.reflux = Reflux(comm, tree, owner, self.pack) if tree.max_level else None
        parts = self.fluid, self.ghosts, comm, tree.max_level, apart
        self.levels = LevelSteps(*parts) if apart else None
        self.time = 0.0

    def start(self, state, potential=None):
        """Set primitives ``state(x1, x2, x3)``, a dict, and the field of a vector potential, see
        `field_of`."""
        pack = self.pack
        for b in range(pack.nblock):
            x = [places(self.tree, pack, b, axis) for axis in range(3)]
            w = state(x[0][None, None, :], x[1][None, :, None], x[2][:, None, None])
            cells = inside(self.tree, pack, b)
            u = pack.u0[b]
            for axis in range(3):
                u[(MOM1 + axis, *cells)] = self._cells(w["dens"] * w.get(f"vel{axis + 1}", 0.0), x)[
                    cells
                ]
            u[(DENS, *cells)] = self._cells(w["dens"], x)[cells]
            kinetic = 0.5 * sum(u[(MOM1 + a, *cells)] ** 2 for a in range(3)) / u[(DENS, *cells)]
            u[(ENER, *cells)] = (
                self._cells(w["press"], x)[cells] / (self.params.gamma - 1.0) + kinetic
            )
            if pack.has_cr:
                u[(ECR, *cells)] = self._cells(w["ecr"], x)[cells]
            u[(pack.index["dye"], *cells)] = (
                u[(DENS, *cells)] * self._cells(w.get("dye", 0.5), x)[cells]
            )
            if pack.magnetic:
                self._set_field(b, potential, w)
                field = [pack.b0[b, a] for a in range(3)]
                for a in range(3):
                    region = inside(self.tree, pack, b, a)
                    grown = field[a][region]
                    axis = 2 - a
                    if grown.shape[axis] > pack.active(pack.u0).shape[2 + axis]:
                        grown = 0.5 * (
                            grown.take(range(1, grown.shape[axis]), axis)
                            + grown.take(range(grown.shape[axis] - 1), axis)
                        )
                    u[(ENER, *cells)] += 0.5 * grown**2
        self.refresh(pack.u0, pack.b0)

    def _set_field(self, b, potential, w):
        for axis in range(3):
            region = inside(self.tree, self.pack, b, axis)
            field = w.get(f"b{axis + 1}", 0.0)
            if potential is not None:
                field = field + field_of(self.tree, self.pack, b, axis, potential)[region]
            self.pack.b0[b, axis][region] = field

    @staticmethod
    def _cells(value, x):
        return np.broadcast_to(value, [len(x[a]) for a in (2, 1, 0)])

    def refresh(self, u, b):
        """Fill ghosts and primitives."""
        self.ghosts.fill_fluid(u, b, self.time)
        self.fluid.primitives(u, b)

    def step(self, dt, force=None, cfl=0.3):
        """One step; `force`, a function of the marks, may mark cells for first-order fluxes."""
        fluid = self.fluid
        if self.levels:
            make_stage = functools.partial(self._stage, force=force)
            self.levels.step(make_stage, self.time, dt, cfl)
            self.ghosts.fill_fluid(self.pack.u0, self.pack.b0, self.time)
        else:
            for stage in fluid.stages:
                self._stage(stage, dt, force=force)
                self.ghosts.fill_fluid(*fluid.result(stage), self.time)
        fluid.primitives(self.pack.u0, self.pack.b0)
        self.time += dt

    def _stage(self, stage, dt, group=None, *, force):
        fluid = self.fluid
        troubled = fluid.stage(stage, dt, group)
        if force is not None:
            force(fluid.troubled)
        if self.comm.any(troubled or force is not None):
            self.ghosts.fill_cells(fluid.troubled, _MARKS, self.time)
            fluid.stage_corrected(stage, dt, group)
        fluid.reflux_stage(stage, dt, group)

    def run(self, steps, cfl=0.3, force=None):
        """Make some steps."""
        for _ in range(steps):
            self.step(self.comm.min(self.fluid.max_dt(cfl)), force, cfl)

    def totals(self):
        """Return the volume integrals of the conserved variables, with E + e in place of both, and
        the magnetic fluxes."""
        pack = self.pack
        volumes = pack.cell_volumes[:, None]
        sums = (pack.active(pack.u0).sum(axis=(2, 3, 4)) * volumes).sum(axis=0)
        if pack.has_cr:
            sums[ENER] += sums[ECR]
            sums = np.delete(sums, ECR)
        return np.concatenate([sums, self._fluxes()])

    def _fluxes(self):
        """Return the magnetic flux through the lower end of the box along each axis."""
        pack, fluxes = self.pack, np.zeros(3)
        first = (pack.grid.ng1, pack.grid.ng2, pack.grid.ng3)
        for axis in range(3) if pack.magnetic else ():
            for part in pack.parts:
                width = (part.grid.dx1, part.grid.dx2, part.grid.dx3)[axis]
                at_end = [
                    b
                    for b in range(part.blocks.start, part.blocks.stop)
                    if pack.origins[b][axis] == 0
                ]
                fluxes[axis] += (
                    sum(self._plane(b, axis, first[axis]).sum() for b in at_end)
                    * part.volume
                    / width
                )
        return fluxes

    def shared_face_mismatches(self):
        """Return how many faces shared by blocks of one level differ between them, on one rank."""
        pack, tree, grid = self.pack, self.tree, self.pack.grid
        slot = {int(gid): b for b, gid in enumerate(pack.gids)}
        wrong = 0
        for axis in range(3):
            n, g = (grid.n1, grid.n2, grid.n3)[axis], (grid.ng1, grid.ng2, grid.ng3)[axis]
            if not g:
                continue
            offset = [0, 0, 0]
            offset[axis] = 1
            for b, gid in enumerate(pack.gids):
                other = tree.neighbour(gid, offset)
                if other is None:
                    continue
                mine = self._plane(b, axis, g + n)
                theirs = self._plane(slot[other], axis, g)
                if tree.levels[other] == tree.levels[gid]:
                    wrong += int((mine != theirs).sum())
        return wrong

    def _plane(self, b, axis, index):
        """Return the active faces of block `b` on one plane along an axis."""
        region = list(inside(self.tree, self.pack, b))
        region[2 - axis] = index
        return self.pack.b0[b, axis][tuple(region)]
