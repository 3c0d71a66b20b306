"""The strong point explosion in uniform gas (Sedov 1946; Landau & Lifshitz, Fluid Mechanics,
section 106)."""

import numpy as np


def effective_gamma(share):
    """Return the adiabatic index (5 + 3w)/(3 (1 + w)) of gas (5/3) with the share w of the pressure
    in cosmic rays (4/3).

    From energy per pressure, 1/(gamma - 1) = (1 - w) 3/2 + 3w.
    """
    return (5 + 3 * share) / (3 * (1 + share))


class Sedov:
    """Self-similar profiles for one adiabatic index gamma < 7.

    R = (E/(alpha rho))^(1/5) t^(2/5). With v = (2/5)(r/t) V and c^2 = (4/25)(r/t)^2 Z the integral
    of energy is Z = gamma (gamma - 1)(1 - V) V^2/(2 (gamma V - 1)); V runs from 1/gamma at the
    centre to 2/(gamma + 1) at the shock.

    Attributes
    ----------
    alpha : float
        E t^2/(rho R^5)
    """

    def __init__(self, gamma, points=20000):
        self.gamma = gamma
        span = 2 / (gamma + 1) - 1 / gamma
        # dense towards the centre, where xi goes to zero as a small power of V - 1/gamma
        excess = span * np.linspace(0.0, 1.0, points) ** 8
        self.vel = 1 / gamma + excess
        self.xi, self.dens = self._profiles(excess)
        # rho Z/(gamma (gamma - 1))
        pressure = self.dens[1:] / excess[1:] * (1 - self.vel[1:]) * self.vel[1:] ** 2 / (2 * gamma)
        density = 0.5 * self.dens[1:] * self.vel[1:] ** 2 + pressure
        # the centre holds nothing
        energy = np.sum(0.5 * (density[1:] + density[:-1]) * np.diff(self.xi[1:] ** 5)) / 5
        self.alpha = 16 * np.pi / 25 * energy

    def _profiles(self, excess):
        """Return r/R and rho/rho_0 as functions of V = 1/gamma + excess."""
        g = self.gamma
        nu1 = -(13 * g**2 - 7 * g + 12) / ((3 * g - 1) * (2 * g + 1))
        nu4, nu5 = -nu1 / (2 - g), -2 / (2 - g)
        inner = (g + 1) / (g - 1) * g * excess
        middle = (g + 1) / (7 - g) * (5 - (3 * g - 1) * self.vel)
        outer = (g + 1) / (g - 1) * (1 - self.vel)
        xi5 = (0.5 * (g + 1) * self.vel) ** -2 * middle**nu1 * inner ** (5 * (g - 1) / (2 * g + 1))
        dens = (g + 1) / (g - 1) * inner ** (3 / (2 * g + 1)) * middle**nu4 * outer**nu5
        return xi5**0.2, dens

    def radius(self, energy, dens, t):
        """Return the radius of the shock."""
        return (energy / (self.alpha * dens)) ** 0.2 * t**0.4

    def density(self, r, shock):
        """Return rho/rho_0 at radius `r` when the shock is at `shock`."""
        return np.where(r < shock, np.interp(r / shock, self.xi, self.dens), 1.0)

    def radius_of_momentum(self, momentum, dens, t):
        """Return the radius of the explosion whose radial momentum, the integral of rho v over all
        directions, is `momentum`."""
        rate = self.dens * self.vel * self.xi**3
        integral = np.sum(0.5 * (rate[1:] + rate[:-1]) * np.diff(self.xi))
        return (momentum * t / (1.6 * np.pi * dens * integral)) ** 0.25
