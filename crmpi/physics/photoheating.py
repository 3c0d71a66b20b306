"""The metagalactic ultraviolet background in thin gas: photoheating, and the cooling that remains.

Hydrogen and helium are in the balance of collisions, recombination and light at the density and
temperature of the gas. The radiation ionises what would radiate in lines, and what it ionises gets
the rest of the photons' energy. With the table per n_e n_H in the dark, Lambda(T, Z),

    n_e n_H L = n_e' n_H [Lambda(T, Z) - (1 - q) Lambda(T, 0.001)] - heating

takes the place of Lambda: n_e is that of full ionisation, n_e' that of collisions alone, and q what
hydrogen and helium radiate in the light over what they radiate in the dark. So the background
changes nothing where collisions ionise (above 1e5 K or in dense gas), and metals radiate as without
it.

L vanishes where gas is in thermal balance. It is linear in T between knots, so dT/dt = -a L(T) is
integrated exactly: on one piece L itself falls or rises exponentially, and the balance is
approached and never passed, whatever the step.

Rates of ionisation and recombination: Hui & Gnedin (1997, MNRAS 292, 27, appendix A); of cooling:
Cen (1992, ApJS 78, 341) as in Katz, Weinberg & Hernquist (1996, ApJS 105, 19), which enter by
their ratio q; shielding by gas: Rahmati et al. (2013, MNRAS 430, 2427).
"""

import csv
import functools
import math
from pathlib import Path
from typing import NamedTuple

import numpy as np

from crmpi.eos import ionisation
from crmpi.jit import device
from crmpi.units import UNITS

BACKGROUNDS = ("hm12", "ks19")
"""Haardt & Madau 2012; Khaire & Srianand 2019."""

EV = UNITS["eV"].value  # erg
BOLTZMANN = UNITS["k_B"].value  # erg/K
_EDGES = 157809.0, 285335.0, 631515.0  # of H I, He I, He II, K
_LOG_NH = -8.0, 4.0, 0.125  # first, last, step of the densities of a table, log10 of cm^-3
_HOTTEST, _SPACING = 10.0, 0.05  # log10 T to which a table goes on, and its step there
_BISECTIONS = 60


class Light(NamedTuple):
    """Rates per atom of H I, He I and He II: ``ionised`` [1/s], ``heated`` [erg/s], each a tuple;
    and the mean ``cross_section`` of H I [cm^2]."""

    ionised: tuple
    heated: tuple
    cross_section: float


class NetCurve(NamedTuple):
    """A net cooling function for kernels, `net` (density, temperature); of no density without
    light."""

    to_log_nh: float  # log10 of n_H [cm^-3] at the density 1 in code units
    first: float  # log10 of the first n_H
    per_step: float  # densities in the table per unit of log10
    temp: np.ndarray  # knots [K], ascending
    net: np.ndarray  # erg cm^3/s per n_e n_H of full ionisation; negative where gas is heated


class Primordial(NamedTuple):
    """Hydrogen and helium in balance: `cooling` and `heating` [erg/s/cm^3], density of `electrons`
    [cm^-3], share of hydrogen that is `neutral`."""

    cooling: np.ndarray
    heating: np.ndarray
    electrons: np.ndarray
    neutral: np.ndarray


DARK = NetCurve(0.0, 0.0, 1.0, np.zeros(2), np.zeros((0, 2)))
"""No light at all."""


@functools.cache
def light_of(name, redshift):
    """Return the `Light` of one of `BACKGROUNDS`, redshift 0 to 1: logarithms are linear
    between those of the table."""
    path = Path(__file__).parent / "tables" / "uv_rates.csv"
    lines = [line for line in path.read_text().splitlines() if not line.startswith("#")]
    rows = [
        [float(text) for text in list(row.values())[1:]]
        for row in csv.DictReader(lines)
        if row["background"] == name
    ]
    redshifts, *columns = np.array(rows).T
    values = [float(np.exp(np.interp(redshift, redshifts, np.log(c)))) for c in columns]
    return Light(tuple(values[0:6:2]), tuple(EV * heat for heat in values[1:6:2]), values[6])


