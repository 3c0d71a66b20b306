"""Row kernels of Alfven-wave regulated transport: coefficients, coupling, faces, update.

Register: e, f and the energies a+, a- of waves that run along and against b. Faces of (e, f) are
those of two-moment transport, with the optical depth and the streaming speed that the waves give;
waves are carried upwind by +-v_A b.n. See `crmpi.numerics.cr.alfven_local` for the exchange inside
cells.
"""

import math
from typing import NamedTuple

from crmpi.constants import DENS, PRES
from crmpi.jit import device, kernel
from crmpi.numerics.cr.alfven_local import Cell, Matter, Transport, exchange, implicit_step
from crmpi.numerics.cr.moments import (
    ENERGY,
    ESTAR,
    FLUX,
    FSTAR,
    HEAT,
    MADE,
    NCOEFFICIENT,
    VSTREAM,
    bounded,
    divergence,
    faces_of_row,
    slope,
    solve_face,
)
from crmpi.numerics.rows.rows import TOGETHER, load, row, separate, store
from crmpi.precision import LARGE

PLUS, MINUS = 2, 3  # components of the register after ENERGY, FLUX; of a face: flux of wave energy
NREGISTER = 4
# frozen coefficients of the cell after v_A, see `Matter`
DRAG, GROWTH, NONLINEAR, SEED = range(NCOEFFICIENT - 1, NCOEFFICIENT + 3)
NFROZEN = NCOEFFICIENT + 3
SIGMA, SPEED = 0, 1  # components of the coupling
SEEDED = 2  # component of the account after HEAT, MADE
NACCOUNT = 3

_TINY = 1e-300
_STIFFEST = LARGE  # rates beyond are infinite, and their squares must not be


class WaveMoments(NamedTuple):
    """Constants of a sub-step: those of `crmpi.numerics.cr.moments.Moments`, and the linear damping
    rate of wave energy."""

    c: float
    c2: float
    ic2: float
    most: tuple
    ivmax2: float
    gamma: float
    dt: float
    width: tuple
    cells: object
    damping: float


class WaveScales(NamedTuple):
    """What makes coefficients of the state of the gas.

    ``gyro`` gyration rate for a field of 1; ``light`` speed of light; ``nonlinear`` factor of
    non-linear Landau damping; ``seed`` smallest wave energy over that of the field; ``gamma`` of
    the gas; ``extrinsic`` 1 if kappa of the scattering model counts, else 0.
    """

    gyro: float
    light: float
    nonlinear: float
    seed: float
    gamma: float
    extrinsic: float


@kernel
def freeze_waves(w, bcc, kappa, scales, own, frozen):
    """Fill the coefficients after v_A of all cells: drag 1/kappa, growth G, damping N and the seed;
    `own` is the `Grid` of `frozen`.

    G = nu/(a c^2) with nu = (3 pi/16) Omega (a/e_B) (1 + 2 v_A^2/c^2); N = (sqrt(pi)/8)
    (c_s/r_L)/e_B with r_L = c/Omega, e_B = B^2/2.
    """
    ic2 = 1.0 / scales.light**2
    for b in range(frozen.shape[0]):
        for k in range(own.m3):
            for j in range(own.m2):
                rho, press, k_par = w[b, DENS, k, j], w[b, PRES, k, j], kappa[b, 0, k, j]
                b1, b2, b3 = bcc[b, 0, k, j], bcc[b, 1, k, j], bcc[b, 2, k, j]
                va, drag, growth = (
                    frozen[b, VSTREAM, k, j],
                    frozen[b, DRAG, k, j],
                    frozen[b, GROWTH, k, j],
                )
                nonlinear, seed = frozen[b, NONLINEAR, k, j], frozen[b, SEED, k, j]
                for i in range(own.m1):
                    energy = 0.5 * (b1[i] * b1[i] + b2[i] * b2[i] + b3[i] * b3[i])
                    magnetised = energy > 0.0 and rho[i] > 0.0
                    gyro = scales.gyro * math.sqrt(2.0 * energy) / energy if magnetised else 0.0
                    sound = (
                        math.sqrt(scales.gamma * max(press[i], 0.0) / rho[i]) if magnetised else 0.0
                    )
                    drag[i] = (
                        scales.extrinsic / max(k_par[i], 1.0 / _STIFFEST)
                        if scales.extrinsic > 0.0
                        else 0.0
                    )
                    growth[i] = min(
                        0.1875 * math.pi * gyro * (1.0 + 2.0 * va[i] * va[i] * ic2) * ic2,
                        _STIFFEST,
                    )
                    nonlinear[i] = min(
                        scales.nonlinear * 0.125 * math.sqrt(math.pi) * sound * gyro / scales.light,
                        _STIFFEST,
                    )
                    seed[i] = scales.seed * energy


