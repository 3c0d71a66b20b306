"""Rows that go to memory without passing through the cache."""

from crmpi.jit import kernel
from crmpi.numerics.rows.rows import LANES, put, row, separate


@kernel
def put_rows(n, nvar, source, target):
    """Copy rows of whole cache lines to memory past the cache."""
    separate()
    for v in range(nvar):
        for i in range(0, n, LANES):
            put(row(source, v), row(target, v), i)
