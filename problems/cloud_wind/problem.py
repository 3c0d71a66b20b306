"""A cooling, coloured cloud in a magnetised wind with cosmic rays (Klein, McKee & Colella 1994;
Gronke & Oh 2018)."""

from crmpi.api import Problem, mean, np, par, total


class CloudWind(Problem):
    """A cloud at rest in pressure balance with a uniform wind along x1 that flows in at ix1; the
    field is along x2."""

    class Params:
        radius: float = par("100 pc", unit="length", gt=0, doc="of the cloud")
        contrast: float = par(100.0, gt=1, doc="density of the cloud over that of the wind")
        dens: float = par("1e-3 m_p/cm^3", unit="density", gt=0, doc="of the wind")
        temp: float = par(
            "1e6 K", unit="K", gt=0, doc="of the wind; that of the cloud is temp/contrast"
        )
        mach: float = par(1.5, gt=0, doc="speed of the wind over its sound speed")
        beta: float = par(10.0, gt=0, doc="gas over magnetic pressure; inf: no field")
        cr_share: float = par(0.5, ge=0, doc="cosmic-ray over gas pressure")

    def setup(self, p):
        fluid, units = self.config.fluid, self.units
        press = p.dens * units.k_B * p.temp / (fluid.mu * units.m_p)
        self.speed = p.mach * np.sqrt(fluid.gamma * press / p.dens)
        self.crushing = np.sqrt(p.contrast) * p.radius / self.speed
        self.wind = {"dens": p.dens, "press": press, "vel1": self.speed}
        if fluid.magnetic:
            self.wind["b2"] = np.sqrt(2.0 * press / p.beta)
        if fluid.cosmic_rays:
            self.wind["ecr"] = p.cr_share * press / (fluid.gamma_cr - 1.0)

    def initial(self, x, p):
        inside = 0.5 * (1.0 - np.tanh((x.r / p.radius - 1.0) / 0.1))
        cloud = {
            "dens": p.dens * (1.0 + (p.contrast - 1.0) * inside),
            "vel1": self.speed * (1.0 - inside),
        }
        return self.wind | cloud | {"colour": inside}

    def inflow_ix1(self, x, t, p):
        """The wind, without colour."""
        return self.wind | {"colour": 0.0}

    def history(self, x, w, p):
        coloured, kms = w.dens * w.colour, self.units.factor("km/s")
        return {
            "dense_mass [Msun]": total(
                w.dens / self.units.factor("Msun"), where=w.dens > p.contrast * p.dens / 3.0
            ),
            "cloud_velocity [km/s]": mean(w.vel1 / kms, weight=coloured),
            # share of wind in the gas that the colour is in
            "mixed [1]": mean(1.0 - w.colour, weight=coloured),
        }

    def summary(self, history, p):
        left = 1.0 - history["cloud_velocity"] * self.units.factor("km/s") / self.speed
        slow = history["time"] * self.units.factor(history.units["time"]) / self.crushing
        half = np.interp(-0.5, -left, slow) if left.min() < 0.5 else np.nan
        dense = history["dense_mass"]
        return {
            "cloud-crushing time": f"{self.crushing / self.units.factor('Myr'):.3g} Myr",
            "half of the wind's speed after": f"{half:.3g} cloud-crushing times",
            "dense gas, of its first mass": f"{dense[-1] / dense[0]:.3g}",
        }
