"""Stacks: blocks of one level, on one rank, that stand on each other along x3.

A kernel that marches through planes goes on from a block into the one above it, instead of making
the planes between them twice, once in the ghost zones of either block: a plane of ghost cells holds
what the neighbour's plane of active cells does, bit for bit.
"""

from typing import NamedTuple

import numpy as np


class Stacks(NamedTuple):
    """Which blocks stand on each other.

    ``bottoms``: int array (nstack,), the lowest block of each stack. ``above``: int array
    (nblock,), the block on each block, -1 on the highest of a stack.
    """

    bottoms: np.ndarray
    above: np.ndarray


def find_above(grid, levels, origins):
    """Return the block on each block along x3, int array (nblock,), -1 where these blocks have
    none.

    Blocks with an odd number of planes stand alone: kernels tell planes in their buffers apart by
    parity.

    Parameters
    ----------
    grid : Grid
        shape of every block
    levels, origins : int arrays (nblock,), (nblock, 3)
        level, and the first cell along x1, x2, x3 on the mesh of this level
    """
    count = len(levels)
    if grid.ng3 == 0 or grid.n3 % 2:
        return np.full(count, -1, np.int64)
    here = np.column_stack([levels, origins])
    places = np.concatenate([here, here + [0, 0, 0, grid.n3]])
    number = np.unique(places, axis=0, return_inverse=True)[1].reshape(-1)
    block = np.full(len(places), -1, np.int64)
    block[number[:count]] = np.arange(count)
    return block[number[count:]]


def make_stacks(above, selected):
    """Return the `Stacks` of the blocks `selected` (bool array (nblock,)); blocks left out, and
    numbers in `above` beyond the last block, separate those below and above them."""
    joined = selected & (above >= 0) & (above < len(above))
    joined[joined] = selected[above[joined]]
    above = np.where(joined, above, -1)
    bottom = selected.copy()
    bottom[above[joined]] = False
    return Stacks(np.flatnonzero(bottom), above)
