"""Memory in huge pages.

A processor keeps the places of some thousand pages of memory at hand. The planes, rows and
components that a stage touches in turn lie on more pages of 4 kB than that, but on few of 2 MB.
Linux gives these on request (``/sys/kernel/mm/transparent_hugepage/enabled`` is ``madvise`` or
``always``) for stretches that begin on a multiple of 2 MB; elsewhere the same memory comes in small
pages.
"""

import contextlib
import mmap

import numpy as np

from crmpi.precision import LINE

HUGE = 2 << 20  # bytes of a huge page (x86-64, and most of arm64)
_LARGE = 2 * HUGE  # of an array that has pages of its own
_SHELF = 32 * HUGE  # room for smaller ones that is mapped at once; only what is touched is taken


class _Shelf:
    """Huge pages that smaller arrays share, one behind the other; they are given back when the last
    of these arrays is gone."""

    def __init__(self):
        self._mapped, self._free = None, range(0)

    def take(self, size):
        """Return `size` bytes of zeros."""
        if len(self._free) < size:
            self._mapped, start = _map(_SHELF, _SHELF)
            self._free = range(start, start + _SHELF)
        start = self._free.start
        self._free = self._free[size + -size % LINE :]
        return np.frombuffer(self._mapped, np.uint8, size, start)


_shelf = _Shelf()


def zero_bytes(size):
    """Return `size` bytes of zeros, in huge pages where the system has them.

    Raises
    ------
    MemoryError
    """
    if not hasattr(mmap, "MADV_HUGEPAGE"):
        return np.zeros(size, np.uint8)
    if size < _LARGE:
        return _shelf.take(size)
    # the end of an array takes a huge page if it fills half of it, and small ones if it does not
    mapped, start = _map(size, (size + HUGE // 2) // HUGE * HUGE)
    return np.frombuffer(mapped, np.uint8, size, start)


def _map(size, in_huge_pages):
    """Return a new mapping, and where in it `size` bytes begin on a huge page; ask for
    `in_huge_pages` bytes from there in such pages."""
    try:
        mapped = mmap.mmap(-1, size + 2 * HUGE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    except OSError as problem:
        raise MemoryError(f"no room for {size / 1e6:.0f} MB of arrays") from problem
    start = -np.frombuffer(mapped, np.uint8).ctypes.data % HUGE
    with contextlib.suppress(OSError):  # a kernel without them
        mapped.madvise(mmap.MADV_HUGEPAGE, start, in_huge_pages)
    return mapped, start
