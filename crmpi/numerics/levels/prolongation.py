"""Prolongation: fine cells and faces from coarse ones.

Cells: linear in each coarse cell, axis by axis, with central slopes no steeper than 5/4 of the
smaller difference (`limited`). In 1-D central slopes give the means of halves of a parabola, third
order; the smaller difference itself (minmod) is a slope of first order, its cells are of second.
The bound is one for three axes: a fine value loses at most 15/16 of that of its cell, so that
positive stays positive. Faces that lie on a coarse face: linear along the two transverse axes.
Faces inside a coarse cell: from those around it, free of divergence to round-off (Toth & Roe 2002,
J. Comput. Phys. 180, 736, section 3); the terms that divergence leaves open are shared so that
their energy is minimal.
"""

import math
from typing import NamedTuple

from llvmlite import ir
from numba.core import types
from numba.core.errors import RequireLiteralValue
from numba.extending import intrinsic

from crmpi.jit import device, kernel
from crmpi.numerics.rows.rows import BYTES, POINTER, load, moved, pointer, separate, store

PROLONG_COLUMNS = 17
"""Fine block, coarse block, fine k j i, coarse k j i, coarse extents k j i, and whether the first
and the last faces of the region along x1, x2, x3 are written (1) or hold better values already
(0)."""

STEEPEST = 1.25
"""Slopes are at most this many times the smaller of the differences to both neighbours; below 4/3,
or three slopes, each worth a quarter, might take all that a coarse cell has."""

WRITES = 11  # first of the columns that say which end faces are written


class Ratio(NamedTuple):
    """Refinement along x1, x2, x3: 2, or 1 along a missing axis."""

    r1: int
    r2: int
    r3: int


def make_ratio(missing):
    """Return the `Ratio` for `missing` axes (x1, x2, x3)."""
    return Ratio(*(1 if gone else 2 for gone in missing))


@device
def limited(a, b):
    """Return the mean of two differences of one sign, at most 5/4 of the smaller one, else 0."""
    size = min(STEEPEST * min(abs(a), abs(b)), 0.5 * abs(a + b))
    return math.copysign(size, a) if a * b > 0.0 else 0.0


@device
def slope(q, k, j, i, dk, dj, di):
    """Return a quarter of the limited slope of `q` along one axis; 0 along a missing one (all steps
    0)."""
    here = q[k, j, i]
    return 0.25 * limited(q[k + dk, j + dj, i + di] - here, here - q[k - dk, j - dj, i - di])


@kernel
def prolong_cells(coarse, fine, first, last, table, ratio):
    """Set the components first <= c < last of fine regions from coarse cells and their
    neighbours.
    """
    separate()
    n1, n2, n3 = coarse.shape[4], coarse.shape[3], coarse.shape[2]
    m1, m2, m3 = fine.shape[4], fine.shape[3], fine.shape[2]
    steps = (ratio.r1 - 1, (ratio.r2 - 1) * n1, (ratio.r3 - 1) * n1 * n2)
    halves = (ratio.r1 - 1, (ratio.r2 - 1) * m1, (ratio.r3 - 1) * m1 * m2)
    for row in range(table.shape[0]):
        for c in range(first, last):
            source = (table[row, 1] * coarse.shape[1] + c) * n3 + table[row, 5]
            target = (table[row, 0] * fine.shape[1] + c) * m3 + table[row, 2]
            for k in range(table[row, 8]):
                for j in range(table[row, 9]):
                    here = ((source + k) * n2 + table[row, 6] + j) * n1 + table[row, 7]
                    line = (target + ratio.r3 * k) * m2 + table[row, 3] + ratio.r2 * j
                    ends = pointer(coarse, here), pointer(fine, line * m1 + table[row, 4])
                    if halves[0] and halves[1] and halves[2]:
                        spread_row(Octets(), table[row, 10], steps, halves, *ends)
                    else:
                        _spread_row(table[row, 10], ratio.r1, steps, halves, *ends)


class Octets(NamedTuple):
    """Every coarse cell has eight fine ones."""

    axes = (True, True, True)


class AcrossX1(NamedTuple):
    """Every coarse face along x1 has four fine ones, and the next coarse face is two fine ones
    away."""

    axes = (False, True, True)


class AcrossX2(NamedTuple):
    """Every coarse face along x2 has four fine ones."""

    axes = (True, False, True)


