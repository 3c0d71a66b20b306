"""Blast wave in a magnetised medium (Balsara & Spicer 1999; Londrillo & Del Zanna 2000)."""

from crmpi.api import Problem, np, par


class Blast(Problem):
    """Hot circle (2-D) or sphere (3-D) in a uniform oblique field; small beta makes the gas energy
    a small part of the total."""

    class Params:
        radius: float = par(0.1, gt=0, doc="radius of the hot region")
        contrast: float = par(100.0, gt=0, doc="pressure inside / outside")
        press: float = par(0.1, gt=0, doc="pressure outside")
        beta: float = par(0.1, gt=0, doc="gas / magnetic pressure outside")
        angle: float = par(45.0, doc="angle of the field to x1 in the x1-x2 plane, degrees")
        cr_share: float = par(0.0, ge=0, lt=1, doc="cosmic-ray share of the pressure everywhere")

    def initial(self, x, p):
        press = np.where(x.r < p.radius, p.contrast, 1.0) * p.press
        field, angle = np.sqrt(2 * p.press / p.beta), np.deg2rad(p.angle)
        return {
            "dens": 1.0,
            "press": (1 - p.cr_share) * press,
            "ecr": p.cr_share * press / (self.config.fluid.gamma_cr - 1),
            "b1": field * np.cos(angle),
            "b2": field * np.sin(angle),
        }
