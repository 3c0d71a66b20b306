"""One view of the cells of a block for everything that is computed from them: the same for a
snapshot and for a running simulation.

An observable asks `Cells` for variables, derived quantities and positions, and never learns where
they come from. Both sources give bitwise identical numbers: values are copied to the same
contiguous arrays, positions follow from global indices by the same formulas.
"""

from typing import NamedTuple

import numpy as np
import yaml

from crmpi.analysis.read.derived import DERIVED, unknown
from crmpi.constants import HYDROGEN_FRACTION, SOLAR_METALS
from crmpi.mesh.geometry import even_places
from crmpi.mesh.tree import FINER, NO_NEIGHBOUR, direction
from crmpi.output.snapshot import cell_variables, face_variables
from crmpi.units import Units

FLUXES = ("fecr1", "fecr2", "fecr3")
"""The energy flux of cosmic rays relative to the gas: derived where the solver evolves `fcr`, else
given by the running solver."""


AXIS_NUMBERS = {"x1": 0, "x2": 1, "x3": 2}


class MeshShape:
    """What `cells`, `lower`, `upper`, `geometry` and `spacing` of a mesh say."""

    @property
    def axes(self):
        """The axes that have more than one cell; a single cell is shown as a line of one cell along
        x1."""
        return [axis for axis in range(3) if self.cells[axis] > 1] or [0]

    def cells_at(self, level):
        """Return the numbers of cells (x1, x2, x3) of the mesh in cells of a refinement level."""
        return tuple(n if n == 1 else n << int(level) for n in self.cells)

    @property
    def is_tube(self):
        """Whether cells have different widths or cross-sections."""
        return (self.geometry, self.spacing) != ("cartesian", "uniform")

    def nearest_face(self, axes=None):
        """Return the distance from the origin to the nearest face of the box along `axes`, all
        there are by default."""
        return min(
            min(-self.lower[a], self.upper[a]) for a in (self.axes if axes is None else axes)
        )

    def widest_cell(self, axes=None):
        """Return the largest width of the cells of level 0 along `axes`, all there are by
        default."""
        return max(
            (self.upper[a] - self.lower[a]) / self.cells[a]
            for a in (self.axes if axes is None else axes)
        )


class Facts(NamedTuple):
    """What is true of all blocks. `config`: every parameter in the user's units, nested; `where`:
    what to call the source in messages.

    `cells`, `block`, `lower`, `upper`, `periodic` are those of the mesh; `geometry`, `spacing` as
    in ``mesh.geometry``, ``mesh.spacing``.
    """

    cells: tuple
    block: tuple
    lower: tuple
    upper: tuple
    periodic: tuple
    geometry: str
    spacing: str
    units: Units
    gamma: float
    gamma_cr: float
    mu: float
    names: list
    magnetic: bool
    config: dict
    where: str

    @property
    def hydrogen(self):
        """Mass fraction of hydrogen."""
        return float(self.config.get("composition", {}).get("X", HYDROGEN_FRACTION))

    def metallicity(self, given, otherwise=0.3):
        """Return the metallicity in solar units: what is `given`, or that of ``composition.Z``, or
        `otherwise`."""
        counted = float(self.config.get("composition", {}).get("Z", 0.0)) / SOLAR_METALS
        return counted or otherwise if given is None else given

    # named tuples do not inherit
    axes, is_tube, cells_at = MeshShape.axes, MeshShape.is_tube, MeshShape.cells_at
    nearest_face, widest_cell = MeshShape.nearest_face, MeshShape.widest_cell


class Along(NamedTuple):
    """A block along a tube: `centres` with one neighbour at each end (n + 2), `faces` and their
    `areas` (n + 1), `volumes` (n)."""

    centres: np.ndarray
    faces: np.ndarray
    areas: np.ndarray
    volumes: np.ndarray