class AcrossX3(NamedTuple):
    """Every coarse face along x3 has four fine ones."""

    axes = (True, True, False)


@device
def spread_row(way, n, steps, halves, coarse, fine):
    """Do what `_spread_row` does in 3-D, in vectors; ``way``: `Octets`, `AcrossX2` or
    `AcrossX3`."""
    i = 0
    while n - i >= 8:
        spread_places(way, moved(coarse, i), steps, moved(fine, 2 * i), halves, 8)
        i += 8
    if n - i >= 4:
        spread_places(way, moved(coarse, i), steps, moved(fine, 2 * i), halves, 4)
        i += 4
    if n - i >= 2:
        spread_places(way, moved(coarse, i), steps, moved(fine, 2 * i), halves, 2)
        i += 2
    if n > i:
        spread_places(way, moved(coarse, i), steps, moved(fine, 2 * i), halves, 1)


def quarter_slope(builder, below, above):
    """Return, as LLVM code, a quarter of the `limited` slope of vectors of differences."""
    kind = above.type
    name = f"llvm.fabs.v{kind.count}f{8 * BYTES}"
    size = builder.module.declare_intrinsic(name, fnty=ir.FunctionType(kind, [kind]))

    def constant(value):
        return ir.Constant(kind, [value] * kind.count)

    def smaller(a, b):
        return builder.select(builder.fcmp_ordered("<", a, b), a, b)

    least = smaller(builder.call(size, [below]), builder.call(size, [above]))
    central = builder.fmul(constant(0.5), builder.call(size, [builder.fadd(above, below)]))
    bounded = smaller(builder.fmul(constant(STEEPEST), least), central)
    falls = builder.fcmp_ordered("<", above, constant(0.0))
    signed = builder.select(falls, builder.fneg(bounded), bounded)
    agree = builder.fcmp_ordered(">", builder.fmul(above, below), constant(0.0))
    return builder.fmul(constant(0.25), builder.select(agree, signed, constant(0.0)))


@intrinsic
def spread_places(typingctx, way, coarse, steps, fine, halves, count):
    """Write the fine places of a literal `count` of coarse ones at once; see `_spread_row`."""
    if not isinstance(count, types.IntegerLiteral):
        raise RequireLiteralValue("count")
    number, axes = count.literal_value, way.instance_class.axes

    def codegen(context, builder, signature, args):
        real = context.get_value_type(POINTER.dtype)
        vector, wide = ir.VectorType(real, number), ir.VectorType(real, 2 * number)
        distance = ir.Constant(ir.IntType(64), 1)
        down = [distance, *(builder.extract_value(args[2], a) for a in (1, 2))]
        up = [builder.extract_value(args[4], a) for a in (1, 2)]
        mixed = [lane + number * side for lane in range(number) for side in (0, 1)]
        lanes = ir.Constant(ir.VectorType(ir.IntType(32), 2 * number), mixed)

        def loaded(place):
            value = builder.load(builder.bitcast(place, vector.as_pointer()))
            value.align = BYTES
            return value

        def slope_along(axis):
            """Return a quarter of the `limited` slope."""
            above = builder.fsub(loaded(builder.gep(args[1], [down[axis]])), here)
            below = builder.fsub(here, loaded(builder.gep(args[1], [builder.neg(down[axis])])))
            return quarter_slope(builder, below, above)

        def place_at(sides):
            """Return the fine values on these sides of coarse places, 0 or 1 along each axis."""
            total = None
            for slope_, side in zip(slopes, sides, strict=True):
                if slope_ is None:
                    continue
                if total is None:
                    total = slope_ if side else builder.fneg(slope_)
                else:
                    total = (builder.fadd if side else builder.fsub)(total, slope_)
            return builder.fadd(here, total)

        here = loaded(args[1])
        slopes = [slope_along(axis) if axes[axis] else None for axis in range(3)]
        for o3 in (0, 1) if axes[2] else (0,):
            for o2 in (0, 1) if axes[1] else (0,):
                target = args[3]
                for o, step in ((o2, up[0]), (o3, up[1])):
                    target = builder.gep(target, [step]) if o else target
                if axes[0]:
                    both = [place_at((o1, o2, o3)) for o1 in (0, 1)]
                    values, kind = builder.shuffle_vector(*both, lanes), wide
                else:
                    values, kind = place_at((0, o2, o3)), vector
                builder.store(values, builder.bitcast(target, kind.as_pointer())).align = BYTES
        return context.get_dummy_value()

    return types.void(way, POINTER, steps, POINTER, halves, count), codegen


