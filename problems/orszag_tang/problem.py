"""Orszag-Tang vortex: interacting shocks and current sheets from smooth data (Orszag & Tang 1979;
Toth 2000)."""

from crmpi.api import Problem, np, par


class OrszagTang(Problem):
    """The vortex in the unit square. Phases are measured from its centre, so that the initial
    symmetry is exact to the last bit."""

    class Params:
        field: float = par(1 / np.sqrt(4 * np.pi), doc="amplitude of the field")

    def initial(self, x, p):
        gamma = self.config.fluid.gamma
        return {
            "dens": gamma**2 / (4 * np.pi),
            "press": gamma / (4 * np.pi),
            "vel1": np.sin(2 * np.pi * (x.x2 - 0.5)),
            "vel2": -np.sin(2 * np.pi * (x.x1 - 0.5)),
        }

    def vector_potential(self, x, p):
        return {
            "a3": p.field
            / (4 * np.pi)
            * (np.cos(4 * np.pi * (x.x1 - 0.5)) - 2 * np.cos(2 * np.pi * (x.x2 - 0.5)))
        }
