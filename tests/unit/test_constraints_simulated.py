"""The bound for simulated haloes: columns, power, gravity and kappa of a run as they are read back
from a snapshot."""

import math

import numpy as np
import pytest
import yaml
from scipy import integrate

from crmpi.analysis.read.readers import open_snapshot
from crmpi.cli.main import main
from crmpi.constraints.cgm import KPC, M_P, Assumptions, in_cgs, kappa_min
from crmpi.constraints.simulated import (
    arrived_share,
    column_map,
    halo_bounds,
    source_power,
    true_kappa,
)
from crmpi.errors import CrmpiError
from crmpi.units import Units
from tests.stepping import begin

CELLS = ("mesh.cells=[16,16,16]", "mesh.block=[8,8,16]")


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    folder = tmp_path_factory.mktemp("halo")
    assert (
        main(
            [
                "run",
                "cgm_halo/static",
                *CELLS,
                "problem.cr_ratio=1e-3",
                "time.max_steps=0",
                f"output.dir={folder}",
            ]
        )
        == 0
    )
    return next(folder.glob("snapshots/*.athdf"))


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_columns_are_the_integral_of_the_density_in_the_box(path, axis):
    problem = begin("cgm_halo/static", *CELLS).problem
    with open_snapshot(path) as snapshot:
        columns, radius = column_map(snapshot, axis)
        j, i = 5, 12
        exact, _ = integrate.quad(
            lambda s: float(problem.density(math.hypot(s, radius[j, i]), problem.p)), -128.0, 128.0
        )
        # midpoint rule, 16 cells across a smooth profile
        assert columns[j, i] == pytest.approx(exact, rel=0.01)
        assert columns.sum() * 16.0**2 == pytest.approx(
            sum(snapshot.values("dens", g).sum() for g in range(snapshot.nblock)) * 16.0**3
        )


def test_the_bound_is_the_formula_with_what_the_run_has(path):
    a = in_cgs(Assumptions)
    with open_snapshot(path) as snapshot:
        b = halo_bounds(snapshot, [40 * KPC, 90 * KPC], a)
        units = snapshot.units
        column, radius = column_map(snapshot, 0)
    # 1e4 per Myr of 1e50 erg: one supernova in 100 Msun, 10%
    assert b.sfr == pytest.approx(1.0, rel=1e-3)
    assert b.kappa_true == pytest.approx(3e29)
    near = np.abs(radius - 40) <= 8
    assert b.nh[0] == pytest.approx(
        column[near].mean() * units.cgs("surface_density") * 0.76 / M_P, rel=0.05
    )
    np.testing.assert_allclose(b.kappa, kappa_min(b.sfr * 6.30089e25, b.nh, b.vc, a), rtol=1e-4)
    assert np.all((b.nh_low <= b.nh) & (b.nh <= b.nh_high))


def test_the_bound_on_a_refined_mesh_is_that_of_its_sight_lines(path, tmp_path):
    """Smaller cells sample the same smooth halo: the bound moves by the error of 16 cells across
    it, and the columns keep the mass."""
    region = "mesh.refinement={regions: [{level: 1, lower: [-128,-128,-64], upper: [128,0,64]}]}"
    words = [
        "problem.cr_ratio=1e-3",
        "time.max_steps=0",
        "transport.solver=none",
        region,
        "mesh.block=[8,8,8]",
    ]
    assert main(["run", "cgm_halo/static", CELLS[0], *words, f"output.dir={tmp_path}"]) == 0
    a = in_cgs(Assumptions)
    with (
        open_snapshot(path) as uniform,
        open_snapshot(next(tmp_path.glob("snapshots/*.athdf"))) as refined,
    ):
        assert set(refined.levels) == {0, 1}
        one, other = (
            halo_bounds(snapshot, [50 * KPC, 90 * KPC], a) for snapshot in (uniform, refined)
        )
        np.testing.assert_allclose(other.nh, one.nh, rtol=0.05)
        np.testing.assert_allclose(other.kappa, one.kappa, rtol=0.05)
        columns, _ = column_map(refined, 2)
        mass = sum(cells.integral(cells["dens"]) for cells in refined.blocks())
        assert columns.shape == (32, 32) and columns.sum() * 8.0**2 == pytest.approx(
            mass, rel=1e-13
        )