@device
def _spread_row(n, stride, steps, halves, q, f):
    """Write the fine places of `n` coarse ones in a row, linear along the axes whose step is not 0.

    ``stride``: fine places from a coarse place to the next; ``steps``: to coarse neighbours along
    x1, x2, x3; ``halves``: between the two fine places of a coarse one, 0 where there is one, which
    is written twice.
    """
    for i in range(n):
        here = load(q, i)
        s1 = _slope_in_row(q, i, steps[0], here)
        s2 = _slope_in_row(q, i, steps[1], here)
        s3 = _slope_in_row(q, i, steps[2], here)
        for o3 in range(2):
            for o2 in range(2):
                for o1 in range(2):
                    shift = (side_of(o1) * s1 + side_of(o2) * s2) + side_of(o3) * s3
                    there = stride * i + o1 * halves[0] + o2 * halves[1] + o3 * halves[2]
                    store(f, there, here + shift, 0)


@device
def _slope_in_row(q, i, step, here):
    """Return a quarter of the limited slope in a row along the axis of a step; 0 for none."""
    return 0.25 * limited(load(q, i + step) - here, here - load(q, i - step))


@device
def side_of(o):
    """Return -1 for the lower and +1 for the upper half of a coarse cell."""
    return 2.0 * o - 1.0


@device
def field_square(b, k, j, i, up):
    """Return B^2 of a cell from the means of its faces."""
    b1 = 0.5 * (b[0, k, j, i] + b[0, k, j, i + up[0]])
    b2 = 0.5 * (b[1, k, j, i] + b[1, k, j + up[1], i])
    b3 = 0.5 * (b[2, k, j, i] + b[2, k + up[2], j, i])
    return b1 * b1 + b2 * b2 + b3 * b3


@kernel
def prolong_outer_faces(coarse, fine, axis, table, ratio):
    """Set the fine faces along `axis` that lie on coarse faces, linear in the transverse axes."""
    separate()
    n1, n2, n3 = coarse.shape[4], coarse.shape[3], coarse.shape[2]
    m1, m2, m3 = fine.shape[4], fine.shape[3], fine.shape[2]
    step = (int(axis == 0), int(axis == 1), int(axis == 2))
    d1, d2, d3 = (
        (1 - step[0]) * (ratio.r1 - 1),
        (1 - step[1]) * (ratio.r2 - 1),
        (1 - step[2]) * (ratio.r3 - 1),
    )
    steps, halves = (d1, d2 * n1, d3 * n1 * n2), (d1, d2 * m1, d3 * m1 * m2)
    present = (ratio.r1, ratio.r2, ratio.r3)[axis] == 2
    for row in range(table.shape[0]):
        source = (table[row, 1] * coarse.shape[1] + axis) * n3 + table[row, 5]
        target = (table[row, 0] * fine.shape[1] + axis) * m3 + table[row, 2]
        counts = (table[row, 10], table[row, 9], table[row, 8])
        begin = 0 if table[row, WRITES + 2 * axis] else 1
        end = counts[axis] + (1 if present and table[row, WRITES + 2 * axis + 1] else 0)
        low = (begin * step[0], begin * step[1], begin * step[2])
        n = (end if axis == 0 else counts[0]) - low[0]
        for k in range(low[2], end if axis == 2 else counts[2]):
            for j in range(low[1], end if axis == 1 else counts[1]):
                here = ((source + k) * n2 + table[row, 6] + j) * n1 + table[row, 7] + low[0]
                there = (
                    ((target + ratio.r3 * k) * m2 + table[row, 3] + ratio.r2 * j) * m1
                    + table[row, 4]
                    + ratio.r1 * low[0]
                )
                ends = pointer(coarse, here), pointer(fine, there)
                if ratio.r1 != 2 or ratio.r2 != 2 or ratio.r3 != 2:
                    _spread_row(n, ratio.r1, steps, halves, *ends)
                elif axis == 0:
                    for i in range(n):
                        own, children = moved(ends[0], i), moved(ends[1], 2 * i)
                        spread_places(AcrossX1(), own, steps, children, halves, 1)
                elif axis == 1:
                    spread_row(AcrossX2(), n, steps, halves, *ends)
                else:
                    spread_row(AcrossX3(), n, steps, halves, *ends)


