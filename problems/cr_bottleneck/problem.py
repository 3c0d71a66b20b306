"""Cosmic rays stream through a cloud where the Alfven speed has a minimum: the bottleneck (Wiener et al. 2017; Jiang & Oh 2018)."""

from crmpi.api import Problem, np, par
from crmpi.exact.frames import along, coordinate
from crmpi.exact.streaming import bottleneck


class CRBottleneck(Problem):
    """e is held at the lower end; it becomes flat up to the density maximum and falls as v_A^(-4/3) behind it."""

    class Params:
        source: float = par(3.0, gt=0, doc="e held at the lower end")
        start: float = par(1e-6, gt=0, doc="e at the start")
        centre: float = par(200.0, doc="position of the cloud")
        width: float = par(25.0, gt=0, doc="width of the cloud")
        field: float = par(1.0, gt=0, doc="uniform field along the axis")
        axis: int = par(1, choices=[1, 2, 3], doc="axis of the tube")

    def dens(self, x, p):
        depth = (coordinate(x, p.axis) - p.centre) / p.width
        return 0.1 + 0.9 * (1 + np.tanh(depth)) * (1 - np.tanh(depth))

    def initial(self, x, p):
        return {"dens": self.dens(x, p), "press": 1.0, "ecr": p.start} | along(p.axis, "b", (p.field, 0.0, 0.0))

    def exact(self, x, t, p):
        """The steady state."""
        return {"ecr": bottleneck(self.dens(x, p), coordinate(x, p.axis) <= p.centre, p.source)}

    def hold_source(self, w, x, t, p):
        w.ecr[...] = p.source

    def escape(self, w, x, t, p):
        """Nothing comes back from beyond: one-moment streaming needs a gradient to leave, which zero-gradient ghosts do not give it."""
        w.ecr[...] = p.start

    boundary_ix1 = boundary_ix2 = boundary_ix3 = hold_source
    boundary_ox1 = boundary_ox2 = boundary_ox3 = escape

    def history(self, x, w, p):
        reach = 0.5 * (p.centre + self.config.mesh.upper[p.axis - 1])
        return {"e(downstream)": x.plane_integral(w.ecr, **{f"x{p.axis}": reach})}
