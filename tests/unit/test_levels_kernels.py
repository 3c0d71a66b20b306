"""Restriction and prolongation between levels."""

import numpy as np
import pytest

from crmpi.numerics.levels.prolongation import (
    PROLONG_COLUMNS,
    STEEPEST,
    fill_inner_faces,
    make_ratio,
    prolong_cells,
    prolong_outer_faces,
)
from crmpi.numerics.levels.restriction import RESTRICT_COLUMNS, make_span, restrict

DIMENSIONS = [
    (False, True, True),
    (False, False, True),
    (False, False, False),
    (True, False, True),
    (False, True, False),
]


def counts(missing, n):
    """Return the shape (k, j, i) of `n` cells along the axes present."""
    return [1 if gone else n for gone in missing[::-1]]


def row(columns, *parts):
    """Return a table with one row."""
    table = np.zeros((1, columns), np.int64)
    flat = [number for part in parts for number in part]
    table[0, : len(flat)] = flat
    return table


@pytest.mark.parametrize("missing", DIMENSIONS)
def test_restriction_is_the_mean(missing):
    rng = np.random.default_rng(1)
    fine = rng.random((1, 2, *counts(missing, 8)))
    coarse = np.zeros((1, 2, *counts(missing, 4)))
    restrict(
        fine,
        coarse,
        0,
        2,
        row(RESTRICT_COLUMNS, (0, 0), (0, 0, 0), (0, 0, 0), counts(missing, 4)),
        make_span(missing),
    )
    shape = [m for n in counts(missing, 4) for m in (n, 1 if n == 1 else 2)]
    assert np.allclose(coarse, fine.reshape(1, 2, *shape).mean(axis=(3, 5, 7)), rtol=1e-15)


@pytest.mark.parametrize("missing", DIMENSIONS)
def test_mirrored_cells_restrict_to_mirrored_means(missing):
    fine = np.random.default_rng(2).random((1, 1, *counts(missing, 8)))
    table = row(RESTRICT_COLUMNS, (0, 0), (0, 0, 0), (0, 0, 0), counts(missing, 4))
    for axis in (2, 3, 4):
        results = []
        for array in (fine, np.ascontiguousarray(np.flip(fine, axis))):
            results.append(np.zeros((1, 1, *counts(missing, 4))))
            restrict(array, results[-1], 0, 1, table, make_span(missing))
        assert np.array_equal(results[1], np.flip(results[0], axis))


@pytest.mark.parametrize("missing", DIMENSIONS)
def test_linear_cells_are_prolonged_exactly_and_means_are_kept(missing):
    shape = counts(missing, 6)
    centres = [np.arange(n) + 0.5 for n in shape]
    k, j, i = np.meshgrid(*centres, indexing="ij")
    linear = 3.0 + 0.5 * i - 0.25 * j + 0.125 * k
    rough = np.random.default_rng(3).random(shape)
    coarse = np.stack([linear, rough])[None]
    inner = [1 if n == 1 else n - 2 for n in shape]
    start = [0 if n == 1 else 1 for n in shape]
    fine = np.zeros((1, 2, *(n if n == 1 else 2 * n for n in inner)))
    table = row(PROLONG_COLUMNS, (0, 0), (0, 0, 0), start, inner)
    prolong_cells(coarse, fine, 0, 2, table, make_ratio(missing))
    at = [
        np.array([0.5]) if n == 1 else 1.0 + (np.arange(2 * m) + 0.5) / 2
        for n, m in zip(shape, inner, strict=True)
    ]
    k, j, i = np.meshgrid(*at, indexing="ij")
    assert np.allclose(fine[0, 0], 3.0 + 0.5 * i - 0.25 * j + 0.125 * k, rtol=1e-14)
    back = np.zeros((1, 2, *inner))
    restrict(
        fine,
        back,
        0,
        2,
        row(RESTRICT_COLUMNS, (0, 0), (0, 0, 0), (0, 0, 0), inner),
        make_span(missing),
    )
    expected = coarse[
        (slice(None), slice(None), *(slice(s, s + n) for s, n in zip(start, inner, strict=True)))
    ]
    assert np.allclose(back, expected, rtol=1e-14)
    assert fine[0, 1].min() > 0.0


@pytest.mark.parametrize("missing", DIMENSIONS)
def test_parabolas_are_prolonged_to_the_means_of_halves(missing):
    """Steep enough that no slope is limited: 5/4 bounds ratios of neighbouring differences to
    3/2."""
    shape = counts(missing, 7)

    def means(edges):
        return np.diff(0.1 * edges**3 / 3.0 + edges**2 / 2.0) / np.diff(edges)

    def values(steps, first, last):
        parts = [
            np.zeros(1) if n == 1 else means(np.linspace(a, b, round((b - a) / step) + 1))
            for n, step, a, b in zip(shape, steps, first, last, strict=True)
        ]
        return 1.0 + parts[0][:, None, None] + parts[1][:, None] - 2.0 * parts[2]

    start, inner = [int(n > 1) for n in shape], [1 if n == 1 else n - 2 for n in shape]
    coarse = values([1.0] * 3, [0] * 3, shape)[None, None]
    fine = np.zeros((1, 1, *(n if n == 1 else 2 * n for n in inner)))
    table = row(PROLONG_COLUMNS, (0, 0), (0, 0, 0), start, inner)
    prolong_cells(coarse, fine, 0, 1, table, make_ratio(missing))
    exact = values([0.5] * 3, start, [a + n for a, n in zip(start, inner, strict=True)])
    assert np.allclose(fine[0, 0], exact, rtol=1e-14)


