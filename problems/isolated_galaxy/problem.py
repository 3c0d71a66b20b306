"""A disc galaxy in its halo: gas in rotation and vertical balance under hot gas at rest, in a
static potential.

The numbers of the potential and of the disc are those of the AGORA isolated disc (Kim et al. 2016,
ApJ 833, 202); the halo is as heavy as observed ones, where that of AGORA is nearly empty.
docs/galaxy.md has the equations.
"""

from equilibrium import Disc, Halo, Potential
from refusals import check_disc, check_gravity, check_halo
from toroidal import ToroidalField

from crmpi.api import Gravity, Problem, exact, mean, np, par, total


class IsolatedGalaxy(Problem):
    """Disc where its pressure exceeds that of the halo, halo elsewhere; both in balance with
    gravity, field and cosmic rays."""

    class Params:
        disc_mass: float = par(8.6e9, unit="Msun", ge=0, doc="gas of the disc; 0: no disc")
        disc_radius: float = par(
            3.43, unit="kpc", gt=0, doc="scale r_d of its surface density exp(-R/r_d)"
        )
        disc_temp: float = par(1e4, unit="K", gt=0, doc="temperature of the disc")
        halo_mass: float = par(3e10, unit="Msun", gt=0, doc="gas of the halo within halo_radius")
        halo_radius: float = par(
            205.5, unit="kpc", gt=0, doc="radius at which halo_mass and halo_temp are given"
        )
        halo_temp: float = par(1e6, unit="K", gt=0, doc="temperature of the halo at halo_radius")
        halo_index: float = par(
            1.2,
            ge=1,
            doc="n of the halo's P ~ rho^n; 1: isothermal, below 5/3: stable against convection",
        )
        cr_ratio: float = par(
            0.01, ge=0, doc="cosmic-ray over gas pressure at the start, disc and halo"
        )
        b_disc: float = par(
            1.0,
            unit="uG",
            ge=0,
            doc="toroidal field of the disc at (R, z) = (r_d, 0); it is in proportion to P^(1/2)",
        )
        b_vertical: float = par(0.03, unit="uG", ge=0, doc="uniform field along x3")
        b_tangled: float = par(
            0.0,
            unit="uG",
            ge=0,
            doc="rms of a tangled field, at the centre; it falls as exp(-(r/tangled_radius)^2)",
        )
        tangled_radius: float = par(
            100.0, unit="kpc", gt=0, doc="where the tangled field is weaker by e"
        )
        tangled_longest: float = par(
            30.0, unit="kpc", gt=0, doc="its longest wave; the shortest is a third of it"
        )
        tangled_waves: int = par(40, ge=1, doc="number of its waves")
        metals_disc: float = par(
            1.0, ge=0, doc="metallicity of the disc, for a scalar 'metallicity' (solar units)"
        )
        metals_halo: float = par(0.3, ge=0, doc="metallicity of the halo")
        rings: tuple[float, ...] = par(
            [4.0, 6.0, 8.0, 10.0],
            unit="kpc",
            gt=0,
            doc="radii of the rotation curve in the history",
        )
        shells: tuple[float, ...] = par(
            [10.0, 20.0, 50.0, 100.0], unit="kpc", gt=0, doc="radii of pressures in the history"
        )

    def setup(self, p):
        """Put gas into the potential; refuse galaxies that cannot be."""
        per_kelvin = self.units.k_B / (self.config.fluid.mu * self.units.m_p)
        rays = p.cr_ratio if self.config.fluid.cosmic_rays else 0.0
        self.rays = rays
        self.potential = Potential(Gravity(self.config.gravity, self.units))
        field = p.b_disc if self.config.fluid.magnetic else 0.0
        check_gravity(self)
        self.halo = Halo(
            self.potential, p.halo_temp * per_kelvin, p.halo_radius, p.halo_index, p.halo_mass, rays
        )
        check_halo(self)
        self.disc = None
        if p.disc_mass > 0.0:
            self.disc = Disc(
                self.potential,
                self.halo,
                p.disc_temp * per_kelvin,
                p.disc_radius,
                p.disc_mass,
                rays,
                field,
            )
            check_disc(self)
        self.waves = exact.tangled.draw_waves(p.tangled_waves, p.b_tangled, p.tangled_longest)
        self.toroidal = (
            ToroidalField(self.disc, finest(self.config.mesh)[2])
            if self.disc and field > 0.0
            else None
        )

    # ------------------------------------------------------------------ the start

    def state(self, x1, x2, x3):
        """Return what a cell holds in the mean: densities of mass, of momentum along x1 and x2 and
        of metals, and the gas pressure."""
        p, R = self.p, np.sqrt(x1**2 + x2**2)
        dens, c2 = self.halo.state(R, x3)
        speed, metals = 0.0, p.metals_halo
        if self.disc:
            disc = self.disc.density(R, x3)
            inside = (disc * self.disc.s2 > dens * c2 * self.halo.whole) & (self.disc.R[-1] > R)
            dens, c2 = np.where(inside, disc, dens), np.where(inside, self.disc.c2, c2)
            speed = np.where(inside, self.disc.rotation(R), 0.0) / np.maximum(
                R, 1e-12 * p.disc_radius
            )
            metals = np.where(inside, p.metals_disc, p.metals_halo)
        return np.stack(
            np.broadcast_arrays(
                dens, -dens * speed * x2, dens * speed * x1, dens * metals, dens * c2
            )
        )

    def cell_means(self, x):
        """Return the mean of `state` over each cell: points that are as dense as the disc is
        thin."""
        widths = (x.dx1, x.dx2, x.dx3)
        points = [offsets(n) for n in self.points_per_cell(x, widths)]
        sums = 0.0
        for s3 in points[2]:
            for s2 in points[1]:
                for s1 in points[0]:
                    sums = sums + self.state(
                        x.x1 + s1 * x.dx1, x.x2 + s2 * x.dx2, x.x3 + s3 * x.dx3
                    )
        return sums / (len(points[0]) * len(points[1]) * len(points[2]))

    def points_per_cell(self, x, widths):
        """Return the numbers of points along each axis: 2 in the halo, more where a block meets the
        disc."""
        if not self.disc:
            return 2, 2, 2
        near = [
            max(0.0, float(np.abs(place).min()) - 0.5 * width)
            for place, width in zip((x.x1, x.x2, x.x3), widths, strict=True)
        ]
        if np.hypot(near[0], near[1]) > self.disc.edge or near[2] > self.disc.top:
            return 2, 2, 2
        fine = self.disc.thickness_at(0.5 * self.p.disc_radius) / 8.0
        flat = [
            int(np.clip(np.ceil(4.0 * width / self.p.disc_radius), 2, 8)) for width in widths[:2]
        ]
        return *flat, int(np.clip(np.ceil(widths[2] / fine), 2, 64))

    def initial(self, x, p):
        dens, mom1, mom2, metals, press = self.cell_means(x)
        ecr = self.rays * press / (self.config.fluid.gamma_cr - 1.0)
        found = {"dens": dens, "vel1": mom1 / dens, "vel2": mom2 / dens, "press": press, "ecr": ecr}
        if "metallicity" in self.config.scalars.names:
            found["metallicity"] = metals / dens
        return found | ({"b3": p.b_vertical} if self.config.fluid.magnetic else {})

    def vector_potential(self, x, p):
        components = {"a3": self.toroidal(x.R, x.z)} if self.toroidal else {}
        if p.b_tangled > 0.0:
            within = np.exp(-((x.r / p.tangled_radius) ** 2))
            tangled = exact.tangled.potential(self.waves, x.x1, x.x2, x.x3)
            for name, component in zip(("a1", "a2", "a3"), tangled, strict=True):
                components[name] = components.get(name, 0.0) + within * component
        return components

    # ------------------------------------------------------------------ numbers of a run

    def history(self, x, w, p):
        kpc = self.units.kpc
        top = self.disc.top if self.disc else 0.0
        R, r = x.R, x.r
        spin = (x.x1 * w.vel2 - x.x2 * w.vel1) / np.maximum(R, 1e-12 * kpc)
        plane = abs(x.z) < max(kpc, x.dx3)
        columns, spin = {}, self.units.from_code(spin, "km/s")
        for radius in p.rings:
            ring = plane & (abs(R - radius) < max(0.5 * kpc, 0.5 * x.dx1))
            columns[f"vrot_{self.label(radius)} [km/s]"] = mean(spin, weight=w.dens, where=ring)
        press = self.units.from_code(w.press, "erg/kpc^3") * kpc**-3
        if self.config.fluid.cosmic_rays:
            pcr = (self.config.fluid.gamma_cr - 1.0) * w.ecr
            pcr = self.units.from_code(pcr, "erg/kpc^3") * kpc**-3
        for radius in p.shells:
            shell = abs(r - radius) < 0.1 * radius
            columns[f"press_{self.label(radius)} [erg]"] = total(press, where=shell)
            if self.config.fluid.cosmic_rays:
                columns[f"pcr_{self.label(radius)} [erg]"] = total(pcr, where=shell)
        msun = self.units.from_code(w.dens, "Msun/kpc^3") * kpc**-3
        disc = (abs(x.z) < max(3.0 * kpc, 1.2 * top)) & (25.0 * kpc > R)
        columns["disc_mass [Msun]"] = total(msun, where=disc)
        columns["cool_mass [Msun]"] = total(msun, where=w.temp < 3e4)
        columns["halo_mass [Msun]"] = total(msun, where=(r < p.halo_radius) & ~disc)
        return columns

    def label(self, radius):
        """Return '50kpc' of a radius."""
        return f"{self.units.from_code(radius, 'kpc'):g}kpc"

    def results(self, history, p):
        """Return the change of the rotation curve, in percent, and cosmic-ray over gas pressure at
        the end."""
        found = {}
        for radius in p.rings:
            curve = history[f"vrot_{self.label(radius)}"]
            found[f"rotation_{self.label(radius)}"] = 100.0 * float(curve[-1] / curve[0] - 1.0)
        for radius in p.shells if self.config.fluid.cosmic_rays else ():
            name = self.label(radius)
            found[f"cr_ratio_{name}"] = float(
                history[f"pcr_{name}"][-1] / history[f"press_{name}"][-1]
            )
        return found

    def summary(self, history, p):
        lines = {}
        for radius in p.rings:
            curve = history[f"vrot_{self.label(radius)}"]
            lines[f"rotation at {self.label(radius)}"] = f"{curve[0]:.1f} -> {curve[-1]:.1f} km/s"
        for name, value in self.results(history, p).items():
            if name.startswith("cr_ratio"):
                lines[f"cosmic-ray over gas pressure at {name.removeprefix('cr_ratio_')}"] = (
                    f"{value:.3g}"
                )
        for name in ("disc_mass", "cool_mass", "halo_mass"):
            lines[name.replace("_", " ")] = (
                f"{history[name][0]:.4e} -> {history[name][-1]:.4e} Msun"
            )
        return lines


def offsets(n):
    """Return n points of a cell, in widths from its middle: two Gauss points, or the middles of n
    equal parts."""
    return np.array([-0.5, 0.5]) / np.sqrt(3.0) if n == 2 else (np.arange(n) + 0.5) / n - 0.5


def finest(mesh):
    """Return the widths of the smallest cells that a mesh may have."""
    parts = 2**mesh.refinement.top
    return [
        (high - low) / (n * parts)
        for low, high, n in zip(mesh.lower, mesh.upper, mesh.cells, strict=True)
    ]
