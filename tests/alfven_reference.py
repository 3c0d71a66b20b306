"""An independent solution of cosmic rays with Alfven waves in one dimension, explicit in time."""

import numpy as np

ENERGY, FLUX, PLUS, MINUS = range(4)


def half_difference(q):
    """Return half the slope of cells of a periodic mesh, monotonised central."""
    below = q - np.roll(q, 1, axis=-1)
    above = np.roll(below, -1, axis=-1)
    size = np.minimum(0.5 * np.abs(below + above), 2.0 * np.minimum(np.abs(below), np.abs(above)))
    return 0.5 * np.where(below * above > 0.0, np.sign(below) * size, 0.0)


def rates(q, dx, vmax, growth, damping):
    """Return dq/dt of (e, f, a+, a-) on a periodic mesh for v_A = 1 and gamma_cr = 4/3."""
    c = vmax / np.sqrt(3.0)
    half = half_difference(q)
    left, right = q + half, np.roll(q - half, -1, axis=-1)
    face = np.empty_like(q)
    face[ENERGY] = 0.5 * (left[FLUX] + right[FLUX]) - 0.5 * c * (right[ENERGY] - left[ENERGY])
    face[FLUX] = 0.5 * c**2 * (left[ENERGY] + right[ENERGY]) - 0.5 * c * (right[FLUX] - left[FLUX])
    face[PLUS], face[MINUS] = left[PLUS], -right[MINUS]
    change = (np.roll(face, 1, axis=-1) - face) / dx
    stream = 4.0 / 3.0 * q[ENERGY]
    up, down = growth * q[PLUS] * (q[FLUX] - stream), growth * q[MINUS] * (q[FLUX] + stream)
    change[ENERGY] -= up - down
    change[FLUX] -= vmax**2 * (up + down)
    change[PLUS] += up - damping * q[PLUS] ** 2
    change[MINUS] -= down + damping * q[MINUS] ** 2
    return change


def solve(q, dx, end, vmax, growth, damping, seed):
    """Return (e, f, a+, a-) at `end`: Heun's method, scattering, growth and damping resolved."""
    t = 0.0
    while t < end:
        waves = (q[PLUS] + q[MINUS]).max()
        stiff = (vmax**2 * growth + 2.0 * damping) * waves + growth * np.abs(q[FLUX]).max()
        dt = min(0.4 / (vmax / np.sqrt(3.0) / dx + 0.5 * stiff), end - t)
        first = rates(q, dx, vmax, growth, damping)
        middle = q + dt * first
        middle[PLUS:] = np.maximum(middle[PLUS:], seed)
        q = q + 0.5 * dt * (first + rates(middle, dx, vmax, growth, damping))
        q[PLUS:] = np.maximum(q[PLUS:], seed)
        t += dt
    return q
