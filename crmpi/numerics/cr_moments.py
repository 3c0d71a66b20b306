"""Row kernels of two-moment transport along the field: coupling, faces, update.

With g = b.grad e, P = (gamma_cr - 1) e and c^2 = (gamma_cr - 1) vmax^2 the system is

    e_t + div(f b) = -H            f_t + c^2 (g + s f) = 0            H = v_s (gamma_cr - 1) s f

where 1/s = kappa + v_A gamma_cr e / |g| holds diffusion and streaming, and v_s = -v_A sign(g). The face values e*, f* solve the
one-dimensional Riemann problem along b between the states upstream and downstream of the face. Waves c are damped inside a cell when
it is optically thick: the dissipative speed is c / sqrt(1 + (s c dx)^2/2), with the same limits as that of Jiang & Oh (2018, ApJ 854, 5):
c, and sqrt(2) kappa/dx, a little more than a plain diffusion scheme has. dx counts along the field. The larger speed of the two cells
is taken, or a front could stall at e = 0.
"""

import math
from typing import NamedTuple

from crmpi.jit import device, kernel
from crmpi.numerics.rows import load, row, separate, store
from crmpi.precision import LARGE

ENERGY, FLUX = 0, 1  # components of the register
BN1, BN2, BN3, VSTREAM, KAPPA = range(5)  # frozen coefficients: unit field along the axis at lower faces; cell: f_stream v_A and kappa_par
NCOEFFICIENT = 5
SIGMA, SPEED = 0, 1  # components of the coupling: s and v_s
FSTAR, ESTAR = 0, 1  # components of a face: b.n f* and e*
HEAT, MADE = 0, 1  # components of the account of a cell: energy given to streaming waves; energy made by the floor

_TINY = 1e-300
STIFFEST = LARGE  # rates beyond are infinite, and their squares must not be
_HALF_ROOT = math.sqrt(0.5)
_STEEPNESS = 1.5  # of the limiter: 1 is minmod, 2 monotonised central
KINK = 0.06  # how much a kink of e weakens streaming, see `coupling_rows`


class Moments(NamedTuple):
    """Constants of a sub-step: c, c^2, 1/c^2, 1/vmax^2 times the speed of the waves over that of streaming, gamma_cr, duration, and cell
    width per axis.
    """

    c: float
    c2: float
    ic2: float
    drain: float
    gamma: float
    dt: float
    width: tuple


@device
def inverse_coupling(gradient, e, vstream, kappa, gamma):
    """Return s for |b.grad e|; regular at an extremum of e and without a field."""
    return gradient / (kappa * gradient + vstream * gamma * max(e, 0.0) + _TINY)


@device
def down_gradient(g, va):
    """Return the streaming speed along b: v_A against the gradient, 0 where there is none."""
    return (-va if g > 0.0 else va) if g != 0.0 else 0.0


@device
def kink(below, above):
    """Return a measure of the difference of two gradients: second order small in smooth flow, as large as they are at a kink."""
    return (below - above) * (below - above) / (abs(below) + abs(above) + _TINY)


@kernel
def coupling_rows(n, moments, cells, frozen, strides, out):
    """Write s and v_s of `n` cells; the gradient is the mean of the two face differences, each along the field at its face.

    In s the gradient is made a little steeper at kinks of e: there the exact solution goes from f below to f at the streaming flux, and a
    cell that streams too early pins the kink. The weight is chosen with the plateaus of verification cases V7 and V8.
    """
    separate()
    e, vstream, kappa = row(cells, ENERGY), row(frozen, VSTREAM), row(frozen, KAPPA)
    bn1, bn2, bn3 = row(frozen, BN1), row(frozen, BN2), row(frozen, BN3)
    s1, s2, s3 = strides
    h1, h2, h3 = 0.5 / moments.width[0], 0.5 / moments.width[1], 0.5 / moments.width[2]
    sigma, speed = row(out, SIGMA), row(out, SPEED)
    for i in range(n):
        here = load(e, i)
        l1, r1 = h1 * load(bn1, i) * (here - load(e, i - s1)), h1 * load(bn1, i + s1) * (load(e, i + s1) - here)
        l2, r2 = h2 * load(bn2, i) * (here - load(e, i - s2)), h2 * load(bn2, i + s2) * (load(e, i + s2) - here)
        l3, r3 = h3 * load(bn3, i) * (here - load(e, i - s3)), h3 * load(bn3, i + s3) * (load(e, i + s3) - here)
        g = ((l1 + r1) + (l2 + r2)) + (l3 + r3)
        steep = abs(g) + 2.0 * KINK * ((kink(l1, r1) + kink(l2, r2)) + kink(l3, r3))
        va = load(vstream, i)
        store(sigma, i, inverse_coupling(steep, here, va, load(kappa, i), moments.gamma), 0)
        store(speed, i, down_gradient(g, va), 1)


