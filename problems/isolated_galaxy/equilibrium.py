"""Gas in balance with a static potential that is symmetric about the x3 axis: a hot halo at rest
and a rotating disc.

Both are functions of the potential, so the balance is exact (docs/galaxy.md). Distances along R and
z, code units.
"""

from typing import NamedTuple

import numpy as np

from crmpi.api import CrmpiError

RADII, HEIGHTS = 800, 300
"""Points of the tables of a disc along R, and of the integrals over z."""


class Potential:
    """The potential of a `crmpi.physics.gravity.Gravity` in the plane of R and z."""

    def __init__(self, gravity):
        self.gravity = gravity

    def __call__(self, R, z):
        """Return the potential, shape of the broadcast."""
        return self.gravity.potential(R, 0.0, z)

    def circular_velocity2(self, R):
        """Return R dPhi/dR in the plane z = 0."""
        return -R * self.gravity.accelerations(R, 0.0, 0.0)[0]


class Pressure(NamedTuple):
    """What adds to the pressure of the gas, in units of it: cosmic rays and, in the disc, the
    toroidal field."""

    cosmic_rays: float
    field: float = 0.0

    @property
    def whole(self):
        """The pressure of all over that of the gas."""
        return 1.0 + self.cosmic_rays + self.field


class Halo:
    """Gas at rest on a polytrope P ~ rho^n: p/rho = c2 falls linearly with the potential.

    With cosmic rays at a constant ratio x, (1 + x) dP = -rho dPhi gives c2 = c2_0 + (n-1)/n (Phi_0
    - Phi)/(1 + x) and rho = rho_0 (c2/c2_0)^(1/(n-1)); for n = 1 rho = rho_0 exp((Phi_0 -
    Phi)/(c2_0 (1 + x))).

    Parameters
    ----------
    potential : Potential
    c2, radius : float
        p/rho at this radius
    index : float
        n
    mass : float
        of the gas within the radius
    cr_ratio : float
        x
    """

    def __init__(self, potential, c2, radius, index, mass, cr_ratio):
        self.potential, self.c2_0, self.index = potential, c2, index
        self.whole = Pressure(cr_ratio).whole
        self.phi_0 = potential(radius, 0.0)
        self.dens_0 = 1.0
        self.dens_0 = mass / self.mass_within(radius)

    def c2(self, R, z):
        """Return p/rho."""
        return self._c2(self.potential(R, z))

    def _c2(self, phi):
        return self.c2_0 + (self.index - 1.0) / self.index * (self.phi_0 - phi) / self.whole

    def state(self, R, z):
        """Return (density, p/rho)."""
        phi = self.potential(R, z)
        c2 = self._c2(phi)
        if self.index == 1.0:
            return self.dens_0 * np.exp((self.phi_0 - phi) / (self.c2_0 * self.whole)), c2
        return self.dens_0 * np.maximum(c2 / self.c2_0, 0.0) ** (1.0 / (self.index - 1.0)), c2

    def mass_within(self, radius, shells=400, directions=24):
        """Return the mass of the gas within a sphere: midpoints in ln r, Gauss points in cos
        theta."""
        edges = np.geomspace(1e-4 * radius, radius, shells + 1)
        r = np.sqrt(edges[1:] * edges[:-1])[:, None]
        cosine, weight = np.polynomial.legendre.leggauss(directions)
        dens, _ = self.state(r * np.sqrt(1.0 - cosine**2), r * cosine)
        return float(
            2.0 * np.pi * np.sum(dens * weight * r**3 * np.log(edges[1:] / edges[:-1])[:, None])
        )


