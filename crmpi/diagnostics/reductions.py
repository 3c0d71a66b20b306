"""How a column of the history is made of what the ``history`` hook returns for each block: a sum, a
mean, a minimum or a maximum."""

import math
from typing import Any, NamedTuple

import numpy as np

from crmpi.diagnostics.columns import Column, split_label


class Total(NamedTuple):
    """A sum over blocks; an array is integrated over the volume of a block first."""

    value: Any
    where: Any = None

    @property
    def kind(self):
        """Kind of the `Column`."""
        return "sum"

    @staticmethod
    def column(positions, given):
        """Return what each block adds to the sum, array (nblock,)."""
        values = np.array([np.nan if np.ndim(one.value) else one.value for one in given], float)
        spread = [b for b, one in enumerate(given) if np.ndim(one.value)]
        chosen = [given[b] for b in spread]
        values[spread] = integrals(
            [positions[b] for b in spread],
            [one.value for one in chosen],
            [one.where for one in chosen],
        )
        return (values,)


class Mean(NamedTuple):
    """A mean over cells, weighted with their volumes and `weight`."""

    value: Any
    weight: Any = 1.0
    where: Any = None

    @property
    def kind(self):
        """Kind of the `Column`."""
        return "mean"

    @staticmethod
    def column(positions, given):
        """Return the weighted sum of each block, and that of its weights, arrays (nblock,)."""
        where, weights = [one.where for one in given], [one.weight for one in given]
        weighted = [np.asarray(one.weight) * one.value for one in given]
        return integrals(positions, weighted, where), integrals(positions, weights, where)


class Extreme(NamedTuple):
    """The largest value of all cells, or the smallest."""

    value: Any
    where: Any = None
    kind: str = "maximum"

    @staticmethod
    def column(positions, given):
        """Return the value of each block, infinite where no cell counts, array (nblock,)."""
        largest = bool(given) and given[0].kind == "maximum"
        nothing, reduce = (-math.inf, np.max) if largest else (math.inf, np.min)
        values, where = [one.value for one in given], [one.where for one in given]
        found = [reduce(table, axis=1) for table in tables(positions, values, where, nothing)]
        return (np.concatenate(found) if found else np.zeros(0),)


# cells of a table: it stays in the cache
_TOGETHER = 1 << 16


def tables(positions, values, where, instead):
    """Yield arrays (blocks, cells) of `values` of the blocks at these `positions`, some blocks at
    a time; what does not count is `instead`.

    ``values``: of each block a number or an array that broadcasts to its shape; ``where``: of each
    a bool array or None. Numpy then works on many small blocks at once.
    """
    if not positions:
        return
    shape = positions[0].shape
    at_once = max(1, _TOGETHER // math.prod(shape))
    for first in range(0, len(positions), at_once):
        some = slice(first, first + at_once)
        table = np.empty((len(positions[some]), *shape))
        for row, value in zip(table, values[some], strict=True):
            row[...] = value
        if any(one is not None for one in where[some]):
            counts = np.empty(table.shape, dtype=bool)
            for row, one in zip(counts, where[some], strict=True):
                row[...] = True if one is None else one
            table[~counts] = instead
        yield table.reshape(len(table), -1)


def integrals(positions, densities, where):
    """Return the volume integrals of the densities of each block, array (nblock,), bitwise those of
    ``x.integral``; arguments as in `tables`."""
    if not positions:
        return np.zeros(0)
    if np.ndim(positions[0].volume):  # cells of a tube differ
        return np.array(
            [
                x.integral(density, where=one)
                for x, density, one in zip(positions, densities, where, strict=True)
            ]
        )
    sums = [np.add.reduce(table, axis=1) for table in tables(positions, densities, where, 0.0)]
    return np.concatenate(sums) * np.array([x.volume for x in positions])


def total(value: Any, where: Any = None) -> Total:
    """Return a column that is a sum over the box.

    Parameters
    ----------
    value : number or array
        what this block adds, such as ``x.integral(w.dens)`` or ``x.face_integral("ox3", flux)``; an
        array over cells, such as ``w.dens``, is integrated over the volume
    where : bool array, optional
        of an array, the cells that count
    """
    return Total(value, where)


def mean(value: Any, weight: Any = 1.0, where: Any = None) -> Mean:
    """Return a column that is the mean of an array over the box, weighted with the volumes of cells
    and `weight`."""
    return Mean(value, weight, where)


def minimum(value: Any, where: Any = None) -> Extreme:
    """Return a column that is the smallest value of an array in the box; infinity where no cell
    counts."""
    return Extreme(value, where, "minimum")


def maximum(value: Any, where: Any = None) -> Extreme:
    """Return a column that is the largest value of an array in the box; minus infinity where no
    cell counts."""
    return Extreme(value, where)


REDUCTIONS = (Total, Mean, Extreme)


def columns_of(positions, blocks):
    """Return the `Column` of each reduction that the blocks of this rank gave.

    Parameters
    ----------
    positions : list of Coordinates
        of the blocks of this rank
    blocks : list of dict
        {label: reduction} of these blocks, the same labels in all; a label without a unit is in
        code units
    """
    columns = []
    for label in blocks[0]:
        name, unit = split_label(label, default="code")
        given = [block[label] for block in blocks]
        values = given[0].column(positions, given)
        columns.append(Column(name, "none", given[0].kind, *values, unit=unit))
    return columns