@device
def slope(below, here, above):
    """Return half the limited difference: the central one unless that is more than 1.5 of the smaller one-sided; 0 at an extremum."""
    a, b = here - below, above - here
    size = min(0.25 * abs(a + b), 0.5 * _STEEPNESS * min(abs(a), abs(b)))
    return math.copysign(size, a) if a * b > 0.0 else 0.0


@device
def solve_face(moments, width, bn, left, right, coupling):
    """Return (b.n f*, e*); `left`, `right` are (e, f, e of the cell) and `coupling` (s left, s right, v_s left, v_s right).

    e* is made from cell values: errors of e* and f* then nearly cancel in diffusion, with linear states they add up to three times more.
    """
    along = bn > 0.0  # speeds count along the axis: where the field runs against it they change sign, and so does their product with jumps
    quickest, slowest = max(coupling[2], coupling[3]), min(coupling[2], coupling[3])
    depth = _HALF_ROOT * min(coupling[0], coupling[1]) * moments.c * width
    damped = moments.c * abs(bn) / math.sqrt(bn * bn + depth * depth + _TINY)
    fast = max(min((quickest if along else -slowest) + damped, moments.c), 0.0)
    slow = min(max((slowest if along else -quickest) - damped, -moments.c), 0.0)
    share = 1.0 / (fast - slow + _TINY)
    both = math.copysign(fast * slow, -bn)
    f_star = (fast * left[1] - slow * right[1] + both * (right[0] - left[0])) * share
    e_star = (fast * left[2] - slow * right[2] + both * (right[1] - left[1]) * moments.ic2) * share
    return bn * f_star, e_star


@kernel
def face_rows(n, moments, axis, cells, frozen, coupling, out):
    """Write `n` lower faces along `axis` from states linear inside cells."""
    separate()
    e, f, bn = row(cells, ENERGY), row(cells, FLUX), row(frozen, axis.normal)
    sigma, speed = row(coupling[1], SIGMA), row(coupling[1], SPEED)
    sigma_below, speed_below = row(coupling[0], SIGMA), row(coupling[0], SPEED)
    f_star, e_star = row(out, FSTAR), row(out, ESTAR)
    d, width = axis.stride, moments.width[axis.normal]
    for i in range(n):
        e0, e1, e2, e3 = load(e, i - 2 * d), load(e, i - d), load(e, i), load(e, i + d)
        f0, f1, f2, f3 = load(f, i - 2 * d), load(f, i - d), load(f, i), load(f, i + d)
        left = (e1 + slope(e0, e1, e2), f1 + slope(f0, f1, f2), e1)
        right = (e2 - slope(e1, e2, e3), f2 - slope(f1, f2, f3), e2)
        matter = (load(sigma_below, i), load(sigma, i), load(speed_below, i), load(speed, i))
        flux, energy = solve_face(moments, width, load(bn, i), left, right, matter)
        store(f_star, i, flux, 0)
        store(e_star, i, energy, 1)


@device
def divergence(lower, upper, frozen, axis, here, i):
    """Return one axis' part of div(f b) and of b.grad e, times dt; the same b at faces makes the two operators adjoint."""
    stars = load(row(upper, FSTAR), i) - load(row(lower, FSTAR), i)
    bn = row(frozen, axis.normal)
    above = load(bn, i + axis.stride) * (load(row(upper, ESTAR), i) - here)
    below = load(bn, i) * (load(row(lower, ESTAR), i) - here)
    return axis.dtdx * stars, axis.dtdx * (above - below)


@device
def advance_cell(moments, axes, frozen, faces, i, state, sigma, speed):
    """Return (dt div(f b), push on f, optical depth x, v_s) of a cell; `state` is its e of the time of the faces."""
    q1, g1 = divergence(faces[0][0], faces[0][1], frozen, axes[0], state, i)
    q2, g2 = divergence(faces[1][0], faces[1][1], frozen, axes[1], state, i)
    q3, g3 = divergence(faces[2][0], faces[2][1], frozen, axes[2], state, i)
    x = min(moments.dt * moments.c2 * load(sigma, i), STIFFEST)
    return (q1 + q2) + q3, -moments.c2 * ((g1 + g2) + g3), x, load(speed, i)


