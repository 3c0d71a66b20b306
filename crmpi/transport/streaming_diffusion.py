"""One-moment streaming and diffusion along the field, with a regularised sign of the gradient."""

import math

import numpy as np

from crmpi.numerics.cr.heated_stages import add_active, first_rates, streaming_stage
from crmpi.numerics.cr.streaming import (
    Law,
    Streaming,
    StreamingWork,
    fastest_crossing,
    streaming_base,
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
        self.work = StreamingWork(*self.work, states=self.buffer(6), stream=self.buffer(3))
        self.heat_now, self.heat_last, self.heating0 = (pack.allocate(1) for _ in range(3))

    def make_source(self):
        gamma, length = self.fluid.eos.gamma_cr, self.params.regularisation_length
        heating = (gamma - 1.0) * wave_share(self.params.f_stream)
        self.law = Law(gamma, heating, length or self.longest_side())
        shares = tuple(self.coefficients(1) for _ in range(3))
        plain, speed = super().make_source(), self.coefficients(1)
        return Streaming(self.law, *plain, shares, speed, self.pack.allocate(1))

    def ghosts_of_stencil(self):
        return 3

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
        pack = self.pack
        for part, shape in self.shapes:
            arrays = part.of((pack.u0, self.kappa, pack.b0, pack.bcc))
            source = part.of(self.source)
            streaming_base(*arrays, self.params.f_stream, shape, self.work, source)

    def fewest_super_steps(self, dt):
        """Return the number of super-steps in which streaming crosses few enough cells."""
        arrays = [(part.of(self.source), shape) for part, shape in self.shapes]
        crossed = max(fastest_crossing(*each, self.work) for each in arrays)
        return max(
            1,
            math.ceil(dt * self.ghosts.comm.max(self.law.gamma * crossed) / _MOST_CROSSED - 1e-12),
        )

    def super_step(self, weights, step, limit, extent, time, fields):
        extent = super().super_step(weights, step, limit, extent, time, fields)
        add_active(self.pack.grid, self.heat_now, self.heat)
        return extent

    def combine(self, stage, step, *, first):
        grid = self.pack.grid
        rates = self.rate, self.source.heating, self.rate0, self.heating0
        self.heat_now, self.heat_last = self.heat_last, self.heat_now
        gains = self.heat_last, self.heat_now
        if first:
            first_rates(grid, (self.start, self.e), rates, gains)
        streaming_stage(grid, stage, step, (self.start, self.last, self.e), rates, gains)
