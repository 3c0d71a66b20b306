"""Diffusion on a tube: V e_t = [A kappa (e_above - e_below)/gap] at the faces of a cell, kappa the
harmonic mean of the two cells.
"""

from crmpi.jit import kernel
from crmpi.numerics.cr.diffusion import NORMAL
from crmpi.numerics.fluid.tube import span


@kernel
def tube_diffusion_rate(e, faces, grid, tube, rate, crossing):
    """Fill the active cells of `rate` with div(kappa grad e), and add to `crossing` the rate of
    what comes in through the ends."""
    place = span(grid, tube.axis)
    for b in range(e.shape[0]):
        x, conductance, r = (
            e[b, 0].reshape(-1),
            faces[b, NORMAL].reshape(-1),
            rate[b, 0].reshape(-1),
        )
        for c in range(place.first, place.first + place.n):
            i, d = c * place.stride, place.stride
            below, above = (
                conductance[i] * (x[i] - x[i - d]),
                conductance[i + d] * (x[i + d] - x[i]),
            )
            r[i] = (above - below) / tube.volume[b, c]
            if c == place.first and crossing.outer[b, 2 * tube.axis]:
                crossing.amounts[b, 0] -= below
            if c == place.first + place.n - 1 and crossing.outer[b, 2 * tube.axis + 1]:
                crossing.amounts[b, 0] += above
