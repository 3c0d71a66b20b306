"""A coloured ball in moving gas with shear, cosmic rays and a field; colour is added, and it flows
in."""

from crmpi.api import Problem, np, par


class ColouredGas(Problem):
    class Params:
        speed: float = par(2.0, doc="of the gas; its sound speed is about 1")
        rate: float = par(0.0, doc="mass of colour added per volume and time")

    def initial(self, x, p):
        ball = np.where((x.x1 - 0.5) ** 2 + (x.x2 - 0.5) ** 2 + (x.x3 - 0.5) ** 2 < 0.04, 1.0, 0.0)
        turn = np.sin(2 * np.pi * x.x1) + np.cos(2 * np.pi * (x.x2 + x.x3))
        turn = turn if self.config.mesh.cells[1] > 1 else 0.0
        gas = {
            "dens": 1.0 + 9.0 * ball,
            "press": 0.6,
            "vel1": p.speed,
            "vel2": 0.5 * p.speed * turn,
            "ecr": 0.1,
        }
        return gas | {"b1": 0.3, "colour": ball, "metals": 0.3 + 0.2 * ball}

    def inject(self, x, w, t, dt, p):
        return {"colour": p.rate * dt + 0.0 * w.colour}

    def boundary_ix1(self, w, x, t, p):
        w.dens[...], w.press[...], w.vel1[...] = 1.0, 0.6, p.speed
        w.colour[...] = 0.25
        w.metals = 0.4
