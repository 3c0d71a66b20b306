"""Ionisation balance of hydrogen and helium: the one place that says how neutral a gas is.

Electrons knock atoms apart with the rate beta(T) n_e and recombine with alpha(T) n_e; light and
cosmic rays add the rate zeta:

    x n_e alpha = (1 - x) (n_e beta + zeta),    n_e = x n_H with x of hydrogen

Electrons of helium and metals are left out of n_e (less than a sixth of all). Fits of Hui & Gnedin
(1997, MNRAS 292, 27, appendix A), case A. Molecules are not counted: they are neutral.
"""

import numpy as np

_HYDROGEN, _HELIUM = 157807.0, 285335.0  # ionisation thresholds of H I and He I, K
_COLDEST, _HOTTEST = 10.0, 1e9  # range of the fits, K
_FEWEST_ELECTRONS = 1e-10  # per hydrogen nucleus: keeps 0/0 away where nothing ionises


def hydrogen_recombination(temp):
    """Return alpha of H II in cm^3/s."""
    x = np.log(2.0 * _HYDROGEN / temp)
    return 1.269e-13 * np.exp(1.503 * x - 1.923 * _rise(x, 0.522, 0.470))


def hydrogen_collisions(temp):
    """Return beta of H I in cm^3/s."""
    return _collisions(temp, _HYDROGEN, 21.11, 1.089, (0.354, 0.874, 1.101))


def helium_recombination(temp):
    """Return alpha of He II in cm^3/s, without the dielectronic part, which matters where no He I
    is left."""
    return 3.0e-14 * (2.0 * _HELIUM / temp) ** 0.654


def helium_collisions(temp):
    """Return beta of He I in cm^3/s."""
    return _collisions(temp, _HELIUM, 32.38, 1.146, (0.416, 0.987, 1.056))


def _collisions(temp, threshold, size, slope, bend):
    """Return size T^-1.5 exp(-x/2) x^-slope/(1 + (x/a)^b)^c with x = 2 threshold/T and (a, b, c) =
    bend."""
    x = np.log(2.0 * threshold / temp)
    return size * np.exp(
        -1.5 * np.log(temp) - threshold / temp - slope * x - bend[2] * _rise(x, *bend[:2])
    )


def _rise(log_x, pivot, power):
    """Return ln(1 + (x/pivot)^power): sums of logarithms take a third of the time of powers."""
    return np.log(1.0 + np.exp(power * (log_x - np.log(pivot))))


def neutral_hydrogen(nh, temp, zeta=0.0):
    """Return the neutral share of hydrogen, n(H I)/n(H): smooth, falls with `temp` and `zeta`.

    Parameters
    ----------
    nh : array
        hydrogen nuclei per cm^3, X rho/m_p
    temp : array
        temperature, K
    zeta : array or float
        rate at which light and cosmic rays ionise an atom, 1/s
    """
    temp = np.clip(temp, _COLDEST, _HOTTEST)
    up, down = hydrogen_collisions(temp) * nh, hydrogen_recombination(temp) * nh
    # root of x^2 (up + down) - x (2 down + up + zeta) + down = 0 without differences of large
    # numbers
    return 2.0 * down / (2.0 * down + up + zeta + np.sqrt((up + zeta) ** 2 + 4.0 * down * zeta))


def neutral_helium(nh, temp, hydrogen, zeta=0.0):
    """Return n(He I)/n(He) in gas with the neutral share `hydrogen`; light and cosmic rays ionise
    it as fast as hydrogen."""
    temp = np.clip(temp, _COLDEST, _HOTTEST)
    electrons = nh * np.maximum(1.0 - hydrogen, _FEWEST_ELECTRONS)
    up, down = helium_collisions(temp) * electrons, helium_recombination(temp) * electrons
    return down / (down + up + zeta)


def rahmati2013(nh, temp, rate, mean_cross_section):
    """Return the share of the photo-ionisation rate of H I that is left at a density.

    Rahmati et al. 2013, MNRAS 430, 2427, equations 13 and 14, with their cosmic share of baryons of
    0.17.

    Parameters
    ----------
    nh, temp : arrays
        hydrogen nuclei per cm^3, K
    rate : float
        rate in the open, 1/s
    mean_cross_section : float
        of hydrogen, averaged over the spectrum, cm^2
    """
    threshold = (
        6.73e-3
        * (mean_cross_section / 2.49e-18) ** (-2.0 / 3.0)
        * (temp / 1e4) ** 0.17
        * (rate / 1e-12) ** (2.0 / 3.0)
    )
    x = nh / threshold
    return 0.98 * np.exp(-2.28 * _rise(np.log(x), 1.0, 1.64)) + 0.02 * np.exp(
        -0.84 * np.log(1.0 + x)
    )
