"""An isothermal atmosphere under a constant gravity g3 = -1 with p = rho, field and cosmic rays in
proportion.
"""

from crmpi.api import Problem, np, par, total


class Atmosphere(Problem):
    class Params:
        field: float = par(0.0, doc="pressure of the horizontal field over that of the gas")
        cosmic: float = par(0.0, doc="pressure of cosmic rays over that of the gas")

    def setup(self, p):
        self.height = 1.0 + p.field + p.cosmic

    def initial(self, x, p):
        rho = np.exp(-x.x3 / self.height)
        state = {"dens": rho, "press": rho}
        return state | ({"ecr": 3.0 * p.cosmic * rho} if p.cosmic else {})

    def vector_potential(self, x, p):
        size = np.sqrt(2.0 * p.field)
        return {
            "a2": size * 2.0 * self.height * np.exp(-x.x3 / (2.0 * self.height))
            if p.field
            else 0.0 * x.x3
        }

    def history(self, x, w, p):
        return {"kinetic": total(x.integral(0.5 * w.dens * w.vel3**2))}
