"""Rates between neighbouring ions, in cm^3/s, and cross-sections for light, in cm^2. Sources are
named in the files of `coefficients`.

An ion is given by its element and its number of electrons. Temperatures are in K, energies in eV.
"""

import numpy as np

from crmpi.analysis.ions.coefficients import of_ion

EV_IN_KELVIN = 11604.518
MEGABARN = 1e-18
MEAN_SPEED = 6.6929e7  # of electrons of 1 eV: sqrt(8 k T/(pi m_e)) in cm/s
_NODES, _WEIGHTS = np.polynomial.laguerre.laggauss(48)


def collisional(element, electrons, temp):
    """Return the rate at which a free electron knocks another one out of an ion (Dere 2007), summed
    over shells."""
    different, back = np.unique(temp, return_inverse=True)
    total = sum(_knocked_out(row, different) for row in of_ion("collisional", element, electrons))
    return total[back].reshape(np.shape(temp))


def _knocked_out(row, temp):
    """Return the mean of cross-section times speed over the electrons faster than the edge."""
    edge, hot = row["edge_eV"], temp / EV_IN_KELVIN
    u = 1.0 + np.multiply.outer(hot, _NODES) / edge
    spline = natural_spline(row["u"], row["s"], 1.0 - np.log(row["f"]) / np.log(u - 1.0 + row["f"]))
    energy_times_section = 1e-14 * spline * (1.0 + np.log(u)) / edge
    return MEAN_SPEED * np.sqrt(hot) * (energy_times_section @ _WEIGHTS) / hot * np.exp(-edge / hot)


def natural_spline(x, y, at):
    """Return the cubic spline through (x, y) without curvature at its ends."""
    gaps, slopes = np.diff(x), np.diff(y) / np.diff(x)
    matrix, right = np.eye(len(x)), np.zeros(len(x))
    for k in range(1, len(x) - 1):
        matrix[k, k - 1 : k + 2] = gaps[k - 1], 2.0 * (gaps[k - 1] + gaps[k]), gaps[k]
        right[k] = 6.0 * (slopes[k] - slopes[k - 1])
    bend = np.linalg.solve(matrix, right)
    k = np.clip(np.searchsorted(x, at, side="right") - 1, 0, len(x) - 2)
    t = at - x[k]
    start = slopes[k] - gaps[k] * (2.0 * bend[k] + bend[k + 1]) / 6.0
    return y[k] + t * (start + t * (0.5 * bend[k] + t * (bend[k + 1] - bend[k]) / (6.0 * gaps[k])))


def recombination(element, electrons, temp):
    """Return the rate at which an ion with `electrons` electrons captures one more, with light or
    dielectronic (Badnell 2006 ...)."""
    return _radiative(element, electrons, temp) + _dielectronic(element, electrons, temp)


def _radiative(element, electrons, temp):
    (row,) = of_ion("radiative", element, electrons)
    b = row["B"] + row["C"] * np.exp(-row["T2_K"] / temp)
    s0, s1 = np.sqrt(temp / row["T0_K"]), np.sqrt(temp / row["T1_K"])
    return row["A"] / (s0 * (1.0 + s0) ** (1.0 - b) * (1.0 + s1) ** (1.0 + b))


def _dielectronic(element, electrons, temp):
    terms = of_ion("dielectronic", element, electrons)
    total = sum((row["c"] * np.exp(-row["E_K"] / temp) for row in terms), np.zeros_like(temp))
    return np.maximum(total, 0.0) * temp**-1.5  # some terms are negative, and a fit may undershoot


def exchange(direction, element, electrons, temp):
    """Return the rate at which an ion loses an electron to H+ ("lose"), or at which its next ion
    takes one from H ("take").

    `electrons` is in both cases the number of the ion with more of them. Kingdon & Ferland 1996.
    """
    for row in of_ion("exchange", element, electrons, direction=direction):
        t = np.clip(temp / 1e4, row["t_min"], row["t_max"])
        rate = (
            row["a"]
            * 1e-9
            * t ** row["b"]
            * (1.0 + row["c"] * np.exp(row["d"] * t))
            * np.exp(-row["barrier"] * 1e4 / temp)
        )
        return np.maximum(rate, 0.0)
    return np.zeros_like(temp)


def cross_section(element, electrons, energy):
    """Return the cross-section for the loss of an electron to a photon, summed over shells.

    Verner et al. 1996 up to the edge of the next shell, Verner & Yakovlev 1995 above it.
    """
    total = np.zeros_like(energy)
    for row in of_ion("photo", element, electrons):
        outer = (energy >= row["threshold_eV"]) & (energy <= row["max_eV"])
        total[outer] += _outer_shell(row, energy[outer])
        for shell in of_ion("shells", element, electrons):
            open_shell = (energy > row["max_eV"]) & (energy >= shell["threshold_eV"])
            total[open_shell] += _one_shell(shell, energy[open_shell])
    return total * MEGABARN


def _outer_shell(row, energy):
    x = energy / row["E0_eV"] - row["y0"]
    y = np.hypot(x, row["y1"])
    peak = (x - 1.0) ** 2 + row["yw"] ** 2
    return (
        row["sigma0_Mb"]
        * peak
        * y ** (0.5 * row["P"] - 5.5)
        * (1.0 + np.sqrt(y / row["ya"])) ** -row["P"]
    )


def _one_shell(row, energy):
    y = energy / row["E0_eV"]
    peak = (y - 1.0) ** 2 + row["yw"] ** 2
    return (
        row["sigma0_Mb"]
        * peak
        * y ** (0.5 * row["P"] - 5.5 - row["l"])
        * (1.0 + np.sqrt(y / row["ya"])) ** -row["P"]
    )
