"""Kernels of one-moment streaming with a regularised sign of the gradient, and of Alfven-wave
losses.

Cosmic rays stream with the speed s tanh(x), s = f_stream v_A, x = L |g|/e, g = b.grad e: down their
gradient with s where e changes over less than the length L, and slower where it is flatter. Their
flux gamma_cr e s tanh(x) is that of a diffusion along b with the coefficient

    D = gamma_cr s e tanh(x)/|g| = gamma_cr s L tanh(x)/x,

which is bounded by gamma_cr s L, so that the machinery of `crmpi.numerics.cr.diffusion` carries it:
D stands at corners, beside kappa. What is carried with a speed needs the e of the side it comes
from: the e in D is that of the upstream side, linear in cells. The gas is heated with (gamma_cr -
1) w tanh(x) |g|, never less than zero; w = min(f_stream, 1) v_A is the speed of the waves that take
the energy.
"""

import math
from typing import NamedTuple

from crmpi.constants import DENS, ENER
from crmpi.jit import device, kernel
from crmpi.numerics.cr.diffusion import (
    ALONG,
    EXCESS,
    NORMAL,
    U1,
    U2,
    U3,
    around_corner,
    corner_gradient,
    share_along,
)
from crmpi.numerics.cr.runs import NONE, ONE, TWO, runs
from crmpi.numerics.fluid.reconstruct import PLM, interfaces
from crmpi.numerics.power import tanh
from crmpi.numerics.rows.cells import central_slope
from crmpi.numerics.rows.rows import load, row, rows, separate, store

COEFFICIENT, HEATING = 0, 1  # components of a corner: D, and the energy the gas gains
_TINY = 1e-300
_SMALL = 1e-4  # below it tanh(x)/x is 1 - x^2/3 to the last bit


class Law(NamedTuple):
    """What streams how: gamma_cr, (gamma_cr - 1) w/s of the heating, and the regularisation length
    L."""

    gamma: float
    heating: float
    length: float


class Frozen(NamedTuple):
    """What stays as it is during a super-step: face arrays (one per axis) and corner coefficient of
    diffusion alone, the share of the field along each axis over dx at faces (one per axis), and the
    streaming speed s at corners.
    """

    faces: tuple
    excess: object
    shares: tuple
    speed: object


class Buffers(NamedTuple):
    """Buffers of one block, (1, ncomp, m3, m2, m1): e below and above the faces of each axis (6),
    corners (2)."""

    states: object
    corner: object


@device
def tanh_ratio(x):
    """Return tanh(x)/x for x >= 0."""
    return tanh(x) / x if x > _SMALL else 1.0 - x * x / 3.0


@kernel
def corner_speeds(u, bcc, f_stream, mesh, out):
    """Fill `out` (nblock, 1, m3, m2, m1) with f_stream v_A, the mean of the cells around a
    corner."""
    s1, s2, s3 = mesh.strides
    for b in range(out.shape[0]):
        rho, speed = u[b, DENS].reshape(-1), out[b, 0].reshape(-1)
        b1, b2, b3 = bcc[b, 0].reshape(-1), bcc[b, 1].reshape(-1), bcc[b, 2].reshape(-1)
        for i in range(mesh.margin, mesh.size):
            total = 0.0
            for d3 in (0, s3):
                for d2 in (0, s2):
                    for d1 in (0, s1):
                        c = i - d1 - d2 - d3
                        square = b1[c] * b1[c] + b2[c] * b2[c] + b3[c] * b3[c]
                        # choices between numbers, not branches: a vector loop on any machine
                        filled = rho[c] > 0.0
                        total += math.sqrt(
                            (square if filled else 0.0) / (rho[c] if filled else 1.0)
                        )
            speed[i] = f_stream * 0.125 * total


@kernel
def field_shares(face, bcc, mesh, axis, out):
    """Fill `out` (nblock, 1, m3, m2, m1) with the square of the normal component of b over dx at
    the lower faces along `axis`."""
    d = mesh.strides[axis]
    for b in range(out.shape[0]):
        bn, b1, b2 = (
            face[b, axis].reshape(-1),
            bcc[b, (axis + 1) % 3].reshape(-1),
            bcc[b, (axis + 2) % 3].reshape(-1),
        )
        share = out[b, 0].reshape(-1)
        for i in range(d, mesh.size):
            share[i] = share_along(bn, b1, b2, i, d) / mesh.widths[axis]


