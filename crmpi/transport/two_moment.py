"""Two-moment transport along the field: streaming and diffusion with a reduced speed of light."""

import math

import numpy as np

from crmpi.constants import ECR
from crmpi.mesh.pack import aligned_zeros
from crmpi.numerics.cr_march import Correct, Planes, Predict, Registers, march
from crmpi.numerics.cr_moments import (
    ENERGY,
    FLUX,
    NCOEFFICIENT,
    Moments,
    exchange_with_gas,
    fastest_response,
    freeze_coefficients,
    largest_reach,
)
from crmpi.numerics.cr_momentum import directed_flux, settle_momentum
from crmpi.numerics.cr_validity import count_fast
from crmpi.numerics.rows import make_axes
from crmpi.numerics.tube_moments import correct_on_tube, fastest_response_on_tube, largest_reach_on_tube, predict_on_tube
from crmpi.params import par
from crmpi.scattering.base import KAPPA_PERP
from crmpi.transport.base import TransportSolver
from crmpi.transport.diffusion import AnisotropicDiffusion
from crmpi.transport.fluxes import aligned
from crmpi.types import Field

FCR_FIELD = Field("fcr", unit="energy_flux", title="cosmic-ray energy flux along B in the gas frame")
_FAINT = 1e-3  # of the largest e: cells below it say nothing about splitting


