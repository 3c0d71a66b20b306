"""Rows that go to memory past the cache arrive there, whole and nowhere else."""

import numpy as np
import pytest

from crmpi.jit import kernel
from crmpi.mesh.pool import aligned_zeros
from crmpi.numerics.rows.memory import put_rows
from crmpi.numerics.rows.rows import rows
from crmpi.precision import LANES


@kernel
def put_block(n, nvar, line, array, offset):
    put_rows(n, nvar, rows(line, 0, 0), rows(array, 0, offset))


@pytest.mark.parametrize("lines", [1, 2, 9])
def test_rows_arrive_whole_and_nowhere_else(lines):
    n, nvar = lines * LANES, 3
    line, array = aligned_zeros((1, nvar, 1, 1, n)), aligned_zeros((1, nvar, 2, 3, n))
    line[:] = np.random.default_rng(7).random(line.shape)
    put_block(n, nvar, line, array, 4 * n)
    assert np.array_equal(array[:, :, 1, 1], line[:, :, 0, 0])
    array[:, :, 1, 1] = 0.0
    assert not array.any()


def test_stores_bypass_the_cache():
    line, array = aligned_zeros((1, 1, 1, 1, LANES)), aligned_zeros((1, 1, 1, 1, LANES))
    put_block(LANES, 1, line, array, 0)
    code = [
        str(compiled.library._get_module_for_linking()) for compiled in put_block.overloads.values()
    ]
    assert all("!nontemporal" in text for text in code)
