"""Diffusion along circular field lines (Sharma & Hammett 2007, sec. 6; Parrish & Stone 2005): how
much leaks across."""

from crmpi.api import Problem, exact, np, par, total


class CRRing(Problem):
    """An arc of higher e spreads along its circles; where no field line passes through the arc
    nothing may change."""

    class Params:
        inner: float = par(0.5, gt=0, doc="inner radius of the arc")
        outer: float = par(0.7, gt=0, doc="outer radius of the arc")
        half_angle: float = par(15.0, gt=0, le=180, doc="half of the opening angle, degrees")
        background: float = par(10.0, ge=0, doc="e outside the arc")
        excess: float = par(2.0, gt=0, doc="e in the arc above the background")
        width: float = par(
            0.0,
            ge=0,
            doc=(
                "if not 0: a ring without ends, Gaussian in radius with this width, to measure "
                "leakage"
            ),
        )

    def setup(self, p):
        self.kappa = self.config.scattering.kappa_par

    def profile(self, x, p):
        """Return e above the background, averaged over each circle, relative to its value in the
        arc."""
        if p.width > 0:
            return np.exp(-0.5 * ((x.R - 0.5 * (p.inner + p.outer)) / p.width) ** 2)
        return (p.inner < x.R) & (p.outer > x.R)

    def initial(self, x, p):
        angle = np.arctan2(x.x2, x.x1)
        within = (np.abs(angle) < np.deg2rad(p.half_angle)) | (p.width > 0)
        return {
            "dens": 1.0,
            "press": 1.0,
            "ecr": p.background + p.excess * self.profile(x, p) * within,
        }

    def vector_potential(self, x, p):
        return {"a3": -x.R}

    def exact(self, x, t, p):
        spread = (
            1.0
            if p.width > 0
            else exact.diffusion.arc(
                np.arctan2(x.x2, x.x1), np.deg2rad(p.half_angle), self.kappa * t / x.R**2
            )
        )
        return {"ecr": p.background + p.excess * self.profile(x, p) * spread}

    def history(self, x, w, p):
        """Moments of the excess e in radius: the growth of its variance is twice the cross-field
        diffusion."""
        excess = w.ecr - p.background
        return {
            "excess": total(excess / x.R),
            "excess_r": total(excess),
            "excess_r2": total(excess * x.R),
        }
