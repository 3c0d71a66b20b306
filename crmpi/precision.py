"""Precision of the state and of the arithmetic: double, or single on request
(``CRMPI_PRECISION=single``, ``crmpi run --single``).

The choice is one of the process, made before any kernel is compiled. In single precision arrays of
a pack are float32, and kernels are compiled from the same source with all their constants in
float32: numba would otherwise make every product with a constant a double. Numbers that Python
hands to kernels are rounded at the call. Time, the time step, sums over blocks and ledgers stay
double.
"""

import functools
import os
import types

import numpy as np

from crmpi.errors import CrmpiError

VARIABLE = "CRMPI_PRECISION"
CHOICES = ("double", "single")


def chosen():
    """Return the precision that the environment asks for."""
    name = os.environ.get(VARIABLE, "double")
    if name not in CHOICES:
        raise CrmpiError(
            f"{VARIABLE} = '{name}' is not one of {', '.join(CHOICES)}", everywhere=True
        )
    return name


NAME = chosen()
SINGLE = NAME == "single"
REAL = np.float32 if SINGLE else np.float64
LINE = 64  # bytes of a cache line and of the widest register
LANES = LINE // np.dtype(REAL).itemsize  # numbers in it
LARGE = 1e12 if SINGLE else 1e30  # stands for infinity where the cube of a number must be finite
_TINIEST = float(np.finfo(np.float32).tiny)


def in_precision(function):
    """Return `function` with its constants, those of its module included, in the precision of the
    process."""
    if not SINGLE:
        return function
    code = function.__code__.replace(
        co_consts=tuple(single(constant) for constant in function.__code__.co_consts)
    )
    copy = types.FunctionType(
        code,
        _Globals(function.__globals__),
        function.__name__,
        function.__defaults__,
        function.__closure__,
    )
    return functools.update_wrapper(copy, function)


def single(value):
    """Return a number, or a tuple of them however deep, with float as float32; what would underflow
    becomes the smallest normal number."""
    if isinstance(value, float):
        return (
            np.float32(value)
            if value == 0.0 or abs(value) >= _TINIEST
            else np.float32(np.copysign(_TINIEST, value))
        )
    if isinstance(value, tuple):
        parts = [single(part) for part in value]
        return type(value)(*parts) if hasattr(value, "_fields") else tuple(parts)
    return value


class _Globals(dict):
    """The names of a module, looked up when they are needed: a module defines some of them after
    the function."""

    def __init__(self, module):
        super().__init__(module)
        self._module = module

    def __getitem__(self, name):
        return single(self._module[name])

    def __contains__(self, name):
        return name in self._module

    def get(self, name, default=None):
        return single(self._module.get(name, default))