def net_curve(log10_temp, table, primordial_table, light, hydrogen, to_log_nh):
    """Return the `NetCurve` of gas in a background `light`.

    Parameters
    ----------
    log10_temp : array (ntemp,)
        of the knots [K], ascending; above the last one Lambda goes on as T^(1/2)
    table, primordial_table : array (ntemp,)
        Lambda in the dark [erg cm^3/s] per n_e n_H, and that of hydrogen and helium in it
    light : Light
    hydrogen : float
        mass fraction X
    to_log_nh : float
        log10 of n_H [cm^-3] at the density 1
    """
    beyond = np.arange(log10_temp[-1] + _SPACING, _HOTTEST, _SPACING)
    temp = 10.0 ** np.append(log10_temp, beyond)
    rise = np.sqrt(10.0 ** (beyond - log10_temp[-1]))
    both, simple = (np.append(lam, lam[-1] * rise) for lam in (table, primordial_table))
    first, last, step = _LOG_NH
    nh = 10.0 ** np.arange(first, last + 0.5 * step, step)[:, None]
    helium = (1.0 - hydrogen) / (4.0 * hydrogen)
    dark, lit = primordial(nh, temp, None, helium), primordial(nh, temp, light, helium)
    taken = 1.0 - lit.cooling / dark.cooling
    full = nh * (1.0 + 2.0 * helium)
    net = (dark.electrons * (both - taken * simple) - lit.heating / nh) / full
    return NetCurve(to_log_nh, first, 1.0 / step, temp, net)


def primordial(nh, temp, light, helium):
    """Return the `Primordial` state of hydrogen and helium in balance.

    Parameters
    ----------
    nh, temp : arrays that broadcast together
        hydrogen nuclei per cm^3, K
    light : Light or None
    helium : float
        atoms per atom of hydrogen
    """
    nh, temp = np.broadcast_arrays(nh, temp)
    left = shielded(nh, temp, light)
    zeta = [left * rate for rate in light.ionised] if light else [0.0] * 3
    up, down = _collisions(temp), _recombinations(temp)
    electrons = _electrons(nh, up, down, zeta, helium)
    neutral, ionised, helium_ions = _shares(electrons, up, down, zeta)
    atoms = (nh * neutral, nh * helium * helium_ions[0], nh * helium * helium_ions[1])
    ions = (nh * ionised, atoms[2], nh * helium * helium_ions[2])
    heated = light.heated if light else (0.0, 0.0, 0.0)
    heating = left * sum(heat * n for heat, n in zip(heated, atoms, strict=True))
    return Primordial(electrons * _radiated(temp, up, atoms, ions), heating, electrons, neutral)


def shielded(nh, temp, light):
    """Return the share of the background that reaches gas of a density."""
    if not light:
        return np.zeros_like(nh)
    return ionisation.rahmati2013(nh, temp, light.ionised[0], light.cross_section)


def _collisions(temp):
    """Return the rates at which electrons ionise H I, He I and He II, cm^3/s."""
    x = 2.0 * _EDGES[2] / temp
    return (
        ionisation.hydrogen_collisions(temp),
        ionisation.helium_collisions(temp),
        19.95 * temp**-1.5 * np.exp(-0.5 * x) * x**-1.089 / (1.0 + (x / 0.553) ** 0.735) ** 1.275,
    )


def _dielectronic(temp):
    """Return the rate at which He II captures an electron in this way, cm^3/s."""
    return 1.9e-3 * temp**-1.5 * np.exp(-470000.0 / temp) * (1.0 + 0.3 * np.exp(-94000.0 / temp))


def _recombinations(temp):
    """Return the rates at which H II, He II and He III capture electrons, cm^3/s; He III is
    hydrogen of charge two."""
    return (
        ionisation.hydrogen_recombination(temp),
        ionisation.helium_recombination(temp) + _dielectronic(temp),
        2.0 * ionisation.hydrogen_recombination(0.25 * temp),
    )


def _shares(electrons, up, down, zeta):
    """Return the shares of H I and H II, and of the three ions of helium, in a density of
    electrons."""
    rise = [electrons * c + light for c, light in zip(up, zeta, strict=True)]
    fall = [electrons * a for a in down]
    ionised = rise[0] / (rise[0] + fall[0])
    ladder = np.stack([fall[1] * fall[2], rise[1] * fall[2], rise[1] * rise[2]])
    return fall[0] / (rise[0] + fall[0]), ionised, ladder / ladder.sum(axis=0)


