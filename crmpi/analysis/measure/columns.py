"""Columns of hydrogen and of ions along sight lines through snapshots, their spread at an impact
parameter, and maps.

The share of every ion comes from an `IonTable` at the density and the temperature of each cell;
metals have solar proportions.
"""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from crmpi.analysis.ions.names import ELEMENTS, USUAL, parse_ion, require_known
from crmpi.analysis.ions.tables import computed_table
from crmpi.analysis.measure.rays import Crossed, lines_at, shells, trace
from crmpi.analysis.read.derived import available, has_metallicity
from crmpi.analysis.read.resampled import PLANES, picture_level
from crmpi.constants import HYDROGEN_FRACTION
from crmpi.errors import CrmpiError
from crmpi.params import group, par
from crmpi.units import UNITS

M_P = UNITS["m_p"].value


@group
class Composition:
    """What the gas is made of."""

    metallicity: float = par(
        0.3,
        ge=0,
        doc=(
            "metals relative to the Sun (Asplund et al. 2009); scalars metallicity or metals "
            "replace it"
        ),
    )
    hydrogen_fraction: float = par(
        HYDROGEN_FRACTION, gt=0, le=1, doc="share of hydrogen in the mass of the gas"
    )

    def carried(self, names, read):
        """Return the composition where a run carries its metals along: `read` gives a variable of
        cells; else itself."""
        return replace(self, metallicity=read("metallicity")) if has_metallicity(names) else self

    def atoms(self, element):
        """Return the atoms of an element per atom of hydrogen; helium is what hydrogen leaves of
        the mass."""
        require_known(element)
        if element == "H":
            return 1.0
        if element == "He":
            return 0.25 * (1.0 - self.hydrogen_fraction) / self.hydrogen_fraction
        return self.metallicity * ELEMENTS[element].solar


class Columns(NamedTuple):
    """Columns in cm^-2 along lines.

    Attributes
    ----------
    impacts : array
        distance of every line from the origin, in code units
    values : dict
        {ion: array over lines}
    crossed, outside : int
        cells along the lines, and those of them that are not in the ion table: the value at its
        edge stands for them
    table : IonTable or None
        None if no ion was asked for
    """

    impacts: np.ndarray
    values: dict
    crossed: int
    outside: int
    table: object

    def spread(self, ion):
        """Return (impact parameters, median, 16th and 84th percentile) of a column over the lines
        at the same distance."""
        distances = np.unique(self.impacts)
        marks = [
            np.percentile(self.values[ion][self.impacts == b], (50.0, 16.0, 84.0))
            for b in distances
        ]
        return distances, *np.array(marks).T

    def warning(self):
        """Return what to say about cells that are not in the table, '' if there are none."""
        if not self.outside:
            return ""
        beyond = (
            f"{self.outside} of {self.crossed} cells are outside of the ion table "
            f"({self.table.reach()})"
        )
        return f"{beyond}; they count with the value at its edge"


def column(snapshot, ion, impact, axis=2, table=None, composition=None):
    """Return one column in cm^-2: along an axis (0, 1, 2), at the distance `impact` (code units)
    from the origin.

    Parameters
    ----------
    snapshot : crmpi.analysis.read.readers.Snapshot
    ion : str
        "O VI", or "H" for all hydrogen
    impact : float
    axis : int
    table : IonTable, optional
        the one that comes with crmpi, redshift 0.2
    composition : Composition, optional
    """
    lines = lines_at(snapshot, [impact], [axis], 4)[:1]
    return float(columns(snapshot, [ion], lines, table, composition).values[parse_ion(ion).name][0])


def columns(snapshot, ions, lines, table=None, composition=None):
    """Return the `Columns` of several ions along `lines`; on a spherical mesh only their distances
    from the origin matter.

    Blocks are read one by one, and only those that a line crosses.
    """
    ions = [parse_ion(ion) for ion in ions]
    _require(snapshot, ions)
    if not lines:
        raise CrmpiError(
            f"no sight line crosses the box of {snapshot.path}; give distances inside of it"
        )
    table = _table_for(ions, table)
    composition = composition or Composition()
    owner, starts, lengths, found, outside = [], [], [], [], 0
    for gid, crossed in _crossed(snapshot, lines):
        here, inside = crossed.in_block(snapshot.locations[gid])
        gas = _stored(snapshot, gid, inside, ions, composition)
        outside += int(gas.outside(table).sum())
        found.append([gas.density(ion, table) for ion in ions])
        for values, part in (
            (owner, crossed.owner),
            (starts, crossed.starts),
            (lengths, crossed.lengths),
        ):
            values.append(part[here])
    owner, starts, lengths = map(np.concatenate, (owner, starts, lengths))
    order = np.lexsort((starts, owner))  # along the line, whatever the blocks are
    sums = [
        np.bincount(owner[order], (row * lengths)[order], len(lines))
        for row in np.concatenate(found, axis=1)
    ]
    values = {
        ion.name: row * snapshot.units.cgs("length") for ion, row in zip(ions, sums, strict=True)
    }
    return Columns(np.array([line.impact for line in lines]), values, len(lengths), outside, table)


def profile(
    snapshot, ions=USUAL, impacts=(), axes=(0, 1, 2), count=16, table=None, composition=None
):
    """Return the `Columns` at impact parameters (code units): `count` lines around each of the
    `axes`, or in all directions (None)."""
    return columns(snapshot, ions, lines_at(snapshot, impacts, axes, count), table, composition)


