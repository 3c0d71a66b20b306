"""Reconstruction of primitive variables: values at the two faces of a cell. One marker type per
method."""

import math
from typing import NamedTuple

from crmpi.constants import MOM1, MOM3
from crmpi.jit import choice, device, kernel
from crmpi.numerics.fluid.layout import BT1, BT2, STATE
from crmpi.numerics.rows.rows import load, row, separate, store

_CURVE_FACTOR = 1.25  # of the curvatures that limit a parabola (Colella & Sekora 2008)
_SIXTH = 1.0 / 6.0
_TWELFTH = 1.0 / 12.0


class Donor(NamedTuple):
    """Piecewise constant, first order."""

    ghosts = 1


class PLM(NamedTuple):
    """Piecewise linear, monotonised central limiter (van Leer 1977), second order."""

    ghosts = 2


class PPM(NamedTuple):
    """Piecewise parabolic, with a continuous limiter that keeps smooth extrema (after Colella &
    Sekora 2008)."""

    ghosts = 3


RECONSTRUCTIONS = {"donor": Donor, "plm": PLM, "ppm": PPM}


@choice
def interfaces(method, a, b, c, d, e):
    """Return the values at the lower and the upper face of the middle one of five cells in a
    line."""


@interfaces.option(Donor)
def interfaces_donor(method, a, b, c, d, e):
    """Return the cell value twice."""
    return c, c


@interfaces.option(PLM)
def interfaces_plm(method, a, b, c, d, e):
    """Return c -+ half the central slope, no steeper than twice either one-sided slope, flat at
    extrema (van Leer 1977)."""
    lower = c - b
    upper = d - c
    size = min(abs(lower), abs(upper))
    central = 0.25 * abs(lower + upper)
    half_slope = math.copysign(min(size, central), lower)
    half_slope = half_slope if lower * upper > 0.0 else 0.0
    return c - half_slope, c + half_slope


@interfaces.option(PPM)
def interfaces_ppm(method, a, b, c, d, e):
    """Return the values of a parabola limited in the manner of Colella & Sekora (2008), who keep
    smooth extrema.

    Each limit is an interval that holds the limited value, so that faces depend continuously on
    cells (their own limiter jumps between cases). Monotone parabolas: the cell and a face differ by
    no more than twice what the cell and the other face do, with the same sign (Colella & Woodward
    1984, eq. 1.10). Near an extremum of curvature k a face lies beyond that by up to k/6 less the
    smaller difference; this much is allowed, with the k that the cells around agree on.
    """
    curve_b = (a - b) + (c - b)
    curve_c = (b - c) + (d - c)
    curve_d = (c - d) + (e - d)
    agreed_lower = _agreed_curve(curve_b, curve_c)
    agreed_upper = _agreed_curve(curve_c, curve_d)
    down = _face_value(a, b, c, d, agreed_lower) - c
    up = _face_value(b, c, d, e, agreed_upper) - c
    excess = _minmod(agreed_lower, agreed_upper) * _SIXTH
    slope = abs(_minmod(down, -up))
    low = min(excess + slope, 0.0)
    high = max(excess - slope, 0.0)
    lower = _between(down, min(-2.0 * up, 0.0) + low, max(-2.0 * up, 0.0) + high)
    upper = _between(up, min(-2.0 * down, 0.0) + low, max(-2.0 * down, 0.0) + high)
    return c + lower, c + upper


@device
def _face_value(a, b, c, d, curve):
    """Return the value at the face between b and c: fourth order, and in the range of b, c and a
    parabola with this curvature."""
    mean = 0.5 * (b + c)
    value = mean - ((d - c) - (b - a)) * _TWELFTH
    extremum = mean - curve * _SIXTH
    return _between(value, min(min(b, c), extremum), max(max(b, c), extremum))


@device
def _agreed_curve(first, second):
    """Return what both curvatures agree on, times 1.25 (Colella & Sekora 2008, eq. 18)."""
    return _CURVE_FACTOR * _minmod(first, second)


@device
def _minmod(x, y):
    """Return the smaller of two numbers of the same sign, else zero."""
    size = math.copysign(min(abs(x), abs(y)), x)
    return size if x * y > 0.0 else 0.0


@device
def _between(x, low, high):
    """Return the number nearest to x in an interval."""
    return min(max(x, low), high)


@device
def natural(axis, variable):
    """Return the component of w0 or u0 that stands at place `variable` when vectors start with the
    axis' normal component."""
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
        states, see `crmpi.numerics.fluid.layout`
    """
    separate()
    for v in range(nvar):
        _reconstruct_row(
            n,
            method,
            row(cells, natural(axis, v)),
            axis.stride,
            row(lower, STATE + v),
            row(upper, STATE + v),
        )
    if field is not None:
        _reconstruct_row(
            n, method, row(field, axis.first), axis.stride, row(lower, BT1), row(upper, BT1)
        )
        _reconstruct_row(
            n, method, row(field, axis.second), axis.stride, row(lower, BT2), row(upper, BT2)
        )


@device
def _reconstruct_row(n, method, q, stride, lower, upper):
    """Reconstruct one variable; the loads a method does not use are dropped by the compiler."""
    for i in range(n):
        c = load(q, i)
        below, above = interfaces(
            method,
            load(q, i - 2 * stride),
            load(q, i - stride),
            c,
            load(q, i + stride),
            load(q, i + 2 * stride),
        )
        store(lower, i, below, 0)
        store(upper, i, above, 1)
