"""Time-step limit: the fastest signal in units of cells per time."""

import math

from crmpi.constants import DENS, ECR, PRES, VEL1
from crmpi.jit import device, kernel
from crmpi.numerics.rows import load, pointer, row, rows, separate, store
from crmpi.numerics.stage import rows_if, shift_if


@kernel
def fastest_rate(gas, cr, grid, inverse_widths, w, bcc, best):
    """Return the largest (abs(v_a) + c_fast,a)/dx_a over active cells and axes.

    Parameters
    ----------
    inverse_widths : (float, float, float)
        1/dx along the axes, 0 for a missing one
    bcc : array or None
    best : array (1, 1, 1, 1, n1)
        scratch: the running maximum of every column of cells
    """
    best[:] = 0.0
    column = pointer(best, 0)
    for block in range(w.shape[0]):
        for k in range(grid.ng3, grid.ng3 + grid.n3):
            for j in range(grid.ng2, grid.ng2 + grid.n2):
                offset = (k * grid.m2 + j) * grid.m1 + grid.ng1
                rate_row(grid.n1, gas, cr, inverse_widths, rows(w, block, offset), shift_if(rows_if(bcc, block), offset), column)
    return best.max()


@kernel
def rate_row(n, gas, cr, inverse_widths, w, bcc, best):
    """Raise `best` to the rates of a row of cells."""
    separate()
    for i in range(n):
        r = 1.0 / load(row(w, DENS), i)
        stiffness = gas.gamma * load(row(w, PRES), i)
        if cr is not None:
            stiffness += cr.gamma * cr.gm1 * load(row(w, ECR), i)
        if bcc is None:
            sound = math.sqrt(stiffness * r)
            c1 = sound
            c2 = sound
            c3 = sound
        else:
            b1 = load(row(bcc, 0), i)
            b2 = load(row(bcc, 1), i)
            b3 = load(row(bcc, 2), i)
            total = stiffness + (b1 * b1 + b2 * b2 + b3 * b3)
            c1 = _fast(total, stiffness, b1, r)
            c2 = _fast(total, stiffness, b2, r)
            c3 = _fast(total, stiffness, b3, r)
        rate1 = (abs(load(row(w, VEL1), i)) + c1) * inverse_widths[0]
        rate2 = (abs(load(row(w, VEL1 + 1), i)) + c2) * inverse_widths[1]
        rate3 = (abs(load(row(w, VEL1 + 2), i)) + c3) * inverse_widths[2]
        rate = rate1 if rate1 > rate2 else rate2
        rate = rate if rate > rate3 else rate3
        old = load(best, i)
        store(best, i, rate if rate > old else old, 0)


@device
def _fast(total, stiffness, bn, r):
    """Return the fast speed along an axis, `total` = stiffness + B**2 and `r` = 1/density."""
    return math.sqrt(0.5 * (total + math.sqrt(abs(total * total - 4.0 * stiffness * bn * bn))) * r)
