"""A galactic halo with a central source of cosmic rays (Ji et al. 2020; Butsky, Nakum et al. 2023;
Quataert & Hopkins 2025)."""

import math

from crmpi.api import Gravity, Problem, exact, np, par, total


class CGMHalo(Problem):
    """Isothermal gas in hydrostatic balance with gas, field and a few cosmic rays; a source at the
    centre fills it with more.

    For isotropic diffusion of a source of power Edot switched on at t = 0, in gas at rest, P(r, t)
    = Edot/(12 pi kappa r) erfc(r/sqrt(4 kappa t)); it tends to the steady Edot/(12 pi kappa r). A
    tangled field with diffusion along it alone acts as kappa_par/3.
    """

    class Params:
        temp: float = par(1.5e6, unit="K", gt=0, doc="temperature of the halo")
        dens: float = par(3e-4, unit="m_p/cm^3", gt=0, doc="density at the radius dens_radius")
        dens_radius: float = par(50.0, unit="kpc", gt=0, doc="where dens is given")
        cr_ratio: float = par(1e-3, ge=0, doc="cosmic-ray over gas pressure at the start")
        noise: float = par(
            0.0,
            ge=0,
            lt=1,
            doc="random changes of the density from cell to cell at equal pressure, relative",
        )
        field: str = par(
            "tangled",
            choices=["tangled", "uniform"],
            doc="random waves of all directions, or along x3",
        )
        b_rms: float = par(0.1, unit="uG", ge=0, doc="strength of the field")
        longest: float = par(
            60.0,
            unit="kpc",
            gt=0,
            doc="longest wave of the tangled field; the shortest is a third of it",
        )
        waves: int = par(40, ge=1, doc="number of waves of the tangled field")
        radii: tuple[float, ...] = par(
            [20.0, 30.0, 50.0, 80.0], unit="kpc", gt=0, doc="shells compared with the closed form"
        )

    def setup(self, p):
        """Weigh the atmosphere and draw the waves of the field."""
        self.gravity_field = Gravity(self.config.gravity, self.units)
        self.c2 = p.temp * self.units.k_B / (self.config.fluid.mu * self.units.m_p)
        self.phi0 = self.potential(p.dens_radius)
        self.waves = exact.tangled.draw_waves(p.waves, p.b_rms, p.longest)

    def potential(self, r):
        """Return the potential at radius `r`."""
        return self.gravity_field.potential(r, 0.0, 0.0)

    def density(self, r, p):
        """Return the hydrostatic density: gas and cosmic-ray pressure fall alike, the field is too
        weak to count."""
        return p.dens * np.exp(-(self.potential(r) - self.phi0) / (self.c2 * (1.0 + p.cr_ratio)))

    def initial(self, x, p):
        dens = self.density(x.r, p)
        press = dens * self.c2
        b3 = p.b_rms if p.field == "uniform" else 0.0
        clumpy = dens * (1.0 + p.noise * x.noise(seed=11))
        return {
            "dens": clumpy,
            "press": press,
            "ecr": p.cr_ratio * press / (self.config.fluid.gamma_cr - 1.0),
            "b3": b3,
        }

    def vector_potential(self, x, p):
        if p.field == "uniform":
            return {}
        components = exact.tangled.potential(self.waves, x.x1, x.x2, x.x3)
        return dict(zip(("a1", "a2", "a3"), components, strict=True))

    # ------------------------------------------------------------------ outer boundary

    def outer(self, w, x, p, axis, side):
        """Continue outflow values beyond a face: the hydrostatic atmosphere, cosmic rays ~ 1/r,
        nothing flows in."""
        mesh = self.config.mesh
        edge = [x.x1, x.x2, x.x3]
        width = (x.dx1, x.dx2, x.dx3)[axis]
        edge[axis] = mesh.lower[axis] + 0.5 * width if side < 0 else mesh.upper[axis] - 0.5 * width
        r_edge = np.sqrt(edge[0] ** 2 + edge[1] ** 2 + edge[2] ** 2)
        fall = np.exp(-(self.potential(x.r) - self.potential(r_edge)) / self.c2)
        w.dens[...] = w.dens * fall
        w.press[...] = w.press * fall
        if self.config.fluid.cosmic_rays:
            w.ecr[...] = w.ecr * r_edge / x.r
        normal = (w.vel1, w.vel2, w.vel3)[axis]
        normal[...] = np.where(normal * side < 0.0, 0.0, normal)

    def boundary_ix1(self, w, x, t, p):
        self.outer(w, x, p, 0, -1)

    def boundary_ox1(self, w, x, t, p):
        self.outer(w, x, p, 0, +1)

    def boundary_ix2(self, w, x, t, p):
        self.outer(w, x, p, 1, -1)

    def boundary_ox2(self, w, x, t, p):
        self.outer(w, x, p, 1, +1)

    def boundary_ix3(self, w, x, t, p):
        self.outer(w, x, p, 2, -1)

    def boundary_ox3(self, w, x, t, p):
        self.outer(w, x, p, 2, +1)

    # ------------------------------------------------------------------ comparison

    def history(self, x, w, p):
        columns = {}
        for r in p.radii:
            shell = abs(x.r - r) < 0.1 * r
            name = self.label(r)
            if self.config.fluid.cosmic_rays:
                columns[f"ecr_{name} [erg]"] = total(
                    self.units.from_code(x.integral(w.ecr, where=shell), "erg")
                )
            columns[f"press_{name} [erg]"] = total(
                self.units.from_code(x.integral(w.press, where=shell), "erg")
            )
            columns[f"volume_{name} [kpc^3]"] = total(
                self.units.from_code(x.integral(1.0, where=shell), "kpc^3")
            )
        return columns

    def label(self, r):
        """Return '50kpc' of a radius."""
        return f"{self.units.from_code(r, 'kpc'):g}kpc"

    def closed_form(self, r, time):
        """Return (P at `time`, steady P) of the diffusing central source, code units."""
        source, scattering = self.config.injection, self.config.scattering
        power = source.rate * source.energy * source.cr_fraction
        isotropic = self.config.transport.solver == "isotropic_diffusion"
        kappa = (
            scattering.kappa_par
            if isotropic
            else (scattering.kappa_par + 2.0 * scattering.kappa_perp) / 3.0
        )
        steady = power / (12.0 * math.pi * kappa * r)
        return steady * math.erfc(r / math.sqrt(4.0 * kappa * time)), steady

    def summary(self, history, p):
        if not self.config.fluid.cosmic_rays:
            return {}
        last = {name: values[-1] for name, values in history.items()}
        time = self.units.to_code(last["time"], "Myr")
        kappa, source = getattr(self.config.scattering, "kappa_par", 0.0), self.config.injection
        known = source.enabled and source.mode == "central" and kappa > 0.0 and time > 0.0
        density = self.units.factor("erg/kpc^3") / self.units.factor("eV/cm^3")
        lines = {}
        for r in p.radii:
            name = self.label(r)
            if last[f"volume_{name}"] == 0.0:
                lines[f"cosmic-ray pressure at {name}"] = "no cell in this shell"
                continue
            pcr = (self.config.fluid.gamma_cr - 1.0) * last[f"ecr_{name}"]
            text = (
                f"{pcr / last[f'volume_{name}'] * density:.3e} eV/cm^3, "
                f"{pcr / last[f'press_{name}']:.2f} of the gas pressure"
            )
            if known:
                now, steady = (
                    self.units.from_code(value, "eV/cm^3") for value in self.closed_form(r, time)
                )
                text += f"; closed form now {now:.3e}, steady {steady:.3e}"
            lines[f"cosmic-ray pressure at {name}"] = text
        return lines
