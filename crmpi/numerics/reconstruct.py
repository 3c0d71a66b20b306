"""Reconstruction of primitive variables: values at the two faces of a cell. One marker type per method."""

from typing import NamedTuple

from crmpi.constants import MOM1, MOM3
from crmpi.jit import choice, device, kernel
from crmpi.numerics.layout import BT1, BT2, STATE
from crmpi.numerics.rows import load, row, separate, store


class Donor(NamedTuple):
    """Piecewise constant, first order."""

    ghosts = 1


class PLM(NamedTuple):
    """Piecewise linear, van Leer's harmonic limiter (van Leer 1974), second order."""

    ghosts = 2


class PPM(NamedTuple):
    """Piecewise parabolic with the monotonicity constraints of Colella & Woodward (1984)."""

    ghosts = 3


RECONSTRUCTIONS = {"donor": Donor, "plm": PLM, "ppm": PPM}


@choice
def interfaces(method, a, b, c, d, e):
    """Return the values at the lower and the upper face of the middle one of five cells in a line."""


@interfaces.option(Donor)
def interfaces_donor(method, a, b, c, d, e):
    """Return the cell value twice."""
    return c, c


@interfaces.option(PLM)
def interfaces_plm(method, a, b, c, d, e):
    """Return c -+ half the harmonic mean of the two differences, which vanishes at extrema."""
    lower = c - b
    upper = d - c
    product = lower * upper
    half_slope = product / (lower + upper) if product > 0.0 else 0.0
    return c - half_slope, c + half_slope


@interfaces.option(PPM)
def interfaces_ppm(method, a, b, c, d, e):
    """Return the limited parabola's values: Colella & Woodward (1984), eqs. 1.6-1.8 for the faces and 1.10 for the parabola."""
    slope_b = _limited_difference(a, b, c)
    slope_c = _limited_difference(b, c, d)
    slope_d = _limited_difference(c, d, e)
    lower = 0.5 * (b + c) - (slope_c - slope_b) / 6.0
    upper = 0.5 * (c + d) - (slope_d - slope_c) / 6.0
    down = c - lower
    up = upper - c
    flat = down * up <= 0.0
    limited_lower = c - 2.0 * up if abs(down) > 2.0 * abs(up) else lower
    limited_upper = c + 2.0 * down if abs(up) > 2.0 * abs(down) else upper
    return c if flat else limited_lower, c if flat else limited_upper


@device
def _limited_difference(a, b, c):
    """Return the centred difference, at most twice the smaller one-sided difference, zero at extrema."""
    lower = b - a
    upper = c - b
    size = 2.0 * min(abs(lower), abs(upper))
    centred = 0.5 * (lower + upper)
    size = min(size, abs(centred))
    signed = size if centred > 0.0 else -size
    return signed if lower * upper > 0.0 else 0.0


@device
def natural(axis, variable):
    """Return the component of w0 or u0 that stands at place `variable` when vectors start with the axis' normal component."""
    if variable < MOM1 or variable > MOM3:
        return variable
    if variable == MOM1:
        return MOM1 + axis.normal
    return MOM1 + axis.first if variable == MOM1 + 1 else MOM1 + axis.second


@kernel
def reconstruct_rows(n, method, cells, field, axis, nvar, lower, upper):
    """Write the states inside `n` cells of a row, at their lower and upper faces along `axis`.

    Parameters
    ----------
    cells, field : Rows
        ``w0`` and ``bcc`` (None without magnetic field) at the first cell
    lower, upper : Rows
        states, see `crmpi.numerics.layout`
    """
    separate()
    for v in range(nvar):
        _reconstruct_row(n, method, row(cells, natural(axis, v)), axis.stride, row(lower, STATE + v), row(upper, STATE + v))
    if field is not None:
        _reconstruct_row(n, method, row(field, axis.first), axis.stride, row(lower, BT1), row(upper, BT1))
        _reconstruct_row(n, method, row(field, axis.second), axis.stride, row(lower, BT2), row(upper, BT2))


@device
def _reconstruct_row(n, method, q, stride, lower, upper):
    """Reconstruct one variable; the loads a method does not use are dropped by the compiler."""
    for i in range(n):
        c = load(q, i)
        below, above = interfaces(
            method, load(q, i - 2 * stride), load(q, i - stride), c, load(q, i + stride), load(q, i + 2 * stride)
        )
        store(lower, i, below, 0)
        store(upper, i, above, 1)
