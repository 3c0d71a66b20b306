"""Reconstruction of primitive variables: values at the two faces of a cell. One marker type per method."""

import math
from typing import NamedTuple

from crmpi.constants import MOM1, MOM3
from crmpi.jit import choice, device, kernel
from crmpi.numerics.layout import BT1, BT2, STATE
from crmpi.numerics.rows import load, row, separate, store

_CURVE_FACTOR = 1.25  # of the curvatures that limit a parabola (Colella & Sekora 2008)
_ROUND = 1e-12  # relative size of differences that are round-off


class Donor(NamedTuple):
    """Piecewise constant, first order."""

    ghosts = 1


class PLM(NamedTuple):
    """Piecewise linear, monotonised central limiter (van Leer 1977), second order."""

    ghosts = 2


class PPM(NamedTuple):
    """Piecewise parabolic, with a limiter that keeps smooth extrema (Colella & Sekora 2008)."""

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
    """Return c -+ half the central slope, no steeper than twice either one-sided slope, flat at extrema (van Leer 1977)."""
    lower = c - b
    upper = d - c
    size = min(abs(lower), abs(upper))
    central = 0.25 * abs(lower + upper)
    half_slope = math.copysign(min(size, central), lower)
    half_slope = half_slope if lower * upper > 0.0 else 0.0
    return c - half_slope, c + half_slope


@interfaces.option(PPM)
def interfaces_ppm(method, a, b, c, d, e):
    """Return the values of a parabola limited as in Colella & Sekora (2008), who keep smooth extrema.

    Faces: fourth-order interpolation, replaced by a limited second derivative where it leaves the range of its two cells (their eqs.
    16-18). Parabola: at extrema its curvature is limited by those of the cells around (eqs. 19-23); elsewhere its steeper side by the
    rule of Colella & Woodward (1984), eq. 1.10.
    """
    curve_b = (a - b) + (c - b)
    curve_c = (b - c) + (d - c)
    curve_d = (c - d) + (e - d)
    lower = _face_value(a, b, c, d, curve_b, curve_c)
    upper = _face_value(b, c, d, e, curve_c, curve_d)
    down = c - lower
    up = upper - c
    curve = 6.0 * ((lower - c) + (upper - c))
    limited = _limited_curve(curve, curve_b, curve_c)
    limited = _limited_curve(limited, curve_c, curve_d)
    scale = max(max(abs(a), abs(b)), max(abs(c), max(abs(d), abs(e))))
    ratio = limited / curve if abs(curve) > _ROUND * scale else 0.0
    ratio = 1.0 if ratio > 1.0 - _ROUND else ratio
    extremum = down * up <= 0.0 or (d - c) * (c - b) <= 0.0
    steep_lower = c - 2.0 * up if abs(down) >= 2.0 * abs(up) else lower
    steep_upper = c + 2.0 * down if abs(up) >= 2.0 * abs(down) else upper
    return c - ratio * down if extremum else steep_lower, c + ratio * up if extremum else steep_upper


@device
def _face_value(a, b, c, d, curve_b, curve_c):
    """Return the value at the face between b and c."""
    mean = 0.5 * (b + c)
    value = mean - ((d - c) - (b - a)) / 12.0
    limited = mean - _limited_curve(3.0 * ((b - value) + (c - value)), curve_b, curve_c) / 6.0
    return limited if (value - b) * (c - value) < 0.0 else value


@device
def _limited_curve(curve, first, second):
    """Return `curve`, no larger than 1.25 times the two others, or zero where the three differ in sign."""
    size = min(abs(curve), _CURVE_FACTOR * min(abs(first), abs(second)))
    return math.copysign(size, curve) if curve * first > 0.0 and curve * second > 0.0 else 0.0


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
        below, above = interfaces(method, load(q, i - 2 * stride), load(q, i - stride), c, load(q, i + stride), load(q, i + 2 * stride))
        store(lower, i, below, 0)
        store(upper, i, above, 1)
