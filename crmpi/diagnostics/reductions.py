"""How a column of the history is made of what the ``history`` hook says of each block: a sum, a
mean, a minimum or a maximum."""

import math
from typing import Any, NamedTuple

import numpy as np


class Total(NamedTuple):
    """A sum over blocks; an array is integrated over the volume of a block first."""

    value: Any
    where: Any = None

    def sums(self, x):
        """Return what this block adds to the sums of the column."""
        return (
            x.integral(self.value, where=self.where) if np.ndim(self.value) else float(self.value),
        )

    @staticmethod
    def of(total):
        """Return the number of the column from its sums over all blocks."""
        return total


class Mean(NamedTuple):
    """A mean over cells, weighted with their volumes and `weight`."""

    value: Any
    weight: Any = 1.0
    where: Any = None

    def sums(self, x):
        """Return what this block adds to the sums of the column."""
        weight = np.asarray(self.weight)
        return x.integral(weight * self.value, where=self.where), x.integral(
            weight, where=self.where
        )

    @staticmethod
    def of(weighted, weights):
        """Return the number of the column from its sums over all blocks; not a number where nothing
        has a weight."""
        return weighted / weights if weights else math.nan


class Extreme(NamedTuple):
    """The largest value of all cells, or with `sign` -1 the smallest."""

    value: Any
    where: Any = None
    sign: int = 1

    def largest(self, x):
        """Return `sign` times the value of this block, minus infinity where no cell counts."""
        values = np.broadcast_to(self.value, x.shape)
        values = values if self.where is None else values[np.broadcast_to(self.where, x.shape)]
        return float(np.max(self.sign * values, initial=-math.inf))


def total(value, where=None):
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


def mean(value, weight=1.0, where=None):
    """Return a column that is the mean of an array over the box, weighted with the volumes of cells
    and `weight`."""
    return Mean(value, weight, where)


def minimum(value, where=None):
    """Return a column that is the smallest value of an array in the box; infinity where no cell
    counts."""
    return Extreme(value, where, -1)


def maximum(value, where=None):
    """Return a column that is the largest value of an array in the box; minus infinity where no
    cell counts."""
    return Extreme(value, where)


REDUCTIONS = (Total, Mean, Extreme)


def join(comm, positions, blocks):
    """Return {name: number} of the whole box, the same bits for any number of ranks; collective.

    Parameters
    ----------
    comm : communicator
    positions : list of Coordinates
        of the blocks of this rank
    blocks : list of dict
        {name: reduction} of these blocks, the same names in all
    """
    summed = {name: first.of for name, first in blocks[0].items() if not isinstance(first, Extreme)}
    parts = {
        name: [block[name].sums(x) for x, block in zip(positions, blocks, strict=True)]
        for name in summed
    }
    sums = iter(
        comm.block_sums(
            np.concatenate([np.array(part) for part in parts.values()], axis=1)
        ).tolist()
        if parts
        else ()
    )
    numbers = {name: of(*(next(sums) for _ in parts[name][0])) for name, of in summed.items()}
    for name in (name for name in blocks[0] if name not in summed):
        found = [block[name].largest(x) for x, block in zip(positions, blocks, strict=True)]
        lost = comm.any(any(math.isnan(value) for value in found))
        numbers[name] = math.nan if lost else blocks[0][name].sign * comm.max(max(found))
    return {name: numbers[name] for name in blocks[0]}
