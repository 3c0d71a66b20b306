"""Uniform gas in which cosmic rays are born everywhere, lose their energy to collisions, and may
leave: gamma rays as a calorimeter."""

from crmpi.api import RATES, Problem, np, par, total


class Calorimeter(Problem):
    """d(ecr)/dt = power - Gamma ecr + kappa d2(ecr)/dx2, with nothing outside of an open slab.

    In a closed box all power is lost in the gas and L_gamma/Edot tends to the share (1/3)
    gamma_fraction Gamma_h/Gamma of losses in photons above 1 GeV. In a slab of half width L the
    part that is lost inside is 1 - tanh(x)/x, x = L sqrt(Gamma/kappa).
    """

    class Params:
        dens: float = par(1.0, unit="m_p/cm^3", gt=0, doc="density of the gas")
        temp: float = par(1e4, unit="K", gt=0, doc="temperature of the gas")
        power: float = par(
            1e-27, unit="erg/cm^3/s", gt=0, doc="power given to cosmic rays per volume"
        )
        ecr: float = par(
            0.0, unit="pressure", ge=0, doc="energy density of cosmic rays at the start"
        )
        field: float = par(1.0, unit="uG", gt=0, doc="uniform field along x1")

    def setup(self, p):
        mesh = self.config.mesh
        self.inner = 0.5 * (mesh.upper[0] - mesh.lower[0])
        # ecr vanishes at the centre of the first cell outside
        self.half = self.inner * (1.0 + 1.0 / mesh.cells[0])
        self.open = mesh.boundaries.ix1 != "periodic"

    def initial(self, x, p):
        press = p.dens * p.temp * self.units.k_B / (self.config.fluid.mu * self.units.m_p)
        return {"dens": p.dens, "press": press, "ecr": p.ecr, "b1": p.field}

    def inject(self, x, w, t, dt, p):
        return {"ecr": p.power * dt}

    def empty(self, w):
        w.ecr[...] = 0.0

    def boundary_ix1(self, w, x, t, p):
        self.empty(w)

    def boundary_ox1(self, w, x, t, p):
        self.empty(w)

    def rates(self):
        """Return (hadronic, Coulomb) rates of loss, code units."""
        losses = self.config.losses
        rates = RATES[losses.rates](self.config.composition.X)
        coulomb = rates.coulomb_at(1.0 - losses.ionised)
        scale = self.units.factor("cm^3/s") * self.p.dens / self.units.m_p
        return losses.hadronic * rates.hadronic * scale, losses.coulomb * coulomb * scale

    def closed_form(self):
        """Return L_gamma/Edot of the steady state."""
        hadronic, coulomb = self.rates()
        share = self.config.losses.gamma_fraction / 3.0 * hadronic / (hadronic + coulomb)
        if not self.open:
            return share
        length = np.sqrt(self.config.scattering.kappa_par / (hadronic + coulomb))
        leaving = length / self.inner * np.sinh(self.inner / length) / np.cosh(self.half / length)
        return share * (1.0 - leaving)

    def history(self, x, w, p):
        return {"edot [erg/s]": total(x.integral(p.power) / self.units.factor("erg/s"))}

    def summary(self, history, p):
        found = history["losses_gamma_luminosity"][-1] / history["edot"][-1]
        return {"L_gamma/Edot": f"{found:.4f}; steady state {self.closed_form():.4f}"}
