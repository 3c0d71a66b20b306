"""A strong point explosion of gas and cosmic rays, one octant of it (Sedov 1946; Pfrommer et al.
2017)."""

from crmpi.api import Problem, exact, np, par, total


class CRSedov(Problem):
    """Energy in a small sphere at the origin, cosmic rays and gas in given shares.

    Nothing here accelerates cosmic rays, so the shock heats gas alone. The solution is closed where
    gas and cosmic rays have the same adiabatic index, `fluid.gamma = fluid.gamma_cr`: then only
    their sum counts, in whatever shares.
    """

    class Params:
        energy: float = par(1.0, gt=0, doc="energy of the whole explosion, all octants")
        cr_share: float = par(0.0, ge=0, le=1, doc="share of it in cosmic rays")
        dens: float = par(1.0, gt=0, doc="density of the medium")
        press: float = par(1e-5, gt=0, doc="gas pressure of the medium")
        radius: float = par(0.06, gt=0, doc="radius of the sphere")
        field: float = par(0.0, ge=0, doc="uniform field along x3")

    def setup(self, p):
        fluid, mesh = self.config.fluid, self.config.mesh
        axes = [
            lo + (np.arange(n) + 0.5) * (hi - lo) / n
            for n, lo, hi in zip(mesh.cells, mesh.lower, mesh.upper, strict=True)
        ]
        r2 = axes[0] ** 2 + (axes[1] ** 2)[:, None] + (axes[2] ** 2)[:, None, None]
        width = (mesh.upper[0] - mesh.lower[0]) / mesh.cells[0]
        self.inside = max(p.radius, 1.5 * width)
        self.octants = 2 ** sum(lo == 0.0 for lo in mesh.lower)
        cell = np.prod(
            [(hi - lo) / n for n, lo, hi in zip(mesh.cells, mesh.lower, mesh.upper, strict=True)]
        )
        self.density = p.energy / (self.octants * cell * np.count_nonzero(r2 < self.inside**2))
        closed = fluid.gamma == fluid.gamma_cr or p.cr_share == 0.0
        self.sedov = (
            exact.sedov.Sedov(fluid.gamma)
            if closed and self.config.transport.solver == "none"
            else None
        )

    def initial(self, x, p):
        fluid = self.config.fluid
        energy = np.where(x.r < self.inside, self.density, 0.0)
        press = p.press + (fluid.gamma - 1) * (1 - p.cr_share) * energy
        return {"dens": p.dens, "press": press, "ecr": p.cr_share * energy, "b3": p.field}

    def shock_radius(self, t):
        """Return the radius of the shock of the closed solution."""
        return self.sedov.radius(self.p.energy, self.p.dens, t)

    def exact(self, x, t, p):
        return (
            {"dens": p.dens * self.sedov.density(x.r, self.shock_radius(t))}
            if self.sedov and t > 0
            else {}
        )

    def history(self, x, w, p):
        """Second moments of the cosmic rays along and across the field."""
        return {
            "ecr_along2": total(w.ecr * x.x3**2),
            "ecr_across2": total(0.5 * w.ecr * (x.x1**2 + x.x2**2)),
        }
