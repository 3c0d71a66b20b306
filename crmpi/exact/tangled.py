"""A tangled magnetic field: random waves of all directions, as a vector potential."""

import math

import numpy as np

from crmpi.numerics.counter_random import uniform_pair


def draw_waves(number, b_rms, longest, seed=7):
    """Return random transverse waves of A whose curls add up to `b_rms`.

    Parameters
    ----------
    number : int
    b_rms : float
        root mean square of |B| far from any edge
    longest : float
        longest wave; the shortest is a third of it, lengths are even in their logarithm
    seed : int

    Returns
    -------
    list of (k, amplitude of A, phase)
        arrays (3,) and a number; directions cover the sphere, k and the amplitude are at right
        angles
    """
    n = np.arange(number)
    (u1, u2), (u3, u4), (u5, _) = (uniform_pair(seed, n, stream) for stream in range(3))
    length = longest * 3.0**-u5
    cosine, angle = 2.0 * u1 - 1.0, 2.0 * math.pi * u2
    sine = np.sqrt(1.0 - cosine**2)
    along = np.stack([sine * np.cos(angle), sine * np.sin(angle), cosine], axis=1)
    side = np.stack([-np.sin(angle), np.cos(angle), 0.0 * angle], axis=1)
    turn = 2.0 * math.pi * u3[:, None]
    across = np.cos(turn) * side + np.sin(turn) * np.cross(along, side)
    k = 2.0 * math.pi / length[:, None] * along
    size = b_rms * math.sqrt(2.0 / number) * length[:, None] / (2.0 * math.pi)  # B^2 is (k A)^2/2
    return list(zip(k, size * across, 2.0 * math.pi * u4, strict=True))


def potential(waves, x1, x2, x3):
    """Return [A1, A2, A3] of `waves` at the positions (arrays that broadcast together)."""
    shape = np.broadcast_shapes(np.shape(x1), np.shape(x2), np.shape(x3))
    components = [np.zeros(shape) for _ in range(3)]
    for k, amplitude, phase in waves:
        wave = np.cos(k[0] * x1 + k[1] * x2 + k[2] * x3 + phase)
        for component, size in zip(components, amplitude, strict=True):
            component += size * wave
    return components