@pytest.mark.parametrize("missing", DIMENSIONS)
def test_prolonged_cells_stay_positive_beside_empty_ones(missing):
    """The worst case: along every axis nothing on one side and much more on the other."""
    shape = counts(missing, 3)
    coarse = np.ones((1, 1, *shape))
    for axis, n in enumerate(shape):
        if n > 1:
            ends = np.moveaxis(coarse[0, 0], axis, 0)
            ends[0], ends[-1] = 0.0, 3.0
    inner = [1] * 3
    fine = np.zeros((1, 1, *(1 if n == 1 else 2 for n in shape)))
    table = row(PROLONG_COLUMNS, (0, 0), (0, 0, 0), [int(n > 1) for n in shape], inner)
    prolong_cells(coarse, fine, 0, 1, table, make_ratio(missing))
    lost = 0.25 * STEEPEST * sum(not gone for gone in missing)
    assert fine.min() == pytest.approx(1.0 - lost, rel=1e-14) and fine.min() > 0.0
    assert fine.mean() == pytest.approx(1.0, rel=1e-15)


def solenoidal(shape, missing, widths, seed):
    """Return faces (1, 3, m3, m2, m1) of a random field without divergence on `shape` (k, j, i)
    cells."""
    rng = np.random.default_rng(seed)
    m = [n if gone else n + 1 for n, gone in zip(shape, missing[::-1], strict=True)]
    potential = rng.random((3, *(n + 1 for n in shape)))
    faces = np.zeros((1, 3, *m))
    for a in range(3):
        b, c = (a + 1) % 3, (a + 2) % 3
        field = np.zeros([n + 1 for n in shape])
        for component, along, sign in ((c, b, 1.0), (b, c, -1.0)):
            if not missing[along]:
                change = np.diff(potential[component], axis=2 - along)
                pad = [(0, 1) if axis == 2 - along else (0, 0) for axis in range(3)]
                field += sign * np.pad(change, pad) / widths[along]
        faces[0, a] = field[: m[0], : m[1], : m[2]]
    return faces


def divergence(faces, shape, missing, widths):
    """Return div B of `shape` cells."""
    total = np.zeros(shape)
    for a in range(3):
        if not missing[a]:
            upper = [slice(0, n) for n in shape]
            lower = list(upper)
            upper[2 - a] = slice(1, shape[2 - a] + 1)
            total += (faces[0, a][tuple(upper)] - faces[0, a][tuple(lower)]) / widths[a]
    return total


@pytest.mark.parametrize("missing", DIMENSIONS)
def test_prolonged_faces_have_no_divergence_and_keep_the_flux(missing):
    widths = (1.0, 0.7, 1.3)
    shape = counts(missing, 5)
    coarse = solenoidal(shape, missing, widths, 4)
    assert np.abs(divergence(coarse, shape, missing, widths)).max() < 1e-14
    inner = [1 if n == 1 else n - 2 for n in shape]
    start = [0 if n == 1 else 1 for n in shape]
    cells = [n if n == 1 else 2 * n for n in inner]
    fine = np.full((1, 3, *(n if n == 1 else n + 1 for n in cells)), np.nan)
    ratio = make_ratio(missing)
    table = row(PROLONG_COLUMNS, (0, 0), (0, 0, 0), start, inner, (1,) * 6)
    for axis in range(3):
        prolong_outer_faces(coarse, fine, axis, table, ratio)
    half = [w if gone else w / 2 for w, gone in zip(widths, missing, strict=True)]
    fill_inner_faces(fine, table, ratio, (half[1] * half[2], half[2] * half[0], half[0] * half[1]))
    for axis in range(3):
        needed = [n + 1 if 2 - axis == place and n > 1 else n for place, n in enumerate(cells)]
        assert np.isfinite(fine[0, axis][tuple(slice(0, n) for n in needed)]).all()
    assert np.abs(divergence(fine, cells, missing, half)).max() < 1e-13 / min(half)
    for axis in range(3):
        extents = [n + 1 if 2 - axis == place and n > 1 else n for place, n in enumerate(inner)]
        back = np.zeros((1, 3, *(n + 1 for n in shape)))
        table = row(RESTRICT_COLUMNS, (0, 0), (0, 0, 0), (0, 0, 0), extents)
        restrict(fine, back, axis, axis + 1, table, make_span(missing, axis))
        expected = coarse[
            (0, axis, *(slice(s, s + n) for s, n in zip(start, extents, strict=True)))
        ]
        assert np.allclose(
            back[(0, axis, *(slice(0, n) for n in extents))], expected, rtol=0, atol=1e-14
        )


def test_faces_that_hold_better_values_stay():
    missing = (False, False, True)
    coarse = solenoidal([1, 5, 5], missing, (1.0, 1.0, 1.0), 5)
    fine = np.full((1, 3, 1, 7, 7), 7.0)
    table = row(PROLONG_COLUMNS, (0, 0), (0, 0, 0), (0, 1, 1), (1, 3, 3), (0, 1, 1, 0, 1, 1))
    for axis in range(3):
        prolong_outer_faces(coarse, fine, axis, table, make_ratio(missing))
    assert (fine[0, 0, 0, :6, 0] == 7.0).all() and (fine[0, 0, 0, :6, 6] != 7.0).all()
    assert (fine[0, 1, 0, 6, :6] == 7.0).all() and (fine[0, 1, 0, 0, :6] != 7.0).all()