def _electrons(nh, up, down, zeta, helium):
    """Return the density of electrons that hydrogen and helium give in balance with it."""
    low, high = np.log(nh) - 25.0, np.log(nh * (1.0 + 2.0 * helium))
    for _ in range(_BISECTIONS):
        middle = 0.5 * (low + high)
        _, ionised, ions = _shares(np.exp(middle), up, down, zeta)
        more = np.log(nh * (ionised + helium * (ions[1] + 2.0 * ions[2]))) > middle
        low, high = np.where(more, middle, low), np.where(more, high, middle)
    return np.exp(0.5 * (low + high))


def _radiated(temp, up, atoms, ions):
    """Return what gas radiates per electron, erg/s: lines, ionisation, recombination, free-free.

    `up`: rates of collisions; `atoms`: densities of H I, He I, He II; `ions`: of H II, He II,
    He III.
    """
    t3, t5, t6 = temp / 1e3, temp / 1e5, temp / 1e6
    bend = 1.0 / (1.0 + np.sqrt(t5))
    lines = (
        7.5e-19 * np.exp(-118348.0 / temp) * bend * atoms[0]
        + 5.54e-17 * temp**-0.397 * np.exp(-473638.0 / temp) * bend * atoms[2]
    )
    spent = sum(
        BOLTZMANN * edge * rate * n for edge, rate, n in zip(_EDGES, up, atoms, strict=True)
    )
    hydrogenic = 8.7e-27 * np.sqrt(temp) * t3**-0.2 / (1.0 + t6**0.7)
    captured = (
        hydrogenic * (ions[0] + 4.0 * ions[2])
        + (1.55e-26 * temp**0.3647 + 1.24e-13 / 1.9e-3 * _dielectronic(temp)) * ions[1]
    )
    gaunt = 1.1 + 0.34 * np.exp(-((5.5 - np.log10(temp)) ** 2) / 3.0)
    free = 1.42e-27 * gaunt * np.sqrt(temp) * (ions[0] + ions[1] + 4.0 * ions[2])
    return lines + spent + captured + free


@device
def settled(temp, dens, time, curve):
    """Return the temperature [K] of a cell after ``dT/dt = -L(T)`` has acted for `time`
    [K/(erg cm^3/s)], at constant density.

    Below the first knot nothing cools; what heats there heats as at the knot. Above the last one L
    is in proportion to T.
    """
    place = (math.log10(dens) + curve.to_log_nh - curve.first) * curve.per_step
    place = min(max(place, 0.0), curve.net.shape[0] - 1.000001)
    row = int(place)
    share = place - row
    low, high = 0, curve.temp.size - 1
    end = (1.0 - share) * curve.net[row, high] + share * curve.net[row + 1, high]
    if temp > curve.temp[high]:
        pace = end / curve.temp[high]
        needed = math.log(temp / curve.temp[high]) / pace
        if needed >= time:
            return temp * math.exp(-pace * time)
        time -= needed
        temp = curve.temp[high]
    elif temp < curve.temp[0]:
        start = (1.0 - share) * curve.net[row, 0] + share * curve.net[row + 1, 0]
        if temp - start * time <= curve.temp[0]:
            return max(temp, temp - start * time)
        time -= (temp - curve.temp[0]) / start
        temp = curve.temp[0]
    while high - low > 1:
        middle = (low + high) // 2
        if curve.temp[middle] <= temp:
            low = middle
        else:
            high = middle
    return _along(temp, time, low, row, share, curve)


@device
def _along(temp, time, k, row, share, curve):
    """Return the temperature after `time`, from `temp` between the knots `k` and `k` + 1."""
    while True:
        t0, t1 = curve.temp[k], curve.temp[k + 1]
        f0 = (1.0 - share) * curve.net[row, k] + share * curve.net[row + 1, k]
        f1 = (1.0 - share) * curve.net[row, k + 1] + share * curve.net[row + 1, k + 1]
        slope = (f1 - f0) / (t1 - t0)
        f = f0 + slope * (temp - t0)
        if f == 0.0:
            return temp
        edge, at_edge = (t0, f0) if f > 0.0 else (t1, f1)
        if f * at_edge > 0.0:
            bent = (at_edge - f) / f
            needed = (temp - edge) / f
            if abs(bent) > 1e-12:
                needed *= math.log1p(bent) / bent
            if needed < time:
                time -= needed
                temp = edge
                k += -1 if f > 0.0 else 1
                if k < 0 or k + 1 >= curve.temp.size:
                    return temp
                continue
        if abs(slope * time) < 1e-12:
            return temp - f * time
        return temp + f * math.expm1(-slope * time) / slope
