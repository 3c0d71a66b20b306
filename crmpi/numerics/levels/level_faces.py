"""Fluxes through faces at the boundaries of levels: kept by a scheme, replaced by those of the
finer side.

A *plane* holds what a scheme has found on one face of a block, by place on that face: rows run
along the slower of the two axes in the plane, columns along the faster one::

    face along x1: rows x3, columns x2      x2: rows x3, columns x1      x3: rows x2, columns x1
"""

from typing import NamedTuple

from crmpi.constants import AXES
from crmpi.jit import device, kernel
from crmpi.numerics.rows.rows import load, row, separate

SLOW, FAST = (2, 2, 1), (1, 0, 0)
"""Axes of the rows and of the columns of a plane, by the axis of the face."""


class Kept(NamedTuple):
    """``slots`` (nblock, 6): the plane of each face ix1, ox1, ix2 ..., or -1. ``planes`` (nplane,
    ncomp, 1, rows, columns)."""

    slots: object
    planes: object


@device
def shape_of(grid):
    """Return the numbers of active cells and the first of them by axis x1, x2, x3."""
    return (grid.n1, grid.n2, grid.n3), (grid.ng1, grid.ng2, grid.ng3)


@device
def cell_inside(first, n, a, side, r, q):
    """Return the indices (i, j, k) of the cell inside a face at row `r`, column `q` of its
    plane."""
    edge = first[a] + side * (n[a] - 1)
    i = edge if a == 0 else first[0] + q
    j = edge if a == 1 else first[1] + (q if a == 0 else r)
    k = edge if a == 2 else first[2] + r
    return i, j, k


@device
def neighbour_of(i, j, k, a, side):
    """Return the indices of the cell beyond the lower (0) or upper (1) face along axis `a`."""
    step = 2 * side - 1
    return i + (step if a == 0 else 0), j + (step if a == 1 else 0), k + (step if a == 2 else 0)


@device
def keep_row(grid, axes, kept, place, lower, upper, first):
    """Keep the fluxes of a row of cells through faces beside another level; ``kept`` None on a
    uniform mesh: nothing.

    Arguments as for `crmpi.numerics.levels.crossing.cross_rows`; planes hold the variables from
    `first` on.
    """
    if kept is not None:
        copy_row_of_fluxes(grid, axes, kept, place, lower, upper, first)


@kernel
def copy_row_of_fluxes(grid, axes, kept, place, lower, upper, first):
    """Implement `keep_row`."""
    separate()
    b, k, j = place
    for a in AXES:
        if axes[a].stride:
            begins = a == 0 or (a == 1 and j == grid.ng2) or (a == 2 and k == grid.ng3)
            ends = (
                a == 0
                or (a == 1 and j == grid.ng2 + grid.n2 - 1)
                or (a == 2 and k == grid.ng3 + grid.n3 - 1)
            )
            below, above = kept.slots[b, 2 * a], kept.slots[b, 2 * a + 1]
            r, q = (
                (j if a == 2 else k) - (grid.ng2 if a == 2 else grid.ng3),
                (j - grid.ng2 if a == 0 else 0),
            )
            if begins and below >= 0:
                _copy(lower[a], first, (0, 1 if a == 0 else grid.n1), kept.planes[below], r, q)
            if ends and above >= 0:
                _copy(
                    upper[a],
                    first,
                    (grid.n1 - 1 if a == 0 else 0, grid.n1),
                    kept.planes[above],
                    r,
                    q,
                )


@device
def _copy(faces, first, span, plane, r, q):
    """Copy the fluxes of the faces in `span` to a plane, from row `r`, column `q` on."""
    for v in range(plane.shape[0]):
        flux = row(faces, first + v)
        for i in range(span[0], span[1]):
            plane[v, 0, r, q + i - span[0]] = load(flux, i)


@kernel
def replace_in_register(grid, axes, touched, planes, components, q, made):
    """Replace the fluxes through faces that finer blocks share, in the cells next to them.

    Parameters
    ----------
    axes : tuple of crmpi.numerics.rows.rows.Axis
        of the duration for which the fluxes have acted, 1 for a rate
    touched : int array (n, 4)
        block, plane, axis of the face, side 0 or 1
    planes : (own, fine), arrays (nplane, ncomp, 1, rows, columns)
        what the coarser side has used, and the means of what the finer side has found
    components : int array
        which components of planes and register
    q : array (nblock, ncomp, m3, m2, m1)
        changed in place
    made : array (nblock, m3, m2, m1) or None
        where components must not be negative: gets what raising them to zero makes
    """
    own, fine = planes
    n, first = shape_of(grid)
    for t in range(touched.shape[0]):
        block, plane, a, side = touched[t, 0], touched[t, 1], touched[t, 2], touched[t, 3]
        for r in range(n[SLOW[a]]):
            for c in range(n[FAST[a]]):
                i, j, k = cell_inside(first, n, a, side, r, c)
                for m in range(components.shape[0]):
                    v = components[m]
                    change = axes[a].dtdx * (fine[plane, v, 0, r, c] - own[plane, v, 0, r, c])
                    q[block, v, k, j, i] += (1.0 - 2.0 * side) * change
    _raise_to_zero(grid, touched, components, q, made)


@device
def _raise_to_zero(grid, touched, components, q, made):
    """Raise what became negative beside faces; after all of them have acted, or the order of faces
    would matter."""
    if made is not None:
        n, first = shape_of(grid)
        for t in range(touched.shape[0]):
            block, a, side = touched[t, 0], touched[t, 2], touched[t, 3]
            for r in range(n[SLOW[a]]):
                for c in range(n[FAST[a]]):
                    i, j, k = cell_inside(first, n, a, side, r, c)
                    for m in range(components.shape[0]):
                        lack = max(-q[block, components[m], k, j, i], 0.0)
                        q[block, components[m], k, j, i] += lack
                        made[block, k, j, i] += lack
