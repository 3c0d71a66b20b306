"""Profiles: means over layers along an axis or over shells about the origin, and what follows from
them."""

import math

import numpy as np

from crmpi.analysis.measure.base import Observable
from crmpi.analysis.read.cells import AXIS_NUMBERS
from crmpi.analysis.read.derived import DERIVED, SHOWN_IN
from crmpi.analysis.read.fluxes import VELOCITY, along_axis, flux_densities, flux_names, outward
from crmpi.params import par

FLUX_UNITS = {"mass": "Msun/yr/kpc^2"}


class _Profile(Observable):
    """Sums of densities in bins; a subclass says which bin a cell is in and which way is outward.

    Means are over volume. The velocity is that of the mass, the temperature that of the mean
    pressure and density. ``cr_speed`` is f/(e + P), the speed at which cosmic rays move relative to
    the gas, and ``kappa_eff`` = -f/(de/dx) from their mean flux f relative to the gas and the
    gradient of their mean energy density: differences of ln e over the bins, exact for the profiles
    that diffusion makes, exponential along an axis and powers of the radius.
    """

    needs = ("dens", "press", *VELOCITY)
    radial = False
    arrays = True

    def setup(self):
        self.fluxes = flux_names(self)
        self.means = [
            name for name in ("dens", "press", "pmag", "bmag", "va", "ecr", "pcr") if self.has(name)
        ]
        missing = [name for name in self.params.fields if not self.has(name)]
        if missing:
            self.refuse(
                f"has no {', '.join(missing)}: {len(missing)} of {len(self.params.fields)} "
                "fields are not there"
            )
        self.means += [name for name in self.params.fields if name not in self.means]
        self.rows = ["volume", "place", *self.means, *self.fluxes]

    def place(self, cells):
        """Return the position of the cells along the profile."""

    def bins(self, cells):
        """Return the bin of each cell; -1 for none."""

    def normal(self, cells):
        """Return the direction of fluxes."""

    def partial(self, cells):
        return np.ravel(self._sums(cells, self.bins(cells), self.nbins))

    def _sums(self, cells, bins, nbins):
        """Return the sums of all rows in bins of the cells (rows, nbins)."""
        volume = np.broadcast_to(cells.volume, cells.shape)
        bins = np.broadcast_to(bins, cells.shape).ravel()
        inside = bins >= 0
        values = {"volume": 1.0, "place": self.place(cells)} | {
            name: cells[name] for name in self.means
        }
        values |= flux_densities(cells, self.normal(cells), self.fluxes)
        weights = [
            np.broadcast_to(values[row] * volume, cells.shape).ravel()[inside] for row in self.rows
        ]
        return np.array([np.bincount(bins[inside], weight, nbins) for weight in weights])

    def finish(self, sums):
        table = dict(zip(self.rows, sums.reshape(len(self.rows), self.nbins), strict=True))
        volume = table.pop("volume")
        with np.errstate(divide="ignore", invalid="ignore"):
            mean = {name: values / volume for name, values in table.items()}
            columns = {self.label("volume", "kpc^3"): self.shown(volume, "kpc^3")} | self._columns(
                mean
            )
        place = np.where(volume > 0.0, mean["place"], self.middles())
        self.axes = {self.label(self.along_what, "kpc"): self.shown(place, "kpc")}
        return columns

    def middles(self):
        """Return where bins without cells are shown."""
        return np.full(self.nbins, np.nan)

    def _columns(self, mean):
        units = self.facts.units
        columns = {}
        for name in self.means:
            unit = SHOWN_IN.get(self._dimension(name), "")
            columns[self.label(name, unit) if unit else f"{name} [1]"] = (
                self.shown(mean[name], unit) if unit else mean[name]
            )
        if not units.dimensionless:
            columns["temp [K]"] = (
                self.facts.mu * units.m_p / units.k_B * mean["press"] / mean["dens"]
            )
        columns[self.label("vel", "km/s")] = self.shown(mean["mass"] / mean["dens"], "km/s")
        for name in self.fluxes:
            unit = FLUX_UNITS.get(name, "erg/s/cm^2")
            columns[self.label(f"{name}_flux", unit)] = self.shown(mean[name], unit)
        if "cr_relative" in self.fluxes:
            columns[self.label("cr_speed", "km/s")] = self.shown(
                mean["cr_relative"] / (mean["ecr"] + mean["pcr"]), "km/s"
            )
            columns[self.label("kappa_eff", "cm^2/s")] = self.shown(self._kappa(mean), "cm^2/s")
        return columns

    def _kappa(self, mean):
        """Return -f/(de/dx) over the bins that have cosmic rays, NaN where there is no gradient."""
        filled = mean["ecr"] > 0.0
        slope = np.full(filled.shape, np.nan)
        if filled.sum() > 2:
            energy, place = mean["ecr"][filled], mean["place"][filled]
            along, stretch = (np.log(place), place) if self.radial else (place, 1.0)
            slope[filled] = energy * np.gradient(np.log(energy), along, edge_order=2) / stretch
        kappa = -mean["cr_relative"] / slope
        return np.where(np.isfinite(kappa), kappa, np.nan)

    def _dimension(self, name):
        if name in DERIVED:
            return DERIVED[name].dimension
        stems = {
            "dens": "density",
            "vel": "velocity",
            "b": "magnetic_field",
            "fecr": "energy_flux",
            "fcr": "energy_flux",
        }
        return stems.get(name.rstrip("123"), "pressure")


