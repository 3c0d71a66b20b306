"""The 3 x 3 x 3 cells around an explosion, of the level of the cell that explodes, on any blocks.

Where the mesh is coarser, several cells of this stencil are parts of one cell; where it is finer,
one is several cells. What is given to the cells of the stencil thus adds up exactly, at boundaries
of levels, too.
"""

import itertools
import math
from typing import NamedTuple

import numpy as np

from crmpi.mesh.leaves import REFINED

_LEBEDEV = {1: 1.0 / 21.0, 2: 4.0 / 105.0, 3: 9.0 / 280.0}  # faces, edges, corners


class Stencil(NamedTuple):
    """The cells around an explosion.

    ``offset`` int (n, 3): where they are, the middle one included; ``push`` (n, 3): share of the
    radial momentum, as a vector; ``opposite`` int (n,): the cell on the other side.
    """

    offset: np.ndarray
    push: np.ndarray
    opposite: np.ndarray


class Reached(NamedTuple):
    """Which cells explosions reach, the same on all ranks.

    ``first`` (nevent + 1,): rows of each explosion. By row: ``place``, the cell of the stencil;
    ``target``, a cell of the table; ``volume``, what of the cell of the stencil lies in the target;
    ``split``, that as a share. By target: ``gid`` and ``cell`` (i, j, k) in the block. ``centre``:
    the gid of the block of each explosion.
    """

    first: np.ndarray
    place: np.ndarray
    target: np.ndarray
    volume: np.ndarray
    split: np.ndarray
    gid: np.ndarray
    cell: np.ndarray
    centre: np.ndarray


def make_stencil(missing):
    """Return the `Stencil` of a mesh with these `missing` axes.

    In 3-D the shares of momentum are the weights of the 26 points of Lebedev's rule, isotropic up
    to the seventh power of the direction; in 2-D and 1-D all directions have the same.
    """
    ranges = [(0,) if gone else (-1, 0, 1) for gone in missing]
    offset = np.array(list(itertools.product(*ranges)))
    steps = np.abs(offset).sum(axis=1)
    weight = np.where(steps > 0, 1.0 / max(len(offset) - 1, 1), 0.0)
    if not any(missing):
        weight = np.array([_LEBEDEV.get(int(n), 0.0) for n in steps])
    push = offset * (weight / np.sqrt(np.maximum(steps, 1)))[:, None]
    return Stencil(offset, push, np.arange(len(offset))[::-1].copy())


def reach(tree, events, stencil):
    """Return what the explosions reach.

    Parameters
    ----------
    tree : BlockTree
    events : int array (nevent, 4)
        level and indices i, j, k of the cells that explode, among the cells of their level
    stencil : Stencil

    Returns
    -------
    Reached
    """
    number, size = len(events), len(stencil.offset)
    levels = np.repeat(events[:, 0], size)
    cells = (events[:, None, 1:] + stencil.offset[None]).reshape(-1, 3)
    gids = _blocks_of(tree, levels, cells)
    middle = size // 2
    parts = [_same_or_coarser(tree, levels, cells, gids), _finer(tree, levels, cells, gids)]
    row, gid, cell, split = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.argsort(row, kind="stable")
    row, gid, cell, split = row[order], gid[order], cell[order], split[order]
    _, where, target = np.unique(
        cell_numbers(tree, tree.levels[gid], cell), return_index=True, return_inverse=True
    )
    first = np.searchsorted(row // size, np.arange(number + 1))
    inside = cell[where] % np.array(tree.block)
    volume = cell_volume_at(tree, events[row // size, 0]) * split
    return Reached(
        first, row % size, target.reshape(-1), volume, split, gid[where], inside, gids[middle::size]
    )


def cell_numbers(tree, levels, cells):
    """Return one number for each cell of a mesh, whatever the blocks: level, then k, j, i.

    `cells` (n, 3) are the indices i, j, k on their level.
    """
    levels = np.asarray(levels, np.int64)
    n1, n2, _ = (
        np.where(gone, n, n << levels) for n, gone in zip(tree.cells, tree.missing, strict=True)
    )
    return (levels << 58) + (cells[:, 2] * n2 + cells[:, 1]) * n1 + cells[:, 0]


def cell_volume_at(tree, levels):
    """Return the volumes of cells of these levels."""
    root = math.prod(
        (hi - lo) / n for lo, hi, n in zip(tree.lower, tree.upper, tree.cells, strict=True)
    )
    return root * 0.5 ** (np.asarray(levels) * sum(not gone for gone in tree.missing))


def _blocks_of(tree, levels, cells):
    """Return the gids of the blocks that hold cells of these levels, see `BlockTree.find`."""
    return tree.find(levels, cells // np.array(tree.block))


def _wrapped(tree, levels, cells):
    """Return cells with indices wrapped along periodic axes."""
    size = np.where(
        tree.missing, np.array(tree.cells), np.array(tree.cells) << np.asarray(levels)[:, None]
    )
    return np.where(tree.periodic, cells % size, cells)


def _same_or_coarser(tree, levels, cells, gids):
    """Return (row, gid, cell, split) of rows whose cell is one of the mesh, or a part of one."""
    row = np.flatnonzero(gids >= 0)
    gid = gids[row]
    up = (levels[row] - tree.levels[gid])[:, None]
    cell = np.where(tree.missing, cells[row], cells[row] >> up)
    return row, gid, _wrapped(tree, tree.levels[gid], cell), np.ones(len(row))


def _finer(tree, levels, cells, gids):
    """Return the same of the rows whose cell is covered by finer ones."""
    coarse, children = np.flatnonzero(gids == REFINED), tree.roots.children
    present = ~np.array(tree.missing)
    cell = ((cells[coarse] << present)[:, None] + children[None]).reshape(-1, 3)
    row = np.repeat(coarse, len(children))
    below = levels[row] + 1
    return (
        row,
        _blocks_of(tree, below, cell),
        _wrapped(tree, below, cell),
        np.full(len(row), 1.0 / len(children)),
    )