@kernel
def largest_coefficients(law, frozen, mesh, grid, buffers, faces):
    """Fill the face coefficients with the largest that streaming can add to those of diffusion
    alone.

    Upstream e exceeds the mean by what it changes within half a cell, which adds to D what
    diffusion over a cell would.
    """
    bound = law.gamma * (law.length + max(mesh.widths[0], mesh.widths[1], mesh.widths[2]))
    outer = runs(grid, ONE, TWO)
    for b in range(frozen.speed.shape[0]):
        corner = row(rows(buffers.corner, 0, 0), COEFFICIENT)
        scale_row(mesh.size, bound, row(rows(frozen.speed, b, 0), 0), corner)
        for a in range(3):
            if mesh.strides[a]:
                share = row(rows(frozen.shares[a], b, 0), 0)
                base, out = rows(frozen.faces[a], b, 0), rows(faces[a], b, 0)
                add_streaming(outer, corner, base, share, mesh, a, out)


@kernel
def scale_row(n, factor, a, out):
    """Write `factor` times a row."""
    separate()
    for i in range(n):
        store(out, i, factor * load(a, i), 0)


@kernel
def streaming_coefficients(e, law, frozen, mesh, grid, buffers, faces, corners, heating):
    """Fill the coefficients of streaming and diffusion together, and the heating of the gas, for
    the present `e`.

    Parameters
    ----------
    e : array (nblock, 1, m3, m2, m1)
        valid in three ghost layers, where corners of the second layer are wanted
    faces, corners : arrays of `crmpi.numerics.cr.diffusion.diffusion_rate`
        results; the unit field in `corners` is read
    heating : array (nblock, 1, m3, m2, m1)
        result, of active cells: energy per volume and time that they lose to the gas
    """
    # `diffusion_rate` reads corners and faces of the first layer, they the states at faces below
    outer, wide, inner = runs(grid, ONE, TWO), runs(grid, TWO, TWO), runs(grid, NONE, NONE)
    for b in range(e.shape[0]):
        cells, corner = row(rows(e, b, 0), 0), rows(buffers.corner, 0, 0)
        for a in range(3):
            if mesh.strides[a]:
                face_states(wide, cells, mesh, a, rows(buffers.states, 0, 0))
        stream_at_corners(
            outer,
            cells,
            law,
            rows(corners, b, 0),
            row(rows(frozen.speed, b, 0), 0),
            mesh,
            rows(buffers.states, 0, 0),
            corner,
        )
        add_rows(
            outer,
            row(rows(frozen.excess, b, 0), 0),
            row(corner, COEFFICIENT),
            row(rows(corners, b, 0), EXCESS),
        )
        for a in range(3):
            if mesh.strides[a]:
                share = row(rows(frozen.shares[a], b, 0), 0)
                add_streaming(
                    outer,
                    row(corner, COEFFICIENT),
                    rows(frozen.faces[a], b, 0),
                    share,
                    mesh,
                    a,
                    rows(faces[a], b, 0),
                )
        mean_of_corners(inner, row(corner, HEATING), mesh, row(rows(heating, b, 0), 0))


@kernel
def face_states(near, e, mesh, axis, out):
    """Write e at the lower faces along `axis`, extrapolated from the cell below (component 2 axis)
    and above (2 axis + 1)."""
    separate()
    d, below, above = mesh.strides[axis], row(out, 2 * axis), row(out, 2 * axis + 1)
    for k in range(near.count):
        first = near.first + k * near.step
        for i in range(first, first + near.length):
            e0, e1, e2, e3 = load(e, i - 2 * d), load(e, i - d), load(e, i), load(e, i + d)
            _, upper = interfaces(PLM(), 0.0, e0, e1, e2, 0.0)
            lower, _ = interfaces(PLM(), 0.0, e1, e2, e3, 0.0)
            store(below, i, upper, 0)
            store(above, i, lower, 1)


@device
def mean_of_faces(states, i, t1, t2):
    """Return the mean over the faces of one axis around a corner; `t1`, `t2`: strides of the other
    two axes."""
    return 0.25 * (
        (load(states, i) + load(states, i - t1))
        + (load(states, i - t2) + load(states, i - t1 - t2))
    )


