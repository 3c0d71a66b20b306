"""What the solvers with a flux have in common: sub-cycling at the reduced speed of light, and
the exchange of energy and momentum with the gas."""

import math

from crmpi.diagnostics.columns import Column
from crmpi.mesh.pool import aligned_zeros
from crmpi.numerics.cr.coefficients import largest_reach
from crmpi.numerics.cr.exchange import Exchanged, exchange_with_gas
from crmpi.numerics.cr.march import Correct, Planes, Predict, Registers, march, plane_shape
from crmpi.numerics.cr.moments import ENERGY, FLUX, MADE
from crmpi.numerics.cr.momentum import DonorFluxes, directed_flux, settle_momentum
from crmpi.numerics.cr.runs import without_gaps
from crmpi.numerics.cr.validity import count_fast
from crmpi.numerics.levels.between import keep_between, replace_between
from crmpi.numerics.levels.level_faces import replace_in_register
from crmpi.params import par
from crmpi.physics.operators import Phase
from crmpi.scattering.base import KAPPA_PERP
from crmpi.transport.base import TransportSolver
from crmpi.transport.diffusion import AnisotropicDiffusion
from crmpi.transport.fluxes import aligned
from crmpi.transport.level_steps import LevelSteps
from crmpi.types import Field

FCR_FIELD = Field(
    "fcr", unit="energy_flux", title="cosmic-ray energy flux along B in the gas frame", turned="-"
)

# cells of a tile along x1 and x2: more rows of small blocks at a time leave the second-level cache
_WIDEST = (64, 16)

LIMIT_FLUX = par(
    False,
    doc="no larger flux than that of all cosmic rays at vmax: where they hardly scatter, their "
    "energy may else fall below zero",
)


