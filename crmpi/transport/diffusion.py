"""Diffusion of cosmic-ray energy, isotropic or along the magnetic field, by super-time-stepping or
explicit sub-steps."""

import math

import numpy as np

from crmpi.diagnostics.columns import Column
from crmpi.errors import CrmpiError
from crmpi.mesh.pool import aligned_zeros
from crmpi.numerics.cr.checkerboard import smoothing_rate
from crmpi.numerics.cr.diffusion import diffusion_rate, fastest_decay
from crmpi.numerics.cr.diffusion_coefficients import (
    Aligned,
    Isotropic,
    Shape,
    Work,
    isotropic_coefficients,
    make_mesh,
)
from crmpi.numerics.cr.heated_stages import add_active
from crmpi.numerics.cr.rkl2 import Stage, keep_first, plan, stages, super_stage
from crmpi.numerics.cr.streaming import give_to_gas, wave_losses
from crmpi.numerics.cr.undershoots import extremes, grant_shares, request_shares
from crmpi.numerics.levels.level_faces import replace_in_register
from crmpi.params import par
from crmpi.transport.base import TransportSolver
from crmpi.transport.diffusion_cells import diffusion_on
from crmpi.transport.fluxes import anisotropic_flux

_MOST_PASSES = 8
NOISE = 1e-12  # rounding error of a super-step, relative to the largest e
FORWARD_EULER = Stage(0.0, 0.0, 1.0, 0.0)


class DiffusionParams:
    """How the diffusion equation is advanced in time."""

    method: str = par(
        "rkl2",
        choices=["rkl2", "explicit"],
        doc="super-time-stepping, or explicit sub-steps (first order, for reference)",
    )
    max_stages: int = par(
        15, ge=3, doc="maximum of the stages of one super-step; beyond it more super-steps"
    )
    cfl: float = par(0.8, gt=0, le=1, doc="fraction of the explicit stability limit used")

    def check(self):
        """Refuse an even number of stages: it does not damp the shortest waves."""
        if self.max_stages % 2 == 0:
            yield "max_stages", "must be odd"


class LossyDiffusionParams(DiffusionParams):
    """Diffusion that loses energy to Alfven waves."""

    alfven_losses: float = par(
        0.0,
        ge=0,
        doc=(
            "cosmic rays lose this times |v_A.grad P| to the gas, without streaming; 1: Buck "
            "et "
            "al. 2020"
        ),
    )


def _beyond_mesh(pack):
    """Return which ghosts lie beyond an end of the mesh that is not periodic, bool array (nblock,
    m3, m2, m1), or None if there is no such end."""
    if not pack.is_open:
        return None
    grid = pack.grid
    found = pack.pool.numbers(grid.m3, grid.m2, grid.m1, dtype=bool)
    spans = ((grid.ng1, grid.n1), (grid.ng2, grid.n2), (grid.ng3, grid.n3))
    for axis, (ghosts, cells) in enumerate(spans):
        for side, layers in enumerate((slice(0, ghosts), slice(ghosts + cells, None))):
            place = [slice(None)] * 3
            place[2 - axis] = layers
            found[(pack.outer[:, 2 * axis + side], *place)] = True
    return found


def _merged(one, other):
    """Return where one of two bool arrays holds, either of which may be None."""
    present = [where for where in (one, other) if where is not None]
    return np.logical_or.reduce(present) if present else None


