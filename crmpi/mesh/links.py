"""Links: which region of which block fills which ghost region of another, between any two levels.

A link joins a ghost region of a *target* block, in one of 26 directions, with the *source* that
holds these cells. There are three families:

``SAME``    a block of the same level; cells are copied
``UP``      blocks of the next finer level: what they hold is averaged in their *parent buffers*
            (`crmpi.mesh.parents`) and copied from there
``DOWN``    a block of the next coarser level: its cells are copied to the parent buffer of the
            target,
            around the averages of the target's own cells; prolongation makes fine ghosts of them

``SHARED``  the active faces of a block that finer ones share: their means, which the block's own
values
            equal but for round-off, take the place of these before anything else is copied

Every ghost cell has one source. A face that several regions share belongs to the finest of them,
and the active faces of a block to itself; among equals all are bitwise identical.
"""

from typing import NamedTuple

import numpy as np

from crmpi.mesh.leaves import OFFSETS
from crmpi.mesh.tree import FINER, NO_NEIGHBOUR

SAME, UP, DOWN, SHARED = "same", "up", "down", "shared"

SELF, FINE, EQUAL, COARSE, NONE = 2, 1, 0, -1, -2
"""What lies in a direction of a block: itself, finer, equal, coarser blocks, or nothing."""

_MIDDLE = OFFSETS.index((0, 0, 0))


class Shape(NamedTuple):
    """Active cells and ghosts of a block and ghosts of its parent buffer, by axis x1, x2, x3."""

    n: tuple
    ng: tuple
    nc: tuple


class Links(NamedTuple):
    """Regions to copy: rows in the order of (target, direction, source), on every rank that has
    them.

    ``target``, ``source``: gids (n,). ``boxes``: int array (n, 9), source k j i, destination k j i
    and extents k j i in the arrays of the two blocks; parent buffers where the family says so.
    """

    target: np.ndarray
    source: np.ndarray
    boxes: np.ndarray


def relations(tree):
    """Return what lies in each direction of each block, (nblock, 27) of `SELF` ... `NONE`; kept
    with the tree, not to be changed."""
    if tree.relations is None:
        found = tree.neighbours
        other = tree.levels[np.maximum(found, 0)] - tree.levels[:, None]
        relation = np.where(found == NO_NEIGHBOUR, NONE, np.where(found == FINER, FINE, other))
        relation[:, _MIDDLE] = SELF
        relation = relation.astype(np.int8)
        relation.flags.writeable = False
        tree.relations = relation
    return tree.relations


def make_links(tree, shape, kind, family, near):
    """Return the `Links` of one family for cells (`kind` -1) or the faces of axis 0, 1, 2, of the
    target blocks `near` (gids, ascending)."""
    relation = relations(tree)
    around = relation[near]
    wanted = {SAME: EQUAL, UP: FINE, DOWN: COARSE, SHARED: FINE}[family]
    pieces = []
    for column, offset in enumerate(OFFSETS):
        if column == _MIDDLE or (
            family == SHARED and not (abs(offset[kind]) == sum(map(abs, offset)) == 1)
        ):
            continue
        targets = near[around[:, column] == wanted]
        if len(targets):
            pieces += _pieces(
                tree, shape, kind, family, relation, targets, column, np.array(offset)
            )
    if not pieces:
        return Links(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros((0, 9), np.int64))
    target, source, column, boxes = (np.concatenate(part) for part in zip(*pieces, strict=True))
    order = np.lexsort((source, column, target))
    return Links(target[order], source[order], boxes[order])


def _pieces(tree, shape, kind, family, relation, targets, column, offset):
    """Return (target, source, column, boxes) of the links in one direction, one entry per child
    where sources are finer."""
    if family in (SAME, DOWN):
        sources = tree.neighbours[targets, column]
        spans = _same_spans if family == SAME else _down_spans
        return [_piece(tree, shape, kind, relation, (targets, sources, column, offset), spans)]
    spans = _up_spans if family == UP else _shared_spans
    pieces = []
    places = tree.leaves[targets, 1:] + offset
    present = ~np.array(tree.missing)
    for child in tree.roots.children:
        touching = np.where(offset == 1, child == 0, np.where(offset == -1, child == 1, True))
        if not touching[present].all():
            continue
        sources = tree.find(tree.levels[targets] + 1, (places << present) + child)
        link = (targets, sources, column, offset)
        pieces.append(_piece(tree, shape, kind, relation, link, spans, child))
    return pieces


