"""Exact sums over blocks: bitwise identical for any order of blocks and number of ranks.

Floating-point addition is not associative, integer addition is. Each number is therefore written as
a fixed-point integer of four 32-bit limbs below the largest magnitude of its column (after Demmel &
Nguyen 2015, IEEE Trans. Comput. 64, 2060, with plain limbs); limbs are added as 64-bit integers and
the sum is rounded once, at the end.
"""

import math

import numpy as np

_BITS = 32  # of one limb: 2^31 blocks can be added before a 64-bit integer overflows
_LIMBS = 4  # 128 bits below the largest number: what is lost is below 2^-128 of it per number
_EMPTY = -(2**30)  # exponent of a column of zeros


def exact_sums(partials, all_max, all_sum):
    """Return the correctly rounded column sums of `partials` over all ranks.

    Parameters
    ----------
    partials : array (n, ncol)
        the numbers of this rank, n may be 0
    all_max, all_sum : functions int64 array -> int64 array
        element-wise maximum and sum over all ranks

    Returns
    -------
    array (ncol,)
        sums, exact to one rounding when a column spans fewer than 75 binary orders of magnitude;
        infinities and NaN propagate as in ordinary addition

    Notes
    -----
    Two reductions of 4 integers per column, whatever the number of blocks.
    """
    partials = np.asarray(partials, dtype=np.float64)
    finite = np.isfinite(partials)
    values = np.where(finite, partials, 0.0)
    ncol = partials.shape[1]

    top = np.full((4, ncol), _EMPTY, dtype=np.int64)  # exponent bound; marks of NaN, +inf, -inf
    exponents = np.where(values != 0.0, np.frexp(values)[1], _EMPTY)
    top[0] = exponents.max(axis=0, initial=_EMPTY)
    top[1] = np.isnan(partials).any(axis=0)
    top[2] = (partials == np.inf).any(axis=0)
    top[3] = (partials == -np.inf).any(axis=0)
    exponent, nan, positive, negative = all_max(top)

    scale = np.where(exponent == _EMPTY, 0, exponent)
    limbs = all_sum(_split(values, scale))
    sums = np.array([_join(limbs[:, column], int(scale[column])) for column in range(ncol)])
    sums[positive > 0] = np.inf
    sums[negative > 0] = -np.inf
    sums[(nan > 0) | ((positive > 0) & (negative > 0))] = np.nan
    return sums


def _split(values, scale):
    """Return the column sums (limbs, ncol) of the limbs of `values`, all below 2^scale in
    magnitude; truncation is exact."""
    rest = np.ldexp(values, -scale)  # magnitudes below 1
    limbs = np.empty((_LIMBS, values.shape[1]), dtype=np.int64)
    for limb in range(_LIMBS):
        rest = np.ldexp(rest, _BITS)
        whole = np.trunc(rest)
        rest = rest - whole
        limbs[limb] = whole.astype(np.int64).sum(axis=0)
    return limbs


def _join(limbs, scale):
    """Return the float nearest to the fixed-point number."""
    total = 0
    for limb in limbs.tolist():
        total = (total << _BITS) + limb
    try:
        return math.ldexp(float(total), scale - _BITS * _LIMBS)
    except OverflowError:
        return math.copysign(math.inf, total)
