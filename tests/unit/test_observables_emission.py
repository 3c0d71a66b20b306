"""Gamma rays, grammage, ionisation, X-rays and phase diagrams of uniform boxes, against the
formulas in cgs."""

import numpy as np
import pytest

from crmpi.analysis.measure.xray import emissivity
from crmpi.errors import CrmpiError
from tests.observable_case import make_run, observe, uniform

KPC, EV, M_P, C, YEAR, MSUN = (
    3.0856775814913673e21,
    1.602176634e-12,
    1.67262192369e-24,
    2.99792458e10,
    3.15576e7,
    1.988409870698051e33,
)
VOLUME = 8.0**3 * KPC**3
# 2e4 supernovae per Myr: 2 Msun/yr
SOURCE = {"enabled": True, "mode": "central", "rate": 2e4, "cr_fraction": 0.1}
STATE = uniform(dens=1e-2, temp=1e7, ecr=0.5)


@pytest.fixture(scope="module")
def box():
    """A uniform box of 8 blocks."""
    return make_run(STATE, block=(4, 4, 4), fluid={"mu": 0.6}, injection=SOURCE)


HADRONIC = {
    "guo_oh2008": 5.86e-16 * 0.88,
    "pfrommer2017": 7.44e-16 * 0.88,
    "gizmo": 0.87 * 6.37e-16,
}


@pytest.mark.parametrize(("rates", "hadronic"), HADRONIC.items())
def test_gamma_rays_of_a_uniform_box(box, rates, hadronic):
    """L = (1/3) 0.7 Gamma_h e V, Gamma_h the rate per nucleon times 0.01 cm^-3; L_SF = 5.7e-4 c^2
    SFR."""
    measured = observe(box, "gamma_rays", gamma_rays__rates=rates)
    luminosity = 0.7 / 3.0 * hadronic * 1e-2 * 0.5 * EV * VOLUME
    assert measured["L_gamma [erg/s]"] == pytest.approx(luminosity, rel=1e-12)
    assert measured["sfr [Msun/yr]"] == pytest.approx(2.0, rel=1e-12)
    assert measured["L_gamma/L_SF [1]"] == pytest.approx(
        luminosity / (5.7e-4 * C**2 * 2.0 * MSUN / YEAR), rel=1e-10
    )
    power = 2e4 / (1e6 * YEAR) * 1e50
    assert measured["calorimetric_fraction [1]"] == pytest.approx(
        luminosity / (0.7 / 3.0 * power), rel=1e-10
    )


def test_a_calorimeter_shines_at_the_known_ratio():
    """1e50 erg per 100 Msun, a third of it in pions and 0.7 of that above 1 GeV, is 2.3e-4 of the
    light of the stars."""
    ratio = 0.7 / 3.0 * 1e50 / (100.0 * MSUN) / (5.7e-4 * C**2)
    assert ratio == pytest.approx(2.3e-4, rel=0.02)


def test_grammage_and_residence_time(box):
    measured = observe(box, "cr_budget")
    power = 2e4 / (1e6 * YEAR) * 1e50
    time = 0.5 * EV * VOLUME / power
    assert measured["residence_time [Myr]"] == pytest.approx(time / (1e6 * YEAR), rel=1e-10)
    assert measured["grammage [g/cm^2]"] == pytest.approx(1e-2 * M_P * C * time, rel=1e-10)
    assert measured["density_seen [m_p/cm^3]"] == pytest.approx(1e-2, rel=1e-10)


def test_known_sources_are_weighed_and_unknown_ones_refused():
    bare = make_run(STATE)
    with pytest.raises(
        CrmpiError, match=r"'cr_budget' of this run needs the power of the sources.*cr_power"
    ):
        observe(bare, "cr_budget")
    assert "L_gamma/L_SF [1]" not in observe(bare, "gamma_rays")
    given = observe(bare, "cr_budget", drive__cr_power="1e40 erg/s")
    assert given["cr_power [erg/s]"] == pytest.approx(1e40, rel=1e-12)


