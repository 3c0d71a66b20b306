"""Restriction: the mean of fine cells or faces on the place of a coarse one.

Cells are averaged over their volume, faces over their area; both are equal among the children of a
coarse cell or face. Sums run over pairs, x1 first, so that mirror images give mirrored results to
the last bit.
"""

from typing import NamedTuple

from crmpi.jit import kernel

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
    """Return the `Span` of cells, or of faces with this `normal` axis, for `missing` axes (x1, x2, x3)."""
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
    right, back, above = span.mean1 - 1, span.mean2 - 1, span.mean3 - 1
    for row in range(table.shape[0]):
        for c in range(first, last):
            f, target = fine[table[row, 0], c], coarse[table[row, 1], c]
            for k in range(table[row, 8]):
                fk = table[row, 2] + span.step3 * k
                for j in range(table[row, 9]):
                    fj = table[row, 3] + span.step2 * j
                    here, behind = f[fk, fj], f[fk, fj + back]
                    over, beyond = f[fk + above, fj], f[fk + above, fj + back]
                    out = target[table[row, 5] + k, table[row, 6] + j]
                    for i in range(table[row, 10]):
                        fi = table[row, 4] + span.step1 * i
                        # along an axis that is not averaged the same number twice: doubling is exact
                        lower = (here[fi] + here[fi + right]) + (behind[fi] + behind[fi + right])
                        upper = (over[fi] + over[fi + right]) + (beyond[fi] + beyond[fi + right])
                        out[table[row, 7] + i] = 0.125 * (lower + upper)
