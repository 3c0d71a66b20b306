"""Memory in huge pages: zeros that nobody else has, given back with the last array."""

import mmap
import weakref

import numpy as np
import pytest

from crmpi.mesh import pages
from crmpi.mesh.pages import HUGE, zero_bytes
from crmpi.precision import LINE

SIZES = [1, LINE - 1, LINE, 100_000, HUGE - 5, 2 * HUGE - 1, 2 * HUGE, 5 * HUGE + 3, 7 * HUGE - 1]


def test_arrays_are_zeros_and_share_nothing():
    arrays = [zero_bytes(size) for size in SIZES * 8]
    assert [array.size for array in arrays] == SIZES * 8
    for number, array in enumerate(arrays):
        assert not array.any()
        array[...] = number % 255 + 1
    for number, array in enumerate(arrays):
        assert (array == number % 255 + 1).all()


@pytest.mark.parametrize("size", [HUGE, 2 * HUGE + 1])
def test_a_large_array_begins_on_a_huge_page(size):
    assert zero_bytes(size).ctypes.data % HUGE == 0


def test_the_memory_of_an_array_is_given_back_with_it(monkeypatch):
    """A mapping that outlived its array would make every change of a mesh cost memory."""
    mapped = []

    class Watched(mmap.mmap):
        def __init__(self, *arguments, **options):
            mapped.append(weakref.ref(self))

    monkeypatch.setattr(pages.mmap, "mmap", Watched)
    first, second = zero_bytes(3 * HUGE)[LINE:], zero_bytes(HUGE)
    assert [each() is not None for each in mapped] == [True, True]
    del first
    assert [each() is not None for each in mapped] == [False, True]
    del second
    assert [each() is not None for each in mapped] == [False, False]


def test_a_system_without_huge_pages_gives_small_ones(monkeypatch):
    class Refusing(mmap.mmap):
        def madvise(self, *arguments):
            raise OSError(22, "Invalid argument")

    monkeypatch.setattr(pages.mmap, "mmap", Refusing)
    assert not zero_bytes(3 * HUGE).any()
    monkeypatch.delattr(pages.mmap, "MADV_HUGEPAGE")
    monkeypatch.setattr(pages.mmap, "mmap", None)
    assert np.array_equal(zero_bytes(3 * HUGE), np.zeros(3 * HUGE, np.uint8))


def test_too_much_is_a_lack_of_memory():
    with pytest.raises(MemoryError, match="no room for"):
        zero_bytes(1 << 60)
