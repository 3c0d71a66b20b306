"""Damping of checkerboards, to which diffusion along the field is blind.

A pattern that alternates from cell to cell along two axes has no gradient at any corner, so the
corner fluxes of `crmpi.numerics.cr.diffusion` never damp it; the limiter generates some of it. Its
amplitude in a cell is the mixed difference C = D_a^2 D_t^2 e / 16. C changes sign between
neighbours in a checkerboard and is of fourth order small, with one sign over many cells, where e is
smooth.
"""

from crmpi.jit import device, kernel
from crmpi.numerics.cr.diffusion import faces_now
from crmpi.numerics.cr.diffusion_coefficients import ALONG
from crmpi.numerics.cr.runs import NONE, ONE, give, runs, take
from crmpi.numerics.rows.rows import load, row, rows, separate, store, written

_PER_AXIS = 0.125  # largest share of a difference of two cells that passes a face, per pair of axes


@kernel
def mixed_differences(near, e, d, t, out):
    """Write D^2 D^2 e / 16 along the strides `d` and `t`, the amplitude of a checkerboard."""
    separate()
    for k in range(near.count):
        first = near.first + k * near.step
        for i in range(first, first + near.length):
            edges = (load(e, i - d) + load(e, i + d)) + (load(e, i - t) + load(e, i + t))
            below = load(e, i - d - t) + load(e, i + d - t)
            above = load(e, i - d + t) + load(e, i + d + t)
            store(out, i, 0.0625 * ((4.0 * load(e, i) - 2.0 * edges) + (below + above)), 0)


@device
def smoothing_flux(e, amplitude, along, i, d, reach):
    """Return the part of the difference over the lower face of cell `i` that is a checkerboard."""
    jump, above, below = load(e, i) - load(e, i - d), load(amplitude, i), load(amplitude, i - d)
    alternates = above * below < 0.0 and above * jump > 0.0
    size = min(min(abs(above), abs(below)), 0.5 * abs(jump)) if alternates else 0.0
    speed = reach * max(load(along, i), 0.0)
    return (size if jump > 0.0 else -size) * (speed / (1.0 + speed))


@kernel
def smooth_along(near, e, amplitude, along, d, reach, share, out):
    """Add to `out` what the two faces of cells along the stride `d` bring."""
    separate()
    raised = written(out)
    for k in range(near.count):
        first = near.first + k * near.step
        for i in range(first, first + near.length):
            lower = smoothing_flux(e, amplitude, along, i, d, reach)
            upper = smoothing_flux(e, amplitude, along, i + d, d, reach)
            store(raised, i, load(out, i) + share * (upper - lower), 0)


@kernel
def clear_cells(near, out):
    """Set the cells `near` of a block to zero."""
    separate()
    for k in range(near.count):
        first = near.first + k * near.step
        for i in range(first, first + near.length):
            store(out, i, 0.0, 0)


@device
def close_sides(own, along, closed, b):
    """Set the coefficients ``row(along[a], ALONG)`` to zero on the sides of block `b` that are
    beside another level."""
    if closed is not None:
        strides, counts = (1, own.m1, own.m2 * own.m1), (own.n1, own.n2, own.n3)
        begin = (own.ng3 * own.m2 + own.ng2) * own.m1 + own.ng1
        for side in range(6):
            if closed[b, side]:
                a = side // 2
                t, u = (a + 1) % 3, (a + 2) % 3
                first = begin + (side % 2) * counts[a] * strides[a]
                for n in range(counts[t]):
                    for m in range(counts[u]):
                        store(row(along[a], ALONG), first + n * strides[t] + m * strides[u], 0.0, 0)


@kernel
def smoothing_rate(e, before, source, shape, dt, work, closed, rate):
    """Write to the active cells of `rate` what the damping of checkerboards adds to `e` in `dt`.

    Neighbours exchange energy down their difference and no more than keeps each within the extrema
    of those around it. Each axis takes part at the rate of diffusion along the field across its
    faces, so that nothing passes where the field is parallel to a face, and nothing between levels.

    Parameters
    ----------
    e, before, rate : array (nblock, 1, m3, m2, m1)
        `e` with two valid layers of ghosts; `before` is that of the last stage, for coefficients
    source, shape, work
        as for `crmpi.numerics.cr.diffusion.diffusion_rate`; the coefficients of an `Aligned`
        between levels are zero on return
    closed : bool array (nblock, 6) or None
        whether the sides ix1, ox1, ix2 ... are beside another level
    """
    own, s = shape.own, shape.mesh.strides
    axes = (1 if s[0] else 0) + (1 if s[1] else 0) + (1 if s[2] else 0)
    share = 2.0 * _PER_AXIS / max(axes - 1, 1)
    active, around = runs(own, NONE, NONE), runs(own, ONE, ONE)
    x, amplitude = row(rows(work.e, 0, 0), 0), row(rows(work.room, 0, 0), 0)
    out = row(rows(work.room, 0, 0), 1)
    for b in range(e.shape[0]):
        take(before, b, 0, shape.grid, own, work.e, 0)
        faces = faces_now(source, x, shape, work, b)
        close_sides(own, faces, closed, b)
        take(e, b, 0, shape.grid, own, work.e, 0)
        clear_cells(active, out)
        for first in range(3):
            second = (first + 1) % 3
            if s[first] == 0 or s[second] == 0:
                continue
            mixed_differences(around, x, s[first], s[second], amplitude)
            for a in (first, second):
                reach, along = 4.0 * dt / shape.mesh.widths[a], row(faces[a], ALONG)
                smooth_along(active, x, amplitude, along, s[a], reach, share, out)
        give(work.room, 1, own, rate, b, shape.grid)
