"""Diffusion among patches: bounds, overlaps and the noise of resistance against limits and against
a field made of random numbers."""

import numpy as np
import pytest

from crmpi.exact import patches


def test_harmonic_mean_lies_below_all_bounds():
    least, most = patches.isotropic_bounds(1.0, 30.0, 0.2, 2)
    assert patches.harmonic_mean(1.0, 30.0, 0.2) < least < most < 0.2 + 0.8 * 30.0


@pytest.mark.parametrize("dimensions", [2, 3])
def test_bounds_by_hand(dimensions):
    # voids in a conductor: 2 (1 - f)/(2 + (d - 2) f)-like forms
    least, most = patches.isotropic_bounds(1e-12, 1.0, 0.25, dimensions)
    assert most == pytest.approx({2: 0.75 / 1.25, 3: 2 * 0.75 / (2 + 0.25)}[dimensions])
    assert least == pytest.approx(0.0, abs=1e-10)


def test_bounds_meet_without_contrast():
    assert patches.isotropic_bounds(1.0, 1.0 + 1e-9, 0.3, 3) == pytest.approx((1.0, 1.0))


@pytest.mark.parametrize("dimensions, whole", [(1, 2.0), (2, np.pi), (3, 4 * np.pi / 3)])
def test_overlap_of_spheres(dimensions, whole):
    assert patches.overlap(0.0, 1.0, dimensions) == pytest.approx(whole)
    assert patches.overlap(2.0, 1.0, dimensions) == pytest.approx(0.0, abs=1e-12)
    distance = np.linspace(0, 2, 2001)
    # the mean chord: the integral of the overlap along a line in every direction is the square of
    # the volume
    shell = {1: 2.0, 2: 2 * np.pi * distance, 3: 4 * np.pi * distance**2}[dimensions]
    assert np.trapezoid(
        patches.overlap(distance, 1.0, dimensions) * shell, distance
    ) == pytest.approx(whole**2, rel=1e-5)


def test_resistance_length_of_random_segments():
    """The variance of the mean resistance of long lines is the length over that of the line."""
    random, radius, filling, line, n = np.random.default_rng(1), 0.5, 0.3, 200.0, 4000
    found = []
    for _ in range(n):
        starts = random.uniform(0, line, random.poisson(-np.log1p(-filling) * line / (2 * radius)))
        starts = np.sort(starts)
        gaps = np.diff(np.append(starts, starts[0] + line)) - 2 * radius
        found.append(1 - np.maximum(gaps, 0).sum() / line)
    harmonic = patches.harmonic_mean(1.0, 10.0, filling)
    resistance = harmonic * (np.array(found) + (1 - np.array(found)) / 10.0)
    expected = patches.resistance_length(1.0, 10.0, filling, radius, 1) / line
    assert resistance.mean() == pytest.approx(1.0, abs=4 * np.sqrt(expected / n))
    assert resistance.var() == pytest.approx(expected, rel=4 * np.sqrt(2 / n))


def test_tail_and_scatter():
    assert patches.late_excess(2.0, 4.0, 1.0 / (4 * np.pi)) == pytest.approx(1.0)


def test_scatter_is_that_of_white_noise_under_its_weight():
    random, x, spread = np.random.default_rng(2), np.linspace(-8, 8, 401), 1.5
    step = x[1] - x[0]
    weight = (x / spread) ** 2 * np.exp(-0.5 * (x / spread) ** 2) / np.sqrt(2 * np.pi) / spread
    noise = random.normal(size=(4000, x.size)) * np.sqrt(0.3 / step)  # of the resistance length 0.3
    assert (noise @ weight * step).std() == pytest.approx(
        patches.scatter(0.3, spread), rel=4 / np.sqrt(2 * 4000)
    )
