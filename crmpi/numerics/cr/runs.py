"""Which cells a loop over the flat index of a block covers: the active ones and some ghosts."""

from typing import NamedTuple

from crmpi.jit import device

# layers of ghosts along each axis
NONE, ONE, TWO = (0, 0, 0), (1, 1, 1), (2, 2, 2)


class Runs(NamedTuple):
    """Cells of a block by their flat index, a run in each plane along x3: first cell, length of a
    run, distance from run to run, and their number."""

    first: int
    length: int
    step: int
    count: int


@device
def _span(ghosts, active, below, above):
    """Return the first cell along an axis and the one after the last, one cell if it is missing."""
    return (ghosts - below, ghosts + active + above) if ghosts else (0, active)


@device
def runs(grid, below, above):
    """Return the `Runs` of the active cells and of layers of ghosts `below` and `above` them, three
    numbers each: `NONE` below and `ONE` above has all their faces and corners. A run holds what
    lies between its rows, too."""
    i, end1 = _span(grid.ng1, grid.n1, below[0], above[0])
    j, end2 = _span(grid.ng2, grid.n2, below[1], above[1])
    k, end3 = _span(grid.ng3, grid.n3, below[2], above[2])
    length = (end2 - 1 - j) * grid.m1 + end1 - i
    return Runs((k * grid.m2 + j) * grid.m1 + i, length, grid.m2 * grid.m1, end3 - k)
