"""Cosmic rays that dominate the pressure in shocks: colliding flows and tubes that break careless codes."""

from crmpi.api import Problem, np, par
from crmpi.exact.frames import along, coordinate


class CRStress(Problem):
    """Two streams that collide at the centre, or a tube with a pressure jump; gas pressure and density are 1 (behind the jump)."""

    class Params:
        setup: str = par("collision", choices=["collision", "tube"], doc="which flow")
        mach: float = par(10.0, ge=0, doc="speed of each stream in units of the sound speed of gas and cosmic rays")
        ratio: float = par(100.0, ge=0, doc="cosmic-ray / gas pressure")
        jump: float = par(100.0, gt=1, doc="pressure ratio of the tube; its density ratio is 8")
        field: float = par(1.0, gt=0, doc="uniform field along the axis")
        axis: int = par(1, choices=[1, 2, 3], doc="axis of the flow")

    def initial(self, x, p):
        fluid, s = self.config.fluid, coordinate(x, p.axis)
        sound = np.sqrt(fluid.gamma + fluid.gamma_cr * p.ratio)
        high = (s < 0) & (p.setup == "tube")
        press = np.where(high, p.jump, 1.0)
        vel = np.where(s < 0, 1.0, -1.0) * p.mach * sound * (p.setup == "collision")
        gas = {"dens": np.where(high, 8.0, 1.0), "press": press, "ecr": p.ratio * press / (fluid.gamma_cr - 1)}
        return gas | along(p.axis, "vel", (vel, 0.0, 0.0)) | along(p.axis, "b", (p.field, 0.0, 0.0))
