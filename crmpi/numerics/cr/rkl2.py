"""RKL2 super-time-stepping: s explicit stages reach about s^2/4 explicit time steps.

Meyer, Balsara & Aslam 2014, J. Comput. Phys. 257, 594.
"""

import math
from typing import NamedTuple


class Stage(NamedTuple):
    """Weights of stage j: Y_j - Y_0 = mu (Y_{j-1} - Y_0) + nu (Y_{j-2} - Y_0) + dt (rate L(Y_{j-1})
    + rate0 L(Y_0))."""

    mu: float
    nu: float
    rate: float
    rate0: float


def reach(stages):
    """Return how many explicit time steps `stages` stages are stable for (their eq. 15)."""
    return 0.25 * (stages * stages + stages - 2)


def plan(ratio, max_stages, fewest=1):
    """Return (number of super-steps, stages in each) that cover `ratio` explicit time steps with an
    odd number of stages.

    There are at least `fewest` super-steps.
    Odd numbers damp the shortest waves; fewer than three stages are not second order.
    """
    super_steps = max(fewest, math.ceil(ratio / reach(max_stages) - 1e-12))
    stages = math.ceil(0.5 * (math.sqrt(9.0 + 16.0 * ratio / super_steps) - 1.0) - 1e-12)
    return super_steps, min(max(3, stages + 1 - stages % 2), max_stages)


def stages(count):
    """Return the `Stage` weights of a super-step of `count` stages (their eqs. 16-18)."""
    w = 4.0 / (count * count + count - 2.0)
    b = [1.0 / 3.0] * 3 + [(j * j + j - 2.0) / (2.0 * j * (j + 1.0)) for j in range(3, count + 1)]
    first = Stage(0.0, 0.0, b[1] * w, 0.0)
    rest = []
    for j in range(2, count + 1):
        mu = (2 * j - 1) / j * b[j] / b[j - 1]
        nu = -(j - 1) / j * b[j] / b[j - 2]
        rest.append(Stage(mu, nu, mu * w, -(1.0 - b[j - 1]) * mu * w))
    return [first, *rest]