@kernel
def stream_at_corners(near, e, law, field, speed, mesh, states, out):
    """Write D and the heating at corners; the upstream e is that of the axes, weighted with the
    share of the field along them."""
    separate()
    s1, s2, s3 = mesh.strides
    scales = 0.25 / mesh.widths[0], 0.25 / mesh.widths[1], 0.25 / mesh.widths[2]
    p1, p2, p3 = (1.0 if s1 else 0.0), (1.0 if s2 else 0.0), (1.0 if s3 else 0.0)
    u1, u2, u3 = row(field, U1), row(field, U2), row(field, U3)
    low1, low2, low3 = row(states, 0), row(states, 2), row(states, 4)
    high1, high2, high3 = row(states, 1), row(states, 3), row(states, 5)
    for k in range(near.count):
        first = near.first + k * near.step
        for i in range(first, first + near.length):
            around = around_corner(e, i, mesh.strides)
            g1, g2, g3 = corner_gradient(around, scales)
            e000, e100, e010, e110, e001, e101, e011, e111 = around
            mean = 0.125 * (((e000 + e100) + (e010 + e110)) + ((e001 + e101) + (e011 + e111)))
            v1, v2, v3 = load(u1, i), load(u2, i), load(u3, i)
            g = (v1 * g1 + v2 * g2) + v3 * g3
            w1, w2, w3 = p1 * v1 * v1, p2 * v2 * v2, p3 * v3 * v3
            # both sides, and a choice between numbers: a vector loop without gathers
            below1, above1 = mean_of_faces(low1, i, s2, s3), mean_of_faces(high1, i, s2, s3)
            below2, above2 = mean_of_faces(low2, i, s1, s3), mean_of_faces(high2, i, s1, s3)
            below3, above3 = mean_of_faces(low3, i, s1, s2), mean_of_faces(high3, i, s1, s2)
            q1 = below1 if g * v1 < 0.0 else above1
            q2 = below2 if g * v2 < 0.0 else above2
            q3 = below3 if g * v3 < 0.0 else above3
            upstream = max((w1 * q1 + w2 * q2 + w3 * q3) / (w1 + w2 + w3 + _TINY), 0.0)
            x = law.length * abs(g) / (mean + _TINY)
            t = tanh_ratio(x) if mean > 0.0 else 0.0
            s = load(speed, i)
            store(
                row(out, COEFFICIENT),
                i,
                law.gamma * s * law.length * t * (upstream / (mean + _TINY)),
                0,
            )
            store(row(out, HEATING), i, law.heating * s * (t * x) * abs(g), 1)


@kernel
def add_rows(near, a, b, out):
    """Write the sum of two variables."""
    separate()
    for k in range(near.count):
        first = near.first + k * near.step
        for i in range(first, first + near.length):
            store(out, i, load(a, i) + load(b, i), 0)


@kernel
def add_streaming(near, coefficient, base, share, mesh, axis, out):
    """Write face coefficients: those of diffusion alone, and D, the mean of the corners of a face,
    on its part along the field."""
    separate()
    t1, t2 = mesh.strides[(axis + 1) % 3], mesh.strides[(axis + 2) % 3]
    for k in range(near.count):
        first = near.first + k * near.step
        for i in range(first, first + near.length):
            mean = 0.25 * (
                (load(coefficient, i) + load(coefficient, i + t1))
                + (load(coefficient, i + t2) + load(coefficient, i + t1 + t2))
            )
            part = load(share, i) * mean
            store(row(out, NORMAL), i, load(row(base, NORMAL), i) + part, 0)
            store(row(out, ALONG), i, load(row(base, ALONG), i) + part, 1)


@kernel
def mean_of_corners(near, corner, mesh, out):
    """Write the mean over the corners of a cell."""
    separate()
    s1, s2, s3 = mesh.strides
    for k in range(near.count):
        first = near.first + k * near.step
        for i in range(first, first + near.length):
            low = (load(corner, i) + load(corner, i + s1)) + (
                load(corner, i + s2) + load(corner, i + s1 + s2)
            )
            j = i + s3
            high = (load(corner, j) + load(corner, j + s1)) + (
                load(corner, j + s2) + load(corner, j + s1 + s2)
            )
            store(out, i, 0.125 * (low + high), 0)


