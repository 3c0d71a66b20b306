"""Regions: boxes of cells or faces inside the arrays of a pack, and the kernels that move them.

A ghost zone is filled by moving boxes: from the active cells of a neighbour, through a message, or
from the block itself at a physical boundary. All of that is a table of boxes, one row each, and one
loop over the table.

Along one axis a block has these indices (``g`` ghosts, ``n`` active cells)::

    cells       0 .. g-1 | g ........ g+n-1 | g+n .. g+2g+n-1
    faces       0 .. g-1 | g ......... g+n  | g+n+1 .. g+2g+n        of the component that lives on
                the faces of this axis
                 ghost   |      active      |  ghost

The faces g and g+n are shared with the neighbours, which compute them bitwise identical, so they
are never moved.
"""

from crmpi.jit import device, kernel
from crmpi.numerics.rows.memory import copy_box, read_through
from crmpi.numerics.rows.rows import pointer
from crmpi.precision import LANES

CELLS = -1
"""Kind of a region of cells; kinds 0, 1, 2 are the faces of the axes x1, x2, x3."""

COPY_COLUMNS = 11  # source block, destination block, source k j i, destination k j i, extents k j i
# block, k j i, extents k j i, message, values before it in the message (per component)
BUFFER_COLUMNS = 9

_CACHED = 1 << 16  # arrays of so many numbers may still be in the second-level cache


def axis_shape(grid, axis):
    """Return (n, ng) of `grid` along `axis`."""
    return (grid.n1, grid.n2, grid.n3)[axis], (grid.ng1, grid.ng2, grid.ng3)[axis]


def full_span(grid, kind, axis):
    """Return the number of cells or faces along `axis`, ghosts included."""
    n, g = axis_shape(grid, axis)
    return n + 2 * g + (1 if kind == axis and g else 0)


@kernel
def copy_regions(origin, array, first, last, table):
    """Copy the components first <= c < last of every region of `table` (rows of `COPY_COLUMNS`)
    from `origin` to `array`.

    The two may be the same array. Where most of its cache lines take part, those of a block are
    read one after the other before a region of it is copied: memory gives lines in a row twice as
    fast as here and there. Blocks are read when they are needed: `table` should name each region
    when the second of its blocks comes, as those of `crmpi.parallel.exchange.Routes` do.
    """
    steps, more = _steps(origin), _steps(array)
    all_lines = _touches_most(array, table)
    for c in range(first, last):  # outermost: both sides of a block face then meet in the cache
        ready = 0
        for row in range(table.shape[0]):
            wanted = max(table[row, 0], table[row, 1]) + 1 if all_lines else 0
            while ready < min(wanted, array.shape[0]):
                read_through(array.shape[2] * more[1], _corner(array, ready, c, (0, 0, 0)))
                ready += 1
            source = _corner(
                origin, table[row, 0], c, (table[row, 2], table[row, 3], table[row, 4])
            )
            target = _corner(array, table[row, 1], c, (table[row, 5], table[row, 6], table[row, 7]))
            copy_box(source, steps, target, more, (table[row, 8], table[row, 9], table[row, 10]))


@kernel
def regions_to_buffer(array, first, last, table, starts, buffer):
    """Copy the components first <= c < last of every region of `table` (rows of `BUFFER_COLUMNS`)
    into `buffer`.

    ``starts[m]`` is where this array's part of message ``m`` begins.
    """
    steps = _steps(array)
    for row in range(table.shape[0]):
        extents = table[row, 4], table[row, 5], table[row, 6]
        place = starts[table[row, 7]] + (last - first) * table[row, 8]
        for c in range(first, last):
            source = _corner(array, table[row, 0], c, (table[row, 1], table[row, 2], table[row, 3]))
            packed = extents[2], extents[1] * extents[2]
            copy_box(source, steps, pointer(buffer, place), packed, extents)
            place += extents[0] * packed[1]


@kernel
def buffer_to_regions(array, first, last, table, starts, buffer):
    """The inverse of `regions_to_buffer`."""
    steps = _steps(array)
    for row in range(table.shape[0]):
        extents = table[row, 4], table[row, 5], table[row, 6]
        place = starts[table[row, 7]] + (last - first) * table[row, 8]
        for c in range(first, last):
            target = _corner(array, table[row, 0], c, (table[row, 1], table[row, 2], table[row, 3]))
            packed = extents[2], extents[1] * extents[2]
            copy_box(pointer(buffer, place), packed, target, steps, extents)
            place += extents[0] * packed[1]


@device
def _touches_most(array, table):
    """Return whether sources and targets are most cache lines of an array that is too large to be
    in the cache."""
    lines = 0
    for row in range(table.shape[0]):
        lines += table[row, 8] * table[row, 9] * (table[row, 10] // LANES + 1)
    return array.size > _CACHED and 2 * lines * LANES * array.shape[1] > array.size


@device
def _steps(array):
    """Return the numbers from a row of a block to the next, and from a plane to the next."""
    return array.shape[4], array.shape[3] * array.shape[4]


@device
def _corner(array, block, c, first):
    """Return a pointer to component `c` of a block at the indices `first` (k, j, i)."""
    plane = (block * array.shape[1] + c) * array.shape[2] + first[0]
    return pointer(array, (plane * array.shape[3] + first[1]) * array.shape[4] + first[2])
