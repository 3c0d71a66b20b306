"""Blends of two states."""

from crmpi.jit import kernel
from crmpi.numerics.rows import load, row, rows, separate, store


@kernel
def blend(keep, old, new):
    """Replace `new` by keep old + (1 - keep) new, arrays (nblock, ncomp, m3, m2, m1)."""
    size = new.shape[2] * new.shape[3] * new.shape[4]
    for b in range(new.shape[0]):
        for c in range(new.shape[1]):
            blend_row(size, keep, row(rows(old, b, 0), c), row(rows(new, b, 0), c))


@kernel
def blend_row(n, keep, old, new):
    """Do what `blend` says in a row."""
    separate()
    more = 1.0 - keep
    for i in range(n):
        store(new, i, keep * load(old, i) + more * load(new, i), 0)
