"""Conserved to primitive variables on all cells, ghosts included, with floors."""

import math
from typing import NamedTuple

from crmpi.constants import AXES, DENS, ECR, ENER, MOM1, PRES, VEL1
from crmpi.jit import device, kernel
from crmpi.numerics.fluid.signals import begin_search, search_row
from crmpi.numerics.fluid.stage import first_scalar, if_given, rows_if, shift_if
from crmpi.numerics.rows.cells import sum_weight, turning
from crmpi.numerics.rows.columns import largest
from crmpi.numerics.rows.memory import ask_rows, ask_rows_if, put_rows
from crmpi.numerics.rows.rows import in_order, load, registers, row, rows, separate, shift, store


class Added(NamedTuple):
    """What floors added to the active cells of each block: densities summed over cells, on a tube
    times their volumes."""

    mass: object
    energy: object  # of the gas
    ecr: object


class FloorTotals(NamedTuple):
    """Cells below a floor or not finite, numbers of each block, and what was `Added`."""

    dens: object
    press: object
    ecr: object
    nan: object
    added: Added


class Conversion(NamedTuple):
    """What primitives are made of, where they go, and what floors do; arrays of blocks, magnetic
    ones may be None."""

    u: object  # conserved state
    b: object  # field on faces
    w: object
    bcc: object
    floors: object  # `crmpi.numerics.fluid.stage.Floors`
    totals: object  # `FloorTotals`, added to


class Work(NamedTuple):
    """What a conversion works with."""

    line: object  # array (2, nvar, 1, 1, m1): a row of primitives, and one of the field
    best: object  # array (n1,): of the search for the fastest signal, see `Search`
    asked: bool  # whether to search


@kernel
def primitives(gas, cr, cells, grid, axes, conversion, work):
    """Fill the primitives and the cell-centred magnetic field from the conserved state and the face
    field; return the fastest signal of the active cells, in cells per time, if it is asked for.

    A row is made in the cache and goes to memory at once: nothing reads it before the cache holds
    other rows. So the fastest signal is looked for when a row has been made.

    Parameters
    ----------
    cells : NamedTuple
        see `crmpi.numerics.rows.cells`
    axes : (Axis, Axis, Axis)
        for a time step of 1
    conversion : Conversion
    work : Work
    """
    conversion, work = registers(conversion), registers(work)
    search = begin_search(work.best)
    made = rows(work.line, 0, 0), if_given(conversion.b, rows(work.line, 1, 0))
    acting = turning(cells, made[1])
    for block in range(conversion.u.nblock):
        for k in range(grid.n3 + 2 * grid.ng3):
            for j in range(grid.n2 + 2 * grid.ng2):
                place = block, k, j
                _convert_line(gas, cr, cells, grid, axes, conversion, place, made)
                if work.asked and _is_active(grid, k, j):
                    w_row, b_row = shift(made[0], grid.ng1), shift_if(acting, grid.ng1)
                    search = search_row(
                        gas, cr, cells, grid, axes, place, w_row, b_row, work.best, search
                    )
                w, bcc = _result(grid, conversion, place)
                put_rows(grid.m1, conversion.u.ncomp, made[0], w)
                _put_field(grid.m1, made[1], bcc)
    return largest(work.best)


@device
def planes_up(grid):
    """Return by how many planes of cells the conversion is ahead of the faces of a stage: slopes
    and shocks look less far up."""
    return max(grid.ng3, 1)


@device
def convert_planes(scheme, grid, axes, plane, conversion, first, end):
    """Do as `primitives` for planes first <= k < `end` of the layer of a
    `crmpi.numerics.fluid.stage.Plane`, whose cells are read soon: they stay in the cache. Without a
    `conversion` nothing is compiled."""
    if conversion is not None:
        cells, layer = plane.fields.cells, plane.layer
        for k in range(first, end):
            for number in range(layer.deep):
                for j in range(grid.n2 + 2 * grid.ng2):
                    place = layer.blocks[layer.first + number], k, j
                    made = _result(grid, conversion, place)
                    _convert_line(scheme.gas, scheme.cr, cells, grid, axes, conversion, place, made)


