"""Cosmic rays that dominate the pressure in shocks: streams that collide and tubes, in a closed
box."""

from crmpi.api import Problem, along, coordinate, np, par


class CRStress(Problem):
    """Two streams that collide at the centre, or a slab of high pressure there; outside, density
    and pressure are 1.

    The speed of a stream falls linearly to zero at the end of the box, so that nothing tears there
    and the box can be closed.
    """

    class Params:
        flow: str = par(
            "collision",
            choices=["collision", "tube"],
            doc="colliding streams, or a slab that expands",
        )
        mach: float = par(
            10.0,
            ge=0,
            doc="speed of the streams in units of the sound speed of gas and cosmic rays",
        )
        ratio: float = par(100.0, ge=0, doc="cosmic-ray / gas pressure")
        jump: float = par(100.0, gt=1, doc="pressure in the slab of half the box; its density is 8")
        field: float = par(1.0, gt=0, doc="uniform field along the axis")
        axis: int = par(1, choices=[1, 2, 3], doc="axis of the flow")

    def initial(self, x, p):
        fluid, lower, upper = (
            self.config.fluid,
            self.config.mesh.lower[p.axis - 1],
            self.config.mesh.upper[p.axis - 1],
        )
        depth = (coordinate(x, p.axis) - 0.5 * (lower + upper)) / (upper - lower)
        slab = (np.abs(depth) < 0.25) & (p.flow == "tube")
        press = np.where(slab, p.jump, 1.0)
        speed = (
            p.mach * np.sqrt(fluid.gamma + fluid.gamma_cr * p.ratio)
            if p.flow == "collision"
            else 0.0
        )
        gas = {
            "dens": np.where(slab, 8.0, 1.0),
            "press": press,
            "ecr": p.ratio * press / (fluid.gamma_cr - 1),
        }
        velocity = along(
            p.axis, "vel", (-speed * np.sign(depth) * (1 - 2 * np.abs(depth)), 0.0, 0.0)
        )
        return gas | velocity | along(p.axis, "b", (p.field, 0.0, 0.0))
