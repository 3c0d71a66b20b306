"""Numbers of a run that are summed, counted, averaged or compared over its blocks.

Each is declared as a `Column` where it is computed: its name, dimension and kind, and what it means
for the energy of the box. What is added up since the start is kept by name in an `Account`.
`numbers` makes the numbers of the run of the columns of a rank; labels with units are made of them
when a row is written, see `labelled`.
"""

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from crmpi.errors import CrmpiError
from crmpi.units import HISTORY_UNITS

ADDED = ("sum", "count")
KINDS = (*ADDED, "mean", "minimum", "maximum", "number")


@dataclass(frozen=True)
class Column:
    """A number of the run: its declaration and, when it is filled, the values of this rank.

    Parameters
    ----------
    name : str
        name in the history, without a unit
    dimension : str
        one of `crmpi.units.HISTORY_UNITS`
    kind : str
        ``sum``, of amounts; ``count``, of cells; ``mean``; ``minimum``; ``maximum``; ``number``,
        which is the same on all ranks already
    values : array (nblock,) or None
        of each block of this rank, in code units: what it adds to a sum or a count; for a mean the
        sum of the values times their weights; its minimum or maximum; of a ``number`` the number
    weight : array (nblock,), for a mean
        sum of the weights of each block
    term : int
        +1, -1: the sum is a term of the energy ledger, energy that the box gained or lost
        (`crmpi.diagnostics.energy_ledger`)
    floor : str
        the floor that it counts, see `crmpi.diagnostics.floors`
    doubt : str
        a sentence for the user where the number is not 0: the model is used beyond its validity
    unit : str
        unit that the values have already; empty: values are in code units of the dimension
    empty : float
        what a mean is where nothing has a weight
    """

    name: str
    dimension: str
    kind: str = "sum"
    values: Any = None
    weight: Any = None
    term: int = 0
    floor: str = ""
    doubt: str = ""
    unit: str = ""
    empty: float = math.nan

    def __post_init__(self):
        self._refuse(next(self._complaints(), None))
        if self.values is not None:
            self._refuse(self._misfit())

    def _refuse(self, complaint):
        """Raise CrmpiError with a complaint, the end of a sentence, if there is one."""
        if complaint:
            raise CrmpiError(f"column {self.name!r} {complaint}", everywhere=True)

    def _complaints(self):
        """Yield what is wrong with the declaration."""
        if "[" in self.name:
            yield "has a unit in its name; declare its dimension instead"
        if len(self.name.splitlines()) != 1:
            yield "has no name of one line"
        if self.dimension not in HISTORY_UNITS:
            yield f"has the dimension '{self.dimension}'; use one of {', '.join(HISTORY_UNITS)}"
        if self.kind not in KINDS:
            yield f"is of the kind '{self.kind}'; use one of {', '.join(KINDS)}"
        if self.kind == "count" and self.dimension != "none":
            yield f"counts cells, so its dimension is 'none' and not '{self.dimension}'"
        if self.term not in (-1, 0, 1):
            yield f"has term = {self.term}; use +1, -1, or 0 for no term of the energy ledger"
        if self.term and (self.kind, self.dimension) != ("sum", "energy"):
            yield (
                f"is a {self.kind} of dimension '{self.dimension}': only a sum of energy can be a "
                "term of the energy ledger"
            )

    def _misfit(self):
        """Return what is wrong with the values, or None."""
        if self.kind == "mean" and self.weight is None:
            return "is a mean without a weight: give the sums of the weights of each block"
        if self.kind != "mean" and self.weight is not None:
            return f"is a {self.kind} with a weight; only a mean has one"
        if self.kind == "number":
            if np.ndim(self.values):
                return "is a number, but its values are an array; declare a sum, a mean, ..."
        elif np.ndim(self.values) != 1:
            return f"is a {self.kind}: its values are an array (nblock,), one for each block"
        if self.weight is not None and np.shape(self.weight) != np.shape(self.values):
            return "has as many weights as values"
        return None

    def filled(self, values, weight=None, prefix=""):
        """Return the column with its values, its name behind a `prefix`."""
        column = object.__new__(Column)  # what is declared has been checked
        given = {"name": prefix + self.name, "values": values, "weight": weight}
        column.__dict__.update(self.__dict__, **given)
        column._refuse(column._misfit())
        return column

    def shown_in(self, units):
        """Return (unit, its size in code units) of the history of a run with these `Units`."""
        if self.unit:
            return self.unit, 1.0
        if self.dimension == "none":
            return HISTORY_UNITS["none"], 1.0
        if units.dimensionless:
            return "code", 1.0
        unit = HISTORY_UNITS[self.dimension]
        return unit, units.factor(unit)


class Number(NamedTuple):
    """A number of the whole run."""

    name: str
    unit: str
    value: float


