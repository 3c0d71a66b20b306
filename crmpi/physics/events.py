"""Supernovae as points in time and space, and how one is spread over cells: pure functions of the
seed and of the mesh.

Every rank draws the same list and deposits the part that lies on its own blocks, so nothing
depends on ranks, on the blocks or on the time step.
"""

import math
from statistics import NormalDist
from typing import NamedTuple

import numpy as np

from crmpi.mesh.geometry import even_places, geometry_of
from crmpi.numerics.counter_random import poisson, uniform_pair

# mean; bins of time are counted, so an event is found without replaying earlier ones
EVENTS_PER_BIN = 4.0
_COUNT, _TIME, _PLACE = range(3)  # streams of the random numbers
_LONGEST = 1 << 16  # more events than a bin can hold


class Event(NamedTuple):
    """A supernova: when, and three uniform numbers in [0, 1) for its place."""

    time: float
    place: tuple


def events_between(start, end, rate, seed):
    """Return the events of a Poisson process with `start` <= time < `end`.

    Parameters
    ----------
    start, end : float
        not negative, code units
    rate : float
        mean number per time; 0 gives no events
    seed : int

    Returns
    -------
    list of Event
        in the order of their numbers, which inside a bin is not that of time
    """
    if rate == 0.0 or end <= start:
        return []
    width = EVENTS_PER_BIN / rate
    found = []
    for number in range(int(start / width), int(end / width) + 1):
        count = poisson(EVENTS_PER_BIN, float(uniform_pair(seed, number, _COUNT)[0]))
        index = number * _LONGEST + np.arange(count)
        fractions, x = uniform_pair(seed, index, _TIME)
        times = (number + fractions) * width
        y, z = uniform_pair(seed, index, _PLACE)
        found += [
            Event(times[n], (x[n], y[n], z[n])) for n in range(count) if start <= times[n] < end
        ]
    return found


class Layer(NamedTuple):
    """Vertical distribution of events about a plane: 'gaussian' (standard deviation `height`) or
    'sech2' (sech^2(x3/height))."""

    profile: str
    midplane: float
    height: float

    def below(self, x3):
        """Return the fraction of events below `x3`."""
        if self.profile == "gaussian":
            return NormalDist(self.midplane, self.height).cdf(x3)
        return 0.5 * (1.0 + math.tanh((x3 - self.midplane) / self.height))

    def where(self, fraction):
        """Return the x3 below which `fraction` of the events lie; the inverse of `below`."""
        if self.profile == "gaussian":
            return NormalDist(self.midplane, self.height).inv_cdf(fraction)
        return self.midplane + self.height * math.atanh(2.0 * fraction - 1.0)

    def draw(self, uniform, lower, upper):
        """Return the position between `lower` and `upper` that belongs to a uniform number in [0,
        1)."""
        first, last = self.below(lower), self.below(upper)
        fraction = first + (last - first) * (uniform + 2.0**-54)  # never exactly 0
        return min(max(self.where(fraction), lower), upper)

    def shares(self, faces):
        """Return the fraction of events in each layer of cells between `faces`; they add up to
        1."""
        cumulative = np.array([self.below(x) for x in faces])
        return np.diff(cumulative) / (cumulative[-1] - cumulative[0])


class Footprint(NamedTuple):
    """Cells that share an event.

    ``index1, index2, index3``: global cell indices along each axis; ``offset1, offset2, offset3``:
    their centres as seen from the event; ``weight`` (n3, n2, n1): adds up to 1.
    """

    index1: np.ndarray
    index2: np.ndarray
    index3: np.ndarray
    offset1: np.ndarray
    offset2: np.ndarray
    offset3: np.ndarray
    weight: np.ndarray


NOWHERE = Footprint(
    *(np.zeros(0, np.int64) for _ in range(3)),
    *(np.zeros(0) for _ in range(3)),
    np.zeros((0, 0, 0)),
)
"""The footprint of nothing."""


