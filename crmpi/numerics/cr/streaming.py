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
    add_corners,
    around_corner,
    corner_gradient,
    correct_fluxes,
    deliver,
    faces_now,
    flux_faces,
    largest_faces,
)
from crmpi.numerics.cr.diffusion_coefficients import (
    ALONG,
    EXCESS,
    NORMAL,
    U1,
    U2,
    U3,
    align_block,
    share_along,
    sum_at_corner,
    take_field,
)
from crmpi.numerics.cr.runs import NONE, ONE, TWO, give, runs, take
from crmpi.numerics.fluid.reconstruct import PLM, interfaces
from crmpi.numerics.power import tanh
from crmpi.numerics.rows.cells import central_slope
from crmpi.numerics.rows.columns import clear, largest
from crmpi.numerics.rows.rows import (
    Rows,
    load,
    pointer,
    row,
    rows,
    separate,
    store,
    written,
)

# components of a corner: D, the energy the gas gains, and D with the kappa of diffusion
COEFFICIENT, HEATING, TOTAL = 0, 1, 2
_TINY = 1e-300
_SMALL = 1e-4  # below it tanh(x)/x is 1 - x^2/3 to the last bit


class Law(NamedTuple):
    """What streams how: gamma_cr, (gamma_cr - 1) w/s of the heating, and the regularisation length
    L."""

    gamma: float
    heating: float
    length: float


class Streaming(NamedTuple):
    """Coefficients of streaming and diffusion together, for `crmpi.numerics.cr.diffusion`.

    What stays as it is during a super-step: ``faces`` and ``corners`` are an `Aligned` of diffusion
    alone, ``shares`` the share of the field along each axis over dx at faces (one array per axis),
    ``speed`` that of streaming at corners. ``heating`` (nblock, 1, m3, m2, m1), in the layout of
    registers, is a result: energy per volume and time that active cells lose to the gas.
    """

    law: Law
    faces: tuple
    corners: object
    shares: tuple
    speed: object
    heating: object


class StreamingWork(NamedTuple):
    """Buffers of `crmpi.numerics.cr.diffusion_coefficients.Work`, and: ``states``, e below and
    above the faces of each axis, in whose place are then the coefficients there (6); ``stream``,
    corners (3)."""

    e: object
    corner: object
    face: object
    correction: object
    extrema: object
    room: object
    best: object
    states: object
    stream: object


@device
def tanh_ratio(x):
    """Return tanh(x)/x for x >= 0."""
    return tanh(x) / x if x > _SMALL else 1.0 - x * x / 3.0


@kernel
def streaming_base(u, kappa, face, bcc, f_stream, shape, work, out):
    """Fill what a `Streaming` keeps; arguments as for
    `crmpi.numerics.cr.diffusion_coefficients.aligned_coefficients`."""
    mesh, outer = shape.mesh, runs(shape.own, ONE, TWO)
    for b in range(kappa.shape[0]):
        take_field(kappa, face, bcc, b, shape, work)
        take(u, b, DENS, shape.grid, shape.own, work.extrema, 0)
        align_block(shape, work, out.faces, out.corners, b)
        cells, squares = rows(work.extrema, 0, 0), row(rows(work.correction, 0, 0), 2)
        alfven_speeds(runs(shape.own, TWO, TWO), row(cells, 0), squares, row(cells, 1))
        corner_speeds(outer, row(cells, 1), f_stream, mesh, row(rows(out.speed, b, 0), 0))
        for a in range(3):
            if mesh.strides[a]:
                bn, share = row(rows(work.face, 0, 0), a), row(rows(out.shares[a], b, 0), 0)
                field_shares(outer, bn, rows(work.corner, 0, 0), mesh, a, share)


@kernel
def alfven_speeds(near, rho, squares, out):
    """Write v_A of cells, 0 where there is no gas; `squares`: B^2."""
    separate()
    for k in range(near.count):
        first = near.first + k * near.step
        for i in range(first, first + near.length):
            # choices between numbers, not branches: a vector loop on any machine
            dens, square = load(rho, i), load(squares, i)
            filled = dens > 0.0
            store(out, i, math.sqrt((square if filled else 0.0) / (dens if filled else 1.0)), 0)


@kernel
def corner_speeds(near, alfven, f_stream, mesh, out):
    """Write f_stream v_A, the mean of the cells around a corner."""
    separate()
    for k in range(near.count):
        first = near.first + k * near.step
        for i in range(first, first + near.length):
            store(out, i, f_stream * 0.125 * sum_at_corner(alfven, i, mesh.strides), 0)


@kernel
def field_shares(near, bn, bcc, mesh, axis, out):
    """Write the square of the normal component of b over dx at the lower faces along `axis`."""
    separate()
    d, dx = mesh.strides[axis], mesh.widths[axis]
    b1, b2 = row(bcc, (axis + 1) % 3), row(bcc, (axis + 2) % 3)
    for k in range(near.count):
        first = near.first + k * near.step
        for i in range(first, first + near.length):
            store(out, i, share_along(bn, b1, b2, i, d) / dx, 0)


