"""Which compiler makes the kernels of this process.

``CRMPI_COMPILER`` = ``whole`` (`crmpi.jit.parts` with its disk cache) or ``plain``
(`crmpi.jit.plain`). Without it the first is taken where the installed numba has all that it needs:
a private name that is gone is found when it is imported, and with a version of numba newer than
those tried a small kernel is compiled first.
"""

import functools
import os
import re
from typing import NamedTuple

import numba

from crmpi.errors import CrmpiError

VARIABLE = "CRMPI_COMPILER"
CHOICES = ("whole", "plain")
OLDEST_TRIED = (0, 62)
NEWEST_TRIED = (0, 68)
"""Versions of numba with which the private compiler was tested."""


class Compiler(NamedTuple):
    """Functions that make a kernel or a device function of a function and the options of numba, and
    a choice of a stub and the decorator of device functions; ``note`` is a sentence for the log or
    ''."""

    kernel: callable
    device: callable
    choice: callable
    note: str


def compiler_note():
    """Return a sentence for the log if kernels are compiled by numba alone, else ''."""
    return compiler().note


@functools.cache
def compiler():
    """Return the `Compiler` of this process."""
    wanted = os.environ.get(VARIABLE, "")
    if wanted not in ("", *CHOICES):
        raise CrmpiError(
            f"{VARIABLE} = '{wanted}' is not one of {', '.join(CHOICES)}", everywhere=True
        )
    if wanted == "plain":
        return _plain(f"{VARIABLE} is plain")
    if wanted == "whole":
        return _whole()
    try:
        whole = _whole()
    except (ImportError, AttributeError) as problem:  # a private name that is gone
        if not _is_of_numba(problem):
            raise
        return _plain(_misfit(problem))
    if not is_tried():
        try:
            _try_out(whole)
        except Exception as problem:  # whatever a changed compiler may raise
            return _plain(_misfit(problem))
    return whole


def _is_of_numba(problem):
    """Return whether it is numba that lacks a name or module."""
    if isinstance(problem, ImportError):
        return str(problem.name).startswith("numba")
    return "numba" in getattr(problem.obj, "__module__", getattr(problem.obj, "__name__", ""))


def _misfit(problem):
    reason = " ".join(str(problem).split())[:200]
    return f"numba {numba.__version__} does not fit the compiler of crmpi ({reason})"


def is_tried():
    """Return whether the installed numba is within the versions tested."""
    version = tuple(int(part) for part in re.findall(r"\d+", numba.__version__)[:2])
    return OLDEST_TRIED <= version <= NEWEST_TRIED


def _whole():
    from crmpi.jit.cache import keep
    from crmpi.jit.parts import Choice, Compiled

    return Compiler(
        lambda function, options: keep(Compiled(function, options)), Compiled, Choice, ""
    )


def _plain(reason):
    from crmpi.jit.plain import Choice, Compiled

    newest = ".".join(map(str, NEWEST_TRIED))
    note = (
        f"{reason}: numba alone compiles the kernels and keeps none on disk; results are the same, "
        f"every start takes longer; pip install 'numba=={newest}.*' avoids this"
    )
    return Compiler(Compiled, Compiled, Choice, note)


def _double(x):
    return x + x


def _try_out(whole):
    """Compile and call a kernel that calls a device function and a choice."""
    import numpy as np

    class Marker(NamedTuple):
        """The only option of the choice."""

    options = {"error_model": "numpy", "boundscheck": False, "nogil": True, "_nrt": False}
    double = whole.device(_double, options | {"forceinline": True})
    chosen = whole.choice(_double, lambda function: whole.device(function, options))

    @chosen.option(Marker)
    def add_one(marker, x):
        return x + 1.0

    def fill(marker, values):
        for i in range(values.size):
            values[i] = chosen(marker, double(values[i]))

    values = np.arange(3.0)
    whole.kernel(fill, options)(Marker(), values)
    if values.tolist() != [1.0, 3.0, 5.0]:
        raise CrmpiError("a small kernel computes what it should not")
