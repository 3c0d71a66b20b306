"""Which cells a loop over the flat index of a block covers: the active ones and some ghosts.

Kernels that run over whole blocks in this way keep what is theirs in the layout of `lean`: no more
ghosts than they need, no padding. Runs are then shorter, by half in blocks of 8^3 with four ghosts.
"""

from typing import NamedTuple

from crmpi.jit import device
from crmpi.numerics.rows.memory import copy_box
from crmpi.numerics.rows.rows import TOGETHER, row, rows

# layers of ghosts along each axis
NONE, ONE, TWO = (0, 0, 0), (1, 1, 1), (2, 2, 2)


class Runs(NamedTuple):
    """Cells of a block by their flat index, a run in each plane along x3: first cell, length of a
    run, distance from run to run, and their number."""

    first: int
    length: int
    step: int
    count: int


def lean(grid, ghosts):
    """Return the `Grid` of the same cells with this many layers of ghosts, and one more plane:
    where a run ends a kernel may read beyond the last ghost."""
    g1, g2, g3 = (min(g, ghosts) for g in (grid.ng1, grid.ng2, grid.ng3))
    return grid._replace(
        ng1=g1, ng2=g2, ng3=g3,
        m1=grid.n1 + 2 * g1, m2=grid.n2 + 2 * g2, m3=grid.n3 + 2 * g3 + (1 if g3 else 0),
    )  # fmt: skip


def without_gaps(grid):
    """Return the `Grid` of the same cells, ghosts included, without what arrays of a
    `crmpi.mesh.pack.Pack` have besides: faces beyond the last cells, and rows that begin on cache
    lines.

    Registers in this layout are for kernels that wait for memory: blocks of 16^3 with two ghosts
    are stored in 8000 numbers, not in 10584. Rows end on the registers that loops end on
    (`TOGETHER`): what a loop takes from beyond a row lies in the next one, or, behind the last one,
    in the line of zeros that every register ends with.
    """
    extents = (grid.n1 + 2 * grid.ng1, grid.n2 + 2 * grid.ng2, grid.n3 + 2 * grid.ng3)
    m1 = -(-extents[0] // TOGETHER) * TOGETHER
    return grid._replace(m1=m1, m2=extents[1], m3=extents[2])


@device
def take(array, b, v, grid, own, target, w):
    """Copy variable `v` of block `b` with the ghosts of the `lean` grid `own` to variable `w` of a
    buffer (1, ncomp, m3, m2, m1) in its layout."""
    i, j, k = grid.ng1 - own.ng1, grid.ng2 - own.ng2, grid.ng3 - own.ng3
    source = row(rows(array, b, (k * grid.m2 + j) * grid.m1 + i), v)
    extents = own.n3 + 2 * own.ng3, own.n2 + 2 * own.ng2, own.n1 + 2 * own.ng1
    steps, ends = (grid.m1, grid.m2 * grid.m1), (own.m1, own.m2 * own.m1)
    copy_box(source, steps, row(rows(target, 0, 0), w), ends, extents)


@device
def give(source, w, own, array, b, grid):
    """Copy the active cells of variable `w` of a buffer in the layout of `own` to those of block
    `b` of an array (nblock, 1, m3, m2, m1)."""
    here = row(rows(source, 0, (own.ng3 * own.m2 + own.ng2) * own.m1 + own.ng1), w)
    target = row(rows(array, b, (grid.ng3 * grid.m2 + grid.ng2) * grid.m1 + grid.ng1), 0)
    steps, ends = (own.m1, own.m2 * own.m1), (grid.m1, grid.m2 * grid.m1)
    copy_box(here, steps, target, ends, (grid.n3, grid.n2, grid.n1))


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
