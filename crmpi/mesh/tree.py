"""Block tree: logical places of the blocks of the mesh, their Z-order ids and their neighbours."""

import itertools
from typing import NamedTuple

import numpy as np

from crmpi.errors import CrmpiError

OFFSETS = tuple((o1, o2, o3) for o3, o2, o1 in itertools.product((-1, 0, 1), repeat=3))
"""The 27 directions (x1, x2, x3) in the order of the columns of `BlockTree.neighbours`; the middle one is the block itself."""

NO_NEIGHBOUR = -1
"""Entry of the neighbour table beyond a physical boundary or along a missing axis."""


class Location(NamedTuple):
    """Logical place of a block: refinement level and integer position on the lattice of blocks of this level."""

    level: int
    lx1: int
    lx2: int
    lx3: int


def direction(offset):
    """Return the column of the neighbour table for `offset`, a triple of -1, 0, 1 (x1, x2, x3)."""
    o1, o2, o3 = offset
    return 9 * (o3 + 1) + 3 * (o2 + 1) + (o1 + 1)


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
    for bit in range(21):
        for axis in range(3):
            keys |= ((position[:, axis] >> bit) & 1) << (3 * bit + axis)
    return keys


class BlockTree:
    """Blocks of equal shape that cover a Cartesian box, numbered along a Z-curve.

    The Z-curve keeps blocks that are close in space close in number, for any lattice of blocks: positions are ordered by
    their Morton key, so counts need not be powers of two.

    Parameters
    ----------
    cells, block : sequence of 3 ints
        cells of the mesh and of a block, axes x1, x2, x3; 1 cell of the mesh makes an axis *missing*
    lower, upper : sequence of 3 floats
        corners of the mesh, code units
    periodic : sequence of 3 bools
        axes whose two ends are joined
    geometry : crmpi.mesh.geometry.Geometry, optional
        of a one-dimensional mesh that is a tube; None for cells of equal size

    Attributes
    ----------
    nblock : int
        number of blocks; their global ids (gids) are 0 ... nblock-1 in Z-order
    locations : list of Location
        by gid
    neighbours : int64 array (nblock, 27)
        gid of the neighbour in each direction of `OFFSETS`, `NO_NEIGHBOUR` beyond a physical boundary

    Raises
    ------
    CrmpiError
        if the blocks do not tile the mesh, or a number is not positive
    """

    def __init__(self, cells, block, lower=(0.0, 0.0, 0.0), upper=(1.0, 1.0, 1.0), periodic=(True, True, True), geometry=None):
        self.cells = tuple(int(n) for n in cells)
        self.block = tuple(int(n) for n in block)
        self.lower = tuple(float(x) for x in lower)
        self.upper = tuple(float(x) for x in upper)
        self.periodic = tuple(bool(p) for p in periodic)
        self.geometry = geometry
        _check(self)
        self.lattice = tuple(n // m for n, m in zip(self.cells, self.block, strict=True))
        self._positions, ids = _z_order(self.lattice)
        self.locations = [Location(0, *position) for position in self._positions.tolist()]
        self.neighbours = self._find_neighbours(ids)

    @property
    def nblock(self):
        """Number of blocks."""
        return len(self.locations)

    @property
    def missing(self):
        """For each axis, whether the mesh has only one cell along it."""
        return tuple(n == 1 for n in self.cells)

    def neighbour(self, gid, offset):
        """Return the gid of the neighbour of `gid` in the direction `offset` (x1, x2, x3), or None at a physical boundary."""
        found = int(self.neighbours[gid, direction(offset)])
        return None if found == NO_NEIGHBOUR else found

    def origin(self, gid):
        """Return the global indices (x1, x2, x3) of the first cell of a block."""
        return tuple(int(p) * n for p, n in zip(self._positions[gid], self.block, strict=True))

    def _find_neighbours(self, ids):
        """Return the neighbour table from the lattice of ids [lx1, lx2, lx3]."""
        table = np.full((self.nblock, len(OFFSETS)), NO_NEIGHBOUR, dtype=np.int64)
        size = np.array(self.lattice)
        wraps = np.array(self.periodic) & ~np.array(self.missing)
        for column, offset in enumerate(OFFSETS):
            place = self._positions + np.array(offset)
            place = np.where(wraps, place % size, place)
            inside = ((place >= 0) & (place < size)).all(axis=1)
            table[inside, column] = ids[tuple(place[inside].T)]
        return table


def _z_order(lattice):
    """Return the positions (nblock, 3) in Z-order and the inverse: ids on the lattice."""
    positions = np.stack(np.meshgrid(*(np.arange(n) for n in lattice), indexing="ij"), axis=-1).reshape(-1, 3)
    positions = positions[np.argsort(morton_keys(positions), kind="stable")]
    ids = np.empty(lattice, dtype=np.int64)
    ids[tuple(positions.T)] = np.arange(len(positions))
    return positions, ids


def _check(tree):
    for axis, (n, m) in enumerate(zip(tree.cells, tree.block, strict=True)):
        name = f"x{axis + 1}"
        if n < 1 or m < 1:
            raise CrmpiError(
                f"mesh.cells = {list(tree.cells)}, mesh.block = {list(tree.block)}: {name} needs at least one cell",
                everywhere=True,
            )
        if n % m:
            divisors = [d for d in range(1, n + 1) if n % d == 0]
            near = sorted(sorted(divisors, key=lambda d: (abs(d - m), d))[:3])
            raise CrmpiError(
                f"mesh.block = {list(tree.block)} does not divide mesh.cells = {list(tree.cells)} along {name}: "
                f"{n} cells cannot be cut into blocks of {m}; use one of {', '.join(map(str, near))}",
                everywhere=True,
            )
        if not tree.upper[axis] > tree.lower[axis]:
            raise CrmpiError(
                f"mesh.upper = {list(tree.upper)} must be above mesh.lower = {list(tree.lower)} along {name}",
                everywhere=True,
            )
