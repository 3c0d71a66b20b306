"""Interfaces: which faces of blocks touch another level, and what the finer side tells the coarser
one.

The fluxes and the electric fields on such faces are kept in planes
(`crmpi.numerics.levels.level_faces`). The finer side averages them to places of the coarser one:
fluxes over the fine faces of a coarse face, electric fields along the fine edges of a coarse edge.
Blocks that meet a finer one only along an edge take the electric field of that edge too, so that
faces shared by coarse blocks stay the same on both sides.
"""

from typing import NamedTuple

import numpy as np

from crmpi.mesh.leaves import OFFSETS
from crmpi.mesh.links import COARSE, FINE, relations
from crmpi.mesh.parents import block_shape
from crmpi.numerics.levels.level_faces import FAST, SLOW
from crmpi.numerics.levels.restriction import RESTRICT_COLUMNS, Span

FLUXES, ALONG_ROWS, ALONG_COLUMNS = (
    "fluxes",
    "electric field along rows",
    "electric field along columns",
)
PIECES = (FLUXES, ALONG_ROWS, ALONG_COLUMNS)


class Transfer(NamedTuple):
    """Regions of planes that go from finer to coarser blocks, in the same order on every rank.

    ``target``, ``source``: (gid, face 0 ... 5) of the planes, (n, 2). ``boxes`` as in
    `crmpi.mesh.links`.
    """

    target: np.ndarray
    source: np.ndarray
    boxes: np.ndarray


