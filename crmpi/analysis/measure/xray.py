"""Soft X-rays of hot gas: an estimate of luminosity and surface brightness in a band."""

import numpy as np

from crmpi.analysis.measure.base import Observable
from crmpi.analysis.read.derived import has_metallicity
from crmpi.constants import HYDROGEN_FRACTION
from crmpi.params import par
from crmpi.units import UNITS

# erg cm^3 s^-1 K^-1/2, per electron and ion of charge 1 (Rybicki & Lightman 1979, eq. 5.15b)
BREMSSTRAHLUNG = 1.4e-27
GAUNT = 1.2  # mean over frequency (same place)
# erg cm^3 s^-1: C1 of C1 (kT/keV)^-1.7 and C3, at 0.3 solar (Tozzi & Norman 2001), recalled
LINES = (8.6e-25, 6.3e-24)
LINES_AT = 0.3  # solar metallicities
KEV = UNITS["k_B"].value / UNITS["keV"].value  # of 1 K
ARCSEC2 = (np.pi / 180.0 / 3600.0) ** 2  # sr


def emissivity(dens, temp, metallicity=0.3, hydrogen=HYDROGEN_FRACTION, band=(0.5, 2.0)):
    """Return the power per volume in a band [erg/cm^3/s] of fully ionised gas in collisional
    equilibrium, thin.

    Bremsstrahlung of a constant Gaunt factor, plus the rest of the cooling fit of Tozzi & Norman
    (2001), lines and recombination, in proportion to the metallicity. Both have the share
    exp(-E1/kT) - exp(-E2/kT) of their power in the band: that is exact for bremsstrahlung of a
    constant Gaunt factor; lines gather at 0.5 to 1 keV, so below 3e6 K the estimate is low, by
    factors of a few.

    Parameters
    ----------
    dens : array
        g/cm^3
    temp : array
        K
    metallicity : float or array
        solar units
    hydrogen : float
        mass fraction of hydrogen; the rest counts as helium
    band : (low, high)
        keV
    """
    nucleons = dens / UNITS["m_p"].value
    # helium gives half an electron per nucleon; ions weighted with Z^2 are one per nucleon
    electrons = 0.5 * (1.0 + hydrogen) * nucleons
    ions = (hydrogen + 0.25 * (1.0 - hydrogen)) * nucleons
    kev = KEV * np.maximum(temp, 1.0)
    share = np.exp(-band[0] / kev) - np.exp(-band[1] / kev)
    lines = (LINES[0] * kev**-1.7 + LINES[1]) * (metallicity / LINES_AT)
    return electrons * share * (GAUNT * BREMSSTRAHLUNG * np.sqrt(temp) * nucleons + lines * ions)


class _XRay(Observable):
    """What both have in common."""

    needs = ("dens", "temp")
    physical = True
    reference = "Rybicki & Lightman 1979; Tozzi & Norman 2001"

    def setup(self):
        low, high = self.params.band
        if not 0.0 < low < high:
            self.refuse(f"has the band {low:g} to {high:g} keV, which must go from low to high")
        self.density = 1.0 / self.facts.units.factor("g/cm^3")
        self.power = self.facts.units.factor("erg/s/cm^3")

    def powers(self, cells):
        """Return the power of each cell in the band, code units."""
        p = self.params
        metallicity = (
            cells["metallicity"]
            if has_metallicity(self.facts.names)
            else self.facts.metallicity(p.metallicity)
        )
        per_volume = (
            emissivity(
                cells["dens"] * self.density,
                cells["temp"],
                metallicity,
                self.facts.hydrogen,
                p.band,
            )
            * self.power
        )
        return np.where(cells["temp"] > p.coldest, per_volume, 0.0) * cells.volume


class XRay(_XRay):
    """Luminosity in a band, and the mean temperature of what shines; see `emissivity` for what is
    assumed."""

    name = "xray"
    doc = "luminosity of hot gas at 0.5 to 2 keV, an estimate"

    class Params:
        metallicity: float | None = par(
            None,
            ge=0,
            doc=(
                "solar units; scalars metallicity or metals replace it; none: that of "
                "composition.Z, or 0.3"
            ),
        )
        band: tuple[float, float] = par((0.5, 2.0), gt=0, doc="keV")
        coldest: float = par(1e5, unit="K", ge=0, doc="gas below is taken as dark")

    def partial(self, cells):
        power = self.powers(cells)
        return np.array([float(np.sum(power)), float(np.sum(power * cells["temp"]))])

    def finish(self, sums):
        power, by_temp = sums
        return {
            "L_X [erg/s]": self.shown(power, "erg/s"),
            "temp_X [K]": float(by_temp / power) if power > 0.0 else float("nan"),
        }


class XRayProfile(_XRay):
    """Surface brightness over the projected distance from the origin: the power in rings over their
    area, 4 pi and the sky.

    A line of sight goes through the whole box; rings reach as far as they fit, cells outside of
    them do not count.
    """

    name = "xray_profile"
    doc = "surface brightness of hot gas over the projected radius, an estimate"
    arrays = True

    class Params(XRay.Params):
        axis: str = par("x3", choices=["x1", "x2", "x3"], doc="line of sight")
        bins: int | None = par(None, gt=0, doc="rings; none: as wide as the widest cell")

    def setup(self):
        super().setup()
        facts = self.facts
        self.across = [axis for axis in range(3) if axis != int(self.params.axis[1]) - 1]
        if facts.is_tube or len(facts.axes) < 3:
            self.refuse("needs a three-dimensional mesh; xray gives the luminosity")
        self.outer = facts.nearest_face(self.across)
        if self.outer <= 0.0:
            self.refuse("needs the origin inside the box")
        widest = facts.widest_cell(self.across)
        self.nbins = self.params.bins or max(1, int(self.outer / widest))
        edges = np.linspace(0.0, self.outer, self.nbins + 1)
        self.axes = {"impact [kpc]": self.shown(0.5 * (edges[1:] + edges[:-1]), "kpc")}

    def partial(self, cells):
        b = np.sqrt(sum(cells.position(axis) ** 2 for axis in self.across))
        index = np.broadcast_to((b / self.outer * self.nbins).astype(int), cells.shape).ravel()
        inside = index < self.nbins
        along = int(self.params.axis[1]) - 1
        area = cells.volume / cells.widths[along] / cells.mesh[along]
        # every cell brings its share of the area of its column
        areas = np.bincount(index[inside], minlength=self.nbins) * area
        return np.concatenate(
            [np.bincount(index[inside], self.powers(cells).ravel()[inside], self.nbins), areas]
        )

    def finish(self, sums):
        power, area = sums.reshape(2, self.nbins)
        with np.errstate(divide="ignore", invalid="ignore"):
            brightness = self.shown(power / area, "erg/s/cm^2") / (4.0 * np.pi) * ARCSEC2
        return {"S_X [erg/s/cm^2/arcsec^2]": brightness}
