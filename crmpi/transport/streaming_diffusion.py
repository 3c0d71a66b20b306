"""One-moment streaming and diffusion along the field, with a regularised sign of the gradient."""

import math

import numpy as np

from crmpi.mesh.pool import aligned_zeros
from crmpi.numerics.cr.diffusion import EXCESS
from crmpi.numerics.cr.rkl2 import super_stage
from crmpi.numerics.cr.streaming import (
    Buffers,
    Frozen,
    Law,
    corner_speeds,
    fastest_crossing,
    field_shares,
    largest_coefficients,
    refuse_cooling,
    streaming_coefficients,
)
from crmpi.params import par
from crmpi.transport.diffusion import AnisotropicDiffusion, DiffusionParams
from crmpi.transport.fluxes import streaming_flux, wave_share

# cells that streaming crosses in a super-step: RKL2 is made for decay, and transports only a little
# way
_MOST_CROSSED = 1.0


class StreamingParams(DiffusionParams):
    """How fast cosmic rays stream, and over which length their gradient must stretch to stop
    them."""

    f_stream: float = par(
        1.0,
        ge=0,
        doc="streaming speed over the Alfven speed; the gas is heated as by waves at v_A at most",
    )
    regularisation_length: float | None = par(
        None,
        unit="length",
        gt=0,
        doc=(
            "where e/|b.grad e| is longer than this, streaming is slower; none: the longest "
            "side of the mesh"
        ),
    )
    max_stages: int = par(
        63, ge=3, doc="maximum of the stages of one super-step; beyond it more super-steps"
    )


class StreamingDiffusion(AnisotropicDiffusion):
    """Streaming as a diffusion whose coefficient depends on the gradient, within the machinery of
    `AnisotropicDiffusion`.

    The streaming coefficient is bounded by gamma_cr f_stream v_A L, L the regularisation length:
    this bound sets the explicit step.
    """

    name = "streaming_diffusion"
    on_tube = False  # its fluxes are formed at corners of a uniform mesh
    doc = (
        "streaming and diffusion along the magnetic field in one equation; the direction of "
        "streaming is smoothed"
    )
    equation = (
        "e_t = -div(b (e + P) v_s - kappa_par b b.grad e) + min(1, 1/f_stream) v_s "
        "b.grad P, v_s = -f_stream v_A tanh(L b.grad e/e)"
    )
    reference = (
        "Sharma, Colella & Martin 2010, SIAM J. Sci. Comput. 32, 3564; Butsky & Quinn "
        "2018, ApJ 868, 108"
    )
    ghosts_needed = 3
    Params = StreamingParams

    def __init__(self, params, pack, scattering, ghosts, fluid):
        super().__init__(params, pack, scattering, ghosts, fluid)
        grid = pack.grid
        faces, shares = (tuple(pack.allocate(n) for _ in range(3)) for n in (2, 1))
        self.frozen = Frozen(faces, pack.allocate(1), shares, pack.allocate(1))
        self.buffers = Buffers(
            *(aligned_zeros((1, ncomp, grid.m3, grid.m2, grid.m1)) for ncomp in (6, 2))
        )
        self.heat_now, self.heat_last, self.heating, self.heating0, self.nothing = (
            pack.allocate(1) for _ in range(5)
        )
        gamma = fluid.eos.gamma_cr
        self.law = Law(
            gamma,
            (gamma - 1.0) * wave_share(params.f_stream),
            params.regularisation_length or self.longest_side(),
        )

    def relative_flux(self):
        return super().relative_flux() + streaming_flux(self.pack, self.params.f_stream, self.law)

    def heats_gas(self):
        return True

    def lose_to_waves(self, dt, time, fields):
        """Lose nothing: the losses of streaming are part of its step."""

    def longest_side(self):
        """Return the longest side of the mesh."""
        grid, longest = self.pack.grid, 0.0
        present = [bool(stride) for stride in self.mesh.strides]
        for part, mesh in self.levels:
            reach = (part.of(self.pack.origins) + np.array([grid.n1, grid.n2, grid.n3])) * np.array(
                mesh.widths
            )
            longest = max(longest, float(reach[:, present].max(initial=0.0)))
        return self.ghosts.comm.max(longest)

    def face_coefficients(self):
        """Fill the coefficients of diffusion, and in `faces` those with the largest that streaming
        can add, for the explicit step."""
        pack = self.pack
        super().face_coefficients()
        self.frozen.excess[:, 0] = self.corners[:, EXCESS]
        corner_speeds(pack.u0, pack.bcc, self.params.f_stream, self.mesh, self.frozen.speed)
        for part, mesh in self.levels:
            b0, bcc, frozen, faces = part.of((pack.b0, pack.bcc, self.frozen, self.faces))
            for a in self.axes:
                frozen.faces[a][...] = faces[a]
                field_shares(b0, bcc, mesh, a, frozen.shares[a])
            largest_coefficients(self.law, frozen, mesh, part.grid, self.buffers, faces)

    def fewest_super_steps(self, dt):
        """Return the number of super-steps in which streaming crosses few enough cells."""
        arrays = self.frozen.speed, self.corners
        crossed = max(
            fastest_crossing(*part.of(arrays), mesh, part.grid) for part, mesh in self.levels
        )
        return max(
            1,
            math.ceil(dt * self.ghosts.comm.max(self.law.gamma * crossed) / _MOST_CROSSED - 1e-12),
        )

    def super_step(self, weights, step, limit, extent, time, fields):
        extent = super().super_step(weights, step, limit, extent, time, fields)
        self.heat += self.heat_now
        return extent

    def make_stages(self, weights, step, limit, bound, time, fields, *, lift):
        self.heat_now[...] = 0.0
        return super().make_stages(weights, step, limit, bound, time, fields, lift=lift)

    def stage(self, stage, step, limit, *, first):
        super().stage(stage, step, limit, first=first)
        self.heat_now, self.heat_last = self.heat_last, self.heat_now
        if first:
            self.heat_now[...] = 0.0
            self.heating0[...] = self.heating
        grid, rates = self.pack.grid, (self.heating, self.heating0)
        super_stage(grid, stage, step, self.nothing, self.heat_last, *rates, self.heat_now)
        refuse_cooling(grid, self.e, self.heat_now)

    def find_rate(self, limit):
        for part, mesh in self.levels:
            e, frozen, faces, corners, heating = part.of(
                (self.last, self.frozen, self.faces, self.corners, self.heating)
            )
            shape, results = (mesh, part.grid), (faces, corners, heating)
            streaming_coefficients(e, self.law, frozen, *shape, self.buffers, *results)
        super().find_rate(limit)
        self.pack.active(self.rate)[...] -= self.pack.active(self.heating)