class TwoMoment(TransportSolver):
    """Energy e and flux f along the field in the gas frame, sub-cycled at the reduced speed of light vmax.

    Attributes
    ----------
    substeps : int
        of the last `advance`
    """

    name = "two_moment"
    doc = "streaming and diffusion along the magnetic field with a reduced speed of light"
    equation = "f_t/vmax^2 + b.grad P = -sigma f, e_t = -div(f b) + v_s.b sigma f, 1/sigma = 3 kappa_par + v_A (e + P)/|b.grad P|"
    reference = "Jiang & Oh 2018, ApJ 854, 5; Chan et al. 2019, MNRAS 488, 3716"
    fields = (FCR_FIELD,)
    columns = ("heat", "work", "floored", "floored_cells", "fast_cells")
    doubts = {"fast_cells": "|v| + v_A exceeds the speed of signals vmax/sqrt(3) in some cells: raise transport.vmax"}
    energy = {"floored": +1}
    along_field = True
    on_tube = True

    class Params:
        vmax: float = par(unit="velocity", gt=0, doc="reduced speed of light; well above flow, Alfven speed and kappa/L")
        cfl: float = par(0.8, gt=0, le=0.95, doc="sub-step over the time a signal takes to cross a cell")
        streaming: bool = par(True, doc="cosmic rays stream down their gradient with the Alfven speed and heat the gas")
        f_stream: float = par(1.0, ge=0, doc="streaming speed in units of the Alfven speed")

    def __init__(self, params, pack, scattering, ghosts, fluid):
        super().__init__(params, pack, scattering, ghosts, fluid)
        grid = pack.grid
        self.fcr = pack.index["fcr"]
        self.f_stream = params.f_stream if params.streaming else 0.0
        self.kappa = pack.allocate(2)
        self.registers = Registers(*(pack.allocate(ncomp) for ncomp in (2, 2, NCOEFFICIENT, 2)))
        self.planes = Planes(aligned_zeros((2, 2, 1, grid.m2, grid.m1)), aligned_zeros((6, 2, 1, grid.m2, grid.m1)))
        self.lines = () if pack.tube is None else tuple(np.zeros((2, pack.tube.area.shape[1])) for _ in range(2))  # coupling, faces
        self.directed = pack.allocate(3)  # f b before the fluid step
        self._ghosts_are_old = False
        self.totals = np.zeros((pack.nblock, 4))
        self.across = self._make_across()
        self.substeps, self.last_dt = 0, 0.0

    def advance(self, dt, time):
        super().advance(dt, time)
        self.count_fast_cells()
        self._ghosts_are_old = False
        self.last_dt = dt
        directed_flux(self.pack.u0, self.pack.bcc, self.fcr, self.directed)

    def move(self, population, dt, time):
        pack, q = self.pack, self.registers.start
        self.freeze(population)
        q[:, ENERGY], q[:, FLUX] = (pack.u0[:, place] for place in population.places)
        if self._ghosts_are_old and not population.passive:
            self.ghosts.fill_cells(q, population.fields, time)
        self.registers.account[...] = 0.0
        self.diffuse_across(0.5 * dt, time, population)
        self.sub_cycle(dt, time, population)
        self.diffuse_across(0.5 * dt, time + 0.5 * dt, population)
        gas = (self.fluid.frozen, population.passive)
        account, places, ivmax2 = self.registers.account, population.places, 1.0 / self.params.vmax**2
        exchange_with_gas(pack.u0, pack.bcc, q, account, places, ivmax2, pack.grid, gas, pack.volumes, self.totals)
        if population.passive:
            self.count("tracer_floored_cells", self.totals[:, -1])
        else:
            self.account[:, : self.totals.shape[1]] += self.totals

    def carried(self, dt):
        super().carried(dt)
        if self.fluid.frozen or self.pack.tube is not None:  # the field of a tube does not turn
            return
        pack = self.pack
        axes = make_axes(pack.grid, dt)
        settle_momentum(pack.u0, pack.w0, pack.bcc, self.directed, self.fcr, 1.0 / self.params.vmax**2, pack.grid, axes)
        self._ghosts_are_old = True

    def count_fast_cells(self):
        """Count the cells where gas and waves are faster than the signals of (e, f)."""
        counts = np.zeros(self.pack.nblock)
        signal = math.sqrt(self.fluid.eos.gamma_cr - 1.0) * self.params.vmax
        count_fast(self.pack.w0, self.pack.bcc, self.f_stream, signal, self.pack.grid, counts)
        self.count("fast_cells", counts)

    def freeze(self, population):
        """Fill the coefficients that stay as they are during the sub-steps."""
        pack = self.pack
        self.scattering.evaluate(pack, self.kappa, population.rigidity)
        strides = tuple(axis.stride for axis in make_axes(pack.grid, 1.0))
        freeze_coefficients(pack.u0, pack.b0, pack.bcc, self.kappa, self.f_stream, strides, self.registers.frozen)

    def sub_cycle(self, dt, time, population):
        """Advance (e, f) by `dt` in sub-steps: half a step, then the whole one with the faces of the half step."""
        registers = self.registers
        reach = self.ghosts.comm.max(self.reach())
        self.substeps = max(1, math.ceil(dt * self.moments(dt).c * reach / self.params.cfl - 1e-12))
        step = dt / self.substeps
        for n in range(self.substeps):
            self.stage(Predict(), 0.5 * step)
            self.ghosts.fill_cells(registers.half, population.fields, time + (n + 0.5) * step)
            self.stage(Correct(), step)
            self.ghosts.fill_cells(registers.start, population.fields, time + (n + 1) * step)

    def stage(self, which, dt):
        """Advance the registers by one stage of duration `dt`."""
        grid, tube, moments = self.pack.grid, self.pack.tube, self.moments(dt)
        if tube is None:
            march(which, moments, grid, make_axes(grid, dt), self.registers, self.planes)
        else:
            advance = predict_on_tube if isinstance(which, Predict) else correct_on_tube
            advance(moments, grid, tube, self.registers, *self.lines)

    def reach(self):
        """Return the inverse of the shortest way across a cell along the field, on this rank."""
        grid, frozen = self.pack.grid, self.registers.frozen
        if self.pack.tube is not None:
            return largest_reach_on_tube(frozen, grid, self.pack.tube)
        return largest_reach(frozen, grid, make_axes(grid, 1.0))

    def moments(self, dt):
        """Return the constants of a stage of duration `dt`."""
        gm1, vmax2 = self.fluid.eos.gamma_cr - 1.0, self.params.vmax**2
        grid, c2 = self.pack.grid, gm1 * vmax2
        width = (grid.dx1, grid.dx2, grid.dx3)
        return Moments(math.sqrt(c2), c2, 1.0 / c2, 1.0 / vmax2, self.fluid.eos.gamma_cr, dt, width)

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
        heat_is_lost = {"cr_heat": -1} if self.fluid.frozen else {}  # frozen gas does not take the heat
        return super().energy_signs() | heat_is_lost

    def progress(self):
        return {"sub-steps": self.substeps}

    def history(self):
        return {"cr_substeps": self.substeps, "cr_splitting": self.splitting()}

    def splitting(self):
        """Return the largest dt (kappa + v_stream l)/l^2, l = e/|b.grad e|: where it is >> 1 splitting from the gas damps too much."""
        g = self.pack.grid
        register = self.registers.start
        register[:, ENERGY] = self.pack.u0[:, ECR]
        self.freeze(self.populations[0])
        faint = max(_FAINT * self.ghosts.comm.max(float(self.pack.active(register)[:, ENERGY].max(initial=0.0))), 1e-300)
        frozen, moments = self.registers.frozen, self.moments(1.0)
        if self.pack.tube is None:
            fastest = fastest_response(register, frozen, moments, g, make_axes(g, 1.0), faint)
        else:
            fastest = fastest_response_on_tube(register, frozen, moments, g, self.pack.tube, faint)
        return self.ghosts.comm.max(self.last_dt * fastest)

    def _make_across(self):
        if self.pack.tube is not None or not self.scattering.has_perpendicular():  # a tube has no across
            return None
        return AnisotropicDiffusion(AnisotropicDiffusion.Params(), self.pack, self.scattering, self.ghosts, self.fluid)
