"""Storage of all that has one entry per block of this rank.

Modules declare here what they keep; no other module makes arrays of blocks. There are four kinds:

- *fields*, the state on cells and faces: a change of the mesh carries them over
  (`crmpi.run.remesh`);
- *registers* on cells, which need not survive a change of the mesh;
- *accounts*, amounts and counts of each block since the start, and *ages*, steps since a block was
  made: kept by name, part of a checkpoint, carried over by a change of the mesh;
- *numbers*, scratch of a few numbers per block.

When the mesh changes, a new pool takes over the memory of the old one but for its fields, which are
still read.
"""

import itertools
from typing import NamedTuple

import numpy as np

from crmpi.mesh.pages import zero_bytes
from crmpi.precision import LINE, REAL

_versions = itertools.count(1)
_SPARE = 2  # a buffer that is this much larger than needed is not taken over


class Kept(NamedTuple):
    """An array (nblock, ...) that outlives the mesh, and how that of a new block follows from it.

    ``joined``: 'sum', an account: of joined blocks the sum, of a refined block the first child has
    all. 'minimum', an age: of joined blocks the smallest, 0 for the children of a refined block.
    """

    array: np.ndarray
    joined: str


class Pool:
    """Arrays of the blocks of one rank, on one mesh.

    Parameters
    ----------
    grid : Grid
        shape of every block
    nblock : int
    spare : list of arrays of bytes
        memory that may be used, see `release`

    Attributes
    ----------
    version : int
        different for every mesh of this process: for caches of what depends on the blocks
    kept : dict
        {name: `Kept`} of accounts and ages: what a checkpoint writes, views to be written in place
    """

    def __init__(self, grid, nblock, spare=()):
        self.grid, self.nblock = grid, nblock
        self.version = next(_versions)
        self._spare = sorted(spare, key=len)
        self._registers = []
        self.kept: dict[str, Kept] = {}

    def register(self, ncomp, grid=None):
        """Return zeros on cells or faces (nblock, ncomp, m3, m2, m1), C-ordered, in the precision
        of the process, beginning on a cache line, with one more line of zeros on each side.

        ``grid``: of another layout than that of the pool.
        """
        g = grid or self.grid
        shape = (self.nblock, ncomp, g.m3, g.m2, g.m1)
        raw = self._raw(line_bytes(shape))
        self._registers.append(raw)
        return aligned(raw, shape)

    def scratch(self, ncomp):
        """Return zeros like those of `register` that is not kept."""
        g = self.grid
        return aligned_zeros((self.nblock, ncomp, g.m3, g.m2, g.m1))

    def account(self, name, columns, dtype=float):
        """Return zeros (columns, nblock) for amounts and counts since the start, kept as `name`.

        Who declares a name first has it; a module inside another one that declares it again gets an
        array that is not kept.
        """
        table = np.zeros((columns, self.nblock), dtype)
        self.kept.setdefault(name, Kept(table.T, "sum"))
        return table

    def ages(self, name, start):
        """Return `start` for each block (nblock,), an integer, kept as `name`."""
        found = self.numbers(dtype=int, fill=start)
        self.kept.setdefault(name, Kept(found, "minimum"))
        return found

    def numbers(self, *shape, dtype=float, fill=0):
        """Return scratch (nblock, ...) filled with one number."""
        return np.full((self.nblock, *shape), fill, dtype)

    def release(self, kept):
        """Return the memory of the registers for another pool; that of the arrays `kept` stays
        theirs. No other register of this pool may be used again."""
        ends = [(array.ctypes.data, array.ctypes.data + array.nbytes) for array in kept]
        return [
            raw
            for raw in self._registers
            if not any(
                raw.ctypes.data < end and start < raw.ctypes.data + len(raw) for start, end in ends
            )
        ]

    def settle(self):
        """Free the memory that this mesh did not take over."""
        self._spare = []

    def _raw(self, size):
        """Return `size` bytes of zeros, new or taken over."""
        for place, raw in enumerate(self._spare):
            if size <= len(raw) <= _SPARE * size:
                del self._spare[place]
                raw[...] = 0
                return raw
        return zero_bytes(size)


def line_bytes(shape):
    """Return the bytes that an aligned array of this shape needs."""
    return int(np.prod(shape)) * np.dtype(REAL).itemsize + 3 * LINE


def aligned(raw, shape):
    """Return the array of this shape in `raw` bytes, beginning on a cache line behind the first
    one."""
    size = int(np.prod(shape)) * np.dtype(REAL).itemsize
    start = LINE + -raw.ctypes.data % LINE
    return raw[start : start + size].view(REAL).reshape(shape)


def aligned_zeros(shape):
    """Return a C-ordered array of zeros, in the precision of the process, that starts on a cache
    line.

    One more line of zeros lies on each side: kernels sweep whole rows and read the neighbours of
    their ends.
    """
    return aligned(zero_bytes(line_bytes(shape)), shape)
