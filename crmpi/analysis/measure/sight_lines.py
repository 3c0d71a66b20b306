"""Columns along the same sight lines as an observable: followed during a run, or over the snapshots
of one."""

import numpy as np

from crmpi.analysis.ions.base import table_of
from crmpi.analysis.ions.coefficients import backgrounds
from crmpi.analysis.ions.names import USUAL, parse_ion, require_known
from crmpi.analysis.ions.tables import computed_table
from crmpi.analysis.measure.base import Observable
from crmpi.analysis.measure.columns import Composition, Gas
from crmpi.analysis.measure.rays import Crossed, lines_at, shells, trace
from crmpi.errors import CrmpiError
from crmpi.params import make, par

AXES = {"x1": (0,), "x2": (1,), "x3": (2,), "all": (0, 1, 2), "any": ()}


class SightLines(Observable):
    """Columns at distances from the origin: every line is a sum over cells, median and percentiles
    are taken of the sums."""

    name = "columns"
    doc = (
        "columns of hydrogen and of ions at distances from the origin: median, 16th and 84th "
        "percentile over sight lines"
    )
    reference = "docs/ions.md"
    arrays = True
    needs = ("dens", "temp")
    physical = True

    class Params:
        ions: tuple[str, ...] = par(USUAL, doc="'O VI'; 'H' for all hydrogen")
        impacts: tuple[float, ...] = par(
            (), unit="length", ge=0, doc="distances of the lines from the origin"
        )
        axis: str = par(
            "all",
            choices=list(AXES),
            doc="lines along an axis, along all three, or in any direction",
        )
        lines: int = par(8, ge=1, doc="at each distance, for each axis")
        metallicity: float | None = par(
            None,
            ge=0,
            doc=(
                "of the gas, solar units; scalars metallicity or metals replace it; none: that of "
                "composition.Z, or 0.3"
            ),
        )
        redshift: float = par(0.2, ge=0, doc="of the ultraviolet background")
        background: str = par(
            "hm12", choices=[*backgrounds(), "none"], doc="ultraviolet background"
        )
        table: str | None = par(
            None,
            doc=(
                "file of ion fractions in the layout of Trident, or name of an ion table; none: "
                "the one that comes with crmpi"
            ),
        )

    def setup(self):
        p = self.params
        if not p.impacts:
            self.refuse("needs distances: columns.impacts=[20, 50]")
        try:
            self.ions = [parse_ion(ion) for ion in p.ions]
            for ion in self.ions:
                require_known(ion.element)
            self.table = (
                table_of(p.table, p.redshift)
                if p.table
                else computed_table(p.redshift, p.background, hydrogen=self.facts.hydrogen)
            )
            self.composition = make(
                Composition,
                metallicity=self.facts.metallicity(p.metallicity),
                hydrogen_fraction=self.facts.hydrogen,
            )
            self.lines = lines_at(self.facts, p.impacts, AXES[p.axis], p.lines)
            self.crossed = {0: self._crossed(0)}
        except CrmpiError as error:
            raise CrmpiError(str(error), everywhere=True) from error
        self.impacts = np.array([line.impact for line in self.lines])
        self.axes = {"impact [kpc]": self.shown(np.unique(self.impacts), "kpc")}

    def _crossed(self, level):
        """Return the cells of a level that lines cross, wherever the mesh has that level."""
        return Crossed([self._path(line, level) for line in self.lines], self.facts.block)

    def _path(self, line, level):
        facts = self.facts
        if facts.geometry == "spherical":
            return shells(self.sphere, line.impact, facts.where)
        if facts.is_tube:
            self.refuse(
                "needs a mesh of equal cells, or a spherical one; this one has geometry "
                f"'{facts.geometry}', spacing '{facts.spacing}'"
            )
        return trace(facts, line, facts.where, level)

    @property
    def sphere(self):
        """Radii of the faces of a spherical mesh."""
        lower, upper, n = self.facts.lower[0], self.facts.upper[0], self.facts.cells[0]
        return (
            np.geomspace(lower, upper, n + 1)
            if self.facts.spacing == "log"
            else np.linspace(lower, upper, n + 1)
        )

    def partial(self, cells):
        """Return the columns of all ions along all lines, then the number of cells of each line
        that are not in the table."""
        if cells.level not in self.crossed:
            self.crossed[cells.level] = self._crossed(cells.level)
        crossed = self.crossed[cells.level]
        here, (k, j, i) = crossed.in_block(
            [first // n for first, n in zip(cells.first, self.facts.block, strict=True)]
        )
        composition = self.composition.carried(self.facts.names, lambda name: cells[name][k, j, i])
        gas = Gas(
            cells["dens"][k, j, i] * cells.units.cgs("density"), cells["temp"][k, j, i], composition
        )
        owner, lengths, count = (
            crossed.owner[here],
            crossed.lengths[here] * cells.units.cgs("length"),
            len(self.impacts),
        )
        columns = [
            np.bincount(owner, gas.density(ion, self.table) * lengths, count) for ion in self.ions
        ]
        return np.concatenate([*columns, np.bincount(owner, gas.outside(self.table), count)])

    def finish(self, sums):
        """Return medians and percentiles over the lines at each distance, and the number of cells
        outside of the table."""
        *columns, outside = sums.reshape(len(self.ions) + 1, len(self.impacts))
        groups = [self.impacts == b for b in np.unique(self.impacts)]
        found = {}
        for ion, values in zip(self.ions, columns, strict=True):
            name = f"N_{ion.name.replace(' ', '')}"
            for label, mark in (("", 50.0), ("_16", 16.0), ("_84", 84.0)):
                found[f"{name}{label} [1/cm^2]"] = np.array(
                    [np.percentile(values[group], mark) for group in groups]
                )
        found["outside_table [1]"] = np.array([outside[group].sum() for group in groups])
        return found