class Map(NamedTuple):
    """A map of columns in cm^-2, `values[vertical, horizontal]`; `axes` names the two axes, `faces`
    are the cell faces along them."""

    values: np.ndarray
    axes: tuple[int, int]
    faces: tuple[np.ndarray, np.ndarray]
    outside: int


def column_map(snapshot, ion, axis=2, table=None, composition=None, level=None):
    """Return the `Map` of a column along an axis (0, 1, 2).

    It has the cells of `level`, by default the highest one
    (`crmpi.analysis.read.resampled.picture_level`); smaller cells count with their share of the
    area, so that the sum over the map times the area of its cells is the number of all atoms.
    """
    ion = parse_ion(ion)
    _require(snapshot, [ion])
    _require_plain(snapshot)
    table = _table_for([ion], table)
    level = picture_level(snapshot, axis) if level is None else level
    horizontal, vertical = PLANES[axis]
    values, outside = np.zeros([snapshot.cells_at(level)[a] for a in (vertical, horizontal)]), 0
    width = (snapshot.upper[axis] - snapshot.lower[axis]) / snapshot.cells[axis]
    for gid in np.argsort(
        [snapshot.ends(gid)[0][axis] for gid in range(snapshot.nblock)], kind="stable"
    ).tolist():
        gas = _stored(snapshot, gid, ..., [ion], composition or Composition())
        outside += int(gas.outside(table).sum())
        # of the width: a power of two
        share = snapshot.cells[axis] / snapshot.cells_at(snapshot.levels[gid])[axis]
        # one by one: the same order for all blocks
        for layer in np.moveaxis(gas.density(ion, table), 2 - axis, 0):
            place, part = snapshot.spread(gid, layer * share, level, (vertical, horizontal))
            values[place] += part
    values *= width * snapshot.units.cgs("length")
    return Map(
        values,
        (horizontal, vertical),
        tuple(snapshot.faces(a, level) for a in (horizontal, vertical)),
        outside,
    )


class Gas:
    """Hydrogen and ions of some cells.

    Parameters
    ----------
    density : array
        g/cm^3
    temp : array or None
        K; not needed for elements in all their ions
    composition : Composition
    """

    def __init__(self, density, temp, composition):
        self._nh, self._temp, self._composition = (
            composition.hydrogen_fraction * density / M_P,
            temp,
            composition,
        )

    def outside(self, table):
        """Return which of the cells are not in the table; none where no ions are requested."""
        return (
            np.zeros(self._nh.shape, bool) if table is None else table.outside(self._temp, self._nh)
        )

    def density(self, ion, table):
        """Return the number density of an ion in cm^-3."""
        atoms = self._composition.atoms(ion.element) * self._nh
        return atoms if ion.charge is None else atoms * table.fraction(ion, self._temp, self._nh)


def _stored(snapshot, gid, where, ions, composition):
    """Return the `Gas` of some cells of a block; `where` is an index of its arrays (n3, n2, n1)."""
    density = snapshot.values("dens", gid)[where] * snapshot.units.cgs("density")
    temp = (
        snapshot.values("temp", gid)[where] if any(ion.charge is not None for ion in ions) else None
    )
    bad = ~(np.isfinite(density) if temp is None else np.isfinite(density) & np.isfinite(temp))
    if bad.any():
        raise CrmpiError(
            f"{bad.sum()} cells of block {gid} of {snapshot.path} hold no number; crmpi info "
            "says which parts are missing"
        )
    return Gas(
        density,
        temp,
        composition.carried(snapshot.names, lambda name: snapshot.values(name, gid)[where]),
    )


def _crossed(snapshot, lines):
    """Yield (gid, `Crossed` of its level) for every block that a line crosses."""
    for level in np.unique(snapshot.levels).tolist():
        crossed = Crossed([_path(snapshot, line, level) for line in lines], snapshot.block)
        for gid in np.flatnonzero(snapshot.levels == level).tolist():
            if len(crossed.in_block(snapshot.locations[gid])[0]):
                yield gid, crossed


def _path(snapshot, line, level):
    if snapshot.geometry == "spherical":
        return shells(snapshot.faces(0), line.impact, snapshot.path)
    _require_plain(snapshot)
    return trace(snapshot, line, snapshot.path, level)


def _table_for(ions, table):
    needed = any(ion.charge is not None for ion in ions)
    return (table or computed_table()) if needed else None


def _require(snapshot, ions):
    """Refuse a snapshot that has no density, or no temperature where an ion needs it."""
    for ion in ions:
        require_known(ion.element)
    if snapshot.units.dimensionless:
        raise CrmpiError(
            f"{snapshot.path} is of a dimensionless run, which has no columns; set units.system "
            "to 'galactic' or 'custom'"
        )
    needs = {"dens"} | {"temp" for ion in ions if ion.charge is not None}
    lacking = sorted(needs - {*snapshot.names, *available(snapshot.names, snapshot.units)})
    if lacking:
        what = {"dens": "density", "temp": "temperature (it follows from dens and press)"}[
            lacking[-1]
        ]
        raise CrmpiError(
            f"{snapshot.path} has no {what}, which columns of ions need; it has "
            f"{', '.join(snapshot.names)}"
        )


def _require_plain(snapshot):
    if snapshot.is_tube:
        kind = f"geometry '{snapshot.geometry}' and spacing '{snapshot.spacing}'"
        raise CrmpiError(
            f"columns need a mesh of equal cells, or a spherical one; {snapshot.path} has {kind}"
        )
