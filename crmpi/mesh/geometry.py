"""Geometry of one-dimensional meshes: where faces are, and the cross-section of the tube that the
mesh stands for.

A mesh with one axis of more than one cell may be a *tube* whose cross-section A(s) changes along
it::

    spherical   A = 4 pi r^2, the whole sphere, along x1
    flux_tube   A = S (1 + (s/h)^2), symmetric in s, along any axis
    own         A = S times what the hook `area` of the problem returns

S is the cross-section of the box, the product of its widths along the two missing axes. Faces are
equally far apart in s or in ln s. Everything is a function of the *global* index, evaluated number
by number, so that it has the same bits for every choice of blocks.
"""

import math
from typing import NamedTuple

import numpy as np

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(5)  # volumes of own tubes


class Tube(NamedTuple):
    """The tube as kernels see it; arrays (nblock, m) run along `axis`, ghost cells included.

    ``area`` at lower faces, ``volume`` and ``width`` of cells, ``gap`` from the centre of the cell
    below a lower face to the one above.
    """

    axis: int
    area: np.ndarray
    volume: np.ndarray
    width: np.ndarray
    gap: np.ndarray


class Geometry:
    """Positions and cross-sections along the one axis of a tube.

    Parameters
    ----------
    kind : str
        'cartesian', 'spherical', 'flux_tube' or 'own'
    spacing : str
        'uniform' or 'log'
    cells, lower, upper : sequences of 3
        of the mesh
    height : float
        h of 'flux_tube'
    area : function of a position, optional
        relative cross-section of 'own'

    Attributes
    ----------
    axis : int
        the axis of the tube
    section : float
        cross-section where the relative one is 1
    """

    def __init__(self, kind, spacing, cells, lower, upper, height=None, area=None):
        self.kind, self.spacing, self.height = kind, spacing, height
        (self.axis,) = (a for a in range(3) if cells[a] > 1)
        self.cells, self.lower, self.upper = cells[self.axis], lower[self.axis], upper[self.axis]
        across = [upper[a] - lower[a] for a in range(3) if a != self.axis]
        self.section = 4.0 * math.pi if kind == "spherical" else across[0] * across[1]
        self._own = area
        self._step = (self.upper - self.lower) / self.cells
        self._ratio = math.log(self.upper / self.lower) if spacing == "log" else 0.0

    def positions(self, first, count, offset=0.5):
        """Return `count` positions from the global index `first` on; `offset` 0 for lower faces,
        0.5 for centres."""
        return np.array([self._position(first + n + offset) for n in range(count)])

    def _position(self, index):
        if self.spacing == "log":
            return self.lower * math.exp(index / self.cells * self._ratio)
        return self.lower + index * self._step

    def index(self, position):
        """Return the global index of the cell that holds `position`; below 0 or above the last
        outside of the mesh."""
        if self.spacing == "log":
            return (
                math.floor(math.log(position / self.lower) / self._ratio * self.cells)
                if position > 0.0
                else -1
            )
        return math.floor((position - self.lower) / self._step)

    def relative_area(self, positions):
        """Return the cross-sections at `positions` (1-D) relative to `section`."""
        s = np.asarray(positions, dtype=float)
        if self.kind == "spherical":
            return s * s
        if self.kind == "flux_tube":
            return 1.0 + (s / self.height) ** 2
        return np.array([float(self._own(x)) for x in s]) if self.kind == "own" else np.ones_like(s)

    def areas(self, positions):
        """Return the cross-sections at `positions` (1-D)."""
        return self.section * self.relative_area(positions)

    def volumes(self, faces):
        """Return the volumes between consecutive `faces`; exact, without cancellation where the
        tube is thin."""
        a, b = faces[:-1], faces[1:]
        width = b - a
        if self.kind == "spherical":
            return self.section * width * ((a * a + a * b + b * b) / 3.0)
        if self.kind == "flux_tube":
            return self.section * width * (1.0 + (a * a + a * b + b * b) / (3.0 * self.height**2))
        if self.kind == "own":
            middle = 0.5 * (a + b)
            means = sum(
                0.5 * w * self.relative_area(middle + 0.5 * x * width)
                for x, w in zip(_NODES, _WEIGHTS, strict=True)
            )
            return self.section * width * means
        return self.section * width

    def tube(self, firsts, count):
        """Return the `Tube` of blocks whose arrays of `count` cells start at the global indices
        `firsts`."""
        area, volume, width, gap = (np.empty((len(firsts), count)) for _ in range(4))
        for b, first in enumerate(firsts):
            faces = self.positions(int(first), count + 1, 0.0)
            area[b] = self.areas(faces[:-1])
            volume[b] = self.volumes(faces)
            width[b] = np.diff(faces)
            gap[b] = np.diff(self.positions(int(first) - 1, count + 1, 0.5))
        return Tube(self.axis, area, volume, width, gap)


def make_geometry(mesh, area=None):
    """Return the `Geometry` of the parameters `mesh`, or None for a plain Cartesian mesh; `area`:
    the hook of the problem, or None."""
    if mesh.geometry == "cartesian" and mesh.spacing == "uniform":
        return None
    return Geometry(
        mesh.geometry, mesh.spacing, mesh.cells, mesh.lower, mesh.upper, mesh.tube_height, area
    )
