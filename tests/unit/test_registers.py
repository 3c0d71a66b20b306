"""What kernels hand down of arrays: `registers`, and the rows of what it returns."""

from typing import NamedTuple

import numpy as np
import pytest

from crmpi.jit import kernel
from crmpi.mesh.pool import aligned_zeros
from crmpi.numerics.rows.rows import registers, row, rows

SHAPE = 3, 4, 2, 5, 8  # blocks, components, planes, rows, cells


class Inner(NamedTuple):
    cells: object
    counts: object


class Bundle(NamedTuple):
    cells: object
    inner: Inner
    marks: object
    absent: object
    factor: float


@kernel
def read(bundle, block, component, offset):
    lean = registers(bundle)
    first = row(rows(lean.cells, block, offset), component)[0]
    second = row(rows(lean.inner.cells, block, offset), component)[0]
    same = row(rows(bundle.cells, block, offset), component)[0]
    sizes = lean.cells.nblock, lean.cells.ncomp, lean.cells.step
    given = lean.absent is None, lean.factor * lean.inner.counts[block], lean.marks[0, 0, 0, 0, 1]
    return first, second, same, sizes, given


@kernel
def add_number(bundle, block, component, offset):
    lean = registers(bundle)
    row(rows(lean.inner.cells, block, offset), component)[0] += lean.factor


@pytest.fixture
def bundle():
    cells, others = aligned_zeros(SHAPE), aligned_zeros(SHAPE)
    cells[...] = np.arange(cells.size).reshape(SHAPE)
    others[...] = -cells
    marks = np.arange(2).reshape(1, 1, 1, 1, 2)  # no floating point: stays an array
    return Bundle(cells, Inner(others, np.array([2, 3, 5])), marks, None, 0.5)


@pytest.mark.parametrize("block, component, place", [(0, 0, (0, 0, 0)), (2, 3, (1, 4, 7))])
def test_rows_of_registers_are_those_of_arrays(bundle, block, component, place):
    offset = np.ravel_multi_index(place, SHAPE[2:])
    first, second, same, sizes, given = read(bundle, block, component, offset)
    expected = bundle.cells[block, component][place]
    assert (first, second, same) == (expected, -expected, expected)
    assert sizes == (3, 4, 80)
    assert given == (True, 0.5 * bundle.inner.counts[block], 1)


def test_what_is_written_is_in_the_array_and_nowhere_else(bundle):
    before = bundle.inner.cells.copy()
    add_number(bundle, 1, 2, 13)
    changed = np.argwhere(bundle.inner.cells != before)
    assert changed.tolist() == [[1, 2, 0, 1, 5]]
    assert bundle.inner.cells[1, 2, 0, 1, 5] == before[1, 2, 0, 1, 5] + 0.5
