"""Block tree: logical places of the blocks of the mesh, their Z-order ids and their neighbours."""

from typing import NamedTuple

import numpy as np

from crmpi.errors import CrmpiError
from crmpi.mesh.geometry import Cartesian
from crmpi.mesh.leaves import OFFSETS, OUTSIDE, REFINED, Index, Lattice, root_leaves

NO_NEIGHBOUR = OUTSIDE
"""Entry of the neighbour table beyond a physical boundary or along a missing axis."""

FINER = REFINED
"""Entry of the neighbour table where the neighbours are blocks of the next finer level."""


class Location(NamedTuple):
    """Logical place of a block: refinement level and integer position on the lattice of blocks of
    this level."""

    level: int
    lx1: int
    lx2: int
    lx3: int


def direction(offset):
    """Return the column of the neighbour table for `offset`, a triple of -1, 0, 1 (x1, x2, x3)."""
    o1, o2, o3 = offset
    return 9 * (o3 + 1) + 3 * (o2 + 1) + (o1 + 1)


class BlockTree:
    """Blocks of equal shape that cover a Cartesian box, numbered along a Z-curve.

    The Z-curve keeps blocks that are close in space close in number, for any lattice of blocks:
    positions are ordered by their Morton key, so counts need not be powers of two.

    Parameters
    ----------
    cells, block : sequence of 3 ints
        cells of the mesh and of a block, axes x1, x2, x3; 1 cell of the mesh makes an axis
        *missing*
    lower, upper : sequence of 3 floats
        corners of the mesh, code units
    periodic : sequence of 3 bools
        axes whose two ends are joined
    geometry : crmpi.mesh.geometry.Cartesian, optional
        Cartesian by default
    leaves : int array (nblock, 4), optional
        level and place of every block, 2:1, along the Z-curve, see `crmpi.mesh.leaves`; by default
        the mesh is not refined

    Attributes
    ----------
    nblock : int
        number of blocks; their global ids (gids) are 0 ... nblock-1 in Z-order
    locations : list of Location
        by gid
    neighbours : int64 array (nblock, 27)
        gid of the neighbour in each direction of `OFFSETS`, of the same or the next coarser level;
        `NO_NEIGHBOUR` beyond a physical boundary, `FINER` where there are several finer ones
    levels : int64 array (nblock,)
        refinement level of each block
    leaves : int64 array (nblock, 4)
        level and place of each block
    relations : int64 array (nblock, 27) or None
        kept by `crmpi.mesh.links.relations`
    find : function (levels, places (n, 3)) -> gids (n,)
        see `crmpi.mesh.leaves.Index.find`

    Raises
    ------
    CrmpiError
        if the blocks do not tile the mesh, or a number is not positive
    """

    def __init__(
        self,
        cells,
        block,
        lower=(0.0, 0.0, 0.0),
        upper=(1.0, 1.0, 1.0),
        periodic=(True, True, True),
        geometry=None,
        leaves=None,
    ):
        self.cells = tuple(int(n) for n in cells)
        self.block = tuple(int(n) for n in block)
        self.lower = tuple(float(x) for x in lower)
        self.upper = tuple(float(x) for x in upper)
        self.periodic = tuple(bool(p) for p in periodic)
        self.geometry = geometry or Cartesian(self.lower)
        _check(self)
        self.lattice = tuple(n // m for n, m in zip(self.cells, self.block, strict=True))
        self.roots = Lattice(self.lattice, self.periodic, self.missing)
        self.leaves = root_leaves(self.roots) if leaves is None else leaves
        self.levels = self.leaves[:, 0]
        self.locations = [Location(*leaf) for leaf in self.leaves.tolist()]
        self.find = Index(self.roots, self.leaves).find
        self.neighbours = self._find_neighbours()
        self.relations = None

    @property
    def nblock(self):
        """Number of blocks."""
        return len(self.locations)

    @property
    def missing(self):
        """For each axis, whether the mesh has only one cell along it."""
        return tuple(n == 1 for n in self.cells)

    @property
    def max_level(self):
        """The finest level there is."""
        return int(self.levels.max())

    def neighbour(self, gid, offset):
        """Return the gid of the neighbour of `gid` in the direction `offset` (x1, x2, x3).

        The neighbour may be a coarser block. None at a physical boundary and where there are finer
        ones.
        """
        found = int(self.neighbours[gid, direction(offset)])
        return None if found < 0 else found

    def origin(self, gid):
        """Return the indices (x1, x2, x3) of the first cell of a block, counted in cells of its
        level."""
        return tuple(int(p) * n for p, n in zip(self.leaves[gid, 1:], self.block, strict=True))

    def with_leaves(self, leaves):
        """Return the same mesh with other leaves, see `crmpi.mesh.leaves`."""
        return BlockTree(
            self.cells, self.block, self.lower, self.upper, self.periodic, self.geometry, leaves
        )

    def at_level(self, level):
        """Return the mesh as the blocks of a level see it, see `LevelMesh`."""
        grown = (
            n if missing else n << level
            for n, missing in zip(self.cells, self.missing, strict=True)
        )
        return LevelMesh(tuple(grown), self.lower, self.upper, self.periodic, self.geometry, level)

    def _find_neighbours(self):
        """Return the neighbour table."""
        table = np.empty((self.nblock, len(OFFSETS)), dtype=np.int64)
        for column, offset in enumerate(OFFSETS):  # along a missing axis there is nothing
            table[:, column] = self.find(self.levels, self.leaves[:, 1:] + np.array(offset))
        return table


class LevelMesh(NamedTuple):
    """The box as a uniform mesh of the cells of one level; what `crmpi.mesh.coordinates` asks of a
    mesh."""

    cells: tuple
    lower: tuple
    upper: tuple
    periodic: tuple
    geometry: object
    level: int


def _check(tree):
    for axis, (n, m) in enumerate(zip(tree.cells, tree.block, strict=True)):
        name = f"x{axis + 1}"
        if n < 1 or m < 1:
            raise CrmpiError(
                (
                    f"mesh.cells = {list(tree.cells)}, mesh.block = {list(tree.block)}: {name} "
                    "needs at least one cell"
                ),
                everywhere=True,
            )
        if n % m:
            divisors = [d for d in range(1, n + 1) if n % d == 0]
            near = sorted(sorted(divisors, key=lambda d: (abs(d - m), d))[:3])
            raise CrmpiError(
                f"mesh.block = {list(tree.block)} does not divide mesh.cells = "
                f"{list(tree.cells)} along {name}: "
                f"{n} cells cannot be cut into blocks of {m}; use one of "
                f"{', '.join(map(str, near))}",
                everywhere=True,
            )
        if not tree.upper[axis] > tree.lower[axis]:
            raise CrmpiError(
                (
                    f"mesh.upper = {list(tree.upper)} must be above mesh.lower = "
                    f"{list(tree.lower)} "
                    f"along {name}"
                ),
                everywhere=True,
            )
