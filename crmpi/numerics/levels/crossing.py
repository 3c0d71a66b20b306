"""What crosses the outer faces of the mesh: the fluxes that a scheme used there, summed block by
block."""

from typing import NamedTuple

from crmpi.constants import AXES
from crmpi.jit import device, kernel
from crmpi.numerics.rows.axes import flux_weight
from crmpi.numerics.rows.rows import load, row, separate


class Crossing(NamedTuple):
    """Where the flux through outer faces is summed.

    ``outer`` (nblock, 6): whether the faces ix1, ox1, ix2 ... of a block are on the boundary of the
    mesh. ``amounts`` (nblock, ncomp): what came in, sums of densities over cells; on a tube they
    come weighted with volumes.
    """

    outer: object
    amounts: object


@device
def touches(crossing, b):
    """Return whether block `b` has an outer face."""
    outer = crossing.outer
    return outer[b, 0] or outer[b, 1] or outer[b, 2] or outer[b, 3] or outer[b, 4] or outer[b, 5]


@kernel
def cross_rows(grid, axes, crossing, place, lower, upper, first, count):
    """Add what a row of cells gets through outer faces; `place` is its (block, k, j).

    `lower`, `upper`: the faces (Rows, one per axis) below and above the cells, with fluxes in the
    variables `first` ... of `count`.
    """
    separate()
    b, k, j = place
    for a in AXES:
        if axes[a].stride:
            begins = a == 0 or (a == 1 and j == grid.ng2) or (a == 2 and k == grid.ng3)
            ends = (
                a == 0
                or (a == 1 and j == grid.ng2 + grid.n2 - 1)
                or (a == 2 and k == grid.ng3 + grid.n3 - 1)
            )
            if begins and crossing.outer[b, 2 * a]:
                add_fluxes(
                    lower[a],
                    (0, 1 if a == 0 else grid.n1),
                    flux_weight(axes[a], 0),
                    (first, count),
                    crossing.amounts,
                    b,
                )
            if ends and crossing.outer[b, 2 * a + 1]:
                add_fluxes(
                    upper[a],
                    (grid.n1 - 1 if a == 0 else 0, grid.n1),
                    -flux_weight(axes[a], grid.n1 if a == 0 else 1),
                    (first, count),
                    crossing.amounts,
                    b,
                )


@device
def add_fluxes(faces, span, factor, variables, amounts, b):
    """Add `factor` times the fluxes of the faces in `span` to the amounts of block `b`."""
    for v in range(variables[1]):
        flux, total = row(faces, variables[0] + v), 0.0
        for i in range(span[0], span[1]):
            total += load(flux, i)
        amounts[b, v] += factor * total
