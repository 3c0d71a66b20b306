"""Centred differences on the cells of a pack, for diagnostics and closures; kernels have their
own."""

import numpy as np


def slopes(pack, values):
    """Yield (axis, derivative along it) for every axis that is not missing.

    Parameters
    ----------
    pack : crmpi.mesh.pack.Pack
    values : array (nblock, m3, m2, m1)
        with valid ghost zones

    Yields
    ------
    axis : int
    slope : array of the same shape
        zero in the outermost layer of ghost zones
    """
    grid = pack.grid
    for axis, ghosts in enumerate((grid.ng1, grid.ng2, grid.ng3)):
        if ghosts:
            slope = np.zeros_like(values)
            inner, above, below = (
                _cut(axis, part) for part in (slice(1, -1), slice(2, None), slice(None, -2))
            )
            slope[inner] = (values[above] - values[below]) / pack.metric.spans(axis)
            yield axis, slope


def along_field(pack, values):
    """Return b.grad of `values`, zero where there is no field."""
    total = np.zeros_like(values, dtype=float)
    for axis, slope in slopes(pack, values):
        total += pack.bcc[:, axis] * slope
    return total / np.maximum(field_strength(pack), 1e-300)


def field_strength(pack):
    """Return |B| (nblock, m3, m2, m1) in double precision, beside which numbers may stand that no
    float32 can hold."""
    return np.sqrt((pack.bcc**2).sum(axis=1, dtype=float))


def _cut(axis, part):
    """Return the index that takes `part` along a mesh axis of an array (nblock, m3, m2, m1)."""
    return tuple(part if a == 3 - axis else slice(None) for a in range(4))
