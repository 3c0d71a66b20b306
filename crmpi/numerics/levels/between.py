"""Fluxes that are functions of the two cells beside a face, through faces beside another level:
kept by their blocks, replaced by those of the finer side. `crmpi.numerics.levels.level_faces` has
those that a scheme forms for whole rows."""

from crmpi.jit import choice, kernel
from crmpi.numerics.levels.level_faces import FAST, SLOW, cell_inside, neighbour_of, shape_of


@choice
def write_flux(source, b, face, cells, plane, place):
    """Write the flux through one face of block `b` to a `plane` (ncomp, 1, rows, columns).

    ``face``: axis and side, 0 or 1; ``cells``: indices (i, j, k) of the cells inside and beyond;
    ``place``: row and column of the plane.
    """


@choice
def apply_difference(source, u, cell, axis, inward, planes, place):
    """Change one cell of `u` by the difference between the fluxes of the finer side and its own.

    ``cell``: (block, i, j, k); ``inward``: dt/dx, negative at upper faces; ``planes``: own and
    fine, (ncomp, 1, rows, columns); ``place``: row and column.
    """


@kernel
def keep_between(source, grid, kept):
    """Keep the fluxes of `source` through faces beside another level."""
    n, first = shape_of(grid)
    for b in range(kept.slots.shape[0]):
        for face in range(6):
            a, side, slot = face // 2, face % 2, kept.slots[b, face]
            if slot < 0:
                continue
            for r in range(n[SLOW[a]]):
                for q in range(n[FAST[a]]):
                    inside = cell_inside(first, n, a, side, r, q)
                    beyond = neighbour_of(inside[0], inside[1], inside[2], a, side)
                    plane = kept.planes[slot]
                    write_flux(source, b, (a, side), (inside, beyond), plane, (r, q))


@kernel
def replace_between(source, u, grid, axes, touched, planes):
    """Replace the fluxes of `source` on faces that finer blocks share; arguments as for
    `crmpi.numerics.levels.level_faces.replace_in_register`."""
    own, fine = planes
    n, first = shape_of(grid)
    for t in range(touched.shape[0]):
        block, plane, a, side = touched[t, 0], touched[t, 1], touched[t, 2], touched[t, 3]
        inward = (1.0 - 2.0 * side) * axes[a].dtdx
        for r in range(n[SLOW[a]]):
            for q in range(n[FAST[a]]):
                i, j, k = cell_inside(first, n, a, side, r, q)
                both = own[plane], fine[plane]
                apply_difference(source, u, (block, i, j, k), a, inward, both, (r, q))
