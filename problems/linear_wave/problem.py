"""One linear wave of hydrodynamics or MHD, along an axis or oblique to the grid."""

from crmpi.api import Problem, exact, np, par, to_grid, wave_frame, wave_vector

DENS, PRESS, B = 1.0, 0.6, (1.0, np.sqrt(2.0), 0.5)  # Gardiner & Stone (2005): speeds 2, 1, 1/2


class LinearWave(Problem):
    """Eigenmode of a small amplitude; after every period the state returns to the initial one."""

    class Params:
        family: str = par(
            "fast",
            choices=["fast", "alfven", "slow", "entropy", "sound"],
            doc="which wave; sound has no field",
        )
        direction: str = par(
            "right", choices=["right", "left"], doc="towards which side of its wave vector it runs"
        )
        amplitude: float = par(1e-6, doc="amplitude in units of the normalised eigenvector")
        modes: tuple[int, int, int] = par(
            (1, 1, 1), ge=0, doc="periods across the box along each axis; missing axes are ignored"
        )
        flow: float = par(
            0.0, doc="velocity of the gas along the wave vector; 1 moves the entropy wave"
        )

    def setup(self, p):
        mesh = self.config.mesh
        self.k = wave_vector(p.modes, mesh.cells, mesh.lower, mesh.upper)
        self.frame = wave_frame(self.k)
        self.b = np.zeros(3) if p.family == "sound" else np.array(B)
        speed, self.delta = exact.waves.linear_wave(
            p.family, DENS, PRESS, self.b, self.config.fluid.gamma
        )
        self.sense = 1 if p.direction == "right" else -1
        self.omega = np.linalg.norm(self.k) * (self.sense * speed + p.flow)

    def phase(self, x, t):
        return self.k[0] * x.x1 + self.k[1] * x.x2 + self.k[2] * x.x3 - self.omega * t

    def cells(self, x, t, p):
        wave = p.amplitude * np.cos(self.phase(x, t))
        vel = [
            p.flow * along + self.sense * v * wave
            for along, v in zip((1, 0, 0), self.delta["vel"], strict=True)
        ]
        scalars = {
            "dens": DENS + self.delta["dens"] * wave,
            "press": PRESS + self.delta["press"] * wave,
        }
        return scalars | to_grid(self.frame, "vel", vel), wave

    def initial(self, x, p):
        return self.cells(x, 0.0, p)[0] | to_grid(self.frame, "b", self.b)

    def vector_potential(self, x, p):
        wave = p.amplitude * np.sin(self.phase(x, 0.0)) / np.linalg.norm(self.k)
        _, db2, db3 = self.delta["b"]
        return to_grid(self.frame, "a", (0.0, db3 * wave, -db2 * wave))

    def exact(self, x, t, p):
        state, wave = self.cells(x, t, p)
        field = [b + db * wave for b, db in zip(self.b, self.delta["b"], strict=True)]
        return state | to_grid(self.frame, "b", field)
