"""Cosmic rays diffuse along a uniform field in gas that is not evolved, at rest or moving: a
spreading Gaussian."""

from crmpi.api import CrmpiError, Problem, exact, np, par


class CRDiffusion(Problem):
    """e = exp(-rate s^2) along the field at t = 0; a blob is Gaussian across the field as well, so
    that the field can be oblique."""

    class Params:
        rate: float = par(40.0, gt=0, doc="inverse square width of the Gaussian")
        velocity: float = par(0.0, doc="velocity of the gas along the field")
        direction: tuple[float, float, float] = par(
            (1, 0, 0), doc="direction of the field, of any length"
        )
        blob: bool = par(
            False, doc="let e fall across the field too, where it spreads with kappa_perp"
        )
        background: float = par(0.0, ge=0, doc="cosmic-ray energy density added everywhere")
        dens: float = par(1.0, gt=0, doc="density of the gas; a large one makes Alfven waves slow")

    def setup(self, p):
        self.b = np.array(p.direction) / np.linalg.norm(p.direction)
        solver, scattering = self.config.transport.solver, self.config.scattering
        if solver != "none" and not hasattr(scattering, "kappa_par"):
            needs = "its exact solution needs kappa_par; set scattering.model=constant"
            raise CrmpiError(
                f"cr_diffusion cannot run with scattering.model={scattering.model}: {needs}"
            )
        self.kappa = 0.0 if solver == "none" else scattering.kappa_par
        self.kappa_across = self.kappa if solver == "isotropic_diffusion" else scattering.kappa_perp
        self.across_axes = sum(n > 1 for n in self.config.mesh.cells) - 1
        rigidities = {"": scattering.rigidity} | {
            f"_{n}": r for n, r in enumerate(self.config.transport.tracer_rigidities, start=1)
        }
        # of kappa
        self.factors = {
            name: (r / scattering.rigidity) ** scattering.rigidity_slope
            for name, r in rigidities.items()
        }

    def distances(self, x, t, p):
        """Return the distance from the centre along the field, and its square across the field."""
        along = self.b[0] * x.x1 + self.b[1] * x.x2 + self.b[2] * x.x3
        across2 = np.maximum(x.r**2 - along**2, 0.0) if p.blob else 0.0
        return along - p.velocity * t, across2

    def exact(self, x, t, p):
        along, across2 = self.distances(x, t, p)
        return {
            f"ecr{name}": self.energy(along, across2, t, factor, p)
            for name, factor in self.factors.items()
        }

    def energy(self, along, across2, t, factor, p):
        """Return e of a population whose kappa is `factor` times that of the bulk."""
        spread = 1 + 4 * p.rate * factor * self.kappa_across * t
        across = (
            np.exp(-p.rate * across2 / spread) / spread ** (0.5 * self.across_axes)
            if p.blob
            else 1.0
        )
        return (
            p.background + exact.diffusion.gaussian(along, p.rate, factor * self.kappa, t) * across
        )

    def initial(self, x, p):
        along, _ = self.distances(x, 0.0, p)
        ecr = self.exact(x, 0.0, p)["ecr"]
        gas = {"dens": p.dens, "press": 1.0} | {
            f"vel{a + 1}": p.velocity * self.b[a] for a in range(3)
        }
        field = {f"b{a + 1}": self.b[a] for a in range(3)}
        flux = 2 * p.rate * along * self.kappa * (ecr - p.background)  # -kappa b.grad e
        fluxes = {f"fcr{name}": factor * flux for name, factor in self.factors.items()}
        return gas | field | {"ecr": ecr} | fluxes
