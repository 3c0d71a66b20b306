"""Kernels of anisotropic diffusion, e_t = div(D grad e), D = kappa_perp + (kappa_par - kappa_perp)
b b.

The flux along b is formed at the corners of cells from all cells around and averaged to faces
(Guenter et al. 2005, J. Comput. Phys. 209, 354): energy hardly leaks across the field, but minima
can deepen. The normal part alone, -D_aa d_a e at a face of axis a, keeps minima but is diffusive.
Zalesak's limiter (1979, J. Comput. Phys. 31, 335) takes as much of the accurate flux as keeps every
cell between the extrema of its neighbourhood after an explicit step. (Limited transverse slopes,
Sharma & Hammett 2007, J. Comput. Phys. 227, 123, leak several times more, see docs/transport.md.)

All loops run over the flat index of a block, and cover the `Runs` that the rates of active cells
depend on. What wraps around the end of a row is written to cells that are never read. Corner i is
the lower corner of cell i. A missing axis has stride 0, so that corners fall together with edges,
faces, or the cell. Coefficients and buffers have the layout of `crmpi.numerics.cr.runs.lean`; a
block is worked on from its e to its rate while it is in the cache.
"""

from crmpi.jit import choice, device, kernel
from crmpi.numerics.cr.diffusion_coefficients import (
    ALONG,
    EXCESS,
    NORMAL,
    U1,
    U2,
    U3,
    Aligned,
    Isotropic,
)
from crmpi.numerics.cr.runs import NONE, ONE, TWO, give, runs, take
from crmpi.numerics.levels.crossing import cross_rows, touches
from crmpi.numerics.levels.level_faces import keep_row
from crmpi.numerics.rows.cells import entering, over_extent, spread
from crmpi.numerics.rows.columns import clear, largest
from crmpi.numerics.rows.rows import load, pointer, row, rows, separate, shift, store, written
from crmpi.types import Axis

ROOM_UP, ROOM_DOWN = 0, 1  # fraction of what wants to flow in or out that may


@choice
def largest_faces(source, shape, work, b):
    """Return the coefficients at faces of block `b`, three `Rows`, with the largest that the
    `source` may have in a super-step."""


@choice
def faces_now(source, e, shape, work, b):
    """Return the coefficients at faces of block `b`, three `Rows`, for `e`, that of the block in
    the layout of ``shape.own``."""


@choice
def correct_fluxes(source, e, faces, shape, dt, work, b):
    """Add to the fluxes in ``work.face`` what the corners do better; `faces`, from
    `faces_now`."""


@choice
def deliver(source, shape, work, b):
    """Write what else a `source` has found for block `b`."""


@choice
def flux_faces(source, own):
    """Return the `Runs` of the faces whose fluxes are needed: those of active cells, and for the
    limiter those of a layer of ghosts."""


@device
def three_rows(faces, b):
    """Return the `Rows` of block `b` in three arrays."""
    return rows(faces[0], b, 0), rows(faces[1], b, 0), rows(faces[2], b, 0)


@largest_faces.option(Aligned)
@largest_faces.option(Isotropic)
def constant_faces(source, shape, work, b):
    return three_rows(source.faces, b)


@faces_now.option(Aligned)
@faces_now.option(Isotropic)
def unchanged_faces(source, e, shape, work, b):
    return three_rows(source.faces, b)


@flux_faces.option(Isotropic)
def faces_of_active(source, own):
    return runs(own, NONE, ONE)


@correct_fluxes.option(Isotropic)
def correct_nothing(source, e, faces, shape, dt, work, b):
    pass


@deliver.option(Aligned)
@deliver.option(Isotropic)
def deliver_nothing(source, shape, work, b):
    pass


@flux_faces.option(Aligned)
def faces_beyond_active(source, own):
    return runs(own, ONE, TWO)


@correct_fluxes.option(Aligned)
def correct_aligned(source, e, faces, shape, dt, work, b):
    corners = rows(source.corners, b, 0)
    add_corners(e, faces, row(corners, EXCESS), corners, shape, dt, work)


@kernel
def fastest_decay(source, shape, work):
    """Return the largest rate of decay of any active cell: the sum over axes of the coefficients at
    both faces over the width."""
    clear(work.best)
    for b in range(source.faces[0].shape[0]):
        faces = largest_faces(source, shape, work, b)
        c1, c2, c3 = row(faces[0], NORMAL), row(faces[1], NORMAL), row(faces[2], NORMAL)
        raise_decay(shape, b, c1, c2, c3, pointer(work.best, 0))
    return largest(work.best)


