"""Fluxes for people: against the gradient of a plane wave, along and across the field."""

import numpy as np
import pytest

from crmpi.params import make
from crmpi.scattering.constant import ConstantScattering
from crmpi.transport.diffusion import AnisotropicDiffusion
from crmpi.transport.isotropic_diffusion import IsotropicDiffusion
from crmpi.transport.moments import FCR_FIELD
from crmpi.transport.streaming_diffusion import StreamingDiffusion
from crmpi.transport.two_moment import TwoMoment
from tests.transport_case import Stage

KAPPA = ConstantScattering(make(ConstantScattering.Params, kappa_par=2.0, kappa_perp=0.5))
NO_KAPPA = ConstantScattering(make(ConstantScattering.Params))


def wave(n=64, **stage):
    """Return a Stage with e = 2 + sin(2 pi (x + y)), B along (3, 4)/5, and the exact gradient in
    active cells."""
    stage = Stage((n, n, 1), ng=3, **stage)
    stage.set_field(lambda x, y, z: (0.6 + 0 * x, 0.8 + 0 * x, 0 * x))
    stage.set_energy(lambda x, y, z: 2 + np.sin(2 * np.pi * (x + y)))
    x, y, _ = stage.coordinates()
    return stage, stage.pack.active((2 * np.pi * np.cos(2 * np.pi * (x + y)))[:, None])[0, 0, 0]


def flux_of(stage, solver):
    return stage.pack.active(solver.relative_flux())[0, :, 0]


# k^2 dx^2/6 of a centred difference, twice kappa = 2
SECOND_ORDER = (2 * np.pi / 64) ** 2 / 6 * 2 * np.pi * 2


def test_isotropic():
    stage, slope = wave()
    flux = flux_of(stage, stage.solver(IsotropicDiffusion, KAPPA))
    assert np.abs(flux[0] + 2 * slope).max() < SECOND_ORDER
    assert np.abs(flux[1] + 2 * slope).max() < SECOND_ORDER
    assert not flux[2].any()


def test_anisotropic():
    stage, slope = wave()
    flux = flux_of(stage, stage.solver(AnisotropicDiffusion, KAPPA))
    b = np.array([0.6, 0.8])
    exact = [-(2.0 - 0.5) * b[a] * b.sum() * slope - 0.5 * slope for a in (0, 1)]
    assert np.abs(flux[:2] - exact).max() < 2 * SECOND_ORDER


def test_streaming_is_at_the_alfven_speed_down_the_gradient():
    stage, slope = wave()
    solver = stage.solver(StreamingDiffusion, NO_KAPPA, regularisation_length=1e3)
    flux = flux_of(stage, solver)
    e = stage.pack.active(stage.pack.u0)[0, 5, 0]
    steep = np.abs(slope) > 1.0
    exact = -4 / 3 * e * np.sign(slope) * 0.6
    assert np.allclose(flux[0][steep], exact[steep], rtol=1e-12)


def test_two_moment_points_along_the_field():
    stage, _ = wave(fields=(FCR_FIELD,))
    stage.pack.u0[:, stage.pack.index["fcr"]] = 3.0
    flux = flux_of(stage, stage.solver(TwoMoment, NO_KAPPA, vmax=10.0))
    assert flux[0] == pytest.approx(1.8) and flux[1] == pytest.approx(2.4)
