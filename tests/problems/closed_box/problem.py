"""A closed box: a cloud of cosmic rays and moving gas in a field that goes through the walls."""

import math

from crmpi.api import Problem, np, par


class ClosedBox(Problem):
    class Params:
        b1: float = par(1.0, doc="uniform field along x1")
        b2: float = par(0.0, doc="uniform field along x2")
        b3: float = par(0.0, doc="uniform field along x3")
        push: float = par(0.3, doc="speed of the gas in the cloud, in all directions")
        pulse: float = par(0.0, doc="in place of the cloud: amplitude of an Alfven pulse at x1 = 1")
        turns: float = par(0.0, doc="strength of a field with a different direction everywhere")

    def initial(self, x, p):
        if p.pulse:
            return {"dens": 1.0, "press": 1.0, "b1": p.b1, "vel2": -p.pulse * self.pulse(x)}
        cloud = np.exp(
            -(((x.x1 - 0.3) / 0.2) ** 2) - ((x.x2 - 0.4) / 0.3) ** 2 - ((x.x3 - 0.6) / 0.3) ** 2
        )
        state = {"dens": 1.0 + cloud, "press": 1.0, "ecr": 1.0 + 10.0 * cloud}
        state |= {"vel1": p.push * cloud, "vel2": -p.push * cloud, "vel3": 0.5 * p.push * cloud}
        return state | {"b1": p.b1, "b2": p.b2, "b3": p.b3}

    def pulse(self, x):
        return np.exp(-(((x.x1 - 1.0) / 0.2) ** 2))

    def vector_potential(self, x, p):
        if p.pulse:
            erf = np.vectorize(math.erf)
            return {"a3": -p.pulse * 0.1 * math.sqrt(math.pi) * erf((x.x1 - 1.0) / 0.2)}
        s1, s2, s3 = (np.sin(2.1 * axis + 0.3) for axis in (x.x1, x.x2, x.x3))
        return {"a1": p.turns * s2 * s3, "a2": p.turns * s1 * s3, "a3": p.turns * s1 * s2}