@device
def ask_for_state(grid, n, conversion, block, cell):
    """Ask for what the conversion of `n` cells from element `cell` of a block on reads, if there
    is one.

    The field on their lower x3-faces was asked for with the cells below.
    """
    if conversion is not None:
        ask_rows(n, conversion.u.ncomp, rows(conversion.u, block, cell))
        ask_rows_if(n, 3, shift_if(rows_if(conversion.b, block), cell + grid.m2 * grid.m1))


@device
def _is_active(grid, k, j):
    """Return whether row `j` of plane `k` of a block has active cells."""
    return grid.ng2 <= j < grid.ng2 + grid.n2 and grid.ng3 <= k < grid.ng3 + grid.n3


@device
def _result(grid, conversion, place):
    """Return the rows of primitives and field (block, k, j) `place`."""
    block, k, j = place
    offset = (k * grid.m2 + j) * grid.m1
    return rows(conversion.w, block, offset), shift_if(rows_if(conversion.bcc, block), offset)


@device
def _convert_line(gas, cr, cells, grid, axes, conversion, place, made):
    """Convert row (block, k, j) `place` to the rows `made` of primitives and field.

    All cells are converted by a vector loop that also counts those below a floor or not finite.
    Only a row that has any is visited again, cell by cell: floors are applied and written back to
    the conserved state, and what active cells gained is recorded.
    """
    block, k, j = place
    offset, end = (k * grid.m2 + j) * grid.m1, first_scalar(cr)
    source, nvar = rows(conversion.u, block, offset), conversion.u.ncomp
    field, floors = shift_if(rows_if(conversion.b, block), offset), conversion.floors
    if convert_row(gas, cr, floors, grid, axes, source, field, made) > 0:
        inside, totals = _is_active(grid, k, j), conversion.totals
        _repair_row(gas, cr, floors, cells, grid, place, inside, source, made, totals)
    tracers_row(grid.m1, end, source, made[0])
    if nvar > end:
        scalars_row(grid.m1, end, nvar, source, made[0])


@device
def _put_field(n, source, target):
    """Do as `put_rows` for the three rows of a field, if there is one."""
    if source is not None:
        put_rows(n, 3, source, target)


@kernel
def convert_row(gas, cr, floors, grid, axes, u, b, result):
    """Convert a row of cells; return how many of them are below a floor or not finite (the padding
    does not count)."""
    separate()
    w, bcc = result
    x, y, z = in_order(axes)
    cells = grid.n1 + 2 * grid.ng1
    bad = 0
    for i in range(grid.m1):
        dens = load(row(u, DENS), i)
        mx = load(row(u, MOM1 + x.normal), i)
        my = load(row(u, MOM1 + y.normal), i)
        mz = load(row(u, MOM1 + z.normal), i)
        r = 1.0 / dens
        vx = mx * r
        vy = my * r
        vz = mz * r
        inner = load(row(u, ENER), i) - 0.5 * (mx * vx + my * vy + mz * vz)
        if b is not None:
            bx = 0.5 * (load(row(b, x.normal), i) + load(row(b, x.normal), i + x.stride))
            by = 0.5 * (load(row(b, y.normal), i) + load(row(b, y.normal), i + y.stride))
            bz = 0.5 * (load(row(b, z.normal), i) + load(row(b, z.normal), i + z.stride))
            inner -= 0.5 * (bx * bx + by * by + bz * bz)
            store(row(bcc, x.normal), i, bx, 5)
            store(row(bcc, y.normal), i, by, 6)
            store(row(bcc, z.normal), i, bz, 7)
        press = gas.gm1 * inner
        store(row(w, DENS), i, dens, 0)
        store(row(w, VEL1 + x.normal), i, vx, 1)
        store(row(w, VEL1 + y.normal), i, vy, 2)
        store(row(w, VEL1 + z.normal), i, vz, 3)
        store(row(w, PRES), i, press, 4)
        good = (
            dens >= floors.dens and dens < math.inf and press >= floors.press and press < math.inf
        )
        if cr is not None:
            ecr = load(row(u, ECR), i)
            store(row(w, ECR), i, ecr, 11)
            good = good and ecr >= floors.ecr and ecr < math.inf
        bad += 0 if good or i >= cells else 1
    return bad