class Cells:
    """The active cells of one block. All numbers are in code units; positions have shapes that
    broadcast against (n3, n2, n1).

    ``cells["dens"]`` is any variable or derived quantity of `crmpi.analysis.read.derived`, an array
    (n3, n2, n1) not to be changed.

    Attributes
    ----------
    facts : Facts
    units, gamma, gamma_cr, mu, magnetic
        of the run, from `facts`
    gid : int
        global number of the block
    level : int
        refinement level of the block
    first : tuple of 3 ints
        global index of its first cell, axes x1, x2, x3, counted in cells of this level
    mesh : tuple of 3 ints
        numbers of cells of the whole mesh in cells of this level
    shape : (n3, n2, n1)
    """

    def __init__(self, facts, gid, first, read, along=None, level=0, tree=None):
        self.facts, self.gid, self.first = facts, int(gid), tuple(int(n) for n in first)
        self.units, self.magnetic = facts.units, facts.magnetic
        self.gamma, self.gamma_cr, self.mu = facts.gamma, facts.gamma_cr, facts.mu
        self.shape = tuple(facts.block[::-1])
        self.level, self.mesh, self._tree = int(level), facts.cells_at(level), tree
        self._read, self._along, self._known, self._remembered = read, along, {}, {}

    def __getitem__(self, name):
        if name not in self._known:
            self._known[name] = self._value(name)
        return self._known[name]

    def _value(self, name):
        if name in self.facts.names:
            return self._read(name)
        if name not in DERIVED:
            raise unknown(name, self.facts.names, self.units, self.facts.where)
        entry = DERIVED[name]
        with np.errstate(divide="ignore", invalid="ignore"):
            return entry.compute(self, *(self[need] for need in entry.needs))

    # ------------------------------------------------------------------ positions

    def faces(self, axis):
        """Return the positions of the faces along an axis (0, 1, 2), n + 1 numbers."""
        if self._along_tube(axis):
            return self._along.faces
        lower, upper, total = self.facts.lower[axis], self.facts.upper[axis], self.mesh[axis]
        return lower + (upper - lower) * (
            (self.first[axis] + np.arange(self.facts.block[axis] + 1)) / total
        )

    def centres(self, axis, beyond=0):
        """Return the positions of the centres along an axis (0, 1, 2), n numbers, or n + 2 with
        those of the neighbours (`beyond` = 1).

        Neighbours are the nearest cells of the next block, whatever its level; beyond a physical
        boundary, cells of the own size.
        """
        if self._along_tube(axis):
            return self._along.centres if beyond else self._along.centres[1:-1]
        lower, upper, total = self.facts.lower[axis], self.facts.upper[axis], self.mesh[axis]
        index = self.first[axis] - beyond + np.arange(self.facts.block[axis] + 2 * beyond)
        centres = even_places(lower, (upper - lower) / total, index)
        if beyond and self._tree is not None and self._tree.max_level:
            below, above = (
                0.5 * (upper - lower) / total * (1.0 - 0.5**step) for step in self._steps(axis)
            )
            centres[0], centres[-1] = centres[0] + below, centres[-1] - above
        return centres

    def _steps(self, axis):
        """Return how many levels finer the neighbours at the lower and upper end along an axis are:
        -1, 0 or 1."""
        for side in (-1, 1):
            offset = [side if a == axis else 0 for a in range(3)]
            found = int(self._tree.neighbours[self.gid, direction(offset)])
            yield (
                1
                if found == FINER
                else 0
                if found == NO_NEIGHBOUR
                else int(self._tree.levels[found]) - self.level
            )

    @property
    def x1(self):
        """Positions of the centres along x1."""
        return self.position(0)

    @property
    def x2(self):
        """Positions of the centres along x2."""
        return self.position(1)

    @property
    def x3(self):
        """Positions of the centres along x3."""
        return self.position(2)

    @property
    def r(self):
        """Distance from the origin; axes with one cell do not count. Not to be changed."""
        return self.remember("r", lambda: np.sqrt(sum(self._squares())))

    def distances(self):
        """Return the smallest and the largest ``r`` of the block."""
        return self.remember("distances", self._distances)

    def _distances(self):
        squares = list(self._squares())
        nearest = np.sqrt(sum(square.min() for square in squares))
        return float(nearest), float(np.sqrt(sum(square.max() for square in squares)))

    def _squares(self):
        return (self.position(axis) ** 2 for axis in self.facts.axes)

    def position(self, axis):
        """Return ``x1``, ``x2`` or ``x3`` by number. Not to be changed."""
        return self.remember(("x", axis), lambda: self.along(axis, self.centres(axis)))

    def remember(self, key, compute):
        """Return what ``compute()`` returned when it was first asked for under this key, for what
        several observables need of a block."""
        if key not in self._remembered:
            self._remembered[key] = compute()
        return self._remembered[key]

    def index(self, axis):
        """Return the global indices of the cells along an axis, counted in cells of the own level,
        of a shape that broadcasts."""
        return self.along(axis, self.first[axis] + np.arange(self.facts.block[axis]))

    @staticmethod
    def along(axis, values):
        """Return 1-D `values` as an array that varies along one axis (0, 1, 2)."""
        shape = [1, 1, 1]
        shape[2 - axis] = -1
        return values.reshape(shape)

    # ------------------------------------------------------------------ sizes

    @property
    def widths(self):
        """Widths of the cells along x1, x2, x3: numbers, or an array along a tube."""
        plain = [
            (hi - lo) / n
            for lo, hi, n in zip(self.facts.lower, self.facts.upper, self.mesh, strict=True)
        ]
        return tuple(
            self.along(a, np.diff(self._along.faces)) if self._along_tube(a) else plain[a]
            for a in range(3)
        )

    @property
    def volume(self):
        """Volume of the cells: a number, or an array along a tube."""
        if self._along is not None:
            return self.along(self.facts.axes[0], self._along.volumes)
        dx1, dx2, dx3 = self.widths
        return dx1 * dx2 * dx3

    def area(self, axis):
        """Return the areas of the faces normal to an axis (0, 1, 2), one cell across: n + 1
        numbers; a tube has faces along it alone."""
        if self._along is not None:
            return self._along.areas
        return np.full(self.facts.block[axis] + 1, self.volume / self.widths[axis])

    def _along_tube(self, axis):
        return self._along is not None and axis == self.facts.axes[0]

    def integral(self, density):
        """Return the volume integral of `density` over this block."""
        return float(np.sum(np.broadcast_to(density, self.shape) * self.volume))