def test_circular_velocity_of_the_halo(path):
    """NFW with M200 = 1e12 Msun, c = 10, H = 70 km/s/Mpc: vc^2 = G M m(x)/(m(c) r)."""
    with open_snapshot(path) as snapshot:
        vc = halo_bounds(snapshot, [40 * KPC], in_cgs(Assumptions)).vc[0] / 1e5
    g = 4.30091e-6  # kpc (km/s)^2/Msun
    r200 = (g * 1e12 / (100 * 0.07**2)) ** (1 / 3)
    m = lambda x: math.log1p(x) - x / (1 + x)  # noqa: E731
    assert vc == pytest.approx(math.sqrt(g * 1e12 * m(400 / r200) / (m(10) * 40)), rel=1e-4)


def test_arrived_share_is_the_gradient_of_the_closed_form():
    r, kappa, time = 50 * KPC, 3e29, 3e16
    pressure = lambda r: math.erfc(r / math.sqrt(4 * kappa * time)) / r  # noqa: E731
    step = 1e-4 * r
    slope = (pressure(r + step) - pressure(r - step)) / (2 * step)
    assert arrived_share([r], kappa, time)[0] == pytest.approx(-slope * r**2, rel=1e-6)
    assert math.isnan(arrived_share([r], kappa, 0.0)[0])


@pytest.mark.parametrize(
    ("solver", "scattering", "expected"),
    [
        ("isotropic_diffusion", {"kappa_par": "3e29 cm^2/s"}, 3e29),
        ("anisotropic_diffusion", {"kappa_par": 3e29, "kappa_perp": 3e28}, 1.2e29),
        ("two_moment", {"kappa_par": 3e29, "density_slope": -0.5}, math.nan),
        ("none", {"kappa_par": 3e29}, math.nan),
        ("streaming_diffusion", {"kappa_par": 0.0}, math.nan),
    ],
)
def test_kappa_of_a_run(solver, scattering, expected):
    config = {"transport": {"solver": solver}, "scattering": {"model": "constant", **scattering}}
    assert true_kappa(config, Units("galactic")) == pytest.approx(expected, nan_ok=True)


def test_what_a_snapshot_lacks_is_said(path):
    with open_snapshot(path) as snapshot:
        with pytest.raises(CrmpiError, match="outside of"):
            halo_bounds(snapshot, [200 * KPC], in_cgs(Assumptions))
        config = yaml.safe_load(snapshot.config)
        with pytest.raises(CrmpiError, match="no source of known power"):
            source_power(config | {"injection": {"enabled": False}}, snapshot.units, snapshot)
        snapshot.config = yaml.safe_dump(config | {"gravity": {"nfw": None}})
        with pytest.raises(CrmpiError, match="without gravity"):
            halo_bounds(snapshot, [40 * KPC], in_cgs(Assumptions))


def test_the_command(path, tmp_path, capsys):
    table = tmp_path / "halo.csv"
    words = [
        "constrain",
        "snapshot",
        str(path),
        "--impact",
        "30,80",
        "--output",
        str(table),
        "--plot",
        str(tmp_path / "halo.svg"),
    ]
    assert main(words) == 0
    assert (
        "kappa_min is below it for 2 of 2 sight lines" in capsys.readouterr().out.splitlines()[-1]
    )
    assert table.read_text().count("\n") == 3 and (tmp_path / "halo.svg").exists()
    assert main(["constrain", "snapshot"]) == 2
    assert "takes one file" in capsys.readouterr().err
