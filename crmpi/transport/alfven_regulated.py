"""Transport along the field with the Alfven waves that scatter the cosmic rays: energy, flux and two wave energies."""

import math

import numpy as np

from crmpi.mesh.pack import aligned_zeros
from crmpi.numerics.cr_alfven import MINUS, NACCOUNT, NFROZEN, NREGISTER, PLUS, SEEDED, WaveMoments, WaveScales, freeze_waves
from crmpi.numerics.cr_alfven_work import middle_pressure, middle_velocity, wave_work
from crmpi.numerics.cr_march import CorrectWaves, Planes, PredictWaves, Registers, march
from crmpi.numerics.cr_moments import ENERGY, VSTREAM, exchange_with_gas, freeze_coefficients, largest_reach
from crmpi.numerics.cr_momentum import directed_flux, settle_momentum
from crmpi.numerics.cr_validity import count_fast
from crmpi.numerics.rows import make_axes
from crmpi.params import par
from crmpi.scattering.base import KAPPA_PERP
from crmpi.transport.base import TransportSolver
from crmpi.transport.diffusion import AnisotropicDiffusion
from crmpi.transport.fluxes import aligned
from crmpi.transport.two_moment import FCR_FIELD
from crmpi.types import Field

EWP_FIELD = Field("ewp", unit="pressure", title="energy density of Alfven waves along B")
EWM_FIELD = Field("ewm", unit="pressure", title="energy density of Alfven waves against B")
_PRESSURE = (Field("wave_pressure", unit="pressure"),)