class Disc:
    """Isothermal gas with Sigma ~ exp(-R/r_d) that ends where its pressure falls to that of the
    halo.

    On the whole pressure rho s2, s2 = c2 (1 + x + 1/beta), rho = rho_0(R) exp(-(Phi(R, z) - Phi(R,
    0))/s2), and the rotation does not depend on z: v^2 = R dPhi/dR(R, 0) + s2 dln rho_0/dln R + 2
    c2/beta, the last term the tension of the toroidal field.

    Parameters
    ----------
    potential : Potential
    halo : Halo
    c2 : float
        p/rho of the gas
    radius, mass : float
        r_d, and the mass of the gas
    cr_ratio, field : float
        x, and the strength of the toroidal field at (r_d, 0)
    """

    def __init__(self, potential, halo, c2, radius, mass, cr_ratio, field):
        self.potential, self.halo, self.c2, self.radius = potential, halo, c2, radius
        self.ratio = Pressure(cr_ratio)
        self.R = np.linspace(0.0, 12.0 * radius, RADII)
        self.z = 3.0 * radius * np.linspace(0.0, 1.0, HEIGHTS) ** 2
        self._settle(mass, field)
        self.velocity = self._rotation()

    def _settle(self, mass, field):
        """Find the density in the plane for which the gas inside of the contact has the mass and
        the field its strength."""
        R, z = self.R[:, None], self.z
        depth = self.potential(R, z) - self.potential(R, 0.0)
        halo_dens, halo_c2 = self.halo.state(R, z)
        halo_pressure = halo_dens * halo_c2 * self.halo.whole
        scale = 1.0
        for _ in range(60):
            fall = np.exp(-depth / self.s2)
            column = 2.0 * np.trapezoid(fall, z, axis=1)
            plane = scale * np.exp(-self.R / self.radius) / column
            inside = plane[:, None] * fall * self.s2 > halo_pressure
            found = 2.0 * np.trapezoid(np.where(inside, plane[:, None] * fall, 0.0), z, axis=1)
            found = np.trapezoid(2.0 * np.pi * self.R * found, self.R)
            if not found > 0.0:
                raise refused(
                    "the pressure of the halo is above that of the disc everywhere; lower "
                    "problem.halo_mass, or raise problem.disc_mass"
                )
            scale *= mass / found
            local = np.interp(self.radius, self.R, plane) * mass / found
            self.ratio = self.ratio._replace(field=0.5 * field**2 / (self.c2 * local))
            if abs(found / mass - 1.0) < 1e-10:
                break
        if abs(found / mass - 1.0) > 1e-3 or not np.isfinite(scale):
            raise refused(
                "the halo presses so much that no disc has this mass; lower problem.halo_mass, "
                "or raise problem.disc_mass"
            )
        self.ln_plane = np.log(plane)
        self.edge = float(self.R[inside.any(axis=1)].max())
        self.top = float(z[inside.any(axis=0)].max())
        self.thickness = column * self.column_share(inside, fall, z)

    @staticmethod
    def column_share(inside, fall, z):
        """Return the share of each column that lies inside of the contact."""
        return np.trapezoid(np.where(inside, fall, 0.0), z, axis=1) / np.trapezoid(fall, z, axis=1)

    @property
    def s2(self):
        """The whole pressure over the density."""
        return self.c2 * self.ratio.whole

    def _rotation(self):
        """Return v^2 at the radii of the table; where the pressure pulls more than gravity holds it
        is negative."""
        slope = self.R * np.gradient(self.ln_plane, self.R)
        return (
            self.potential.circular_velocity2(self.R)
            + self.s2 * slope
            + 2.0 * self.c2 * self.ratio.field
        )

    def rotation(self, R):
        """Return the velocity of the gas around the axis."""
        return np.sqrt(np.maximum(np.interp(R, self.R, self.velocity), 0.0))

    def density(self, R, z):
        """Return the density that the disc would have without an edge."""
        depth = self.potential(R, z) - self.potential(R, 0.0)
        return np.exp(np.interp(R, self.R, self.ln_plane) - depth / self.s2)

    def thickness_at(self, R):
        """Return the column over the density in the plane."""
        return float(np.interp(R, self.R, self.thickness))


def refused(why):
    """Return the error about a disc that does not fit into its halo."""
    return CrmpiError(f"isolated_galaxy: {why}", everywhere=True)
