"""Coefficients of diffusion at faces and corners, made once a step, and the buffers of a block.

See `crmpi.numerics.cr.diffusion` for where they stand and how they are used.
"""

import math
from typing import NamedTuple

from crmpi.jit import device, kernel
from crmpi.numerics.cr.runs import NONE, ONE, TWO, runs, take
from crmpi.numerics.rows.cells import over_distance
from crmpi.numerics.rows.rows import load, row, rows, separate, store

# face coefficients: of the normal difference, and the part of it that the corners do better
NORMAL, ALONG = 0, 1
EXCESS, U1, U2, U3 = range(4)  # corner coefficients: kappa_par - kappa_perp, and b
# square of the field at a corner over the sum of squares of the cells: rounding errors
_CANCELLED = 1e-24


class Mesh(NamedTuple):
    """Strides (0 on a missing axis), cell widths, flat size of a block, and its margin: the
    distance between opposite corners of a cell."""

    strides: tuple
    widths: tuple
    size: int
    margin: int


class Shape(NamedTuple):
    """The grid of the registers, the `lean` one of coefficients and buffers, the `Mesh` of the
    latter, and the kind of cells as in `crmpi.numerics.rows.cells`."""

    grid: object
    own: object
    mesh: Mesh
    cells: object


class Work(NamedTuple):
    """Buffers of one block, (1, ncomp, m3, m2, m1): e (1), corner fluxes (3), face fluxes (3),
    corrections (3), extrema (4), rooms (2). While coefficients are made they hold what these are
    made of, see `take_field`. ``best`` (n1,): the running maximum of every column of cells."""

    e: object
    corner: object
    face: object
    correction: object
    extrema: object
    room: object
    best: object


class Isotropic(NamedTuple):
    """Coefficients of the normal differences alone: three arrays (nblock, ncomp, m3, m2, m1)."""

    faces: tuple


class Aligned(NamedTuple):
    """Coefficients at faces (2 components) and corners (4) for what moves along the field."""

    faces: tuple
    corners: object


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
    passes = a * b > 0.0
    return 2.0 * a * b / (a + b if passes else 1.0) if passes else 0.0


@kernel
def isotropic_coefficients(kappa, shape, work, faces):
    """Fill the `faces` of active cells with kappa/dx, on a tube A kappa/dx; kappa (nblock, 2, m3,
    m2, m1) in the layout of registers."""
    grid, own, mesh, cells = shape
    near = runs(own, NONE, ONE)
    for b in range(kappa.shape[0]):
        take(kappa, b, 0, grid, own, work.room, 0)
        for a in range(3):
            if mesh.strides[a]:
                out = row(rows(faces[a], b, 0), NORMAL)
                isotropic_faces(near, cells, row(rows(work.room, 0, 0), 0), mesh, a, b, out)


@kernel
def isotropic_faces(near, cells, kappa, mesh, axis, b, out):
    """Write kappa/dx, on a tube A kappa/dx, at the lower faces along `axis`; kappa is the harmonic
    mean of the two cells."""
    separate()
    d, dx = mesh.strides[axis], mesh.widths[axis]
    for k in range(near.count):
        first = near.first + k * near.step
        for i in range(first, first + near.length):
            mean = harmonic_mean(load(kappa, i - d), load(kappa, i))
            store(out, i, over_distance(cells, dx, b, i, d, mean), 0)


@device
def take_field(kappa, face, bcc, b, shape, work):
    """Copy to buffers what the coefficients of block `b` are made of: kappa to ``room``, the field
    at faces to ``face``, that of cells to ``corner``."""
    for v in range(2):
        take(kappa, b, v, shape.grid, shape.own, work.room, v)
    for v in range(3):
        take(face, b, v, shape.grid, shape.own, work.face, v)
        take(bcc, b, v, shape.grid, shape.own, work.corner, v)


@kernel
def aligned_coefficients(kappa, face, bcc, shape, work, out):
    """Fill an `Aligned`; `face` (nblock, 3, ...) is the staggered field, `bcc` the cell-centred
    one, `kappa` has two components."""
    for b in range(kappa.shape[0]):
        take_field(kappa, face, bcc, b, shape, work)
        align_block(shape, work, out.faces, out.corners, b)