@kernel
def tracers_row(n, end, u, w):
    """Copy the energies ECR < v < `end` of passive cosmic rays."""
    separate()
    for v in range(ECR + 1, end):
        for i in range(n):
            store(row(w, v), i, load(row(u, v), i), 0)


@kernel
def scalars_row(n, first, nvar, u, w):
    """Divide the scalars by the density."""
    separate()
    for v in range(first, nvar):
        for i in range(n):
            store(row(w, v), i, load(row(u, v), i) / load(row(u, DENS), i), 0)


@device
def _repair_row(gas, cr, floors, cells, grid, place, inside, u, result, totals):
    """Apply floors in a row, cell by cell; record what they did to active cells. `place`: (block,
    k, j) of the row."""
    block, k, j = place
    for i in range(grid.n1 + 2 * grid.ng1):
        (dens, press, ecr, nan), (mass, energy, rays) = _repair_cell(gas, cr, floors, u, result, i)
        if inside and grid.ng1 <= i < grid.ng1 + grid.n1:
            totals.dens[block] += dens
            totals.press[block] += press
            totals.ecr[block] += ecr
            totals.nan[block] += nan
            weight = sum_weight(cells, block, k, j, i)
            totals.added.mass[block] += weight * mass
            totals.added.energy[block] += weight * energy
            totals.added.ecr[block] += weight * rays


@kernel
def _repair_cell(gas, cr, floors, u, result, i):
    """Apply the floors to one cell; return (1 or 0 for density, pressure, cosmic-ray energy, not
    finite), (mass, energy, cosmic-ray energy added).

    A raised density keeps the momentum where the cell has the energy to move so. Where it has not,
    or where there was no mass left to move, momentum over the floor would be a velocity out of
    nothing: the gas stands still. Cells that are not finite are counted and left alone: no floor
    can repair them.
    """
    w, bcc = result
    dens = load(row(w, DENS), i)
    ener = load(row(u, ENER), i)
    ecr = 0.0
    if cr is not None:
        ecr = load(row(w, ECR), i)
    if not math.isfinite(dens * 0.0 + ener + ecr + _momentum_square(u, i)):
        return (0, 0, 0, 1), (0.0, 0.0, 0.0)
    raised_dens = max(dens, floors.dens)
    motion, field = 0.5 * _momentum_square(u, i) / raised_dens, _magnetic_energy(bcc, i)
    press = gas.gm1 * (ener - (motion + field))
    raised_press = max(press, floors.press)
    raised_ener = raised_press * gas.igm1 + (motion + field) if press < floors.press else ener
    kept = 1.0
    if dens < floors.dens and (dens <= 0.0 or press < floors.press):
        raised_ener = raised_press * gas.igm1 + field
        kept = 0.0
    raised_ecr = ecr
    if cr is not None:
        raised_ecr = max(ecr, floors.ecr)
        store(row(w, ECR), i, raised_ecr, 0)
        store(row(u, ECR), i, raised_ecr, 1)
    store(row(w, DENS), i, raised_dens, 2)
    store(row(u, DENS), i, raised_dens, 3)
    store(row(w, PRES), i, raised_press, 4)
    store(row(u, ENER), i, raised_ener, 5)
    for a in AXES:
        momentum = kept * load(row(u, MOM1 + a), i)
        store(row(w, VEL1 + a), i, momentum / raised_dens, 6)
        store(row(u, MOM1 + a), i, momentum, 7)
    kinds = (
        1 if dens < floors.dens else 0,
        1 if press < floors.press else 0,
        1 if raised_ecr > ecr else 0,
        0,
    )
    return kinds, (raised_dens - dens, raised_ener - ener, raised_ecr - ecr)


@device
def _momentum_square(u, i):
    """Return the square of the momentum density."""
    return (
        load(row(u, MOM1), i) ** 2 + load(row(u, MOM1 + 1), i) ** 2 + load(row(u, MOM1 + 2), i) ** 2
    )


@device
def _magnetic_energy(bcc, i):
    """Return the magnetic energy density of one cell, 0 without field."""
    if bcc is None:
        return 0.0
    return 0.5 * (load(row(bcc, 0), i) ** 2 + load(row(bcc, 1), i) ** 2 + load(row(bcc, 2), i) ** 2)
