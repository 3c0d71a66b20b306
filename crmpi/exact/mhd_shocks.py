"""Exact Riemann problem of ideal MHD whose four magnetosonic waves are shocks (Dai & Woodward 1994;
Ryu & Jones 1995, sec. 2)."""

from typing import NamedTuple

import numpy as np

from crmpi.exact.roots import bisect


class MhdState(NamedTuple):
    """Uniform state: `vel` and `bt` are arrays, three velocities and the two components of the
    field across the tube."""

    dens: float
    vel: np.ndarray
    press: float
    bt: np.ndarray


class Wave(NamedTuple):
    """Discontinuity at `speed` with the state behind it."""

    speed: float
    behind: MhdState


def shock(state, bx, bt_behind, gamma, side):
    """Return the shock that changes the strength of the transverse field to `bt_behind`: fast if it
    grows, slow if it falls.

    ``side`` is -1 for a wave that runs towards -x into the gas and +1 towards +x. With V = 1/rho
    and the mass flux W the jumps obey W^2 [V B_t] = B_x^2 [B_t], [p + B_t^2/2] = -W^2 [V], and [p
    V]/(gamma - 1) + <p> [V] + [V] [B_t]^2/4 = 0.
    """
    bt0 = np.hypot(*state.bt)
    v0, jump = 1 / state.dens, bt_behind - bt0

    def downstream(v1):
        flux2 = bx**2 * jump / (v1 * bt_behind - v0 * bt0)
        return flux2, state.press - flux2 * (v1 - v0) - 0.5 * (bt_behind**2 - bt0**2)

    def hugoniot(v1):
        p1 = downstream(v1)[1]
        return (
            (p1 * v1 - state.press * v0) / (gamma - 1)
            + 0.5 * (p1 + state.press) * (v1 - v0)
            + 0.25 * (v1 - v0) * jump**2
        )

    limits = (gamma - 1) / (gamma + 1) * v0, v0
    # the mass flux is real on one side of it: fast shocks need v1 above it
    pole = v0 * bt0 / bt_behind
    if jump > 0:
        limits = max(limits[0], pole * (1 + 1e-13)), v0
    v1 = float(bisect(hugoniot, *limits))
    flux2, p1 = downstream(v1)
    flux = np.sqrt(flux2)
    direction = state.bt / bt0
    vel = state.vel.copy()
    vel[0] += -side * flux * (v1 - v0)
    vel[1:] += -side * bx * jump / flux * direction
    return Wave(state.vel[0] + side * flux * v0, MhdState(1 / v1, vel, p1, bt_behind * direction))


def rotation(state, bx, angle, side):
    """Return the rotational discontinuity that turns the transverse field to `angle` (rad)."""
    bt = np.hypot(*state.bt) * np.array([np.cos(angle), np.sin(angle)])
    root = np.sqrt(state.dens)
    vel = state.vel.copy()
    vel[1:] += -side * np.sign(bx) * (bt - state.bt) / root
    return Wave(state.vel[0] + side * abs(bx) / root, state._replace(vel=vel, bt=bt))


class MhdFan:
    """The seven waves between two states, found by Newton iteration.

    Parameters
    ----------
    left, right : MhdState
    bx, gamma : float
    guess : sequence of 4 floats
        field strength behind the left fast shock, between the slow shocks, behind the right fast
        shock; angle of the field there (rad)

    Raises
    ------
    ValueError
        if a wave is not a shock, or the iteration does not converge
    """

    def __init__(self, left, right, bx, gamma, guess):
        self.left, self.right, self.bx, self.gamma = left, right, bx, gamma
        unknowns = np.array(guess, float)
        for _ in range(60):
            mismatch = self._mismatch(unknowns)
            if np.max(np.abs(mismatch)) < 1e-13:
                break
            steps = 1e-7 * np.eye(4)
            jacobian = np.array(
                [
                    (self._mismatch(unknowns + d) - self._mismatch(unknowns - d)) / 2e-7
                    for d in steps
                ]
            ).T
            unknowns -= np.linalg.solve(jacobian, mismatch)
        if not np.max(np.abs(mismatch)) < 1e-11:
            raise ValueError("the seven-wave iteration did not converge: start from a better guess")
        self.left_waves, self.right_waves = self._waves(unknowns)

    def _waves(self, unknowns):
        bt_left, bt_middle, bt_right, angle = unknowns
        fans = []
        for state, bt_fast, side in ((self.left, bt_left, -1), (self.right, bt_right, 1)):
            fast = shock(state, self.bx, bt_fast, self.gamma, side)
            turned = rotation(fast.behind, self.bx, angle, side)
            fans.append((fast, turned, shock(turned.behind, self.bx, bt_middle, self.gamma, side)))
        return fans

    def _mismatch(self, unknowns):
        (*_, left), (*_, right) = self._waves(unknowns)
        return np.append(left.behind.vel - right.behind.vel, left.behind.press - right.behind.press)

    def sample(self, xi):
        """Return dens, vel1, vel2, vel3, press, b2, b3 (arrays) on the rays x/t = `xi`."""
        states = [
            self.left,
            *(w.behind for w in self.left_waves),
            *(w.behind for w in reversed(self.right_waves)),
            self.right,
        ]
        speeds = (
            [w.speed for w in self.left_waves]
            + [states[3].vel[0]]
            + [w.speed for w in reversed(self.right_waves)]
        )
        which = np.searchsorted(speeds, np.asarray(xi, float))
        table = np.array([[s.dens, *s.vel, s.press, *s.bt] for s in states])
        return tuple(table[which, q] for q in range(7))
