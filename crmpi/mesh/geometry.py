"""Geometry of one-dimensional meshes: where faces are, and the cross-section of the tube that the
mesh stands for.

A mesh with one axis of more than one cell may be a *tube* whose cross-section A(s) changes along
it: a `crmpi.mesh.sections.base.CrossSection`. Faces are equally far apart in s or in ln s.
Everything is a function of the *global* index, evaluated number by number, so that it is bitwise
identical for every choice of blocks.
"""

import math

import numpy as np

from crmpi.mesh.metric import EvenCells, TubeCells
from crmpi.plugins import GEOMETRIES
from crmpi.plugins.mistakes import HookError, comes_with_crmpi, place_of_own
from crmpi.precision import LANES
from crmpi.types import Tube


def even_places(lower, width, index, offset=0.5):
    """Return positions in cells of equal `width` from their global indices; `offset` in a cell: 0.5
    for centres, 0 for lower faces. All positions on Cartesian axes come from here, so that they are
    bitwise identical for every choice of blocks."""
    return lower + (index + offset) * width


class Cartesian:
    """Geometry of a mesh of equal boxes.

    Parameters
    ----------
    lower : sequence of 3 floats
        lower corner of the mesh

    Attributes
    ----------
    kind, spacing : str
        see `TubeGeometry`
    axis : int or None
        the axis along which cells change
    """

    kind, spacing, axis = "cartesian", "uniform", None

    def __init__(self, lower):
        self.lower = lower

    def places(self, axis, index, offset, width):
        """Return the positions of global indices (1-D) along an axis where the mean width of cells
        is `width`."""
        return even_places(self.lower[axis], width, index, offset)

    def index_of(self, axis, position, width):
        """Return the global index of the cell that holds `position` along an axis."""
        return int(np.floor((position - self.lower[axis]) / width))

    def volumes_of(self, first, count, widths):
        """Return the volume of the cells of a box, a number or an array (k, j, i) to broadcast."""
        return widths[0] * widths[1] * widths[2]

    def integral(self, values, volume):
        """Return the integral of densities over cells of these volumes."""
        return np.sum(values, dtype=float) * volume

    def plane_integral(self, total, axis, index, widths):
        """Return the integral of a flux over the layer of cells with this global index along an
        axis, from the `total` of its values in the cells."""
        return total * (widths[0] * widths[1] * widths[2]) / widths[axis]

    def metric(self, pack):
        """Return the metric of the blocks of a pack."""
        return EvenCells(pack.grid, pack.levels, refined=pack.refined)


