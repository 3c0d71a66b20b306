"""A steady spherical wind of isothermal gas driven by cosmic rays (Quataert, Thompson & Jiang 2022
a, b; Mao & Ostriker 2018)."""

from crmpi.api import CrmpiError, Problem, exact, np, par, total


class CRWind(Problem):
    """Radius, density and sound speed at the base are 1; potential vg^2 ln r; the mesh is a sphere
    that begins at r = 1.

    An adiabatic index close to 1 keeps the gas isothermal. The base holds density and cosmic-ray
    pressure, and lets pass what flows; the wind leaves freely.
    """

    class Params:
        vg: float = par(6.0, gt=2, doc="of the potential vg^2 ln r, in sound speeds")
        pcr: float = par(1.0, gt=0, doc="cosmic-ray pressure at the base")
        field: float = par(
            1.0, gt=0, doc="radial field at the base, B ~ r^-2: the Alfven speed there"
        )
        exact: str = par(
            "diffusive", choices=["diffusive", "streaming"], doc="which steady wind to compare with"
        )
        start_speed: float = par(
            1.0, ge=0, doc="velocity at the start over that of the steady wind; 0: at rest"
        )

    def setup(self, p):
        mesh, kappa = self.config.mesh, getattr(self.config.scattering, "kappa_par", 0.0)
        if mesh.geometry != "spherical" or mesh.lower[0] != 1.0:
            raise CrmpiError(
                (
                    "cr_wind needs mesh.geometry = spherical and mesh.lower = [1, ...]: the base "
                    "is "
                    "at r = 1"
                ),
                everywhere=True,
            )
        self.outer = mesh.upper[0]
        try:
            diffusive = p.exact == "diffusive"
            self.wind = (
                exact.winds.DiffusiveWind(p.vg, kappa, p.pcr, 2.0 * self.outer)
                if diffusive
                else exact.winds.StreamingWind(p.vg, p.field, p.pcr)
            )
        except (ArithmeticError, ValueError, ZeroDivisionError) as error:
            message = (
                f"cr_wind finds no steady {p.exact} wind with problem.vg = {p.vg:g} and "
                f"scattering.kappa_par = {kappa:g}"
            )
            raise CrmpiError(f"{message}: {error}", everywhere=True) from error
        self.gm1_cr = self.config.fluid.gamma_cr - 1.0

    def initial(self, x, p):
        dens, speed, pcr = self.wind.at(x.x1)
        state = {
            "dens": dens,
            "vel1": p.start_speed * speed,
            "press": dens,
            "ecr": pcr / self.gm1_cr,
        }
        return state | ({"b1": p.field} if self.config.fluid.magnetic else {})

    def gravity(self, x, p):
        return {"g1": -(p.vg**2) / x.x1}

    def exact(self, x, t, p):
        dens, speed, pcr = self.wind.at(x.x1)
        return {"dens": dens, "vel1": speed, "ecr": pcr / self.gm1_cr}

    def boundary_ix1(self, w, x, t, p):
        """Density and e go on as powers of r through their values at the base; what crosses a
        sphere of mass and cosmic rays is kept."""
        edge = x.geometry.positions(0, 1)[0]
        power, spread = np.log(x.x1) / np.log(edge), (edge / x.x1) ** 2
        mass_flux, base = w.dens * w.vel1 * spread, p.pcr / self.gm1_cr
        w.dens = np.maximum(w.dens, 1e-3) ** power
        w.vel1 = mass_flux / w.dens
        w.press = w.dens.copy()
        w.ecr = base * np.maximum(w.ecr / base, 1e-3) ** power
        if hasattr(w, "fcr"):
            w.fcr = w.fcr * spread

    def boundary_ox1(self, w, x, t, p):
        """Constant speed; cosmic rays expand adiabatically, or stream with P ~ rho^(2/3)."""
        edge = x.geometry.positions(x.geometry.cells - 1, 1)[0]
        spread = (edge / x.x1) ** 2
        w.dens, w.press = w.dens * spread, w.press * spread
        w.ecr = w.ecr * spread ** (4 / 3 if p.exact == "diffusive" else 2 / 3)
        if hasattr(w, "fcr"):
            w.fcr = w.fcr * spread

    def history(self, x, w, p):
        gamma_cr = self.config.fluid.gamma_cr
        area = x.geometry.areas(x.geometry.positions(x.geometry.cells - 1, 1))[0]
        return {
            "mdot_base": total(x.face_integral("ix1", w.dens * w.vel1)),
            "mdot": total(x.face_integral("ox1", w.dens * w.vel1)),
            "v_out": total(x.face_integral("ox1", w.vel1) / area),
            "wind_power": total(x.face_integral("ox1", 0.5 * w.dens * w.vel1**3)),
            "cr_power": total(x.face_integral("ix1", gamma_cr * w.ecr * w.vel1 + w.fecr1)),
        }

    def results(self, history, p):
        """Return the mass loss per 4 pi and the speed in the last cell, at the end."""
        return {
            "mdot": float(history["mdot"][-1] / (4 * np.pi)),
            "v_out": float(history["v_out"][-1]),
        }

    def summary(self, history, p):
        last = {name: values[-1] for name, values in history.items()}
        edge = self.outer
        known = self.wind
        power = last["wind_power"] / last["cr_power"]
        return {
            "mass loss": f"4 pi {last['mdot'] / (4 * np.pi):.4e}, exact 4 pi {known.mdot:.4e}",
            "mass loss through the base": f"4 pi {last['mdot_base'] / (4 * np.pi):.4e}",
            f"speed in the last cell, exact at r = {edge:g}": (
                f"{last['v_out']:.3f}, {float(known.at(edge)[1]):.3f}"
            ),
            "exact sonic point": f"r = {known.r_sonic:.4f}, rho = {known.rho_sonic:.4e}",
            "wind power / cosmic-ray power at the base": f"{power:.3f}",
        }