@device
def align_block(shape, work, faces, corners, b):
    """Make the coefficients of block `b` of what `take_field` has found."""
    mesh, outer = shape.mesh, runs(shape.own, ONE, TWO)
    kappa, bcc = rows(work.room, 0, 0), rows(work.corner, 0, 0)
    for a in range(3):
        if mesh.strides[a]:
            bn = row(rows(work.face, 0, 0), a)
            aligned_faces(outer, kappa, bn, bcc, mesh, a, rows(faces[a], b, 0))
    cells = rows(work.correction, 0, 0)
    corner_terms(runs(shape.own, TWO, TWO), kappa, bcc, cells)
    aligned_corners(outer, cells, bcc, mesh, rows(corners, b, 0))


@device
def share_along(bn, b1, b2, i, d):
    """Return the square of the normal component of b at the lower face of cell `i`, 0 without a
    field."""
    t1, t2 = 0.5 * (load(b1, i - d) + load(b1, i)), 0.5 * (load(b2, i - d) + load(b2, i))
    n = load(bn, i)
    return n * n / (n * n + t1 * t1 + t2 * t2 + 1e-300)


@kernel
def aligned_faces(near, kappa, bn, bcc, mesh, axis, out):
    """Write D_aa/dx, and the part of it along b, at the lower faces along `axis`; kappa is the
    harmonic mean of the two cells."""
    separate()
    d, dx = mesh.strides[axis], mesh.widths[axis]
    k_par, k_perp = row(kappa, 0), row(kappa, 1)
    b1, b2 = row(bcc, (axis + 1) % 3), row(bcc, (axis + 2) % 3)
    normal, along = row(out, NORMAL), row(out, ALONG)
    for k in range(near.count):
        first = near.first + k * near.step
        for i in range(first, first + near.length):
            across = harmonic_mean(load(k_perp, i - d), load(k_perp, i))
            parallel = harmonic_mean(load(k_par, i - d), load(k_par, i))
            part = (parallel - across) * share_along(bn, b1, b2, i, d) / dx
            store(along, i, part, 0)
            store(normal, i, across / dx + part, 1)


@kernel
def corner_terms(near, kappa, bcc, out):
    """Write what every cell gives to its eight corners: 1/kappa_par, 1/kappa_perp, and B^2."""
    separate()
    b1, b2, b3 = row(bcc, 0), row(bcc, 1), row(bcc, 2)
    for k in range(near.count):
        first = near.first + k * near.step
        for i in range(first, first + near.length):
            v1, v2, v3 = load(b1, i), load(b2, i), load(b3, i)
            store(row(out, 0), i, 1.0 / load(row(kappa, 0), i), 0)
            store(row(out, 1), i, 1.0 / load(row(kappa, 1), i), 1)
            store(row(out, 2), i, v1 * v1 + v2 * v2 + v3 * v3, 2)


@device
def sum_at_corner(cells, i, strides):
    """Return the sum over the eight cells around a corner, in pairs: that of a mirror image is the
    same."""
    s1, s2, s3 = strides
    j = i - s3
    upper = (load(cells, i) + load(cells, i - s1)) + (
        load(cells, i - s2) + load(cells, i - s1 - s2)
    )
    lower = (load(cells, j) + load(cells, j - s1)) + (
        load(cells, j - s2) + load(cells, j - s1 - s2)
    )
    return upper + lower


@kernel
def aligned_corners(near, cells, bcc, mesh, out):
    """Write kappa_par - kappa_perp, harmonic means of the cells around a corner, and b there;
    `cells`: what `corner_terms` has found.

    b is zero where the fields of the cells cancel to rounding errors, as where two walls meet.
    """
    separate()
    for k in range(near.count):
        first = near.first + k * near.step
        for i in range(first, first + near.length):
            par = sum_at_corner(row(cells, 0), i, mesh.strides)
            perp = sum_at_corner(row(cells, 1), i, mesh.strides)
            squares = sum_at_corner(row(cells, 2), i, mesh.strides)
            v1 = sum_at_corner(row(bcc, 0), i, mesh.strides)
            v2 = sum_at_corner(row(bcc, 1), i, mesh.strides)
            v3 = sum_at_corner(row(bcc, 2), i, mesh.strides)
            length = math.sqrt(v1 * v1 + v2 * v2 + v3 * v3)
            holds = length * length > _CANCELLED * squares
            scale = 1.0 / (length if holds else 1.0)
            store(row(out, EXCESS), i, 8.0 / par - 8.0 / perp, 0)
            store(row(out, U1), i, scale * v1 if holds else 0.0, 1)
            store(row(out, U2), i, scale * v2 if holds else 0.0, 2)
            store(row(out, U3), i, scale * v3 if holds else 0.0, 3)
