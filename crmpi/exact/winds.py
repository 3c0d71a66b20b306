"""Steady spherical winds of isothermal gas driven by cosmic rays (Quataert, Thompson & Jiang 2022
a, b, MNRAS 510, 1184; 510, 920).

Units: base radius, density and gas sound speed are 1; the cosmic-ray pressure at the base is P0;
the potential is vg^2 ln r.

    r^2 rho v = M                 v v' = -(rho' + P')/rho - vg^2/r
    diffusion    [r^2 (4 P v - 3 kappa P')]' = r^2 v P'
    streaming    [r^2 4 P (v + v_A)]' = r^2 (v + v_A) P',   v_A = alfven/(r^2 sqrt(rho)): a field B
                 ~ r^-2

The wind is the solution that passes through its sonic point.
"""

import math

import numpy as np

from crmpi.exact.collocation import solve_boundary_problem

_NODES = 80
_START = (6.0, 10.0)  # vg and kappa of a wind that is found from a crude guess
_STRIDE = (1.1, 1.3)  # largest factors from one wind to the next on the way to others
_NEAR = 1e-6  # distance of v from 1 where the slope is that at the sonic point


class DiffusiveWind:
    """The wind with diffusion, from r = 1 to `outer`; there the diffusive flux has faded, and P is
    adiabatic.

    Attributes
    ----------
    mdot : float
        M; the mass-loss rate is 4 pi M
    r_sonic, rho_sonic : float
        where v is the sound speed of the gas

    Raises
    ------
    ArithmeticError
        the wind is not found, which happens where kappa < 2: its diffusive flux fades over a few
        cells of the collocation
    """

    def __init__(self, vg, kappa, p0=1.0, outer=20.0):
        self.p0, self.outer = p0, outer
        self._t = np.linspace(0.0, 1.0, _NODES)
        self.vg, self.kappa = _START
        y, p = self._guess()
        while True:
            y, p = solve_boundary_problem(self._rhs, self._conditions, self._t, y, p)
            if (self.vg, self.kappa) == (vg, kappa):
                break
            self.vg, self.kappa = (
                now * min(max(goal / now, 1.0 / most), most)
                if abs(goal / now - 1.0) > 1e-3
                else goal
                for now, goal, most in ((self.vg, vg, _STRIDE[0]), (self.kappa, kappa, _STRIDE[1]))
            )
        self._y, (self.mdot, self._log_sonic) = y, (float(p[0]), float(p[1]))
        self.r_sonic, self.rho_sonic = (
            math.exp(self._log_sonic),
            self.mdot / math.exp(2.0 * self._log_sonic),
        )

    def at(self, r):
        """Return (density, velocity, cosmic-ray pressure) at radii from 1 to `outer`."""
        x = np.log(np.asarray(r, dtype=float))
        inner, span = x < self._log_sonic, math.log(self.outer) - self._log_sonic
        t = np.where(inner, x / self._log_sonic, (x - self._log_sonic) / span)
        slopes = self._rhs(self._t, self._y, (self.mdot, self._log_sonic))
        log_v, p = (
            np.where(inner, self._cubic(t, slopes, c), self._cubic(t, slopes, c + 3))
            for c in (0, 1)
        )
        velocity = np.exp(log_v)
        return self.mdot / (velocity * np.exp(2.0 * x)), velocity, p

    def _cubic(self, t, slopes, c):
        """Return component `c` between nodes: the cubic with the values and slopes of both."""
        i = np.clip(np.searchsorted(self._t, t, side="right") - 1, 0, _NODES - 2)
        h = self._t[i + 1] - self._t[i]
        s, y, d = (t - self._t[i]) / h, self._y[c], slopes[c]
        left = (1.0 + 2.0 * s) * (1.0 - s) ** 2 * y[i] + s * (1.0 - s) ** 2 * h * d[i]
        return left + s**2 * (3.0 - 2.0 * s) * y[i + 1] - s**2 * (1.0 - s) * h * d[i + 1]

    def _slopes(self, x, log_v, p, s, mdot):
        """Return the derivatives of (ln v, P, S = r^2 P') with respect to x = ln r; at v = 1 by
        l'Hopital's rule."""
        r, v, k = np.exp(x), np.exp(log_v), 4.0 * p / (3.0 * self.kappa)
        push = 2.0 - self.vg**2 - r * v * s / mdot
        linear, constant = (
            (r * s + r**3 * v * k) / mdot,
            r**2 * v * (s * v / self.kappa + 2.0 * r * v * k) / mdot + r * s * v / mdot,
        )
        sonic = 0.25 * (-linear + np.sqrt(np.maximum(linear**2 - 8.0 * constant, 0.0)))
        near = np.abs(v - 1.0) < _NEAR
        v_x = np.where(near, sonic, push / np.where(near, 1.0, v - 1.0 / v))
        return v_x / v, s / r, r * (s * v / self.kappa + k * (2.0 * r * v + r * v_x))

    def _rhs(self, t, y, p):
        """Return the slopes of the six unknowns: three from the base to the sonic point and three
        beyond, both over t from 0 to 1."""
        mdot, log_sonic = p
        span = math.log(self.outer) - log_sonic
        inner = self._slopes(t * log_sonic, y[0], y[1], y[2], mdot)
        beyond = self._slopes(log_sonic + t * span, y[3], y[4], y[5], mdot)
        return np.array([q * log_sonic for q in inner] + [q * span for q in beyond])

    def _conditions(self, a, b, p):
        mdot, log_sonic = p
        outermost = self._slopes(np.log(self.outer), b[3], b[4], b[5], mdot)
        adiabatic = b[5] / self.outer / b[4] + 4.0 / 3.0 * (2.0 + float(outermost[0]))
        sonic = 2.0 - self.vg**2 - math.exp(log_sonic) * b[2] / mdot
        return np.array(
            [
                a[0] - np.log(mdot),
                a[1] - self.p0,
                b[0],
                a[3],
                b[1] - a[4],
                b[2] - a[5],
                sonic,
                adiabatic,
            ]
        )

    def _guess(self):
        """Return a first guess, made for winds that leave soon and reach three times vg."""
        t, mdot, log_sonic, p_sonic = self._t, 0.09, 0.1, 0.7 * self.p0
        x = log_sonic + t * (math.log(self.outer) - log_sonic)
        p = p_sonic * np.exp(-8.0 / 3.0 * (x - log_sonic))
        speed = 1.0 + (2.8 * self.vg - 1.0) * (1.0 - np.exp(-3.0 * t))
        inner = [
            np.log(mdot) * (1.0 - t),
            self.p0 + (p_sonic - self.p0) * t,
            np.full_like(t, mdot * (2.0 - self.vg**2)),
        ]
        return np.array([*inner, np.log(speed), p, -8.0 / 3.0 * p * np.exp(x)]), np.array(
            [mdot, log_sonic]
        )


