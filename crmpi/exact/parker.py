"""Parker (1966) instability with cosmic rays: growth rates of a stratified layer from its
linearised equations.

The layer 0 < z < L lies between walls; B is horizontal, along x, and g = -g0 sin(pi z/L) vanishes
at the walls. Gas, field and cosmic rays have pressures in constant ratios, Pg = c^2 rho, B^2/2 =
alpha Pg, P = eta Pg, so that rho = exp(-g0 L/(pi c^2 (1 + alpha + eta)) (1 - cos(pi z/L))). Modes
are exp(s t + ikx) times functions of z. With the vector potential a, bx = -a', bz = ika, and a
prime for d/dz (Ryu et al. 2003; Kuwabara et al. 2004, for the same equations with uniform g):

    s rho1 = -ik rho vx - (rho vz)'                       s a  = B vz
    s rho vx = -ik (p1 + q1) + ik B' a                    s p1 = -vz Pg' - gamma Pg (ik vx + vz')
    s rho vz = -(p1 + q1)' + (B a')' - k^2 B a + rho1 g   s q1 = -vz P' - gamma_cr P (ik vx + vz') -
                                                          kappa k^2 (q1 + a P'/B)
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Layer:
    """A stratified layer; the density is 1 at z = 0."""

    height: float
    g0: float
    sound2: float = 1.0
    alpha: float = 1.0
    eta: float = 1.0
    gamma: float = 5 / 3
    gamma_cr: float = 4 / 3

    def gravity(self, z):
        """Return g, negative: downwards."""
        return -self.g0 * np.sin(np.pi * z / self.height)

    def density(self, z):
        """Return the density of the layer in balance."""
        depth = self.g0 * self.height / (np.pi * self.sound2 * (1 + self.alpha + self.eta))
        return np.exp(-depth * (1 - np.cos(np.pi * z / self.height)))

    def field(self, z):
        """Return B."""
        return np.sqrt(2 * self.alpha * self.sound2 * self.density(z))

    def slope(self, z):
        """Return d ln(rho)/dz."""
        return self.gravity(z) / (self.sound2 * (1 + self.alpha + self.eta))


@dataclass
class Mode:
    """The mode that grows fastest: growth rate s, positions of cell centres and of faces, and
    complex amplitudes there."""

    s: complex
    centres: np.ndarray
    faces: np.ndarray
    dens: np.ndarray
    vel1: np.ndarray
    press: np.ndarray
    pcr: np.ndarray
    vel3: np.ndarray  # this and `a` on faces
    a: np.ndarray


def fastest_mode(layer, k, kappa, n=96):
    """Return the `Mode` of wave number `k` along the field that grows fastest, by second-order
    differences on `n` cells.

    `kappa` is the diffusion coefficient along the field. vz and a live on the faces between cells
    and vanish at the walls.
    """
    dz = layer.height / n
    centres, faces = (np.arange(n) + 0.5) * dz, np.arange(1, n) * dz
    values, vectors = np.linalg.eig(_matrix(layer, k, kappa, centres, faces))
    best = np.argmax(values.real)
    dens, vel1, press, pcr, vel3, a = np.split(
        vectors[:, best], [n, 2 * n, 3 * n, 4 * n, 5 * n - 1]
    )
    scale = vel3[np.argmax(np.abs(vel3))]
    return Mode(
        values[best], centres, faces, *(part / scale for part in (dens, vel1, press, pcr, vel3, a))
    )


def _matrix(layer, k, kappa, centres, faces):
    """Return the matrix of d/dt (rho, vx, p, q, vz, a)."""
    n, dz, ik = len(centres), centres[1] - centres[0], 1j * k
    up = (np.eye(n - 1, n, 1) - np.eye(n - 1, n)) / dz  # derivative, centres to faces
    down = -up.T  # derivative, faces to centres; nothing at the walls
    mean = 0.5 * (np.eye(n - 1, n, 1) + np.eye(n - 1, n))
    rho, b, slope = layer.density(centres), layer.field(centres), layer.slope(centres)
    rho_f, b_f, g_f = (
        layer.density(faces)[:, None],
        layer.field(faces),
        layer.gravity(faces)[:, None],
    )
    cell, mixed, face = np.zeros((n, n)), np.zeros((n, n - 1)), np.zeros((n - 1, n - 1))

    def energy(pressure, gamma):
        """Return what vx and vz do to a pressure."""
        return -ik * gamma * np.diag(pressure), -(slope * pressure)[
            :, None
        ] * mean.T - gamma * pressure[:, None] * down

    press, pcr = layer.sound2 * rho, layer.eta * layer.sound2 * rho
    (p_vx, p_vz), (q_vx, q_vz) = energy(press, layer.gamma), energy(pcr, layer.gamma_cr)
    push = -ik * np.diag(1 / rho)
    turn = ik * (0.5 * slope * b / rho)[:, None] * mean.T  # B' = slope B/2
    tension = (up @ (b[:, None] * down) - k**2 * np.diag(b_f)) / rho_f
    spread = -kappa * k**2
    return np.block([
        [cell, -ik * np.diag(rho), cell, cell, -down * rho_f.T, mixed],
        [cell, cell, push, push, mixed, turn],
        [cell, p_vx, cell, cell, p_vz, mixed],
        [cell, q_vx, cell, spread * np.eye(n), q_vz, spread * (slope * pcr / b)[:, None] * mean.T],
        [g_f / rho_f * mean, mixed.T, -up / rho_f, -up / rho_f, face, tension],
        [mixed.T, mixed.T, mixed.T, mixed.T, np.diag(b_f), face],
    ])  # fmt: skip
