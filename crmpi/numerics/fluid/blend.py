"""Blends of two states."""

from crmpi.jit import kernel
from crmpi.numerics.rows.rows import load, row, rows, separate, store, written


@kernel
def blend(keep, old, new):
    """Replace `new` by keep old + (1 - keep) new, arrays (nblock, ncomp, m3, m2, m1)."""
    size = new.shape[2] * new.shape[3] * new.shape[4]
    for b in range(new.shape[0]):
        for c in range(new.shape[1]):
            blend_row(size, keep, row(rows(old, b, 0), c), row(rows(new, b, 0), c))


@kernel
def blend_row(n, keep, old, new):
    """Implement `blend` in a row."""
    separate()
    more, result = 1.0 - keep, written(new)
    for i in range(n):
        store(result, i, keep * load(old, i) + more * load(new, i), 0)


@kernel
def mix_blocks(share, old, new, blocks, out):
    """Set the blocks (n,) of `out` to ``old + share (new - old)``; a uniform state stays as it
    is."""
    for n in range(blocks.shape[0]):
        a, b, c = old[blocks[n]].reshape(-1), new[blocks[n]].reshape(-1), out[blocks[n]].reshape(-1)
        for i in range(c.size):
            c[i] = a[i] + share * (b[i] - a[i])