def numbers(columns, comm, units):
    """Return the `Number` of each column, bitwise identical for any number of ranks; collective.

    Parameters
    ----------
    columns : sequence of Column
        with values of the blocks of this rank; the same columns on all ranks
    comm : communicator
    units : crmpi.units.Units
    """
    shown = [column.shown_in(units) for column in columns]
    partials = []
    for column, (_, size) in zip(columns, shown, strict=True):
        if column.kind in ADDED:
            partials.append(column.values / size)
        elif column.kind == "mean":
            partials += [column.values, column.weight]
    sums = iter(comm.block_sums(np.stack(partials, axis=1)).tolist() if partials else ())
    found = []
    for column, (unit, size) in zip(columns, shown, strict=True):
        if column.kind in ADDED:
            value = next(sums)
        elif column.kind == "mean":
            weighted, weights = next(sums), next(sums)
            value = weighted / weights / size if weights else column.empty
        elif column.kind == "number":
            value = column.values / size if size != 1.0 else column.values
        else:
            value = _EXTREMES[column.kind](comm, column.values) / size
        found.append(Number(column.name, unit, value))
    return found


def _minimum(comm, values):
    """Return the smallest value of all ranks, infinity without any; NaN if any is NaN."""
    return comm.min(float(np.min(values, initial=math.inf)))


def _maximum(comm, values):
    """Return the largest value of all ranks, minus infinity without any; NaN if any is NaN."""
    return comm.max(float(np.max(values, initial=-math.inf)))


_EXTREMES = {"minimum": _minimum, "maximum": _maximum}


def labelled(found):
    """Return {'name [unit]': value} of a sequence of `Number`."""
    return {f"{number.name} [{number.unit}]": number.value for number in found}


def split_label(label, default="1"):
    """Split 'mass flux [Msun/yr]' into ('mass flux', 'Msun/yr'); without a unit it is `default`."""
    name, bracket, unit = label.partition("[")
    return name.strip(), unit.rstrip("] ") if bracket else default


class Account:
    """Amounts and counts of each block of this rank since the start of the run, by name.

    Parameters
    ----------
    columns : sequence of Column
        sums and counts, without values
    pool : crmpi.mesh.pool.Pool
        of the blocks
    prefix : str
        stands before the names in the history
    dtype : type
        of the numbers
    kept : str, optional
        name in checkpoints; by default that of the prefix: `my_` is kept as `my.account`
    """

    def __init__(self, columns, pool, prefix="", dtype=float, kept=None):
        for column in columns:
            _require_account(column)
        self.columns, self.prefix = tuple(columns), prefix
        self._places = {column.name: n for n, column in enumerate(self.columns)}
        # a column is contiguous in memory: kernels are compiled for one layout
        self._table = pool.account(
            kept or f"{prefix.rstrip('_')}.account", len(self.columns), dtype
        )

    def __contains__(self, name):
        return name in self._places

    def __getitem__(self, name):
        """The amounts of a column (nblock,), a view."""
        return self._table[self._place(name)]

    def __setitem__(self, name, amounts):
        self._table[self._place(name)] = amounts

    def _place(self, name):
        if not isinstance(name, str) or name not in self._places:
            raise CrmpiError(
                f"the account has no column {name!r}; it has {', '.join(self._places) or 'none'}",
                everywhere=True,
            )
        return self._places[name]

    def add(self, name, amounts):
        """Add what each block gained (nblock,) to a column."""
        self._table[self._place(name)] += amounts

    def of(self, totals):
        """Return the named tuple `totals` of the columns with the names of its fields, for a kernel
        that adds to them."""
        return totals(*(self[name] for name in totals._fields))

    def filled(self):
        """Return the columns with their amounts, integrated over the volume, code units."""
        return [column.filled(self[column.name], prefix=self.prefix) for column in self.columns]

    @property
    def array(self):
        """All numbers, array (nblock, ncolumn), a view."""
        return self._table.T


def _require_account(column):
    """Refuse what an account cannot add up."""
    if not isinstance(column, Column):
        raise CrmpiError(
            f"'{column}' is not declared: write Column('{column}', dimension, kind), from "
            "crmpi.diagnostics.columns",
            everywhere=True,
        )
    if column.kind not in ADDED:
        raise CrmpiError(
            f"column '{column.name}' is a {column.kind}: an account adds up sums and counts only",
            everywhere=True,
        )


class CellAccount(Account):
    """An account that is given sums of densities over the cells of each block; what is read are
    amounts, integrated over the volume.

    Kept are sums in units of a cell of level 0: when the mesh changes they add up from block to
    block, of whatever level.

    Parameters
    ----------
    columns, prefix, kept
        see `Account`
    pack : object with ``pool``, ``cell_volumes`` and ``cell_shares``
        see `crmpi.mesh.pack.Pack`
    """

    def __init__(self, columns, pack, prefix="", kept=None):
        super().__init__(columns, pack.pool, prefix, kept=kept)
        shares = pack.cell_shares
        self._shares = shares if (shares != 1.0).any() else None
        self._volumes = pack.cell_volumes / shares

    def __getitem__(self, name):
        """The amounts of a column (nblock,)."""
        return super().__getitem__(name) * self._volumes

    def __setitem__(self, name, amounts):
        raise CrmpiError(f"the amounts of '{name}' are read only; use add", everywhere=True)

    def add(self, name, densities):
        """Add sums of densities over the cells of each block (nblock,) to a column."""
        super().add(name, densities if self._shares is None else densities * self._shares)
