"""Collisional losses: exact decay, coefficients, ledger, calorimetry."""

from types import SimpleNamespace

import numpy as np
import pytest

from crmpi.constants import DENS, ECR, ENER, PRES
from crmpi.errors import CrmpiError
from crmpi.mesh.pack import ECR_FIELD, HYDRO_FIELDS, Pack, make_grid
from crmpi.params import make
from crmpi.physics.losses import RATES, Losses
from crmpi.types import EOS, Field
from crmpi.units import Units

UNITS = Units("galactic")
GAS = EOS(gamma=5 / 3, gamma_cr=4 / 3, mu=0.6)
MESH = SimpleNamespace(cells=(4, 1, 3), lower=(0, 0, 0), upper=(1, 1, 1), periodic=(True,) * 3)


def pack_of(dens, ecr, extra=()):
    grid = make_grid(MESH.cells, MESH.cells, MESH.lower, MESH.upper, 2)
    pack = Pack(grid, [0], [[0, 0, 0]], MESH.lower, HYDRO_FIELDS + (ECR_FIELD,) + extra)
    pack.u0[:, DENS] = dens
    pack.u0[:, ECR] = ecr
    pack.u0[:, ENER] = 100.0
    return pack


def losses(pack, **values):
    return Losses(make(Losses.Params, UNITS, enabled=True, **values), pack, GAS, UNITS, MESH)


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
    totals = {column.name: column.values[0] for column in source.ledger()}
    u = pack.active(pack.u0)[0]
    assert totals["losses_lost"] == pytest.approx(1.0 - u[ECR].mean(), rel=1e-12)
    assert totals["losses_lost"] == pytest.approx(
        totals["losses_heated"] + totals["losses_escaped"], rel=1e-12
    )
    assert totals["losses_heated"] == pytest.approx(u[ENER].mean() - 100.0, rel=1e-12)


@pytest.mark.parametrize("rates", RATES)
def test_calorimeter(rates):
    """All energy lost: photons above 1 GeV carry 0.7/3 of the hadronic share; the luminosity
    integrates to this energy."""
    pack = pack_of(100.0, 1.0)
    source = losses(pack, rates=rates, coulomb=0.0)
    energy, steps = 0.0, 400
    dt = UNITS("20 Myr") / steps
    source.apply(0.0, 0.0)
    for _ in range(steps):
        before = source.account["gamma_luminosity"][0]
        source.apply(0.0, dt)
        energy += 0.5 * dt * (before + source.account["gamma_luminosity"][0])
    assert source.account["gamma"][0] == pytest.approx(0.7 / 3, rel=1e-10)  # 26 decay times
    assert energy == pytest.approx(0.7 / 3, rel=2e-3)  # trapezoidal rule: (dt/decay time)^2/12


# (hadronic, Coulomb) in 1/s at rho = 1 m_p/cm^3 and X = 0.76, n_e = 0.88 cm^-3: from the papers, by
# hand
GAMMA = {
    "guo_oh2008": (5.157e-16, 1.452e-16),  # 5.86e-16 n_e, 1.65e-16 n_e
    "pfrommer2017": (6.547e-16, 2.446e-16),  # 7.44e-16 n_e, 2.78e-16 n_e
    "gizmo": (5.542e-16, 1.441e-16),  # 0.87 x 6.37e-16 rho/m_p, 0.53 x 3.09e-16 n_e
}


@pytest.mark.parametrize("rates", RATES)
def test_rates_of_ionised_gas_are_those_of_the_papers(rates):
    """What is left of the energy after 50 Myr, with each kind of loss alone."""
    for kind, other, gamma in (
        ("hadronic", "coulomb", GAMMA[rates][0]),
        ("coulomb", "hadronic", GAMMA[rates][1]),
    ):
        pack = pack_of(UNITS.factor("m_p/cm^3"), 1.0)
        losses(pack, rates=rates, ionised=1.0, **{kind: 1.0, other: 0.0}).apply(
            0.0, UNITS("50 Myr")
        )
        left = pack.active(pack.u0)[0, ECR].mean()
        assert -np.log(left) / (50 * 3.15576e13) == pytest.approx(gamma, rel=4e-4)


def test_hadronic_time_of_gizmo_is_57_myr():
    """1/(0.87 x 6.37e-16 cm^3/s) at one nucleon per cm^3, whatever it is made of."""
    for hydrogen in (0.7, 0.76, 1.0):
        assert 1.0 / (RATES["gizmo"](hydrogen).hadronic * 3.15576e13) == pytest.approx(
            57.2, rel=1e-3
        )


@pytest.mark.parametrize(("temp", "coulomb"), [(8e3, 7.19e-17), (1e6, 1.441e-16)])
@pytest.mark.parametrize("heating", [True, False])
def test_gizmo_follows_the_ionisation_of_the_gas(temp, coulomb, heating):
    """0.53 x 3.09e-16 x 0.57 n_H in neutral gas, 1.6% of it ionised by cosmic rays at 8000 K; 0.53
    x 3.09e-16 n_e in hot gas."""
    pack = pack_of(UNITS.factor("m_p/cm^3"), 1.0)
    pack.w0[:, DENS] = pack.u0[:, DENS]
    pack.w0[:, PRES] = pack.u0[:, DENS] * temp * UNITS.k_B / (GAS.mu * UNITS.m_p)
    source = losses(pack, rates="gizmo", heating=heating)
    source.apply(0.0, UNITS("50 Myr"))
    left = pack.active(pack.u0)[0, ECR].mean()
    assert -np.log(left) / (50 * 3.15576e13) == pytest.approx(5.542e-16 + coulomb, rel=1e-3)
    totals = {column.name: column.values[0] for column in source.ledger()}
    heat = (coulomb + 5.542e-16 / 6) / (coulomb + 5.542e-16) if heating else 0.0
    assert totals["losses_heated"] / totals["losses_lost"] == pytest.approx(heat, rel=3e-3)
    assert totals["losses_lost"] == pytest.approx(
        totals["losses_heated"] + totals["losses_escaped"], rel=1e-12
    )


def test_a_given_ionised_share_is_kept():
    """Half of 0.53 x 3.09e-16 (0.88 + 0.57 x 0.76) per nucleon."""
    pack = pack_of(UNITS.factor("m_p/cm^3"), 1.0)
    losses(pack, rates="gizmo", hadronic=0.0, ionised=0.5).apply(0.0, UNITS("50 Myr"))
    assert -np.log(pack.active(pack.u0)[0, ECR].mean()) / (50 * 3.15576e13) == pytest.approx(
        1.0752e-16, rel=1e-3
    )


def test_refused_without_cosmic_rays_or_units():
    bare = Pack(
        make_grid(MESH.cells, MESH.cells, MESH.lower, MESH.upper, 2), [0], [[0, 0, 0]], MESH.lower
    )
    with pytest.raises(CrmpiError, match="cosmic_rays"):
        losses(bare)
    with pytest.raises(CrmpiError, match=r"units\.system"):
        Losses(make(Losses.Params, enabled=True), pack_of(1.0, 1.0), GAS, Units("none"), MESH)
