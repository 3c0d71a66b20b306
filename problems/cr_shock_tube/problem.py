"""Shock tube of gas with adiabatic cosmic rays (Pfrommer et al. 2006, 2017), along any axis."""

from crmpi.api import Problem, along, coordinate, exact, np, par


class CRShockTube(Problem):
    """Two states [rho, v, Pg, Pcr] with a diaphragm between them and a uniform field along the
    tube."""

    class Params:
        left: tuple[float, float, float, float] = par(
            (1, 0, 66666, 133333), doc="[rho, v, Pg, Pcr] at x < x0"
        )
        right: tuple[float, float, float, float] = par(
            (0.2, 0, 267.2, 267.2), doc="[rho, v, Pg, Pcr] at x > x0"
        )
        x0: float = par(250.0, doc="position of the diaphragm")
        bx: float = par(0.0, doc="uniform field along the tube")
        axis: int = par(1, choices=[1, 2, 3], doc="axis of the tube")

        def check(self):
            """Densities and pressures are positive."""
            for name in ("left", "right"):
                dens, press = getattr(self, name)[0], getattr(self, name)[2]
                if not (dens > 0.0 and press > 0.0 and getattr(self, name)[3] >= 0.0):
                    yield (
                        name,
                        (
                            "must have a positive density and pressure of the gas, and no negative "
                            "one of cosmic rays"
                        ),
                    )

    @staticmethod
    def defaults(config):
        """A field along the tube, or a solver for magnetised gas, switches the field on."""
        return {"fluid.magnetic": config.problem.bx != 0.0 or config.fluid.riemann == "hlld"}

    def setup(self, p):
        fluid = self.config.fluid
        self.energy_per_pressure = 1.0 / (fluid.gamma_cr - 1.0)
        self.fan = exact.riemann.RiemannFan(
            exact.riemann.State(*p.left),
            exact.riemann.State(*p.right),
            exact.riemann.Gammas(fluid.gamma, fluid.gamma_cr),
        )

    def state(self, p, dens, vel, press, pcr):
        return {"dens": dens, "press": press, "ecr": pcr * self.energy_per_pressure} | along(
            p.axis, "vel", (vel, 0.0, 0.0)
        )

    def initial(self, x, p):
        left = coordinate(x, p.axis) < p.x0
        values = (np.where(left, a, b) for a, b in zip(p.left, p.right, strict=True))
        return self.state(p, *values) | along(p.axis, "b", (p.bx, 0.0, 0.0))

    def exact(self, x, t, p):
        if t == 0:
            return {}
        return self.state(p, *self.fan.sample((coordinate(x, p.axis) - p.x0) / t))
