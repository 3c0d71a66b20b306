"""Transport along the field with the Alfven waves that scatter the cosmic rays: energy, flux and
two wave energies."""

import numpy as np

from crmpi.constants import GYRO_RATE, LIGHT_SPEED
from crmpi.diagnostics.columns import Column
from crmpi.numerics.cr.alfven import (
    MINUS,
    NACCOUNT,
    NFROZEN,
    NREGISTER,
    PLUS,
    SEEDED,
    WaveMoments,
    WaveScales,
    freeze_waves,
)
from crmpi.numerics.cr.alfven_work import Pushes, middle_pressure, middle_velocity, wave_work
from crmpi.numerics.cr.coefficients import freeze_coefficients
from crmpi.numerics.cr.moments import ENERGY, VSTREAM
from crmpi.numerics.levels.between import keep_between, replace_between
from crmpi.params import par
from crmpi.physics.operators import Phase
from crmpi.transport.moments import FCR_FIELD, LIMIT_FLUX, MomentSolver
from crmpi.types import Field, make_axes

EWP_FIELD = Field(
    "ewp", unit="pressure", title="energy density of Alfven waves along B", turned="ewm"
)
EWM_FIELD = Field(
    "ewm", unit="pressure", title="energy density of Alfven waves against B", turned="ewp"
)
_PRESSURE = (Field("wave_pressure", unit="pressure"),)