@kernel
def wave_coupling_rows(run, moments, cells, frozen, out):
    """Write of cells s of f_t + c^2 (g + s f) = ... and the size of the speed at which f
    carries e."""
    separate()
    plus, minus = row(cells, PLUS), row(cells, MINUS)
    vstream, drag, growth = row(frozen, VSTREAM), row(frozen, DRAG), row(frozen, GROWTH)
    sigma, speed = row(out, SIGMA), row(out, SPEED)
    igm1 = 1.0 / (moments.gamma - 1.0)
    for n in range(run.count):
        first, lag = n * run.step, n * run.lag
        for i in range(first, first + run.length // TOGETHER * TOGETHER):
            up, down, rate = load(plus, i), load(minus, i), load(growth, i) * igm1
            s = rate * (up + down) + load(drag, i)
            store(sigma, i + lag, s, 0)
            carried = moments.gamma * load(vstream, i) * rate * abs(up - down)
            store(speed, i + lag, carried / (s + _TINY), 1)


@device
def upwind(cells, i, d, speed):
    """Return `speed` times the wave energy upwind of a face, linear inside cells."""
    if speed > 0.0:
        a0, a1, a2 = load(cells, i - 2 * d), load(cells, i - d), load(cells, i)
        return speed * (a1 + slope(a0, a1, a2))
    a1, a2, a3 = load(cells, i - d), load(cells, i), load(cells, i + d)
    return speed * (a2 - slope(a1, a2, a3))


@device
def causal(c, e, f, cell):
    """Return the state beside a face with a flux no larger than that of all cosmic rays on their
    way at the signal speed."""
    limit = c * max(e, 0.0)
    return e, min(max(f, -limit), limit), cell


@device
def damped_square(moments, width, bn, sigma):
    """Return the square of the speed of signals over c^2 across a cell of optical depth tau = s c
    dx, dx along the field: 1/(1 + tau^2/2), see `crmpi.numerics.cr.moments.slowness`."""
    depth = sigma * moments.c * width
    return bn * bn / (bn * bn + 0.5 * depth * depth + _TINY)


@kernel
def wave_face_rows(run, moments, axis, cells, frozen, coupling, out):
    """Write lower faces along `axis` from states linear inside cells.

    The speeds of the Riemann problem are the same both ways, so that e at a face is the mean of the
    two cells and second order.
    """
    separate()
    e, f, plus, minus = row(cells, ENERGY), row(cells, FLUX), row(cells, PLUS), row(cells, MINUS)
    bn, va = row(frozen, axis.normal), row(frozen, VSTREAM)
    sigma, speed = row(coupling[1], SIGMA), row(coupling[1], SPEED)
    sigma_below, speed_below = row(coupling[0], SIGMA), row(coupling[0], SPEED)
    d, width = axis.stride, moments.width[axis.normal]
    for n in range(run.count):
        first, lag = n * run.step, n * run.lag
        for i in range(first, first + run.length // TOGETHER * TOGETHER):
            e0, e1, e2, e3 = load(e, i - 2 * d), load(e, i - d), load(e, i), load(e, i + d)
            f0, f1, f2, f3 = load(f, i - 2 * d), load(f, i - d), load(f, i), load(f, i + d)
            left = causal(moments.c, e1 + slope(e0, e1, e2), f1 + slope(f0, f1, f2), e1)
            right = causal(moments.c, e2 - slope(e1, e2, e3), f2 - slope(f1, f2, f3), e2)
            sigmas = load(sigma_below, i + lag), load(sigma, i + lag)
            scattered = damped_square(moments, width, load(bn, i), min(sigmas[0], sigmas[1]))
            speeds = load(speed_below, i + lag), load(speed, i + lag)
            fastest = min(max(speeds[0], speeds[1]) + moments.c * math.sqrt(scattered), moments.c)
            along = math.copysign(fastest, load(bn, i))
            jump, both = along * (right[0] - left[0]), left[2] + right[2]
            flux, energy = solve_face(
                moments.ic2, load(bn, i), (left[1], right[1]), both, along, jump
            )
            carried = 0.5 * load(bn, i) * (load(va, i - d) + load(va, i))
            store(row(out, FSTAR), i + lag, flux, 0)
            store(row(out, ESTAR), i + lag, energy, 1)
            store(row(out, PLUS), i + lag, upwind(plus, i, d, carried), 2)
            store(row(out, MINUS), i + lag, upwind(minus, i, d, -carried), 3)


@device
def carried_waves(axes, faces, component, i):
    """Return what wave transport adds to a cell."""
    d1 = axes[0].dtdx * (
        load(row(faces[0][1], component), i) - load(row(faces[0][0], component), i)
    )
    d2 = axes[1].dtdx * (
        load(row(faces[1][1], component), i) - load(row(faces[1][0], component), i)
    )
    d3 = axes[2].dtdx * (
        load(row(faces[2][1], component), i) - load(row(faces[2][0], component), i)
    )
    return -((d1 + d2) + d3)


@device
def through_faces(moments, axes, frozen, faces, at, i, state):
    """Return the `Transport` of a cell; `state` is its e of the time of the faces."""
    q1, g1 = divergence(moments, faces[0], frozen, axes[0], state, at, i)
    q2, g2 = divergence(moments, faces[1], frozen, axes[1], state, at, i)
    q3, g3 = divergence(moments, faces[2], frozen, axes[2], state, at, i)
    plus, minus = carried_waves(axes, faces, PLUS, i), carried_waves(axes, faces, MINUS, i)
    return Transport((q1 + q2) + q3, -moments.c2 * ((g1 + g2) + g3), plus, minus)


@device
def matter_of(moments, frozen, i):
    """Return the `Matter` of a cell for the duration of the stage."""
    va, rate = load(row(frozen, VSTREAM), i), moments.dt * load(row(frozen, GROWTH), i)
    drag = min(moments.dt * moments.c2 * load(row(frozen, DRAG), i), _STIFFEST)
    nonlinear = moments.dt * load(row(frozen, NONLINEAR), i)
    seed = load(row(frozen, SEED), i)
    return Matter(
        moments.gamma * va,
        rate / moments.ivmax2,
        va * rate,
        drag,
        moments.dt * moments.damping,
        nonlinear,
        seed,
    )


@kernel
def predict_wave_rows(run, moments, axes, start, frozen, faces, at, out):
    """Advance cells from `start` to `out` by half a step of backward Euler.

    The flux is extrapolated as in `predict_rows`, with what scattered at the start as well: where
    waves grow up within the half step it falls once, and the extrapolated one would run backwards.
    """
    separate()
    e, f, plus, minus = row(start, ENERGY), row(start, FLUX), row(start, PLUS), row(start, MINUS)
    for n in range(run.count):
        first, around = n * run.step, faces_of_row(faces, n * run.lag)
        for i in range(first, first + run.length):
            cell = Cell(load(e, i), load(f, i), load(plus, i), load(minus, i), 0.0, 0.0)
            matter = matter_of(moments, frozen, i)
            transport = through_faces(moments, axes, frozen, around, at, i, cell.e)
            new = implicit_step(1.0, cell, transport, matter)
            waves = min(new.plus + new.minus, cell.plus + cell.minus)
            r = 1.0 / (1.0 + min(matter.force * waves + matter.drag, _STIFFEST))
            kept, flux = (
                max(new.e, 0.0),
                new.f + (1.0 - r * r) / (1.0 - r + r * r) * (new.f - cell.f),
            )
            store(row(out, ENERGY), i, kept, 0)
            store(row(out, FLUX), i, bounded(moments.most, kept, flux), 1)
            store(row(out, PLUS), i, new.plus, 2)
            store(row(out, MINUS), i, new.minus, 3)


@kernel
def correct_wave_rows(run, moments, axes, cells, frozen, faces, at, account):
    """Advance cells of `start` in place by a whole step with the faces of the half step.

    `cells`: of the start and of the half step. `account` sums the heat that damped waves give to
    the gas, what a floor at e = 0 makes, and what e gave to seed waves.
    """
    separate()
    start, half = cells
    e, f, plus, minus, now = (
        row(start, ENERGY),
        row(start, FLUX),
        row(start, PLUS),
        row(start, MINUS),
        row(half, ENERGY),
    )
    heats, mades, seeds = row(account, HEAT), row(account, MADE), row(account, SEEDED)
    for n in range(run.count):
        first, around = n * run.step, faces_of_row(faces, n * run.lag)
        for i in range(first, first + run.length):
            cell = Cell(load(e, i), load(f, i), load(plus, i), load(minus, i), 0.0, 0.0)
            transport = through_faces(moments, axes, frozen, around, at, i, load(now, i))
            new, _ = exchange(cell, transport, matter_of(moments, frozen, i))
            kept = max(new.e, 0.0)
            store(e, i, kept, 0)
            store(f, i, bounded(moments.most, kept, new.f), 1)
            store(plus, i, new.plus, 2)
            store(minus, i, new.minus, 3)
            store(heats, i, load(heats, i) + new.heat, 4)
            store(mades, i, load(mades, i) + (kept - new.e), 5)
            store(seeds, i, load(seeds, i) + new.seeded, 6)
