"""Kernels of anisotropic diffusion, e_t = div(D grad e), D = kappa_perp + (kappa_par - kappa_perp)
b b.

The flux along b is formed at the corners of cells from all cells around and averaged to faces
(Guenter et al. 2005, J. Comput. Phys. 209, 354): energy hardly leaks across the field, but minima
can deepen. The normal part alone, -D_aa d_a e at a face of axis a, keeps minima but is diffusive.
Zalesak's limiter (1979, J. Comput. Phys. 31, 335) takes as much of the accurate flux as keeps every
cell between the extrema of its neighbourhood after an explicit step. (Limited transverse slopes,
Sharma & Hammett 2007, J. Comput. Phys. 227, 123, leak several times more, see docs/transport.md.)

All loops run over the flat index of a block. Those that make coefficients once a step cover all
cells; those of every stage cover the `Runs` that the rates of active cells depend on: in blocks of
8^3 with four layers of ghosts a fifth to a half of all. What wraps around the end of a row is
written to cells that are never read. Corner i is the lower corner of cell i. A missing axis has
stride 0, so that corners fall together with edges, faces, or the cell.
"""

from typing import NamedTuple

from crmpi.jit import device, kernel
from crmpi.numerics.cr.runs import NONE, ONE, TWO, runs
from crmpi.numerics.levels.crossing import cross_rows, touches
from crmpi.numerics.levels.level_faces import keep_row
from crmpi.numerics.rows.cells import entering, over_distance, over_extent, spread
from crmpi.numerics.rows.rows import load, row, rows, separate, shift, store
from crmpi.types import Axis

# face coefficients: of the normal difference, and the part of it that the corners do better
NORMAL, ALONG = 0, 1
EXCESS, U1, U2, U3 = range(4)  # corner coefficients: kappa_par - kappa_perp, and b
# square of the field at a corner over the sum of squares of the cells: rounding errors
_CANCELLED = 1e-24
ROOM_UP, ROOM_DOWN = 0, 1  # fraction of what wants to flow in or out that may


class Mesh(NamedTuple):
    """Strides (0 on a missing axis), cell widths, flat size of a block, and its margin: the
    distance between opposite corners of a cell."""

    strides: tuple
    widths: tuple
    size: int
    margin: int


class Work(NamedTuple):
    """Buffers of one block, (1, ncomp, m3, m2, m1): corner fluxes (3), face fluxes (3), corrections
    (3), extrema (4), rooms (2)."""

    corner: object
    face: object
    correction: object
    extrema: object
    room: object


def make_mesh(grid):
    """Return the `Mesh` of a grid."""
    strides = (
        1 if grid.ng1 else 0,
        grid.m1 if grid.ng2 else 0,
        grid.m1 * grid.m2 if grid.ng3 else 0,
    )
    return Mesh(strides, (grid.dx1, grid.dx2, grid.dx3), grid.m1 * grid.m2 * grid.m3, sum(strides))


@device
def harmonic_mean(a, b):
    """Return the mean that makes the flux through two slabs in series right, and zero if one of
    them blocks."""
    return 2.0 * a * b / (a + b) if a * b > 0.0 else 0.0


@kernel
def isotropic_faces(cells, kappa, mesh, axis, out):
    """Fill `out` (nblock, 2, m3, m2, m1) with kappa/dx, on a tube A kappa/dx, at the lower faces
    along `axis`; kappa is the harmonic mean of the two cells. ``cells``: see
    `crmpi.numerics.rows.cells`."""
    d = mesh.strides[axis]
    for b in range(out.shape[0]):
        k_par, normal = kappa[b, 0].reshape(-1), out[b, NORMAL].reshape(-1)
        for i in range(d, mesh.size):
            mean = harmonic_mean(k_par[i - d], k_par[i])
            normal[i] = over_distance(cells, mesh.widths[axis], b, i, d, mean)


