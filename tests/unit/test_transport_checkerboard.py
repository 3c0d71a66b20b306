"""Checkerboards, which corner fluxes do not see, decay; smooth energy keeps its order."""

import numpy as np
import pytest

from crmpi.constants import ECR
from crmpi.params import make
from crmpi.scattering.constant import ConstantScattering
from crmpi.transport.diffusion import AnisotropicDiffusion
from tests.transport_case import Stage

WAVE = 2.0 * np.pi
OBLIQUE = (1.0, 1.0, 0.0)


def checkerboard(e):
    """Return the largest amplitude of a pattern alternating along x1 and x2, per mean e."""
    amplitude = e
    for axis in (-1, -2):
        near = np.roll(amplitude, 1, axis) + np.roll(amplitude, -1, axis)
        far = np.roll(amplitude, 2, axis) + np.roll(amplitude, -2, axis)
        amplitude = (6.0 * amplitude - 4.0 * near + far) / 16.0
    return np.abs(amplitude).max() / e.mean()


def diffused(cells, amplitude, steps, field=OBLIQUE, block=None, dt=0.05, end_to_end=0.5):
    """Return e (N3, N2, N1) at the start and the end: a wave across x2 and a checkerboard."""
    stage = Stage(cells, block)
    stage.set_field(lambda *x: tuple(np.full_like(x[0], b) for b in field))
    n1, n2 = cells[:2]

    def energy(x1, x2, x3):
        sign = np.where((np.floor(x1 * n1) + np.floor(x2 * n2)) % 2 == 0, 1.0, -1.0)
        return 1.0 + end_to_end * np.sin(WAVE * x2) + amplitude * sign

    stage.set_energy(energy)
    scattering = ConstantScattering(make(ConstantScattering.Params, kappa_par=0.01))
    solver = stage.solver(AnisotropicDiffusion, scattering)
    start = stage.whole(ECR)
    for n in range(steps):
        solver.advance(dt, n * dt)
    return start, stage.whole(ECR)


@pytest.mark.parametrize("cells", [(64, 64, 1), (16, 16, 4)])
@pytest.mark.parametrize("field", [OBLIQUE, (1.0, 0.3, 0.0)])
def test_a_checkerboard_on_a_gradient_decays(cells, field):
    """It used to keep 0.99 of its amplitude for ever; it halves in a step that crosses many
    cells."""
    start, end = diffused(cells, 1e-3, 40, field)
    assert checkerboard(start) == pytest.approx(1e-3, rel=0.3)
    assert checkerboard(end) < 1e-4
    assert end.sum() == pytest.approx(start.sum(), rel=1e-14)
    assert start.min() <= end.min()
    assert end.max() <= start.max()


def test_nothing_passes_between_lines_of_the_field():
    """Along x1 each row of cells is a line of the field, on which the pattern decays."""
    start, end = diffused((16, 16, 1), 1e-2, 20, (1.0, 0.0, 0.0))
    assert end.mean(axis=2) == pytest.approx(start.mean(axis=2), rel=1e-13)
    assert checkerboard(end) < 1e-3


def test_blocks_do_not_change_a_bit():
    whole, parts = (diffused((32, 32, 1), 1e-3, 4, block=b)[1] for b in (None, (16, 8, 1)))
    assert np.array_equal(whole, parts)


def test_smooth_energy_is_left_alone():
    """Along (1, 1) this wave decays at kappa k^2/2; the error is that of second order."""
    errors = []
    for n in (32, 64):
        _, end = diffused((n, n, 1), 0.0, 20)
        height = 2.0 * np.mean(end[0] * np.sin(WAVE * (np.arange(n)[:, None] + 0.5) / n))
        errors.append(abs(height / (0.5 * np.exp(-0.5 * 0.01 * WAVE**2)) - 1.0))
    assert errors[1] < 5e-4
    assert np.log2(errors[0] / errors[1]) > 1.8
