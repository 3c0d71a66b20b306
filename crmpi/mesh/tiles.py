"""Tiles: boxes of blocks of one level, on one rank, that touch each other.

Kernels that march through planes take a tile for one large block: of its faces between two blocks
none is made twice, once in the ghost zones of either. A layer of ghost cells holds what the
neighbour's layer of active cells does, bit for bit, so tiles change no result.
"""

from typing import NamedTuple

import numpy as np


class Tiles(NamedTuple):
    """Which blocks are worked on together.

    ``blocks``: int array (nblock,), tile after tile; in each the blocks along x1 follow each other,
    then those rows along x2, then those layers along x3. ``first``: int array (ntile,), the place
    of the first block of each tile in it. ``shape``: int array (ntile, 3), blocks along x1, x2, x3.
    """

    blocks: np.ndarray
    first: np.ndarray
    shape: np.ndarray


def most_blocks(grid, places, widest):
    """Return the largest number of blocks along x1 and along x2 that a tile may have.

    Parameters
    ----------
    grid : Grid
        shape of every block
    places : int array (nblock, 3)
        place of each block along x1, x2, x3, counted in blocks
    widest : (int, int)
        cells along x1 and x2 that a tile may have; a block may have more
    """
    cells = (grid.n1, grid.n2)
    return tuple(
        max(1, min(widest[axis] // cells[axis], len(np.unique(places[:, axis]))))
        for axis in range(2)
    )


def make_tiles(grid, places, widest, selected):
    """Return the `Tiles` of the blocks of a level that are `selected` (bool array (nblock,)).

    Tiles are filled from the lowest block that is left, as far as they can grow along x1, then
    along x2 and then along x3. Blocks with an odd number of planes are not joined along x3: kernels
    tell planes in their buffers apart by parity.

    Parameters
    ----------
    grid, places, widest
        as for `most_blocks`
    """
    most = (*most_blocks(grid, places, widest), 1 if grid.n3 % 2 else len(places))
    order = [b for b in np.lexsort(places.T).tolist() if selected[b]]
    spots = list(map(tuple, places.tolist()))
    left = {spots[b]: b for b in order}
    blocks, first, shapes = [], [], []
    for b in order:
        if spots[b] not in left:
            continue
        shape, box = [1, 1, 1], [spots[b]]
        for axis in range(3):
            side = box  # what the tile must find once more, one block further on
            while shape[axis] < most[axis]:
                side = [(*s[:axis], s[axis] + 1, *s[axis + 1 :]) for s in side]
                if not all(s in left for s in side):
                    break
                box = box + side
                shape[axis] += 1
        first.append(len(blocks))
        blocks.extend(left.pop(s) for s in box)
        shapes.append(shape)
    return Tiles(
        np.array(blocks, np.int64),
        np.array(first, np.int64),
        np.array(shapes, np.int64).reshape(-1, 3),
    )
