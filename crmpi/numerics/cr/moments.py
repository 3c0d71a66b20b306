"""Row kernels of two-moment transport along the field: coupling, faces, update.

With g = b.grad e, P = (gamma_cr - 1) e and c^2 = (gamma_cr - 1) vmax^2 the system is

    e_t + div(f b) = -H            f_t + c^2 (g + s f) = 0            H = v_s (gamma_cr - 1) s f

where 1/s = kappa + v_A gamma_cr e / |g| holds diffusion and streaming, and v_s = -v_A sign(g). The
g of s is that of the force, or a steady flow would not have the flux -g/s. The face values e*, f*
solve the one-dimensional Riemann problem along b between the states upstream and downstream of the
face, with the speeds of signals +-c_d, see `signal_speed`. On a tube with cross-sections A

    e_t + [A f*]/V = -H            f_t + c^2 ([A b (e* - e)]/V + s f) = 0

With the same A b at faces the two operators are adjoint, and uniform e gives exactly no force.
Slopes are taken over the index. ``at`` is the place of the first cell of a row: its block and its
index in the block.
"""

import math
from typing import NamedTuple

from crmpi.jit import device, kernel
from crmpi.numerics.fused import fused
from crmpi.numerics.rows.cells import distance_below, gained, mean_slope, through_face
from crmpi.numerics.rows.columns import clear, largest
from crmpi.numerics.rows.rows import (
    TOGETHER,
    load,
    moved,
    pointer,
    row,
    rows,
    separate,
    shift,
    store,
    written,
)
from crmpi.precision import LARGE, SINGLE

ENERGY, FLUX = 0, 1  # components of the register
# frozen coefficients: unit field along the axis at lower faces; cell: f_stream v_A and kappa_par
BN1, BN2, BN3, VSTREAM, KAPPA = range(5)
NCOEFFICIENT = 5
# components of the coupling, see `slowness`: of free signals, and what scattering adds to it
FREE, DAMPED = 0, 1
FSTAR, ESTAR = 0, 1  # components of a face: b.n f* and e*
# components of the account of a cell: energy given to streaming waves; energy made by the floor
HEAT, MADE = 0, 1

_TINY = 1e-300
_FAINTEST = 1e-18 if SINGLE else 1e-150  # flux, whose square is not 0
STIFFEST = LARGE  # rates beyond are infinite, and their squares must not be
_STEEPNESS = 1.5  # of the limiter: 1 is minmod, 2 monotonised central
_SLOWEST = 1.73  # c_d is at least this many times the speed gamma_cr v_A at which e streams


class Run(NamedTuple):
    """Rows for one call of a kernel, or the prologue of every row would cost as much as half a
    register of cells: their number, numbers in a row, numbers from a row to the next in the block,
    no fewer, and how many more these are in the buffers.

    Element i of the block, in row n, belongs to element i + n lag of the buffers. Loops that run
    over whole registers, so that `length` is that of some, say it in a form that LLVM understands:
    it makes no loop for a remainder then, nor asks for one.
    """

    count: int
    length: int
    step: int
    lag: int


class Moments(NamedTuple):
    """Constants of a sub-step: c, c^2, 1/c^2, bound of the flux (see `bounded`), 1/vmax^2 times the
    speed of the waves over that of streaming, gamma_cr, duration, cell width per axis, and the
    cells as in `crmpi.numerics.rows.cells`.
    """

    c: float
    c2: float
    ic2: float
    most: tuple
    drain: float
    gamma: float
    dt: float
    width: tuple
    cells: object


@device
def largest_flux(gradient, e, vstream, kappa, gamma):
    """Return the parts of |g|/s for |b.grad e|, the flux at which scattering holds the gradient:
    that of streaming, and the sum; not 0 at an extremum of e and without a field."""
    streaming = vstream * gamma * max(e, 0.0)
    return streaming, fused(kappa, gradient, streaming) + _FAINTEST