class AxisProfile(_Profile):
    """Means over the layers of cells along an axis, a tube included; fluxes are along it.

    On a refined mesh layers are those of the cells of `level`: smaller cells are parts of a layer,
    larger ones count in each layer that they reach into.
    """

    name = "profile"
    doc = "means and fluxes over the layers along an axis"

    class Params:
        axis: str | None = par(
            None, choices=["x1", "x2", "x3"], doc="none: x3, or the last axis there is"
        )
        level: int = par(
            0, ge=0, le=20, doc="layers are as thick as the cells of this refinement level"
        )
        fields: tuple[str, ...] = par((), doc="more quantities, such as cs or beta")

    def setup(self):
        super().setup()
        self.axis = AXIS_NUMBERS[self.params.axis] if self.params.axis else self.facts.axes[-1]
        if self.facts.is_tube and self.params.level:
            self.refuse("has one level of cells along a tube; leave profile.level out")
        self.nbins, self.along_what = (
            self.facts.cells_at(self.params.level)[self.axis],
            f"x{self.axis + 1}",
        )

    def place(self, cells):
        return cells.position(self.axis)

    def bins(self, cells):
        return cells.index(self.axis) >> max(cells.level - self.params.level, 0) * (
            self.axis in self.facts.axes
        )

    def partial(self, cells):
        finer = self.params.level - cells.level
        if finer <= 0 or self.axis not in self.facts.axes:
            return super().partial(cells)
        table = (
            np.repeat(self._sums(cells, self.bins(cells), cells.mesh[self.axis]), 2**finer, axis=1)
            * 0.5**finer
        )
        width = (self.facts.upper[self.axis] - self.facts.lower[self.axis]) / self.nbins
        middles = self.facts.lower[self.axis] + (np.arange(self.nbins) + 0.5) * width
        table[self.rows.index("place")] = table[self.rows.index("volume")] * middles
        return np.ravel(table)

    def normal(self, cells):
        return along_axis(self.axis)


class RadialProfile(_Profile):
    """Means over shells of equal thickness about the origin; fluxes are outward."""

    name = "radial_profile"
    doc = "means and fluxes over shells about the origin"
    radial = True

    class Params:
        bins: int | None = par(None, gt=1, doc="shells; none: as thick as the widest cell")
        outer: float | None = par(
            None,
            unit="length",
            gt=0,
            doc="outermost radius; none: as far as whole shells fit in the box",
        )
        fields: tuple[str, ...] = par((), doc="more quantities, such as cs or beta")

    def setup(self):
        super().setup()
        facts, self.along_what = self.facts, "r"
        if facts.is_tube and facts.geometry != "spherical":
            self.refuse("has no shells on this tube; use profile")
        fits = facts.upper[0] if facts.geometry == "spherical" else facts.nearest_face()
        corner = math.sqrt(
            sum(max(abs(facts.lower[a]), abs(facts.upper[a])) ** 2 for a in facts.axes)
        )
        self.outer = self.params.outer or fits
        if self.outer <= 0.0:
            self.refuse(
                "has no whole shell: the origin is not inside the box; set radial_profile.outer "
                "to count parts of shells"
            )
        if self.outer > corner:
            self.refuse(
                f"ends at r = {self.shown(self.outer, 'kpc'):g}, beyond the furthest corner at "
                f"{self.shown(corner, 'kpc'):g}"
            )
        self.nbins = self.params.bins or max(2, round(self.outer / facts.widest_cell()))

    def place(self, cells):
        return cells.r

    def bins(self, cells):
        index = (cells.r / self.outer * self.nbins).astype(int)
        return np.where(index < self.nbins, index, -1)

    def normal(self, cells):
        return outward(cells)

    def middles(self):
        return (np.arange(self.nbins) + 0.5) * self.outer / self.nbins
