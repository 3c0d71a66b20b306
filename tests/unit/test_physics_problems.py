"""The two galaxies among the problems: what their set-up promises."""

from types import SimpleNamespace

import numpy as np
import pytest

from crmpi.run.configuration import configure


def problem_of(target, *overrides):
    config, problem_class = configure(target, overrides)
    return problem_class(config.problem, config.units, config)


@pytest.fixture(scope="module")
def wind():
    return problem_of("galactic_wind")


def test_wind_column_and_contact(wind):
    """The disc has its surface density; the whole pressure is continuous where disc and halo meet,
    the density is not."""
    z, inside = wind.z, wind.in_disc(wind.z)
    column = np.trapezoid(np.where(inside, wind.density("disc", z), 0.0), z)
    assert wind.units.from_code(column, "Msun/pc^2") == pytest.approx(10.0, rel=1e-3)
    top = z[inside][-1]
    whole = {phase: wind.density(phase, top) * wind.sigma2[phase] for phase in ("disc", "halo")}
    assert whole["disc"] == pytest.approx(whole["halo"], rel=0.05)  # one interval of the table
    assert wind.density("disc", top) > 50 * wind.density("halo", top)


@pytest.mark.parametrize("phase", ["disc", "halo"])
def test_wind_is_hydrostatic(wind, phase):
    """d(rho sigma^2)/dz = rho g to the truncation error of the difference."""
    z, h = np.linspace(0.05, 2.5, 40), 1e-5
    slope = wind.sigma2[phase] * (wind.density(phase, z + h) - wind.density(phase, z - h)) / (2 * h)
    weight = wind.density(phase, z) * wind.gravity_field.accelerations(0.0, 0.0, z)[2]
    assert np.allclose(slope, weight, rtol=1e-6)


def test_wind_field_follows_from_its_potential(wind):
    """B1 = -dA2/dx3 between neighbouring faces of the mesh is the mean of the wanted field."""
    p, mesh = wind.p, wind.config.mesh
    faces = np.linspace(mesh.lower[2], mesh.upper[2], mesh.cells[2] + 1)
    a2 = wind.vector_potential(SimpleNamespace(z=faces), p)["a2"]
    centres = 0.5 * (faces[1:] + faces[:-1])
    deep = abs(centres) < 0.3
    b1 = -np.diff(a2) / np.diff(faces)
    assert np.allclose(b1[deep], wind.horizontal_field(centres[deep], p), rtol=0.01)
    gas_over_beta = wind.density("disc", 0.0) * wind.c2["disc"] / p.beta
    assert 0.5 * b1.max() ** 2 == pytest.approx(gas_over_beta, rel=0.01)


@pytest.mark.parametrize(
    ("leaving", "words"), [(0.0, "a fountain: as much"), (0.4, "as 40% of"), (0.9, "as much")]
)
def test_gas_that_stays_makes_a_fountain(wind, leaving, words):
    """The summary tells a wind from a fountain by what leaves the box, not by its name."""
    rows = 4
    history = dict.fromkeys(
        ("time", "flux_cr", "flux_thermal", "flux_kinetic", "mass_outside"), np.ones(rows)
    )
    history |= {f"flux_{kind}_top": np.ones(rows) for kind in ("cr", "thermal", "kinetic")}
    told = []
    for passing in (1e-3, -1e-3):
        outflow = {"mdot": np.full(rows, passing), "mdot_top": np.full(rows, passing * leaving)}
        told.append(wind.summary(history | outflow, wind.p)["wind"])
    assert words in told[0]
    assert told[0].startswith("a fountain") == (leaving < 0.5)
    assert told[1].startswith("none: gas sinks back")


def test_halo_closed_form():
    """1 Msun/yr, kappa = 3e29 cm^2/s: 1.13e-2 eV/cm^3 at 50 kpc in the steady state (Butsky, Nakum
    et al. 2023)."""
    halo = problem_of("cgm_halo")
    now, steady = (
        halo.units.from_code(value, "eV/cm^3")
        for value in halo.closed_form(50.0, halo.units("1 Gyr"))
    )
    assert steady == pytest.approx(1.13e-2, rel=5e-3)
    assert now == pytest.approx(steady * 0.2622, rel=2e-3)  # erfc(r/sqrt(4 kappa t)) = erfc(0.793)
    tangled = problem_of("cgm_halo", "transport.solver=anisotropic_diffusion")
    assert tangled.closed_form(50.0, 1e9)[1] == pytest.approx(
        3 * halo.closed_form(50.0, 1e9)[1], rel=1e-12
    )


def test_halo_field_strength():
    halo = problem_of("cgm_halo")
    x = np.random.default_rng(0).uniform(-128, 128, (3, 20_000))
    field = np.zeros_like(x)
    for k, amplitude, phase in halo.waves:
        field -= np.cross(k, amplitude)[:, None] * np.sin(k @ x + phase)
    rms = np.sqrt((field**2).sum(axis=0).mean())
    assert rms == pytest.approx(halo.p.b_rms, rel=0.05)
    directions = np.array([k for k, _, _ in halo.waves])
    assert all(abs(k @ a) < 1e-12 * np.linalg.norm(k) for k, a, _ in halo.waves)
    assert (abs(directions.mean(axis=0)) < 0.4 * np.linalg.norm(directions, axis=1).mean()).all()
