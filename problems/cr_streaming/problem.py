"""Cosmic rays stream down their gradient at the Alfven speed: a triangle with a growing plateau (Jiang & Oh 2018, sec. 4.1.2)."""

from crmpi.api import Problem, np, par
from crmpi.exact.frames import along, coordinate
from crmpi.exact.streaming import triangle


class CRStreaming(Problem):
    """e = max(2 - |x|, 0) in uniform gas that is not evolved; Alfven speed = field strength."""

    class Params:
        field: float = par(1.0, gt=0, doc="uniform field along the axis; the density is 1")
        axis: int = par(1, choices=[1, 2, 3], doc="axis of the field")

    def exact(self, x, t, p):
        return {"ecr": triangle(coordinate(x, p.axis), t, p.field)}

    def initial(self, x, p):
        gas = {"dens": 1.0, "press": 1.0, "ecr": np.maximum(2 - np.abs(coordinate(x, p.axis)), 0.0)}
        return gas | along(p.axis, "b", (p.field, 0.0, 0.0))

    def history(self, x, w, p):
        plane = f"x{p.axis}"
        return {"e(0)": 0.5 * (x.plane_integral(w.ecr, **{plane: -1e-9}) + x.plane_integral(w.ecr, **{plane: 1e-9}))}
