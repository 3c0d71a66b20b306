"""Collisional losses: exact decay, coefficients, ledger, calorimetry."""

from types import SimpleNamespace

import numpy as np
import pytest

from crmpi.constants import DENS, ECR, ENER
from crmpi.errors import CrmpiError
from crmpi.mesh.pack import ECR_FIELD, HYDRO_FIELDS, Pack, make_grid
from crmpi.params import make
from crmpi.physics.losses import RATES, Losses
from crmpi.types import Field
from crmpi.units import Units

UNITS = Units("galactic")
EOS = SimpleNamespace(gamma=5 / 3, gamma_cr=4 / 3, mu=0.6)
MESH = SimpleNamespace(cells=(4, 1, 3), lower=(0, 0, 0), upper=(1, 1, 1), periodic=(True,) * 3)


def pack_of(dens, ecr, extra=()):
    grid = make_grid(MESH.cells, MESH.cells, MESH.lower, MESH.upper, 2)
    pack = Pack(grid, [0], [[0, 0, 0]], MESH.lower, HYDRO_FIELDS + (ECR_FIELD,) + extra)
    pack.u0[:, DENS] = dens
    pack.u0[:, ECR] = ecr
    pack.u0[:, ENER] = 100.0
    return pack


def losses(pack, **values):
    return Losses(make(Losses.Params, UNITS, enabled=True, **values), pack, EOS, UNITS, MESH)


def test_decay_is_exact_and_takes_the_flux_along():
    """Guo & Oh (2008): Gamma = 7.51e-16 n_e /s."""
    pack = pack_of(3.0, 2.0, extra=(Field("fcr"),))
    pack.u0[:, ECR + 1] = -5.0
    source = losses(pack)
    rate = 7.51e-16 * 3.0 * 0.88
    for step in (5.0, 15.0):  # Myr
        source.apply(0.0, UNITS.to_code(step, "Myr"))
    factor = np.exp(-rate * 20.0 * 3.15576e13)
    active = pack.active(pack.u0)[0]
    assert np.allclose(active[ECR], 2.0 * factor, rtol=1e-12)
    assert np.allclose(active[ECR + 1], -5.0 * factor, rtol=1e-12)


def test_heating_is_coulomb_and_a_sixth_of_hadronic():
    pack = pack_of(1.0, 1.0)
    source = losses(pack)
    source.apply(0.0, UNITS("1 Myr"))
    heated = pack.active(pack.u0)[0, ENER] - 100.0
    lost = 1.0 - pack.active(pack.u0)[0, ECR]
    assert np.allclose(heated / lost, (1.65 + 5.86 / 6) / 7.51, rtol=1e-9)


def test_ledger_closes():
    pack = pack_of(10.0, 1.0)
    source = losses(pack, rates="pfrommer2017")
    source.apply(0.0, UNITS("10 Myr"))
    book = {name: column[0] for name, column in source.ledger().items()}
    u = pack.active(pack.u0)[0]
    assert book["losses_lost"] == pytest.approx(1.0 - u[ECR].mean(), rel=1e-12)
    assert book["losses_lost"] == pytest.approx(book["losses_heated"] + book["losses_escaped"], rel=1e-12)
    assert book["losses_heated"] == pytest.approx(u[ENER].mean() - 100.0, rel=1e-12)


@pytest.mark.parametrize("rates", RATES)
def test_calorimeter(rates):
    """All energy lost: photons above 1 GeV carry 0.7/3 of the hadronic share; the luminosity integrates to this energy."""
    pack = pack_of(100.0, 1.0)
    source = losses(pack, rates=rates, coulomb=0.0)
    energy, steps = 0.0, 400
    dt = UNITS("20 Myr") / steps
    source.apply(0.0, 0.0)
    for _ in range(steps):
        before = source.ledger()["losses_gamma_luminosity"][0]
        source.apply(0.0, dt)
        energy += 0.5 * dt * (before + source.ledger()["losses_gamma_luminosity"][0])
    assert source.ledger()["losses_gamma"][0] == pytest.approx(0.7 / 3, rel=1e-10)  # 26 decay times
    assert energy == pytest.approx(0.7 / 3, rel=2e-3)  # trapezoidal rule: (dt/decay time)^2/12


def test_ionised_and_neutral_coulomb_of_gizmo():
    ionised, neutral = (RATES["gizmo"](0.76, fraction)[1] for fraction in (1.0, 0.0))
    assert neutral / ionised == pytest.approx(0.57 * 2 * 0.76 / 1.76, rel=1e-12)


def test_refused_without_cosmic_rays_or_units():
    bare = Pack(make_grid(MESH.cells, MESH.cells, MESH.lower, MESH.upper, 2), [0], [[0, 0, 0]], MESH.lower)
    with pytest.raises(CrmpiError, match="cosmic_rays"):
        losses(bare)
    with pytest.raises(CrmpiError, match=r"units\.system"):
        Losses(make(Losses.Params, enabled=True), pack_of(1.0, 1.0), EOS, Units("none"), MESH)
