"""Time-step limit: the fastest signal in units of cells per time."""

import math

from crmpi.constants import DENS, ECR, PRES, VEL1
from crmpi.jit import device, kernel
from crmpi.numerics.fluid.stage import rows_if, shift_if
from crmpi.numerics.rows.axes import axes_at, crossing_rate, sound_speed
from crmpi.numerics.rows.columns import clear, largest
from crmpi.numerics.rows.rows import in_order, load, pointer, row, rows, separate, store, written


@kernel
def fastest_rate(gas, cr, cells, grid, axes, w, bcc, best):
    """Return the largest (abs(v_a) + c_fast,a)/dx_a over active cells and axes.

    Parameters
    ----------
    cells : NamedTuple
        see `crmpi.numerics.rows.cells`
    axes : (Axis, Axis, Axis)
        for a time step of 1, so that ``dtdx`` is 1/dx
    bcc : array or None
    best : array (n1,)
        scratch: the running maximum of every column of cells
    """
    clear(best)
    column = pointer(best, 0)
    for block in range(w.shape[0]):
        for k in range(grid.ng3, grid.ng3 + grid.n3):
            for j in range(grid.ng2, grid.ng2 + grid.n2):
                offset = (k * grid.m2 + j) * grid.m1 + grid.ng1
                rate_row(
                    grid.n1,
                    gas,
                    cr,
                    axes_at(cells, axes, 1.0, block, k, j, grid.ng1),
                    rows(w, block, offset),
                    shift_if(rows_if(bcc, block), offset),
                    column,
                )
    return largest(best)


@kernel
def fastest_rate_in_boxes(gas, cr, cells, grid, axes, w, bcc, boxes, best):
    """Return what `fastest_rate` does, over boxes of cells.

    Parameters
    ----------
    boxes : int array (nbox, 7)
        block, first cell k j i, number of cells k j i; none is longer than `best` along x1
    """
    clear(best)
    column = pointer(best, 0)
    for box in range(boxes.shape[0]):
        block, first_k, first_j, first_i = (
            boxes[box, 0],
            boxes[box, 1],
            boxes[box, 2],
            boxes[box, 3],
        )
        for k in range(first_k, first_k + boxes[box, 4]):
            for j in range(first_j, first_j + boxes[box, 5]):
                offset = (k * grid.m2 + j) * grid.m1 + first_i
                state, field = rows(w, block, offset), shift_if(rows_if(bcc, block), offset)
                local = axes_at(cells, axes, 1.0, block, k, j, first_i)
                rate_row(boxes[box, 6], gas, cr, local, state, field, column)
    return largest(best)


@kernel
def rate_row(n, gas, cr, axes, w, bcc, best):
    """Raise `best` to the rates of a row of cells."""
    separate()
    x, y, z = in_order(axes)
    raised = written(best)
    for i in range(n):
        dens = load(row(w, DENS), i)
        r = 1.0 / dens
        stiffness = gas.gamma * load(row(w, PRES), i)
        if cr is not None:
            stiffness += cr.gamma * cr.gm1 * load(row(w, ECR), i)
        if bcc is None:
            sound = sound_speed(x, stiffness, dens)
            cx = sound
            cy = sound
            cz = sound
        else:
            bx = load(row(bcc, x.normal), i)
            by = load(row(bcc, y.normal), i)
            bz = load(row(bcc, z.normal), i)
            total = stiffness + (bx * bx + by * by + bz * bz)
            cx = _fast(total, stiffness, bx, r)
            cy = _fast(total, stiffness, by, r)
            cz = _fast(total, stiffness, bz, r)
        rate_x = crossing_rate(x, i, abs(load(row(w, VEL1 + x.normal), i)) + cx)
        rate_y = crossing_rate(y, i, abs(load(row(w, VEL1 + y.normal), i)) + cy)
        rate_z = crossing_rate(z, i, abs(load(row(w, VEL1 + z.normal), i)) + cz)
        rate = rate_x if rate_x > rate_y else rate_y
        rate = rate if rate > rate_z else rate_z
        old = load(best, i)
        store(raised, i, rate if rate > old else old, 0)


@device
def _fast(total, stiffness, bn, r):
    """Return the fast speed along an axis, `total` = stiffness + B**2 and `r` = 1/density."""
    return math.sqrt(0.5 * (total + math.sqrt(abs(total * total - 4.0 * stiffness * bn * bn))) * r)
