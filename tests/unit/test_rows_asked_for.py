"""Cache lines that are asked for, or read, before they are needed: nothing else may follow."""

import numpy as np
import pytest

from crmpi.jit import kernel
from crmpi.mesh.pool import aligned_zeros
from crmpi.mesh.regions import copy_regions
from crmpi.numerics.rows.memory import ask_rows, read_through
from crmpi.numerics.rows.rows import pointer, rows


@kernel
def ask_and_read(array, offset):
    """Ask for rows `offset` numbers beyond an array, and read the array."""
    ask_rows(100, array.shape[1], rows(array, 0, offset))
    read_through(array.size, pointer(array, 0))


def llvm_code(function):
    """Return the optimised LLVM code of a kernel."""
    (compiled,) = function.overloads.values()
    return str(compiled.library._get_module_for_linking())


@pytest.mark.parametrize("offset", [0, -(1 << 40), 1 << 40])
def test_what_is_asked_for_may_lie_outside(offset):
    array = aligned_zeros((1, 2, 2, 2, 16))
    array[...] = np.arange(array.size).reshape(array.shape)
    ask_and_read(array, offset)
    assert np.array_equal(array.ravel(), np.arange(array.size))


def test_the_compiler_keeps_requests_and_reads():
    """Their results are used by nobody."""
    ask_and_read(aligned_zeros((1, 2, 2, 2, 16)), 0)
    code = llvm_code(ask_and_read)
    assert "call void @llvm.prefetch" in code
    assert "asm sideeffect" in code


@pytest.mark.parametrize("blocks", [3, 120])
def test_regions_of_small_and_large_arrays(blocks):
    """Large arrays are read through before most of their lines are copied."""
    array = aligned_zeros((blocks, 2, 12, 20, 24))
    array[...] = np.random.default_rng(5).random(array.shape)
    expected = array.copy()
    expected[:, 1, :6, 1:] = np.roll(array, -1, axis=0)[:, 1, 6:, :-1]
    block = np.arange(blocks)
    boxes = np.tile([6, 0, 0, 0, 1, 0, 6, 19, 24], (blocks, 1))
    table = np.column_stack([(block + 1) % blocks, block, boxes])
    copy_regions(array, array, 1, 2, table)
    assert np.array_equal(array, expected)
