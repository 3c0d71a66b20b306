"""Diffusion of cosmic-ray energy, isotropic or along the magnetic field, by super-time-stepping or explicit sub-steps."""

import math

import numpy as np

from crmpi.constants import ECR
from crmpi.errors import CrmpiError
from crmpi.mesh.pack import ECR_FIELD
from crmpi.numerics.cr_diffusion import (
    add_decay_rates,
    aligned_coefficients,
    diffusion_rate,
    face_axes,
    isotropic_coefficients,
    super_stage,
)
from crmpi.numerics.rkl2 import Stage, plan, stages
from crmpi.params import par
from crmpi.transport.base import TransportSolver

_FORWARD_EULER = Stage(0.0, 0.0, 1.0, 0.0)


class DiffusionParams:
    """How the diffusion equation is advanced in time."""

    method: str = par("rkl2", choices=["rkl2", "explicit"], doc="super-time-stepping, or explicit sub-steps (first order, for reference)")
    max_stages: int = par(15, ge=3, doc="most stages of one super-step; more super-steps beyond")
    cfl: float = par(0.8, gt=0, le=1, doc="fraction of the explicit stability limit used")

    def check(self):
        """Refuse an even number of stages: it does not damp the shortest waves."""
        if self.max_stages % 2 == 0:
            yield "max_stages", "must be odd"


class Diffusion(TransportSolver):
    """e_t = div(D grad e); subclasses choose the face coefficients of D.

    Attributes
    ----------
    super_steps, stages : int
        of the last `advance`; explicit sub-steps have one stage
    """

    Params = DiffusionParams

    def __init__(self, params, pack, scattering, ghosts, fluid):
        super().__init__(params, pack, scattering, ghosts, fluid)
        grid = pack.grid
        self.axes = tuple(face_axes(grid))
        if not self.axes or max(grid.ng1, grid.ng2, grid.ng3) < 2:
            raise CrmpiError(f"transport.solver = {self.name} needs at least one axis with more than one cell", everywhere=True)
        self.kappa = pack.allocate(2)
        self.coefficients = tuple(pack.allocate(3 if self.along_field else 1) for _ in self.axes)
        self.e, self.last, self.start, self.rate, self.rate0 = (pack.allocate(1) for _ in range(5))
        self.flux = np.zeros(grid.m3 * grid.m2 * grid.m1)
        self.super_steps = self.stages = 0

    def face_coefficients(self):
        """Fill `coefficients` from kappa and the magnetic field of the pack."""
        raise TypeError(f"transport solver '{self.name}' defines no face_coefficients")

    def advance(self, dt, time):
        pack = self.pack
        self.scattering.kappa(pack, self.kappa)
        self.face_coefficients()
        self.e[:, 0] = pack.u0[:, ECR]
        self.diffuse(dt, time)
        pack.active(pack.u0)[:, ECR] = pack.active(self.e)[:, 0]
        self.refresh(time + dt)

    def progress(self):
        return {"stages": self.super_steps * self.stages}

    def history(self):
        return {"cr_super_steps": self.super_steps, "cr_stages": self.stages}

    def diffuse(self, dt, time):
        """Advance the register `e`, ghost zones valid, by `dt`."""
        limit = self.explicit_limit()
        ratio = dt / limit if math.isfinite(limit) else 0.0
        if ratio == 0.0:
            self.super_steps = self.stages = 0
            return
        if self.params.method == "explicit":
            self.super_steps, self.stages = max(1, math.ceil(ratio - 1e-12)), 1
            weights = [_FORWARD_EULER]
        else:
            self.super_steps, self.stages = plan(ratio, self.params.max_stages)
            weights = stages(self.stages)
        step = dt / self.super_steps
        for n in range(self.super_steps):
            self.super_step(weights, step, time + (n + 1) * step)

    def explicit_limit(self):
        """Return the explicit time step, cfl over the largest rate of decay of any cell, the same on all ranks."""
        self.rate[...] = 0.0
        for coefficients, axis in zip(self.coefficients, self.axes, strict=True):
            add_decay_rates(coefficients, axis, self.pack.grid, self.rate)
        fastest = self.ghosts.comm.max(float(self.pack.active(self.rate).max(initial=0.0)))
        return self.params.cfl / fastest if fastest > 0.0 else math.inf

    def super_step(self, weights, step, time):
        """Advance `e` by one super-step; ghost zones are valid before and after."""
        self.start[...] = self.e
        self.rate0[...] = 0.0
        self.last[...] = self.e
        for stage in weights:
            self.e, self.last = self.last, self.e
            diffusion_rate(self.last, self.coefficients, self.axes, self.pack.grid, self.flux, self.rate)
            if stage is weights[0]:
                self.rate0[...] = self.rate
            super_stage(stage, step, self.start, self.last, self.rate, self.rate0, self.e)
            self.ghosts.fill_cells(self.e, (ECR_FIELD,), time)


class IsotropicDiffusion(Diffusion):
    """The same coefficient kappa_par in all directions, whatever the field."""

    name = "isotropic_diffusion"
    doc = "diffusion with kappa_par in all directions"
    equation = "e_t = div(kappa_par grad e)"
    reference = "Salem & Bryan 2014, MNRAS 437, 3312; Meyer, Balsara & Aslam 2014, J. Comput. Phys. 257, 594"

    def face_coefficients(self):
        for axis, coefficients in zip(self.axes, self.coefficients, strict=True):
            isotropic_coefficients(self.kappa, axis, coefficients)


class AnisotropicDiffusion(Diffusion):
    """kappa_par along the field, kappa_perp across it; no energy flows out of a minimum."""

    name = "anisotropic_diffusion"
    doc = "diffusion with kappa_par along and kappa_perp across the magnetic field"
    equation = "e_t = div(kappa_par b b.grad e + kappa_perp (I - b b).grad e)"
    reference = "Sharma & Hammett 2007, J. Comput. Phys. 227, 123; Meyer, Balsara & Aslam 2014, J. Comput. Phys. 257, 594"
    along_field = True

    def face_coefficients(self):
        for axis, coefficients in zip(self.axes, self.coefficients, strict=True):
            aligned_coefficients(self.kappa, self.pack.b0, self.pack.bcc, axis, coefficients)
