"""Linear waves of ideal hydrodynamics and MHD."""

import numpy as np


def magnetosonic_speeds(dens, press, b, gamma):
    """Return the fast and the slow speed along e1 for a field b = (b1, b2, b3)."""
    a2 = gamma * press / dens
    ca2, b2 = b[0] ** 2 / dens, np.dot(b, b) / dens
    root = np.sqrt(max((a2 + b2) ** 2 - 4 * a2 * ca2, 0.0))
    fast2 = 0.5 * (a2 + b2 + root)
    return np.sqrt(fast2), np.sqrt(a2 * ca2 / fast2)


def linear_wave(family, dens, press, b, gamma):
    """Return the speed and the right eigenvector of a plane wave that runs towards +e1 in gas at
    rest.

    Parameters
    ----------
    family : "fast" | "alfven" | "slow" | "entropy" | "sound"
    dens, press, gamma : float
    b : sequence of 3 floats
        field in the frame of the wave; ignored by "entropy" and "sound"

    Returns
    -------
    speed : float
    delta : dict
        "dens", "vel", "press", "b": amplitudes of the primitives, vectors in the frame of the wave.
        Normalised as Roe & Balsara (1996) and Gardiner & Stone (2005, sec. 4.2), so that published
        error norms can be compared. The wave towards -e1 has the same amplitudes with the sign of
        "vel" changed.
    """
    a = np.sqrt(gamma * press / dens)
    if family == "entropy":
        return 0.0, {"dens": 1.0, "vel": np.zeros(3), "press": 0.0, "b": np.zeros(3)}
    if family == "sound":
        return a, {
            "dens": dens,
            "vel": np.array([a, 0.0, 0.0]),
            "press": dens * a**2,
            "b": np.zeros(3),
        }
    b1, *bt = b
    bt = np.array([0.0, *bt])
    if family == "alfven":
        across = np.array([0.0, -bt[2], bt[1]]) / np.linalg.norm(bt)
        return abs(b1) / np.sqrt(dens), {
            "dens": 0.0,
            "vel": across,
            "press": 0.0,
            "b": -np.sign(b1) * np.sqrt(dens) * across,
        }
    fast, slow = magnetosonic_speeds(dens, press, b, gamma)
    c, other = (fast, slow) if family == "fast" else (slow, fast)
    alpha = np.sqrt(abs((a**2 - other**2) / (c**2 - other**2)))
    excess = c**2 - b1**2 / dens
    vel = np.array([c, 0.0, 0.0]) - c * b1 / (dens * excess) * bt
    return c, {
        "dens": alpha * dens,
        "vel": alpha * vel,
        "press": alpha * dens * a**2,
        "b": alpha * c**2 / excess * bt,
    }
