"""Leaves: which blocks cover the mesh when parts of it are refined.

A block of level l covers ``block`` cells of width dx/2^l. Refining it replaces it by its 2, 4 or 8
children; a missing axis is never refined. Neighbouring leaves, over faces, edges and corners and
through periodic boundaries, differ by at most one level (2:1). A set of leaves is an integer array
(n, 4) of rows (level, lx1, lx2, lx3), lx counted in blocks of this level, in the order of a
Z-curve. Everything here is a function of such arrays alone and the same on every rank.
"""

import itertools
from typing import NamedTuple

import numpy as np

BITS = 21
"""Bits of a position along an axis on the finest lattice."""

OUTSIDE, REFINED = -1, -2
"""What `Lattice.find` says of a place beyond a physical boundary, and of one with finer leaves."""

OFFSETS = tuple((o1, o2, o3) for o3, o2, o1 in itertools.product((-1, 0, 1), repeat=3))
"""The 27 directions (x1, x2, x3); the middle one is the block itself."""


class Lattice(NamedTuple):
    """The lattice of root blocks: their numbers, the axes that wrap around and those that are
    missing."""

    size: tuple
    periodic: tuple
    missing: tuple

    @property
    def children(self):
        """Offsets (2^d, 3) of the children of a block, x1 fastest."""
        ranges = [(0,) if missing else (0, 1) for missing in self.missing]
        return np.array([(o1, o2, o3) for o3, o2, o1 in itertools.product(*ranges[::-1])])

    def extents(self, levels):
        """Return the numbers of blocks (n, 3) along the axes at each of `levels` (n,)."""
        grown = np.asarray(self.size)[None] << np.asarray(levels)[:, None]
        return np.where(self.missing, self.size, grown)

    def wrap(self, levels, places):
        """Return (places with periodic axes wrapped, whether they lie in the mesh)."""
        extents = self.extents(levels)
        wraps = np.array(self.periodic) & ~np.array(self.missing)
        places = np.where(wraps, places % extents, places)
        return places, ((places >= 0) & (places < extents)).all(axis=1)


def morton_keys(position):
    """Return the Z-order keys of lattice positions.

    Parameters
    ----------
    position : int array (n, 3)
        non-negative lattice positions x1, x2, x3, each below 2^21

    Returns
    -------
    int64 array (n,)
        the bits of the three positions interleaved, x1 lowest (Morton 1966)
    """
    position = np.asarray(position, dtype=np.int64)
    keys = np.zeros(len(position), dtype=np.int64)
    for bit in range(BITS):
        for axis in range(3):
            keys |= ((position[:, axis] >> bit) & 1) << (3 * bit + axis)
    return keys


def root_leaves(lattice):
    """Return the leaves of a mesh without refinement."""
    axes = (np.arange(n) for n in lattice.size)
    places = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    return in_z_order(
        lattice, np.concatenate([np.zeros((len(places), 1), np.int64), places], axis=1)
    )


def in_z_order(lattice, leaves):
    """Return `leaves` along the Z-curve of the finest of them; siblings follow each other."""
    keys = curve_keys(lattice, leaves, int(leaves[:, 0].max()))
    return leaves[np.argsort(keys, kind="stable")]


class Index:
    """Finds leaves by their place: the descendants of a block are a contiguous piece of the
    Z-curve."""

    def __init__(self, lattice, leaves):
        self._lattice, self._leaves = lattice, leaves
        self._finest = int(leaves[:, 0].max())
        self._keys = curve_keys(lattice, leaves, self._finest)

    def find(self, levels, places):
        """Return for each place (level, lx) the number of the leaf that is there or covers it.

        `OUTSIDE` beyond a physical boundary; `REFINED` where the place is covered by finer leaves.
        """
        levels = np.broadcast_to(np.asarray(levels, np.int64), len(places))
        places, inside = self._lattice.wrap(levels, np.asarray(places, np.int64))
        found = np.full(len(places), OUTSIDE)
        asked = np.concatenate([levels[:, None], places], axis=1)[inside]
        # levels finer than the finest leaf: the place of the ancestor there
        excess = np.maximum(asked[:, :1] - self._finest, 0)
        asked[:, 1:] = np.where(self._lattice.missing, asked[:, 1:], asked[:, 1:] >> excess)
        asked[:, :1] -= excess
        keys = curve_keys(self._lattice, asked, self._finest)
        leaf = np.searchsorted(self._keys, keys, side="right") - 1
        found[inside] = np.where(self._leaves[leaf, 0] > asked[:, 0], REFINED, leaf)
        return found


def curve_keys(lattice, leaves, finest):
    """Return the keys of the lower corners of blocks along the Z-curve of level `finest`."""
    shift = np.where(lattice.missing, 0, finest - leaves[:, :1])
    return morton_keys(leaves[:, 1:] << shift)


def split(lattice, leaves, chosen):
    """Return the leaves with those marked in `chosen` (n,) replaced by their children."""
    chosen = np.asarray(chosen, bool)
    if not chosen.any():
        return leaves
    parents, children = leaves[chosen], lattice.children
    present = ~np.array(lattice.missing)
    places = (parents[:, None, 1:] << present) + children[None]
    levels = np.broadcast_to(parents[:, None, :1] + 1, (*places.shape[:2], 1))
    new = np.concatenate([levels, places], axis=2).reshape(-1, 4)
    return in_z_order(lattice, np.concatenate([leaves[~chosen], new]))


def close(lattice, leaves):
    """Return the leaves refined until neighbours differ by at most one level."""
    while True:
        index = Index(lattice, leaves)
        coarse = np.zeros(len(leaves), bool)
        fine = leaves[leaves[:, 0] >= 2]
        for offset in OFFSETS:
            found = index.find(fine[:, 0], fine[:, 1:] + np.array(offset))
            held = found >= 0
            too_coarse = leaves[found[held], 0] < fine[held, 0] - 1
            coarse[found[held][too_coarse]] = True
        if not coarse.any():
            return leaves
        leaves = split(lattice, leaves, coarse)


def refine(lattice, leaves, wanted, closed=True):
    """Return leaves refined to the levels that `wanted` asks for, 2:1 included if `closed`.

    Parameters
    ----------
    wanted : function of leaves (n, 4) -> int array (n,)
        the level that the place of each leaf should have
    """
    while True:
        chosen = wanted(leaves) > leaves[:, 0]
        if not chosen.any():
            return close(lattice, leaves) if closed else leaves
        leaves = split(lattice, leaves, chosen)
