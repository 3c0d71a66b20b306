"""Diffusion through a medium of two phases, kappa_strong in patches and kappa_weak between them:
what is known exactly.

Patches are spheres (discs, segments) whose centres are a Poisson process: a Boolean model. A
straight field line sees a one-dimensional random medium. There the resistances 1/kappa add up, so
at late times kappa is the harmonic mean, however rare the patches are. Transport that is free to go
around them feels them far less; the bounds of Hashin & Shtrikman (1962, J. Appl. Phys. 33, 3125)
hold for it.
"""

import numpy as np


def harmonic_mean(strong, weak, filling):
    """Return the kappa of resistances in series; `filling` is the share of `strong`."""
    return 1.0 / (filling / strong + (1.0 - filling) / weak)


def isotropic_bounds(strong, weak, filling, dimensions):
    """Return the smallest and the largest kappa of a statistically isotropic medium of two phases
    in 2 or 3 dimensions."""
    step = weak - strong
    smallest = strong + (1.0 - filling) / (1.0 / step + filling / (dimensions * strong))
    largest = weak + filling / (-1.0 / step + (1.0 - filling) / (dimensions * weak))
    return smallest, largest


def overlap(distance, radius, dimensions):
    """Return the volume (area, length) common to two equal spheres whose centres are `distance`
    apart."""
    h, twice = np.minimum(distance, 2.0 * radius), 2.0 * radius
    if dimensions == 1:
        return twice - h
    if dimensions == 2:
        return 2.0 * radius**2 * np.arccos(h / twice) - 0.5 * h * np.sqrt(twice**2 - h**2)
    return np.pi / 12.0 * (2.0 * twice + h) * (twice - h) ** 2


def resistance_length(strong, weak, filling, radius, dimensions):
    """Return the integral over a line of the correlation of kappa_harmonic/kappa - 1: the length
    over which resistance fluctuates."""
    density = -np.log1p(-filling) / overlap(0.0, radius, dimensions)
    distance = np.linspace(0.0, 2.0 * radius, 4001)
    covariance = (1.0 - filling) ** 2 * np.expm1(density * overlap(distance, radius, dimensions))
    contrast = harmonic_mean(strong, weak, filling) * (1.0 / strong - 1.0 / weak)
    return 2.0 * contrast**2 * np.trapezoid(covariance, distance)


def late_excess(length, kappa, time):
    """Return kappa(t)/kappa_harmonic - 1 of the growth of variance at late times, mean over many
    places of the start.

    On scales far above `length` (see `resistance_length`) the medium has the conductivity kappa (1
    - weak noise). To second order in the noise the Laplace transform of the running diffusion
    coefficient is kappa (1 + length sqrt(s/kappa)/2), which is this long tail ~ t^(-1/2) (its
    exponent for one dimension: Ernst, Machta, Dorfman & van Beijeren 1984, J. Stat. Phys. 34, 477,
    recalled).
    """
    return 0.5 * length / np.sqrt(np.pi * kappa * time)


def scatter(length, spread):
    """Return the relative standard deviation of kappa felt by a pulse of standard deviation
    `spread` on one field line, first order.

    The mean of S with (kappa S')' = 1 grows by 1 per unit of time; to first order in the noise of
    the resistance the growth of variance then samples it with the weight (x/spread)^2 g, g the
    Gaussian of the pulse: the variance is length x the integral of the weight squared. Noise that
    is not weak scatters more: sparse patches of high contrast by several times.
    """
    return np.sqrt(0.75 * length / (2.0 * np.sqrt(np.pi) * spread))
