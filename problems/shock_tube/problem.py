"""Riemann problem of hydrodynamics or MHD along any axis: Sod, Brio & Wu, Ryu & Jones, or two
states of your own."""

from crmpi.api import Problem, along, coordinate, exact, np, par


class ShockTube(Problem):
    """States are [dens, v, v', v'', press, b', b''] with v, v', v'' along the tube and along the
    next two axes in cyclic order."""

    class Params:
        left: tuple[float, ...] = par((1, 0, 0, 0, 1, 0, 0), length=7, doc="state at x < x0")
        right: tuple[float, ...] = par((0.125, 0, 0, 0, 0.1, 0, 0), length=7, doc="state at x > x0")
        bx: float = par(0.0, doc="field along the tube")
        x0: float = par(0.5, doc="position of the diaphragm")
        axis: int = par(1, choices=[1, 2, 3], doc="axis of the tube")
        shocks: tuple[float, ...] | None = par(
            None,
            length=4,
            doc="four guesses that start the exact MHD solution of two fast and two slow "
            "shocks: field strength behind the left fast, "
            "the slow and the right fast shocks, and its angle in rad; none: hydrodynamic tubes "
            "only have an exact solution",
        )

        def check(self):
            """Densities and pressures are positive."""
            for name in ("left", "right"):
                dens, press = getattr(self, name)[0], getattr(self, name)[4]
                if not (dens > 0.0 and press > 0.0):
                    yield name, "must have a positive density and pressure"

    def setup(self, p):
        gamma = self.config.fluid.gamma
        states = [np.array(state) for state in (p.left, p.right)]
        self.fan = None
        if p.shocks:
            self.fan = exact.mhd_shocks.MhdFan(
                *(exact.mhd_shocks.MhdState(s[0], s[1:4], s[4], s[5:]) for s in states),
                p.bx,
                gamma,
                p.shocks,
            )
        elif not (p.bx or any(s[5:].any() for s in states)):
            self.fan = exact.riemann.RiemannFan(
                *(exact.riemann.State(s[0], s[1], s[4]) for s in states),
                exact.riemann.Gammas(gas=gamma),
            )

    def initial(self, x, p):
        position = coordinate(x, p.axis)
        dens, *vel, press, _, _ = (
            np.where(position < p.x0, a, b) for a, b in zip(p.left, p.right, strict=True)
        )
        return (
            {"dens": dens, "press": press}
            | along(p.axis, "vel", vel)
            | along(p.axis, "b", (p.bx, 0.0, 0.0))
        )

    def vector_potential(self, x, p):
        depth = coordinate(x, p.axis) - p.x0
        b2, b3 = (np.where(depth < 0, a, b) for a, b in zip(p.left[5:], p.right[5:], strict=True))
        return along(p.axis, "a", (0.0, b3 * depth, -b2 * depth))

    def exact(self, x, t, p):
        if self.fan is None or t == 0:
            return {}
        xi = (coordinate(x, p.axis) - p.x0) / t
        if p.shocks is None:
            dens, vel, press, _ = self.fan.sample(xi)
            return {"dens": dens, f"vel{p.axis}": vel, "press": press}
        dens, *vel, press, b2, b3 = self.fan.sample(xi)
        return (
            {"dens": dens, "press": press}
            | along(p.axis, "vel", vel)
            | along(p.axis, "b", (p.bx, b2, b3))
        )
