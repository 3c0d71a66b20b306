"""Diffusion on a tube: V e_t = [A kappa (e_above - e_below)/gap] at the faces of a cell, kappa the
harmonic mean of the two cells.

And the losses of cosmic rays to Alfven waves there.
"""

import math

from crmpi.constants import DENS
from crmpi.jit import kernel
from crmpi.numerics.cr.diffusion import NORMAL, harmonic_mean
from crmpi.numerics.fluid.tube import span

_TINY = 1e-300


@kernel
def conductances(kappa, field, aligned, grid, tube, out):
    """Fill `out` (nblock, 2, m3, m2, m1) with A kappa/gap at lower faces; `aligned`: 0 where there
    is no `field` (nblock, 3 or 0, ...)."""
    place = span(grid, tube.axis)
    for b in range(out.shape[0]):
        k_par, conductance = kappa[b, 0].reshape(-1), out[b, NORMAL].reshape(-1)
        for c in range(1, place.first + place.n + place.first):
            i = c * place.stride
            held = aligned and field[b, tube.axis].reshape(-1)[i] == 0.0
            mean = 0.0 if held else harmonic_mean(k_par[i - place.stride], k_par[i])
            conductance[i] = tube.area[b, c] / tube.gap[b, c] * mean


@kernel
def tube_decay_rates(faces, grid, tube, rate):
    """Write to `rate` (nblock, 1, m3, m2, m1) the rates of decay of active cells."""
    place = span(grid, tube.axis)
    for b in range(rate.shape[0]):
        conductance, r = faces[b, NORMAL].reshape(-1), rate[b, 0].reshape(-1)
        for c in range(place.first, place.first + place.n):
            i = c * place.stride
            r[i] = (conductance[i] + conductance[i + place.stride]) / tube.volume[b, c]


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


@kernel
def tube_wave_losses(u, bcc, factor, grid, tube, e, heat):
    """Do what `crmpi.numerics.cr.streaming.wave_losses` does."""
    place = span(grid, tube.axis)
    for b in range(e.shape[0]):
        rho, x, loss, field = (
            u[b, DENS].reshape(-1),
            e[b, 0].reshape(-1),
            heat[b, 0].reshape(-1),
            bcc[b, tube.axis].reshape(-1),
        )
        for c in range(place.first, place.first + place.n):
            i, d = c * place.stride, place.stride
            gradient = (x[i + d] - x[i - d]) / (tube.gap[b, c] + tube.gap[b, c + 1])
            rate = abs(field[i] * gradient) / math.sqrt(rho[i])
            loss[i] = -x[i] * math.expm1(-factor * rate / (x[i] + _TINY)) if x[i] > 0.0 else 0.0


@kernel
def sum_on_tube(heat, grid, tube, sums):
    """Add the integral of `heat` (nblock, 1, m3, m2, m1) over each block to `sums` (nblock,)."""
    place = span(grid, tube.axis)
    for b in range(heat.shape[0]):
        density = heat[b, 0].reshape(-1)
        for c in range(place.first, place.first + place.n):
            sums[b] += density[c * place.stride] * tube.volume[b, c]
