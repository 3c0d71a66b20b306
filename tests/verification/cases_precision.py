"""Single precision against double on M1, V4 and V7: what rounding adds to the error of the scheme.

A number of order one takes a rounding error of up to 2^-24 per operation; over a run they add up
like a random walk, to the square root of their number. A stage takes some ten operations on the
state: M1 has 150 steps of two stages, V4 1000 sub-steps, V7 9000 sub-steps. Against the amplitude
1e-3 of M1 that is 3e-3; the standard amplitude of 1e-6 would drown.
"""

import math

from tests.verification.in_precision import AMPLITUDE, measure, measure_single
from tests.verification.table import Check, case

_OPERATIONS = 10  # per stage


def _compare(name, n, stages, limit, scale=1.0):
    double, single = measure(name, n), measure_single(name, n)
    yield Check(f"error in single precision, N = {n}", single, "<", limit)
    rounding = math.sqrt(_OPERATIONS * stages) * 2.0**-24 / scale
    yield Check(
        "abs(error in single - error in double precision)", abs(single - double), "<", rounding
    )


@case(
    "M1",
    "linear wave in single precision",
    f"crmpi run --single linear_wave problem.amplitude={AMPLITUDE} time.end=0.5",
    full_only=True,
)
def linear_wave(full):
    n = 64 if full else 32
    # twice the error of the standard amplitude, and the steepening of a finite one
    limit = 0.15 * (32 / n) ** 2 + 0.01
    yield from _compare("linear wave", n, 300 * n // 32, limit, scale=AMPLITUDE)


@case(
    "V4",
    "Gaussian in single precision",
    "crmpi run --single cr_diffusion problem.velocity=0",
    solver="two_moment",
)
def gaussian(full):
    yield from _compare("gaussian", 256, 2000, 4e-5)  # half of a peer's in double precision


@case(
    "V7",
    "streaming triangle in single precision",
    "crmpi run --single cr_streaming",
    solver="two_moment",
)
def plateau(full):
    n = 512 if full else 256
    yield from _compare("plateau", n, 18000 * n // 256, 1.5e-3 * 512 / n)
