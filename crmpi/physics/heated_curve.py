"""Cooling and heating per nucleus together, integrated exactly along a curve of straight pieces.

At constant density dT/dt = -F(T) with F = a Lambda(T) - h exp(-T/T_cut). Lambda and the
exponential are taken at knots, 64 to every factor of two in T, and are linear between them: F falls
or rises exponentially in time on a piece, and gas comes to rest where F vanishes and never passes
it, whatever the step. Knots are evenly spaced in the bits of a number, so that the piece of a
temperature is a shift and a difference, without a search or a logarithm.
"""

import math
from typing import NamedTuple

import numpy as np

from crmpi.jit import device, device_in_double
from crmpi.numerics.rows.rows import bits_of
from crmpi.physics.cooling_curve import cooling_function

_SHIFT = 46  # 52 bits of the mantissa less 6: 64 pieces in a factor of two
_HOTTEST = 1e12  # K, last knot
_SMALL = 1e-3  # change of F on a piece below which a series takes the place of a difference


class HeatedCurve(NamedTuple):
    """Rates at knots, for kernels; of no knot without heating."""

    first: int  # bits of the first knot, shifted
    temp: np.ndarray  # knots [K], ascending
    lam: np.ndarray  # Lambda [erg cm^3/s]
    heat: np.ndarray  # rise of T per code unit of time [K]


UNHEATED = HeatedCurve(0, np.zeros(0), np.zeros(0), np.zeros(0))
"""No heating at all."""


def heated_curve(curve, heat, cutoff, lowest):
    """Return the `HeatedCurve` from the temperature `lowest` [K] on.

    Parameters
    ----------
    curve : crmpi.physics.cooling_curve.Curve
    heat, cutoff : float
        T rises at the rate heat exp(-T/cutoff) [K per code unit of time; K]
    lowest : float
        Lambda vanishes below the first knot of `curve`, within a piece, or, if `lowest` lies above
        it, nowhere
    """
    ends = np.array([lowest, _HOTTEST]).view(np.int64) >> _SHIFT
    temp = (np.arange(ends[0], ends[1] + 2) << _SHIFT).view(float)
    start = curve.temp[0] * (1.0 + 1e-6)  # in the table in single precision, too
    # the piece that begins below `lowest` must not see where the table ends
    seen = np.maximum(temp, max(lowest, start)) if lowest * (1.0 + 2e-6) >= start else temp
    lam = np.array([cooling_function(one, curve) for one in seen])
    return HeatedCurve(int(ends[0]), temp, lam, heat * np.exp(-temp / cutoff))


@device_in_double
def piece_of(temp, curve):
    """Return the number of the knot at or below `temp`, at least that of the first one."""
    return max((bits_of(temp) >> _SHIFT) - curve.first, 0)


@device
def heated_and_cooled(temp, amount, lowest, time, curve):
    """Return (T [K] of a cell after `time`, rise of T by heating alone).

    `amount`: of dT/dt per Lambda; the cell does not cool below `lowest`, which is at least the
    first knot. Gas above the last knot keeps its temperature.
    """
    heated, left, way, k = 0.0, time, 0, piece_of(temp, curve)
    while left > 0.0 and k + 1 < curve.temp.size:
        t0, t1 = curve.temp[k], curve.temp[k + 1]
        per_width = 1.0 / (t1 - t0)
        heat_slope = (curve.heat[k + 1] - curve.heat[k]) * per_width
        heat = curve.heat[k] + heat_slope * (temp - t0)
        slope = amount * (curve.lam[k + 1] - curve.lam[k]) * per_width - heat_slope
        fall = amount * curve.lam[k] - curve.heat[k] + slope * (temp - t0)
        edge, step = (max(t0, lowest), -1) if fall > 0.0 else (t1, 1)
        # T is monotonic: it turns back at a knot only where F is round-off
        if (fall > 0.0 and temp <= lowest) or step * way < 0:
            return temp, heated + heat * left
        used, new = left, temp - fall * left * share_left(slope * left)
        if (new - edge) * step > 0.0:
            bent = slope * (edge - temp) / fall  # > -1, or F would vanish before the edge
            used = min((temp - edge) / fall * growth_time(bent), left)
            new, way = edge, step
            k = k if edge == lowest else max(k + step, 0)
        grown = slope * used
        if abs(grown) > _SMALL:
            risen = -((new - temp) + fall * used) / slope  # integral of T - temp over time
        else:
            risen = 0.5 * (new - temp) * used
        heated += heat * used + heat_slope * risen
        left -= used
        temp = new
    return temp, heated


@device
def share_left(x):
    """Return (1 - exp(-x))/x."""
    return -math.expm1(-x) / x if abs(x) > 1e-12 else 1.0


@device
def growth_time(x):
    """Return log(1 + x)/x, for x > -1."""
    return math.log1p(max(x, -1.0 + 1e-15)) / x if abs(x) > 1e-12 else 1.0
