"""A circularly polarised Alfven wave of amplitude 0.1, an exact solution, that every face of the
mesh drives.
"""

from crmpi.api import Problem, np, par


class DrivenWave(Problem):
    class Params:
        angle: float = par(0.0, doc="of the direction of the wave with the x1 axis, radians")
        amplitude: float = par(
            0.1,
            doc="of the field across the mean field, which is 1, as are density and Alfven speed",
        )
        length: float = par(1.0, gt=0, doc="wavelength")

    def setup(self, p):
        self.n1, self.n2, self.k = np.cos(p.angle), np.sin(p.angle), 2.0 * np.pi / p.length

    def wave(self, x, t, p):
        phase = self.k * (self.n1 * x.x1 + self.n2 * x.x2 - t)
        across, up = p.amplitude * np.sin(phase), p.amplitude * np.cos(phase)
        field = {"b1": self.n1 - self.n2 * across, "b2": self.n2 + self.n1 * across, "b3": up}
        return {
            "dens": 1.0,
            "press": 0.1,
            "vel1": self.n2 * across,
            "vel2": -self.n1 * across,
            "vel3": -up,
        } | field

    def initial(self, x, p):
        wave = {name: value for name, value in self.wave(x, 0.0, p).items() if name[0] != "b"}
        return wave | {"b1": self.n1, "b2": self.n2}

    def vector_potential(self, x, p):
        phase = self.k * (self.n1 * x.x1 + self.n2 * x.x2)
        size = p.amplitude / self.k
        return {
            "a1": -self.n2 * size * np.sin(phase),
            "a2": self.n1 * size * np.sin(phase),
            "a3": size * np.cos(phase),
        }

    def drive(self, x, t, p):
        return self.wave(x, t, p)

    inflow_ix1 = inflow_ox1 = inflow_ix2 = inflow_ox2 = drive

    def exact(self, x, t, p):
        return {name: value for name, value in self.wave(x, t, p).items() if name[0] == "b"}
