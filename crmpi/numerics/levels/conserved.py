"""Prolongation of the conserved variables when a block is refined: same sums, nothing negative."""

from crmpi.constants import DENS, ENER, MOM1, NHYDRO
from crmpi.jit import device, kernel
from crmpi.numerics.levels.prolongation import field_square, limited, side_of, slope


@kernel
def prolong_conserved(coarse, fine, table, ratio, up, first_scalar):
    """Set conserved variables of fine regions from coarse cells, with the same sums.

    Energy without that of the field is prolonged like the other variables; the fine field's energy
    and what makes the sum that of the coarse cell, in equal parts, come on top. Where a fine cell
    would have no positive density, thermal energy or cosmic-ray energy all slopes of the coarse
    cell are dropped.

    Parameters
    ----------
    coarse, fine : (u, b), arrays (nblock, nvar, m3, m2, m1) and (nblock, 3 or 0, m3, m2, m1)
        conserved variables and face fields; the fine field must be there
    up : tuple of 3 ints
        1, or 0 for a missing axis
    first_scalar : int
        variables from NHYDRO to this one are energies and must not be negative
    """
    for row in range(table.shape[0]):
        blocks = (table[row, 1], table[row, 0])
        for k in range(table[row, 8]):
            for j in range(table[row, 9]):
                for i in range(table[row, 10]):
                    cell = (table[row, 5] + k, table[row, 6] + j, table[row, 7] + i)
                    corner = (
                        table[row, 2] + ratio.r3 * k,
                        table[row, 3] + ratio.r2 * j,
                        table[row, 4] + ratio.r1 * i,
                    )
                    rest = _spare_energy(coarse[1], fine[1], blocks, cell, corner, ratio, up)
                    where = (blocks, cell, corner)
                    if not _spread(coarse, fine, where, ratio, up, rest, first_scalar, 1.0):
                        _spread(coarse, fine, where, ratio, up, rest, first_scalar, 0.0)


@device
def _energy_of(b, block, k, j, i, up):
    """Return B^2/2 of a cell, 0 without field."""
    return 0.5 * field_square(b[block], k, j, i, up) if b.shape[1] else 0.0


@device
def _spare_energy(coarse_b, fine_b, blocks, cell, corner, ratio, up):
    """Return the magnetic energy density of a coarse cell less the mean of that of its fine cells,
    which are summed in pairs: mirror images have the same."""
    total = 0.0
    for o3 in range(ratio.r3):
        plane = 0.0
        for o2 in range(ratio.r2):
            line = 0.0
            for o1 in range(ratio.r1):
                line += _energy_of(
                    fine_b, blocks[1], corner[0] + o3, corner[1] + o2, corner[2] + o1, up
                )
            plane += line
        total += plane
    return _energy_of(coarse_b, blocks[0], cell[0], cell[1], cell[2], up) - total / (
        ratio.r1 * ratio.r2 * ratio.r3
    )


@device
def _spread(coarse, fine, where, ratio, up, rest, first_scalar, share):
    """Fill the fine cells of a coarse one with `share` of the slopes; return whether all are
    physical.

    ``where``: blocks (coarse, fine), the coarse cell and the first fine one (k, j, i); ``rest``:
    magnetic energy to spare.
    """
    blocks, cell, corner = where
    q, f, coarse_b, fine_b = coarse[0][blocks[0]], fine[0][blocks[1]], coarse[1], fine[1]
    k, j, i = cell
    d1, d2, d3 = ratio.r1 - 1, ratio.r2 - 1, ratio.r3 - 1
    for v in range(q.shape[0]):
        if v == ENER:
            continue
        s1 = share * slope(q[v], k, j, i, 0, 0, d1)
        s2 = share * slope(q[v], k, j, i, 0, d2, 0)
        s3 = share * slope(q[v], k, j, i, d3, 0, 0)
        for o3 in range(ratio.r3):
            for o2 in range(ratio.r2):
                for o1 in range(ratio.r1):
                    shift = (side_of(o1) * s1 + side_of(o2) * s2) + side_of(o3) * s3
                    f[v, corner[0] + o3, corner[1] + o2, corner[2] + o1] = q[v, k, j, i] + shift
    here = q[ENER, k, j, i] - _energy_of(coarse_b, blocks[0], k, j, i, up)
    e1 = share * _energy_slope(q, coarse_b, blocks[0], cell, (0, 0, d1), here, up)
    e2 = share * _energy_slope(q, coarse_b, blocks[0], cell, (0, d2, 0), here, up)
    e3 = share * _energy_slope(q, coarse_b, blocks[0], cell, (d3, 0, 0), here, up)
    good = True
    for o3 in range(ratio.r3):
        for o2 in range(ratio.r2):
            for o1 in range(ratio.r1):
                z, y, x = corner[0] + o3, corner[1] + o2, corner[2] + o1
                inner = here + ((side_of(o1) * e1 + side_of(o2) * e2) + side_of(o3) * e3) + rest
                f[ENER, z, y, x] = inner + _energy_of(fine_b, blocks[1], z, y, x, up)
                good &= _physical(f, inner, z, y, x, first_scalar)
    return good


@device
def _energy_slope(q, b, block, cell, step, here, up):
    """Return a quarter of the limited slope of the energy without that of the field along one
    axis."""
    if step[0] + step[1] + step[2] == 0:
        return 0.0
    k, j, i = cell[0] + step[0], cell[1] + step[1], cell[2] + step[2]
    above = q[ENER, k, j, i] - _energy_of(b, block, k, j, i, up)
    k, j, i = cell[0] - step[0], cell[1] - step[1], cell[2] - step[2]
    below = q[ENER, k, j, i] - _energy_of(b, block, k, j, i, up)
    return 0.25 * limited(above - here, here - below)


@device
def _physical(f, inner, k, j, i, first_scalar):
    """Return whether density, thermal energy and cosmic-ray energies of a cell are positive."""
    dens = f[DENS, k, j, i]
    square = f[MOM1, k, j, i] ** 2 + f[MOM1 + 1, k, j, i] ** 2 + f[MOM1 + 2, k, j, i] ** 2
    good = dens > 0.0 and inner - 0.5 * square / dens > 0.0
    for v in range(NHYDRO, min(first_scalar, f.shape[0])):
        good &= f[v, k, j, i] >= 0.0
    return good
