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

    The injection of a run may follow the dense gas, so its rate is a sum over the cells: `partial`
    gives the share of a block.

    Parameters
    ----------
    params : DriveParams
    facts : crmpi.analysis.read.cells.Facts
    """

    def __init__(self, params, facts):
        self.params, self.facts = params, facts
        self.source = _injection(facts)
        self.fixed = _fixed_rate(self.source, facts) if self.source is not None else 0.0

    @property
    def forms_stars(self):
        """Whether a rate of star formation is known."""
        return self.params.star_formation is not None or self.source is not None

    @property
    def makes_cosmic_rays(self):
        """Whether the power of the sources of cosmic rays is known."""
        return self.params.cr_power is not None or (
            self.source is not None and self.source.cr_fraction * self.source.energy > 0.0
        )

    def partial(self, cells):
        """Return the supernovae per time of a block, of those that follow the dense gas."""
        if self.source is None or self.source.mode != "density":
            return 0.0
        dens = cells["dens"]
        return self.source.rate_per_mass * cells.integral(
            np.where(dens > self.source.threshold, dens, 0.0)
        )

    def star_formation(self, followed):
        """Return the mass of stars formed per time; `followed`: the sum of `partial`."""
        given = self.params.star_formation
        return given if given is not None else (self.fixed + followed) * self.params.sn_mass

    def cr_power(self, followed):
        """Return the energy per time given to cosmic rays."""
        given = self.params.cr_power
        return (
            given
            if given is not None
            else (self.fixed + followed) * self.source.energy * self.source.cr_fraction
        )

    def power(self, followed):
        """Return the energy per time of all supernovae; only of an injection."""
        return (self.fixed + followed) * self.source.energy

    def ejecta(self, followed):
        """Return the mass per time given to the gas by supernovae; only of an injection."""
        return (self.fixed + followed) * self.source.ejecta


def _injection(facts):
    """Return the parameters of the injection of a run in code units, None if it has none."""
    from crmpi.physics.injection import Injection  # kernels: only for who asks

    given = facts.config.get("injection", {})
    if not given.get("enabled"):
        return None
    return make(Injection.Params, facts.units, **given)


def _fixed_rate(source, facts):
    """Return the supernovae per time in the box that do not depend on the gas."""
    if source.mode == "central":
        return source.rate
    if source.mode == "density":
        return 0.0
    return source.rate_per_area * math.prod(facts.upper[a] - facts.lower[a] for a in (0, 1))
