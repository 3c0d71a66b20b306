"""Restriction: the mean of fine cells or faces on the place of a coarse one.

Cells are averaged over their volume, faces over their area; both are equal among the children of a
coarse cell or face. Sums run over pairs, x1 first, so that mirror images give mirrored results to
the last bit.
"""

from typing import NamedTuple

from crmpi.jit import kernel
from crmpi.numerics.rows.rows import load, pointer, separate, store

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
    steps = (span.mean1 - 1, (span.mean2 - 1) * m1, (span.mean3 - 1) * m1 * m2)
    for row in range(table.shape[0]):
        for c in range(first, last):
            source = (table[row, 0] * fine.shape[1] + c) * m3
            target = (table[row, 1] * coarse.shape[1] + c) * n3
            for k in range(table[row, 8]):
                fk, ck = source + table[row, 2] + span.step3 * k, target + table[row, 5] + k
                for j in range(table[row, 9]):
                    here = (fk * m2 + table[row, 3] + span.step2 * j) * m1 + table[row, 4]
                    there = (ck * n2 + table[row, 6] + j) * n1 + table[row, 7]
                    average_row(
                        table[row, 10],
                        span.step1,
                        steps,
                        pointer(fine, here),
                        pointer(coarse, there),
                    )


@kernel
def average_row(n, stride, steps, fine, coarse):
    """Write `n` means of eight places; along an axis that is not averaged the same number twice, as
    doubling is exact."""
    separate()
    right, back, above = steps
    for i in range(n):
        f = stride * i
        lower = (load(fine, f) + load(fine, f + right)) + (
            load(fine, f + back) + load(fine, f + back + right)
        )
        g = f + above
        upper = (load(fine, g) + load(fine, g + right)) + (
            load(fine, g + back) + load(fine, g + back + right)
        )
        store(coarse, i, 0.125 * (lower + upper), 0)