@kernel
def fill_inner_faces(fine, table, ratio, areas):
    """Set the fine faces inside coarse cells from those around them.

    With fluxes through faces, D_a the difference across the coarse cell along axis a and s = -+1 in
    its lower and upper half, the flux through the inner face along axis 1 is the mean of the two
    outer ones plus ``sum over s_1 (D_2 + D_3)/8`` plus terms in s_2 and s_3 that cancel the parts
    of D_3 and D_2 odd in two axes.

    Parameters
    ----------
    areas : tuple of 3 floats
        areas of fine faces along x1, x2, x3
    """
    separate()
    present = (ratio.r1 == 2, ratio.r2 == 2, ratio.r3 == 2)
    for row in range(table.shape[0]):
        f = fine[table[row, 0]]
        for k in range(table[row, 8]):
            for j in range(table[row, 9]):
                for i in range(table[row, 10]):
                    corner = (
                        table[row, 4] + ratio.r1 * i,
                        table[row, 3] + ratio.r2 * j,
                        table[row, 2] + ratio.r3 * k,
                    )
                    for axis in range(3):
                        if present[axis]:
                            _inner_faces(f, corner, axis, present, areas)


@device
def _inner_faces(f, corner, a, present, areas):
    """Set the inner faces along axis `a` of one coarse cell whose first fine cell is `corner` (i,
    j, k)."""
    b, c = (a + 1) % 3, (a + 2) % 3
    nb, nc = 2 if present[b] else 1, 2 if present[c] else 1
    even_b, odd_b = _odd_parts(f, corner, b, a, c, nc, areas[b]) if present[b] else (0.0, 0.0)
    even_c, odd_c = _odd_parts(f, corner, c, a, b, nb, areas[c]) if present[c] else (0.0, 0.0)
    uniform = 0.5 * (even_b / (2 * nc) + even_c / (2 * nb))
    if present[b] and present[c]:  # shares of minimal energy: field is flux over area
        along_c = 0.5 * odd_b / 4.0 * areas[a] ** 2 / (areas[a] ** 2 + areas[c] ** 2)
        along_b = 0.5 * odd_c / 4.0 * areas[a] ** 2 / (areas[a] ** 2 + areas[b] ** 2)
    else:
        along_b = along_c = 0.0
    for ib in range(nb):
        for ic in range(nc):
            mean = 0.5 * (
                _face(f, corner, a, 0, b, ib, c, ic) + _face(f, corner, a, 2, b, ib, c, ic)
            )
            more = (
                uniform
                + (side_of(ib) * along_b if present[b] else 0.0)
                + (side_of(ic) * along_c if present[c] else 0.0)
            )
            x, y, z = _place(corner, a, 1, b, ib, c, ic)
            f[a, z, y, x] = mean + more / areas[a]


@device
def _odd_parts(f, corner, normal, a, c, nc, area):
    """Return the parts of the difference of fluxes across the coarse cell along `normal` that are
    odd in axis `a`: even and odd in axis `c`, which has `nc` fine cells.

    Sums run over pairs, so that mirror images have the same.
    """
    even = odd = 0.0
    for ia in range(2):
        both = between = 0.0
        for ic in range(nc):
            d = side_of(ia) * _difference(f, corner, normal, a, ia, c, ic) * area
            both += d
            between += side_of(ic) * d
        even += both
        odd += between
    return even, odd


@device
def _difference(f, corner, normal, a, ia, c, ic):
    """Return the difference of the outer faces along `normal` at place ia along `a` and ic along
    `c`."""
    return _face(f, corner, normal, 2, a, ia, c, ic) - _face(f, corner, normal, 0, a, ia, c, ic)


@device
def _face(f, corner, normal, n, a, ia, c, ic):
    """Return the field on a face along `normal`, `n` faces up, `ia` and `ic` cells up along the
    others."""
    x, y, z = _place(corner, normal, n, a, ia, c, ic)
    return f[normal, z, y, x]


@device
def _place(corner, a, ia, b, ib, c, ic):
    """Return the indices (i, j, k) at distances ia, ib, ic along the axes a, b, c from a corner."""
    x = corner[0] + (ia if a == 0 else ib if b == 0 else ic)
    y = corner[1] + (ia if a == 1 else ib if b == 1 else ic)
    z = corner[2] + (ia if a == 2 else ib if b == 2 else ic)
    return x, y, z
