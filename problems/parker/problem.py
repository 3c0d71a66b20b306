"""Parker instability of gas, field and cosmic rays: the fastest mode of a stratified layer (Parker
1966; Heintz & Zweibel 2018)."""

from crmpi.api import Problem, exact, np, par, total


class Parker(Problem):
    """A layer between two walls where gravity vanishes, with the fastest linear mode added; it must
    grow at its rate."""

    class Params:
        g0: float = par(
            6.0,
            gt=0,
            doc=(
                "gravity is -g0 sin(pi x3/L), L the height of the box; the sound speed "
                "sqrt(Pg/rho) is 1"
            ),
        )
        alpha: float = par(1.0, gt=0, doc="magnetic / gas pressure")
        eta: float = par(1.0, gt=0, doc="cosmic-ray / gas pressure")
        amplitude: float = par(1e-3, ge=0, doc="largest vertical velocity of the mode")
        seed_kappa: float = par(
            10.0, gt=0, doc="where nothing diffuses: the mode put in is that of this kappa"
        )
        mode_cells: int = par(96, ge=8, doc="resolution of the eigenvalue problem")

    def setup(self, p):
        mesh, fluid, solver = self.config.mesh, self.config.fluid, self.config.transport.solver
        height = mesh.upper[2] - mesh.lower[2]
        self.layer = exact.parker.Layer(
            height, p.g0, 1.0, p.alpha, p.eta, fluid.gamma, fluid.gamma_cr
        )
        self.k = 2 * np.pi / (mesh.upper[0] - mesh.lower[0])
        kappa = 0.0 if solver == "none" else self.config.scattering.kappa_par
        self.mode = exact.parker.fastest_mode(
            self.layer, self.k, kappa or p.seed_kappa, p.mode_cells
        )
        self.rate = (
            exact.parker.fastest_mode(self.layer, self.k, kappa, p.mode_cells).s.real
            if kappa == 0.0
            else self.mode.s.real
        )
        heights = np.linspace(0.0, height, 20001)
        field = self.layer.field(heights)
        self.flux = (
            heights,
            np.concatenate([[0.0], np.cumsum(0.5 * (field[1:] + field[:-1]) * np.diff(heights))]),
        )

    def wave(self, x, p, name):
        """Return a perturbation; vel3 and the vector potential vanish at the walls, the others
        continue evenly."""
        mode, values = self.mode, getattr(self.mode, name)
        faces = name in ("vel3", "a")
        positions = (
            np.concatenate([[0.0], mode.faces, [self.layer.height]]) if faces else mode.centres
        )
        values = np.concatenate([[0.0], values, [0.0]]) if faces else values
        across = np.interp(x.x3, positions, values.real) + 1j * np.interp(
            x.x3, positions, values.imag
        )
        return p.amplitude * (across * np.exp(1j * self.k * x.x1)).real

    def gravity(self, x, p):
        return {"g3": self.layer.gravity(x.x3)}

    def initial(self, x, p):
        dens = self.layer.density(x.x3)
        pcr = p.eta * dens + self.wave(x, p, "pcr")
        return {
            "dens": dens + self.wave(x, p, "dens"),
            "press": dens + self.wave(x, p, "press"),
            "ecr": pcr / (self.config.fluid.gamma_cr - 1),
            "vel1": self.wave(x, p, "vel1"),
            "vel3": self.wave(x, p, "vel3"),
        }

    def vector_potential(self, x, p):
        return {"a2": self.wave(x, p, "a") - np.interp(x.x3, *self.flux)}

    def history(self, x, w, p):
        """Complex amplitude of the vertical momentum at the wave number of the mode: its logarithm
        grows as s t."""
        momentum = w.dens * w.vel3
        return {
            "wave_cos": total(momentum * np.cos(self.k * x.x1)),
            "wave_sin": total(momentum * np.sin(self.k * x.x1)),
        }

    def growth(self, history, start):
        """Return the growth rate from `start` to the end."""
        time, size = history["time"], np.hypot(history["wave_cos"], history["wave_sin"])
        first = np.argmin(np.abs(time - start))
        return np.log(size[-1] / size[first]) / (time[-1] - time[first])

    def summary(self, history, p):
        time = history["time"]
        if len(time) < 4:
            return {}
        return {
            "growth rate": (
                f"{self.growth(history, 0.25 * time[-1]):.4f}; linear theory {self.rate:.4f}"
            )
        }
