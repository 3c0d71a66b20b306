"""The Parker layer: balance, stability, limits."""

import numpy as np
import pytest

from crmpi.exact.parker import Layer, fastest_mode

K = 2 * np.pi / 8


def test_layer_is_in_balance():
    layer = Layer(6.0, 6.0)
    z = np.linspace(0.1, 5.9, 2001)
    total = layer.density(z) * layer.sound2 * (1 + layer.alpha + layer.eta)
    force = layer.density(z) * layer.gravity(z)
    assert np.allclose(np.gradient(total, z)[1:-1], force[1:-1], atol=1e-4 * np.abs(force).max())


def test_without_gravity_the_fastest_waves_neither_grow_nor_decay():
    assert fastest_mode(Layer(6.0, 1e-9), K, 0.0, 24).s.real == pytest.approx(0.0, abs=1e-6)


def test_diffusion_along_the_field_makes_the_layer_unstable():
    rates = [fastest_mode(Layer(6.0, 6.0), K, kappa, 48).s for kappa in (0.0, 1.0, 10.0, 100.0)]
    assert rates[0].real < 1e-3
    assert np.all(np.diff([rate.real for rate in rates]) > 0)
    assert max(abs(rate.imag) for rate in rates[1:]) < 1e-6


def test_growth_rate_converges():
    rates = [fastest_mode(Layer(6.0, 6.0), K, 10.0, n).s.real for n in (16, 32, 64)]
    assert abs(rates[2] - rates[1]) < abs(rates[1] - rates[0]) / 3  # second order


def test_fast_diffusion_takes_cosmic_rays_out_of_the_perturbation():
    """kappa to infinity: q1 = -a P'/B, the pressure is constant along each field line."""
    mode, layer = fastest_mode(Layer(6.0, 6.0), K, 1e6, 48), Layer(6.0, 6.0)
    q = np.interp(mode.faces, mode.centres, mode.pcr.real)
    line = (
        -mode.a.real
        * layer.slope(mode.faces)
        * layer.eta
        * layer.density(mode.faces)
        / layer.field(mode.faces)
    )
    assert np.abs(q - line).max() < 0.05 * np.abs(line).max()