@device
def share_along(bn, b1, b2, i, d):
    """Return the square of the normal component of b at the lower face of cell `i`, 0 without a
    field."""
    t1, t2 = 0.5 * (b1[i - d] + b1[i]), 0.5 * (b2[i - d] + b2[i])
    return bn[i] * bn[i] / (bn[i] * bn[i] + t1 * t1 + t2 * t2 + 1e-300)


@kernel
def aligned_faces(kappa, face, bcc, mesh, axis, out):
    """Fill `out` (nblock, 2, m3, m2, m1) with D_aa/dx, and the part of it along b, at the lower
    faces along `axis`.

    `face` (nblock, 3, ...) is the staggered field, `bcc` the cell-centred one. kappa is the
    harmonic mean of the two cells.
    """
    d, dx = mesh.strides[axis], mesh.widths[axis]
    for b in range(out.shape[0]):
        k_par, k_perp = kappa[b, 0].reshape(-1), kappa[b, 1].reshape(-1)
        bn, b1, b2 = (
            face[b, axis].reshape(-1),
            bcc[b, (axis + 1) % 3].reshape(-1),
            bcc[b, (axis + 2) % 3].reshape(-1),
        )
        normal, along = out[b, NORMAL].reshape(-1), out[b, ALONG].reshape(-1)
        for i in range(d, mesh.size):
            across = harmonic_mean(k_perp[i - d], k_perp[i])
            along[i] = (
                (harmonic_mean(k_par[i - d], k_par[i]) - across)
                * share_along(bn, b1, b2, i, d)
                / dx
            )
            normal[i] = across / dx + along[i]


@kernel
def aligned_corners(kappa, bcc, mesh, out):
    """Fill `out` (nblock, 4, m3, m2, m1) with kappa_par - kappa_perp, harmonic means of the cells
    around a corner, and b there.

    b is zero where the fields of the cells cancel to rounding errors, as where two walls meet.
    """
    s1, s2, s3 = mesh.strides
    for b in range(out.shape[0]):
        k_par, k_perp = kappa[b, 0].reshape(-1), kappa[b, 1].reshape(-1)
        b1, b2, b3 = bcc[b, 0].reshape(-1), bcc[b, 1].reshape(-1), bcc[b, 2].reshape(-1)
        excess, u1, u2, u3 = (
            out[b, EXCESS].reshape(-1),
            out[b, U1].reshape(-1),
            out[b, U2].reshape(-1),
            out[b, U3].reshape(-1),
        )
        for i in range(mesh.margin, mesh.size):
            par = perp = v1 = v2 = v3 = squares = 0.0
            for d3 in (0, s3):
                for d2 in (0, s2):
                    for d1 in (0, s1):
                        c = i - d1 - d2 - d3
                        par += 1.0 / k_par[c]
                        perp += 1.0 / k_perp[c]
                        v1 += b1[c]
                        v2 += b2[c]
                        v3 += b3[c]
                        squares += b1[c] * b1[c] + b2[c] * b2[c] + b3[c] * b3[c]
            excess[i] = 8.0 / par - 8.0 / perp
            length = (v1 * v1 + v2 * v2 + v3 * v3) ** 0.5
            scale = 1.0 / length if length * length > _CANCELLED * squares else 0.0
            u1[i], u2[i], u3[i] = scale * v1, scale * v2, scale * v3


@kernel
def add_decay_rates(cells, faces, mesh, axis, rate):
    """Add to `rate` (nblock, 1, m3, m2, m1) the part of the rate of decay of cells that is due to
    the two faces along `axis`."""
    d = mesh.strides[axis]
    for b in range(rate.shape[0]):
        c, r = faces[b, NORMAL].reshape(-1), rate[b, 0].reshape(-1)
        for i in range(mesh.size - d):
            r[i] += over_extent(cells, mesh.widths[axis], b, i, d, c[i] + c[i + d])


