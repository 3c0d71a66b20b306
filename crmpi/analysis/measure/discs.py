"""Discs about the x3 axis: star formation against gas, ring by ring and of the whole disc."""

import itertools
import math

import numpy as np

from crmpi.analysis.measure.base import Observable
from crmpi.params import make, par

PIECES = 4
"""Parts of a cell along x1 and x2 that are sorted into rings by their own centres."""


def kennicutt(surface_density):
    """Return the star formation in Msun/yr/kpc^2 at a gas surface density in Msun/pc^2.

    Kennicutt (1998, ApJ 498, 541), eq. 4: 2.5e-4 Sigma^1.4 for a Salpeter mass function (recalled).
    It was fitted to averages over discs within their optical radius.
    """
    return 2.5e-4 * surface_density**1.4


class KennicuttSchmidt(Observable):
    """Surface densities of cold gas and of star formation in rings about the x3 axis.

    The rate is the recipe of the run on the gas of this moment. ``relation`` is `kennicutt` of the
    gas.
    """

    name = "kennicutt_schmidt"
    doc = "surface densities of star formation and of cold gas in rings about the x3 axis"
    reference = "Kennicutt 1998"
    needs = ("dens", "temp")
    physical = True
    arrays = True

    class Params:
        bins: int = par(20, gt=0, doc="rings of equal width")
        outer: float = par(20.0, unit="kpc", gt=0, doc="outermost radius")
        temp_max: float | None = par(
            None, unit="K", gt=0, doc="gas that is not hotter counts; none: star_formation.temp_max"
        )

    def setup(self):
        self._divide(self.params.outer, self.params.bins)
        middles = 0.5 * (self.edges[1:] + self.edges[:-1])
        self.axes = {"R [kpc]": self.shown(middles, "kpc")}

    def _divide(self, outer, rings):
        """Prepare the recipe of the run and rings of equal width."""
        from crmpi.physics.star_formation import StarFormation, formation_rate

        given = self.facts.config.get("star_formation", {})
        if not given.get("enabled"):
            self.refuse("needs star formation; set star_formation.enabled to true")
        recipe = make(StarFormation.Params, self.facts.units, **given)
        self._rate = lambda cells: formation_rate(
            recipe, self.facts.units, cells["dens"], cells["temp"]
        )
        limit = self.params.temp_max
        self._warmest = recipe.temp_max if limit is None else limit
        self.edges = np.linspace(0.0, outer, rings + 1)

    def partial(self, cells):
        cold = np.where(cells["temp"] <= self._warmest, cells["dens"], 0.0)
        columns = [(values * cells.volume).sum(axis=0) for values in (cold, self._rate(cells))]
        rings = len(self.edges) - 1
        sums = np.zeros((2, rings))
        widths = [np.diff(cells.faces(axis))[0] for axis in (0, 1)]
        for place in itertools.product(range(PIECES), repeat=2):
            x1, x2 = (
                cells.centres(axis) + ((place[axis] + 0.5) / PIECES - 0.5) * widths[axis]
                for axis in (0, 1)
            )
            ring = np.hypot(x1[None, :], x2[:, None]) // (self.edges[-1] / rings)
            inside = ring < rings
            for total, column in zip(sums, columns, strict=True):
                total += np.bincount(ring[inside].astype(int), column[inside] / PIECES**2, rings)
        return sums.ravel()

    def _surface(self, sums):
        """Return (gas, star formation) of the rings, Msun/pc^2 and Msun/yr/kpc^2."""
        gas, rate = sums.reshape(2, -1) / (np.pi * np.diff(self.edges**2))
        return self.shown(gas, "Msun/pc^2"), self.shown(rate, "Msun/yr/kpc^2")

    def finish(self, sums):
        gas, rate = self._surface(sums)
        return {
            "gas [Msun/pc^2]": gas,
            "sfr [Msun/yr/kpc^2]": rate,
            "relation [Msun/yr/kpc^2]": kennicutt(gas),
        }


class DiscAverage(KennicuttSchmidt):
    """Gas and star formation of a disc within its optical radius, over its area: the numbers that
    the relation of Kennicutt (1998) connects.

    ``disc_sfr/relation`` is over `kennicutt` of all of the gas; the surface densities of the paper
    are those of hydrogen, atomic and molecular, without helium (recalled), for which
    ``disc_sfr/relation_H`` stands. Without gas both are NaN.
    """

    name = "disc_average"
    doc = "gas and star formation of the disc within its optical radius against the relation"
    arrays = False

    class Params:
        radius: float = par(
            11.0, unit="kpc", gt=0, doc="optical radius: 3.2 scale lengths of the stars"
        )
        temp_max: float | None = par(
            None, unit="K", gt=0, doc="gas that is not hotter counts; none: star_formation.temp_max"
        )

    def setup(self):
        self._divide(self.params.radius, 1)

    def finish(self, sums):
        (gas,), (rate,) = self._surface(sums)
        expected, of_hydrogen = kennicutt(gas), kennicutt(self.facts.hydrogen * gas)
        return {
            "disc_gas [Msun/pc^2]": gas,
            "disc_sfr [Msun/yr/kpc^2]": rate,
            "disc_sfr/relation": rate / expected if gas > 0.0 else math.nan,
            "disc_sfr/relation_H": rate / of_hydrogen if gas > 0.0 else math.nan,
        }
