"""How kernels are compiled: the only place that configures numba.

``kernel``: a function called from Python or from other kernels, cached on disk. ``device``: a scalar function inlined into kernels.
IEEE arithmetic is kept (no fastmath): answers must not depend on block shapes or on the number of ranks.
"""

import os

os.environ.setdefault("NUMBA_DISABLE_INTEL_SVML", "1")  # vector and scalar remainder loops must round alike

from numba import njit  # noqa: E402

_OPTIONS = {"error_model": "numpy", "boundscheck": False, "nogil": True}


def kernel(function):
    """Compile a kernel and keep it in the disk cache."""
    return njit(cache=True, **_OPTIONS)(function)


def device(function):
    """Compile a scalar function that is always inlined, so that the loops of its callers vectorise."""
    return njit(forceinline=True, **_OPTIONS)(function)
