"""Waves on a gradient of streaming cosmic rays: the background against its equations, and limits of
the matrices."""

import numpy as np
import pytest

from crmpi.exact.streaming import bottleneck, regularised_bottleneck
from crmpi.exact.streaming_waves import (
    VEL,
    Background,
    background_state,
    growing_and_damped,
    mode_nearest,
    streaming_matrix,
    two_moment_streaming_matrix,
)

K = 2 * np.pi
FLAT = Background(dens=1.0, press=0.3, pcr=1.0, va=2.0, gradient=1e-9)


def test_background_obeys_its_equations():
    background = FLAT._replace(gradient=0.02)
    x, t, h = 0.7, 0.4, 1e-4
    after, before = (np.array(background_state(x, t + s * h, background)) for s in (1, -1))
    right, left = (np.array(background_state(x + s * h, t, background)) for s in (1, -1))
    (press_t, pcr_t, _), (press_x, pcr_x, flux_x) = (
        (after - before) / (2 * h),
        (right - left) / (2 * h),
    )
    heating = -background.va * pcr_x
    assert press_x + pcr_x == pytest.approx(0.0, abs=1e-12)  # nothing is pushed
    assert press_t == pytest.approx((background.gamma - 1) * heating)
    assert pcr_t == pytest.approx(-(background.gamma_cr - 1) * (flux_x + heating))


def test_without_field_there_is_sound_of_gas_and_cosmic_rays():
    roots = np.linalg.eigvals(streaming_matrix(K, FLAT._replace(va=1e-9)))
    speed = np.sqrt(5 / 3 * 0.3 + 4 / 3)
    assert np.abs(roots.imag).max() == pytest.approx(K * speed, rel=1e-6)
    assert np.abs(roots.real).max() < 1e-6


def test_energy_is_exchanged_not_made():
    """E + e changes by fluxes alone: for k = 0 and no gradient nothing happens, and the heating
    rows cancel."""
    matrix = streaming_matrix(K, FLAT)
    gained = matrix[2] / (FLAT.gamma - 1) + matrix[3] / (FLAT.gamma_cr - 1)
    enthalpy = (
        FLAT.gamma / (FLAT.gamma - 1) * FLAT.press + FLAT.gamma_cr / (FLAT.gamma_cr - 1) * FLAT.pcr
    )
    # of v_A (e + P), gamma_cr/(gamma_cr - 1) = 4
    flux_of_streaming = 4 * np.array([-0.5 * FLAT.va * FLAT.pcr, 0, 0, FLAT.va])
    assert gained == pytest.approx(
        -1j * K * (np.array([0, enthalpy, 0, 0]) + flux_of_streaming), abs=1e-7
    )


def test_growing_and_damped_wave_are_mirror_images_without_a_gradient():
    growing, damped = growing_and_damped(streaming_matrix(K, FLAT))
    assert growing.real == pytest.approx(3.2920, abs=1e-3)
    assert damped.real == pytest.approx(-growing.real, rel=1e-6)
    assert damped.imag == pytest.approx(growing.imag, rel=1e-6)


def test_two_moments_tend_to_streaming():
    background = FLAT._replace(gradient=0.02)
    exact = growing_and_damped(streaming_matrix(K, background))[0]
    errors = [
        abs(mode_nearest(two_moment_streaming_matrix(K, vmax, background), exact)[0] - exact)
        for vmax in (1e3, 1e4, 1e5)
    ]
    assert errors[1] < errors[0] / 50  # as 1/Vm^2
    assert errors[2] < 1e-5


def test_projector_finds_its_mode_and_no_other():
    matrix = two_moment_streaming_matrix(K, 300.0, FLAT._replace(gradient=0.02))
    growing, damped = (mode_nearest(matrix, s) for s in (3.3 + 4.5j, -3.3 + 4.5j))
    assert growing[1][VEL] == pytest.approx(1.0)
    assert matrix @ growing[1] == pytest.approx(growing[0] * growing[1], rel=1e-8)
    assert growing[2] @ growing[1] == pytest.approx(1.0)
    assert abs(growing[2] @ damped[1]) < 1e-8


def test_regularised_bottleneck_tends_to_the_sharp_one():
    x = np.linspace(0, 1000, 2001)
    dens = 0.1 + 0.9 * (1 + np.tanh((x - 200) / 25)) * (1 + np.tanh((200 - x) / 25))
    sharp = bottleneck(dens, x <= 200, 3.0)
    errors = [
        np.abs(regularised_bottleneck(dens**-0.5, 0.5, length, 3.0) - sharp)[1200]
        for length in (1e4, 1e5)
    ]
    assert errors[0] / errors[1] > 6
    assert errors[1] < 0.01
