"""Planes of tiles (`crmpi.mesh.tiles`): how kernels walk through the rows of several blocks.

A plane x3 = const of a tile is a rectangle of cells. Buffers hold a `Window` of it, as if it were
one block.
"""

from typing import NamedTuple

from crmpi.jit import device


class Window(NamedTuple):
    """What buffers hold of a plane: `n2` rows of `n1` cells, the active ones of all blocks and one
    more all around; none more along a missing axis.

    Rows follow each other without padding, so that one loop may run over several of them.
    ``reach1``, ``reach2``: cells that come before the first active one.
    """

    n1: int
    n2: int
    reach1: int
    reach2: int


class Layer(NamedTuple):
    """The blocks of a tile at the same x3: `wide` of them along x1 and `deep` along x2, numbered
    in `blocks` from place `first` on."""

    blocks: object
    first: int
    wide: int
    deep: int


@device
def make_window(grid, wide, deep):
    """Return the `Window` of so many blocks along x1 and along x2."""
    reach1 = 1 if grid.ng1 else 0
    reach2 = 1 if grid.ng2 else 0
    return Window(wide * grid.n1 + 2 * reach1, deep * grid.n2 + 2 * reach2, reach1, reach2)


@device
def layer_of(tiles, t, number):
    """Return layer `number` of tile `t`."""
    wide, deep = tiles.shape[t, 0], tiles.shape[t, 1]
    return Layer(tiles.blocks, tiles.first[t] + number * wide * deep, wide, deep)


@device
def find_rows(grid, window, layer, places):
    """Write for every row of a window whose blocks lie beside each other along x2 alone (number in
    the layer of its block, first cell counted from the first one of the plane of the block).

    A block owns its active rows; the first and the last one have its ghost cells too. ``places``:
    int array (at least n2, 2)
    """
    for r in range(window.n2):
        active = r - window.reach2
        number = min(max(active, 0) // grid.n2, layer.deep - 1)
        places[r, 0] = number
        j = grid.ng2 + active - number * grid.n2
        places[r, 1] = j * grid.m1 + grid.ng1 - window.reach1


@device
def corner_of(grid, window, layer, member):
    """Return the element of the buffers at which the first allocated cell of block `member` of a
    layer would lie: cell (j, i) of the block is `j` rows and `i` cells further on."""
    first1 = window.reach1 + member % layer.wide * grid.n1 - grid.ng1
    first2 = window.reach2 + member // layer.wide * grid.n2 - grid.ng2
    return first2 * window.n1 + first1
