"""Sound wave of gas and cosmic rays along the field, with or without diffusion: the exact
dispersion relation."""

from crmpi.api import Problem, exact, np, par, to_grid, total, wave_frame, wave_vector


class CRSoundWave(Problem):
    """Eigenmode exp(ikx + st) towards +k of the equations that the chosen transport solver
    discretises."""

    class Params:
        amplitude: float = par(1e-6, doc="velocity of the wave")
        press: float = par(1.0, gt=0, doc="gas pressure; the density is 1")
        pcr: float = par(1.0, gt=0, doc="cosmic-ray pressure")
        field: float = par(1.0, doc="uniform field along the wave vector")
        modes: tuple[int, int, int] = par(
            (1, 1, 1), ge=0, doc="periods across the box along each axis; missing axes are ignored"
        )

    def setup(self, p):
        mesh, fluid, transport = self.config.mesh, self.config.fluid, self.config.transport
        self.k = wave_vector(p.modes, mesh.cells, mesh.lower, mesh.upper)
        self.frame = wave_frame(self.k)
        k, background, gammas = (
            np.linalg.norm(self.k),
            (1.0, p.press, p.pcr),
            (fluid.gamma, fluid.gamma_cr),
        )
        if transport.solver == "two_moment":
            matrix = exact.cr_waves.two_moment_matrix(
                k, self.config.scattering.kappa_par, transport.vmax, background, *gammas
            )
        else:
            kappa = 0.0 if transport.solver == "none" else self.config.scattering.kappa_par
            matrix = exact.cr_waves.diffusion_matrix(k, kappa, background, *gammas)
        self.s, self.mode = exact.cr_waves.sound_mode(matrix)

    def phase(self, x):
        return self.k[0] * x.x1 + self.k[1] * x.x2 + self.k[2] * x.x3

    def exact(self, x, t, p):
        wave = p.amplitude * np.exp(1j * self.phase(x) + self.s * t)
        dens, vel, press, pcr, *flux = ((amplitude * wave).real for amplitude in self.mode)
        state = {
            "dens": 1.0 + dens,
            "press": p.press + press,
            "ecr": (p.pcr + pcr) / (self.config.fluid.gamma_cr - 1),
        }
        return (
            state | to_grid(self.frame, "vel", (vel, 0.0, 0.0)) | ({"fcr": flux[0]} if flux else {})
        )

    def initial(self, x, p):
        return self.exact(x, 0.0, p) | to_grid(self.frame, "b", (p.field, 0.0, 0.0))

    def history(self, x, w, p):
        """Complex amplitude of the velocity: its logarithm grows as s t."""
        vel = self.frame[0][0] * w.vel1 + self.frame[0][1] * w.vel2 + self.frame[0][2] * w.vel3
        return {
            "wave_cos": total(vel * np.cos(self.phase(x))),
            "wave_sin": total(vel * np.sin(self.phase(x))),
        }
