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

HUGE = 2 << 20  # bytes of a huge page (x86-64, and most of arm64)


def zero_bytes(size):
    """Return `size` bytes of zeros; if they fill a huge page, in such pages where the system has
    them.

    Raises
    ------
    MemoryError
    """
    if size < HUGE or not hasattr(mmap, "MADV_HUGEPAGE"):
        return np.zeros(size, np.uint8)
    try:
        mapped = mmap.mmap(-1, size + 2 * HUGE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    except OSError as problem:
        raise MemoryError(f"no room for {size / 1e6:.0f} MB of arrays") from problem
    start = -np.frombuffer(mapped, np.uint8).ctypes.data % HUGE
    # the end of an array takes a huge page if it fills half of it, and small ones if it does not
    in_huge_pages = (size + HUGE // 2) // HUGE * HUGE
    with contextlib.suppress(OSError):  # a kernel without them
        mapped.madvise(mmap.MADV_HUGEPAGE, start, in_huge_pages)
    return np.frombuffer(mapped, np.uint8, size, start)
