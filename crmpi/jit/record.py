"""What this process has compiled or loaded, and how long that took."""

import time
from typing import NamedTuple

before_first_compilation = []
"""Functions that are called, once, when this process is about to compile its first kernel: it takes
long enough for a message."""

made = []
"""The `Made` kernels of this process in the order of their first calls."""


class Made(NamedTuple):
    """A kernel that was compiled, or loaded from the disk cache, for one set of argument types."""

    name: str
    seconds: float
    loaded: bool


def announce_compilation():
    """Call what waits in `before_first_compilation`; called before the first compilation."""
    while before_first_compilation:
        before_first_compilation.pop()()


def note_kernel(function, start, *, loaded):
    """Note in `made` a kernel whose compilation or loading began at `start`, a `perf_counter`."""
    name = f"{function.__module__}.{function.__qualname__}"
    seconds = time.perf_counter() - start
    made.append(Made(name, seconds, loaded))
    _Clock.stopped += seconds


class _Clock:
    """The clock of the work of this process."""

    stopped = 0.0  # seconds spent in compiling and loading kernels


def working_seconds():
    """Return the seconds of a clock that stands still while kernels are compiled or loaded."""
    return time.perf_counter() - _Clock.stopped
