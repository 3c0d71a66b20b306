"""Circularly polarised Alfven wave of large amplitude, travelling or standing in the box: an exact
solution of ideal MHD."""

from crmpi.api import Problem, np, par, to_grid, wave_frame, wave_vector


class AlfvenWave(Problem):
    """Density, field along the wave and its speed are 1; the wave runs towards -k, in a standing
    wave against gas that flows at +1."""

    class Params:
        amplitude: float = par(0.1, doc="transverse field and velocity")
        press: float = par(0.1, gt=0, doc="gas pressure")
        standing: bool = par(False, doc="let the gas flow so that the wave stands still")
        modes: tuple[int, int, int] = par(
            (1, 1, 1), ge=0, doc="periods across the box along each axis; missing axes are ignored"
        )

    def setup(self, p):
        mesh = self.config.mesh
        self.k = wave_vector(p.modes, mesh.cells, mesh.lower, mesh.upper)
        self.frame = wave_frame(self.k)
        self.flow = 1.0 if p.standing else 0.0

    def phase(self, x, t):
        return (
            self.k[0] * x.x1
            + self.k[1] * x.x2
            + self.k[2] * x.x3
            + np.linalg.norm(self.k) * (1.0 - self.flow) * t
        )

    def initial(self, x, p):
        return self.gas(x, 0.0, p) | to_grid(self.frame, "b", (1.0, 0.0, 0.0))

    def gas(self, x, t, p):
        phase = self.phase(x, t)
        vel = (self.flow, p.amplitude * np.sin(phase), p.amplitude * np.cos(phase))
        return {"dens": 1.0, "press": p.press} | to_grid(self.frame, "vel", vel)

    def vector_potential(self, x, p):
        phase, scale = self.phase(x, 0.0), p.amplitude / np.linalg.norm(self.k)
        return to_grid(self.frame, "a", (0.0, scale * np.sin(phase), scale * np.cos(phase)))

    def exact(self, x, t, p):
        phase = self.phase(x, t)
        return self.gas(x, t, p) | to_grid(
            self.frame, "b", (1.0, p.amplitude * np.sin(phase), p.amplitude * np.cos(phase))
        )
