"""Sound in gas that is heated by streaming cosmic rays: linear waves on a background that streams
towards +x.

Cosmic rays stream down their gradient, so waves are linear only if a gradient of the background
keeps the direction of streaming. The background here is an exact solution without any forces:
uniform density, field along x, gas at rest, P falls as -G x and the gas pressure rises as +G x. The
cosmic rays move with v_A, P(x - v_A t), and heat the gas; both pressures rise evenly, so nothing is
pushed. Over a wavelength and a period P changes by G/k and G v_A/omega; the matrices are those of
the local state and exact to first order in G/(k P).
"""

from typing import NamedTuple

import numpy as np

DENS, VEL, PRESS, PCR, FCR = range(5)


class Background(NamedTuple):
    """Density, gas pressure, cosmic-ray pressure, Alfven speed, gradient G = -P_x > 0, and the
    adiabatic indices."""

    dens: float
    press: float
    pcr: float
    va: float
    gradient: float
    gamma: float = 5 / 3
    gamma_cr: float = 4 / 3


def background_state(x, t, background):
    """Return (Pg, P, f) of the background at position `x` and time `t`; `background` holds the
    state at x = t = 0."""
    g, va, gamma_cr = background.gradient, background.va, background.gamma_cr
    pcr = background.pcr - g * (x - va * t)
    press = background.press + g * x + (background.gamma - 1) * va * g * t
    return press, pcr, va * gamma_cr / (gamma_cr - 1) * pcr


def streaming_matrix(k, background):
    """Return the matrix M of d/dt (rho, v, Pg, P) = M (rho, v, Pg, P) for modes exp(i k x) where P
    streams with v_A(rho) towards +x.

    P_t = -v P_x - gamma_cr P v_x - v_A P_x - gamma_cr P (v_A)_x, and the gas gains -v_A P_x.
    """
    dens, press, pcr, va, g, gamma, gamma_cr = background
    ik = 1j * k
    slower = -0.5 * va / dens  # change of v_A with density, at fixed B
    matrix = np.zeros((4, 4), complex)
    matrix[DENS, VEL] = -ik * dens
    matrix[VEL, PRESS] = matrix[VEL, PCR] = -ik / dens
    heating = np.array([g * slower, 0, 0, -ik * va])
    matrix[PRESS] = (gamma - 1) * heating
    matrix[PRESS, VEL] += -g - ik * gamma * press
    matrix[PCR] = np.array(
        [(g - ik * gamma_cr * pcr) * slower, g - ik * gamma_cr * pcr, 0, -ik * va]
    )
    return matrix


def two_moment_streaming_matrix(k, vmax, background):
    """Return the matrix of `streaming_matrix` for (rho, v, Pg, P, f) at finite Vm: f relaxes to v_A
    (e + P) at the rate Vm^2 G/f.

    f_t/Vm^2 + P_x = -sigma f with sigma = |P_x|/(v_A (e + P)); the gas feels sigma f instead of
    -P_x, and gains v_A sigma f. The part of f that does not follow P, which in the limit is P times
    the change of v_A, is taken to vary along the tube as P does.
    """
    dens, press, pcr, va, g, gamma, gamma_cr = background
    ik, enthalpy = 1j * k, gamma_cr / (gamma_cr - 1)
    slower, flux = -0.5 * va / dens, va * enthalpy * pcr
    excess = g * np.array([-slower / va, 0, 0, -1 / pcr, 1 / flux])  # of sigma f over -P_x
    force = excess + np.array([0, 0, 0, -ik, 0])
    heating = va * force + np.array([g * slower, 0, 0, 0, 0])
    matrix = np.zeros((5, 5), complex)
    matrix[DENS, VEL] = -ik * dens
    matrix[VEL] = force / dens
    matrix[VEL, PRESS] -= ik / dens
    matrix[PRESS] = (gamma - 1) * heating
    matrix[PRESS, VEL] += -g - ik * gamma * press
    matrix[PCR] = -(gamma_cr - 1) * heating
    matrix[PCR, VEL] += g - ik * gamma_cr * pcr
    matrix[PCR, PCR] -= (gamma_cr - 1) * g * va * enthalpy / pcr
    matrix[PCR, FCR] -= (gamma_cr - 1) * (ik - g / pcr)
    matrix[FCR] = -(vmax**2) * excess
    matrix[FCR, VEL] += enthalpy * va * g - ik * flux
    return matrix


def growing_and_damped(matrix):
    """Return the roots s with the largest and the smallest real part: where sound and drifting
    cosmic rays meet they form such a pair."""
    roots = np.linalg.eigvals(matrix)
    return roots[np.argmax(roots.real)], roots[np.argmin(roots.real)]


def mode_nearest(matrix, s):
    """Return (root, amplitudes, projector) of the mode whose root is nearest to `s`; amplitudes
    scaled to a velocity of 1.

    The scalar product of `projector` and any state is the amount of this mode in it.
    """
    roots, vectors = np.linalg.eig(matrix)
    vectors = vectors / vectors[VEL]
    which = np.argmin(np.abs(roots - s))
    return roots[which], vectors[:, which], np.linalg.inv(vectors)[which]