class MomentSolver(TransportSolver):
    """Unknowns (e, f, ...) along the field, advanced in sub-steps of two stages by `march`.

    Subclasses define what is advanced (`moments`), how fast signals are beside c (`other_signals`),
    and fill the frozen coefficients (`freeze`).

    Attributes
    ----------
    grid : crmpi.types.Grid
        layout of the registers, see `crmpi.numerics.cr.runs.without_gaps`
    parts : tuple of crmpi.mesh.pack.Part
        those of the pack for the registers
    substeps : int
        of the last `advance`
    """

    fields = (FCR_FIELD,)
    columns = (
        Column("heat", "energy"),
        Column("work", "energy"),
        Column("floored", "energy", term=+1, floor="transported energy"),
        Column("floored_cells", "none", "count", floor="transported energy"),
        Column(
            "fast_cells",
            "none",
            "count",
            doubt="|v| + v_A exceeds the speed of signals vmax/sqrt(3) in some cells: raise "
            "transport.vmax",
        ),
    )
    given_to_gas = ("heat",)
    along_field = True
    by_levels = True
    stages = (Predict(), Correct())
    """Half a step and the whole step, see `crmpi.numerics.cr.march`."""

    components = (2, 5, 2)
    """Components of the register, of the frozen coefficients and of the account."""

    def __init__(self, params, pack, scattering, ghosts, fluid):
        super().__init__(params, pack, scattering, ghosts, fluid)
        self.grid, (register, frozen, account) = without_gaps(pack.grid), self.components
        self.parts = tuple(part._replace(grid=without_gaps(part.grid)) for part in pack.parts)
        self.fcr = pack.index["fcr"]
        self.kappa = pack.allocate(2)
        self.registers = Registers(
            *(pack.allocate(n, self.grid) for n in (register, register, frozen, account))
        )
        plane = (1, *plane_shape(self.grid, *pack.most_blocks(_WIDEST)))
        self.planes = Planes(
            aligned_zeros((2, 2, *plane)),
            aligned_zeros((6, register, *plane)),
            aligned_zeros((self.grid.m1,)),
        )
        self.directed = pack.allocate(3)  # f b before the fluid step
        self._column = aligned_zeros((pack.grid.n1,))
        self._line = aligned_zeros((1, 3, 1, 1, pack.grid.m1))
        self.momentum = self.reflux.of_register(3) if pack.refined else None
        self.by_level = None
        self.totals = Exchanged(*(pack.pool.numbers() for _ in Exchanged._fields))
        self.across = self._make_across()
        self.substeps = 0

    def freeze(self, population):
        """Fill the coefficients that stay as they are during the sub-steps."""
        raise TypeError(f"transport solver '{self.name}' defines no freeze")

    def advance(self, dt, time, phase=Phase.AROUND_FLUID):
        super().advance(dt, time, phase)
        self.count_fast_cells()

    def before_fluid(self):
        directed_flux(self.pack.u0, self.pack.bcc, self.fcr, self.directed)

    def move(self, population, dt, time, phase):
        pack, registers = self.pack, self.registers
        self.freeze(population)
        for component, place in enumerate(population.places):
            registers.start[:, component] = self.stored(pack.u0[:, place])
        if phase is Phase.AFTER_FLUID and not population.passive:
            # `after_fluid` has changed the flux of active cells
            self.ghosts.fill_cells(registers.start, population.fields, time)
        registers.account[...] = 0.0
        self.diffuse_across(0.5 * dt, time, population)
        self.sub_cycle(dt, time, population)
        self.diffuse_across(0.5 * dt, time + 0.5 * dt, population)
        gas, ivmax2 = (self.fluid.frozen, population.passive), 1.0 / self.params.vmax**2
        places = population.places
        exchange_with_gas(
            pack.u0,
            pack.bcc,
            registers,
            places[:2],
            ivmax2,
            pack.grid,
            self.grid,
            gas,
            pack.volumes,
            self.totals,
        )
        for component, place in enumerate(places[2:], start=2):
            self.stored(pack.u0[:, place])[...] = registers.start[:, component]
        self.keep_account(population)

    def stored(self, array):
        """Return the view (nblock, ...) of the cells of an array (nblock, m3, m2, m1) of the pack
        that the registers store."""
        return array[:, : self.grid.m3, : self.grid.m2, : self.grid.m1]

    def keep_account(self, population):
        """Add to the ledger what the gas and the floors did to the bulk; of tracers only the floors
        count."""
        if population.passive:
            self.account.add("tracer_floored_cells", self.totals.floored_cells)
            return
        for name, amounts in self.totals._asdict().items():
            self.account.add(name, amounts)

    def after_fluid(self, dt):
        super().after_fluid(dt)
        if self.fluid.frozen or not self.pack.metric.turns:
            return
        pack, ivmax2 = self.pack, 1.0 / self.params.vmax**2
        for part in pack.parts:
            arrays = part.of((pack.u0, pack.w0, pack.bcc, self.directed))
            settle_momentum(*arrays, self.fcr, ivmax2, part.grid, part.axes(dt), self._line)
        if self.momentum is not None:
            self.settle_levels(dt, ivmax2)

    def settle_levels(self, dt, ivmax2):
        """Replace the flux of f b through faces that finer blocks share by theirs, so that momentum
        is kept across levels."""
        pack, reflux = self.pack, self.momentum
        source = DonorFluxes(pack.w0, self.directed, ivmax2)
        keep_between(source, pack.grid, reflux.kept)
        reflux.exchange()
        for part in pack.parts:
            u, touched = part.of(pack.u0), reflux.refluxed_of(part)
            replace_between(source, u, part.grid, part.axes(dt), touched, reflux.planes)

    def signal_speed(self):
        """Return c, the speed of signals along the field."""
        return math.sqrt(self.fluid.eos.gamma_cr - 1.0) * self.params.vmax

    def streaming_factor(self):
        """Return the speed at which cosmic rays stream with the waves, in units of the Alfven
        speed."""
        return 1.0

    def count_fast_cells(self):
        """Count the cells where gas and waves are faster than the signals of (e, f)."""
        counts = self.pack.pool.numbers()
        count_fast(
            self.pack.w0,
            self.pack.bcc,
            self.streaming_factor(),
            self.signal_speed(),
            self.pack.grid,
            counts,
        )
        self.account.add("fast_cells", counts)

    def sub_cycle(self, dt, time, population):
        """Advance the register by `dt` in sub-steps: half a step, then the whole one with the faces
        of the half step."""
        top = self.by_level.top if self.by_level else 0
        others, reach = self.ghosts.comm.maxima((self.other_signals(), self.reach()))
        fastest = max(self.signal_speed(), others)
        steps = max(1, math.ceil(dt * fastest * reach / self.params.cfl - 1e-12))
        self.substeps = steps << top  # on the finest level
        self.begin_substeps(self.substeps, dt, "check units and cell sizes, lower transport.vmax")
        self.crossing.amounts[...] = 0.0
        self.leave_freely(self.registers.start)
        for n in range(steps):
            self.sub_step(n, dt / steps, time, population.fields)
            self.after_substeps((n + 1) << top, self.substeps, 1 << top)
        if not population.passive:
            energies = [component for component in range(self.components[0]) if component != FLUX]
            self.came_in(self.crossing.amounts[:, energies].sum(axis=1))

    def sub_step(self, n, step, time, fields):
        """Make sub-step `n` of length `step` since `time`, ghosts valid before and after."""
        if self.by_level:
            self.by_level.step(step, time + n * step, fields)
            return
        half, whole = self.stages
        self.stage(half, 0.5 * step)
        self.ghosts.fill_cells(self.registers.half, fields, time + (n + 0.5) * step)
        self.leave_freely(self.registers.half)
        self.stage(whole, step)
        self.ghosts.fill_cells(self.registers.start, fields, time + (n + 1) * step)
        self.leave_freely(self.registers.start)

    def leave_freely(self, register):
        """Change the ghost cells of a register at open ends of the mesh, which are copies of the
        last cells, if the solver needs it."""

    def step_by_level(self):
        self.by_level = LevelSteps(self)

    def other_signals(self):
        """Return the speed of the fastest signals beside those of (e, f) on this rank."""
        return 0.0

    def stage(self, which, dt):
        """Advance the registers by one stage of duration `dt`."""
        corrects = self.reflux is not None and which is self.stages[1]
        for part in self.parts:
            self.march(which, dt, part)
        if corrects:
            self.reflux.exchange()
            for part in self.parts:
                self.correct_level(dt, part)

    def march(self, which, dt, part):
        """Advance the registers of one of the `parts` by one stage; the whole step keeps its fluxes
        beside other levels."""
        kept = (
            self.reflux.kept_of(part)
            if self.reflux is not None and which is self.stages[1]
            else None
        )
        registers, crossing = part.of((self.registers, self.crossing))
        march(
            which,
            self.moments(dt, part.grid),
            part.grid,
            part.axes(dt),
            registers,
            self.planes,
            crossing,
            self.pack.tiles(part, _WIDEST),
            kept,
        )

    def correct_level(self, dt, part):
        """Replace the fluxes of energy of the whole step through faces that finer blocks share by
        theirs; f stays as it is."""
        arrays = part.of((self.registers.start, self.registers.account[:, MADE]))
        touched, planes = self.reflux.refluxed_of(part), self.reflux.planes
        replace_in_register(part.grid, part.axes(dt), touched, planes, self.refluxed, *arrays)

    def reach(self):
        """Return the inverse of the shortest way across a cell along the field, on this rank.

        With steps by level this is what it would be if the cells were those of level 0.
        """
        parts, frozen, cells = self.parts, self.registers.frozen, self.pack.metric.cells
        found = [
            largest_reach(cells, part.of(frozen), part.grid, part.axes(1.0), self._column)
            for part in parts
        ]
        return max(
            reach * 0.5**part.level if self.by_level else reach
            for reach, part in zip(found, parts, strict=True)
        )

    def moments(self, dt, grid):
        """Return the constants of a stage of duration `dt` on the cells of `grid`."""
        raise TypeError(f"transport solver '{self.name}' defines no moments")

    def common_moments(self, dt, grid):
        """Return c, c^2, 1/c^2, bound of the flux, 1/vmax^2, gamma_cr, duration, cell widths and
        cells."""
        vmax, gamma = self.params.vmax, self.fluid.eos.gamma_cr
        c2 = (gamma - 1.0) * vmax**2
        most = (vmax, 0.0) if self.params.limit_flux else (0.0, math.inf)
        speeds = math.sqrt(c2), c2, 1.0 / c2, most, 1.0 / vmax**2
        return *speeds, gamma, dt, (grid.dx1, grid.dx2, grid.dx3), self.pack.metric.cells

    def diffuse_across(self, dt, time, population):
        """Diffuse e across the field by super-time-stepping, if there is a kappa_perp."""
        if self.across is None:
            return
        register = self.registers.start
        self.across.kappa[:, KAPPA_PERP] = self.kappa[:, KAPPA_PERP]  # its kappa_par stays zero
        self.across.face_coefficients()
        self.stored(self.across.e[:, 0])[...] = register[:, ENERGY]
        self.across.between, self.across.max_substeps = self.between, self.max_substeps
        self.across.diffuse(dt, time, population.fields[:1])
        register[:, ENERGY] = self.stored(self.across.e[:, 0])
        if not population.passive:
            self.came_in(self.across.came)

    def relative_flux(self):
        return aligned(self.pack.u0[:, self.fcr], self.pack)

    def progress(self):
        return {"sub-steps": self.substeps}

    def history(self):
        return [Column("cr_substeps", "none", "number", self.substeps)]

    def _make_across(self):
        if not self.pack.metric.turns or not self.scattering.has_perpendicular():
            return None
        return AnisotropicDiffusion(
            AnisotropicDiffusion.Params(), self.pack, self.scattering, self.ghosts, self.fluid
        )
