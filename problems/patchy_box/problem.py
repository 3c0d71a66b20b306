"""A pulse of cosmic rays among patches that scatter strongly and gas that hardly scatters: what
diffusion coefficient does it feel?"""

from crmpi.api import Problem, np, par, total

SIGMAS = 4.0  # a pulse this many standard deviations from the ends of the box has not met them


class PatchyBox(Problem):
    """A Gaussian along a uniform field and the same across it; the gas is at rest, uniform or in
    slabs of two densities."""

    class Params:
        axis: int = par(
            1, choices=[1, 2, 3], doc="axis of the field, along which the pulse spreads"
        )
        width: float = par(
            20.0, unit="length", gt=0, doc="standard deviation of the pulse at the start"
        )
        dens: float = par(1.0, unit="density", gt=0, doc="density of the gas, of the first slab")
        press: float = par(1.0, unit="pressure", gt=0, doc="pressure of the gas")
        field: float = par(1.0, unit="magnetic_field", gt=0, doc="strength of the field, along x1")
        ecr: float = par(1.0, unit="pressure", gt=0, doc="cosmic-ray energy density at the peak")
        slab: float = par(
            0.0, unit="length", ge=0, doc="thickness of slabs of alternating density; 0: none"
        )
        contrast: float = par(10.0, gt=0, doc="density of the second slab over that of the first")

    def initial(self, x, p):
        s = self.along(x, p)
        second = np.mod(np.floor(s / p.slab + 1e-9), 2) == 1 if p.slab else np.zeros_like(s, bool)
        dens = p.dens * np.where(second, p.contrast, 1.0)
        return {
            "dens": dens,
            "press": p.press,
            f"b{p.axis}": p.field,
            "ecr": p.ecr * np.exp(-0.5 * (s / p.width) ** 2),
        }

    def along(self, x, p):
        """Return the position along the field."""
        return (x.x1, x.x2, x.x3)[p.axis - 1]

    def history(self, x, w, p):
        return {f"pulse_s{n}": total(w.ecr * self.along(x, p) ** n) for n in (1, 2)}

    def summary(self, history, p):
        scale = 1.0 if self.units.dimensionless else self.units.factor("cm^2/s")
        unit = "" if self.units.dimensionless else " cm^2/s"
        time = history["time"] * (1.0 if self.units.dimensionless else self.units.factor("Myr"))
        total = history["ecr"] * (1.0 if self.units.dimensionless else self.units.factor("erg"))
        spread = variance(total, history["pulse_s1"], history["pulse_s2"])
        late = np.searchsorted(time, 0.5 * time[-1])
        if late == len(time) - 1:
            return {
                "effective kappa, second half of the run": "needs two rows of the history there"
            }
        kappa = 0.5 * (spread[-1] - spread[late]) / (time[-1] - time[late]) / scale
        lines = {
            "effective kappa, second half of the run": f"{kappa:.4e}{unit}",
            "harmonic mean of kappa": "needs two values of kappa",
        }
        harmonic = self.harmonic_mean(
            history["kappa_mean"][-1], history["kappa_min"][-1], history["kappa_max"][-1]
        )
        if harmonic:
            lines["harmonic mean of kappa"] = f"{harmonic:.4e}{unit}, ratio {kappa / harmonic:.4f}"
        mesh = self.config.mesh
        nearest = min(-mesh.lower[p.axis - 1], mesh.upper[p.axis - 1])
        lines["standard deviations from peak to the ends"] = (
            f"{nearest / np.sqrt(spread[-1]):.2f}, want > {SIGMAS}"
        )
        return lines

    def harmonic_mean(self, mean, least, most):
        """Return the harmonic mean of a medium of the two values `least` and `most` with this
        arithmetic mean; None if it is of one."""
        if not most > least * (1.0 + 1e-9):
            return None
        strong = (most - mean) / (most - least)
        return 1.0 / (strong / least + (1.0 - strong) / most)


def variance(total, first, second):
    """Return the variance of positions from the sums of e, e x and e x^2."""
    return second / total - (first / total) ** 2
