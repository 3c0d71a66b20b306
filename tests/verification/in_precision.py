"""Numbers of three cases in the precision of this process: ``CRMPI_PRECISION=single python -m
tests.verification.in_precision NAME N``."""

import json
import os
import subprocess
import sys

import numpy as np

from crmpi import precision
from crmpi.exact import streaming
from tests.verification.cases_cr import line
from tests.verification.runs import rms_error, run_problem

# of the linear wave: the standard one, 1e-6, is a few roundings of single precision
AMPLITUDE = 1e-3


def linear_wave(n):
    """Return the RMS error of a fast wave after one period, over its amplitude."""
    overrides = "problem.family=fast", "time.end=0.5", f"problem.amplitude={AMPLITUDE}"
    return rms_error(run_problem("linear_wave", *overrides, cells=(n, n // 2, n // 2))) / AMPLITUDE


def gaussian(n):
    """Return the mean error of e of V4 at rest."""
    outcome = run_problem("cr_diffusion", "problem.velocity=0", "time.dt_max=2e-3", cells=line(n))
    return outcome.norms["ecr"]["L1"]


def plateau(n):
    """Return the relative error of the height of the plateau of V7 at the end."""
    outcome = run_problem("cr_streaming", cells=line(n), every=1)
    exact, _ = streaming.triangle_plateau(outcome.history["time"][-1])
    return abs(outcome.history["e(0)"][-1] / exact - 1.0)


NUMBERS = {"linear wave": linear_wave, "gaussian": gaussian, "plateau": plateau}


def measure(name, n):
    """Return a number in this process."""
    return float(NUMBERS[name](n))


def measure_single(name, n):
    """Return a number in a process of single precision."""
    command = [sys.executable, "-m", "tests.verification.in_precision", name, str(n)]
    done = subprocess.run(
        command,
        env=os.environ | {precision.VARIABLE: "single"},
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


if __name__ == "__main__":
    assert np.dtype(precision.REAL).itemsize == (4 if precision.SINGLE else 8)
    print(json.dumps(measure(sys.argv[1], int(sys.argv[2]))))
