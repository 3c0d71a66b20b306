"""What a problem sees of the mesh: positions, cell sizes, integrals and noise, without blocks,
ranks or ghosts."""

import numpy as np

from crmpi.errors import CrmpiError
from crmpi.mesh.geometry import along, geometry_of
from crmpi.numerics.counter_random import uniform_field

_FACES = {
    "ix1": (0, 0),
    "ox1": (0, -1),
    "ix2": (1, 0),
    "ox2": (1, -1),
    "ix3": (2, 0),
    "ox3": (2, -1),
}


def array_axis(axis):
    """Return the numpy axis of mesh axis 0, 1, 2 (x1, x2, x3): arrays are indexed [k, j, i]."""
    return 2 - axis


def level_mesh(mesh, level):
    """Return the mesh as the blocks of a refinement level see it."""
    return mesh if level == 0 else mesh.at_level(int(level))


class Coordinates:
    """Positions in one box of cells; the ``x`` of the problem hooks.

    Positions follow from *global* cell indices, so that they are bitwise identical for every choice
    of blocks and ranks.

    Parameters
    ----------
    mesh : object with ``cells``, ``lower``, ``upper``
        the whole mesh, lengths in code units; on a refined one that of a level, see `level_mesh`
    first : sequence of 3 ints
        global index of the first cell, axes x1, x2, x3 (ghost cells have negative indices)
    count : sequence of 3 ints
        number of positions along each axis
    offset : sequence of 3 floats
        position inside a cell in units of its width: 0.5 for centres, 0 for lower faces
    wrap : collection of axes
        periodic axes whose positions are taken modulo the mesh, so that the two end faces agree bit
        by bit
    """

    def __init__(self, mesh, first, count, offset=(0.5, 0.5, 0.5), wrap=()):
        self.mesh = mesh
        self.first = tuple(int(f) for f in first)
        self.count = tuple(int(n) for n in count)
        self.dx1, self.dx2, self.dx3 = (
            (hi - lo) / n for lo, hi, n in zip(mesh.lower, mesh.upper, mesh.cells, strict=True)
        )
        self.geometry = geometry_of(mesh)
        self._widths = (self.dx1, self.dx2, self.dx3)
        self.volume = self.geometry.volumes_of(self.first, self.count, self._widths)
        self.x1, self.x2, self.x3 = (
            self._positions(axis, offset[axis], axis in wrap) for axis in range(3)
        )

    def _positions(self, axis, offset, wrap):
        index = self.first[axis] + np.arange(self.count[axis])
        if wrap:
            index = index % self.mesh.cells[axis]
        return along(axis, self.geometry.places(axis, index, offset, self._widths[axis]))

    @property
    def area(self):
        """Cross-section of a tube at the positions along it; that of the box on a plain mesh is a
        matter of the axis."""
        axis = self.geometry.axis
        return along(axis, self.geometry.areas((self.x1, self.x2, self.x3)[axis].ravel()))

    @property
    def shape(self):
        """Shape (n3, n2, n1) of a full array of this box."""
        return self.count[::-1]

    @property
    def z(self):
        """Height, the same as ``x3``."""
        return self.x3

    @property
    def R(self):  # noqa: N802 (the field's name of the cylindrical radius)
        """Distance from the x3 axis; a missing axis, of one cell in the mesh, counts as zero."""
        return self._distance((0, 1))

    @property
    def r(self):
        """Distance from the origin; a missing axis, of one cell in the mesh, counts as zero."""
        return self._distance((0, 1, 2))

    def _distance(self, axes):
        squares = [
            (self.x1, self.x2, self.x3)[axis] ** 2 for axis in axes if self.mesh.cells[axis] > 1
        ]
        return np.sqrt(sum(squares, np.zeros((1, 1, 1))))

    def noise(self, seed):
        """Return random numbers in [-1, 1), a function of the seed and the global cell index only.

        On a refined mesh it is the index of the cell of level 0: a refined start is the same field.
        """
        level = getattr(self.mesh, "level", 0)
        cells = [n if n == 1 else n >> level for n in self.mesh.cells]
        ratio = [1 if n == 1 else 1 << level for n in cells]
        i, j, k = (
            ((self.first[axis] + np.arange(self.count[axis])) // ratio[axis] % cells[axis]).astype(
                np.uint64
            )
            for axis in range(3)
        )
        index = (k[:, None, None] * np.uint64(cells[1]) + j[None, :, None]) * np.uint64(
            cells[0]
        ) + i[None, None, :]
        return 2.0 * uniform_field(seed, index) - 1.0

    def integral(self, density, where=None):
        """Return the volume integral of `density` over this box, only over the cells where `where`
        is true."""
        values = (
            density if np.shape(density) == self.shape else np.broadcast_to(density, self.shape)
        )
        values = values if where is None else np.where(where, values, 0.0)
        return float(self.geometry.integral(values, self.volume))

    def face_integral(self, face, flux):
        """Return the integral of `flux` over the domain face 'ix1' ... 'ox3', taken from the cells
        next to it."""
        if face not in _FACES:
            raise CrmpiError(
                f"x.face_integral: there is no face '{face}'; the faces are {', '.join(_FACES)}"
            )
        axis, side = _FACES[face]
        edge = 0 if side == 0 else self.mesh.cells[axis] - 1
        return self._plane_sum(axis, edge, flux)

    def plane_integral(self, flux, **plane):
        """Return the integral of `flux` over the plane ``x3=height`` (or x1=, x2=), taken from the
        layer of cells that holds it."""
        if len(plane) != 1 or not set(plane) <= {"x1", "x2", "x3"}:
            raise CrmpiError(
                "x.plane_integral takes the flux and one position, as in x.plane_integral(flux, "
                "x3=0.5)"
            )
        ((name, position),) = plane.items()
        axis = ("x1", "x2", "x3").index(name)
        index = self.geometry.index_of(axis, position, self._widths[axis])
        return self._plane_sum(axis, min(max(index, 0), self.mesh.cells[axis] - 1), flux)

    def _plane_sum(self, axis, index, flux):
        local = index - self.first[axis]
        if not 0 <= local < self.count[axis]:
            return 0.0
        layer = np.take(np.broadcast_to(flux, self.shape), local, axis=array_axis(axis))
        # flux and cross-section are those at the centre of the cell
        total = np.sum(layer, dtype=float)
        return float(self.geometry.plane_integral(total, axis, index, self._widths))
