"""Energy of Alfven waves that cosmic rays drive and the gas damps, in closed form (Thomas &
Pfrommer 2019, MNRAS 485, 2977)."""

import numpy as np


def scattering_coefficient(field, va, gyro_rate, light_speed):
    """Return G = 1/(3 k a) for waves of energy density a.

    3 k = c^2/nu with nu = (3 pi/16) Omega (a/e_B)(1 + 2 v_A^2/c^2), Omega = gyro_rate field and e_B
    = field^2/2.
    """
    return (
        3
        * np.pi
        / 16
        * gyro_rate
        * field
        / (0.5 * field**2)
        * (1 + 2 * (va / light_speed) ** 2)
        / light_speed**2
    )


def landau_coefficient(field, sound, gyro_rate, light_speed):
    """Return N of non-linear Landau damping, a_t = -N a^2, N = (sqrt(pi)/8)(c_s/r_L)/e_B with r_L =
    c/Omega."""
    return np.sqrt(np.pi) / 8 * sound * gyro_rate * field / light_speed / (0.5 * field**2)


def logistic(start, rate, nonlinear, t):
    """Return a(t) of a_t = rate a - nonlinear a^2, a(0) = `start`."""
    grown = np.exp(rate * t)
    lived = t if rate == 0 else (grown - 1) / rate
    return start * grown / (1 + nonlinear * start * lived)


def steady_waves(pressure_gradient, va, coefficients):
    """Return (a, f - v_A h) where waves made by cosmic rays that stream down abs(b.grad P) are
    damped on the spot.

    Cosmic rays give waves the power v_A abs(b.grad P) = D a + N a^2, and scattering carries the
    force: abs(b.grad P) = G a (f - v_A h). `coefficients` is (G, N, D).
    """
    scattering, nonlinear, linear = coefficients
    power = va * pressure_gradient
    a = 2 * power / (linear + np.sqrt(linear**2 + 4 * nonlinear * power))
    return a, pressure_gradient / (scattering * a)


def standing_sound(k, background, gamma, t):
    """Return (cos(w t), sin(w t)/w, w) of a standing sound wave of gas with waves, w = k c.

    c^2 = (gamma Pg + (3/2) P_w)/rho: waves with the pressure P_w = a/2 obey a ~ rho^(3/2).
    `background` is (dens, press, P_w).
    """
    dens, press, wave_pressure = background
    w = k * np.sqrt((gamma * press + 1.5 * wave_pressure) / dens)
    return np.cos(w * t), np.sin(w * t) / w, w