def footprint(mesh, position, radius):
    """Return the `Footprint` of the kernel (1 - (r/radius)^2)^2 about `position` on the cells of
    `mesh`.

    The weights are normalised over the lattice of cells, wrapped along periodic axes and cut at the
    others, so the deposited energy is exact on any blocks. Missing axes do not count in r. A
    `radius` of at least one cell finds at least one cell. On a tube cells count with their volumes,
    and where the kernel holds no centre the nearest cell takes all.
    """
    if geometry_of(mesh).axis is not None:
        return _footprint_on_tube(mesh.geometry, position, radius)
    index, offset = zip(
        *(_near(mesh, axis, position[axis], radius) for axis in range(3)), strict=True
    )
    weight = _kernel(offset, radius)
    return Footprint(*index, *offset, weight / weight.sum())


def footprints_on_blocks(mesh, origins, block, position, radius):
    """Yield (place, `Footprint`) of the blocks of one level that the kernel reaches.

    Parameters
    ----------
    mesh : LevelMesh
        the box as a mesh of the cells of the level
    origins : int array (nblock, 3)
        first cell of each block of the level
    block : sequence of 3 ints
        cells of a block
    position : sequence of 3 floats
    radius : float

    Notes
    ----- Weights are those of `footprint` before they are normalised: the whole kernel lies on
      blocks of several levels and ranks. Only blocks that hold cells of the kernel are visited
      one by one.
    """
    index, offset = zip(
        *(_near(mesh, axis, position[axis], radius) for axis in range(3)), strict=True
    )
    reached = [
        np.isin(origins[:, a] // block[a], np.unique(index[a] // block[a])) for a in range(3)
    ]
    for place in np.flatnonzero(np.logical_and.reduce(reached)).tolist():
        inside = [
            (index[a] >= origins[place, a]) & (index[a] < origins[place, a] + block[a])
            for a in range(3)
        ]
        near = [offset[a][inside[a]] for a in range(3)]
        weight = _kernel(near, radius)
        if weight.any():
            yield place, Footprint(*(index[a][inside[a]] for a in range(3)), *near, weight)


def _near(mesh, axis, position, radius):
    """Return (indices, centres as seen from `position`) of the cells along an axis that are not
    farther away than `radius`."""
    cells, lower = mesh.cells[axis], mesh.lower[axis]
    if cells == 1:
        return np.zeros(1, dtype=np.int64), np.zeros(1)
    width = (mesh.upper[axis] - lower) / cells
    first = math.ceil((position - radius - lower) / width - 0.5)
    last = math.floor((position + radius - lower) / width - 0.5)
    if not mesh.periodic[axis]:
        first, last = max(first, 0), min(last, cells - 1)
    near = np.arange(first, last + 1)
    return near % cells, even_places(lower, width, near) - position


def _kernel(offset, radius):
    """Return (1 - (r/radius)^2)^2, 0 outside, of the cells (n3, n2, n1) at these offsets along the
    axes."""
    square = (
        offset[0][None, None, :] ** 2
        + offset[1][None, :, None] ** 2
        + offset[2][:, None, None] ** 2
    )
    return np.maximum(1.0 - square / radius**2, 0.0) ** 2


def _footprint_on_tube(geometry, position, radius):
    """Return the `Footprint` on the cells of a tube."""
    faces, centres = (
        geometry.positions(0, geometry.cells + more, offset)
        for more, offset in ((1, 0.0), (0, 0.5))
    )
    distance = centres - position[geometry.axis]
    weight = np.maximum(1.0 - (distance / radius) ** 2, 0.0) ** 2 * geometry.volumes(faces)
    if not weight.any():
        weight[np.argmin(np.abs(distance))] = 1.0
    near = np.flatnonzero(weight)
    shape, index, offset = [1, 1, 1], [np.zeros(1, np.int64)] * 3, [np.zeros(1)] * 3
    shape[2 - geometry.axis], index[geometry.axis], offset[geometry.axis] = -1, near, distance[near]
    return Footprint(*index, *offset, (weight[near] / weight[near].sum()).reshape(shape))
