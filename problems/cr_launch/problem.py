"""A slab of cosmic rays lifts stratified gas along an oblique field: the profile of a wind, cheap
to repeat with other codes."""

from crmpi.api import Problem, np, par


class CRLaunch(Problem):
    """Hydrostatic gas in the potential depth sin^2(pi x1), of period 1, and a slab of cosmic rays
    at the bottom of the well, at rest."""

    class Params:
        depth: float = par(1.2, ge=0, doc="of the potential well")
        temp: float = par(
            0.6, gt=0, doc="gas pressure over density at the start; the density at the bottom is 1"
        )
        slab: float = par(3.0, ge=0, doc="cosmic-ray energy density in the middle of the slab")
        width: float = par(0.1, gt=0, doc="of the slab: exp(-(sin(pi x1)/(pi width))^2)")
        background: float = par(0.1, gt=0, doc="cosmic-ray energy density everywhere")
        field: tuple[float, float, float] = par((0.5, 0.2, 0.1), doc="uniform field at the start")

    def initial(self, x, p):
        height = np.sin(np.pi * x.x1)
        dens = np.exp(-p.depth * height**2 / p.temp)
        ecr = p.background + p.slab * np.exp(-((height / (np.pi * p.width)) ** 2))
        field = dict(zip(("b1", "b2", "b3"), p.field, strict=True))
        return field | {"dens": dens, "press": p.temp * dens, "ecr": ecr}

    def gravity(self, x, p):
        return {"g1": -np.pi * p.depth * np.sin(2 * np.pi * x.x1)}
