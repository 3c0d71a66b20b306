"""Gas at rest; what a boundary sends in is faster than anything in the box."""

from crmpi.api import Problem, par


class FastInflow(Problem):
    class Params:
        speed: float = par(100.0, doc="of the gas that flows in")

    def initial(self, x, p):
        return {"dens": 1.0, "press": 0.6, "ecr": 0.1, "b1": 0.1}

    def boundary_ix1(self, w, x, t, p):
        w.dens[...] = 0.1
        w.vel1[...] = p.speed
        w.press[...] = 0.6
        w.ecr[...] = 0.1

    def inflow_ix1(self, x, t, p):
        return {"dens": 0.1, "vel1": p.speed, "press": 0.6, "ecr": 0.1, "b1": 0.1}
