"""How kernels are compiled and where compiled code is kept: the only room that configures numba.

``kernel``: a function called from Python or from other kernels, cached on disk. ``device``: a
scalar function inlined into kernels. ``choice`` makes the name of a kernel's option (a Riemann
solver, a reconstruction) select its device function at compile time.

IEEE arithmetic is kept (no fastmath): answers must not depend on block shapes or on the number of
ranks. Kernels have no runtime (numba's NRT): they cannot allocate, a kernel that tries is refused
when it is compiled, and none counts references.

`crmpi.jit.parts` makes one unit of machine code of a kernel and all it calls; `crmpi.jit.cache`
keeps it, keyed by the source below it. Both use private names of numba; where one is gone,
`crmpi.jit.plain` compiles with numba's public interface alone (`compiler_note` says so).
"""

import os

# vector and scalar remainder loops must round alike
os.environ.setdefault("NUMBA_DISABLE_INTEL_SVML", "1")

from crmpi.jit.compilers import compiler, compiler_note
from crmpi.jit.folders import cache_folder, cache_note, remove_stale
from crmpi.jit.processor import has_fused, use_half_registers
from crmpi.jit.record import Made, before_first_compilation, made, working_seconds
from crmpi.precision import in_precision

OPTIONS = {"error_model": "numpy", "boundscheck": False, "nogil": True, "_nrt": False}
"""Of numba, for all compiled functions; callees inherit what they do not set themselves."""


def kernel(function):
    """Compile a kernel and keep it in the disk cache."""
    return compiler().kernel(in_precision(function), {"forceinline": False, **OPTIONS})


def device(function):
    """Compile a scalar function that is always inlined, so that the loops of its callers
    vectorise."""
    return device_in_double(in_precision(function))


def device_in_double(function):
    """Do as `device`, in double precision whatever that of the process (`crmpi.precision`)."""
    return compiler().device(function, {"forceinline": True, **OPTIONS})


def choice(stub):
    """Turn `stub` into a function that calls the device function registered for the type of its
    first argument, mostly a NamedTuple.

    Use ``@stub.option(MarkerClass)`` above the device function. The choice is made when a kernel is
    compiled: one specialisation each. ``numpy.ndarray`` stands for arrays and ``type(None)`` for
    None: what may be absent needs a choice, for an ``if x is None`` that returns None or a value is
    "a value or None" to numba, and is asked in every loop when it runs.
    """
    return compiler().choice(stub, device)


__all__ = [
    "Made",
    "before_first_compilation",
    "cache_folder",
    "cache_note",
    "choice",
    "compiler_note",
    "device",
    "device_in_double",
    "has_fused",
    "kernel",
    "made",
    "remove_stale",
    "use_half_registers",
    "working_seconds",
]
