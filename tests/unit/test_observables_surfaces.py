"""Loading and profiles: flows with known fluxes, and what leaves against what the ledger says went
in."""

import math

import numpy as np
import pytest

from crmpi.errors import CrmpiError
from crmpi.run.inline import run_to_end
from tests.observable_case import make_run, observe, uniform
from tests.tube_case import tube_run

MSUN_YR = 1.988409870698051e33 / 3.15576e7
KPC2 = 3.0856775814913673e21**2
M_P = 1.67262192369e-24
FLOW = uniform(dens=1e-2, temp=1e6, ecr=1.0, vel=(0.0, 0.0, 100.0), field=(0.0, 0.0, 1.0))


def test_planes_in_a_uniform_flow():
    """On both sides of the midplane a uniform flow cancels; through one plane it is rho v A and v
    (e + P)."""
    sim = make_run(FLOW, block=(4, 4, 4))
    both = observe(sim, "loading", loading__heights="[1, 2.3]")
    assert abs(both["mass_h1kpc [Msun/yr]"]) < 1e-12 * both["mass_out_h1kpc [Msun/yr]"]
    one = observe(sim, "loading", loading__heights=[6], loading__midplane=-4.5)
    rate = 1e-2 * M_P * 1e7 * 64.0 * KPC2
    assert one["mass_h6kpc [Msun/yr]"] == pytest.approx(rate / MSUN_YR, rel=1e-12)
    assert one["mass_out_h6kpc [Msun/yr]"] == one["mass_h6kpc [Msun/yr]"]
    assert one["cr_advected_h6kpc [erg/s]"] == pytest.approx(
        4.0 / 3.0 * 1.602176634e-12 * 1e7 * 64.0 * KPC2, rel=1e-10
    )
    assert one["poynting_h6kpc [erg/s]"] == pytest.approx(
        0.0, abs=1e-9 * one["gas_energy_h6kpc [erg/s]"]
    )
    assert one["cr_h6kpc [erg/s]"] == one["cr_advected_h6kpc [erg/s]"]  # transport: none


def test_poynting_flux_across_the_field():
    """A field across the flow is carried with twice its energy: v B^2."""
    sim = make_run(uniform(vel=(0.0, 0.0, 100.0), field=(2.0, 0.0, 0.0)))
    one = observe(sim, "loading", loading__heights=[6], loading__midplane=-4.5)
    assert one["poynting_h6kpc [erg/s]"] == pytest.approx(
        100.0 * 4.0 * 64.0 / sim.units.factor("erg/s"), rel=1e-12
    )


@pytest.mark.parametrize("cells", [(8, 8, 8), (16, 16, 1)])
def test_spheres_in_a_radial_flow(cells):
    """rho v ~ r^-(d-1) through any sphere is the same number, exactly on any cells."""
    state, d = uniform(), sum(n > 1 for n in cells)

    def initial(x):
        r = np.sqrt(sum((x.x1, x.x2, x.x3)[a] ** 2 for a in range(d)))
        velocities = {f"vel{a + 1}": 50.0 * (x.x1, x.x2, x.x3)[a] / r**d for a in range(d)}
        return state(x) | velocities

    sim = make_run(initial, cells=cells, block=[min(n, 8) for n in cells])
    measured = observe(
        sim,
        "loading",
        loading__radii="[2.2, 2.6]" if d == 2 else "[2.2]",
        loading__thickness="1 kpc",
    )
    area = 4.0 * math.pi if d == 3 else 2.0 * math.pi * 8.0
    assert measured["mass_r2.2kpc [Msun/yr]"] == pytest.approx(
        1e-3 * 50.0 * area / sim.units.factor("Msun/yr"), rel=1e-12
    )


def test_axis_profiles_of_a_stratified_box():
    """Layers of different density: means, the velocity of the mass, temperature from P/rho,
    fluxes."""

    def initial(x):
        dens = np.where(x.x1 > 0.0, 1.0, 3.0) * (1.0 + x.x3**2)
        return FLOW(x) | {"dens": dens, "vel3": 10.0 * x.x3}

    sim = make_run(initial, block=(4, 8, 4), fluid={"mu": 0.6})
    measured = observe(sim, "profile", profile__fields="[cs]")
    z = measured["x3 [kpc]"]
    assert z == pytest.approx(np.arange(8) - 3.5, rel=1e-13)
    assert measured["dens [m_p/cm^3]"] == pytest.approx(2.0 * (1.0 + z**2), rel=1e-13)
    assert measured["vel [km/s]"] == pytest.approx(10.0 * z, rel=1e-13)
    assert measured["mass_flux [Msun/yr/kpc^2]"] == pytest.approx(
        20.0 * z * (1.0 + z**2) / sim.units.factor("Msun/yr/kpc^2"), rel=1e-13
    )
    assert measured["temp [K]"] * measured["dens [m_p/cm^3]"] == pytest.approx(
        np.full(8, 1e4), rel=1e-10
    )
    assert measured["volume [kpc^3]"] == pytest.approx(np.full(8, 64.0), rel=1e-13)
    assert np.all(measured["cs [km/s]"] > 0.0)


