"""Small immutable bundles that cross room boundaries."""

from typing import NamedTuple


class Grid(NamedTuple):
    """Shape of one block and of the arrays that hold it; the one geometry argument of kernels.

    ``n`` active cells, ``ng`` ghost cells on each side (0 on a missing axis), ``m`` allocated extent (cells, ghosts, the
    last face, padding), ``dx`` cell width in code units. Axis 1 is the fastest in memory.
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
    """Declaration of an evolved variable; storage, ghosts, boundaries, restart and output follow from it.

    ``vector``: the components flip sign across a reflecting wall normal to them. ``unit`` is a dimension name of
    ``crmpi.units``. ``title`` is for humans.
    """

    name: str
    ncomp: int = 1
    vector: bool = False
    unit: str = "none"
    title: str = ""


class EOS(NamedTuple):
    """Adiabatic indices of the gas and of the cosmic rays, and the mean molecular weight of the gas in units of m_p."""

    gamma: float
    gamma_cr: float
    mu: float = 0.6
