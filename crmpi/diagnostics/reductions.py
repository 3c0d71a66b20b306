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

    def column(self, x):
        """Return what this block adds to the sum."""
        return (
            x.integral(self.value, where=self.where) if np.ndim(self.value) else float(self.value),
        )


class Mean(NamedTuple):
    """A mean over cells, weighted with their volumes and `weight`."""

    value: Any
    weight: Any = 1.0
    where: Any = None

    @property
    def kind(self):
        """Kind of the `Column`."""
        return "mean"

    def column(self, x):
        """Return the weighted sum of this block, and that of its weights."""
        weight = np.asarray(self.weight)
        return x.integral(weight * self.value, where=self.where), x.integral(
            weight, where=self.where
        )


class Extreme(NamedTuple):
    """The largest value of all cells, or the smallest."""

    value: Any
    where: Any = None
    kind: str = "maximum"

    def column(self, x):
        """Return the value of this block, infinite where no cell counts."""
        values = np.broadcast_to(self.value, x.shape)
        values = values if self.where is None else values[np.broadcast_to(self.where, x.shape)]
        if self.kind == "maximum":
            return (float(np.max(values, initial=-math.inf)),)
        return (float(np.min(values, initial=math.inf)),)


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
        given = [block[label].column(x) for x, block in zip(positions, blocks, strict=True)]
        values = [np.array(part) for part in zip(*given, strict=True)]
        columns.append(Column(name, "none", blocks[0][label].kind, *values, unit=unit))
    return columns
