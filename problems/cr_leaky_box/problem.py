"""Cosmic rays made in a disc leak out of a halo: steady profiles and grammage of several rigidities
at once."""

from crmpi.api import Problem, np, par, total


class CRLeakyBox(Problem):
    """Sources of equal power fill the disc abs(x3) < disc; e is zero at the top of the halo. Gas is
    not evolved.

    In steady state the flux above the disc is half the power per area Q, so e = Q (H - abs(x3))/(2
    kappa) there, with a parabola inside the disc. All populations start with the profile of the
    bulk; those of higher rigidity leak until e falls like 1/kappa.
    """

    class Params:
        power: float = par(
            5e-6, unit="erg/s/cm^2", gt=0, doc="power Q of the sources per area of the disc"
        )
        disc: float = par(
            0.5, unit="kpc", gt=0, doc="half thickness of the disc, a multiple of the cell width"
        )
        surface_density: float = par(
            10.0,
            unit="Msun/pc^2",
            gt=0,
            doc="of the gas in the disc; the halo has none to speak of",
        )
        temp: float = par(1e4, unit="K", gt=0, doc="temperature of the gas")
        field: float = par(1.0, unit="uG", gt=0, doc="vertical field")

    def setup(self, p):
        scattering, transport = self.config.scattering, self.config.transport
        self.rigidities = {"": scattering.rigidity} | {
            f"_{n}": r for n, r in enumerate(transport.tracer_rigidities, start=1)
        }
        # other models than the constant one start with an empty halo and have no closed form here
        self.kappa = {}
        if scattering.model == "constant":
            ratios = {name: r / scattering.rigidity for name, r in self.rigidities.items()}
            self.kappa = {
                name: scattering.kappa_par * ratio**scattering.rigidity_slope
                for name, ratio in ratios.items()
            }

    def top(self, x):
        """Return where e vanishes: in the middle of the first cell beyond the box."""
        return self.config.mesh.upper[2] + 0.5 * x.dx3

    def profile(self, x, p):
        """Return the steady e times kappa."""
        z = np.abs(x.x3)
        inside = self.top(x) - 0.5 * p.disc - 0.5 * z**2 / p.disc
        return 0.5 * p.power * np.where(z < p.disc, inside, self.top(x) - z)

    def exact(self, x, t, p):
        """The steady state of every population whose kappa is known."""
        return {f"ecr{name}": self.profile(x, p) / kappa for name, kappa in self.kappa.items()}

    def initial(self, x, p):
        dens = np.where(np.abs(x.x3) < p.disc, 1.0, 1e-3) * 0.5 * p.surface_density / p.disc
        press = dens * p.temp * self.units.k_B / (self.config.fluid.mu * self.units.m_p)
        return {
            "dens": dens,
            "press": press,
            "b3": p.field,
            "ecr": self.exact(x, 0.0, p).get("ecr", 0.0),
        }

    def inject(self, x, w, t, dt, p):
        return {"ecr": np.where(np.abs(x.x3) < p.disc, 0.5 * p.power / p.disc * dt, 0.0)}

    def let_go(self, w, x, t, p):
        w.ecr[...] = 0.0  # of the bulk; tracers that are not named here get the same

    boundary_ix3 = boundary_ox3 = let_go

    def history(self, x, w, p):
        """Grammage c int(rho e)/Q of the steady state, and e in the midplane, of every
        population."""
        mesh = self.config.mesh
        area = (mesh.upper[0] - mesh.lower[0]) * (mesh.upper[1] - mesh.lower[1])
        column = (
            self.units.c / (p.power * area) / (self.units.factor("g") / self.units.factor("cm^2"))
        )
        pressure = self.units.factor("erg/cm^3") * area
        numbers = {}
        for name in self.rigidities:
            e = getattr(w, f"ecr{name}")
            numbers[f"grammage{name} [g/cm^2]"] = total(column * x.integral(w.dens * e))
            numbers[f"midplane{name} [erg/cm^3]"] = total(x.plane_integral(e, x3=0.0) / pressure)
        return numbers

    def summary(self, history, p):
        lines = {}
        for name, rigidity in self.rigidities.items():
            grammage, e = history[f"grammage{name}"][-1], history[f"midplane{name}"][-1]
            lines[f"{rigidity:g} GV"] = f"{grammage:.3f} g/cm^2, e in the midplane {e:.4e} erg/cm^3"
        names = list(self.rigidities)
        first, last = names[0], names[-1]
        if last != first:
            fall = np.log(history[f"midplane{last}"][-1] / history[f"midplane{first}"][-1])
            slope = fall / np.log(self.rigidities[last] / self.rigidities[first])
            lines["slope of e with rigidity"] = f"{slope:.4f}"
        return lines
