"""Gas that moves away from some faces and towards others, with waves and a field in all
directions."""

from crmpi.api import Problem, np, par


class SuckedBox(Problem):
    class Params:
        speed: float = par(1.5, doc="of the gas away from the lower faces")
        still: bool = par(False, doc="uniform gas, all of it moving away from ix1")
        field: float = par(0.5, doc="of a field with a different direction everywhere")

    def initial(self, x, p):
        if p.still:
            return {"dens": 1.0, "press": 0.6, "vel1": 0.5}
        wave = np.sin(7 * x.x1 + 5 * x.x2 + 3 * x.x3)
        return {
            "dens": 1.0 + 0.5 * wave,
            "press": 0.6 + 0.2 * wave,
            "ecr": 0.3,
            "vel1": p.speed * (0.3 + wave),
            "vel2": p.speed * wave,
            "vel3": -p.speed * wave,
            "b1": p.field,
        }

    def vector_potential(self, x, p):
        s1, s2, s3 = (np.sin(2.1 * axis + 0.3) for axis in (x.x1, x.x2, x.x3))
        return {"a1": p.field * s2 * s3, "a2": p.field * s1 * s3, "a3": p.field * s1 * s2}
