"""Which cells of which blocks the files of a stream show, as a mesh of its own.

Every shape gives a complete mesh of equal blocks (pieces), so that whatever reads snapshots reads
streams: a box is cut into pieces small enough to fit it closely, a plane of cells is a
two-dimensional mesh, refined where it meets smaller blocks. A piece lies on the rank that owns the
block it is cut from.
"""

from typing import NamedTuple

import numpy as np

from crmpi.mesh.leaves import Lattice, curve_keys
from crmpi.mesh.tree import BlockTree

PIECE = 8
"""Cells along each axis that a piece of a box has at least, if its block has as many: smaller ones
fit the box more closely, and need more numbers to say where they are."""


class Layout(NamedTuple):
    """Pieces of blocks. `tree`: the mesh of the file, pieces in its order, cells averaged over
    `coarsen`; `source` (n,): the block that each is cut from; `first` (n, 3): its first cell there;
    `size` (3,): its cells before they are averaged."""

    tree: BlockTree
    source: np.ndarray
    first: np.ndarray
    size: tuple
    coarsen: int

    def cut(self, values, piece):
        """Return the cells (n3, n2, n1) of a piece, averaged, out of those of its block."""
        window = tuple(
            slice(start, start + n)
            for start, n in zip(self.first[piece, ::-1], self.size[::-1], strict=True)
        )
        return averaged(values[window], self.coarsen)


