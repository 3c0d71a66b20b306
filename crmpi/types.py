"""Small immutable bundles that cross room boundaries."""

from typing import NamedTuple

from crmpi.constants import HYDROGEN_FRACTION, SOLAR_METALS


class Grid(NamedTuple):
    """Shape of one block and of the arrays that hold it; the one geometry argument of kernels.

    ``n`` active cells, ``ng`` ghost cells on each side (0 on a missing axis), ``m`` allocated
    extent (cells, ghosts, the last face, padding), ``dx`` cell width in code units. Axis 1 is the
    fastest in memory.
    """

    n1: int
    n2: int
    n3: int
    ng1: int
    ng2: int
    ng3: int
    m1: int
    m2: int
    m3: int
    dx1: float
    dx2: float
    dx3: float


class Axis(NamedTuple):
    """One axis as a kernel sees it.

    ``stride`` elements from a cell to its upper neighbour (0 if the axis is missing); ``dtdx`` the
    time step over the cell width (0 if the axis is missing); ``normal, first, second`` the vector
    components along the axis and the two transverse axes, in cyclic order.
    """

    stride: int
    dtdx: float
    normal: int
    first: int
    second: int


class TubeAxis(NamedTuple):
    """An axis of a tube as a row kernel sees it, see `Axis`.

    Arrays (m,) of one block along the tube: ``area`` at lower faces, ``volume`` and ``width`` of
    cells; the row begins at cell ``place``. ``dtdx`` is that of the mean width.
    """

    stride: int
    dtdx: float
    normal: int
    first: int
    second: int
    dt: float
    place: int
    area: object
    volume: object
    width: object


def make_axes(grid: Grid, dt: float) -> tuple[Axis, ...]:
    """Return the three `Axis` of a grid for a step `dt`."""
    strides = (
        1 if grid.ng1 else 0,
        grid.m1 if grid.ng2 else 0,
        grid.m1 * grid.m2 if grid.ng3 else 0,
    )
    widths = (grid.dx1, grid.dx2, grid.dx3)
    return tuple(
        Axis(strides[a], dt / widths[a] if strides[a] else 0.0, a, (a + 1) % 3, (a + 2) % 3)
        for a in range(3)
    )


class EqualVolumes(NamedTuple):
    """All cells have this volume."""

    volume: float


class BlockVolumes(NamedTuple):
    """All cells of a block have the volume (nblock,) of its level."""

    volume: object


class TubeVolumes(NamedTuple):
    """Volumes (nblock, m) along the one axis 0, 1, 2 that is not missing."""

    axis: int
    volume: object


class Tube(NamedTuple):
    """The tube as kernels see it; arrays (nblock, m) run along `axis`, ghost cells included.

    ``area`` at lower faces, ``volume`` and ``width`` of cells, ``gap`` from the centre of the cell
    below a lower face to the one above.
    """

    axis: int
    area: object
    volume: object
    width: object
    gap: object


class Field(NamedTuple):
    """Declaration of an evolved variable; storage, ghosts, boundaries, restart and output follow
    from it.

    ``vector``: the components flip sign across a reflecting wall normal to them. ``unit`` is a
    dimension name of ``crmpi.units``. ``title`` is for humans. ``population``: 0, or the number of
    the cosmic-ray tracer it belongs to. ``turned``: what plays its role where B points the other
    way: '' for what knows no direction of B, '-' for its own negative, else the name of another
    variable. ``passive``: a scalar of the user, stored as a density and known to people as a
    concentration.
    """

    name: str
    ncomp: int = 1
    vector: bool = False
    unit: str = "none"
    title: str = ""
    population: int = 0
    turned: str = ""
    passive: bool = False

    def of(self, number: int) -> "Field":
        """Return this variable of the bulk as that of a cosmic-ray population: `ecr` of tracer 2 is
        `ecr_2`; number 0 is the bulk."""
        if number == 0:
            return self
        return self._replace(
            name=f"{self.name}_{number}",
            title=f"{self.title} of tracer {number}",
            population=number,
        )

    @property
    def bulk(self) -> str:
        """Name of the same variable of the bulk."""
        return self.name.removesuffix(f"_{self.population}") if self.population else self.name


class EOS(NamedTuple):
    """Adiabatic indices of the gas and of the cosmic rays, the mean molecular weight of the gas in
    units of m_p, and mass fractions of hydrogen and of metals."""

    gamma: float
    gamma_cr: float
    mu: float = 0.6
    hydrogen: float = HYDROGEN_FRACTION
    metals: float = 0.0

    def metallicity(self, otherwise):
        """Return the metals in solar units, or `otherwise` where metals are not counted."""
        return self.metals / SOLAR_METALS if self.metals else otherwise