@kernel
def refuse_cooling(grid, e, heat):
    """Where `heat` of an active cell is negative set it to zero, at the expense of `e`: RKL2 stages
    extrapolate, waves never give energy back."""
    near = runs(grid, NONE, NONE)
    for b in range(e.shape[0]):
        refuse_rows(near, row(rows(e, b, 0), 0), row(rows(heat, b, 0), 0))


@kernel
def refuse_rows(near, e, heat):
    """Do so for the cells `near` of a block."""
    separate()
    for k in range(near.count):
        first = near.first + k * near.step
        for i in range(first, first + near.length):
            h = load(heat, i)
            cooling = min(h, 0.0)
            store(e, i, load(e, i) + cooling, 0)
            store(heat, i, h - cooling, 1)


@kernel
def give_to_gas(u, heat, grid, frozen_gas, sums):
    """Add `heat` (nblock, 1, m3, m2, m1) to the gas, unless it is frozen, and its sum over each
    block to `sums` (nblock,)."""
    for b in range(u.shape[0]):
        total = 0.0
        for k in range(grid.ng3, grid.ng3 + grid.n3):
            for j in range(grid.ng2, grid.ng2 + grid.n2):
                for i in range(grid.ng1, grid.ng1 + grid.n1):
                    total += heat[b, 0, k, j, i]
                    if not frozen_gas:
                        u[b, ENER, k, j, i] += heat[b, 0, k, j, i]
        sums[b] += total


@kernel
def wave_losses(cells, u, bcc, factor, mesh, grid, e, heat):
    """Write to the active cells of `heat` what those of `e` lose: |v_A.grad e| times `factor` = dt
    (gamma_cr - 1) f; `e` stays as it is.

    The gradient is that of the central differences; e decays exponentially, so that it stays above
    zero where it is steep. ``cells``: see `crmpi.numerics.rows.cells`.
    """
    s1, s2, s3 = mesh.strides
    h1, h2, h3 = 0.5 / mesh.widths[0], 0.5 / mesh.widths[1], 0.5 / mesh.widths[2]
    for b in range(e.shape[0]):
        rho, x, loss = u[b, DENS].reshape(-1), e[b, 0].reshape(-1), heat[b, 0].reshape(-1)
        b1, b2, b3 = bcc[b, 0].reshape(-1), bcc[b, 1].reshape(-1), bcc[b, 2].reshape(-1)
        for k in range(grid.ng3, grid.ng3 + grid.n3):
            for j in range(grid.ng2, grid.ng2 + grid.n2):
                first = (k * grid.m2 + j) * grid.m1 + grid.ng1
                for i in range(first, first + grid.n1):
                    g1, g2, g3 = (
                        central_slope(cells, h1, b, i, s1, x[i + s1] - x[i - s1]),
                        central_slope(cells, h2, b, i, s2, x[i + s2] - x[i - s2]),
                        central_slope(cells, h3, b, i, s3, x[i + s3] - x[i - s3]),
                    )
                    rate = abs(b1[i] * g1 + b2[i] * g2 + b3[i] * g3) / math.sqrt(rho[i])
                    loss[i] = (
                        -x[i] * math.expm1(-factor * rate / (x[i] + _TINY)) if x[i] > 0.0 else 0.0
                    )


@kernel
def fastest_crossing(speed, corners, mesh, grid):
    """Return the largest number of cells per time that the streaming speed along the field crosses
    at any corner, summed over axes."""
    s1, s2, s3 = mesh.strides
    largest = 0.0
    for b in range(speed.shape[0]):
        for k in range(grid.ng3, grid.ng3 + grid.n3):
            for j in range(grid.ng2, grid.ng2 + grid.n2):
                for i in range(grid.ng1, grid.ng1 + grid.n1):
                    reach = abs(corners[b, U1, k, j, i]) / mesh.widths[0] if s1 else 0.0
                    reach += abs(corners[b, U2, k, j, i]) / mesh.widths[1] if s2 else 0.0
                    reach += abs(corners[b, U3, k, j, i]) / mesh.widths[2] if s3 else 0.0
                    largest = max(largest, speed[b, 0, k, j, i] * reach)
    return largest