def diffusing_tube(n, block=None):
    """Return a spherical tube of still gas with a central source of cosmic rays, near the steady
    state, and its history."""

    def nothing(s):
        return {"dens": 1e-3, "press": 10.0}

    groups = {
        "mesh": {"geometry": "spherical"},
        "fluid": {"frozen": True, "magnetic": False},
        "units": {"system": "galactic"},
        "transport": {"solver": "isotropic_diffusion"},
        "scattering": {"model": "constant", "kappa_par": "3e29 cm^2/s"},
        "injection": {
            "enabled": True,
            "mode": "central",
            "rate": 1e4,
            "energy": 1e50,
            "cr_fraction": 1.0,
            "radius": "3 kpc",
        },
        "time": {"end": "100 Myr", "dt_max": "0.5 Myr"},
        "observables": {"compute": ["loading"], "loading": {"radii": [10, 20]}},
    }
    return tube_run(nothing, cells=n, block=block, lower=0.0, upper=40.0, walls="outflow", **groups)


@pytest.fixture(scope="module")
def tube():
    """The tube after its run, and its history of every step."""
    sim = diffusing_tube(80, 20)
    return sim, run_to_end(sim, every=1)


def test_what_leaves_is_what_the_ledger_gave_and_the_sphere_does_not_hold(tube):
    """int flux dt = injected - E(<R): second order, (dx/R)^2 from the centred difference of 1/r and
    as much from interpolation."""
    sim, history = tube
    time, rate = history["time"], history["cr_r10kpc"] * sim.units.factor("erg/s")
    left = np.sum(0.5 * (rate[1:] + rate[:-1]) * np.diff(time))
    given = history["injection_cosmic"][-1] * sim.units.factor("erg")
    inside = observe(sim, "radial_profile", radial_profile__outer=10, radial_profile__bins=20)
    held = (
        np.sum(inside["ecr [erg/cm^3]"] * inside["volume [kpc^3]"])
        * sim.units.factor("erg/cm^3")
        * sim.units.factor("kpc^3")
    )
    assert left == pytest.approx(given - held, rel=2 * (0.5 / 10) ** 2)
    assert 0.5 < left / given < 1.0


def test_kappa_is_recovered_from_flux_and_gradient(tube):
    """Second order outside of the source: a difference of e ~ exp(-r^2/(4 kappa t))/r is off by h^2
    (1/r^2 + (r/(2 kappa t))^2) at most."""
    sim, _ = tube
    measured = observe(sim, "radial_profile")
    r, kappa = measured["r [kpc]"], measured["kappa_eff [cm^2/s]"]
    fair = (r > 8.0) & (r < 38.0)
    two_kappa_t = 2.0 * 3e29 * sim.time / sim.units.factor("Myr") * 1e6 * 3.15576e7 / KPC2
    limit = 0.5**2 * (1.0 / r**2 + (r / two_kappa_t) ** 2)
    assert np.all(np.abs(kappa / 3e29 - 1.0)[fair] < limit[fair])


def test_bad_surfaces_are_named_and_counted():
    sim = make_run(FLOW)
    for overrides, words in (
        (
            {"loading__heights": "[1, 5, 9]"},
            "2 of 3 heights outside of the box: 5kpc, 9kpc; x3 goes from -4kpc to 4kpc",
        ),
        (
            {"loading__radii": "[2.1, 4]", "loading__thickness": 1},
            "1 of 2 radii outside of the box: 4kpc; whole shells fit from 1kpc to",
        ),
        ({}, "needs surfaces: loading.heights"),
        ({"loading__heights": "[1]", "loading__axis": "x4"}, "loading.axis"),
    ):
        with pytest.raises(CrmpiError, match=words.replace("[", r"\[")):
            observe(sim, "loading", **overrides)
    with pytest.raises(
        CrmpiError, match="unknown observable 'gama_rays'; did you mean 'gamma_rays'"
    ):
        observe(sim, "gama_rays")
    with pytest.raises(CrmpiError, match="has no metals: 1 of 2 fields are not there"):
        observe(sim, "profile", profile__fields="[cs, metals]")
    with pytest.raises(CrmpiError, match=r"ends at r = 9, beyond the furthest corner at 6\.9282"):
        observe(sim, "radial_profile", radial_profile__outer=9)
    aside = make_run(FLOW, mesh={"lower": [0, 0, 0]})
    with pytest.raises(CrmpiError, match="the origin is not inside the box"):
        observe(aside, "radial_profile")
    assert observe(aside, "radial_profile", radial_profile__outer=4)["volume [kpc^3]"].sum() < 64.0
    flat = make_run(FLOW, cells=(8, 1, 1))
    with pytest.raises(CrmpiError, match=r"cannot cut x3, which has one cell; set loading\.axis"):
        observe(flat, "loading", loading__heights="[1]", loading__axis="x3")


def test_missing_physics_is_named():
    dimensionless = make_run(
        lambda x: {"dens": 1.0, "press": 1.0},
        units={"system": "none"},
        fluid={"cosmic_rays": False},
    )
    for name, words in (
        ("phase", "physical units"),
        ("xray", "physical units"),
        ("gamma_rays", "physical units"),
    ):
        with pytest.raises(CrmpiError, match=words):
            observe(dimensionless, name)
    without = make_run(uniform(ecr=0.0), fluid={"cosmic_rays": False})
    with pytest.raises(
        CrmpiError,
        match=r"'gamma_rays' of this run needs ecr: 1 of 2 are not there; set fluid\.cosmic_rays",
    ):
        observe(without, "gamma_rays")
