"""Damping of checkerboards, which diffusion along the field does not see.

A pattern that alternates from cell to cell along two axes has no gradient at any corner, so the corner
fluxes of `crmpi.numerics.cr_diffusion` leave it for ever; the limiter makes some of it. Its amplitude in
a cell is the mixed difference C = D_a^2 D_t^2 e / 16. C changes sign between neighbours in a
checkerboard and is of fourth order small, with one sign over many cells, where e is smooth.
"""

from crmpi.jit import device, kernel
from crmpi.numerics.cr_diffusion import ALONG

_PER_AXIS = 0.125  # largest share of a difference of two cells that a face carries, for each pair of axes


@device
def mixed_difference(e, i, d, t):
    """Return D^2 D^2 e / 16 along the strides `d` and `t`, the amplitude of a checkerboard."""
    edges = (e[i - d] + e[i + d]) + (e[i - t] + e[i + t])
    corners = (e[i - d - t] + e[i + d + t]) + (e[i - d + t] + e[i + d - t])
    return 0.0625 * ((4.0 * e[i] - 2.0 * edges) + corners)


@device
def smoothing_flux(e, i, d, t):
    """Return the part of the difference over the lower face of cell `i` that is a checkerboard."""
    jump = e[i] - e[i - d]
    above, below = mixed_difference(e, i, d, t), mixed_difference(e, i - d, d, t)
    if not (above * below < 0.0 and above * jump > 0.0):
        return 0.0
    return (2.0 if jump > 0.0 else -2.0) * min(min(abs(above), abs(below)), 0.5 * abs(jump))


@kernel
def smoothing_rate(e, faces, mesh, grid, dt, rate):
    """Write to the active cells of `rate` what the damping of checkerboards adds to `e` in `dt`.

    Neighbours exchange energy down their difference and no more than keeps each within the extrema of
    those around it. Each axis takes part at the rate of diffusion along the field across its faces,
    so that nothing passes where the field is parallel to a face.

    Parameters
    ----------
    e, rate : array (nblock, 1, m3, m2, m1)
        `e` with two valid layers of ghosts
    faces : three arrays (nblock, 2, m3, m2, m1)
        see `crmpi.numerics.cr_diffusion.aligned_faces`
    """
    rate[...] = 0.0
    s = mesh.strides
    axes = (1 if s[0] else 0) + (1 if s[1] else 0) + (1 if s[2] else 0)
    for b in range(e.shape[0]):
        x, out = e[b, 0].reshape(-1), rate[b, 0].reshape(-1)
        for a in range(3):
            d, along = s[a], faces[a][b, ALONG].reshape(-1)
            reach = 4.0 * dt / mesh.widths[a]
            for other in (1, 2):
                t = s[(a + other) % 3]
                if d == 0 or t == 0:
                    continue
                for k in range(grid.ng3, grid.ng3 + grid.n3 + (1 if a == 2 else 0)):
                    for j in range(grid.ng2, grid.ng2 + grid.n2 + (1 if a == 1 else 0)):
                        first = (k * grid.m2 + j) * grid.m1 + grid.ng1
                        for i in range(first, first + grid.n1 + (1 if a == 0 else 0)):
                            speed = reach * max(along[i], 0.0)
                            flux = smoothing_flux(x, i, d, t) * speed / (1.0 + speed)
                            flux *= _PER_AXIS / (axes - 1)
                            out[i] -= flux
                            out[i - d] += flux