@kernel
def raise_decay(shape, b, c1, c2, c3, best):
    """Raise `best`, one number for every column of cells, to the rates of decay of block `b`."""
    separate()
    own, cells, (s1, s2, s3) = shape.own, shape.cells, shape.mesh.strides
    w1, w2, w3 = shape.mesh.widths
    # factors, not conditions: LLVM makes a loop of each case of these
    p1, p2, p3 = (1.0 if s1 else 0.0), (1.0 if s2 else 0.0), (1.0 if s3 else 0.0)
    raised = written(best)
    for k in range(own.ng3, own.ng3 + own.n3):
        for j in range(own.ng2, own.ng2 + own.n2):
            first = (k * own.m2 + j) * own.m1 + own.ng1
            for n in range(own.n1):
                i, old = first + n, load(best, n)
                r1 = over_extent(cells, w1, b, i, s1, load(c1, i) + load(c1, i + s1))
                r2 = over_extent(cells, w2, b, i, s2, load(c2, i) + load(c2, i + s2))
                r3 = over_extent(cells, w3, b, i, s3, load(c3, i) + load(c3, i + s3))
                rate = (p1 * r1 + p2 * r2) + p3 * r3
                store(raised, n, rate if rate > old else old, 0)


@kernel
def diffusion_rate(e, source, shape, dt, work, rate, crossing, kept=None):
    """Fill the active cells of `rate` (nblock, 1, m3, m2, m1) with div(D grad e).

    Parameters
    ----------
    e : array (nblock, 1, m3, m2, m1)
        needs as many valid ghosts as ``shape.own`` has
    source : Isotropic, Aligned, or crmpi.numerics.cr.streaming.Streaming
        the coefficients
    dt : float
        explicit step after which no cell may leave the extrema of its neighbourhood
    crossing : Crossing
        gets the rate of what comes in through outer faces
    kept : crmpi.numerics.levels.level_faces.Kept or None
        on a refined mesh, gets the fluxes through faces beside another level
    """
    grid, own, mesh, kind = shape
    for b in range(e.shape[0]):
        take(e, b, 0, grid, own, work.e, 0)
        cells = row(rows(work.e, 0, 0), 0)
        faces = faces_now(source, cells, shape, work, b)
        for a in range(3):
            if mesh.strides[a]:
                flux = row(rows(work.face, 0, 0), a)
                normal_fluxes(flux_faces(source, own), cells, row(faces[a], NORMAL), mesh, a, flux)
        correct_fluxes(source, cells, faces, shape, dt, work, b)
        if touches(crossing, b):
            cross_walls(rows(work.face, 0, 0), shape, crossing, b)
        keep_faces(rows(work.face, 0, 0), mesh, own, kept, b)
        out = row(rows(work.room, 0, 0), 0)
        negative_divergence(runs(own, NONE, NONE), rows(work.face, 0, 0), mesh, kind, b, out)
        give(work.room, 0, own, rate, b, grid)
        deliver(source, shape, work, b)


@device
def add_corners(e, faces, excess, field, shape, dt, work):
    """Add to the fluxes in ``work.face`` as much of what the corners do better as keeps every cell
    between the extrema around it; `excess`: kappa_par - kappa_perp at corners."""
    own, mesh = shape.own, shape.mesh
    # the room of a cell depends on the corrections at all its faces, those on all corners of theirs
    near, outer = runs(own, ONE, ONE), runs(own, ONE, TWO)
    flux, correction = rows(work.face, 0, 0), rows(work.correction, 0, 0)
    extrema, room = rows(work.extrema, 0, 0), rows(work.room, 0, 0)
    corner_fluxes(outer, e, excess, field, mesh, rows(work.corner, 0, 0))
    neighbour_extrema(own, e, mesh, extrema)
    for a in range(3):
        if mesh.strides[a]:
            corner = row(rows(work.corner, 0, 0), a)
            corrections(outer, e, row(faces[a], ALONG), corner, mesh, a, row(correction, a))
    rooms(near, e, flux, correction, extrema, mesh, dt, room)
    for a in range(3):
        if mesh.strides[a]:
            add_limited(runs(own, NONE, ONE), row(correction, a), room, mesh, a, row(flux, a))


@device
def cross_walls(faces, shape, crossing, b):
    """Add the fluxes through the outer faces of block `b`; ``row(faces, axis)`` are those at lower
    faces along an axis."""
    grid, mesh, cells = shape.own, shape.mesh, shape.cells
    axes = (
        entering(cells, 1.0, _axis_of(mesh, 0)),
        entering(cells, 1.0, _axis_of(mesh, 1)),
        entering(cells, 1.0, _axis_of(mesh, 2)),
    )
    for k in range(grid.ng3, grid.ng3 + grid.n3):
        for j in range(grid.ng2, grid.ng2 + grid.n2):
            lower, upper = _around(faces, mesh, grid, k, j)
            cross_rows(grid, axes, crossing, (b, k, j), lower, upper, 0, 1)


