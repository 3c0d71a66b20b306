"""Alfven waves in a periodic box: carried along the field, made by a flux of cosmic rays, damped,
and compressed by sound."""

from crmpi.api import CrmpiError, Problem, exact, np, par, to_grid, wave_frame, wave_vector


class CRWaves(Problem):
    """Two trains of waves, a cosine in energy each, in uniform gas; closed forms as long as waves
    leave the cosmic rays as they are."""

    class Params:
        dens: float = par(1.0, gt=0, doc="density of the gas")
        press: float = par(1.0, gt=0, doc="pressure of the gas")
        field: float = par(1.0, gt=0, doc="field along the wave vector")
        ecr: float = par(1.0, ge=0, doc="energy density of cosmic rays")
        flux: float = par(
            0.0, doc="their flux in units of the flux of streaming at the Alfven speed"
        )
        plus: float = par(1e-9, ge=0, doc="mean energy density of waves along the field")
        minus: float = par(1e-9, ge=0, doc="mean energy density of waves against the field")
        modulation: float = par(0.5, ge=0, lt=1, doc="relative amplitude of both")
        sound: float = par(
            0.0,
            ge=0,
            doc="velocity amplitude of a standing sound wave; the field should then be weak",
        )
        modes: tuple[int, int, int] = par(
            (1, 1, 1), ge=0, doc="periods across the box along each axis; missing axes are ignored"
        )

    def setup(self, p):
        transport, fluid = self.config.transport, self.config.fluid
        if transport.solver != "alfven_regulated":
            raise CrmpiError(
                "problem cr_waves evolves Alfven waves; it needs transport.solver = "
                "alfven_regulated"
            )
        mesh = self.config.mesh
        self.k = wave_vector(p.modes, mesh.cells, mesh.lower, mesh.upper)
        self.frame = wave_frame(self.k)
        self.va = p.field / np.sqrt(p.dens)
        self.stream = self.va * fluid.gamma_cr * p.ecr
        gyro, light = transport.gyro_rate / self.config.scattering.rigidity, transport.light_speed
        self.scattering = exact.alfven_waves.scattering_coefficient(p.field, self.va, gyro, light)
        self.nonlinear = transport.nll_damping * exact.alfven_waves.landau_coefficient(
            p.field, np.sqrt(fluid.gamma * p.press / p.dens), gyro, light
        )

    def rate(self, along, p):
        """Return the linear rate at which waves along (+1) or against (-1) the field grow."""
        return (
            along * self.va * self.scattering * (p.flux - along) * self.stream
            - self.config.transport.linear_damping
        )

    def phase(self, x):
        return self.k[0] * x.x1 + self.k[1] * x.x2 + self.k[2] * x.x3

    def waves(self, x, t, p):
        """Return the two wave energies, each carried along the field and growing or damped on the
        way."""
        k, trains = np.linalg.norm(self.k), {}
        for name, along, mean in (("ewp", 1, p.plus), ("ewm", -1, p.minus)):
            start = mean * (1.0 + p.modulation * np.cos(self.phase(x) - along * self.va * k * t))
            trains[name] = exact.alfven_waves.logistic(
                start, self.rate(along, p), self.nonlinear, t
            )
        return trains

    def exact(self, x, t, p):
        waves = self.waves(x, t, p)
        if p.sound == 0:
            return waves
        k = np.linalg.norm(self.k)
        swing, elongation, _ = exact.alfven_waves.standing_sound(
            k, (p.dens, p.press, 0.5 * (p.plus + p.minus)), self.config.fluid.gamma, t
        )
        squeeze = -p.sound * k * elongation * np.cos(self.phase(x))
        state = {name: a * (1.0 + 1.5 * squeeze) for name, a in waves.items()}
        state |= to_grid(self.frame, "vel", (p.sound * swing * np.sin(self.phase(x)), 0.0, 0.0))
        return state | {
            "dens": p.dens * (1.0 + squeeze),
            "press": p.press * (1.0 + self.config.fluid.gamma * squeeze),
        }

    def initial(self, x, p):
        gas = {"dens": p.dens, "press": p.press, "ecr": p.ecr, "fcr": p.flux * self.stream}
        return gas | to_grid(self.frame, "b", (p.field, 0.0, 0.0)) | self.exact(x, 0.0, p)
