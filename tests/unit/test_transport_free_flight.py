"""Cosmic rays that hardly scatter, in a field whose lines come together and part."""

import numpy as np
import pytest

from crmpi.constants import ECR
from crmpi.params import make
from crmpi.scattering.constant import ConstantScattering
from crmpi.transport.alfven_regulated import AlfvenRegulated
from crmpi.transport.two_moment import TwoMoment
from tests.transport_case import Stage

FCR = ECR + 1
SOLVERS = {
    "two_moment": (TwoMoment, {"streaming": False}),
    "alfven_regulated": (
        AlfvenRegulated,
        {"light_speed": 100.0, "gyro_rate": 1e6, "nll_damping": 0.0, "wave_floor": 0.0},
    ),
}


def weave(x1, x2, x3):
    """Return a field periodic on the unit cube whose strength changes by a factor of five."""
    wave = 2.0 * np.pi
    return 1.0 + 0.3 * np.sin(wave * x2), 0.5 * np.cos(wave * x3), 0.7 * np.sin(wave * x1)


@pytest.mark.parametrize("name", SOLVERS)
def test_no_cosmic_rays_run_faster_than_vmax(name):
    """limit_flux: |f| <= vmax e. Without it f/e grows without bound where field lines come
    together, and the floor makes more than a thousandth of all energy in the wake of a cloud that
    flies apart."""
    solver, options = SOLVERS[name]
    stage = Stage((16, 16, 16), (16, 16, 16), fields=solver.fields)
    stage.set_field(weave)
    stage.set_energy(lambda *x: 1e-6 + np.exp(-40.0 * sum((a - 0.5) ** 2 for a in x)))
    before, vmax = stage.whole(ECR).sum(), np.sqrt(3.0)
    scattering = ConstantScattering(make(ConstantScattering.Params, kappa_par=1e12))
    flown = stage.solver(solver, scattering, frozen=True, vmax=vmax, limit_flux=True, **options)
    fastest = 0.0
    for n in range(8):
        flown.advance(0.05, 0.05 * n)
        e, f = stage.whole(ECR), stage.whole(FCR)
        fastest = max(fastest, (abs(f) - vmax * (1.0 + 1e-12) * e).max())
    assert e.max() < 0.4  # it has flown
    assert fastest <= 0.0
    assert flown.account["floored"][0] < 1e-3 * before / 16**3
