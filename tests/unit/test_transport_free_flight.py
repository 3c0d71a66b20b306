"""Cosmic rays that hardly scatter, in a field whose lines come together and part."""

import numpy as np
import pytest

from crmpi.constants import ECR
from crmpi.numerics.cr.moments import ENERGY
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


@pytest.mark.parametrize("block", [16, 8])
def test_all_energy_that_a_floor_makes_is_counted(block):
    """A cloud flies apart, and the floor fills its wake, after every sub-step: cosmic rays gain
    what the account says.

    Some 30 stages of ten rounded sums change the whole by at most 1e-13 of it, which is 1e-10 of a
    thousandth.
    """
    stage = Stage((16, 16, 16), (block, block, block), fields=TwoMoment.fields)
    stage.set_field(weave)
    stage.set_energy(lambda *x: 1e-6 + np.exp(-40.0 * sum((a - 0.5) ** 2 for a in x)))
    before = stage.whole(ECR).sum()
    scattering = ConstantScattering(make(ConstantScattering.Params, kappa_par=1e12))
    flown = stage.solver(TwoMoment, scattering, frozen=True, vmax=np.sqrt(3.0), streaming=False)
    lowest = []
    flown.after_substeps = lambda *_: lowest.append(
        stage.pack.active(flown.registers.start)[:, ENERGY].min()
    )
    for n in range(8):
        flown.advance(0.05, 0.05 * n)
    made = flown.account["floored"].sum() * 16**3
    assert len(lowest) > 8
    assert min(lowest) == 0.0
    assert made > 1e-3 * before
    assert flown.account["floored_cells"].sum() > 0
    assert stage.whole(ECR).sum() - before == pytest.approx(made, rel=1e-10)