@largest_faces.option(Streaming)
def largest_of_streaming(source, shape, work, b):
    """Upstream e exceeds the mean by what it changes within half a cell, which adds to D what
    diffusion over a cell would."""
    mesh, law = shape.mesh, source.law
    bound = law.gamma * (law.length + max(mesh.widths[0], mesh.widths[1], mesh.widths[2]))
    largest_d = row(rows(work.stream, 0, 0), COEFFICIENT)
    scale_rows(runs(shape.own, NONE, TWO), bound, row(rows(source.speed, b, 0), 0), largest_d)
    return stream_through_faces(runs(shape.own, NONE, ONE), source, shape, work, b)


@device
def stream_through_faces(near, source, shape, work, b):
    """Write the coefficients at faces, in the place of the states there, from D at corners; return
    them, three `Rows`."""
    mesh, states, stream = shape.mesh, rows(work.states, 0, 0), rows(work.stream, 0, 0)
    faces = pair_of(states, 0), pair_of(states, 1), pair_of(states, 2)
    for a in range(3):
        if mesh.strides[a]:
            share, base = row(rows(source.shares[a], b, 0), 0), rows(source.faces[a], b, 0)
            add_streaming(near, row(stream, COEFFICIENT), base, share, mesh, a, faces[a])
    return faces


@device
def pair_of(states, a):
    """Return the `Rows` of the two variables of axis `a`."""
    return Rows(row(states, 2 * a), states.step)


@kernel
def scale_rows(near, factor, a, out):
    """Write `factor` times a variable."""
    separate()
    for k in range(near.count):
        first = near.first + k * near.step
        for i in range(first, first + near.length):
            store(out, i, factor * load(a, i), 0)


@faces_now.option(Streaming)
def faces_of_streaming(source, e, shape, work, b):
    own, mesh, states = shape.own, shape.mesh, rows(work.states, 0, 0)
    # fluxes need corners and faces of the first layer, they the states at faces beside and below
    if mesh.strides[0]:
        face_states(runs(own, (1, 2, 2), TWO), e, mesh, 0, states)
    if mesh.strides[1]:
        face_states(runs(own, (2, 1, 2), TWO), e, mesh, 1, states)
    if mesh.strides[2]:
        face_states(runs(own, (2, 2, 1), TWO), e, mesh, 2, states)
    corners, speed = rows(source.corners, b, 0), row(rows(source.speed, b, 0), 0)
    outer, stream = runs(own, ONE, TWO), rows(work.stream, 0, 0)
    stream_at_corners(outer, e, source.law, corners, speed, mesh, states, stream)
    return stream_through_faces(outer, source, shape, work, b)


@flux_faces.option(Streaming)
def faces_beside_active(source, own):
    return runs(own, ONE, TWO)


@correct_fluxes.option(Streaming)
def correct_streaming(source, e, faces, shape, dt, work, b):
    excess = row(rows(work.stream, 0, 0), TOTAL)
    add_corners(e, faces, excess, rows(source.corners, b, 0), shape, dt, work)


@deliver.option(Streaming)
def deliver_heating(source, shape, work, b):
    corner, out = row(rows(work.stream, 0, 0), HEATING), row(rows(work.room, 0, 0), 0)
    mean_of_corners(runs(shape.own, NONE, NONE), corner, shape.mesh, out)
    give(work.room, 0, shape.own, source.heating, b, shape.grid)


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
    """Write D, the heating, and D with kappa at corners; the upstream e is that of the axes,
    weighted with the share of the field along them. `field`: coefficients at corners."""
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
            coefficient = law.gamma * s * law.length * t * (upstream / (mean + _TINY))
            store(row(out, COEFFICIENT), i, coefficient, 0)
            store(row(out, HEATING), i, law.heating * s * (t * x) * abs(g), 1)
            store(row(out, TOTAL), i, load(row(field, EXCESS), i) + coefficient, 2)


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
def fastest_crossing(source, shape, work):
    """Return the largest number of cells per time that the streaming speed along the field crosses
    at any corner, summed over axes."""
    clear(work.best)
    for b in range(source.speed.shape[0]):
        speed, corners = row(rows(source.speed, b, 0), 0), rows(source.corners, b, 0)
        raise_crossing(shape.own, shape.mesh, speed, corners, pointer(work.best, 0))
    return largest(work.best)


@kernel
def raise_crossing(grid, mesh, speed, corners, best):
    """Raise `best`, one number for every column of cells, to that of a block."""
    separate()
    (s1, s2, s3), (w1, w2, w3) = mesh.strides, mesh.widths
    p1, p2, p3 = (1.0 if s1 else 0.0), (1.0 if s2 else 0.0), (1.0 if s3 else 0.0)
    u1, u2, u3, raised = row(corners, U1), row(corners, U2), row(corners, U3), written(best)
    for k in range(grid.ng3, grid.ng3 + grid.n3):
        for j in range(grid.ng2, grid.ng2 + grid.n2):
            first = (k * grid.m2 + j) * grid.m1 + grid.ng1
            for n in range(grid.n1):
                i, old = first + n, load(best, n)
                reach1, reach2 = p1 * abs(load(u1, i)) / w1, p2 * abs(load(u2, i)) / w2
                reach = (reach1 + reach2) + p3 * abs(load(u3, i)) / w3
                crossed = load(speed, i) * reach
                store(raised, n, crossed if crossed > old else old, 0)
