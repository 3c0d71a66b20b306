"""Kernels compiled by numba's public interface alone, where the compiler of `crmpi.jit.parts` does
not fit the version of numba.

Results are bitwise identical: the arithmetic is IEEE either way. A start takes longer, since numba
compiles every function again in each of its callers and nothing is kept on disk: numba's own cache
checks the file of a kernel alone, and would run stale machine code after an edit of a callee.
"""

import functools
import time

import numba
from numba.extending import overload, typeof_impl

from crmpi.jit.kinds import class_of
from crmpi.jit.record import announce_compilation, note_kernel
from crmpi.precision import SINGLE, single

_PRIVATE = ("_nrt",)  # options that are no part of numba's public interface


class Compiled:
    """A function that numba compiles when it is called from Python or from compiled code.

    Parameters
    ----------
    function : callable
    options : dict
        of numba
    """

    def __init__(self, function, options):
        functools.update_wrapper(self, function)
        public = {name: value for name, value in options.items() if name not in _PRIVATE}
        self.py_func = function
        self.dispatcher = numba.njit(**public)(function)

    def __call__(self, *arguments):
        """Call the function with numbers rounded to the precision of the process."""
        if SINGLE:
            arguments = tuple(map(single, arguments))
        before = len(self.dispatcher.signatures)
        if before == 0:
            announce_compilation()
        start = time.perf_counter()
        result = self.dispatcher(*arguments)
        if len(self.dispatcher.signatures) > before:
            note_kernel(self.py_func, start, loaded=False)
        return result


@typeof_impl.register(Compiled)
def _type_of_compiled(value, context):
    """Let compiled code call what numba made of the function."""
    return typeof_impl(value.dispatcher, context)


class Choice:
    """Calls the device function registered for the type of its first argument; see
    `crmpi.jit.choice`."""

    def __new__(cls, stub, device):
        """Return a plain function with the attributes `options` and `option`: numba lets compiled
        code call functions by an overload."""

        @functools.wraps(stub)
        def call(marker, *args):
            return call.options[type(marker)](marker, *args)

        def option(marker_class):
            def register(function):
                call.options[marker_class] = device(function)
                return function

            return register

        call.options, call.option = {}, option

        @overload(call, strict=False, jit_options={"error_model": "numpy", "forceinline": True})
        def choose(marker, *args):
            chosen = call.options.get(class_of(marker))
            return None if chosen is None else chosen.py_func

        return call