class TubeGeometry(Cartesian):
    """Positions and cross-sections along the one axis of a tube.

    Parameters
    ----------
    kind : str
        name of a cross-section
    spacing : str
        'uniform' or 'log'
    cells, lower, upper : sequences of 3
        of the mesh
    height : float
        ``mesh.tube_height``
    area : function of a position, optional
        the hook of the problem

    Attributes
    ----------
    axis : int
        the axis of the tube
    section : float
        cross-section where the relative one is 1
    """

    def __init__(self, kind, spacing, cells, lower, upper, height=None, area=None):
        super().__init__(lower)
        self.kind, self.spacing = kind, spacing
        self.shape = GEOMETRIES.find(kind)(height, area)
        (self.axis,) = (a for a in range(3) if cells[a] > 1)
        self.cells = cells[self.axis]
        self.begin, self.end = lower[self.axis], upper[self.axis]
        across = [upper[a] - lower[a] for a in range(3) if a != self.axis]
        self.section = self.shape.section(across[0] * across[1])
        self._step = (self.end - self.begin) / self.cells
        self._ratio = math.log(self.end / self.begin) if spacing == "log" else 0.0
        if not comes_with_crmpi(type(self.shape)):
            self._require_sections()

    def _require_sections(self):
        """Refuse cross-sections of a plug-in that are no numbers or negative."""
        faces = self.positions(0, self.cells + 1, 0.0)
        with np.errstate(all="ignore"):
            found = np.asarray(self.shape.relative(faces), dtype=float)
        good = (found >= 0.0) & (found < math.inf)
        if found.shape == faces.shape and good.all():
            return
        what = f"returns an array of the shape {found.shape} for {faces.shape}"
        if found.shape == faces.shape:
            what = f"returns {found[~good][0]:.6g} for s = {faces[~good][0]:.6g}"
        raise HookError(
            f"{place_of_own(type(self.shape), ('relative',))}: {what}; it must return a number "
            "that is finite and not negative for every position",
            everywhere=True,
        )

    def positions(self, first, count, offset=0.5):
        """Return `count` positions from the global index `first` on; `offset` 0 for lower faces,
        0.5 for centres."""
        return np.array([self._position(first + n + offset) for n in range(count)])

    def _position(self, index):
        if self.spacing == "log":
            return self.begin * math.exp(index / self.cells * self._ratio)
        return even_places(self.begin, self._step, index, 0.0)

    def index(self, position):
        """Return the global index of the cell that holds `position`; below 0 or above the last
        outside of the mesh."""
        if self.spacing == "log":
            return (
                math.floor(math.log(position / self.begin) / self._ratio * self.cells)
                if position > 0.0
                else -1
            )
        return math.floor((position - self.begin) / self._step)

    def places(self, axis, index, offset, width):
        """See `Cartesian`."""
        if axis != self.axis:
            return super().places(axis, index, offset, width)
        return np.array([self._position(i + offset) for i in index.tolist()])

    def index_of(self, axis, position, width):
        """See `Cartesian`."""
        if axis == self.axis:
            return self.index(position)
        return super().index_of(axis, position, width)

    def volumes_of(self, first, count, widths):
        """See `Cartesian`."""
        faces = self.positions(first[self.axis], count[self.axis] + 1, 0.0)
        return along(self.axis, self.volumes(faces))

    def integral(self, values, volume):
        """See `Cartesian`."""
        return np.sum(values * volume)

    def plane_integral(self, total, axis, index, widths):
        """See `Cartesian`; the cross-section of the tube is that at the centre of the cell."""
        if axis == self.axis:
            return total * self.areas(self.positions(index, 1)).item()
        return super().plane_integral(total, axis, index, widths)

    def metric(self, pack):
        """Return the metric of the blocks of a pack."""
        return TubeCells(pack, self)

    def areas(self, positions):
        """Return the cross-sections at `positions` (1-D)."""
        return self.section * self.shape.relative(np.asarray(positions, dtype=float))

    def volumes(self, faces):
        """Return the volumes between consecutive `faces` (1-D)."""
        return self.shape.volumes(self.section, faces[:-1], faces[1:])

    def tube(self, firsts, count):
        """Return the `Tube` of blocks whose arrays of `count` cells start at the global indices
        `firsts`."""
        area, volume, width, gap = (_with_room((len(firsts), count)) for _ in range(4))
        for b, first in enumerate(firsts):
            faces = self.positions(int(first), count + 1, 0.0)
            area[b] = self.areas(faces[:-1])
            volume[b] = self.volumes(faces)
            width[b] = np.diff(faces)
            gap[b] = np.diff(self.positions(int(first) - 1, count + 1, 0.5))
        return Tube(self.axis, area, volume, width, gap)


def _with_room(shape):
    """Return ones of this shape with room behind them: loops over whole registers read beyond the
    end of a row."""
    size = math.prod(shape)
    return np.ones(size + LANES)[:size].reshape(shape)


def make_geometry(mesh, area=None):
    """Return the geometry of the parameters `mesh`; `area`: the hook of the problem, or None."""
    if mesh.geometry == "cartesian" and mesh.spacing == "uniform":
        return Cartesian(mesh.lower)
    return TubeGeometry(
        mesh.geometry, mesh.spacing, mesh.cells, mesh.lower, mesh.upper, mesh.tube_height, area
    )


def geometry_of(mesh):
    """Return the geometry of a mesh; one that says nothing of it is Cartesian."""
    return getattr(mesh, "geometry", None) or Cartesian(mesh.lower)


def along(axis, values):
    """Return 1-D `values` as a read-only array (k, j, i) that varies along one mesh axis: hooks
    share it."""
    shape = [1, 1, 1]
    shape[2 - axis] = -1
    values = values.reshape(shape)
    values.flags.writeable = False
    return values
