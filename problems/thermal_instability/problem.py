"""Thermal instability of a stratified halo with cosmic rays (Butsky, Fielding, Hayward, Hummels,
Quinn & Werk 2020, ApJ 903, 77)."""

from crmpi.api import Problem, np, par, total

# heights, in scale heights, between which clouds are compared with the gas around them
BAND = (0.5, 1.5)
COLD = 1 / 3  # of the mid-plane temperature


class ThermalInstability(Problem):
    """Gas, horizontal field and cosmic rays in balance, with one cooling time everywhere; each
    layer is heated by what it radiates.

    With gas pressure Pg = rho T, total pressure Pg (1 + 1/beta + eta) and Lambda ~ T^al, T = T0 (1
    - h/(2 - al)), rho = rho0 (1 - h/(2 - al))^(1 - al), h = (a/H)(sqrt(1 + z^2/a^2) - 1)/(1 +
    1/beta + eta).
    """

    class Params:
        temp: float = par(1e6, unit="K", gt=0, doc="temperature T0 in the middle")
        dens: float = par(1e-27, unit="g/cm^3", gt=0, doc="density in the middle")
        g0: float = par(
            5e-10, unit="cm/s^2", gt=0, doc="gravity far from the middle; H = k T0/(mu m_p g0)"
        )
        softening: float = par(0.1, gt=0, doc="a/H: gravity is g0 (z/a)/sqrt(1 + (z/a)^2)")
        eta: float = par(1.0, ge=0, doc="cosmic-ray / gas pressure")
        beta: float = par(100.0, gt=0, doc="gas / magnetic pressure")
        tcool_tff: float = par(0.3, gt=0, doc="cooling time over free-fall time sqrt(2H/g0)")
        slope: float = par(-2 / 3, lt=2, doc="al, that of cooling.power_law_slope")
        amplitude: float = par(
            0.02, ge=0, doc="rms of the density perturbation, at constant pressure"
        )
        seed: int = par(1, ge=0, doc="of the perturbation")

    @staticmethod
    def defaults(config):
        """The cooling function follows from the cooling time."""
        p, units, fluid, x_h = (
            config.problem,
            config.units,
            config.fluid,
            config.composition.X,
        )
        scale = p.temp * units.k_B / (fluid.mu * units.m_p) / p.g0
        time = p.tcool_tff * np.sqrt(2 * scale / p.g0)
        energy = p.dens * p.g0 * scale / (fluid.gamma - 1)
        nucleons = 0.5 * x_h * (1 + x_h) * (p.dens / units.m_p) ** 2
        return {
            "cooling.power_law_lambda": float(
                energy / (nucleons * time) / units.factor("erg cm^3/s")
            ),
            "cooling.power_law_slope": p.slope,
            "cooling.power_law_temp": float(p.temp),
        }

    def setup(self, p):
        self.c2 = p.temp * self.units.k_B / (self.config.fluid.mu * self.units.m_p)
        self.scale = self.c2 / p.g0
        self.support = 1 + 1 / p.beta + p.eta
        self.modes = self.draw_modes(p)
        heights = np.linspace(self.config.mesh.lower[2], self.config.mesh.upper[2], 20001)
        field = np.sqrt(2 * self.profile(heights, p)[1] / p.beta)
        flux = np.concatenate([[0.0], np.cumsum(0.5 * (field[1:] + field[:-1]) * np.diff(heights))])
        self.potential = heights, flux

    def profile(self, z, p):
        """Return (density, gas pressure) of the atmosphere at height `z`."""
        a = p.softening * self.scale
        h = p.softening * (np.sqrt(1 + (z / a) ** 2) - 1) / self.support
        fall = 1 - h / (2 - p.slope)
        dens = p.dens * fall ** (1 - p.slope)
        return dens, dens * self.c2 * fall

    def draw_modes(self, p):
        """Return (k, phase) of thirty waves of random directions, four to sixteen of them along the
        box height."""
        mesh, random = self.config.mesh, np.random.default_rng(p.seed)
        size, present = np.subtract(mesh.upper, mesh.lower), np.array(mesh.cells) > 1
        numbers = random.integers(-4, 5, (30, 3)) * present
        numbers[:, 2] = random.integers(4, 17, 30)
        return list(zip(2 * np.pi * numbers / size, random.uniform(0, 2 * np.pi, 30), strict=True))

    def gravity(self, x, p):
        z = x.x3 / (p.softening * self.scale)
        return {"g3": -p.g0 * z / np.sqrt(1 + z**2)}

    def initial(self, x, p):
        dens, press = self.profile(x.x3, p)
        waves = sum(
            np.cos(k[0] * x.x1 + k[1] * x.x2 + k[2] * x.x3 + phase) for k, phase in self.modes
        )
        wave = p.amplitude * waves * np.sqrt(2 / len(self.modes))
        return {
            "dens": dens * (1 + wave),
            "press": press,
            "ecr": p.eta * press / (self.config.fluid.gamma_cr - 1),
        }

    def vector_potential(self, x, p):
        return {"a2": -np.interp(x.x3, *self.potential) + 0.0 * x.x1}

    def history(self, x, w, p):
        """Masses, and means of cold and hot gas in a band of heights."""
        cold = w.temp < COLD * p.temp
        height = np.abs(x.x3) / self.scale
        band = (height > BAND[0]) & (height < BAND[1]) & np.ones(x.shape, bool)
        columns = {
            "cold_mass [Msun]": total(x.integral(w.dens, where=cold) / self.units.factor("Msun"))
        }
        for name, where in (("cold", band & cold), ("hot", band & ~cold)):
            columns[f"{name}_volume [code]"] = total(x.integral(1.0, where=where))
            for quantity in ("dens", "press", "ecr"):
                columns[f"{name}_{quantity} [code]"] = total(getattr(w, quantity), where=where)
        return columns

    def contrast(self, history, row=-1):
        """Return (d, T_c/T_h, eta of the hot gas, pressure of cold over that of hot gas, all of
        them together) or None without clouds."""
        last = {name: values[row] for name, values in history.items()}
        if last["cold_volume"] == 0.0:
            return None
        cold, hot = (
            {q: last[f"{n}_{q}"] / last[f"{n}_volume"] for q in ("dens", "press", "ecr")}
            for n in ("cold", "hot")
        )
        pcr = self.config.fluid.gamma_cr - 1
        d = cold["dens"] / hot["dens"]
        total = [side["press"] + pcr * side["ecr"] for side in (cold, hot)]
        return (
            d,
            cold["press"] / hot["press"] / d,
            pcr * hot["ecr"] / hot["press"],
            total[0] / total[1],
        )

    def summary(self, history, p):
        lines = {
            "cold fraction of the mass": f"{history['cold_mass'][-1] / history['mass'][-1]:.3f}"
        }
        found = self.contrast(history)
        if found:
            d, ratio, eta, total = found
            lines["density contrast of clouds"] = f"{d:.2f}"
            lines["total pressure of clouds / around"] = f"{total:.3f}"
            balance = (ratio * d + eta * d**self.config.fluid.gamma_cr) / (1 + eta)
            lines["((T_c/T_h) d + eta d^(4/3))/(1 + eta)"] = (
                f"{balance:.3f}; 1 for adiabatic cosmic rays in balance"
            )
        return lines
