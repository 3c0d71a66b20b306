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
    arrays = [zero_bytes(size) for size in SIZES * 8]  # more than a shelf
    assert [array.size for array in arrays] == SIZES * 8
    for number, array in enumerate(arrays):
        assert not array.any()
        array[...] = number % 255 + 1
    for number, array in enumerate(arrays):
        assert (array == number % 255 + 1).all()


def test_an_array_as_large_as_a_shelf_fits_on_none(monkeypatch):
    monkeypatch.setattr(pages, "_shelf", pages._Shelf())
    first, second = zero_bytes(2 * HUGE - 1), zero_bytes(2 * HUGE - 1)
    assert second.ctypes.data - first.ctypes.data == 2 * HUGE
    assert zero_bytes(2 * HUGE).ctypes.data % HUGE == 0


@pytest.mark.parametrize("size", [LINE, 3 * HUGE])
def test_memory_is_given_back_with_the_last_array(monkeypatch, size):
    mapped = []

    class Watched(mmap.mmap):
        def __init__(self, *arguments, **options):
            mapped.append(weakref.ref(self))

    monkeypatch.setattr(pages.mmap, "mmap", Watched)
    monkeypatch.setattr(pages, "_shelf", pages._Shelf())
    first, second = zero_bytes(size), zero_bytes(size)[LINE // 2 :]
    pages._shelf = pages._Shelf()
    assert all(each() is not None for each in mapped)
    del first, second
    assert all(each() is None for each in mapped)


def test_a_system_without_huge_pages_gives_small_ones(monkeypatch):
    class Refusing(mmap.mmap):
        def madvise(self, *arguments):
            raise OSError(22, "Invalid argument")

    monkeypatch.setattr(pages.mmap, "mmap", Refusing)
    monkeypatch.setattr(pages, "_shelf", pages._Shelf())
    assert not zero_bytes(3 * HUGE).any()
    monkeypatch.delattr(pages.mmap, "MADV_HUGEPAGE")
    monkeypatch.setattr(pages.mmap, "mmap", None)
    assert np.array_equal(zero_bytes(LINE), np.zeros(LINE, np.uint8))


def test_too_much_is_a_lack_of_memory():
    with pytest.raises(MemoryError, match="no room for"):
        zero_bytes(1 << 60)