@device
def predict_cell(here, old, outflow, push, x, drain):
    """Return (e, f) after half a step, see `predict_rows`; `drain` is the speed of the waves/vmax^2."""
    r = 1.0 / (1.0 + x)
    new = (old + push) * r
    energy = here - outflow - drain * (push - (new - old))
    return max(energy, 0.0), new + (1.0 - r * r) / (1.0 - r + r * r) * (new - old)


@device
def correct_cell(here, old, outflow, push, x, drain):
    """Return (e before the floor, f, heat) after the whole step, see `correct_rows`; `drain` is the speed of the waves/vmax^2."""
    new = (old + (1.0 + 0.5 * x) * push) / (1.0 + x + 0.5 * x * x)
    heat = drain * (push - (new - old))
    return here - outflow - heat, new, heat


@kernel
def predict_rows(n, moments, axes, start, frozen, coupling, faces, out):
    """Advance `n` cells from `start` to `out` by half a step: backward Euler in the coupling, flux first, then energy, no matrix.

    Where x is large backward Euler gives the flux that belongs to e at the start, and the old flux belongs to e half a step before it; the
    extrapolated flux belongs to e at the half step, exactly so for a steadily changing gradient. `faces`: (lower, upper) of each axis.
    """
    separate()
    e, f, sigma, speed = row(start, ENERGY), row(start, FLUX), row(coupling, SIGMA), row(coupling, SPEED)
    for i in range(n):
        here, old = load(e, i), load(f, i)
        outflow, push, x, vs = advance_cell(moments, axes, frozen, faces, i, here, sigma, speed)
        energy, flux = predict_cell(here, old, outflow, push, x, vs * moments.drain)
        store(row(out, ENERGY), i, energy, 0)
        store(row(out, FLUX), i, flux, 1)


@kernel
def correct_rows(n, moments, axes, start, half, frozen, coupling, faces, account):
    """Advance `n` cells of `start` in place by a whole step, second order in time and L-stable in the coupling.

    f_t = p - x f is solved with exp(-x) ~ 1 / (1 + x + x^2/2). Both source terms come from the midpoint. The heat is the force sigma f that
    closes the momentum balance times the speed of the waves. `account` sums the heat and what a floor at e = 0 makes.
    """
    separate()
    e, f, now = row(start, ENERGY), row(start, FLUX), row(half, ENERGY)
    sigma, speed = row(coupling, SIGMA), row(coupling, SPEED)
    heats, mades = row(account, HEAT), row(account, MADE)
    for i in range(n):
        old = load(f, i)
        outflow, push, x, vs = advance_cell(moments, axes, frozen, faces, i, load(now, i), sigma, speed)
        energy, new, heat = correct_cell(load(e, i), old, outflow, push, x, vs * moments.drain)
        kept = max(energy, 0.0)
        store(e, i, kept, 0)
        store(f, i, new, 1)
        store(heats, i, load(heats, i) + heat, 2)
        store(mades, i, load(mades, i) + (kept - energy), 3)


@kernel
def fastest_response(q, frozen, moments, grid, axes, faint):
    """Return the largest (kappa + v_stream gamma_cr l)/l^2 of any active cell, l = e/|b.grad e|: the rate at which transport changes e.

    Where e is smaller than `faint` this takes its place, or the feet of fronts would be all that is seen.
    """
    largest = 0.0
    for b in range(q.shape[0]):
        e = q[b, ENERGY].reshape(-1)
        vstream, kappa = frozen[b, VSTREAM].reshape(-1), frozen[b, KAPPA].reshape(-1)
        for k in range(grid.ng3, grid.ng3 + grid.n3):
            for j in range(grid.ng2, grid.ng2 + grid.n2):
                row0 = (k * grid.m2 + j) * grid.m1
                for c in range(row0 + grid.ng1, row0 + grid.ng1 + grid.n1):
                    g = 0.0
                    for axis in axes:
                        bn = frozen[b, axis.normal].reshape(-1)
                        d = axis.stride
                        g += 0.5 * axis.dtdx * (bn[c] * (e[c] - e[c - d]) + bn[c + d] * (e[c + d] - e[c]))
                    steep = abs(g) / max(e[c], faint)
                    largest = max(largest, steep * (kappa[c] * steep + vstream[c] * moments.gamma))
    return largest