def test_star_formation_of_dense_gas():
    """Supernovae in proportion to the gas above a threshold: only the dense half of the box forms
    stars."""
    state = uniform(ecr=0.0)
    source = {
        "enabled": True,
        "mode": "density",
        "rate_per_mass": 1e-5,
        "threshold": 1.0,
        "cr_fraction": 0.1,
    }
    sim = make_run(lambda x: state(x) | {"dens": np.where(x.x1 > 0.0, 2.0, 0.5)}, injection=source)
    mass = 2.0 * M_P * VOLUME / 2.0 / MSUN
    assert observe(sim, "gamma_rays")["sfr [Msun/yr]"] == pytest.approx(
        1e-5 * mass / 1e6 * 100.0, rel=1e-10
    )


def test_ionisation_follows_the_energy_density():
    """Half of the box has 3 eV/cm^3 and a quarter of the mass."""
    state = uniform(ecr=1.0)
    sim = make_run(
        lambda x: (
            state(x)
            | {
                "dens": np.where(x.x1 > 0, 1.0, 3.0),
                "ecr": np.where(x.x1 > 0, 3.0, 1.0) * state(x)["ecr"],
            }
        )
    )
    measured = observe(sim, "ionisation")
    assert measured["zeta_volume [1/s]"] == pytest.approx(2e-16, rel=1e-12)
    assert measured["zeta_mass [1/s]"] == pytest.approx(1.5e-16, rel=1e-12)
    assert measured["zeta_GeV_mass [1/s]"] == pytest.approx(
        1.5 * 0.53 * 3.09e-16 * 0.57 / 36.0, rel=1e-12
    )


def test_xrays_of_a_uniform_box(box):
    measured = observe(box, "xray", "xray_profile", xray__metallicity=0)
    kev = 8.617333262e-8 * 1e7
    n = 1e-2
    bremsstrahlung = (
        1.2 * 1.4e-27 * np.sqrt(1e7) * 0.88 * n * n * (np.exp(-0.5 / kev) - np.exp(-2.0 / kev))
    )
    assert measured["L_X [erg/s]"] == pytest.approx(bremsstrahlung * VOLUME, rel=1e-9)
    assert measured["temp_X [K]"] == pytest.approx(1e7, rel=1e-9)
    with_metals = emissivity(np.array([n * M_P]), np.array([1e7]))[0]
    surface = with_metals * 8.0 * KPC / (4.0 * np.pi) * (np.pi / 180.0 / 3600.0) ** 2
    assert measured["S_X [erg/s/cm^2/arcsec^2]"] == pytest.approx(np.full(4, surface), rel=1e-9)


def test_bremsstrahlung_matches_the_fit_of_clusters():
    """The term C2 (kT)^1/2 of Tozzi & Norman (2001), 5.8e-24 erg cm^3/s per electron and ion, is
    bremsstrahlung: within 20%."""
    kelvin = 1.0 / 8.617333262e-8  # 1 keV
    all_of_it = emissivity(np.array([M_P]), np.array([kelvin]), metallicity=0.0, band=(1e-6, 1e3))[
        0
    ]
    electrons_ions = 0.88 * 0.82
    assert all_of_it / electrons_ions == pytest.approx(5.8e-24, rel=0.25)


def test_phase_diagrams_count_everything():
    """Mass and volume are complete, whatever the range; a uniform state is one bin, at its density
    and temperature."""
    sim = make_run(STATE, block=(4, 8, 8), fluid={"mu": 0.6})
    for ranges in ({}, {"phase__dens": "[1, 10]"}, {"phase__temp": "[1e8, 1e9]"}):
        measured = observe(sim, "phase", **ranges)
        assert measured["mass [Msun]"].sum() == pytest.approx(1e-2 * M_P * VOLUME / MSUN, rel=1e-12)
        assert measured["volume [kpc^3]"].sum() == pytest.approx(512.0, rel=1e-12)
        assert measured["E_cr [erg]"].sum() == pytest.approx(0.5 * EV * VOLUME, rel=1e-10)
        assert (measured["mass [Msun]"] > 0.0).sum() == 1
    measured = observe(sim, "phase")
    i, j = np.argwhere(measured["mass [Msun]"] > 0.0)[0]
    assert abs(np.log10(measured["dens [m_p/cm^3]"][i] / 1e-2)) <= 0.5 * 12 / 48 + 1e-9
    assert abs(np.log10(measured["temp [K]"][j] / 1e7)) <= 0.5 * 8 / 32 + 1e-9
