"""RKL2 super-time-stepping: s explicit stages reach about s^2/4 explicit time steps.

Meyer, Balsara & Aslam 2014, J. Comput. Phys. 257, 594.
"""

import math
from typing import NamedTuple

from crmpi.jit import kernel
from crmpi.numerics.cr.runs import NONE, runs
from crmpi.numerics.rows.rows import load, row, rows, separate, store


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


@kernel
def keep_first(grid, rates, e0, rate0, out):
    """Begin a super-step: keep the rates of Y_0, and let `out`, where the first stage goes, be Y_0;
    active cells."""
    near = runs(grid, NONE, NONE)
    for b in range(out.shape[0]):
        first_rate, start = row(rows(rates, b, 0), 0), row(rows(e0, b, 0), 0)
        copy_two(near, first_rate, start, row(rows(rate0, b, 0), 0), row(rows(out, b, 0), 0))


@kernel
def copy_two(near, a, b, to_a, to_b):
    """Copy two variables of the cells `near` of a block."""
    separate()
    for k in range(near.count):
        first = near.first + k * near.step
        for i in range(first, first + near.length):
            store(to_a, i, load(a, i), 0)
            store(to_b, i, load(b, i), 1)


@kernel
def super_stage(grid, stage, dt, e0, last, rates, rate0, out):
    """Write one RKL2 stage of the active cells: `out` holds Y_{j-2} on entry and Y_j on return;
    `last` is Y_{j-1}, `e0` Y_0."""
    near = runs(grid, NONE, NONE)
    for b in range(out.shape[0]):
        earlier = row(rows(e0, b, 0), 0), row(rows(last, b, 0), 0)
        change = row(rows(rates, b, 0), 0), row(rows(rate0, b, 0), 0)
        stage_rows(near, stage, dt, earlier, change, row(rows(out, b, 0), 0))


@kernel
def stage_rows(near, stage, dt, earlier, rates, out):
    """Do so for the cells `near` of a block; `earlier`: Y_0 and Y_{j-1}, `rates`: those
    of Y_{j-1} and of Y_0.

    Differences from Y_0 are combined, so that a uniform state stays uniform to the last bit.
    """
    separate()
    (e0, last), (now, first_rate) = earlier, rates
    for k in range(near.count):
        first = near.first + k * near.step
        for i in range(first, first + near.length):
            y0, l1, l0 = load(e0, i), load(now, i), load(first_rate, i)
            change = stage.mu * (load(last, i) - y0) + stage.nu * (load(out, i) - y0)
            store(out, i, y0 + (change + dt * (stage.rate * l1 + stage.rate0 * l0)), 0)