def running(sim, facts=None, flux=None):
    """Yield the `Cells` of the blocks of this rank of a running simulation, as the next snapshot
    will have them.

    Cosmic-ray fluxes that a snapshot has only with ``output.fluxes`` are there too, see `FLUXES`,
    computed on first use. `facts`, those of the run, and `flux`, the `LateFlux` of this state, may
    be given to save time.
    """
    facts = facts or facts_of(sim)
    places = {
        v.name: (getattr(sim.pack, v.array), v.component)
        for v in [*cell_variables(sim.pack), *face_variables(sim.pack)]
    }
    flux = flux or LateFlux(sim)

    def reader(b):
        def read(name):
            array, component = (
                places[name] if name in places else (flux.array(), FLUXES.index(name))
            )
            return np.ascontiguousarray(sim.pack.active(array)[b, component])

        return read

    for b, (gid, first, level) in enumerate(
        zip(sim.pack.gids, sim.pack.origins, sim.pack.levels, strict=True)
    ):
        yield Cells(facts, gid, first, reader(b), _tube_of(sim.tree, first), level, sim.tree)


class LateFlux:
    """The relative flux of cosmic rays of a simulation, computed when somebody first asks for
    it."""

    def __init__(self, sim):
        self._sim, self._array = sim, None

    def array(self):
        """Return it, see `crmpi.transport.fluxes`."""
        if self._array is None:
            self._array = self._sim.transport.relative_flux()
        return self._array


def facts_of(sim):
    """Return the `Facts` of a running simulation."""
    config, tree, pack = sim.config, sim.tree, sim.pack
    names = [v.name for v in [*cell_variables(pack), *face_variables(pack)]]
    if sim.transport is not None and "fcr" not in names:
        names += FLUXES
    return Facts(
        cells=tuple(tree.cells),
        block=tuple(tree.block),
        lower=tuple(tree.lower),
        upper=tuple(tree.upper),
        periodic=tuple(tree.periodic),
        geometry=config.mesh.geometry,
        spacing=config.mesh.spacing,
        units=sim.units,
        gamma=config.fluid.gamma,
        gamma_cr=config.fluid.gamma_cr if pack.has_cr else 0.0,
        mu=config.fluid.mu,
        names=names,
        magnetic=pack.magnetic,
        config=config.resolved(),
        where="this run",
    )


def _tube_of(tree, first):
    """Return the `Along` of a block of a simulation, None on a plain mesh."""
    geometry = tree.geometry
    if geometry.axis is None:
        return None
    n, start = tree.block[geometry.axis], int(first[geometry.axis])
    faces = geometry.positions(start, n + 1, 0.0)
    return Along(
        geometry.positions(start - 1, n + 2), faces, geometry.areas(faces), geometry.volumes(faces)
    )


def stored_facts(snapshot):
    """Return the `Facts` of an open snapshot."""
    return Facts(
        cells=snapshot.cells,
        block=snapshot.block,
        lower=snapshot.lower,
        upper=snapshot.upper,
        periodic=snapshot.periodic,
        geometry=snapshot.geometry,
        spacing=snapshot.spacing,
        units=snapshot.units,
        gamma=snapshot.gamma,
        gamma_cr=snapshot.gamma_cr,
        mu=snapshot.mu,
        names=snapshot.names,
        magnetic="b1" in snapshot.names,
        config=yaml.safe_load(snapshot.config) or {},
        where=str(snapshot.path),
    )
