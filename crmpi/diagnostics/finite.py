"""Search for cells that are not numbers."""

import numpy as np


def is_lost(pack, floors):
    """Tell whether this rank has a cell that is not a number.

    The fluid has looked at its own variables when it made primitives: `floors` is its
    `FloorLedger`. Tracers and passive scalars are summed here.
    """
    unseen = (*pack.tracers, *pack.scalars)
    sums = (pack.active(pack.u0)[:, pack.index[name]].sum() for name in unseen)
    return any(not np.isfinite(total) for total in sums) or bool(floors.counts["nan"].any())


def first_lost(pack, positions):
    """Return the variable and the place of the first cell of this rank that is not finite, or None;
    `positions`: coordinates of each block."""
    bad = np.argwhere(~np.isfinite(pack.active(pack.u0)))
    if not len(bad):
        return None
    b, v, k, j, i = bad[0]
    x, names = positions[b], pack.variable_names()
    return f"{names[v]} at x1={x.x1.flat[i]:.6g}, x2={x.x2.flat[j]:.6g}, x3={x.x3.flat[k]:.6g}"
