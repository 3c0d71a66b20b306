"""Damping of checkerboards, to which diffusion along the field is blind.

A pattern that alternates from cell to cell along two axes has no gradient at any corner, so the
corner fluxes of `crmpi.numerics.cr.diffusion` never damp it; the limiter generates some of it. Its
amplitude in a cell is the mixed difference C = D_a^2 D_t^2 e / 16. C changes sign between
neighbours in a checkerboard and is of fourth order small, with one sign over many cells, where e is
smooth.
"""

from crmpi.jit import device, kernel
from crmpi.numerics.cr.diffusion import ALONG
from crmpi.numerics.rows.rows import load, row, rows, separate, store

_PER_AXIS = 0.125  # largest share of a difference of two cells that passes a face, per pair of axes


@kernel
def mixed_differences(e, mesh, d, t, out):
    """Write D^2 D^2 e / 16 along the strides `d` and `t`, the amplitude of a checkerboard."""
    separate()
    for i in range(mesh.margin, mesh.size - mesh.margin):
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
def smooth_along(e, amplitude, along, mesh, d, reach, share, out):
    """Add to `out` what the two faces of cells along the stride `d` bring."""
    separate()
    for i in range(2 * mesh.margin, mesh.size - 2 * mesh.margin):
        lower = smoothing_flux(e, amplitude, along, i, d, reach)
        upper = smoothing_flux(e, amplitude, along, i + d, d, reach)
        store(out, i, load(out, i) + share * (upper - lower), 0)


@kernel
def smoothing_rate(e, faces, mesh, dt, buffer, rate):
    """Write to the active cells of `rate` what the damping of checkerboards adds to `e` in `dt`.

    Neighbours exchange energy down their difference and no more than keeps each within the extrema
    of those around it. Each axis takes part at the rate of diffusion along the field across its
    faces, so that nothing passes where the field is parallel to a face.

    Parameters
    ----------
    e, rate : array (nblock, 1, m3, m2, m1)
        `e` with two valid layers of ghosts
    faces : three arrays (nblock, 2, m3, m2, m1)
        see `crmpi.numerics.cr.diffusion.aligned_faces`
    buffer : array (1, ncomp, m3, m2, m1)
        for the amplitude
    """
    rate[...] = 0.0
    s = mesh.strides
    axes = (1 if s[0] else 0) + (1 if s[1] else 0) + (1 if s[2] else 0)
    share = 2.0 * _PER_AXIS / max(axes - 1, 1)
    amplitude = row(rows(buffer, 0, 0), 0)
    for b in range(e.shape[0]):
        x, out = row(rows(e, b, 0), 0), row(rows(rate, b, 0), 0)
        for first in range(3):
            second = (first + 1) % 3
            if s[first] == 0 or s[second] == 0:
                continue
            mixed_differences(x, mesh, s[first], s[second], amplitude)
            for a in (first, second):
                along = row(rows(faces[a], b, 0), ALONG)
                smooth_along(x, amplitude, along, mesh, s[a], 4.0 * dt / mesh.widths[a], share, out)
