"""What drives a run, as far as it is known: the rate of supernovae, star formation, and the power
given to cosmic rays."""

import math

import numpy as np

from crmpi.params import group, make, par


@group
class DriveParams:
    """Star formation behind the sources of a run, for ratios to it."""

    star_formation: float | None = par(
        None,
        unit="Msun/yr",
        gt=0,
        doc="rate; none: that of the injection of the run, if it has one",
    )
    cr_power: float | None = par(
        None,
        unit="erg/s",
        gt=0,
        doc="power of the sources of cosmic rays; none: that of the injection",
    )
    sn_mass: float = par(
        100.0,
        unit="Msun",
        gt=0,
        doc="mass of stars formed per supernova (Kroupa 2001 or Chabrier 2003 stars)",
    )


class Drive:
    """The rates of a run, code units.

    Supernovae may follow the dense gas, so their rate is a sum over the cells: `partial` gives the
    share of a block. Of a run with star formation and an injection, the former is used.

    Parameters
    ----------
    params : DriveParams
    facts : crmpi.analysis.read.cells.Facts
    """

    def __init__(self, params, facts):
        self.params = params
        self.source = _stars(facts) or _injection(facts, params)

    @property
    def forms_stars(self):
        """Whether a rate of star formation is known."""
        return self.params.star_formation is not None or self.source is not None

    @property
    def makes_cosmic_rays(self):
        """Whether the power of the sources of cosmic rays is known."""
        return self.params.cr_power is not None or (
            self.source is not None and self.source.given.cr_fraction * self.source.given.energy > 0
        )

    def partial(self, cells):
        """Return the supernovae per time of a block, of those that follow the dense gas."""
        if self.source is None:
            return 0.0
        return cells.remember((self, "supernovae"), lambda: self.source.partial(cells))

    def star_formation(self, followed):
        """Return the mass of stars formed per time; `followed`: the sum of `partial`."""
        given = self.params.star_formation
        return given if given is not None else self._supernovae(followed) * self.source.sn_mass

    def cr_power(self, followed):
        """Return the energy per time given to cosmic rays."""
        given = self.params.cr_power
        return given if given is not None else self.power(followed) * self.source.given.cr_fraction

    def power(self, followed):
        """Return the energy per time of all supernovae; only of those of the run."""
        return self._supernovae(followed) * self.source.given.energy

    def ejecta(self, followed):
        """Return the mass per time given to the gas by supernovae; only of those of the run."""
        return self._supernovae(followed) * self.source.given.ejecta

    def _supernovae(self, followed):
        return self.source.fixed + followed


class _Stars:
    """Supernovae of the stars that form: parameters ``given``, those at a ``fixed`` rate, mass of
    stars per supernova."""

    fixed = 0.0

    def __init__(self, given, facts):
        from crmpi.physics.star_formation import formation_rate  # kernels: only for who asks

        self.given, self.sn_mass = given, given.mass_per_supernova
        self._rate = lambda cells: formation_rate(given, facts.units, cells["dens"], cells["temp"])

    def partial(self, cells):
        """Return the supernovae per time of a block."""
        return cells.integral(self._rate(cells)) / self.sn_mass


class _Injected:
    """The same of an injection."""

    def __init__(self, given, facts, params):
        self.given, self._params = given, params
        self.fixed = _fixed_rate(given, facts)

    @property
    def sn_mass(self):
        """Mass of stars per supernova, which only runs with units have."""
        return self._params.sn_mass

    def partial(self, cells):
        """Return the supernovae per time of a block that depend on the gas."""
        if self.given.mode != "density":
            return 0.0
        dens = cells["dens"]
        dense = np.where(dens > self.given.threshold, dens, 0.0)
        return self.given.rate_per_mass * cells.integral(dense)


def _stars(facts):
    """Return the `_Stars` of a run, None if it forms none."""
    from crmpi.physics.star_formation import StarFormation  # kernels: only for who asks

    given = facts.config.get("star_formation", {})
    if not given.get("enabled"):
        return None
    return _Stars(make(StarFormation.Params, facts.units, **given), facts)


def _injection(facts, params):
    """Return the `_Injected` of a run, None if it has no injection."""
    from crmpi.physics.injection import Injection  # kernels: only for who asks

    given = facts.config.get("injection", {})
    if not given.get("enabled"):
        return None
    return _Injected(make(Injection.Params, facts.units, **given), facts, params)


def _fixed_rate(source, facts):
    """Return the supernovae per time in the box that do not depend on the gas."""
    if source.mode == "central":
        return source.rate
    if source.mode == "density":
        return 0.0
    return source.rate_per_area * math.prod(facts.upper[a] - facts.lower[a] for a in (0, 1))
