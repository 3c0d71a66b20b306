"""What cosmic rays show of themselves: gamma rays, grammage, residence time, ionisation."""

import numpy as np

from crmpi.analysis.measure.base import Observable
from crmpi.params import make, par

NEUTRAL_PIONS = 1.0 / 3.0  # share of hadronic losses
# ionisation losses per time, hydrogen atom and energy of cosmic rays [cm^3/s]
GEV_IONISATION = 0.53 * 3.09e-16 * 0.57
# eV lost per ion pair in neutral hydrogen (Glassgold & Langer 1973; Dalgarno et al. 1999: 35 to 40
# eV), recalled
PAIR_ENERGY = 36.0


class GammaRays(Observable):
    """L = beta_pi/3 Gamma_h int e n dV: a third of the hadronic losses goes to neutral pions,
    beta_pi of their photons lies above 1 GeV.

    The light of the stars is L_SF = efficiency c^2 SFR. With 1e50 erg of cosmic rays per 100 Msun,
    all of which is lost to pions, L/L_SF = 2.3e-4 (Thompson, Quataert & Waxman 2007; Lacki et al.
    2011).
    """

    name = "gamma_rays"
    doc = "luminosity above 1 GeV, and its ratio to the light of young stars"
    reference = "Guo & Oh 2008; Pfrommer et al. 2017; Chan et al. 2019; Lacki et al. 2011"
    needs = ("dens", "ecr")
    physical = True

    class Params:
        rates: str | None = par(
            None,
            choices=["guo_oh2008", "pfrommer2017", "gizmo"],
            doc="set of coefficients; none: as losses.rates",
        )
        light: float = par(
            5.7e-4,
            gt=0,
            doc="efficiency of L_SF = efficiency c^2 SFR (Kennicutt 1998; coefficient recalled)",
        )

    def setup(self):
        from crmpi.physics.losses import RATES, Losses  # kernels: only for who asks

        given = dict(self.facts.config.get("losses", {}))
        given.pop("hydrogen_fraction", None)  # of older snapshots
        losses = make(
            Losses.Params,
            self.facts.units,
            **(given | {"rates": self.params.rates or given.get("rates", "guo_oh2008")}),
        )
        units = self.facts.units
        rate = RATES[losses.rates](self.facts.hydrogen).hadronic
        self.per_density = (
            NEUTRAL_PIONS
            * losses.gamma_fraction
            * losses.hadronic
            * rate
            * units.factor("cm^3/s")
            / units.m_p
        )

    def partial(self, cells):
        return np.array([cells.integral(cells["dens"] * cells["ecr"]), self.drive.partial(cells)])

    def finish(self, sums):
        units, power = self.facts.units, self.per_density * sums[0]
        columns = {"L_gamma [erg/s]": power / units.factor("erg/s")}
        if self.drive.forms_stars:
            formation = self.drive.star_formation(sums[1])
            columns["sfr [Msun/yr]"] = formation / units.factor("Msun/yr")
            columns["L_gamma/L_SF [1]"] = _ratio(power, self.params.light * units.c**2 * formation)
        if self.drive.makes_cosmic_rays:
            columns["calorimetric_fraction [1]"] = _ratio(
                power, NEUTRAL_PIONS * self._above() * self.drive.cr_power(sums[1])
            )
        return columns

    def _above(self):
        """Return the share of the photons above 1 GeV."""
        return float(self.facts.config.get("losses", {}).get("gamma_fraction", 0.7))


class Budget(Observable):
    """Residence time E/Q and grammage c int rho e dV/Q of cosmic rays of energy E from sources of
    power Q.

    Both are those of a steady state: what is in the box was injected during the time it stays. A
    particle of speed c crosses rho c dt of matter in dt; the mean over particles weights the
    density with their energy density.
    """

    name = "cr_budget"
    doc = "energy, residence time and grammage of cosmic rays, for sources of known power"
    reference = "steady leaky box, e.g. Strong, Moskalenko & Ptuskin 2007"
    needs = ("dens", "ecr")
    physical = True

    def setup(self):
        if not self.drive.makes_cosmic_rays:
            self.refuse(
                "needs the power of the sources: a run with injection of cosmic rays, or "
                "observables.drive.cr_power, '1e41 erg/s'"
            )

    def partial(self, cells):
        return np.array(
            [
                cells.integral(cells["ecr"]),
                cells.integral(cells["dens"] * cells["ecr"]),
                self.drive.partial(cells),
            ]
        )

    def finish(self, sums):
        units, (energy, seen, followed) = self.facts.units, sums
        power = self.drive.cr_power(followed)
        return {
            "E_cr [erg]": energy / units.factor("erg"),
            "density_seen [m_p/cm^3]": _ratio(seen, energy) / units.factor("m_p/cm^3"),
            "cr_power [erg/s]": power / units.factor("erg/s"),
            "residence_time [Myr]": _ratio(energy, power) / units.factor("Myr"),
            "grammage [g/cm^2]": _ratio(units.c * seen, power) / units.factor("g/cm^2"),
        }


class Ionisation(Observable):
    """Rate per hydrogen atom, proportional to the energy density: zeta = zeta_1 e/(1 eV cm^-3).

    The spectrum below 1 GeV, which ionises most, is not evolved: zeta_1 holds it, with the shape of
    the local one. Diffuse clouds of the solar neighbourhood, where e is about 1 eV/cm^3, show 1e-16
    /s and more (Indriolo & McCall 2012, recalled), the unmodulated spectra of Voyager 1 give
    1.6e-17 /s (Cummings et al. 2016, recalled). ``zeta_GeV`` is what the ionisation losses of a GeV
    spectrum alone, those of the set `gizmo` of `crmpi.physics.losses`, give with 36 eV per ion
    pair: 2.6e-18 /s at 1 eV/cm^3, a lower limit.
    """

    name = "ionisation"
    doc = "ionisation rate of hydrogen by cosmic rays, means over mass and volume"
    reference = "Indriolo & McCall 2012; Cummings et al. 2016; Chan et al. 2019"
    needs = ("dens", "ecr")
    physical = True

    class Params:
        zeta: float = par(1e-16, unit="1/s", gt=0, doc="rate per hydrogen atom at 1 eV/cm^3")

    def partial(self, cells):
        dens, ecr = cells["dens"], cells["ecr"]
        one = np.ones(cells.shape)
        return np.array([cells.integral(density) for density in (dens, one, dens * ecr, ecr)])

    def finish(self, sums):
        units, (mass, volume, by_mass, by_volume) = self.facts.units, sums
        local = units.factor("eV/cm^3")
        zeta = self.params.zeta / units.factor("1/s")
        return {
            "zeta_mass [1/s]": zeta * by_mass / mass / local,
            "zeta_volume [1/s]": zeta * by_volume / volume / local,
            "zeta_GeV_mass [1/s]": GEV_IONISATION / PAIR_ENERGY * by_mass / mass / local,
        }


def _ratio(a, b):
    """Return a/b, NaN where nothing is there to compare with."""
    return float(a / b) if b != 0.0 else float("nan")
