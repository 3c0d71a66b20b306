"""Coefficients of two-moment transport that stay as they are during the sub-steps, and the sub-step
they allow."""

import math

from crmpi.constants import DENS
from crmpi.jit import kernel
from crmpi.numerics.cr.moments import BN1, KAPPA, VSTREAM
from crmpi.numerics.rows.cells import widest_opening
from crmpi.numerics.rows.columns import clear, largest
from crmpi.numerics.rows.rows import load, moved, pointer, row, rows, separate, store, written


@kernel
def freeze_coefficients(u, face, bcc, kappa, f_stream, grid, axes, own, out):
    """Fill the frozen coefficients (nblock, 5, m3, m2, m1), in the layout of the `Grid` `own`, from
    density, field and kappa (nblock, 2, ...) in that of `grid`, with its `axes`.

    Unit fields on faces need the cells on both sides, so the lowest faces of an axis stay as they
    are: nothing needs them.
    """
    for b in range(out.shape[0]):
        for k in range(own.m3):
            for j in range(own.m2):
                offset = (k * grid.m2 + j) * grid.m1
                field, here = rows(bcc, b, offset), rows(out, b, (k * own.m2 + j) * own.m1)
                cell_row(
                    own.m1,
                    f_stream,
                    row(rows(u, b, offset), DENS),
                    field,
                    row(rows(kappa, b, offset), 0),
                    here,
                )
                for axis in axes:
                    if (axis.normal != 1 or j > 0 or not axis.stride) and (
                        axis.normal != 2 or k > 0 or not axis.stride
                    ):
                        bn = row(rows(face, b, offset), axis.normal)
                        across = (row(field, axis.first), row(field, axis.second))
                        unit_row(own.m1, bn, across, axis.stride, row(here, BN1 + axis.normal))


@kernel
def cell_row(n, f_stream, dens, bcc, kappa, out):
    """Write f_stream v_A and kappa_par of a row of cells."""
    separate()
    b1, b2, b3 = row(bcc, 0), row(bcc, 1), row(bcc, 2)
    vstream, kappa_par = row(out, VSTREAM), row(out, KAPPA)
    for i in range(n):
        rho = load(dens, i)
        bb = load(b1, i) * load(b1, i) + load(b2, i) * load(b2, i) + load(b3, i) * load(b3, i)
        speed = f_stream * math.sqrt(bb / (rho if rho > 0.0 else 1.0))
        store(vstream, i, speed if rho > 0.0 else 0.0, 0)
        store(kappa_par, i, load(kappa, i), 1)


@kernel
def unit_row(n, bn, across, stride, unit):
    """Write the component of the unit field along an axis on a row of its faces; 0 where there is
    no field."""
    separate()
    first, second = across
    for i in range(n):
        normal = load(bn, i)
        t1, t2 = (
            0.5 * (load(first, i - stride) + load(first, i)),
            0.5 * (load(second, i - stride) + load(second, i)),
        )
        size = math.sqrt(normal * normal + t1 * t1 + t2 * t2)
        store(unit, i, normal / (size if size > 0.0 else 1.0), 0)


@kernel
def largest_reach(cells, frozen, grid, axes, best):
    """Return the largest sum over axes of |b_n| / dx of any active cell: the inverse length a
    signal along the field must not outrun; on a tube |b_n| A/V. ``cells``: see
    `crmpi.numerics.rows.cells`.

    ``best`` (n1,) is scratch: the running maximum of every column of cells.
    """
    clear(best)
    column = pointer(best, 0)
    for b in range(frozen.shape[0]):
        for k in range(grid.ng3, grid.ng3 + grid.n3):
            for j in range(grid.ng2, grid.ng2 + grid.n2):
                first = (k * grid.m2 + j) * grid.m1 + grid.ng1
                reach_row(grid.n1, cells, b, first, rows(frozen, b, first), axes, column)
    return largest(best)


@kernel
def reach_row(n, cells, b, first, frozen, axes, best):
    """Raise `best` to the reach of the row of cells of block `b` that begins with cell `first`."""
    separate()
    bn1, bn2, bn3 = row(frozen, BN1), row(frozen, BN1 + 1), row(frozen, BN1 + 2)
    above1, above2, above3 = (
        moved(bn1, axes[0].stride),
        moved(bn2, axes[1].stride),
        moved(bn3, axes[2].stride),
    )
    raised = written(best)
    for i in range(n):
        low1, low2, low3 = abs(load(bn1, i)), abs(load(bn2, i)), abs(load(bn3, i))
        up1, up2, up3 = abs(load(above1, i)), abs(load(above2, i)), abs(load(above3, i))
        reach1 = widest_opening(cells, axes[0], b, first + i, low1, up1)
        reach2 = widest_opening(cells, axes[1], b, first + i, low2, up2)
        reach3 = widest_opening(cells, axes[2], b, first + i, low3, up3)
        reach, old = (reach1 + reach2) + reach3, load(best, i)
        store(raised, i, reach if reach > old else old, 0)
