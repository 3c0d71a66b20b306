"""What leaves a uniform tube through its ends by streaming: a known miss, bounded on both sides."""

import numpy as np
import pytest

from tests.verification.runs import run_problem

UNIFORM = "problem={centre: -1e5, source: 3}", "mesh.upper=[100,1,1]", "time={end: 60, dt_max: 20}"


@pytest.mark.parametrize("end, low, high", [("user", 0.88, 0.91), ("outflow", 0.94, 0.98)])
def test_flux_through_the_end_of_a_tube(end, low, high):
    """Exact is f = v_A h at both ends, and e = 3 all along the tube.

    At an absorbing end (`user`) the gradient of the last cell has a kink, which weakens streaming by
    1/(1 + 2 KINK) = 0.893; e of a steady flow from a cloud is too high by as much. At an `outflow`
    there is no gradient, and flat e keeps whatever flux has come: it is decoupled below v_A h.
    """
    outcome = run_problem("cr_bottleneck", *UNIFORM, f"mesh.boundaries.ox1={end}", cells=(32, 1, 1))
    e, f = (outcome.cells(name).ravel()[8:28] for name in ("ecr", "fcr"))
    share = f / (4.0 / 3.0 * e / np.sqrt(0.1))
    assert e == pytest.approx(3.0, rel=0.01)
    assert low < share.min() <= share.max() < high
