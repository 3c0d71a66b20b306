"""Verification case V17: the Parker instability with cosmic rays against an eigenvalue problem."""

import numpy as np

from tests.verification.runs import run_problem
from tests.verification.table import Check, case


def layer(transport, n):
    """Return the run in a box of 4n/3 x n cells."""
    return run_problem("parker", transport, cells=(4 * n // 3, 1, n), every=5)


def _parker_case(solver, transport):
    @case("V17", f"Parker {solver}", f"crmpi run parker transport.solver={solver}", solver=solver)
    def measure(full):
        for n in (24, 48) if full else (24,):
            outcome = layer(transport, n)
            problem = outcome.sim.problem
            error = abs(problem.growth(outcome.history, 1.0) / problem.rate - 1)
            yield Check(
                f"relative error of the growth rate {problem.rate:.4f}, N = {4 * n // 3} x {n}",
                error,
                "<",
                0.05,
            )

    return measure


_parker_case("anisotropic_diffusion", "transport={solver: anisotropic_diffusion}")
_parker_case("streaming_diffusion", "transport={solver: streaming_diffusion, f_stream: 0}")
_parker_case("two_moment", "transport={solver: two_moment, vmax: 100, streaming: false}")


@case("V17", "no transport", "crmpi run parker transport.solver=none", solver="none")
def without_transport(full):
    """Cosmic rays tied to the gas keep this layer stable: the mode that grew 16-fold by t = 4 with
    diffusion oscillates."""
    outcome = layer("transport={solver: none}", 48 if full else 24)
    yield Check("growth rate of linear theory", outcome.sim.problem.rate, "<", 1e-3)
    size = np.hypot(outcome.history["wave_cos"], outcome.history["wave_sin"])
    yield Check("largest amplitude / that at the start", size.max() / size[0], "<", 2.0)
