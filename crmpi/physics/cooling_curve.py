"""Cooling curves as piecewise power laws, and their exact integration in time.

Between knots T_k the cooling function is ``Lambda(T) = Lambda_k (T/T_k)^alpha_k``. For gas that
cools at constant density, dT/dt = -a Lambda(T), the temporal evolution function of Townsend (2009,
ApJS 181, 391, section 3)

    Y(T) = integral from T to T_ref of dT'/Lambda(T')

turns the step into ``Y(T_new) = Y(T) + a dt``, exact for any dt. Y is known in closed form on each
power law. Below the first knot Lambda = 0.
"""

import math
from pathlib import Path
from typing import NamedTuple

import numpy as np

from crmpi.errors import CrmpiError
from crmpi.jit import device

TABLES = {"gnat_sternberg2007": "n_e n_H", "schure2009": "n_H^2"}
"""File name and convention: the emissivity is this product of number densities times Lambda."""

FREE_FREE_SLOPE = 0.5  # of Lambda above the last knot


class Curve(NamedTuple):
    """A cooling function for kernels."""

    temp: np.ndarray  # knots [K], ascending
    lam: np.ndarray  # Lambda at the knots [erg cm^3/s]
    slope: np.ndarray  # of ln Lambda against ln T above each knot; the last one reaches to infinity
    share: np.ndarray  # of Y, from each knot to the next: integral of dT/Lambda [K/(erg cm^3/s)]


def make_curve(log10_temp, log10_lambda, top_slope=FREE_FREE_SLOPE):
    """Return the `Curve` through ascending knots, given as log10 of T [K] and of Lambda [erg
    cm^3/s]."""
    ln_temp, ln_lam = (
        math.log(10.0) * np.asarray(values, dtype=float) for values in (log10_temp, log10_lambda)
    )
    spacing = np.diff(ln_temp)
    slope = np.append(np.diff(ln_lam) / spacing, top_slope)
    temp, lam = np.exp(ln_temp), np.exp(ln_lam)
    share = [
        temp[k] / lam[k] * _power_integral(1.0 - slope[k], spacing[k]) for k in range(len(spacing))
    ]
    return Curve(temp, lam, slope, np.array(share))


def _power_integral(exponent, length):
    """Return the integral of exp(exponent s) over s from 0 to `length`: that of dT/Lambda in units
    of T/Lambda."""
    return math.expm1(exponent * length) / exponent if abs(exponent) > 1e-12 else length


def power_law_curve(lam, temp, slope, lowest=0.0):
    """Return the `Curve` Lambda = lam (T/temp)^slope exp(-(lowest/T)^4) from 10 K to 1e10 K; above,
    the power law goes on."""
    log10_temp = np.linspace(1.0, 10.0, 181)
    # e^-200 is nothing, and still a number
    end = np.minimum((lowest / 10.0**log10_temp) ** 4, 200.0)
    return make_curve(
        log10_temp,
        math.log10(lam) + slope * (log10_temp - math.log10(temp)) - end / math.log(10.0),
        top_slope=slope,
    )


def read_table(name, metallicity):
    """Return (log10_temp, log10_lambda) of a table at a metallicity, Lambda taken linear between
    the tabulated metallicities.

    Raises
    ------
    CrmpiError
        if the metallicity lies outside the table
    """
    path = Path(__file__).parent / "tables" / f"{name}.csv"
    lines = [line for line in path.read_text().splitlines() if not line.startswith("#")]
    columns = [float(text) for text in lines[0].split(",")[1:]]
    rows = np.array([[float(text) for text in line.split(",")] for line in lines[1:]])
    if not columns[0] <= metallicity <= columns[-1]:
        raise CrmpiError(
            f"'cooling.metallicity' = {metallicity}: table {name} covers {columns[0]} to "
            f"{columns[-1]} solar"
        )
    high = max(1, int(np.searchsorted(columns, metallicity)))
    weight = (metallicity - columns[high - 1]) / (columns[high] - columns[high - 1])
    lam = (1.0 - weight) * 10.0 ** rows[:, high] + weight * 10.0 ** rows[:, high + 1]
    return rows[:, 0], np.log10(lam)


def koyama_inutsuka_lambda(temp):
    """Return Lambda [erg cm^3/s] per n_H^2 of neutral gas at `temp` [K]: Koyama & Inutsuka (2002,
    ApJ 564, L97), eq. 4.

    With the exponents as corrected by Vazquez-Semadeni et al. (2007); valid below about 1.5e4 K.
    """
    return 2e-26 * (
        1e7 * np.exp(-118400.0 / (temp + 1000.0)) + 1.4e-2 * np.sqrt(temp) * np.exp(-92.0 / temp)
    )


def extend_to_low(log10_temp, log10_lambda, factor=1.0, lowest=1.0, spacing=0.02):
    """Continue a table below its first knot with `koyama_inutsuka_lambda` times `factor`, down to
    log10 T = `lowest`."""
    below = np.arange(lowest, log10_temp[0] - 0.5 * spacing, spacing)
    return np.append(below, log10_temp), np.append(
        np.log10(factor * koyama_inutsuka_lambda(10.0**below)), log10_lambda
    )


@device
def segment(temp, curve):
    """Return the index of the knot at or below `temp`; -1 below the first knot."""
    low, high = -1, curve.temp.size
    while high - low > 1:
        middle = (low + high) // 2
        if curve.temp[middle] <= temp:
            low = middle
        else:
            high = middle
    return low


@device
def cooling_function(temp, curve):
    """Return Lambda [erg cm^3/s] at `temp` [K]; 0 below the first knot."""
    k = segment(temp, curve)
    if k < 0:
        return 0.0
    return curve.lam[k] * math.exp(curve.slope[k] * math.log(temp / curve.temp[k]))


@device
def cool_along(temp, lam, slope, amount):
    """Return the temperature after the integral of dT/Lambda has grown by `amount`, on one power
    law with Lambda = `lam` at `temp`."""
    exponent = 1.0 - slope
    times = amount * lam / temp  # in units of the cooling time
    if abs(exponent) < 1e-12:
        return temp * math.exp(-times)
    return temp * math.exp(math.log1p(-exponent * times) / exponent)


@device
def cooled(temp, amount, curve):
    """Return the temperature [K] that gas of `temp` reaches when ``Y`` grows by `amount` [K/(erg
    cm^3/s)].

    The shares of the crossed segments are subtracted one by one: differences of Y itself would lose
    digits where Y is large.
    """
    k = segment(temp, curve)
    if k < 0:
        return temp
    height = math.log(temp / curve.temp[k])
    lam = curve.lam[k] * math.exp(curve.slope[k] * height)
    exponent = 1.0 - curve.slope[k]
    share = height if abs(exponent) < 1e-12 else -math.expm1(-exponent * height) / exponent
    share *= temp / lam  # of Y, from temp down to knot k
    if amount < share:
        return cool_along(temp, lam, curve.slope[k], amount)
    amount -= share
    while k > 0 and curve.share[k - 1] <= amount:
        amount -= curve.share[k - 1]
        k -= 1
    if k == 0:
        return curve.temp[0]
    return cool_along(curve.temp[k], curve.lam[k], curve.slope[k - 1], amount)