class AlfvenRegulated(TransportSolver):
    """Energy e, flux f along the field in the gas frame and wave energies, sub-cycled at the reduced speed of light vmax.

    Attributes
    ----------
    substeps : int
        of the last `advance`
    """

    name = "alfven_regulated"
    doc = "cosmic rays scattered by the Alfven waves that they drive: growth, damping and wave transport"
    equation = (
        "f_t/vmax^2 + b.grad P = -(f - v_A h)/(3 k+) - (f + v_A h)/(3 k-), h = e + P, e_t = -div(f b) - (what waves take),"
        " a+-_t + div(+-v_A b a+-) = +-v_A (f -+ v_A h)/(3 k+-) - (linear + N a+-) a+- - (a+-/2) div v,"
        " 3 k+- = c^2/nu+-, nu+- = (3 pi/16) Omega (a+-/e_B)(1 + 2 v_A^2/c^2)"
    )
    reference = "Thomas & Pfrommer 2019, MNRAS 485, 2977"
    fields = (FCR_FIELD, EWP_FIELD, EWM_FIELD)
    energies = ("ewp", "ewm")
    columns = ("heat", "work", "floored", "floored_cells", "waves_made", "wave_work", "fast_cells")
    energy = {"floored": +1}
    doubts = {"fast_cells": "|v| + v_A exceeds the speed of signals vmax/sqrt(3) in some cells: raise transport.vmax"}
    along_field = True
    carries_tracers = False

    class Params:
        vmax: float = par(unit="velocity", gt=0, doc="reduced speed of light; well above flow and Alfven speed")
        cfl: float = par(0.8, gt=0, le=0.95, doc="sub-step over the time a signal takes to cross a cell")
        light_speed: float = par(299792.458, unit="km/s", gt=0, doc="true speed of light, which sets the strength of scattering")
        gyro_rate: float = par(0.00898734, unit="1/(s uG)", gt=0, doc="gyration frequency per field strength at scattering.rigidity = 1")
        nll_damping: float = par(1.0, ge=0, doc="factor of non-linear Landau damping (sqrt(pi)/8)(c_s/r_L)(a/e_B) a; 0 is none")
        linear_damping: float = par(0.0, unit="rate", ge=0, doc="linear damping rate of wave energy, as by ions and neutrals")
        wave_floor: float = par(1e-10, ge=0, doc="least wave energy over that of the field; waves grow from it, cosmic rays pay for it")
        wave_pressure: bool = par(True, doc="waves push the gas with half their energy density and do work on it")
        extrinsic: bool = par(False, doc="kappa_par of the scattering model scatters as well, at rest in the gas")

    def __init__(self, params, pack, scattering, ghosts, fluid):
        super().__init__(params, pack, scattering, ghosts, fluid)
        grid = pack.grid
        self.fcr = pack.index["fcr"]
        self.waves = (pack.index["ewp"], pack.index["ewm"])
        self.kappa = pack.allocate(2)
        self.registers = Registers(*(pack.allocate(ncomp) for ncomp in (NREGISTER, NREGISTER, NFROZEN, NACCOUNT)))
        plane = (1, grid.m2, grid.m1)
        self.planes = Planes(aligned_zeros((2, 2, *plane)), aligned_zeros((6, NREGISTER, *plane)))
        self.directed = pack.allocate(3)  # f b before the fluid step
        self.pressure, self.velocity = pack.allocate(1), pack.allocate(3)
        self._after_fluid = False
        self.totals = np.zeros((pack.nblock, 4))
        self.across = self._make_across()
        self.volume = grid.dx1 * grid.dx2 * grid.dx3
        self.scales = WaveScales(
            params.gyro_rate / scattering.rigidity, params.light_speed, params.nll_damping, params.wave_floor, fluid.eos.gamma,
            float(params.extrinsic),
        )  # fmt: skip
        self.substeps = 0

    def advance(self, dt, time):
        if not self._after_fluid:
            self.push_gas(dt, time)
        super().advance(dt, time)
        if self._after_fluid:  # the mirror image of what comes before the fluid step
            self._after_fluid = False
            self.push_gas(dt, time)
        directed_flux(self.pack.u0, self.pack.bcc, self.fcr, self.directed)

    def move(self, population, dt, time):
        pack, registers = self.pack, self.registers
        self.freeze(population)
        registers.start[...] = pack.u0[:, population.places]
        registers.account[...] = 0.0
        if self._after_fluid:
            self.ghosts.fill_cells(registers.start, population.fields, time)
        self.diffuse_across(0.5 * dt, time, population)
        self.sub_cycle(dt, time, population)
        self.diffuse_across(0.5 * dt, time + 0.5 * dt, population)
        places, ivmax2 = population.places, 1.0 / self.params.vmax**2
        q, account, gas = registers.start, registers.account, (self.fluid.frozen, population.passive)
        exchange_with_gas(pack.u0, pack.bcc, q, account, places[:2], ivmax2, pack.grid, gas, pack.volumes, self.totals)
        pack.u0[:, places[PLUS]], pack.u0[:, places[MINUS]] = q[:, PLUS], q[:, MINUS]
        self.keep_account()

    def carried(self, dt):
        super().carried(dt)
        self._after_fluid = True
        if self.fluid.frozen:
            return
        pack = self.pack
        axes = make_axes(pack.grid, dt)
        settle_momentum(pack.u0, pack.w0, pack.bcc, self.directed, self.fcr, 1.0 / self.params.vmax**2, pack.grid, axes)

    def keep_account(self):
        """Add to the ledger what `move` did: totals of the exchange with the gas, seeds, and cells faster than signals."""
        pack = self.pack
        self.account[:, :3] += self.totals[:, :3]
        self.count("floored_cells", self.totals[:, 3])
        self.count("waves_made", pack.active(self.registers.account)[:, SEEDED].sum(axis=(1, 2, 3)) * self.volume)
        counts = np.zeros(pack.nblock)
        signal = math.sqrt(self.fluid.eos.gamma_cr - 1.0) * self.params.vmax
        count_fast(pack.w0, pack.bcc, 1.0, signal, pack.grid, counts)
        self.count("fast_cells", counts)

    def freeze(self, population):
        """Fill the coefficients that stay as they are during the sub-steps."""
        pack, frozen = self.pack, self.registers.frozen
        self.scattering.evaluate(pack, self.kappa, population.rigidity)
        strides = tuple(axis.stride for axis in make_axes(pack.grid, 1.0))
        freeze_coefficients(pack.u0, pack.b0, pack.bcc, self.kappa, 1.0, strides, frozen)
        freeze_waves(pack.w0, pack.bcc, self.kappa, self.scales, frozen)

    def sub_cycle(self, dt, time, population):
        """Advance the register by `dt` in sub-steps: half a step, then the whole one with the faces of the half step."""
        grid, registers, comm = self.pack.grid, self.registers, self.ghosts.comm
        reach = comm.max(largest_reach(registers.frozen, grid, make_axes(grid, 1.0)))
        alfven = comm.max(float(self.pack.active(registers.frozen)[:, VSTREAM].max(initial=0.0)))
        fastest = max(self.moments(dt).c, alfven)
        self.substeps = max(1, math.ceil(dt * fastest * reach / self.params.cfl - 1e-12))
        step = dt / self.substeps
        for n in range(self.substeps):
            march(PredictWaves(), self.moments(0.5 * step), grid, make_axes(grid, 0.5 * step), registers, self.planes)
            self.ghosts.fill_cells(registers.half, population.fields, time + (n + 0.5) * step)
            march(CorrectWaves(), self.moments(step), grid, make_axes(grid, step), registers, self.planes)
            self.ghosts.fill_cells(registers.start, population.fields, time + (n + 1) * step)

    def moments(self, dt):
        """Return the constants of a stage of duration `dt`."""
        gamma, vmax2, grid = self.fluid.eos.gamma_cr, self.params.vmax**2, self.pack.grid
        c2 = (gamma - 1.0) * vmax2
        width = (grid.dx1, grid.dx2, grid.dx3)
        return WaveMoments(math.sqrt(c2), c2, 1.0 / c2, 1.0 / vmax2, gamma, dt, width, self.params.linear_damping)

    def push_gas(self, dt, time):
        """Let the pressure of the waves act on the gas for `dt`; ghosts and primitives are valid before and after."""
        if not self.params.wave_pressure:
            return
        pack, frozen, given = self.pack, self.fluid.frozen, np.zeros((self.pack.nblock, 1))
        axes = make_axes(pack.grid, dt)
        middle_pressure(pack.u0, self.waves, pack.grid, axes, self.pressure)
        self.ghosts.fill_cells(self.pressure, _PRESSURE, time)
        middle_velocity(pack.u0, self.pressure, pack.grid, axes, frozen, self.velocity)
        wave_work(pack.u0, self.waves, self.pressure, self.velocity, pack.grid, axes, frozen, given)
        self.count("wave_work", given[:, 0] * self.volume)
        self.refresh(time)

    def diffuse_across(self, dt, time, population):
        """Diffuse e across the field by super-time-stepping, if there is a kappa_perp."""
        if self.across is None:
            return
        register = self.registers.start
        self.across.kappa[:, KAPPA_PERP] = self.kappa[:, KAPPA_PERP]  # its kappa_par stays zero
        self.across.face_coefficients()
        self.across.e[:, 0] = register[:, ENERGY]
        self.across.diffuse(dt, time, population.fields[:1])
        register[:, ENERGY] = self.across.e[:, 0]

    def relative_flux(self):
        return aligned(self.pack.u0[:, self.fcr], self.pack)

    def energy_signs(self):
        lost = {"cr_heat": -1, "cr_wave_work": -1} if self.fluid.frozen else {}  # frozen gas takes neither heat nor work
        return super().energy_signs() | lost

    def progress(self):
        return {"sub-steps": self.substeps}

    def history(self):
        """Return sub-steps, and wave energies over that of the field, both summed over the box."""
        u, bcc = self.pack.active(self.pack.u0), self.pack.active(self.pack.bcc)
        sums = [u[:, wave].sum(axis=(1, 2, 3)) for wave in self.waves]
        partials = np.stack([*sums, 0.5 * (bcc**2).sum(axis=(1, 2, 3, 4))], axis=1)
        plus, minus, field = map(float, self.ghosts.comm.block_sums(partials))
        field = field or 1.0
        return {"cr_substeps": self.substeps, "cr_waves_plus": plus / field, "cr_waves_minus": minus / field}

    def _make_across(self):
        if not self.scattering.has_perpendicular():
            return None
        return AnisotropicDiffusion(AnisotropicDiffusion.Params(), self.pack, self.scattering, self.ghosts, self.fluid)