@kernel
def diffusion_rate(e, faces, corners, shape, dt, work, rate, crossing, kept=None):
    """Fill the active cells of `rate` (nblock, 1, m3, m2, m1) with div(D grad e); `e` needs two
    ghost cells.

    Parameters
    ----------
    e : array (nblock, 1, m3, m2, m1)
    faces : three arrays (nblock, 2, m3, m2, m1)
    corners : array (nblock, 4, m3, m2, m1), or None for isotropic diffusion
    shape : (Mesh, Grid, cells)
        the last as in `crmpi.numerics.rows.cells`
    dt : float
        explicit step after which no cell may leave the extrema of its neighbourhood
    crossing : Crossing
        gets the rate of what comes in through outer faces
    kept : crmpi.numerics.levels.level_faces.Kept or None
        on a refined mesh, gets the fluxes through faces beside another level
    """
    mesh, grid, kind = shape
    # the room of a cell depends on the corrections at all its faces, those on all corners of theirs
    near, outer = runs(grid, ONE, ONE), runs(grid, ONE, TWO)
    inner, faces_of_active = runs(grid, NONE, NONE), runs(grid, NONE, ONE)
    for b in range(e.shape[0]):
        cells = row(rows(e, b, 0), 0)
        for a in range(3):
            if mesh.strides[a]:
                normal_fluxes(
                    outer, cells, rows(faces[a], b, 0), mesh, a, row(rows(work.face, 0, 0), a)
                )
        if corners is not None:
            corner_fluxes(outer, cells, rows(corners, b, 0), mesh, rows(work.corner, 0, 0))
            neighbour_extrema(grid, cells, mesh, rows(work.extrema, 0, 0))
            for a in range(3):
                if mesh.strides[a]:
                    corner, out = (
                        row(rows(work.corner, 0, 0), a),
                        row(rows(work.correction, 0, 0), a),
                    )
                    corrections(outer, cells, rows(faces[a], b, 0), corner, mesh, a, out)
            rooms(
                near,
                cells,
                rows(work.face, 0, 0),
                rows(work.correction, 0, 0),
                rows(work.extrema, 0, 0),
                mesh,
                dt,
                rows(work.room, 0, 0),
            )
            for a in range(3):
                if mesh.strides[a]:
                    add_limited(
                        faces_of_active,
                        row(rows(work.correction, 0, 0), a),
                        rows(work.room, 0, 0),
                        mesh,
                        a,
                        row(rows(work.face, 0, 0), a),
                    )
        if touches(crossing, b):
            cross_walls(rows(work.face, 0, 0), shape, crossing, b)
        keep_faces(rows(work.face, 0, 0), mesh, grid, kept, b)
        out = row(rows(rate, b, 0), 0)
        negative_divergence(inner, rows(work.face, 0, 0), mesh, kind, b, out)


@device
def cross_walls(faces, shape, crossing, b):
    """Add the fluxes through the outer faces of block `b`; ``row(faces, axis)`` are those at lower
    faces along an axis."""
    mesh, grid, cells = shape
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
def normal_fluxes(near, e, faces, mesh, axis, out):
    """Write the fluxes due to the normal differences at the faces `near`."""
    separate()
    d, c = mesh.strides[axis], row(faces, NORMAL)
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
def corner_fluxes(near, e, corners, mesh, out):
    """Write the three components of -(kappa_par - kappa_perp) b b.grad e at corners."""
    separate()
    scales = 0.25 / mesh.widths[0], 0.25 / mesh.widths[1], 0.25 / mesh.widths[2]
    excess, u1, u2, u3 = row(corners, EXCESS), row(corners, U1), row(corners, U2), row(corners, U3)
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
def corrections(near, e, faces, corner, mesh, axis, out):
    """Write what the mean of the corner fluxes adds to the normal flux along b."""
    separate()
    d, t1, t2 = mesh.strides[axis], mesh.strides[(axis + 1) % 3], mesh.strides[(axis + 2) % 3]
    along = row(faces, ALONG)
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
    for k in range(near.count):
        first = near.first + k * near.step
        for i in range(first, first + near.length):
            a = load(correction, i)
            rightward, leftward = (
                min(load(up, i), load(down, i - d)),
                min(load(down, i), load(up, i - d)),
            )
            store(face, i, load(face, i) + a * (rightward if a > 0.0 else leftward), 0)


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
