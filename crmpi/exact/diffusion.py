"""Diffusion of cosmic rays along the field in closed form."""

import numpy as np


def gaussian(distance, rate, kappa, t):
    """Return exp(-rate d^2) after a time `t` of diffusion in one dimension, at `distance` d from
    its centre."""
    spread = 1 + 4 * rate * kappa * t
    return np.exp(-rate * distance**2 / spread) / np.sqrt(spread)


def arc(angle, half_width, kappa_t, modes=200):
    """Return a top-hat of height 1 on a circle, abs(angle) < half_width, after diffusion.

    Parameters
    ----------
    angle : array
        position on the circle, rad
    half_width : float
        rad
    kappa_t : array or float
        kappa t/r^2 of every point; broadcast with `angle`
    modes : int
        terms of the series; at kappa_t = 0 the edges are smeared over pi/modes
    """
    angle, kappa_t = np.broadcast_arrays(angle, kappa_t)
    total = np.full(angle.shape, half_width / np.pi)
    for m in range(1, modes + 1):
        weight = 2 / (m * np.pi) * np.sin(m * half_width)
        total += weight * np.cos(m * angle) * np.exp(-(m**2) * kappa_t)
    return total
