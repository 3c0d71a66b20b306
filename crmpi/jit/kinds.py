"""What a `crmpi.jit.choice` goes by: the Python class of a numba type."""

import numpy as np
from numba import types


def class_of(kind):
    """Return the NamedTuple class of a numba type, ``numpy.ndarray`` for arrays of any type and
    rank, ``type(None)`` for None, and None for all other types."""
    if isinstance(kind, types.Omitted):  # an argument that was left out and defaults to None
        return type(kind.value) if kind.value is None else None
    if isinstance(kind, types.NoneType):
        return type(None)
    if isinstance(kind, types.Array):
        return np.ndarray
    return getattr(kind, "instance_class", None)
