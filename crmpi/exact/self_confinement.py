"""Self-confinement with damping that does not depend on the waves: its flux has a limit, and what
becomes of a slab with a source.

Balance of growth and linear damping fixes the *product* of speed and energy density of the cosmic
rays: f = F0 + gamma_cr v_A e down the gradient, with F0 a number of the gas alone. As neither e nor
its gradient changes F0, nothing restores an equilibrium:

* a mode on a uniform gradient g grows at the rate -k^2 dF/dg, which is 0 (with nonlinear Landau
  damping alone F ~ g^(1/2): -k^2 F/2g;
  for constant kappa -k^2 kappa);
* a layer |x| < h that is given Q > F0 per side and time keeps the difference: e grows until
  streaming, gamma_cr v_A e, carries it away;
* with Q < F0 it empties, without limit.

All functions are in cgs units.
"""

import numpy as np

from crmpi import constants
from crmpi.units import UNITS

C_LIGHT = UNITS["c"].value

GYRO_RATE = 1e6 * constants.GYRO_RATE  # 1/s per gauss of a relativistic nucleus of 1 GV


def linear_damping(field, dens, sound, length, speed):
    """Return turbulent and linear Landau damping in 1/s at 1 GV."""
    alfven, radius = field / np.sqrt(4.0 * np.pi * dens), C_LIGHT / (GYRO_RATE * field)
    return (
        (alfven + 0.25 * np.sqrt(np.pi) * sound)
        * (speed / alfven) ** 1.5
        / np.sqrt(length * radius)
    )


def limiting_flux(field, dens, damping, gamma_cr=4.0 / 3.0, f_qlt=1.0):
    """Return F0 of 1 GV in erg/cm^2/s for a damping rate in 1/s."""
    alfven, radius = field / np.sqrt(4.0 * np.pi * dens), C_LIGHT / (GYRO_RATE * field)
    relativity = 1.0 + 2.0 * (alfven / C_LIGHT) ** 2
    return (
        gamma_cr
        * (4.0 / np.pi)
        * f_qlt
        * radius
        * C_LIGHT
        * damping
        * field**2
        / (8.0 * np.pi)
        / alfven
        * relativity
    )


def nonlinear_damping(field, dens, sound, slope, gamma_cr=4.0 / 3.0):
    """Return nonlinear Landau damping alone in 1/s at 1 GV; `slope` is |de/dx| in erg/cm^4."""
    alfven, radius = field / np.sqrt(4.0 * np.pi * dens), C_LIGHT / (GYRO_RATE * field)
    magnetic = field**2 / (8.0 * np.pi)
    return 0.5 * np.sqrt(
        np.sqrt(np.pi) * (gamma_cr - 1.0) * slope * sound * alfven / (2.0 * magnetic * radius)
    )


def layer(times, supply, limit, start, slope, half_width, alfven, gamma_cr=4.0 / 3.0, steps=20000):
    """Return e(t) of the layer |x| < half_width, flat inside, with e = start - slope (|x| -
    half_width) outside at first.

    `supply` is what the source gives per side, area and time, `limit` is F0. The layer keeps what
    does not leave. A layer that empties is flat as far out as the gas outside, which streams away
    at `alfven`, has more; one that fills stands above what is around it.
    """
    t = np.linspace(0.0, times[-1], steps)
    e, width, found = start, half_width, np.empty(steps)
    for n in range(steps):
        found[n] = e
        dt = t[1] - t[0]
        e += dt * (supply - limit - gamma_cr * alfven * e) / width
        # where the streaming profile has this e
        outside = half_width + (start - e) / slope + alfven * (t[n] + dt)
        width = max(half_width, outside) if e < start else half_width
    return np.interp(times, t, found)