@device
def keep_faces(faces, mesh, grid, kept, b):
    """Keep the fluxes of block `b` through faces beside another level."""
    if kept is not None:
        axes = (_axis_of(mesh, 0), _axis_of(mesh, 1), _axis_of(mesh, 2))
        for k in range(grid.ng3, grid.ng3 + grid.n3):
            for j in range(grid.ng2, grid.ng2 + grid.n2):
                lower, upper = _around(faces, mesh, grid, k, j)
                keep_row(grid, axes, kept, (b, k, j), lower, upper, 0)


@device
def _around(faces, mesh, grid, k, j):
    """Return the faces below and above a row of active cells, along each axis."""
    here = shift(faces, (k * grid.m2 + j) * grid.m1 + grid.ng1)
    lower = (here, shift(here, faces.step), shift(here, 2 * faces.step))
    return lower, (
        shift(lower[0], mesh.strides[0]),
        shift(lower[1], mesh.strides[1]),
        shift(lower[2], mesh.strides[2]),
    )


@device
def _axis_of(mesh, a):
    """Return an `Axis` for a step of 1."""
    return Axis(mesh.strides[a], 1.0 / mesh.widths[a], a, (a + 1) % 3, (a + 2) % 3)


@kernel
def normal_fluxes(near, e, c, mesh, axis, out):
    """Write the fluxes due to the normal differences at the faces `near`; `c`: coefficients."""
    separate()
    d = mesh.strides[axis]
    for k in range(near.count):
        first = near.first + k * near.step
        for i in range(first, first + near.length):
            store(out, i, -load(c, i) * (load(e, i) - load(e, i - d)), 0)


@device
def around_corner(e, i, strides):
    """Return the values of the eight cells around a corner, x1 running fastest."""
    s1, s2, s3 = strides
    lower = load(e, i - s1 - s2 - s3), load(e, i - s2 - s3), load(e, i - s1 - s3), load(e, i - s3)
    return *lower, load(e, i - s1 - s2), load(e, i - s2), load(e, i - s1), load(e, i)


@device
def corner_gradient(around, scales):
    """Return grad e at a corner; `scales`: a quarter of the inverse widths of cells."""
    e000, e100, e010, e110, e001, e101, e011, e111 = around
    return (
        scales[0] * (((e100 - e000) + (e110 - e010)) + ((e101 - e001) + (e111 - e011))),
        scales[1] * (((e010 - e000) + (e110 - e100)) + ((e011 - e001) + (e111 - e101))),
        scales[2] * (((e001 - e000) + (e101 - e100)) + ((e011 - e010) + (e111 - e110))),
    )


@kernel
def corner_fluxes(near, e, excess, field, mesh, out):
    """Write the three components of -(kappa_par - kappa_perp) b b.grad e at corners; `excess`: the
    difference of kappa."""
    separate()
    scales = 0.25 / mesh.widths[0], 0.25 / mesh.widths[1], 0.25 / mesh.widths[2]
    u1, u2, u3 = row(field, U1), row(field, U2), row(field, U3)
    q1, q2, q3 = row(out, 0), row(out, 1), row(out, 2)
    for k in range(near.count):
        first = near.first + k * near.step
        for i in range(first, first + near.length):
            g1, g2, g3 = corner_gradient(around_corner(e, i, mesh.strides), scales)
            v1, v2, v3 = load(u1, i), load(u2, i), load(u3, i)
            q = -load(excess, i) * ((v1 * g1 + v2 * g2) + v3 * g3)
            store(q1, i, v1 * q, 0)
            store(q2, i, v2 * q, 1)
            store(q3, i, v3 * q, 2)


@kernel
def corrections(near, e, along, corner, mesh, axis, out):
    """Write what the mean of the corner fluxes adds to the normal flux along b; `along`: the part
    of the coefficients along it."""
    separate()
    d, t1, t2 = mesh.strides[axis], mesh.strides[(axis + 1) % 3], mesh.strides[(axis + 2) % 3]
    for k in range(near.count):
        first = near.first + k * near.step
        for i in range(first, first + near.length):
            mean = 0.25 * (
                (load(corner, i) + load(corner, i + t1))
                + (load(corner, i + t2) + load(corner, i + t1 + t2))
            )
            store(out, i, mean + load(along, i) * (load(e, i) - load(e, i - d)), 0)


@device
def lowest(row_, i, d):
    """Return the smallest of an element and its two neighbours at distance `d`."""
    return min(min(load(row_, i - d), load(row_, i + d)), load(row_, i))


@device
def highest(row_, i, d):
    """Return the largest of an element and its two neighbours at distance `d`."""
    return max(max(load(row_, i - d), load(row_, i + d)), load(row_, i))


