"""Directions: the frame of an oblique plane wave and names of components along any axis."""

import numpy as np


def wave_vector(periods, cells, lower, upper):
    """Return k of a plane wave with `periods` whole periods across the box along each axis; missing
    axes (one cell) get 0."""
    box = [hi - lo for lo, hi in zip(lower, upper, strict=True)]
    return np.array(
        [
            2 * np.pi * m / size if n > 1 else 0.0
            for m, n, size in zip(periods, cells, box, strict=True)
        ]
    )


def wave_frame(k):
    """Return the rows (e1, e2, e3) of the right-handed frame of a plane wave with wave vector `k`:
    e1 along k, e2 horizontal.

    Along an axis the frame is a cyclic relabelling of (x1, x2, x3), so that runs along the three
    axes can be bitwise identical. Oblique waves have e2 in the plane of x1 and x2 (Gardiner & Stone
    2008, eq. 56).
    """
    k = np.asarray(k, float)
    (axes,) = np.nonzero(k)
    if len(axes) == 1 and k[axes[0]] > 0:
        return np.roll(np.eye(3), -axes[0], axis=0)
    e1 = k / np.linalg.norm(k)
    across = np.hypot(e1[0], e1[1])
    e2 = np.array([-e1[1], e1[0], 0.0]) / across if across > 0 else np.array([1.0, 0.0, 0.0])
    return np.array([e1, e2, np.cross(e1, e2)])


def to_grid(frame, name, components):
    """Return {name1, name2, name3}: a vector given by its `components` along the rows of `frame`,
    on the axes of the grid.

    Zero entries of the frame are skipped: along an axis the components are copied, not computed.
    """
    vector = {}
    for axis in range(3):
        terms = [frame[row][axis] * components[row] for row in range(3) if frame[row][axis] != 0]
        vector[f"{name}{axis + 1}"] = sum(terms[1:], terms[0])
    return vector


def along(axis, name, components):
    """Return {name1, name2, name3} of a vector with `components` (along the axis, and along the
    next two in cyclic order); axis 1, 2, 3."""
    return {f"{name}{(axis - 1 + c) % 3 + 1}": value for c, value in enumerate(components)}


def coordinate(x, axis):
    """Return the coordinate array along `axis` (1, 2, 3)."""
    return (x.x1, x.x2, x.x3)[axis - 1]
