"""The toroidal field of a disc from a vector potential along the axis."""

import numpy as np


class ToroidalField:
    """B_phi = -dA3/dR in proportion to the square root of the pressure of the disc, zero on the
    axis and beyond the contact.

    A3 is the mean over the height of the smallest cells of the mesh: on their edges it is the mean
    along the edge, and coarser cells see the same function.

    Parameters
    ----------
    disc : equilibrium.Disc
    height : float
        of the smallest cells
    """

    def __init__(self, disc, height):
        self.R = np.linspace(0.0, disc.edge + 0.1 * disc.radius, 600)
        self.z = np.linspace(0.0, disc.top + height, 400)
        field = self.strength(disc, self.R[:, None], self.z)
        outward = np.diff(self.R)[:, None] * 0.5 * (field[1:] + field[:-1])
        potential = np.zeros_like(field)
        # the integral of B_phi from R outward
        potential[:-1] = np.cumsum(outward[::-1], axis=0)[::-1]
        self.a3 = self._smoothed(potential, height)

    @staticmethod
    def strength(disc, R, z):
        """Return B_phi: P_B = P_gas/beta inside of the contact, tapered within a tenth of the
        disc's scale."""
        dens = disc.density(R, z)
        halo_dens, halo_c2 = disc.halo.state(R, z)
        inside = dens * disc.s2 > halo_dens * halo_c2 * disc.halo.whole
        field = np.sqrt(2.0 * disc.ratio.field * disc.c2 * dens) * np.tanh(R / (0.1 * disc.radius))
        return np.where(inside, field, 0.0)

    def _smoothed(self, potential, height):
        """Return the mean of an even function of z over `height`, from its integral."""
        step = self.z[1] - self.z[0]
        integral = np.zeros_like(potential)
        integral[:, 1:] = np.cumsum(0.5 * step * (potential[:, 1:] + potential[:, :-1]), axis=1)
        ends = [
            np.array([np.sign(s) * np.interp(abs(s), self.z, row) for s in (self.z + shift)])
            for row in integral
            for shift in (0.5 * height, -0.5 * height)
        ]
        return (np.array(ends[::2]) - np.array(ends[1::2])) / height

    def __call__(self, R, z):
        """Return A3, linear between the points of the table, zero beyond."""
        z = np.abs(z)
        i, u = self._place(R, self.R)
        k, v = self._place(z, self.z)
        a = self.a3
        low = (1.0 - u) * a[i, k] + u * a[i + 1, k]
        high = (1.0 - u) * a[i, k + 1] + u * a[i + 1, k + 1]
        return np.where((self.R[-1] > R) & (z < self.z[-1]), (1.0 - v) * low + v * high, 0.0)

    @staticmethod
    def _place(value, points):
        """Return (index of the interval, share of it below the value) in equidistant points."""
        at = np.minimum(value / (points[1] - points[0]), len(points) - 1.000001)
        index = at.astype(int)
        return index, at - index
