"""Restriction: the mean of fine cells or faces on the place of a coarse one.

Cells are averaged over their volume, faces over their area; both are equal among the children of a
coarse cell or face. Sums run over pairs, x1 first, so that mirror images give mirrored results to
the last bit.
"""

from typing import NamedTuple

from llvmlite import ir
from numba.core import types
from numba.core.errors import RequireLiteralValue
from numba.extending import intrinsic

from crmpi.jit import device, kernel
from crmpi.numerics.rows.rows import BYTES, POINTER, moved, pointer

RESTRICT_COLUMNS = 11  # fine block, coarse block, fine k j i, coarse k j i, coarse extents k j i


class Span(NamedTuple):
    """How many fine cells, or faces, make one coarse along x3, x2, x1: 1 or 2.

    ``step``: from one coarse place to the next, counted in fine places; 1 along a missing axis.
    ``mean``: fine places averaged; 1 along a missing axis and along the normal of a face.
    """

    step3: int
    step2: int
    step1: int
    mean3: int
    mean2: int
    mean1: int


def make_span(missing, normal=None):
    """Return the `Span` of cells, or of faces with this `normal` axis, for `missing` axes (x1, x2,
    x3)."""
    step = [1 if gone else 2 for gone in missing]
    mean = [1 if axis == normal else n for axis, n in enumerate(step)]
    return Span(*step[::-1], *mean[::-1])


@kernel
def restrict(fine, coarse, first, last, table, span):
    """Set the components first <= c < last of coarse regions to means of `fine` ones.

    Parameters
    ----------
    fine, coarse : arrays (nblock, ncomp, m3, m2, m1)
    table : int array (n, `RESTRICT_COLUMNS`)
    span : Span
    """
    m1, m2, m3 = fine.shape[4], fine.shape[3], fine.shape[2]
    n1, n2, n3 = coarse.shape[4], coarse.shape[3], coarse.shape[2]
    steps = ((span.mean2 - 1) * m1, (span.mean3 - 1) * m1 * m2)
    for c in range(first, last):  # outermost: both sides of a block face then meet in the cache
        for row in range(table.shape[0]):
            source = (table[row, 0] * fine.shape[1] + c) * m3
            target = (table[row, 1] * coarse.shape[1] + c) * n3
            for k in range(table[row, 8]):
                fk, ck = source + table[row, 2] + span.step3 * k, target + table[row, 5] + k
                for j in range(table[row, 9]):
                    here = (fk * m2 + table[row, 3] + span.step2 * j) * m1 + table[row, 4]
                    there = (ck * n2 + table[row, 6] + j) * n1 + table[row, 7]
                    ends = pointer(fine, here), pointer(coarse, there)
                    if span.step1 == 1:
                        average_row(Single(), table[row, 10], 1, steps, *ends)
                    elif span.mean1 == 1:
                        average_row(Second(), table[row, 10], 2, steps, *ends)
                    else:
                        average_row(Pairs(), table[row, 10], 2, steps, *ends)


class Single(NamedTuple):
    """Along x1 a mean takes one place, and the next one follows it."""

    stride = 1
    beside = 0


class Second(NamedTuple):
    """Along x1 a mean takes every second place."""

    stride = 2
    beside = 0


class Pairs(NamedTuple):
    """Along x1 a mean takes two places."""

    stride = 2
    beside = 1


@device
def average_row(way, n, stride, steps, fine, coarse):
    """Write `n` means of eight places; along an axis that is not averaged the same number twice, as
    doubling is exact.

    ``way``: `Single`, `Second` or `Pairs`; ``stride``: its stride; ``steps``: distances of the
    places along x2 and x3, or 0.
    """
    i = 0
    while n - i >= 8:
        average_places(way, moved(fine, stride * i), moved(coarse, i), steps[0], steps[1], 8)
        i += 8
    if n - i >= 4:
        average_places(way, moved(fine, stride * i), moved(coarse, i), steps[0], steps[1], 4)
        i += 4
    if n - i >= 2:
        average_places(way, moved(fine, stride * i), moved(coarse, i), steps[0], steps[1], 2)
        i += 2
    if n > i:
        average_places(way, moved(fine, stride * i), moved(coarse, i), steps[0], steps[1], 1)


@intrinsic
def average_places(typingctx, way, fine, coarse, back, above, count):
    """Write a literal `count` of means at once; see `average_row`."""
    if not isinstance(count, types.IntegerLiteral):
        raise RequireLiteralValue("count")
    number, stride, beside = (
        count.literal_value,
        way.instance_class.stride,
        way.instance_class.beside,
    )

    def codegen(context, builder, signature, args):
        real = context.get_value_type(POINTER.dtype)
        wide, narrow = ir.VectorType(real, number * stride), ir.VectorType(real, number)

        def chosen(values, first):
            """Return the places of a row from the `first` on, one for each mean."""
            lanes = ir.Constant(
                ir.VectorType(ir.IntType(32), number), [stride * i + first for i in range(number)]
            )
            return builder.shuffle_vector(values, ir.Constant(wide, ir.Undefined), lanes)

        def along_x1(distance):
            """Return the sums of two places of a row."""
            values = builder.load(
                builder.bitcast(builder.gep(args[1], [distance]), wide.as_pointer())
            )
            values.align = BYTES
            return builder.fadd(chosen(values, 0), chosen(values, beside))

        lower = builder.fadd(along_x1(ir.Constant(args[3].type, 0)), along_x1(args[3]))
        upper = builder.fadd(along_x1(args[4]), along_x1(builder.add(args[3], args[4])))
        mean = builder.fmul(ir.Constant(narrow, [0.125] * number), builder.fadd(lower, upper))
        builder.store(mean, builder.bitcast(args[2], narrow.as_pointer())).align = BYTES
        return context.get_dummy_value()

    return types.void(way, POINTER, POINTER, types.intp, types.intp, count), codegen