@device
def slowness(moments, g, e, f, vstream, kappa):
    """Return 1/a and (s c)^2/(2 a^2) of a cell: (c/speed)^2 of signals before scattering damps
    them, and what scattering adds to it over the square of a distance along the field.

    The freedom a is d(g + s f)/dg = 1 - h |f|/(kappa |g| + h)^2 with h = v_A gamma_cr e, for f
    down the gradient: 1 where e diffuses or f is small, 0 where e streams, because then more
    gradient means as much more scattering and the flux stays what it is. With tau = s c dx, dx
    along the field, the square of the speed is a^2/(a + tau^2/2) c^2: a c^2 where the cell is
    optically thin and 2 (a c/tau)^2 where it is thick, so that the dissipation is that of a
    diffusion scheme, sqrt(2) kappa/dx (limits of Jiang & Oh 2018 for a = 1).
    """
    size = abs(g)
    streaming, most = largest_flux(size, e, vstream, kappa, moments.gamma)
    most = min(most, STIFFEST)
    square = most * most
    down = (-f if g > 0.0 else f) if g != 0.0 else 0.0
    room = min(max(fused(-down, streaming, square), square * (1.0 / STIFFEST)), square)  # a square
    part = 1.0 / (room + _TINY)
    free, damped = (square + _TINY) * part, (moments.c * size) * most * part
    return free, 0.5 * damped * damped