class AlfvenRegulated(MomentSolver):
    """Energy e, flux f along the field in the gas frame and wave energies, sub-cycled at the
    reduced speed of light vmax."""

    name = "alfven_regulated"
    doc = (
        "cosmic rays scattered by the Alfven waves that they drive: growth, damping and wave "
        "transport"
    )
    equation = (
        "f_t/vmax^2 + b.grad P = -(f - v_A h)/(3 k+) - (f + v_A h)/(3 k-), h = e + P, e_t = "
        "-div(f b) - (what waves take),"
        " a+-_t + div(+-v_A b a+-) = +-v_A (f -+ v_A h)/(3 k+-) - (linear + N a+-) a+- - "
        "(a+-/2) div v,"
        " 3 k+- = c^2/nu+-, nu+- = (3 pi/16) Omega (a+-/e_B)(1 + 2 v_A^2/c^2)"
    )
    reference = "Thomas & Pfrommer 2019, MNRAS 485, 2977"
    fields = (FCR_FIELD, EWP_FIELD, EWM_FIELD)
    energies = ("ewp", "ewm")
    columns = (
        *MomentSolver.columns,
        Column("waves_made", "energy", floor="wave energy"),
        Column("wave_work", "energy"),
    )
    given_to_gas = ("heat", "wave_work")
    carries_tracers = False
    on_levels = True
    conserved = (ENERGY, PLUS, MINUS)
    components = (NREGISTER, NFROZEN, NACCOUNT)

    class Params:
        vmax: float = par(
            unit="velocity", gt=0, doc="reduced speed of light; well above flow and Alfven speed"
        )
        cfl: float = par(
            0.8, gt=0, le=0.95, doc="sub-step over the time a signal takes to cross a cell"
        )
        limit_flux: bool = LIMIT_FLUX
        light_speed: float = par(
            LIGHT_SPEED / 1e5,
            unit="km/s",
            gt=0,
            doc="true speed of light, which sets the strength of scattering",
        )
        gyro_rate: float = par(
            GYRO_RATE,
            unit="1/(s uG)",
            gt=0,
            doc="gyration frequency per field strength at scattering.rigidity = 1",
        )
        nll_damping: float = par(
            1.0,
            ge=0,
            doc="factor of non-linear Landau damping (sqrt(pi)/8)(c_s/r_L)(a/e_B) a; 0 is none",
        )
        linear_damping: float = par(
            0.0,
            unit="rate",
            ge=0,
            doc="linear damping rate of wave energy, as by ions and neutrals",
        )
        wave_floor: float = par(
            1e-10,
            ge=0,
            doc=(
                "minimum of the wave energy over that of the field: the seed of growing waves, "
                "taken from the cosmic rays"
            ),
        )
        wave_pressure: bool = par(
            True, doc="waves push the gas with half their energy density and do work on it"
        )
        extrinsic: bool = par(
            False, doc="kappa_par of the scattering model scatters as well, at rest in the gas"
        )

    def __init__(self, params, pack, scattering, ghosts, fluid):
        super().__init__(params, pack, scattering, ghosts, fluid)
        self.waves = (pack.index["ewp"], pack.index["ewm"])
        self.pressure, self.velocity = pack.allocate(1), pack.allocate(3)
        self.pushes = self.reflux.of_register(2) if pack.refined else None
        self.scales = WaveScales(
            params.gyro_rate / scattering.rigidity,
            params.light_speed,
            params.nll_damping,
            params.wave_floor,
            fluid.eos.gamma,
            float(params.extrinsic),
        )

    def advance(self, dt, time, phase=Phase.AROUND_FLUID):
        if phase is not Phase.AFTER_FLUID:
            self.push_gas(dt, time)
        super().advance(dt, time, phase)
        if phase is Phase.AFTER_FLUID:  # the mirror image of what comes before the fluid step
            self.push_gas(dt, time)

    def keep_account(self, population):
        super().keep_account(population)
        seeded = self.pack.active(self.registers.account)[:, SEEDED].sum(
            axis=(1, 2, 3), dtype=float
        )
        self.account.add("waves_made", seeded * self.pack.cell_volumes)

    def other_signals(self):
        return float(self.pack.active(self.registers.frozen)[:, VSTREAM].max(initial=0.0))

    def freeze(self, population):
        pack, frozen = self.pack, self.registers.frozen
        self.scattering.evaluate(pack, self.kappa, population.rigidity)
        freeze_coefficients(
            pack.u0,
            pack.b0,
            pack.bcc,
            self.kappa,
            1.0,
            pack.grid,
            make_axes(pack.grid, 1.0),
            self.grid,
            frozen,
        )
        freeze_waves(pack.w0, pack.bcc, self.kappa, self.scales, self.grid, frozen)

    def moments(self, dt, grid):
        return WaveMoments(*self.common_moments(dt, grid), self.params.linear_damping)

    def push_gas(self, dt, time):
        """Apply the pressure of the waves to the gas for `dt`; ghosts and primitives are valid
        before and after."""
        if not self.params.wave_pressure:
            return
        pack, frozen, given = self.pack, self.fluid.frozen, self.pack.pool.numbers(1)
        for part in pack.parts:
            u, pressure = part.of((pack.u0, self.pressure))
            middle_pressure(u, self.waves, part.grid, part.axes(dt), pressure)
        self.ghosts.fill_cells(self.pressure, _PRESSURE, time)
        for part in pack.parts:
            axes, (u, pressure, velocity, lost) = (
                part.axes(dt),
                part.of((pack.u0, self.pressure, self.velocity, given)),
            )
            middle_velocity(u, pressure, part.grid, axes, frozen, velocity)
            wave_work(u, self.waves, pressure, velocity, part.grid, axes, frozen, lost)
        self.account.add("wave_work", given[:, 0] * pack.cell_volumes)
        if not frozen:
            self.push_levels(dt)
            self.came_in(self.work_through_walls(dt))
        self.refresh(time)

    def push_levels(self, dt):
        """Apply to the gas of coarse cells the force and the work of the wave pressure that finer
        blocks found on shared faces."""
        pack, reflux = self.pack, self.pushes
        if reflux is None:
            return
        source = Pushes(self.pressure, self.velocity)
        keep_between(source, pack.grid, reflux.kept)
        reflux.exchange()
        for part in pack.parts:
            u, touched = part.of(pack.u0), reflux.refluxed_of(part)
            replace_between(source, u, part.grid, part.axes(dt), touched, reflux.planes)

    def work_through_walls(self, dt):
        """Return the energy density that the work of the wave pressure brought in through the
        boundary of the mesh (nblock,)."""
        axes, grid, came = make_axes(self.pack.grid, dt), self.pack.grid, self.pack.pool.numbers()
        places = ((grid.ng1, grid.n1), (grid.ng2, grid.n2), (grid.ng3, grid.n3))
        for axis, (first, n) in zip(axes, places, strict=True):
            for side, cell, beyond in ((0, first, first - 1), (1, first + n - 1, first + n)):
                blocks = np.flatnonzero(self.pack.outer[:, 2 * axis.normal + side])
                if len(blocks):
                    inside, outside = (
                        self._layer(blocks, axis.normal, index) for index in (cell, beyond)
                    )
                    flux = 0.5 * (inside[0] * outside[1] + inside[1] * outside[0])
                    came[blocks] += (
                        (1 - 2 * side)
                        * dt
                        / self.pack.widths(axis.normal)[blocks]
                        * flux.sum(axis=(1, 2), dtype=float)
                    )
        return came

    def _layer(self, blocks, axis, index):
        """Return P_w and the velocity along `axis` of the cells of one layer, without the ghosts
        along the other axes."""
        grid = self.pack.grid
        spans = [
            slice(g, g + n)
            for g, n in ((grid.ng3, grid.n3), (grid.ng2, grid.n2), (grid.ng1, grid.n1))
        ]
        spans[2 - axis] = index
        return (self.pressure[(blocks, 0, *spans)], self.velocity[(blocks, axis, *spans)])

    def history(self):
        """Return sub-steps, and wave energies over that of the field, means over the box."""
        u, bcc = self.pack.active(self.pack.u0), self.pack.active(self.pack.bcc)
        sums = [u[:, wave].sum(axis=(1, 2, 3), dtype=float) for wave in self.waves]
        volumes = self.pack.cell_volumes if self.pack.refined else 1.0
        field = volumes * (0.5 * (bcc**2).sum(axis=(1, 2, 3, 4), dtype=float))
        waves = [
            Column(name, "none", "mean", volumes * wave, weight=field, empty=0.0)
            for name, wave in zip(("cr_waves_plus", "cr_waves_minus"), sums, strict=True)
        ]
        return [*super().history(), *waves]
