"""MHD rotor: a dense spinning disc winds up the field and sends out torsional Alfven waves (Balsara
& Spicer 1999; Toth 2000)."""

from crmpi.api import Problem, np, par


class Rotor(Problem):
    """Disc around the origin with a linear taper to the gas at rest: the first rotor problem of
    Toth (2000)."""

    class Params:
        dens: float = par(10.0, gt=0, doc="density of the disc; 1 outside")
        speed: float = par(2.0, doc="velocity at the rim")
        radius: float = par(0.1, gt=0, doc="radius of the disc")
        taper: float = par(0.115, gt=0, doc="outer radius of the taper")
        press: float = par(1.0, gt=0, doc="gas pressure")
        field: float = par(5 / np.sqrt(4 * np.pi), doc="uniform field along x1")

    def initial(self, x, p):
        inside = np.clip((p.taper - x.R) / (p.taper - p.radius), 0.0, 1.0)
        spin = inside * p.speed / np.maximum(x.R, p.radius)
        return {
            "dens": 1.0 + (p.dens - 1.0) * inside,
            "press": p.press,
            "vel1": -spin * x.x2,
            "vel2": spin * x.x1,
            "b1": p.field,
        }
