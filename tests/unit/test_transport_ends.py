"""What leaves a tube through its ends by streaming, and the bottleneck that shows what it does
upstream."""

import numpy as np
import pytest

from tests.selection import in_full
from tests.verification.runs import run_problem

UNIFORM = "problem={centre: -1e5, source: 3}", "mesh.upper=[100,1,1]", "time={end: 60, dt_max: 20}"
BEHIND = 3.0 * 0.1 ** (2 / 3)  # e of the bottleneck behind its cloud


@pytest.mark.parametrize("end", ["user", "outflow", "diode"])
def test_all_that_streams_leaves_through_the_end_of_a_tube(end):
    """Exact is f = v_A h at an absorbing end (`user`) and at one without a gradient, and e = 3 all
    along the tube.

    A steady flow has f/(v_A h) = 1 only if the gradient that scatters is that of the force, and an
    end without a gradient keeps any flux below v_A h unless its ghost cells stream. Terms of
    (v_A/c)^2 = .003 are left.
    """
    outcome = run_problem("cr_bottleneck", *UNIFORM, f"mesh.boundaries.ox1={end}", cells=(32, 1, 1))
    e, f = (outcome.cells(name).ravel()[8:28] for name in ("ecr", "fcr"))
    share = f / (4.0 / 3.0 * e / np.sqrt(0.1))
    assert e == pytest.approx(3.0, rel=0.01)
    assert share == pytest.approx(1.0, abs=0.005)


@pytest.mark.parametrize("end", ["user", *in_full("outflow")])
def test_bottleneck_converges_at_late_times(end):
    """e behind the cloud is 3 (.1)^(2/3) at both ends; the limit is that of V8, 3% at N = 128, at
    first order."""
    errors = []
    for n in (64, 128):
        outcome = run_problem(
            "cr_bottleneck",
            "time.dt_max=50",
            "time.end=1000",
            f"mesh.boundaries.ox1={end}",
            cells=(n, 1, 1),
        )
        errors.append(
            abs(
                np.interp(600, outcome.positions().x1.ravel(), outcome.cells("ecr").ravel())
                / BEHIND
                - 1
            )
        )
    assert errors[1] < 0.03
    assert errors[1] < errors[0] / 2**0.8


def test_what_does_not_stream_stays_at_an_open_end():
    """Uniform e at rest has no direction to stream in: it stays as it is, bit by bit."""
    gas = "problem={centre: -1e5, source: 3, start: 3}"
    outcome = run_problem(
        "cr_bottleneck",
        gas,
        *UNIFORM[1:],
        "mesh.boundaries={ix1: outflow, ox1: outflow}",
        cells=(32, 1, 1),
    )
    assert (outcome.cells("ecr") == 3.0).all()
    assert (outcome.cells("fcr") == 0.0).all()
