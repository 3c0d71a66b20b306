"""Cosmic rays stream down their gradient at the Alfven speed: a triangle with a growing plateau
(Jiang & Oh 2018, sec. 4.1.2)."""

from crmpi.api import (
    Problem,
    along,
    coordinate,
    exact,
    np,
    par,
    to_grid,
    total,
    wave_frame,
    wave_vector,
)


class CRStreaming(Problem):
    """e = max(2 - |x|, 0) in uniform gas that is not evolved; Alfven speed = field strength."""

    class Params:
        field: float = par(1.0, gt=0, doc="uniform field along the axis; the density is 1")
        axis: int = par(1, choices=[1, 2, 3], doc="axis of the field")
        modes: tuple[int, int, int] = par(
            (0, 0, 0), ge=0, doc="if not 0: oblique in a periodic box, periods along each axis"
        )

    def setup(self, p):
        mesh = self.config.mesh
        self.oblique = any(p.modes)
        if self.oblique:
            self.k = wave_vector(p.modes, mesh.cells, mesh.lower, mesh.upper)

    def distance(self, x, p):
        """Return the distance from the top of the triangle along the field."""
        if not self.oblique:
            return coordinate(x, p.axis)
        phase = self.k[0] * x.x1 + self.k[1] * x.x2 + self.k[2] * x.x3
        return (np.mod(phase + np.pi, 2 * np.pi) - np.pi) / np.linalg.norm(self.k)

    def exact(self, x, t, p):
        return {"ecr": exact.streaming.triangle(self.distance(x, p), t, p.field)}

    def initial(self, x, p):
        gas = {"dens": 1.0, "press": 1.0, "ecr": np.maximum(2 - np.abs(self.distance(x, p)), 0.0)}
        field = (p.field, 0.0, 0.0)
        return gas | (
            to_grid(wave_frame(self.k), "b", field) if self.oblique else along(p.axis, "b", field)
        )

    def history(self, x, w, p):
        plane = f"x{p.axis}"
        return {
            "e(0)": total(
                0.5
                * (
                    x.plane_integral(w.ecr, **{plane: -1e-9})
                    + x.plane_integral(w.ecr, **{plane: 1e-9})
                )
            )
        }