class Interfaces:
    """The planes of one rank.

    Parameters
    ----------
    tree : BlockTree
    pack : Pack

    Attributes
    ----------
    slots : int array (nblock, 6)
        plane of each face of the blocks of the pack, -1 where all around is of one level
    nplane : int
    block_of_plane : int array (nplane,)
        its place in the pack
    top : int
        highest level of the mesh
    meets_finer, meets_coarser : bool arrays (nblock,)
        whether such a block lies in any direction
    between : bool array (nblock, 6)
        whether a block of another level lies beyond each face
    extent : int
        rows and columns of a plane
    means : dict {(piece, axis): (table, Span)}
        how planes of the finer side are averaged, see `crmpi.numerics.levels.restriction.restrict`
    refluxed, touched : int arrays (n, 4)
        block, plane, axis, side of the faces whose fluxes, or some of whose edges, a finer block
        gives
    """

    def __init__(self, tree, pack):
        self._tree, self.shape = tree, block_shape(pack.grid)
        relation = relations(tree)
        self._relation = relation[pack.gids]
        self._kept, self.slots = _kept_faces(self._relation)
        self.nplane = len(self._kept)
        self.block_of_plane = self._kept[:, 0]
        self.top = tree.max_level
        self.meets_finer, self.meets_coarser = (
            (self._relation == other).any(axis=1) for other in (FINE, COARSE)
        )
        self.extent = 1 + max(n for n, g in zip(self.shape.n, self.shape.ng, strict=True) if g)
        finer = _any_side(self._relation == FINE)
        self.refluxed = self._rows(_face_relation(self._relation) == FINE)
        self.touched = self._rows(finer)
        self.between = np.isin(_face_relation(self._relation), (FINE, COARSE))
        coarser = _any_side(self._relation == COARSE)
        self.means = {
            (piece, axis): self._means(piece, axis, coarser)
            for piece in PIECES
            for axis in range(3)
        }

    def foreign(self, grid):
        """Return which ghosts hold cells of another level, bool array (nblock, m3, m2, m1) of a
        pack with this `Grid`."""
        result = np.zeros((len(self._relation), grid.m3, grid.m2, grid.m1), bool)
        for column, offset in enumerate(OFFSETS):
            blocks = np.flatnonzero(np.isin(self._relation[:, column], (FINE, COARSE)))
            spans = [
                {-1: (0, g), 0: (g, g + n), 1: (g + n, n + 2 * g)}[side]
                for side, n, g in zip(offset, self.shape.n, self.shape.ng, strict=True)
            ]
            result[(blocks, *(slice(*span) for span in spans[::-1]))] = True
        return result

    def transfers(self, piece):
        """Return the `Transfer` of fluxes or of an electric field."""
        tree, relation = self._tree, relations(self._tree)
        found = []
        for column, offset in enumerate(OFFSETS):
            targets = np.flatnonzero(relation[:, column] == FINE)
            axes = [axis for axis in range(3) if offset[axis]]
            if not len(targets) or len(axes) > 2:
                continue
            places = tree.leaves[targets, 1:] + np.array(offset)
            for child in tree.roots.children:
                if all(offset[axis] == 0 or child[axis] == (offset[axis] < 0) for axis in range(3)):
                    levels, present = tree.levels[targets] + 1, ~np.array(tree.missing)
                    sources = tree.find(levels, (places << present) + child)
                    found += self._regions(piece, targets, sources, offset, child)
        if not found:
            none = np.zeros((0, 2), np.int64)
            return Transfer(none, none, np.zeros((0, 9), np.int64))
        target, source, boxes = (np.concatenate(part) for part in zip(*found, strict=True))
        order = np.lexsort((*boxes.T[::-1], source[:, 1], source[:, 0], target[:, 1], target[:, 0]))
        return Transfer(target[order], source[order], boxes[order])

    def _regions(self, piece, targets, sources, offset, child):
        """Return [(targets, sources, boxes)] of one direction and child; nothing where the piece
        has no part in it."""
        axis = next(axis for axis in range(3) if offset[axis])  # of the plane
        slow, fast = SLOW[axis], FAST[axis]
        beside = [other for other in range(3) if offset[other] and other != axis]
        spans = {}
        for other in (slow, fast):
            half, whole = self._half(other), self.shape.n[other]
            if beside == [other]:  # one edge: the first or the last line of the plane
                low = offset[other] < 0
                spans[other] = (half if low else 0, 0 if low else whole, 1)
            else:
                spans[other] = (0, child[other] * half, half)
        if beside:
            if piece != (ALONG_ROWS if beside == [fast] else ALONG_COLUMNS):
                return []
        elif piece != FLUXES:
            across = fast if piece == ALONG_ROWS else slow
            if self.shape.ng[across]:
                source, destination, count = spans[across]
                spans[across] = (source, destination, count + 1)
        box = np.zeros(9, np.int64)
        box[[0, 3, 6]] = 0, 0, 1
        box[[1, 4, 7]], box[[2, 5, 8]] = spans[slow], spans[fast]
        side = int(offset[axis] > 0)
        target = np.stack([targets, np.full(len(targets), 2 * axis + side)], axis=1)
        source = np.stack([sources, np.full(len(sources), 2 * axis + 1 - side)], axis=1)
        return [(target, source, np.tile(box, (len(targets), 1)))]

    def _half(self, axis):
        """Return the number of coarse cells along an axis of a block."""
        return self.shape.n[axis] // 2 if self.shape.ng[axis] else self.shape.n[axis]

    def _means(self, piece, axis, coarser):
        """Return (table, Span) that averages the planes of faces along `axis` beside coarser
        blocks."""
        slow, fast = SLOW[axis], FAST[axis]
        step_slow, step_fast = (2 if self.shape.ng[other] else 1 for other in (slow, fast))
        rows, columns = self._half(slow), self._half(fast)
        mean_slow, mean_fast = step_slow, step_fast
        if piece == ALONG_ROWS:
            columns, mean_fast = columns + step_fast - 1, 1
        if piece == ALONG_COLUMNS:
            rows, mean_slow = rows + step_slow - 1, 1
        chosen = [
            n
            for n, (block, side) in enumerate(self._kept)
            if side // 2 == axis and coarser[block, side]
        ]
        table = np.zeros((len(chosen), RESTRICT_COLUMNS), np.int64)
        table[:, 0] = table[:, 1] = chosen
        table[:, 8], table[:, 9], table[:, 10] = 1, rows, columns
        return table, Span(1, step_slow, step_fast, 1, mean_slow, mean_fast)

    def _rows(self, chosen):
        """Return (block, plane, axis, side) of the faces marked in `chosen` (nblock, 6)."""
        blocks, sides = np.nonzero(chosen)
        return np.stack([blocks, self.slots[blocks, sides], sides // 2, sides % 2], axis=1).astype(
            np.int64
        )


def _kept_faces(relation):
    """Return ([(block, face)], slots (nblock, 6)) of the faces around which there is another
    level."""
    chosen = _any_side((relation == FINE) | (relation == COARSE))
    slots = np.full(chosen.shape, -1, dtype=np.int64)
    slots[chosen] = np.arange(chosen.sum())
    return np.argwhere(chosen), slots


def _any_side(marked):
    """Return (nblock, 6): whether any direction through a face, or past one of its edges, is marked
    (nblock, 27)."""
    result = np.zeros((len(marked), 6), bool)
    for side in range(6):
        axis, outward = side // 2, 2 * (side % 2) - 1
        columns = [
            n
            for n, offset in enumerate(OFFSETS)
            if offset[axis] == outward and sum(map(abs, offset)) <= 2
        ]
        result[:, side] = marked[:, columns].any(axis=1)
    return result


def _face_relation(relation):
    """Return (nblock, 6): what lies behind each face."""
    columns = [
        OFFSETS.index(tuple((2 * (side % 2) - 1) * (axis == side // 2) for axis in range(3)))
        for side in range(6)
    ]
    return relation[:, columns]
