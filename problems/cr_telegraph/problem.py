"""A sine wave of cosmic rays in gas at rest: two-moment transport obeys the telegraph equation
(Litvinenko & Noble 2016)."""

from crmpi.api import Problem, exact, np, par, to_grid, wave_frame, wave_vector


class CRTelegraph(Problem):
    """s^2/Vm^2 + s/(3 kappa) + k^2/3 = 0; the slow root is diffusion, without scattering both are
    waves at Vm/sqrt(3)."""

    class Params:
        amplitude: float = par(0.1, gt=0, lt=1, doc="amplitude of e; its mean is 1")
        modes: tuple[int, int, int] = par(
            (1, 1, 1), ge=0, doc="periods across the box along each axis; missing axes are ignored"
        )
        dens: float = par(1.0, gt=0, doc="density of the gas; a large one makes Alfven waves slow")

    def setup(self, p):
        mesh = self.config.mesh
        self.k = wave_vector(p.modes, mesh.cells, mesh.lower, mesh.upper)
        self.frame = wave_frame(self.k)
        self.s, _ = exact.cr_waves.telegraph_roots(
            np.linalg.norm(self.k), self.config.scattering.kappa_par, self.config.transport.vmax
        )

    def exact(self, x, t, p):
        wave = p.amplitude * np.exp(
            1j * (self.k[0] * x.x1 + self.k[1] * x.x2 + self.k[2] * x.x3) + self.s * t
        )
        return {"ecr": 1.0 + wave.real, "fcr": (1j * self.s / np.linalg.norm(self.k) * wave).real}

    def initial(self, x, p):
        return (
            {"dens": p.dens, "press": 1.0}
            | self.exact(x, 0.0, p)
            | to_grid(self.frame, "b", (1.0, 0.0, 0.0))
        )
