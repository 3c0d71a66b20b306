"""A galactic wind from a stratified patch of a disc: supernovae, cosmic rays, a field that opens
into a hot halo.

The set-up follows the tall boxes of Girichidis et al. (2016, 2018), Simpson et al. (2016), Farber
et al. (2018) and Armillotta et al. (2021).
"""

from crmpi.api import SUPERNOVA_ENERGY, Gravity, Problem, np, par, total

CAUTION = (
    "plane-parallel boxes bias the cosmic-ray gradient: without lateral expansion it "
    "cannot fall as in a galaxy (Hopkins 2025)"
)


def fate(passing, leaving, height):
    """Say what becomes of the gas that passes x3 = +- `height` [kpc], from the mean outflows
    through these planes and through the ends of the box, in one unit."""
    if passing <= 0.0:
        return f"none: gas sinks back through {height:g} kpc"
    share = max(leaving, 0.0) / passing
    told = f"as much leaves the box as {share:.0%} of what passes {height:g} kpc"
    return told if share > 0.5 else f"a fountain: {told}, the rest is still there or falls back"


class GalacticWind(Problem):
    """A cool disc and a hot halo, each isothermal and in hydrostatic balance, in contact where
    their pressures are equal.

    With constant ratios of gas, magnetic and cosmic-ray pressure, rho ~ exp(-phi/sigma^2) and the
    whole pressure is rho sigma^2, sigma^2 = (k_B T/(mu m_p)) (1 + 1/beta + cr_ratio). The
    horizontal field is in the disc only.
    """

    class Params:
        sigma_gas: float = par(
            10.0, unit="Msun/pc^2", gt=0, doc="surface density of the disc gas inside the box"
        )
        temp_disc: float = par(1e4, unit="K", gt=0, doc="temperature of the disc")
        temp_halo: float = par(1e6, unit="K", gt=0, doc="temperature of the halo")
        dens_halo: float = par(
            1e-3, unit="m_p/cm^3", gt=0, doc="density of the halo, continued to the midplane"
        )
        beta: float = par(
            5.0,
            gt=0,
            doc="gas over magnetic pressure of the horizontal field of the disc, along x1",
        )
        b_vertical: float = par(
            0.3, unit="uG", ge=0, doc="uniform field along x3, the way out for cosmic rays"
        )
        cr_ratio: float = par(
            0.1, ge=0, doc="cosmic-ray over gas pressure, disc and halo, at the start"
        )
        noise: float = par(
            0.05, ge=0, lt=1, doc="random relative change of the density of each cell"
        )
        flux_height: float = par(
            1.0, unit="kpc", gt=0, doc="fluxes are taken through x3 = +- this height"
        )
        sn_energy: float = par(
            SUPERNOVA_ENERGY,
            unit="erg",
            gt=0,
            doc="energy of a supernova, for energy loadings",
        )
        mass_per_sn: float = par(100.0, unit="Msun", gt=0, doc="stellar mass formed per supernova")

    def setup(self, p):
        """Weigh the atmosphere: densities at the midplane, and the vector potential of the
        horizontal field."""
        per_kelvin = self.units.k_B / (self.config.fluid.mu * self.units.m_p)
        self.c2 = {"disc": p.temp_disc * per_kelvin, "halo": p.temp_halo * per_kelvin}
        self.sigma2 = {
            "disc": self.c2["disc"] * (1 + 1 / p.beta + p.cr_ratio),
            "halo": self.c2["halo"] * (1 + p.cr_ratio),
        }
        self.midplane = {"disc": 1.0, "halo": p.dens_halo}
        self.gravity_field = Gravity(self.config.gravity, self.units)
        mesh = self.config.mesh
        self.z = np.linspace(mesh.lower[2], mesh.upper[2], 16 * mesh.cells[2] + 1)
        # the contact moves with the density of the disc; converges in a few turns
        for _ in range(30):
            disc = np.where(self.in_disc(self.z), self.density("disc", self.z), 0.0)
            self.midplane["disc"] *= p.sigma_gas / np.trapezoid(disc, self.z)
        b1 = self.horizontal_field(self.z, p)
        # B1 = -dA2/dx3
        self.a2 = -np.concatenate([[0.0], np.cumsum(0.5 * (b1[1:] + b1[:-1]) * np.diff(self.z))])
        self.area = (mesh.upper[0] - mesh.lower[0]) * (mesh.upper[1] - mesh.lower[1])

    def density(self, phase, z):
        """Return the hydrostatic density of the 'disc' or the 'halo' at height `z`."""
        phi = self.gravity_field.potential(0.0, 0.0, z) - self.gravity_field.potential(
            0.0, 0.0, 0.0
        )
        return self.midplane[phase] * np.exp(-phi / self.sigma2[phase])

    def in_disc(self, z):
        """Tell where the pressure of the disc exceeds that of the halo."""
        return (
            self.density("disc", z) * self.sigma2["disc"]
            > self.density("halo", z) * self.sigma2["halo"]
        )

    def horizontal_field(self, z, p):
        """Return B1 at height `z`: magnetic pressure 1/beta of the disc's gas pressure."""
        return np.where(
            self.in_disc(z), np.sqrt(2.0 * self.c2["disc"] * self.density("disc", z) / p.beta), 0.0
        )

    def initial(self, x, p):
        disc = self.in_disc(x.z)
        dens = np.where(disc, self.density("disc", x.z), self.density("halo", x.z))
        press = dens * np.where(disc, self.c2["disc"], self.c2["halo"])
        ecr = p.cr_ratio * press / (self.config.fluid.gamma_cr - 1.0)
        return {
            "dens": dens * (1.0 + p.noise * x.noise(seed=1)),
            "press": press,
            "ecr": ecr,
            "b3": p.b_vertical,
        }

    def vector_potential(self, x, p):
        return {"a2": np.interp(x.z, self.z, self.a2)}

    def history(self, x, w, p):
        gamma, gamma_cr = self.config.fluid.gamma, self.config.fluid.gamma_cr
        fluxes = {
            "mdot [Msun/yr]": w.dens * w.vel3,
            "flux_thermal [erg/s]": gamma / (gamma - 1.0) * w.press * w.vel3,
            "flux_kinetic [erg/s]": 0.5 * w.dens * (w.vel1**2 + w.vel2**2 + w.vel3**2) * w.vel3,
            "flux_cr [erg/s]": gamma_cr * getattr(w, "ecr", 0.0) * w.vel3 + w.fecr3,
        }
        height = {"": p.flux_height, "_top": None}
        columns = {}
        for label, flux in fluxes.items():
            name, unit = label.split(" ")
            for suffix, z in height.items():
                outflow = self.outflow(x, flux, z)
                columns[f"{name}{suffix} {unit}"] = total(
                    self.units.from_code(outflow, unit.strip("[]"))
                )
        outside = abs(x.z) > p.flux_height
        columns["mass_outside [Msun]"] = total(
            self.units.from_code(x.integral(w.dens, where=outside), "Msun")
        )
        return columns

    @staticmethod
    def outflow(x, flux, height):
        """Return the flux away from the plane through x3 = +- `height`, or through the ends of the
        box if it is None."""
        if height is None:
            return x.face_integral("ox3", flux) - x.face_integral("ix3", flux)
        return x.plane_integral(flux, x3=height) - x.plane_integral(flux, x3=-height - 1e-9 * x.dx3)

    def results(self, history, p):
        """Return loadings: outflow through both planes over what the supernovae stand for, means of
        the second half of the run."""
        injection = self.config.injection
        if not (injection.enabled and injection.mode == "plane" and injection.rate_per_area > 0.0):
            return {}
        late = history["time"] >= 0.5 * history["time"][-1]
        supernovae = injection.rate_per_area * self.area
        per = {"mdot": self.units.from_code(supernovae * p.mass_per_sn, "Msun/yr")}
        per |= {
            f"flux_{kind}": self.units.from_code(supernovae * p.sn_energy, "erg/s")
            for kind in ("cr", "thermal", "kinetic")
        }
        names = {
            "mdot": "mass_loading",
            "flux_cr": "cr_loading",
            "flux_thermal": "thermal_loading",
            "flux_kinetic": "kinetic_loading",
        }
        return {
            f"{names[column]}{place}": float(history[f"{column}{place}"][late].mean() / scale)
            for place in ("", "_top")
            for column, scale in per.items()
        }

    def summary(self, history, p):
        late = history["time"] >= 0.5 * history["time"][-1]
        height = self.units.from_code(p.flux_height, "kpc")
        lines = {
            f"outflow through |z| = {height:g} kpc": (
                f"{history['mdot'][late].mean():.3e} Msun/yr, mean of the second half of the run"
            )
        }
        loadings = self.results(history, p)
        if loadings:
            sfr = self.units.from_code(
                self.config.injection.rate_per_area * self.area * p.mass_per_sn, "Msun/yr"
            )
            lines["star formation rate of these supernovae"] = f"{sfr:.3e} Msun/yr"
            lines["mass loading"] = (
                f"{loadings['mass_loading']:.3f} (box end: {loadings['mass_loading_top']:.3f})"
            )
            for kind in ("cr", "thermal", "kinetic"):
                lines[f"{kind} energy loading"] = (
                    f"{loadings[f'{kind}_loading']:.4f} (box end: "
                    f"{loadings[f'{kind}_loading_top']:.4f})"
                )
        lines["gas beyond this height"] = (
            f"{history['mass_outside'][0]:.3e} -> {history['mass_outside'][-1]:.3e} Msun"
        )
        if self.config.mesh.geometry == "flux_tube":
            per_area = history["mdot"][late].mean() / self.units.from_code(self.area, "kpc^2")
            return {
                "outflow per area of the disc, both sides": f"{per_area:.3e} Msun/yr/kpc^2"
            } | lines
        passing, leaving = (history[name][late].mean() for name in ("mdot", "mdot_top"))
        return lines | {"wind": fate(passing, leaving, height), "caution": CAUTION}
