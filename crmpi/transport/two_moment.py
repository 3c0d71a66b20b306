"""Two-moment transport along the field: streaming and diffusion with a reduced speed of light."""

from crmpi.constants import ECR
from crmpi.diagnostics.columns import Column
from crmpi.numerics.cr.coefficients import freeze_coefficients
from crmpi.numerics.cr.moments import ENERGY, NCOEFFICIENT, Moments, fastest_response, stream_out
from crmpi.params import par
from crmpi.physics.operators import Phase
from crmpi.transport.fluxes import wave_share
from crmpi.transport.moments import LIMIT_FLUX, MomentSolver
from crmpi.types import make_axes

_FAINT = 1e-3  # of the largest e: cells below it are ignored in the test for splitting


class TwoMoment(MomentSolver):
    """Energy e and flux f along the field in the gas frame, sub-cycled at the reduced speed of
    light vmax."""

    name = "two_moment"
    doc = "streaming and diffusion along the magnetic field with a reduced speed of light"
    equation = (
        "f_t/vmax^2 + b.grad P = -sigma f, e_t = -div(f b) - v_w |sigma f|, 1/sigma = 3 "
        "kappa_par + f_stream v_A (e + P)/|b.grad P|,"
        " v_w = min(f_stream, 1) v_A"
    )
    reference = "Jiang & Oh 2018, ApJ 854, 5; Chan et al. 2019, MNRAS 488, 3716"
    on_tube = True
    on_levels = True
    components = (2, NCOEFFICIENT, 2)

    class Params:
        vmax: float = par(
            unit="velocity",
            gt=0,
            doc="reduced speed of light; well above flow, Alfven speed and kappa/L",
        )
        cfl: float = par(
            0.8, gt=0, le=0.95, doc="sub-step over the time a signal takes to cross a cell"
        )
        limit_flux: bool = LIMIT_FLUX
        streaming: bool = par(
            True,
            doc="cosmic rays stream down their gradient with the Alfven speed and heat the gas",
        )
        f_stream: float = par(
            1.0,
            ge=0,
            doc=(
                "streaming speed over the Alfven speed; the gas is heated as by waves at v_A "
                "at "
                "most"
            ),
        )

    def __init__(self, params, pack, scattering, ghosts, fluid):
        super().__init__(params, pack, scattering, ghosts, fluid)
        self.last_dt = 0.0

    def advance(self, dt, time, phase=Phase.AROUND_FLUID):
        super().advance(dt, time, phase)
        self.last_dt = dt

    def streaming_factor(self):
        return self.params.f_stream if self.params.streaming else 0.0

    def freeze(self, population):
        pack = self.pack
        self.scattering.evaluate(pack, self.kappa, population.rigidity)
        state, factor = (pack.u0, pack.b0, pack.bcc), self.streaming_factor()
        layouts = pack.grid, make_axes(pack.grid, 1.0), self.grid
        freeze_coefficients(*state, self.kappa, factor, *layouts, self.registers.frozen)

    def leave_freely(self, register):
        """Continue the streaming of cosmic rays beyond the mesh."""
        stream_out(register, self.registers.frozen, self.ghosts.open_ends, self.fluid.eos.gamma_cr)

    def moments(self, dt, grid):
        moments = Moments(*self.common_moments(dt, grid))
        return moments._replace(drain=moments.drain * wave_share(self.params.f_stream))

    def history(self):
        splitting = Column("cr_splitting", "none", "number", self.splitting())
        return [*super().history(), splitting]

    def splitting(self):
        """Return the largest dt (kappa + v_stream l)/l^2, l = e/|b.grad e|: where it is >> 1
        splitting from the gas damps too much."""
        pack, register = self.pack, self.registers.start
        register[:, ENERGY] = self.stored(pack.u0[:, ECR])
        self.freeze(self.populations[0])
        faint = max(
            _FAINT * self.ghosts.comm.max(float(pack.active(register)[:, ENERGY].max(initial=0.0))),
            1e-300,
        )
        state = register, self.registers.frozen
        fastest = max(
            fastest_response(
                pack.metric.cells,
                *part.of(state),
                self.moments(1.0, part.grid),
                part.grid,
                part.axes(1.0),
                faint,
                self._column,
            )
            for part in self.parts
        )
        return self.ghosts.comm.max(self.last_dt * fastest)
