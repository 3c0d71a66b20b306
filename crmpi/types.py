"""Small immutable bundles that cross room boundaries."""

from typing import NamedTuple


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

    def of(self, number):
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
    def bulk(self):
        """Name of the same variable of the bulk."""
        return self.name.removesuffix(f"_{self.population}") if self.population else self.name


class EOS(NamedTuple):
    """Adiabatic indices of the gas and of the cosmic rays, and the mean molecular weight of the gas
    in units of m_p."""

    gamma: float
    gamma_cr: float
    mu: float = 0.6