def averaged(values, factor):
    """Return the means of cells (..., n3, n2, n1) over `factor` neighbours along each axis that
    has more than one."""
    if factor == 1:
        return values
    *outer, n3, n2, n1 = values.shape
    shape, axes = list(outer), []
    for n in (n3, n2, n1):
        share = factor if n > 1 else 1
        shape += [n // share, share]
        axes.append(len(shape) - 1)
    return values.reshape(shape).mean(axis=tuple(axes))


def mesh_of(box, size, leaves, coarsen=1):
    """Return (`BlockTree` of a file, order of its leaves along the Z-curve).

    Parameters
    ----------
    box : tuple
        cells before they are averaged, lower and upper corner, periodic axes
    size : sequence of 3 ints
        cells of a piece before they are averaged
    """
    cells, lower, upper, periodic = box
    shares = [coarsen if n > 1 else 1 for n in cells]
    block = tuple(n // share for n, share in zip(size, shares, strict=True))
    cells = tuple(n // share for n, share in zip(cells, shares, strict=True))
    lattice = Lattice(
        tuple(n // m for n, m in zip(cells, block, strict=True)),
        periodic,
        tuple(n == 1 for n in cells),
    )
    order = np.argsort(curve_keys(lattice, leaves, int(leaves[:, 0].max())), kind="stable")
    return BlockTree(cells, block, lower, upper, periodic, leaves=leaves[order]), order


def whole(tree, coarsen=1):
    """Return the `Layout` of all cells."""
    n = tree.nblock
    made = tree
    if coarsen > 1:
        box = (tree.cells, tree.lower, tree.upper, tree.periodic)
        made, _ = mesh_of(box, tree.block, tree.leaves, coarsen)
    return Layout(made, np.arange(n), np.zeros((n, 3), np.int64), tree.block, coarsen)


def index_at(tree, axis, position, level):
    """Return the index of the cell of the mesh of a level that holds a position; the upper end of
    the box belongs to the last one."""
    share = (position - tree.lower[axis]) / (tree.upper[axis] - tree.lower[axis])
    count = tree.cells[axis] << level
    return min(int(share * count), count - 1)


def flat_box(tree, axis, index=None):
    """Return the box of a mesh with one cell along an axis: that of level 0 with `index`, or all of
    the mesh."""
    cells, lower, upper = list(tree.cells), list(tree.lower), list(tree.upper)
    if index is not None:
        width = (upper[axis] - lower[axis]) / cells[axis]
        lower[axis], upper[axis] = (lower[axis] + width * n for n in (index, index + 1))
    cells[axis] = 1
    return tuple(cells), tuple(lower), tuple(upper), tree.periodic


def plane(tree, axis, position, coarsen=1):
    """Return the `Layout` of the cells at `position` (None: the middle) along an axis (0, 1, 2)."""
    if position is None:
        position = 0.5 * (tree.lower[axis] + tree.upper[axis])
    levels = range(tree.max_level + 1)
    index = np.array([index_at(tree, axis, position, level) for level in levels])[tree.levels]
    source = np.flatnonzero(tree.leaves[:, 1 + axis] == index // tree.block[axis])
    leaves = tree.leaves[source].copy()
    leaves[:, 1 + axis] = 0
    first = np.zeros((len(source), 3), np.int64)
    first[:, axis] = index[source] % tree.block[axis]
    size = tuple(1 if a == axis else n for a, n in enumerate(tree.block))
    box = flat_box(tree, axis, index_at(tree, axis, position, 0))
    made, order = mesh_of(box, size, leaves, coarsen)
    return Layout(made, source[order], first[order], size, coarsen)


def box(tree, lower, upper, coarsen=1):
    """Return the `Layout` of the smallest complete mesh of pieces around a box."""
    size = tuple(
        1 if missing else piece_size(n, coarsen)
        for n, missing in zip(tree.block, tree.missing, strict=True)
    )
    pieces = np.array(tree.block) // size  # of a block along each axis
    root, span = _span(tree, lower, upper, size)
    source, first, leaves = [], [], []
    inside = _touching(tree, span, root, pieces)
    steps = np.stack(np.meshgrid(*map(np.arange, pieces), indexing="ij"), -1).reshape(-1, 3)
    for gid in inside:
        level = int(tree.levels[gid])
        scale = np.where(tree.missing, 1, 1 << (level - root))
        places = tree.leaves[gid, 1:] * pieces + steps
        held = ((places >= span[0] * scale) & (places < span[1] * scale)).all(axis=1)
        source.append(np.full(held.sum(), gid))
        first.append(steps[held] * size)
        levels = np.full((held.sum(), 1), level - root)
        leaves.append(np.hstack([levels, places[held] - span[0] * scale]))
    made, order = mesh_of(
        _cut_out(tree, root, span, size), size, np.concatenate(leaves).astype(np.int64), coarsen
    )
    return Layout(made, np.concatenate(source)[order], np.concatenate(first)[order], size, coarsen)


def piece_size(n, coarsen):
    """Return how many cells pieces have along an axis along which blocks have `n`."""
    sizes = range(max(min(PIECE, n), 2 * coarsen), n + 1)  # averaged, two cells are left
    return next((d for d in sizes if n % d == 0 and d % coarsen == 0), n)


def _span(tree, lower, upper, size):
    """Return (level, first and last + 1 piece of this level (2, 3)) of a mesh around a box in which
    no block is of a lower level."""
    pieces = np.array(tree.block) // size
    root = tree.max_level
    while True:
        counts = np.array(tree.cells) // size * np.where(tree.missing, 1, 1 << root)
        shares = (
            (np.array(corner) - tree.lower) / np.subtract(tree.upper, tree.lower) * counts
            for corner in (lower, upper)
        )
        low, high = next(shares), next(shares)
        first = np.clip(np.floor(low + _ROUND_OFF), 0, counts - 1)
        last = np.clip(np.ceil(high - _ROUND_OFF), first + 1, counts)
        span = np.where(tree.missing, [[0] * 3, [1] * 3], [first, last]).astype(np.int64)
        lowest = int(tree.levels[_touching(tree, span, root, pieces)].min())
        if lowest >= root:
            return root, span
        root = lowest


_ROUND_OFF = 1e-9
"""Share of a piece by which a box reaches into it at least."""


def _touching(tree, span, root, pieces):
    """Return the blocks that overlap pieces `span` of the level `root`."""
    scale = np.where(tree.missing, 1.0, 2.0 ** (root - tree.levels)[:, None])
    low = tree.leaves[:, 1:] * pieces * scale
    return np.flatnonzero(((low < span[1]) & (low + pieces * scale > span[0])).all(axis=1))


def _cut_out(tree, root, span, size):
    """Return the box that `mesh_of` takes for pieces `span` of the level `root`."""
    counts = np.array(tree.cells) // size * np.where(tree.missing, 1, 1 << root)
    extent = np.subtract(tree.upper, tree.lower)
    lower, upper = (np.array(tree.lower) + extent * (end / counts) for end in span)
    full = (span[0] == 0) & (span[1] == counts)
    periodic = tuple(bool(p) for p in np.array(tree.periodic) & full)
    cells = tuple(int(n) for n in (span[1] - span[0]) * size)
    return cells, tuple(lower), tuple(upper), periodic
