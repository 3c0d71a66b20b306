"""Random patches on the grid: spheres (discs, segments) of random places and sizes, the same for
every choice of blocks and ranks.

Space is cut into lattice cells as wide as the largest patch. Each holds a Poisson number of
patches; their number, places and sizes are functions of the seed and the lattice cell, so a block
needs only its own lattice cells and those around.
"""

import itertools

import numpy as np

from crmpi.errors import CrmpiError
from crmpi.jit import device, kernel
from crmpi.mesh.geometry import even_places
from crmpi.numerics.counter_random import poisson, uniform_field, uniform_pair

_STREAM = 77  # of the random numbers of a seed; five streams from here on
_MOST = 500  # mean number of patches of a lattice cell: Poisson numbers by inversion


class PatchStatistics:
    """Sizes and number of the patches: dn/dln R ~ R^-(dim - 1 + delta) between `smallest` and
    `largest`.

    In three dimensions this is the distribution whose mean free path grows like R^delta (Butsky et
    al. 2024).
    """

    def __init__(self, smallest, largest, delta, filling, dimensions):
        self.smallest, self.largest, self.dimensions = smallest, largest, dimensions
        self.exponent = dimensions - 1 + delta
        # a Boolean model with this mean volume per volume covers the share `filling` of space
        self.coverage = -np.log1p(-filling)

    def sizes(self, uniform):
        """Return the radii that belong to uniform random numbers."""
        if self.smallest == self.largest:
            return np.full_like(uniform, self.largest)
        low, high = self.smallest**-self.exponent, self.largest**-self.exponent
        return (low + uniform * (high - low)) ** (-1.0 / self.exponent)

    def mean_volume(self):
        """Return the mean volume (area, length) of a patch, by the midpoint rule in the random
        number."""
        radii = self.sizes((np.arange(4096) + 0.5) / 4096)
        unit = {1: 2.0, 2: np.pi, 3: 4.0 * np.pi / 3.0}[self.dimensions]
        return unit * np.mean(radii**self.dimensions)


class PatchField:
    """The patches of a mesh.

    Parameters
    ----------
    statistics : PatchStatistics
    mesh : object with ``cells``, ``lower``, ``upper``, ``periodic``
    seed : int
    """

    def __init__(self, statistics, mesh, seed):
        self.statistics, self.mesh, self.seed = statistics, mesh, seed
        extent = np.array(mesh.upper, float) - np.array(mesh.lower, float)
        self.present = np.array([n > 1 for n in mesh.cells])
        self.count = np.where(
            self.present, np.maximum(1, np.floor(extent / (2.0 * statistics.largest))), 1
        ).astype(int)
        self.width = extent / self.count
        cell_volume = float(np.prod(self.width[self.present]))
        self.mean = statistics.coverage * cell_volume / statistics.mean_volume()
        if self.mean > _MOST:
            raise CrmpiError(
                (
                    "scattering.size_min gives too many patches to count; raise it or lower "
                    "scattering.filling"
                ),
                everywhere=True,
            )

    def largest_radius(self, pack):
        """Return (nblock, m3, m2, m1): radius of the largest patch that covers the centre of a
        cell, 0 where there is none."""
        grid = pack.grid
        radius = pack.pool.numbers(grid.m3, grid.m2, grid.m1)
        ghosts, shape = (
            np.array([grid.ng1, grid.ng2, grid.ng3]),
            np.array([grid.n1, grid.n2, grid.n3]),
        )
        for b in range(pack.nblock):
            own = pack.grid_of(b)
            spacing = np.array([own.dx1, own.dx2, own.dx3])
            first = even_places(np.array(self.mesh.lower), spacing, pack.origins[b] - ghosts)
            last = first + (shape + 2 * ghosts - 1) * spacing
            for lattice in self._lattice_around(first, last):
                for centre, size in self._patches(lattice):
                    paint(radius[b], first, spacing, centre, size, self.present, shape + 2 * ghosts)
        return radius

    def _lattice_around(self, first, last):
        """Return the lattice cells whose patches can reach a box."""
        low, high = (
            np.floor((edge - np.array(self.mesh.lower)) / self.width).astype(int)
            for edge in (first, last)
        )
        ranges = [
            range(lo - 1, hi + 2) if here else range(1)
            for lo, hi, here in zip(low, high, self.present, strict=True)
        ]
        return itertools.product(*ranges)

    def _patches(self, lattice):
        """Yield (centre, radius) of the patches of one lattice cell; beyond a periodic side those
        of the other side come back."""
        home = [
            index % n if wraps else index
            for index, n, wraps in zip(lattice, self.count, self.mesh.periodic, strict=True)
        ]
        # 21 bits an axis, two's complement
        place = sum((int(index) & 0x1FFFFF) << (21 * a) for a, index in enumerate(home))
        number = poisson(self.mean, float(uniform_field(self.seed, np.array([place]), _STREAM)[0]))
        if number == 0:
            return
        seed = self.seed ^ (place * 0x9E3779B97F4A7C15 & 0xFFFFFFFFFFFFFFFF)
        u1, u2 = uniform_pair(seed, np.arange(number), _STREAM + 1)
        u3, u4 = uniform_pair(seed, np.arange(number), _STREAM + 2)
        radii = self.statistics.sizes(u4)
        corner = np.array(self.mesh.lower) + np.array(lattice) * self.width
        for n in range(number):
            yield corner + np.array([u1[n], u2[n], u3[n]]) * self.width, radii[n]


@kernel
def paint(radius, first, spacing, centre, size, present, shape):
    """Raise `radius` (m3, m2, m1) to `size` in the cells whose centres are within a patch; `first`
    is the centre of the first cell."""
    low1, high1 = _reached(centre[0], size, first[0], spacing[0], shape[0], present[0])
    low2, high2 = _reached(centre[1], size, first[1], spacing[1], shape[1], present[1])
    low3, high3 = _reached(centre[2], size, first[2], spacing[2], shape[2], present[2])
    for k in range(low3, high3):
        for j in range(low2, high2):
            for i in range(low1, high1):
                d1 = first[0] + i * spacing[0] - centre[0] if present[0] else 0.0
                d2 = first[1] + j * spacing[1] - centre[1] if present[1] else 0.0
                d3 = first[2] + k * spacing[2] - centre[2] if present[2] else 0.0
                if d1 * d1 + d2 * d2 + d3 * d3 <= size * size:
                    radius[k, j, i] = max(radius[k, j, i], size)


@device
def _reached(centre, size, first, spacing, n, present):
    """Return the range of cells along an axis whose centres a patch can reach; a missing axis has
    one cell."""
    if not present:
        return 0, 1
    low = int(np.ceil((centre - size - first) / spacing))
    high = int(np.floor((centre + size - first) / spacing)) + 1
    return max(0, low), min(n, high)