@kernel
def coupling_rows(run, moments, cells, frozen, strides, at, out):
    """Write the `slowness` of signals in cells, which tells the faces how fast they are.

    The gradient is the mean of the two face differences, each along the field at its face.
    """
    separate()
    e, f, vstream, kappa = (
        row(cells, ENERGY),
        row(cells, FLUX),
        row(frozen, VSTREAM),
        row(frozen, KAPPA),
    )
    bn1, bn2, bn3 = row(frozen, BN1), row(frozen, BN2), row(frozen, BN3)
    s1, s2, s3 = strides
    h1, h2, h3 = 0.5 / moments.width[0], 0.5 / moments.width[1], 0.5 / moments.width[2]
    free, damped = row(out, FREE), row(out, DAMPED)
    for n in range(run.count):
        first, lag = n * run.step, n * run.lag
        for i in range(first, first + run.length // TOGETHER * TOGETHER):
            here = load(e, i)
            below = load(bn1, i) * (here - load(e, i - s1))
            above = load(bn1, i + s1) * (load(e, i + s1) - here)
            g1 = mean_slope(moments.cells, h1, at[0], at[1] + i, s1, below, above)
            below = load(bn2, i) * (here - load(e, i - s2))
            above = load(bn2, i + s2) * (load(e, i + s2) - here)
            g2 = mean_slope(moments.cells, h2, at[0], at[1] + i, s2, below, above)
            below = load(bn3, i) * (here - load(e, i - s3))
            above = load(bn3, i + s3) * (load(e, i + s3) - here)
            g3 = mean_slope(moments.cells, h3, at[0], at[1] + i, s3, below, above)
            g = (g1 + g2) + g3
            slow = slowness(moments, g, here, load(f, i), load(vstream, i), load(kappa, i))
            store(free, i + lag, slow[0], 0)
            store(damped, i + lag, slow[1], 1)


@device
def slope(below, here, above):
    """Return half the limited difference: the central one unless that is more than 1.5 of the
    smaller one-sided; 0 at an extremum."""
    a, b = 0.5 * _STEEPNESS * (here - below), 0.5 * _STEEPNESS * (above - here)
    return max(min(0.25 * (above - below), max(min(a, b), 0.0)), min(max(a, b), 0.0))


@device
def signal_speed(moments, width, bn, free, damped, vstream):
    """Return c_d of a face; arguments but `bn` are pairs of cells. The faster cell counts, or
    fronts could stall at e = 0."""
    along, across = bn * bn, width * width
    slow = min(fused(free[0], along, damped[0] * across), fused(free[1], along, damped[1] * across))
    slowest = _SLOWEST * moments.gamma * max(vstream[0], vstream[1])
    return min(max(moments.c * abs(bn) / math.sqrt(slow + _TINY), slowest), moments.c)


@device
def solve_face(ic2, bn, f, both, along, jump):
    """Return (b.n f*, e*) from the f on both sides and the sum of e of `both` cells; signals go
    both ways at the speed `along` the field, with the sign of b.n, and `jump` is this times the
    jump of e.

    e* is made from cell values: errors of e* and f* then nearly cancel in diffusion, with linear
    states they add up to three times more.
    """
    below, above = f
    return 0.5 * bn * ((below + above) - jump), 0.5 * (both - along * (above - below) * ic2)


@kernel
def signal_rows(run, moments, axis, cells, frozen, coupling, at, out):
    """Write what `face_rows` needs of lower faces along `axis`: c_d with the sign of b.n in the
    place of e*, and this times the jump of e in that of f*.

    The rest in the same loop would fill the processor's window with what waits for the root.
    """
    separate()
    e, bn, vstream = row(cells, ENERGY), row(frozen, axis.normal), row(frozen, VSTREAM)
    free, damped = row(coupling[1], FREE), row(coupling[1], DAMPED)
    free_below, damped_below = row(coupling[0], FREE), row(coupling[0], DAMPED)
    speeds, jumps = row(out, ESTAR), row(out, FSTAR)
    d, width = axis.stride, moments.width[axis.normal]
    for n in range(run.count):
        first, lag = n * run.step, n * run.lag
        for i in range(first, first + run.length // TOGETHER * TOGETHER):
            speed = signal_speed(
                moments,
                distance_below(moments.cells, width, at[0], at[1] + i, d),
                load(bn, i),
                (load(free_below, i + lag), load(free, i + lag)),
                (load(damped_below, i + lag), load(damped, i + lag)),
                (load(vstream, i - d), load(vstream, i)),
            )
            along = math.copysign(speed, load(bn, i))
            e0, e1, e2, e3 = load(e, i - 2 * d), load(e, i - d), load(e, i), load(e, i + d)
            left, right = e1 + slope(e0, e1, e2), e2 - slope(e1, e2, e3)
            store(speeds, i + lag, along, 0)
            store(jumps, i + lag, along * (right - left), 1)


@kernel
def face_rows(run, moments, axis, cells, frozen, at, out):
    """Write lower faces along `axis` from states linear inside cells, in the place of what
    `signal_rows` wrote, see `solve_face`; on a tube f* times the area of the face."""
    separate()
    e, f, bn = row(cells, ENERGY), row(cells, FLUX), row(frozen, axis.normal)
    speeds, jumps, d = row(out, ESTAR), row(out, FSTAR), axis.stride
    e_star, f_star = written(speeds), written(jumps)
    for n in range(run.count):
        first, lag = n * run.step, n * run.lag
        for i in range(first, first + run.length // TOGETHER * TOGETHER):
            f0, f1, f2, f3 = load(f, i - 2 * d), load(f, i - d), load(f, i), load(f, i + d)
            left, right = f1 + slope(f0, f1, f2), f2 - slope(f1, f2, f3)
            both = load(e, i - d) + load(e, i)
            along, jump = load(speeds, i + lag), load(jumps, i + lag)
            flux, energy = solve_face(moments.ic2, load(bn, i), (left, right), both, along, jump)
            store(f_star, i + lag, through_face(moments.cells, at[0], at[1] + i, d, flux), 0)
            store(e_star, i + lag, energy, 1)


@device
def divergence(moments, faces, frozen, axis, here, at, i):
    """Return one axis' part of div(f b) and of b.grad e, times dt; the same b at faces makes the
    two operators adjoint."""
    cells, b, c, d = moments.cells, at[0], at[1] + i, axis.stride
    lower, upper = faces
    stars = load(row(upper, FSTAR), i) - load(row(lower, FSTAR), i)
    bn = row(frozen, axis.normal)
    above = through_face(cells, b, c + d, d, load(bn, i + d)) * (load(row(upper, ESTAR), i) - here)
    below = through_face(cells, b, c, d, load(bn, i)) * (load(row(lower, ESTAR), i) - here)
    return (
        gained(cells, axis.dtdx, moments.dt, b, c, d, stars),
        gained(cells, axis.dtdx, moments.dt, b, c, d, above - below),
    )


@device
def scatter(moments, push, e, vstream, kappa):
    """Return (r = 1/(1 + x) with the optical depth x = c^2 s dt, v_s) of a cell with the push
    -c^2 g dt on f, so with the gradient of the force itself."""
    size = abs(push)
    _, most = largest_flux(size, e, vstream, kappa * (moments.ic2 / moments.dt), moments.gamma)
    most = min(most, 1.0 / _TINY)  # kappa may be infinite
    return most / (most + size), math.copysign(vstream, push)


@device
def faces_of_row(faces, distance):
    """Return the (lower, upper) faces of each axis `distance` elements further on."""
    (lower1, upper1), (lower2, upper2), (lower3, upper3) = faces
    return (
        (shift(lower1, distance), shift(upper1, distance)),
        (shift(lower2, distance), shift(upper2, distance)),
        (shift(lower3, distance), shift(upper3, distance)),
    )


@device
def advance_cell(moments, axes, frozen, faces, at, i, state):
    """Return (dt div(f b), push on f, r, v_s) of a cell, see `scatter`; `state` is its e of the
    time of the faces."""
    q1, g1 = divergence(moments, faces[0], frozen, axes[0], state, at, i)
    q2, g2 = divergence(moments, faces[1], frozen, axes[1], state, at, i)
    q3, g3 = divergence(moments, faces[2], frozen, axes[2], state, at, i)
    push = -moments.c2 * ((g1 + g2) + g3)
    r, vs = scatter(
        moments, push, state, load(row(frozen, VSTREAM), i), load(row(frozen, KAPPA), i)
    )
    return (q1 + q2) + q3, push, r, vs


@device
def bounded(most, e, f):
    """Return the flux, in size at most most[0] e + most[1].

    Without scattering f/e grows without bound where field lines come together, and e falls below
    zero in the wake of a pulse; no more than all cosmic rays at vmax is most = (vmax, 0).
    """
    limit = fused(most[0], e, most[1])
    return min(max(f, -limit), limit)


@device
def predict_cell(here, old, outflow, push, r, drain):
    """Return (e, f) after half a step, see `predict_rows`; r = 1/(1 + x), `drain` is the speed of
    the waves/vmax^2."""
    new = (old + push) * r
    energy = fused(-drain, push - (new - old), here - outflow)
    ahead = fused(-r, r, 1.0) / fused(r, r, 1.0 - r)
    return max(energy, 0.0), fused(ahead, new - old, new)


@device
def correct_cell(here, old, outflow, push, r, drain):
    """Return (e before the floor, f, heat) after the whole step, see `correct_rows`; r = 1/(1 + x),
    `drain` is the speed of the waves/vmax^2."""
    new = fused(1.0 + r, push, (r + r) * old) * (r / fused(r, r, 1.0))
    heat = drain * (push - (new - old))
    return here - outflow - heat, new, heat


@kernel
def predict_rows(run, moments, axes, start, frozen, faces, at, out):
    """Advance cells from `start` to `out` by half a step: backward Euler in the coupling, flux
    first, then energy, no matrix.

    Where x is large backward Euler gives the flux that belongs to e at the start, and the old flux
    belongs to e half a step before it; the extrapolated flux belongs to e at the half step, exactly
    so for a steadily changing gradient. `faces`: (lower, upper) of each axis.
    """
    separate()
    e, f = row(start, ENERGY), row(start, FLUX)
    for n in range(run.count):
        first, around = n * run.step, faces_of_row(faces, n * run.lag)
        for i in range(first, first + run.length):
            here, old = load(e, i), load(f, i)
            outflow, push, r, vs = advance_cell(moments, axes, frozen, around, at, i, here)
            energy, flux = predict_cell(here, old, outflow, push, r, vs * moments.drain)
            store(row(out, ENERGY), i, energy, 0)
            store(row(out, FLUX), i, bounded(moments.most, energy, flux), 1)


@kernel
def correct_rows(run, moments, axes, cells, frozen, faces, at, account, lowest):
    """Advance cells of `start` in place by a whole step, second order in time and L-stable in
    the coupling.

    f_t = p - x f is solved with exp(-x) ~ 1 / (1 + x + x^2/2) = 2 r^2 / (1 + r^2). Both source
    terms come from the midpoint. The heat is the force sigma f that closes the momentum balance
    times the speed of the waves. `cells`: of the start and of the half step. `account` sums the
    heat; e may be negative afterwards, and `lowest` gets the lowest one of each column of cells, no
    more than 0, see `crmpi.numerics.cr.accounts`.
    """
    separate()
    start, half = cells
    e, f, now = row(start, ENERGY), row(start, FLUX), row(half, ENERGY)
    heats = row(account, HEAT)
    new_e, new_f, sum_heats, new_lowest = written(e), written(f), written(heats), written(lowest)
    for i in range(run.length):
        store(new_lowest, i, 0.0, 3)
    for n in range(run.count):
        first, around = n * run.step, faces_of_row(faces, n * run.lag)
        low, new_low = moved(lowest, -first), moved(new_lowest, -first)
        for i in range(first, first + run.length):
            old = load(f, i)
            state = load(now, i)
            outflow, push, r, vs = advance_cell(moments, axes, frozen, around, at, i, state)
            energy, new, heat = correct_cell(load(e, i), old, outflow, push, r, vs * moments.drain)
            store(new_e, i, energy, 0)
            store(new_f, i, bounded(moments.most, max(energy, 0.0), new), 1)
            store(sum_heats, i, load(heats, i) + heat, 2)
            store(new_low, i, min(load(low, i), energy), 3)


@kernel
def fastest_response(cells, q, frozen, moments, grid, axes, faint, best):
    """Return the largest (kappa + v_stream gamma_cr l)/l^2 of any active cell, l = e/|b.grad e|:
    the rate at which transport changes e.

    Where e is smaller than `faint` this takes its place, or the feet of fronts alone would set the
    rate. ``best`` (n1,) is scratch: the running maximum of every column of cells.
    """
    clear(best)
    column, shape = pointer(best, 0), (cells, grid.n1, axes)
    for b in range(q.shape[0]):
        for k in range(grid.ng3, grid.ng3 + grid.n3):
            for j in range(grid.ng2, grid.ng2 + grid.n2):
                first = (k * grid.m2 + j) * grid.m1 + grid.ng1
                e, here = row(rows(q, b, first), ENERGY), rows(frozen, b, first)
                response_row(shape, (b, first), e, here, moments.gamma, faint, column)
    return largest(best)


@kernel
def response_row(shape, at, e, frozen, gamma, faint, best):
    """Raise `best` to the rates of a row of cells, see `fastest_response`; `shape`: (cells, number
    of cells, axes)."""
    separate()
    cells, n, axes = shape
    bn1, bn2, bn3 = row(frozen, BN1), row(frozen, BN2), row(frozen, BN3)
    vstream, kappa = row(frozen, VSTREAM), row(frozen, KAPPA)
    s1, s2, s3 = axes[0].stride, axes[1].stride, axes[2].stride
    h1, h2, h3 = 0.5 * axes[0].dtdx, 0.5 * axes[1].dtdx, 0.5 * axes[2].dtdx
    for i in range(n):
        here = load(e, i)
        below = load(bn1, i) * (here - load(e, i - s1))
        above = load(bn1, i + s1) * (load(e, i + s1) - here)
        g1 = mean_slope(cells, h1, at[0], at[1] + i, s1, below, above)
        below = load(bn2, i) * (here - load(e, i - s2))
        above = load(bn2, i + s2) * (load(e, i + s2) - here)
        g2 = mean_slope(cells, h2, at[0], at[1] + i, s2, below, above)
        below = load(bn3, i) * (here - load(e, i - s3))
        above = load(bn3, i + s3) * (load(e, i + s3) - here)
        g3 = mean_slope(cells, h3, at[0], at[1] + i, s3, below, above)
        steep = abs((g1 + g2) + g3) / max(here, faint)
        rate, old = steep * (load(kappa, i) * steep + load(vstream, i) * gamma), load(best, i)
        store(best, i, rate if rate > old else old, 0)


@kernel
def stream_out(q, frozen, ends, gamma):
    """Continue the streaming of cosmic rays out of the mesh in the ghost cells of its open
    `ends`.

    Copies of the last cell have no gradient, and without one any flux below v_A gamma_cr e is
    steady: the end would keep whatever flux came first. Where f points outwards and exceeds half of
    it, the ghost cells get all of it. `ends`, a row per box of ghost cells: block, first k j i,
    numbers k j i, axis, -1 or +1 outward, index of the boundary's face along the axis.
    """
    for row_of in range(ends.shape[0]):
        b, axis, outward, wall = ends[row_of, 0], ends[row_of, 7], ends[row_of, 8], ends[row_of, 9]
        for k in range(ends[row_of, 1], ends[row_of, 1] + ends[row_of, 4]):
            for j in range(ends[row_of, 2], ends[row_of, 2] + ends[row_of, 5]):
                for i in range(ends[row_of, 3], ends[row_of, 3] + ends[row_of, 6]):
                    face = (
                        wall if axis == 2 else k,
                        wall if axis == 1 else j,
                        wall if axis == 0 else i,
                    )
                    through = outward * frozen[b, BN1 + axis, face[0], face[1], face[2]]
                    f = q[b, FLUX, k, j, i]
                    limit = frozen[b, VSTREAM, k, j, i] * gamma * max(q[b, ENERGY, k, j, i], 0.0)
                    if f * through > 0.0 and 0.5 * limit < abs(f) < limit:
                        q[b, FLUX, k, j, i] = math.copysign(limit, f)
