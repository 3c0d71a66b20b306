"""Cosmic rays stream through a cloud where the Alfven speed has a minimum: the bottleneck (Wiener
et al. 2017; Jiang & Oh 2018)."""

from crmpi.api import Problem, along, coordinate, exact, np, par, total, wave_share


class CRBottleneck(Problem):
    """e is held at the lower end; it becomes flat up to the density maximum and falls as v_A^(-4/3)
    behind it."""

    class Params:
        source: float = par(3.0, gt=0, doc="e held at the lower end")
        start: float = par(1e-6, gt=0, doc="e at the start")
        centre: float = par(200.0, doc="position of the cloud")
        width: float = par(25.0, gt=0, doc="width of the cloud")
        field: float = par(1.0, gt=0, doc="uniform field along the axis")
        axis: int = par(1, choices=[1, 2, 3], doc="axis of the tube")

    def setup(self, p):
        """Keep the steady state of one-moment streaming, which is that of its regularisation
        length."""
        self.steady = None
        if self.config.transport.solver == "streaming_diffusion":
            mesh, transport = self.config.mesh, self.config.transport
            size = np.subtract(mesh.upper, mesh.lower)
            points = np.linspace(mesh.lower[p.axis - 1], mesh.upper[p.axis - 1], 4001)
            speed = transport.f_stream * p.field / np.sqrt(self.dens(points, p))
            length = transport.regularisation_length or size[np.array(mesh.cells) > 1].max()
            given = (
                points[1] - points[0],
                length,
                p.source,
                self.config.fluid.gamma_cr,
                wave_share(transport.f_stream),
            )
            self.steady = points, exact.streaming.regularised_bottleneck(speed, *given)

    def dens(self, position, p):
        depth = (position - p.centre) / p.width
        return 0.1 + 0.9 * (1 + np.tanh(depth)) * (1 - np.tanh(depth))

    def initial(self, x, p):
        return {"dens": self.dens(coordinate(x, p.axis), p), "press": 1.0, "ecr": p.start} | along(
            p.axis, "b", (p.field, 0.0, 0.0)
        )

    def exact(self, x, t, p):
        """The steady state."""
        position = coordinate(x, p.axis)
        if self.steady is not None:
            return {"ecr": np.interp(position, *self.steady)}
        return {
            "ecr": exact.streaming.bottleneck(
                self.dens(position, p), position <= p.centre, p.source
            )
        }

    def hold_source(self, w, x, t, p):
        w.ecr[...] = p.source

    def escape(self, w, x, t, p):
        """Nothing comes back from beyond: one-moment streaming needs a gradient to leave, which
        zero-gradient ghosts do not give it."""
        w.ecr[...] = p.start

    boundary_ix1 = boundary_ix2 = boundary_ix3 = hold_source
    boundary_ox1 = boundary_ox2 = boundary_ox3 = escape

    def history(self, x, w, p):
        reach = 0.5 * (p.centre + self.config.mesh.upper[p.axis - 1])
        return {"e(downstream)": total(x.plane_integral(w.ecr, **{f"x{p.axis}": reach}))}
