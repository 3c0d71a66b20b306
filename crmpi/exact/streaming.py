"""Cosmic-ray streaming at the Alfven speed in gas at rest."""

import math

import numpy as np

from crmpi.exact.roots import bisect


def triangle_plateau(t, va=1.0):
    """Return (height, half width) of the plateau that grows in the streaming triangle e = max(2 -
    |x|, 0).

    Down its gradient e moves with f = (4/3) e v_A while it loses v_A grad P, so the wings run
    outwards at v_A unchanged; the peak flattens because the flux is continuous and the energy
    inside is conserved up to what the wings lose. With s = 2 + v_A t and u = x_m/s the plateau
    obeys (4 + 3u)^4 (1 - u)^3 = 256 (2/s)^7, e = s (1 - u) (Jiang & Oh 2018, sec. 4.1.2 in closed
    form).
    """
    if t == 0:
        return 2.0, 0.0
    s = 2 + va * t
    u = float(bisect(lambda u: (4 + 3 * u) ** 4 * (1 - u) ** 3 - 256 * (2 / s) ** 7, 0.0, 1.0))
    return s * (1 - u), s * u


def triangle(x, t, va=1.0):
    """Return e(x, t) of the streaming triangle (see `triangle_plateau`)."""
    height, half_width = triangle_plateau(t, va)
    wings = np.maximum(2 + va * t - np.abs(x), 0.0)
    return np.where(np.abs(x) < half_width, height, wings)


def bottleneck(dens, peak, ecr):
    """Return the steady e(x) behind a bottleneck of the Alfven speed, for a uniform field,
    streaming towards +x.

    e v_A^(4/3) is constant where the cosmic rays stream, so they cannot stream where v_A falls: e
    is flat up to the density maximum (Wiener, Pfrommer & Oh 2017; Jiang & Oh 2018, sec. 4.2.1).

    Parameters
    ----------
    dens : array
        gas density; along the direction of streaming `peak` says which cells lie before its maximum
    peak : array of bool
        True up to the density maximum
    ecr : float
        energy density held at the source
    """
    return np.where(peak, ecr, ecr * (dens / np.max(dens)) ** (2 / 3))


def regularised_bottleneck(speed, dx, length, ecr, gamma_cr=4 / 3, wave_share=1.0):
    """Return the steady e behind a bottleneck when cosmic rays stream with v tanh(u), u = L
    |e_x|/e, and leave freely at the upper end.

    With e_x = -u e/L the steady equation of the energy becomes (ln tanh u)_x = (1 - s (gamma_cr -
    1)/gamma_cr) u/L - (ln v)_x, with s the speed of the waves over v, to be integrated downwards
    from u -> infinity at the free end; backward differences are stable where u is large. First
    order in `dx`; infinitely long L and s = 1 give `bottleneck`.

    Parameters
    ----------
    speed : array
        streaming speed v at equally spaced points, the first of which is the source
    dx, length : float
        distance of the points, regularisation length L
    ecr : float
        energy density held at the source
    wave_share : float
        s: 1 unless cosmic rays stream faster than the waves
    """
    steps = np.diff(np.log(speed))
    pull = dx * (gamma_cr - (gamma_cr - 1.0) * wave_share) / (gamma_cr * length)
    u, log_e = 30.0, np.zeros(len(speed))
    for i in range(len(speed) - 2, -1, -1):
        target = _log_tanh(u) + steps[i]
        u = _inverse(target, pull)
        log_e[i] = log_e[i + 1] + dx * u / length
    return ecr * np.exp(log_e - log_e[0])


def _log_tanh(u):
    """Return ln tanh u without loss of digits at large u."""
    return (
        math.log(math.tanh(u))
        if u < 0.5
        else math.log1p(-2.0 / (math.exp(min(2.0 * u, 700.0)) + 1.0))
    )


def _inverse(target, pull):
    """Return the u with ln tanh u + pull u = target, by bisection in ln u."""
    low, high = -60.0, math.log(max(target, 0.0) / pull + 40.0)
    for _ in range(60):
        middle = 0.5 * (low + high)
        u = math.exp(middle)
        low, high = (low, middle) if _log_tanh(u) + pull * u > target else (middle, high)
    return math.exp(high)