@kernel
def extrema_along(near, low, high, d, out_low, out_high):
    """Write the extrema over three neighbours at distance `d`."""
    separate()
    for k in range(near.count):
        first = near.first + k * near.step
        for i in range(first, first + near.length):
            store(out_low, i, lowest(low, i, d), 0)
            store(out_high, i, highest(high, i, d), 1)


@kernel
def neighbour_extrema(grid, e, mesh, out):
    """Write the smallest and largest e of all cells that share a corner with a cell to components 0
    and 1 of `out`; 2 and 3 are spare. What comes next along an axis needs a layer more of it."""
    s1, s2, s3 = mesh.strides
    near = runs(grid, (1, 2, 2), (1, 2, 2))
    extrema_along(near, e, e, s1, row(out, 0), row(out, 1))
    near = runs(grid, (1, 1, 2), (1, 1, 2))
    extrema_along(near, row(out, 0), row(out, 1), s2, row(out, 2), row(out, 3))
    extrema_along(runs(grid, ONE, ONE), row(out, 2), row(out, 3), s3, row(out, 0), row(out, 1))


@kernel
def rooms(near, e, faces, correction, extrema, mesh, dt, out):
    """Write the fractions of inflowing and of outflowing corrections that keep a cell within its
    extrema (Zalesak 1979, eqs. 10-12)."""
    separate()
    s1, s2, s3 = mesh.strides
    c1, c2, c3 = (
        (dt / mesh.widths[0] if s1 else 0.0),
        (dt / mesh.widths[1] if s2 else 0.0),
        (dt / mesh.widths[2] if s3 else 0.0),
    )
    f1, f2, f3 = row(faces, 0), row(faces, 1), row(faces, 2)
    a1, a2, a3 = row(correction, 0), row(correction, 1), row(correction, 2)
    low, high = row(extrema, 0), row(extrema, 1)
    up, down = row(out, ROOM_UP), row(out, ROOM_DOWN)
    for k in range(near.count):
        first = near.first + k * near.step
        for i in range(first, first + near.length):
            change = (
                c1 * (load(f1, i + s1) - load(f1, i)) + c2 * (load(f2, i + s2) - load(f2, i))
            ) + c3 * (load(f3, i + s3) - load(f3, i))
            plain = load(e, i) - change
            l1, l2, l3 = load(a1, i), load(a2, i), load(a3, i)
            r1, r2, r3 = load(a1, i + s1), load(a2, i + s2), load(a3, i + s3)
            gain = (
                c1 * (max(l1, 0.0) - min(r1, 0.0)) + c2 * (max(l2, 0.0) - min(r2, 0.0))
            ) + c3 * (max(l3, 0.0) - min(r3, 0.0))
            loss = (
                c1 * (max(r1, 0.0) - min(l1, 0.0)) + c2 * (max(r2, 0.0) - min(l2, 0.0))
            ) + c3 * (max(r3, 0.0) - min(l3, 0.0))
            rise, fall = max(load(high, i) - plain, 0.0), max(plain - load(low, i), 0.0)
            store(up, i, rise / gain if gain > rise else 1.0, 0)
            store(down, i, fall / loss if loss > fall else 1.0, 1)


@kernel
def add_limited(near, correction, room, mesh, axis, face):
    """Add to the fluxes of `face` the corrections that both cells have room for."""
    separate()
    d, up, down = mesh.strides[axis], row(room, ROOM_UP), row(room, ROOM_DOWN)
    limited = written(face)
    for k in range(near.count):
        first = near.first + k * near.step
        for i in range(first, first + near.length):
            a = load(correction, i)
            rightward, leftward = (
                min(load(up, i), load(down, i - d)),
                min(load(down, i), load(up, i - d)),
            )
            store(limited, i, load(face, i) + a * (rightward if a > 0.0 else leftward), 0)


@kernel
def negative_divergence(near, faces, mesh, cells, b, out):
    """Write minus the divergence of the face fluxes, on a tube those through whole faces."""
    separate()
    s1, s2, s3 = mesh.strides
    c1, c2, c3 = (
        (1.0 / mesh.widths[0] if s1 else 0.0),
        (1.0 / mesh.widths[1] if s2 else 0.0),
        (1.0 / mesh.widths[2] if s3 else 0.0),
    )
    f1, f2, f3 = row(faces, 0), row(faces, 1), row(faces, 2)
    for k in range(near.count):
        first = near.first + k * near.step
        for i in range(first, first + near.length):
            d1 = spread(cells, c1, b, i, s1, load(f1, i + s1) - load(f1, i))
            d2 = spread(cells, c2, b, i, s2, load(f2, i + s2) - load(f2, i))
            d3 = spread(cells, c3, b, i, s3, load(f3, i + s3) - load(f3, i))
            store(out, i, -((d1 + d2) + d3), 0)
