"""Eigenmodes, dispersion roots, streaming and diffusion solutions: against tables, equations and
conservation."""

from math import erf

import numpy as np
import pytest

from crmpi.exact import cr_waves, diffusion, frames, streaming
from crmpi.exact.waves import linear_wave, magnetosonic_speeds

# Gardiner & Stone (2005): speeds 2, 1, 1/2
BACKGROUND = (1.0, 0.6, np.array([1.0, np.sqrt(2), 0.5]))


def flux(state, gamma=5 / 3):
    dens, vel, press, b = state
    total = press + 0.5 * b @ b
    conserved = np.array(
        [dens, *(dens * vel), press / (gamma - 1) + 0.5 * dens * vel @ vel + 0.5 * b @ b, *b[1:]]
    )
    momentum = dens * vel[0] * vel - b[0] * b + np.array([total, 0, 0])
    energy = (conserved[4] + total) * vel[0] - b[0] * (b @ vel)
    return conserved, np.array(
        [dens * vel[0], *momentum, energy, *(b[1:] * vel[0] - b[0] * vel[1:])]
    )


@pytest.mark.parametrize(
    ("family", "speed"),
    [("fast", 2.0), ("alfven", 1.0), ("slow", 0.5), ("entropy", 0.0), ("sound", 1.0)],
)
def test_linear_wave_is_an_eigenvector(family, speed):
    """dF = speed dU to first order in the amplitude: differenced flux of ideal MHD."""
    dens, press, b = BACKGROUND
    b = np.zeros(3) if family == "sound" else b
    found, delta = linear_wave(family, dens, press, b, 5 / 3)
    assert found == pytest.approx(speed, abs=1e-14)
    states = []
    for eps in (-1e-5, 1e-5):
        states.append(
            flux(
                (
                    dens + eps * delta["dens"],
                    eps * delta["vel"],
                    press + eps * delta["press"],
                    b + eps * delta["b"],
                )
            )
        )
    (u0, f0), (u1, f1) = states
    np.testing.assert_allclose((f1 - f0) / 2e-5, speed * (u1 - u0) / 2e-5, atol=1e-9)


def test_linear_waves_have_the_published_normalisation():
    """Densities of the eigenvectors printed by Gardiner & Stone (2005): 1/sqrt(5), 0, 2/sqrt(5)."""
    dens = [
        linear_wave(family, *BACKGROUND, 5 / 3)[1]["dens"] for family in ("fast", "alfven", "slow")
    ]
    np.testing.assert_allclose(dens, (1 / np.sqrt(5), 0, 2 / np.sqrt(5)), atol=1e-14)
    assert magnetosonic_speeds(*BACKGROUND, 5 / 3) == pytest.approx((2.0, 0.5))


def test_wave_frames():
    for k in ([2.0, 0, 0], [0, 3.0, 0], [0, 0, 1.0], [1.0, 2.0, 2.0], [1.0, 0, 1.0]):
        frame = frames.wave_frame(k)
        np.testing.assert_allclose(frame @ frame.T, np.eye(3), atol=1e-15)
        assert np.linalg.det(frame) == pytest.approx(1)
        np.testing.assert_allclose(frame[0], np.array(k) / np.linalg.norm(k))
        vector = frames.to_grid(frame, "b", (0.3, -0.2, 0.7))
        np.testing.assert_allclose(
            frame @ [vector["b1"], vector["b2"], vector["b3"]], (0.3, -0.2, 0.7), atol=1e-15
        )
    assert frames.along(3, "vel", "abc") == {"vel3": "a", "vel1": "b", "vel2": "c"}
    assert frames.to_grid(frames.wave_frame([0, 1.0, 0]), "vel", (1, 2, 3)) == {
        "vel2": 1,
        "vel3": 2,
        "vel1": 3,
    }
    np.testing.assert_allclose(
        np.linalg.norm(frames.wave_vector((1, 1, 1), (8, 4, 4), (0, 0, 0), (3, 1.5, 1.5))),
        2 * np.pi,
    )


@pytest.mark.parametrize(
    ("kappa", "root", "at_vmax_100"),
    [
        (0.01, (-0.087694, 10.880675), -0.087615),
        (0.1, (-0.840838, 10.673204), -0.840235),
        (1, (-0.659905, 8.224211), -0.660253),
        (10, (-0.066661, 8.112654), -0.066694),
    ],
)
def test_diffusive_sound_roots(kappa, root, at_vmax_100):
    k, background = 2 * np.pi, (1.0, 1.0, 1.0)
    roots = cr_waves.diffusive_sound_roots(k, kappa, background)
    sound = roots[np.argmin(np.abs(roots - complex(*root)))]
    assert (sound.real, sound.imag) == pytest.approx(root, abs=1e-6)
    matrix = cr_waves.diffusion_matrix(k, kappa, background)
    assert cr_waves.sound_mode(matrix)[0] == pytest.approx(complex(root[0], -root[1]), abs=1e-6)
    s, mode = cr_waves.sound_mode(cr_waves.two_moment_matrix(k, kappa, 100.0, background))
    assert s.real == pytest.approx(at_vmax_100, abs=1e-6)
    matrix = cr_waves.two_moment_matrix(k, kappa, 100.0, background)
    np.testing.assert_allclose(matrix @ mode, s * mode, atol=1e-13 * np.abs(matrix).max())


