"""Cosmic rays diffuse out of an atmosphere at rest; the gas falls off on both sides of the plane x3
= 0.
"""

from crmpi.api import Problem, np, par


class Escape(Problem):
    class Params:
        temp: float = par(1.0, doc="pressure over density of the gas")
        width: float = par(0.7, doc="of the cloud of cosmic rays")

    def gravity(self, x, p):
        return {"g3": -np.tanh(x.x3) + 0.0 * x.x1}

    def initial(self, x, p):
        rho = np.cosh(x.x3) ** (-1.0 / p.temp)
        return {
            "dens": rho,
            "press": p.temp * rho,
            "ecr": np.exp(-((x.x3 / p.width) ** 2)),
            "b3": 1.0,
        }
