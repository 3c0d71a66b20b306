"""Exact Riemann problem of ideal gas with adiabatic cosmic rays (Pfrommer et al. 2006, appendix B);
without cosmic rays, the classical one.

Cosmic rays move with the gas and are compressed adiabatically everywhere, also in shocks: P ~
rho^gamma_cr.
"""

from typing import NamedTuple

import numpy as np

from crmpi.exact.roots import bisect

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(40)


class Gammas(NamedTuple):
    """Adiabatic indices of gas and cosmic rays."""

    gas: float = 5 / 3
    cr: float = 4 / 3


class State(NamedTuple):
    """Gas on one side of the diaphragm: density, velocity along the tube, gas pressure, cosmic-ray
    pressure."""

    dens: float
    vel: float
    press: float
    pcr: float = 0.0

    def adiabat(self, dens, g):
        """Return the gas and cosmic-ray pressure at density `dens` on the adiabat of this state."""
        ratio = dens / self.dens
        return self.press * ratio**g.gas, self.pcr * ratio**g.cr

    def sound_speed(self, dens, g):
        """Return the sound speed at density `dens` on the adiabat of this state."""
        press, pcr = self.adiabat(dens, g)
        return np.sqrt((g.gas * press + g.cr * pcr) / dens)

    def riemann_integral(self, dens, g):
        """Return the integral of c d(ln rho) from `dens` to the density of this state: the velocity
        gained in a rarefaction."""
        span = np.log(self.dens / np.asarray(dens, float))
        logs = np.log(dens)[..., None] + 0.5 * span[..., None] * (1 + _NODES)
        return 0.5 * span * (self.sound_speed(np.exp(logs), g) @ _WEIGHTS)


class Side(NamedTuple):
    """The wave between an undisturbed state and the contact, in the mirror frame where it moves
    towards -x.

    ``head`` and ``tail`` are its speeds (equal in a shock); dens, press, pcr are those behind it,
    vel is the velocity of the contact.
    """

    shock: bool
    head: float
    tail: float
    dens: float
    vel: float
    press: float
    pcr: float


def _shocked_density(state, total, g):
    """Return the density behind a shock that raises the total pressure to `total`: the Hugoniot
    curve of gas and cosmic rays."""
    p1 = state.press + state.pcr
    energy1 = (state.press / (g.gas - 1) + state.pcr / (g.cr - 1)) / state.dens

    def residual(dens):
        pcr = state.pcr * (dens / state.dens) ** g.cr
        energy = ((total - pcr) / (g.gas - 1) + pcr / (g.cr - 1)) / dens
        return energy - energy1 - 0.5 * (total + p1) * (1 / state.dens - 1 / dens)

    limit = (min(g) + 1) / (min(g) - 1)
    if state.pcr > 0:  # all of the pressure behind in cosmic rays bounds the compression
        limit = min(limit, (total / state.pcr) ** (1 / g.cr))
    return float(bisect(residual, state.dens, state.dens * limit))


def _wave(state, total, g):
    """Return the `Side` left of the contact whose total pressure is `total`."""
    p1 = state.press + state.pcr
    if total > p1:
        dens = _shocked_density(state, total, g)
        flux = np.sqrt((total - p1) / (1 / state.dens - 1 / dens))
        pcr = state.pcr * (dens / state.dens) ** g.cr
        speed = state.vel - flux / state.dens
        return Side(True, speed, speed, dens, state.vel - (total - p1) / flux, total - pcr, pcr)
    dens = float(
        bisect(
            lambda d: sum(state.adiabat(d, g)) - total,
            state.dens * (total / p1) ** (1 / min(g)) / 2,
            state.dens,
        )
    )
    vel = state.vel + float(state.riemann_integral(dens, g))
    head, tail = state.vel - state.sound_speed(state.dens, g), vel - state.sound_speed(dens, g)
    return Side(False, head, tail, dens, vel, *state.adiabat(dens, g))


def _mirror(state):
    return state._replace(vel=-state.vel)


class RiemannFan:
    """Self-similar solution for two states.

    Parameters
    ----------
    left, right : State
    gammas : Gammas

    Attributes
    ----------
    total, vel : float
        total pressure and velocity at the contact
    left_side, right_side : Side
        the two waves; those of the right side are in its mirror frame (velocities change sign)

    Raises
    ------
    ValueError
        if the states fly apart fast enough to leave a vacuum
    """

    def __init__(self, left, right, gammas=None):
        self.left, self.right, self.g = left, right, gammas or Gammas()

        def approach(log_total):
            total = np.exp(float(log_total))
            return _wave(left, total, self.g).vel + _wave(_mirror(right), total, self.g).vel

        pressures = [state.press + state.pcr for state in (left, right)]
        impact = max(left.dens, right.dens) * (left.vel - right.vel) ** 2
        lower, upper = np.log(1e-12 * min(pressures)), np.log(10 * (max(pressures) + impact))
        if approach(lower) <= 0:
            raise ValueError("the states fly apart: a vacuum opens between them")
        self.total = float(np.exp(bisect(approach, lower, upper)))
        self.left_side = _wave(left, self.total, self.g)
        self.right_side = _wave(_mirror(right), self.total, self.g)
        self.vel = 0.5 * (self.left_side.vel - self.right_side.vel)

    def sample(self, xi):
        """Return dens, vel, press, pcr (arrays) on the rays x/t = `xi`."""
        xi = np.asarray(xi, float)
        left = self._sample_side(self.left, self.left_side, xi)
        right = self._sample_side(_mirror(self.right), self.right_side, -xi)
        right[1] = -right[1]
        return tuple(np.where(xi < self.vel, a, b) for a, b in zip(left, right, strict=True))

    def _sample_side(self, state, side, xi):
        fan = np.clip(xi, side.head, side.tail)
        if side.shock:
            dens, vel, press, pcr = (np.full(xi.shape, q) for q in side[3:])
        else:
            dens = bisect(
                lambda d: (
                    state.vel
                    + state.riemann_integral(d, self.g)
                    - state.sound_speed(d, self.g)
                    - fan
                ),
                np.full(xi.shape, side.dens * (1 - 1e-9)),
                state.dens * (1 + 1e-9),
            )
            vel = state.vel + state.riemann_integral(dens, self.g)
            press, pcr = state.adiabat(dens, self.g)
        ahead = xi < side.head
        return [
            np.where(ahead, before, behind)
            for before, behind in zip(state, (dens, vel, press, pcr), strict=True)
        ]
