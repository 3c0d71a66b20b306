"""Groups of levels whose blocks make steps of the same length."""

from typing import NamedTuple

import numpy as np


class Group(NamedTuple):
    """Some levels of a pack.

    Attributes
    ----------
    levels : range
        ascending, whether or not this rank has blocks of them
    parts : tuple of crmpi.mesh.pack.Part
        their blocks on this rank
    blocks : slice
        the same, places in the pack
    """

    levels: range
    parts: tuple
    blocks: slice

    @property
    def finest(self):
        """The parts, at most one, of the highest of these levels."""
        return [part for part in self.parts if part.level == self.levels[-1]]

    def alone(self, numbers):
        """Return a copy of `numbers` (nblock, ...) that is zero for the blocks of other groups."""
        result = np.zeros_like(numbers)
        result[self.blocks] = numbers[self.blocks]
        return result


def steps_of(levels, top, apart):
    """Return how many steps blocks of these `levels` (int array) make in one of the mesh, if each
    of the `apart` finest levels makes two in one of the next coarser; `top`: the highest level."""
    return 1 << np.maximum(levels - max(top - apart, 0), 0)


def make_groups(pack, top, apart):
    """Return the `Group`s of a mesh whose highest level is `top`, coarsest first: the `apart`
    finest levels are one each, all others the first one."""
    base = max(top - apart, 0)
    spans = [range(base + 1), *(range(level, level + 1) for level in range(base + 1, top + 1))]
    return [_group(pack, levels) for levels in spans]


def _group(pack, levels):
    parts = tuple(
        part for part in pack.parts if part.level in levels and part.blocks != slice(0, 0)
    )
    first, last = np.searchsorted(pack.levels, [levels.start, levels.stop]).tolist()
    return Group(levels, parts, slice(first, last))