def test_sound_without_transport():
    assert cr_waves.sound_speed(1.0, 1.0, 1.0) == pytest.approx(np.sqrt(3))
    s, _ = cr_waves.sound_mode(cr_waves.diffusion_matrix(1.0, 0.0, (1.0, 1.0, 1.0)))
    assert s == pytest.approx(-1j * np.sqrt(3), abs=1e-14)


def test_telegraph_root():
    slow, fast = cr_waves.telegraph_roots(2 * np.pi, 1 / 30, 100.0)
    assert slow == pytest.approx(-1.31596, abs=1e-5)
    assert slow * fast == pytest.approx(100**2 * (2 * np.pi) ** 2 / 3)
    free, _ = cr_waves.telegraph_roots(2 * np.pi, np.inf, 100.0)
    assert free == pytest.approx(2j * np.pi * 100 / np.sqrt(3))


@pytest.mark.parametrize(
    ("t", "half_width", "height"),
    [
        (0.05, 0.508592, 1.541408),
        (0.1, 0.717426, 1.382574),
        (0.2, 1.014766, 1.185234),
        (0.5, 1.625353, 0.874647),
        (1, 2.374225, 0.625775),
    ],
)
def test_streaming_triangle_numbers(t, half_width, height):
    found = streaming.triangle_plateau(t)
    assert found == pytest.approx((height, half_width), abs=1e-6)
    x = np.array([-half_width / 2, half_width + 0.01, 5.0])
    np.testing.assert_allclose(
        streaming.triangle(x, t), (height, 2 + t - half_width - 0.01, 0), atol=1e-6
    )


def test_streaming_triangle_pays_what_it_loses():
    """d/dt of the integral of e equals the work on the wings, 2 v_A [P] between plateau and
    foot."""
    x = np.linspace(-4, 4, 400001)
    mid, dt = 0.4, 1e-3
    before, after = (np.sum(streaming.triangle(x, t)) * (x[1] - x[0]) for t in (mid - dt, mid + dt))
    height, _ = streaming.triangle_plateau(mid)
    assert (after - before) / (2 * dt) == pytest.approx(-2 * height / 3, rel=1e-4)


def test_bottleneck_numbers():
    """Verification numbers of V8: e = 3 up to the peak of the cloud, 0.646 behind it."""
    x = np.linspace(0, 1000, 4001)
    dens = 0.1 + 0.9 * (1 + np.tanh((x - 200) / 25)) * (1 + np.tanh((200 - x) / 25))
    ecr = streaming.bottleneck(dens, x <= 200, 3.0)
    assert ecr[0] == 3.0
    assert ecr[-1] == pytest.approx(3 * (0.1 / 1.0) ** (2 / 3), rel=1e-6)
    assert ecr[-1] == pytest.approx(0.646, abs=5e-4)


def test_diffusion_solutions_obey_the_heat_equation():
    x, kappa, t, h = np.linspace(-0.5, 0.5, 11), 1 / 30, 0.2, 1e-4

    def e(x, t):
        return diffusion.gaussian(x, 40, kappa, t)

    rate, curvature = (
        (e(x, t + h) - e(x, t - h)) / (2 * h),
        (e(x + h, t) - 2 * e(x, t) + e(x - h, t)) / h**2,
    )
    np.testing.assert_allclose(rate, kappa * curvature, atol=2e-6)
    np.testing.assert_allclose(diffusion.gaussian(x, 40, kappa, 0), np.exp(-40 * x**2))


def test_arc_on_a_circle():
    angle = np.linspace(-np.pi, np.pi, 2001)[:-1]
    start = diffusion.arc(angle, np.pi / 12, 0.0)
    assert np.mean(start) == pytest.approx(1 / 12)
    assert start[1000] == pytest.approx(1, abs=0.02)
    assert start[0] == pytest.approx(0, abs=0.02)
    assert np.ptp(diffusion.arc(angle, np.pi / 12, 20.0)) < 1e-8
    # before the heat has gone round: two error functions
    narrow = diffusion.arc(angle, np.pi / 12, 1e-3)
    line = [
        0.5
        * (
            erf((np.pi / 12 - a) / 0.002**0.5 / 2**0.5)
            + erf((np.pi / 12 + a) / 0.002**0.5 / 2**0.5)
        )
        for a in angle
    ]
    np.testing.assert_allclose(narrow, line, atol=1e-9)
