"""A closed periodic box where everything moves: mass, momentum and energy must not change."""

from crmpi.api import Problem, np, par


class CRBox(Problem):
    """Random smooth flow, tangled field, uneven gas and cosmic rays, each a sum of a few Fourier
    modes of the box."""

    class Params:
        mach: float = par(0.5, ge=0, doc="rms velocity in units of the sound speed of the gas")
        beta: float = par(2.0, gt=0, doc="mean gas / mean magnetic pressure of the tangled part")
        mean_field: float = par(0.5, doc="uniform field along x1")
        contrast: float = par(0.3, ge=0, lt=1, doc="amplitude of density, pressure and e around 1")
        pcr: float = par(1.0, gt=0, doc="mean cosmic-ray pressure; the mean gas pressure is 1")
        seed: int = par(1, ge=0, doc="of the random modes")

    def setup(self, p):
        mesh = self.config.mesh
        random = np.random.default_rng(p.seed)
        size, present = np.subtract(mesh.upper, mesh.lower), np.array(mesh.cells) > 1
        waves = random.integers(-2, 3, (8, 3)) * present
        waves[~waves.any(axis=1), np.argmax(present)] = 1
        self.k = 2 * np.pi * waves / size
        self.phases, weights = random.uniform(0, 2 * np.pi, (9, 8)), random.normal(size=(9, 8))
        # every field has an rms of 1
        self.weights = weights / np.linalg.norm(weights, axis=1, keepdims=True) * np.sqrt(2)

    def smooth(self, x, number):
        """Return the smooth random field of this number, mean 0 and rms 1."""
        modes = zip(self.k, self.phases[number], self.weights[number], strict=True)
        return sum(
            w * np.cos(k[0] * x.x1 + k[1] * x.x2 + k[2] * x.x3 + phase) for k, phase, w in modes
        )

    def initial(self, x, p):
        fluid = self.config.fluid
        dens, press, pcr = (1 + p.contrast * np.tanh(self.smooth(x, n)) for n in range(3))
        speed = p.mach * np.sqrt(fluid.gamma / 3)
        flow = {f"vel{a + 1}": speed * self.smooth(x, 3 + a) for a in range(3)}
        return flow | {
            "dens": dens,
            "press": press,
            "ecr": p.pcr * pcr / (fluid.gamma_cr - 1),
            "b1": p.mean_field,
        }

    def vector_potential(self, x, p):
        scale = np.sqrt(2 / p.beta) / np.sqrt(3) / np.linalg.norm(self.k, axis=1).mean()
        return {f"a{a + 1}": scale * self.smooth(x, 6 + a) for a in range(3)}
