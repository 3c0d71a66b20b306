"""A uniform magnetised wind through a box, with a little noise in the density at the start: nothing
should happen.
"""

from crmpi.api import Problem, par, total


class UniformWind(Problem):
    class Params:
        along: int = par(3, doc="axis of the wind")
        speed: float = par(3.0, doc="of the wind; sound speed 1")
        b1: float = par(0.5, doc="field along x1")
        b2: float = par(0.0, doc="field along x2")
        b3: float = par(0.0, doc="field along x3")
        arrays: bool = par(False, doc="the hook sets arrays, not numbers")

    def state(self, p):
        return {
            "dens": 1.0,
            "press": 0.6,
            f"vel{p.along}": p.speed,
            "b1": p.b1,
            "b2": p.b2,
            "b3": p.b3,
        }

    def initial(self, x, p):
        return self.state(p) | {"dens": 1.0 + 1e-3 * x.noise(seed=3)}

    def blow(self, w, x, t, p):
        for name, value in ({"vel1": 0.0, "vel2": 0.0, "vel3": 0.0} | self.state(p)).items():
            if p.arrays:
                getattr(w, name)[...] = value
            else:
                setattr(w, name, value)

    boundary_ix1 = boundary_ix2 = boundary_ix3 = blow

    def inflow_ix3(self, x, t, p):
        return self.state(p)

    def history(self, x, w, p):
        return {"db2": total((w.b1 - p.b1) ** 2 + (w.b2 - p.b2) ** 2 + (w.b3 - p.b3) ** 2)}