class StreamingWind:
    """The wind with streaming alone.

    P is a function of the density, P = P0 [(M + a)/(M/rho + a/sqrt(rho))]^(4/3), so Bernoulli's law
    holds. ``alfven``, a: the Alfven speed at the base; infinite for P = P0 rho^(2/3), the limit v
    << v_A. Attributes as of `DiffusiveWind`.
    """

    def __init__(self, vg, alfven=math.inf, p0=1.0):
        self.vg, self.alfven, self.p0 = vg, alfven, p0
        low, high = -40.0, math.log(0.3)
        for _ in range(60):  # what Bernoulli's law demands at the base grows with M
            middle = 0.5 * (low + high)
            low, high = (middle, high) if self._excess(math.exp(middle)) < 0.0 else (low, middle)
        self.mdot = math.exp(0.5 * (low + high))
        self._excess(self.mdot)

    def at(self, r):
        """Return (density, velocity, cosmic-ray pressure) at radii `r`: subsonic inside of the
        sonic point, supersonic outside."""
        r = np.asarray(r, dtype=float)
        flat = r.ravel()
        # of the two densities of Bernoulli's law, on either side of the one with v equal to the
        # sound speed of the mixture
        low, high = np.full(flat.shape, self._log_rho[0]), np.full(flat.shape, self._log_rho[-1])
        turning = self._bisect(
            low, high, lambda y: self.mdot / (np.exp(y) * flat**2) < self._sound(y)
        )
        inside = flat < self.r_sonic
        low, high = np.where(inside, turning, low), np.where(inside, high, turning)
        energy = 0.5 * self.mdot**2 + self._enthalpy(0.0)

        def beyond(y):
            speed = self.mdot / (np.exp(y) * flat**2)
            more = 0.5 * speed**2 + self._enthalpy(y) + self.vg**2 * np.log(flat) > energy
            return np.where(inside, more, ~more)

        log_rho = self._bisect(low, high, beyond)
        density = np.exp(log_rho).reshape(r.shape)
        return density, self.mdot / (density * r**2), self._pressure(np.log(density))

    @staticmethod
    def _bisect(low, high, beyond):
        """Return where `beyond` turns from false to true."""
        for _ in range(60):
            middle = 0.5 * (low + high)
            passed = beyond(middle)
            low, high = np.where(passed, low, middle), np.where(passed, middle, high)
        return 0.5 * (low + high)

    def _excess(self, mdot):
        """Set the sonic point of a mass loss `mdot`; return the excess of Bernoulli's constant
        there over that at the base."""
        self.mdot = mdot
        self._log_rho = np.linspace(-30.0, 2.0, 6401)
        self._tabulate()
        sound2 = self._sound2
        if sound2.max() < 0.5 * self.vg**2:  # so much mass is not lifted
            return 1.0
        above = np.flatnonzero(sound2 >= 0.5 * self.vg**2)[-1]
        part = (sound2[above] - 0.5 * self.vg**2) / (sound2[above] - sound2[above + 1])
        log_rho = self._log_rho[above] + part * (self._log_rho[above + 1] - self._log_rho[above])
        speed = self.vg / math.sqrt(2.0)
        self.rho_sonic = math.exp(log_rho)
        self.r_sonic = math.sqrt(mdot / (self.rho_sonic * speed))
        sonic = 0.5 * speed**2 + self._enthalpy(log_rho) + self.vg**2 * math.log(self.r_sonic)
        return float(sonic - 0.5 * mdot**2 - self._enthalpy(0.0))

    def _tabulate(self):
        """Fill the tables of sound speed squared and enthalpy over ln rho."""
        y = self._log_rho
        rho, p = np.exp(y), self._pressure(y)
        if math.isinf(self.alfven):
            slope = np.full_like(y, 2.0 / 3.0)
        else:
            flow, wave = self.mdot / rho, self.alfven / np.sqrt(rho)
            slope = 4.0 / 3.0 * (flow + 0.5 * wave) / (flow + wave)  # d ln P / d ln rho
        self._sound2 = 1.0 + slope * p / rho
        cumulative = np.concatenate(
            [[0.0], np.cumsum(0.5 * (self._sound2[1:] + self._sound2[:-1]) * np.diff(y))]
        )
        self._enthalpies = cumulative - np.interp(0.0, y, cumulative)

    def _pressure(self, log_rho):
        rho = np.exp(log_rho)
        if math.isinf(self.alfven):
            return self.p0 * rho ** (2.0 / 3.0)
        return self.p0 * (
            (self.mdot + self.alfven) / (self.mdot / rho + self.alfven / np.sqrt(rho))
        ) ** (4.0 / 3.0)

    def _sound(self, log_rho):
        return np.sqrt(np.interp(log_rho, self._log_rho, self._sound2))

    def _enthalpy(self, log_rho):
        return np.interp(log_rho, self._log_rho, self._enthalpies)