class Diffusion(TransportSolver):
    """e_t = div(D grad e); subclasses choose the coefficients of D.

    The ledger counts in ``cr_lifted`` the energy moved between neighbours by `lift_undershoots`, in
    ``cr_heat`` what the gas gained.

    Attributes
    ----------
    heat : array (nblock, 1, m3, m2, m1)
        energy density that cells lost to the gas in the last `move`
    came : array (nblock,)
        energy density that came in through the boundary of the mesh in the last `diffuse`, summed
        over cells
    lifts : bool
        whether the last super-step had undershoots on any rank: the next one then checks for them
        in every stage
    source : Isotropic, Aligned or crmpi.numerics.cr.streaming.Streaming
        the coefficients, which stay as they are during a step, and what they are made of
    shapes : list of (Part, Shape)
        of the blocks of each level
    efforts : list of (int, int)
        super-steps and stages of each in the last `advance`, by population; explicit sub-steps have
        one stage
    """

    Params = LossyDiffusionParams
    columns = (Column("lifted", "energy", floor="undershoots"), Column("heat", "energy"))
    given_to_gas = ("heat",)
    on_tube = True
    on_levels = True

    def __init__(self, params, pack, scattering, ghosts, fluid):
        super().__init__(params, pack, scattering, ghosts, fluid)
        grid = pack.grid
        self.mesh = make_mesh(grid)
        self.levels = [(part, make_mesh(part.grid)) for part in pack.parts]
        self.on_cells = diffusion_on(self)
        self.shapes = [(part, self.shape_of(part.grid)) for part in pack.parts]
        self.foreign = self.reflux.interfaces.foreign(grid) if pack.refined else None
        self.aside = _merged(self.foreign, _beyond_mesh(pack))
        self.kappa = pack.allocate(2)
        self.e, self.last, self.start, self.rate, self.rate0 = (pack.allocate(1) for _ in range(5))
        buffers = (self.buffer(ncomp) for ncomp in (1, 3, 3, 3, 4, 2))
        self.work = Work(*buffers, aligned_zeros((grid.n1,)))
        self.source = self.make_source()
        self.efforts = [(0, 0) for _ in self.populations]
        self.heat = pack.allocate(1) if self.heats_gas() else None
        self.lifts = False
        self.came, self.came_now, self.came_last, self.came_rate0 = (
            pack.pool.numbers() for _ in range(4)
        )

    def heats_gas(self):
        """Whether cosmic rays lose energy to the gas."""
        losses = self.params.alfven_losses > 0.0
        if losses and not self.pack.magnetic:
            message = (
                "transport.alfven_losses needs a magnetic field, but fluid.magnetic is "
                "false; switch the field on or the losses off"
            )
            raise CrmpiError(message, everywhere=True)
        return losses

    def shape_of(self, grid):
        """Return the `Shape` of blocks of this grid."""
        own = self.on_cells.own_grid(grid, self.ghosts_of_stencil())
        return Shape(grid, own, make_mesh(own), self.pack.metric.cells)

    def ghosts_of_stencil(self):
        """Return how many layers of ghosts the rate of active cells depends on."""
        return 2 if self.may_undershoot else 1

    def coefficients(self, ncomp):
        """Return a register in the layout of coefficients."""
        return self.pack.allocate(ncomp, self.shapes[0][1].own)

    def buffer(self, ncomp):
        """Return a buffer of one block in this layout."""
        own = self.shapes[0][1].own
        return aligned_zeros((1, ncomp, own.m3, own.m2, own.m1))

    def make_source(self):
        """Return the `source`, coefficients of zero."""
        if self.may_undershoot:
            return Aligned(tuple(self.coefficients(2) for _ in range(3)), self.coefficients(4))
        return Isotropic(tuple(self.coefficients(1) for _ in range(3)))

    def face_coefficients(self):
        """Fill the `source` from kappa and the magnetic field of the pack."""
        raise CrmpiError(
            f"transport solver '{self.name}' defines no face_coefficients", everywhere=True
        )

    def move(self, population, dt, time, phase):
        pack = self.pack
        (place,) = population.places
        self.scattering.evaluate(pack, self.kappa, population.rigidity)
        self.face_coefficients()
        self.e[:, 0] = pack.u0[:, place]
        if self.heat is not None:
            self.heat[...] = 0.0
        self.lose_to_waves(0.5 * dt, time, population.fields)
        self.efforts[population.number] = self.diffuse(dt, time, population.fields)
        if not population.passive:
            self.came_in(self.came)
        self.lose_to_waves(0.5 * dt, time + dt, population.fields)
        pack.active(pack.u0)[:, place] = pack.active(self.e)[:, 0]
        self.settle(population)

    def lose_to_waves(self, dt, time, fields):
        """Take |v_A.grad P| `dt` from the register `e`: the waves it excites heat the gas."""
        if self.heat is None:
            return
        pack, factor = self.pack, self.params.alfven_losses * (self.fluid.eos.gamma_cr - 1.0) * dt
        for part, mesh in self.levels:
            u, bcc, e, loss = part.of((pack.u0, pack.bcc, self.e, self.rate))
            wave_losses(pack.metric.cells, u, bcc, factor, mesh, part.grid, e, loss)
        active, heat, rate = (pack.active(q) for q in (self.e, self.heat, self.rate))
        active -= rate
        heat += rate
        self.ghosts.fill_cells(self.e, fields, time)

    def settle(self, population):
        """Give to the gas what the bulk lost; frozen gas does not gain it."""
        if self.heat is None or population.passive:
            return
        grid = self.pack.grid
        sums = self.pack.pool.numbers()
        give_to_gas(self.pack.u0, self.heat, grid, self.fluid.frozen, sums)
        self.account.add("heat", self.on_cells.heat(sums))

    def progress(self):
        super_steps, stages = self.efforts[0]
        return {"stages": super_steps * stages}

    def history(self):
        super_steps, stages = self.efforts[0]
        found = {"cr_super_steps": super_steps, "cr_stages": stages}
        found |= {
            f"cr_stages_{n}": super_steps * stages
            for n, (super_steps, stages) in enumerate(self.efforts)
            if n
        }
        return [Column(name, "none", "number", count) for name, count in found.items()]

    def diffuse(self, dt, time, fields):
        """Advance the register `e`, ghost zones valid, by `dt`; return the numbers of super-steps
        and of stages in each.

        `fields`: the declaration of e, for its ghost zones.
        """
        self.came[...] = 0.0
        limit, extent = self.explicit_limit()
        ratio = dt / limit if math.isfinite(limit) else 0.0
        if ratio == 0.0:
            return 0, 0
        if self.params.method == "explicit":
            super_steps, count = max(1, math.ceil(ratio - 1e-12)), 1
            weights = [FORWARD_EULER]
        else:
            super_steps, count = plan(ratio, self.params.max_stages, self.fewest_super_steps(dt))
            weights = stages(count)
        self.begin_substeps(super_steps * count, dt, "check scattering.kappa_par and its units")
        step = dt / super_steps
        for n in range(super_steps):
            extent = self.super_step(weights, step, limit, extent, time + (n + 1) * step, fields)
            self.after_substeps((n + 1) * count, super_steps * count, count)
        self.damp_checkerboards(dt, time + dt, fields)
        return super_steps, count

    def fewest_super_steps(self, dt):
        """Return how many super-steps `dt` must have for other reasons than diffusion."""
        return 1

    def explicit_limit(self):
        """Return the explicit time step, cfl over the largest rate of decay of any cell, and the
        `extent` of `e`; collective."""
        arrays = [(part.of(self.source), shape) for part, shape in self.shapes]
        fastest = max(fastest_decay(*each, self.work) for each in arrays)
        fastest, *extent = self.ghosts.comm.maxima((fastest, *self.extent()))
        return (self.params.cfl / fastest if fastest > 0.0 else math.inf), extent

    @property
    def may_undershoot(self):
        """Whether the fluxes are limited, so that only corrections keep `e` above its minimum."""
        return self.along_field and self.pack.metric.turns

    def extent(self):
        """Return minus the minimum of `e`, and its maximum, on this rank."""
        if not self.may_undershoot:
            return math.inf, 0.0
        minimum, maximum = extremes(self.e, self.pack.grid, self.foreign)
        return -minimum, maximum

    def super_step(self, weights, step, limit, extent, time, fields):
        """Advance `e` by one super-step; ghost zones are valid before and after. Return the
        `extent` of `e` on all ranks; collective.

        In most super-steps no cell undershoots. So there is one reduction, at the end, instead of
        one in every stage; a super-step in which a cell did is made again with corrections.
        """
        comm = self.ghosts.comm
        self.start[...] = self.e
        bound = -extent[0], NOISE * extent[1]
        if not self.lifts:
            low = self.make_stages(weights, step, limit, bound, time, fields, lift=False)
            if self.may_undershoot:
                *extent, low = comm.maxima((*self.extent(), float(low)))
                self.lifts = low > 0.0
                if self.lifts:
                    self.e[...] = self.start
        if self.lifts:
            self.lifts = self.make_stages(weights, step, limit, bound, time, fields, lift=True)
            extent = comm.maxima(self.extent())
        self.came += self.came_now
        return extent

    def make_stages(self, weights, step, limit, bound, time, fields, *, lift):
        """Make the stages of a super-step of `e` from `start`; return whether a cell fell below
        the bound.

        ``bound``: the smallest e before, and the error of rounding. With `lift` such cells are
        lifted and all ranks return the same; collective then.
        """
        low = False
        for stage in weights:
            self.e, self.last = self.last, self.e
            self.stage(stage, step, limit, first=stage is weights[0])
            self.ghosts.fill_cells(self.e, fields, time)
            if lift:
                low |= self.lift_undershoots(*bound, time, fields)
            elif self.may_undershoot and not low:
                low = not extremes(self.e, self.pack.grid, self.aside)[0] >= bound[0]
        return low

    def damp_checkerboards(self, dt, time, fields):
        """Exchange energy between cells of `e` that alternate along two axes, to which `stage` is
        blind."""
        if not self.may_undershoot:
            return
        pack = self.pack
        closed = None if self.reflux is None else self.reflux.interfaces.between
        for part, shape in self.shapes:
            e, before, source, rate = part.of((self.e, self.last, self.source, self.rate))
            smoothing_rate(e, before, source, shape, dt, self.work, part.of(closed), rate)
        add_active(pack.grid, self.rate, self.e)
        # between cells it cancels: what is left passed the boundary of the mesh
        self.came += pack.sums(self.rate, slice(0, 1))
        self.ghosts.fill_cells(self.e, fields, time)

    def stage(self, stage, step, limit, *, first):
        """Write to active cells of `e`, which holds the stage before `last`, the stage after it."""
        self.find_rate(limit)
        self.combine(stage, step, first=first)
        self.record_stage(stage, step, first=first)

    def combine(self, stage, step, *, first):
        """Write to `e` the stage that the `rate` of `last` leads to."""
        grid = self.pack.grid
        if first:
            keep_first(grid, self.rate, self.start, self.rate0, self.e)
        super_stage(grid, stage, step, self.start, self.last, self.rate, self.rate0, self.e)

    def record_stage(self, stage, step, *, first):
        """Sum what crosses the boundary of the mesh as `super_stage` sums the rates of cells."""
        rate = self.crossing.amounts[:, 0]
        if first:
            self.came_now, self.came_last = np.zeros_like(rate), np.zeros_like(rate)
            self.came_rate0 = rate.copy()
        self.came_now, self.came_last = self.came_last, self.came_now
        earlier = stage.mu * self.came_last + stage.nu * self.came_now
        self.came_now = earlier + step * (stage.rate * rate + stage.rate0 * self.came_rate0)

    def find_rate(self, limit):
        """Fill the active cells of `rate` with the rate of change of `last`; `limit`: the explicit
        step, for the limiter of the fluxes."""
        self.crossing.amounts[...] = 0.0
        for part, shape in self.shapes:
            kept = None if self.reflux is None else self.reflux.kept_of(part)
            arrays = (self.last, self.source, self.rate, self.crossing)
            e, source, rate, crossing = part.of(arrays)
            diffusion_rate(e, source, shape, limit, self.work, rate, crossing, kept)
        self.correct_levels()

    def correct_levels(self):
        """Replace the fluxes through faces that finer blocks share by theirs, in the rate of the
        cells next to them."""
        if self.reflux is None:
            return
        self.reflux.exchange()
        for part in self.pack.parts:
            touched, rate = self.reflux.refluxed_of(part), part.of(self.rate)
            replace_in_register(
                part.grid, part.axes(1.0), touched, self.reflux.planes, self.refluxed, rate, None
            )

    def isotropic_faces(self):
        """Fill the `source` with the coefficients of the same diffusion in all directions."""
        for part, shape in self.shapes:
            kappa, faces = part.of((self.kappa, self.source.faces))
            isotropic_coefficients(kappa, shape, self.work, faces)

    def lift_undershoots(self, bound, noise, time, fields):
        """Let cells of `e` below `bound`, the smallest e before the super-step, take from the cells
        around what they lack; return whether there are any, on any rank; collective.

        An explicit step never needs this; RKL2 stages extrapolate from earlier ones, and the
        limiter of the fluxes does not account for that. Cells of another level and those beyond an
        open end of the mesh take no part: the latter follow the cells inside, and what they lack is
        no loss of those.
        """
        grid, comm = self.pack.grid, self.ghosts.comm
        for n in range(_MOST_PASSES):
            if comm.min(extremes(self.e, grid, self.aside)[0]) >= bound:
                return n > 0
            if self.aside is not None:
                self.e[:, 0][self.aside] = bound  # these have nothing to give and lack nothing
            before = self.pack.sums(self.e, slice(0, 1))
            for part, mesh in self.levels:
                e, shares, moved = part.of((self.e, self.rate, self.account["lifted"]))
                request_shares(e, bound, mesh, shares)
                grant_shares(e, bound, noise, mesh, part.grid, shares, moved)
            # between cells it cancels; what is left is given for nothing, below the rounding error
            self.came_now += self.pack.sums(self.e, slice(0, 1)) - before
            self.ghosts.fill_cells(self.e, fields, time)
        return True


class AnisotropicDiffusion(Diffusion):
    """kappa_par along the field, kappa_perp across it; e never falls below its minimum."""

    name = "anisotropic_diffusion"
    doc = "diffusion with kappa_par along and kappa_perp across the magnetic field"
    equation = "e_t = div(kappa_par b b.grad e + kappa_perp (I - b b).grad e)"
    reference = (
        "Guenter et al. 2005, J. Comput. Phys. 209, 354; Meyer, Balsara & Aslam 2014, "
        "J. Comput. Phys. 257, 594"
    )
    along_field = True

    def relative_flux(self):
        return anisotropic_flux(self.pack, self.scattering)

    def face_coefficients(self):
        self.on_cells.aligned_faces()
