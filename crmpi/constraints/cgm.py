"""The smallest effective diffusion coefficient that the gas around a galaxy allows (Butsky, Nakum
et al. 2023, MNRAS 521, 2477).

A galaxy that makes cosmic rays at the rate Edot fills its halo with the pressure P = Edot/(12 pi
kappa r). Gas that is not blown away can carry at most the gradient -dP/dr = rho vc^2/r, hence

    kappa >= kappa_min = Edot/(12 pi rho r vc^2),    rho r = f m_p N_H/X,    Edot = escape
                                                     cr_fraction sn_energy SFR/sn_mass

with X the share of hydrogen in the mass and f the geometry of the path: f = rho(r) r over the mass
column of the sight line at impact parameter r, 1/pi for rho ~ r^-2. All is in cgs here; `in_cgs`
makes quantities of what people write.
"""

import math

import numpy as np

from crmpi.constants import HYDROGEN_FRACTION, SUPERNOVA_ENERGY
from crmpi.params import group, make, par
from crmpi.units import UNITS, Units

CGS = Units("custom", 1.0, 1.0, 1.0)
M_P, KPC, MSUN, YEAR = (UNITS[name].value for name in ("m_p", "kpc", "Msun", "yr"))


@group
class Assumptions:
    """What the estimate assumes, beside the three numbers that are observed."""

    cr_fraction: float = par(0.1, gt=0, le=1, doc="share of the supernova energy in cosmic rays")
    sn_energy: float = par(SUPERNOVA_ENERGY, unit="erg", gt=0, doc="energy of a supernova")
    sn_mass: float = par(100.0, unit="Msun", gt=0, doc="mass of stars formed per supernova")
    escape: float = par(
        1.0,
        gt=0,
        le=1,
        doc="share of the cosmic-ray energy that leaves the galaxy; the rest is lost in its disc",
    )
    hydrogen_fraction: float = par(
        HYDROGEN_FRACTION, gt=0, le=1, doc="share of hydrogen in the mass of the gas, X"
    )
    slope: float = par(
        2.0, gt=1, doc="rho ~ r^-slope along the sight line gives the geometry f: 1/pi for 2"
    )
    geometry: float | None = par(None, gt=0, doc="f = rho r X/(m_p N_H) itself, instead of a slope")
    nh_factor: float = par(
        1.0,
        ge=1,
        doc="all hydrogen over the observed column: hot gas that the column does not count",
    )

    @property
    def path(self):
        """The geometry f of the sight line."""
        return geometry_of_slope(self.slope) if self.geometry is None else self.geometry


@group
class SightLine:
    """What is observed."""

    sfr: float = par(
        unit="Msun/yr",
        gt=0,
        doc="star formation rate, averaged over the time in which cosmic rays fill the halo",
    )
    nh: float = par(unit="1/cm^2", gt=0, doc="column of all hydrogen")
    vc: float = par(unit="km/s", gt=0, doc="circular velocity at the impact parameter")
    impact: float | None = par(
        None,
        unit="kpc",
        gt=0,
        doc="impact parameter, adds the streaming speed; of a snapshot several, 20,50,100",
    )

    def check(self):
        """Nothing observed is infinite."""
        for name in ("sfr", "nh", "vc", "impact"):
            if math.isinf(getattr(self, name) or 0.0):
                yield name, "must be finite"


def in_cgs(cls, **values):
    """Return a checked group of this module in cgs; numbers without unit are in the unit of their
    declaration."""
    return make(cls, CGS, **values)


def injection_rate(sfr, assumptions):
    """Return the cosmic-ray energy in erg/s that a galaxy forming `sfr` (g/s) of stars sends into
    its halo."""
    a = assumptions
    return a.escape * a.cr_fraction * a.sn_energy * sfr / a.sn_mass


def geometry_of_slope(slope):
    """Return f for rho ~ r^-slope along an endless sight line; 1/pi for 2.

    The mass column at impact parameter r is rho(r) r sqrt(pi) Gamma((slope - 1)/2)/Gamma(slope/2),
    for slope > 1.
    """
    return math.gamma(0.5 * slope) / (math.sqrt(math.pi) * math.gamma(0.5 * (slope - 1.0)))


def kappa_min(sfr, nh, vc, assumptions):
    """Return kappa_min in cm^2/s.

    Parameters
    ----------
    sfr, nh, vc : float or array
        g/s, 1/cm^2 and cm/s
    assumptions : Assumptions
        in cgs, of `in_cgs`
    """
    a = assumptions
    column = a.path * a.nh_factor * M_P * np.asarray(nh) / a.hydrogen_fraction
    return injection_rate(sfr, a) / (12.0 * math.pi * column * np.asarray(vc) ** 2)


def prefactor(assumptions):
    """Return kappa_min for 1 Msun/yr, 1e19 cm^-2 and 200 km/s."""
    return float(kappa_min(MSUN / YEAR, 1e19, 2e7, assumptions))


def streaming_speed(kappa, r, *, tangled=True):
    """Return the streaming speed in cm/s with the same largest gradient at `r` (cm) as diffusion
    with `kappa`.

    Streaming at a constant radial speed v carries Edot = 4 pi r^2 v 4P, so that P ~ r^-2 and -dP/dr
    = Edot/(8 pi r^3 v): the bound is met at v = 3 kappa/(2 r). Along a tangled field the radial
    part is half of the speed, since the mean of abs(cos) over all directions is 1/2: v = 3 kappa/r.
    Losses to waves are left out, with them v is smaller.
    """
    return (3.0 if tangled else 1.5) * kappa / r


def arrival_kappa(r, age):
    """Return r^2/(4 age): with a smaller kappa a source of this age has not filled the halo out to
    `r`, and the bound says nothing."""
    return r**2 / (4.0 * age)
