"""Discs about the x3 axis: star formation against gas, ring by ring."""

import itertools

import numpy as np

from crmpi.analysis.measure.base import Observable
from crmpi.params import make, par

PIECES = 4
"""Parts of a cell along x1 and x2 that are sorted into rings by their own centres."""


def kennicutt(surface_density):
    """Return the star formation in Msun/yr/kpc^2 at a gas surface density in Msun/pc^2.

    Kennicutt (1998, ApJ 498, 541), eq. 4: 2.5e-4 Sigma^1.4 for a Salpeter mass function (recalled).
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
        temp_max: float = par(3e4, unit="K", gt=0, doc="gas that is not hotter counts")

    def setup(self):
        from crmpi.physics.star_formation import StarFormation, formation_rate

        given = self.facts.config.get("star_formation", {})
        if not given.get("enabled"):
            self.refuse("needs star formation; set star_formation.enabled to true")
        recipe = make(StarFormation.Params, self.facts.units, **given)
        self._rate = lambda cells: formation_rate(
            recipe, self.facts.units, cells["dens"], cells["temp"]
        )
        self.edges = np.linspace(0.0, self.params.outer, self.params.bins + 1)
        middles = 0.5 * (self.edges[1:] + self.edges[:-1])
        self.axes = {"R [kpc]": self.shown(middles, "kpc")}

    def partial(self, cells):
        cold = np.where(cells["temp"] <= self.params.temp_max, cells["dens"], 0.0)
        columns = [(values * cells.volume).sum(axis=0) for values in (cold, self._rate(cells))]
        sums = np.zeros((2, self.params.bins))
        widths = [np.diff(cells.faces(axis))[0] for axis in (0, 1)]
        for place in itertools.product(range(PIECES), repeat=2):
            x1, x2 = (
                cells.centres(axis) + ((place[axis] + 0.5) / PIECES - 0.5) * widths[axis]
                for axis in (0, 1)
            )
            ring = np.hypot(x1[None, :], x2[:, None]) // (self.params.outer / self.params.bins)
            inside = ring < self.params.bins
            for total, column in zip(sums, columns, strict=True):
                total += np.bincount(
                    ring[inside].astype(int), column[inside] / PIECES**2, self.params.bins
                )
        return sums.ravel()

    def finish(self, sums):
        area = np.pi * np.diff(self.edges**2)
        gas, rate = sums.reshape(2, -1) / area
        gas = self.shown(gas, "Msun/pc^2")
        return {
            "gas [Msun/pc^2]": gas,
            "sfr [Msun/yr/kpc^2]": self.shown(rate, "Msun/yr/kpc^2"),
            "relation [Msun/yr/kpc^2]": kennicutt(gas),
        }
