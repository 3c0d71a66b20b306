"""What one core can do at most: memory bandwidth and arithmetic, and the bytes that a step has to
move at minimum."""

import time

import numpy as np

from crmpi.jit import kernel
from crmpi.precision import REAL

_LENGTH = 8_000_000  # three arrays of 64 MB: larger than caches
_BYTES = np.dtype(REAL).itemsize
_SHORT = 1024  # doubles: in the first cache
_PASSES = 20_000
_CHAIN = 16  # multiplications and additions per number and pass


def triad(repetitions=8):
    """Return the bytes per second that a = b + s c moves, three arrays counted once each (McCalpin
    1995)."""
    a, b, c = (np.full(_LENGTH, value) for value in (0.0, 1.0, 2.0))
    _triad(a, b, c, 3.0)
    return 3 * a.nbytes / min(_timed(_triad, a, b, c, 3.0) for _ in range(repetitions))


def arithmetic(repetitions=8):
    """Return the additions and multiplications per second of numbers in the cache, not fused: the
    kernels keep IEEE arithmetic."""
    x = np.full(_SHORT, 0.5)
    _horner(x, 0.5, 0.25, 1)
    return (
        2
        * _CHAIN
        * _SHORT
        * _PASSES
        / min(_timed(_horner, x, 0.5, 0.25, _PASSES) for _ in range(repetitions))
    )


def fluid_bytes(nvar, magnetic, stages, *, converts=False):
    """Return the bytes per zone and step that the fluid step moves if every pass reads and writes
    each of its arrays once.

    Passes: stages (read primitives, cell field, face field, the state they start from; write state
    and face field), blends with the start (read two states, write one), as many conversions to
    primitives (read state and face field; write primitives and cell field), of which the last finds
    the time step too. Ghost zones, scratch that stays in the cache, and reads that precede writes
    are not counted.

    Parameters
    ----------
    nvar : int
        variables of a cell
    magnetic : bool
    stages : tuple of crmpi.physics.integrators.Stage
    converts : bool
        stages that do not begin with the start of the step convert on their way: they find
        primitives, cell field and face field in the cache
    """
    nface = 3 if magnetic else 0
    moved = 0
    for stage in stages:
        moved += 2 * nvar + 2 * nface + nvar + nface
        # the face field that gives the fluxes is another one
        moved += nface if stage.fluxes != stage.start else 0
        moved += 3 * (nvar + nface) if stage.keep else 0
        moved += 2 * nvar + 2 * nface  # conversion
        moved -= nvar + 2 * nface if converts and stage.fluxes != 0 else 0
    return _BYTES * moved


def substep_bytes(register, frozen):
    """Return the bytes per zone and sub-step of two stages: read the register(s) and the frozen
    coefficients, write the other register."""
    half = 2 * register + frozen
    # both registers in, one out; the account of the heat is read and written
    whole = 3 * register + frozen + 2
    return _BYTES * (half + whole)


@kernel
def _triad(a, b, c, s):
    """Write a = b + s c."""
    for i in range(a.size):
        a[i] = b[i] + s * c[i]


@kernel
def _horner(x, a, b, passes):
    """Replace x by a x + b, `_CHAIN` times a pass."""
    for _ in range(passes):
        for i in range(x.size):
            y = x[i]
            for _ in range(_CHAIN):
                y = a * y + b
            x[i] = y


def _timed(function, *arguments):
    """Return the CPU seconds of one call."""
    start = time.process_time()
    function(*arguments)
    return time.process_time() - start
