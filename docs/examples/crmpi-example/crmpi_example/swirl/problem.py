"""Cosmic rays in a swirling gas, with the scattering model of this package."""

from crmpi.api import Problem, np, par


class Swirl(Problem):
    """Gas that turns about the axis x3 with uniform density and pressure."""

    class Params:
        speed: float = par("30 km/s", unit="velocity", doc="largest velocity")

    def initial(self, x, p):
        phase1, phase2 = 2 * np.pi * x.x1, 2 * np.pi * x.x2
        return {
            "dens": self.units("1 m_p/cm^3"),
            "press": self.units("1 eV/cm^3"),
            "ecr": self.units("1 eV/cm^3") * (1 + 0.5 * np.cos(phase1)),
            "vel1": -p.speed * np.sin(phase2),
            "vel2": p.speed * np.sin(phase1),
            "b1": self.units("1 uG"),
        }
