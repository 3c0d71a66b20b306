"""Time-step limit: the fastest signal in units of cells per time."""

import math
from typing import NamedTuple

import numpy as np

from crmpi.constants import DENS, ECR, PRES, VEL1
from crmpi.jit import device, kernel
from crmpi.numerics.fluid.stage import rows_if, shift_if
from crmpi.numerics.rows.axes import axes_at, crossing_rate, sound_speed
from crmpi.numerics.rows.columns import clear, largest
from crmpi.numerics.rows.rows import in_order, load, pointer, row, rows, separate, store, written
from crmpi.precision import REAL

_UNTESTED = 16  # rows, at most, that are searched between two tests that are of no use
_SHORT = 1.0 - 16.0 * float(np.finfo(REAL).eps)


class Search(NamedTuple):
    """How far a search for the fastest signal has come; `best` has a running maximum for every
    column of cells.

    With a field roots and divisions take most of the time, so rows without a cell that may be
    faster than what has been `found` are left out. Where all may be, as in a uniform state, tests
    are of no use: after each that was of none more rows are searched without one. A maximum is the
    same with and without.
    """

    found: float  # the largest rate, when a row was tested last
    untested: int  # rows to search before the next test
    following: int  # the same, after the next test that is of no use


@device
def begin_search(best):
    """Return a `Search` that has found nothing."""
    clear(best)
    return Search(0.0, 0, 1)


@device
def search_row(gas, cr, cells, grid, axes, place, w, bcc, best, search):
    """Raise `best` to the largest (abs(v_a) + c_fast,a)/dx_a over axes of the active cells of a
    row; return the new `Search`.

    Parameters
    ----------
    cells : NamedTuple
        see `crmpi.numerics.rows.cells`
    axes : (Axis, Axis, Axis)
        for a time step of 1, so that ``dtdx`` is 1/dx
    place : (int, int, int)
        block, k, j of the row
    w, bcc : Rows, Rows or None
        at the first active cell
    best : array (n1,)
    """
    found, untested, following = search
    if bcc is not None and untested == 0:
        if not may_be_faster(grid.n1, gas, cr, axes, w, bcc, found):
            return Search(found, 0, 1)
        untested, following = following, min(2 * following, _UNTESTED)
    block, k, j = place
    local = axes_at(cells, axes, 1.0, block, k, j, grid.ng1)
    rate_row(grid.n1, gas, cr, local, w, bcc, pointer(best, 0))
    if bcc is not None:
        untested -= 1
        if untested == 0:
            found = max(found, largest(best))
    return Search(found, untested, following)


@kernel
def fastest_rate_in_boxes(gas, cr, cells, grid, axes, w, bcc, boxes, best):
    """Return the largest (abs(v_a) + c_fast,a)/dx_a over axes and boxes of cells.

    Parameters
    ----------
    cells, axes
        as for `search_row`
    bcc : array or None
    boxes : int array (nbox, 7)
        block, first cell k j i, number of cells k j i; none is longer than `best` along x1
    best : array (n1,)
        scratch: the running maximum of every column of cells
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
        stiffness = _stiffness(gas, cr, w, i)
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


@kernel
def may_be_faster(n, gas, cr, axes, w, bcc, rate):
    """Return whether `rate_row` may find more than `rate` in a row of cells of equal boxes with a
    field.

    Along every axis rho c_fast^2 <= total = rho c^2 + B^2. So a cell is slower if s^2 >= total/rho,
    s = rate dx - abs(v) of the axis where this is least: a comparison of products. What is compared
    here and what `rate_row` makes of it differ by fewer than 16 roundings, of half an epsilon each;
    `_SHORT` takes 16 epsilon of rate dx, which is more than s, off s. What is not a number counts
    in neither: both compare in the same order.
    """
    separate()
    x, y, z = in_order(axes)
    # along a missing axis nothing is crossed
    limit_x = _SHORT * rate / x.dtdx if x.dtdx > 0.0 else math.inf
    limit_y = _SHORT * rate / y.dtdx if y.dtdx > 0.0 else math.inf
    limit_z = _SHORT * rate / z.dtdx if z.dtdx > 0.0 else math.inf
    count = 0
    for i in range(n):
        bx = load(row(bcc, x.normal), i)
        by = load(row(bcc, y.normal), i)
        bz = load(row(bcc, z.normal), i)
        total = _stiffness(gas, cr, w, i) + (bx * bx + by * by + bz * bz)
        left_x = limit_x - abs(load(row(w, VEL1 + x.normal), i))
        left_y = limit_y - abs(load(row(w, VEL1 + y.normal), i))
        left_z = limit_z - abs(load(row(w, VEL1 + z.normal), i))
        left = left_x if left_x < left_y else left_y
        left = left if left < left_z else left_z
        count += 1 if load(row(w, DENS), i) * (left * abs(left)) < total else 0
    return count > 0


@device
def _stiffness(gas, cr, w, i):
    """Return rho c^2 of sound in cell `i`."""
    stiffness = gas.gamma * load(row(w, PRES), i)
    if cr is not None:
        stiffness += cr.gamma * cr.gm1 * load(row(w, ECR), i)
    return stiffness


@device
def _fast(total, stiffness, bn, r):
    """Return the fast speed along an axis, `total` = stiffness + B**2 and `r` = 1/density."""
    return math.sqrt(0.5 * (total + math.sqrt(abs(total * total - 4.0 * stiffness * bn * bn))) * r)