def _piece(tree, shape, kind, relation, link, spans, child=None):
    """Return (target, source, column, boxes) of links of one direction."""
    targets, sources, column, offset = link
    boxes = np.empty((len(targets), 9), np.int64)
    for axis in range(3):
        place = tree.leaves[targets, 1 + axis]
        if shape.ng[axis] == 0:  # a missing axis
            boxes[:, [2 - axis, 5 - axis, 8 - axis]] = 0, 0, shape.n[axis]
            continue
        half = None if child is None else child[axis]
        source, destination, count = spans(shape, axis, offset[axis], place, half)
        if kind == axis and spans is not _shared_spans:
            # what is finer overwrites the ends of coarser cells in a buffer
            lead = trail = np.ones(len(targets), bool)
            if spans is not _down_spans:
                lead, trail = region_ends(relation, targets, offset, axis, half)
            source, destination = source + ~lead, destination + ~lead
            count = count + 1 - ~lead - ~trail
        boxes[:, 2 - axis], boxes[:, 5 - axis], boxes[:, 8 - axis] = source, destination, count
    columns = np.full(len(targets), column)
    return targets, sources, columns, boxes


def region_ends(relation, targets, offset, axis, half=None):
    """Return whether the first and the last of the faces 0 ... count of a region belong to it.

    A shared face belongs to the finer side, among equals to the one in the middle of the block's
    side; so it has one source. ``half``: 0 or 1 for one of two finer blocks beside each other, None
    for a block that fills the region.
    """
    mine, side = relation[targets, _column(offset)], offset[axis]
    ends = []
    for end in (-1, 1):
        beside = offset.copy()
        beside[axis] += end
        if side == end:  # the outer end of the ghost zone
            ends.append(np.ones(len(targets), bool))
        else:
            theirs = relation[targets, _column(beside)]
            ends.append(mine > theirs if side else mine >= theirs)
    if side == 0 and half is not None:
        # the face between the two belongs to the second
        ends[1 - half] = np.full(len(targets), half == 1)
    return ends


def _column(offset):
    """Return the number of a direction in `OFFSETS`."""
    return int(9 * (offset[2] + 1) + 3 * (offset[1] + 1) + offset[0] + 1)


def _same_spans(shape, axis, side, place, child):
    """Return (source, destination, count) of cells along an axis between equal blocks."""
    n, g = shape.n[axis], shape.ng[axis]
    if side == 0:
        return g, g, n
    return (n, 0, g) if side < 0 else (g, g + n, g)


def _up_spans(shape, axis, side, place, child):
    """The same from the parent buffer of a finer block, which is `child` 0 or 1 of the place in
    this direction."""
    half, g, gc = shape.n[axis] // 2, shape.ng[axis], shape.nc[axis]
    if side == 0:
        return gc, g + child * half, half
    return (gc + half - g, 0, g) if side < 0 else (gc, g + shape.n[axis], g)


def _down_spans(shape, axis, side, place, child):
    """The same from a coarser block to the parent buffer of the target at `place`."""
    half, g, gc = shape.n[axis] // 2, shape.ng[axis], shape.nc[axis]
    start = {-1: -gc, 0: 0, 1: half}[int(side)]
    source = place * half + start - ((place + side) >> 1) * shape.n[axis]
    return g + source, gc + start, half if side == 0 else gc


def _shared_spans(shape, axis, side, place, child):
    """The same, of the plane of faces towards a finer block: one face along `axis` where there is a
    side, else a half."""
    half, g, gc = shape.n[axis] // 2, shape.ng[axis], shape.nc[axis]
    if side == 0:
        return gc, g + child * half, half
    return (gc + half, g, 1) if side < 0 else (gc, g + shape.n[axis], 1)
