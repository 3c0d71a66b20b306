"""Cosmic rays confined by their own waves faster than Alfven waves have no equilibrium: a layer
with a source fills up or empties."""

from crmpi.api import Problem, exact, np, par, total


class SCInstability(Problem):
    """Uniform gas at rest, a field along x1. `tent`: e falls on both sides of a layer with a
    source. `slope`: a mode on a gradient."""

    class Params:
        profile: str = par(
            "tent",
            choices=["tent", "slope"],
            doc="a layer with a source, or a mode on a uniform gradient",
        )
        dens: float = par(1.0, unit="density", gt=0, doc="density")
        temp: float = par(1e4, unit="K", gt=0, doc="temperature")
        field: float = par(1.0, unit="magnetic_field", gt=0, doc="field along x1")
        ecr: float = par(
            1.0,
            unit="pressure",
            gt=0,
            doc="cosmic-ray energy density: in the layer; in the middle of the slope",
        )
        outside: float = par(0.1, unit="pressure", gt=0, doc="tent: e at the ends of the box")
        half_width: float = par(0.1, unit="length", gt=0, doc="tent: of the layer")
        flux: float = par(
            8e-6,
            unit="erg/cm^2/s",
            gt=0,
            doc="flux at the start; crmpi.exact.self_confinement has that of the closure",
        )
        supply: float = par(1.0, ge=0, doc="tent: what the source gives per side, over `flux`")
        gradient: float = par(0.3, gt=0, doc="slope: relative change of e over half of the box")
        seed: float = par(0.05, ge=0, doc="slope: amplitude of the mode over the change of e")

    def setup(self, p):
        self.reach = self.config.mesh.upper[0]
        self.slope = (
            p.ecr * p.gradient / self.reach
            if p.profile == "slope"
            else (p.ecr - p.outside) / (self.reach - p.half_width)
        )
        self.k = np.pi / self.reach  # a whole wave in the box

    def pressure(self, p):
        """Return the gas pressure."""
        return p.dens * p.temp * self.units.k_B / (self.config.fluid.mu * self.units.m_p)

    def closure_flux(self, p):
        """Return the flux F0 that self-confinement with turbulent damping lets pass, in code
        units."""
        given, fluid, units = self.config.scattering, self.config.fluid, self.units
        field, dens = units.from_code(p.field, "G"), units.from_code(p.dens, "g/cm^3")
        sound = units.from_code(np.sqrt(fluid.gamma * self.pressure(p) / p.dens), "cm/s")
        length, speed = (
            units.from_code(given.turbulence_length, "cm"),
            units.from_code(given.turbulence_speed, "cm/s"),
        )
        damping = given.f_cascade * exact.self_confinement.linear_damping(
            field, dens, sound, length, speed
        )
        return exact.self_confinement.limiting_flux(
            field, dens, damping, fluid.gamma_cr, given.f_qlt
        ) * units.factor("erg/cm^2/s")

    def background(self, s, p):
        """Return e without the mode."""
        if p.profile == "slope":
            return p.ecr - self.slope * s
        return p.ecr - self.slope * np.maximum(np.abs(s) - p.half_width, 0.0)

    def initial(self, x, p):
        e, flux = self.background(x.x1, p), p.flux
        if p.profile == "slope":
            e = e + p.seed * p.ecr * p.gradient * np.sin(self.k * x.x1)
        else:
            flux = p.flux * np.clip(x.x1 / p.half_width, -1.0, 1.0)
        return {"dens": p.dens, "press": self.pressure(p), "b1": p.field, "ecr": e, "fcr": flux}

    def inject(self, x, w, t, dt, p):
        strength = p.supply * p.flux / p.half_width if p.profile == "tent" else 0.0
        return {"ecr": strength * dt * self.layer(x, p.half_width) * np.ones_like(w.ecr)}

    def layer(self, x, half_width):
        """Return the share of cells in |x1| < half_width."""
        return np.clip((half_width - np.abs(x.x1)) / x.dx1 + 0.5, 0.0, 1.0)

    def hold(self, w, x, t, p):
        """Keep e at the ends of the box; a mode has nodes there and goes on as an odd function, to
        the order that the scheme sees."""
        # 0.5, 1.5 of the ghosts, which arrive as copies of the last cell
        distance = (np.abs(x.x1) - self.reach) / x.dx1
        last = np.sign(x.x1) * (self.reach - 0.5 * x.dx1)
        mode = w.ecr - self.background(last, p) if p.profile == "slope" else 0.0
        w.ecr[...] = (
            self.background(x.x1, p) - 2.0 * distance * mode if p.profile == "slope" else p.outside
        )

    boundary_ix1 = boundary_ox1 = hold

    def history(self, x, w, p):
        mode = w.ecr - self.background(x.x1, p)
        box = np.prod(
            np.subtract(self.config.mesh.upper, self.config.mesh.lower)
        ) * self.units.factor("eV/cm^3")
        return {
            "mode [eV/cm^3]": total(x.integral(2.0 * mode * np.sin(self.k * x.x1)) / box),
            "layer [eV/cm^3]": total(
                x.integral(w.ecr * self.layer(x, 0.5 * p.half_width))
                * 2.0
                * self.reach
                / (box * p.half_width)
            ),
        }
