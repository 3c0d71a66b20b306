"""The bound of the circumgalactic gas: prefactor from its parts, geometry, haloes, the table of
COS-Halos, bad input."""

import math
from pathlib import Path

import numpy as np
import pytest
from scipy import integrate

from crmpi.cli.main import main
from crmpi.constraints import cos_halos, haloes, report
from crmpi.constraints.cgm import (
    CGS,
    KPC,
    MSUN,
    YEAR,
    Assumptions,
    geometry_of_slope,
    in_cgs,
    kappa_min,
    prefactor,
    streaming_speed,
)
from crmpi.errors import ConfigError, CrmpiError

PLAIN = {"geometry": 1, "hydrogen_fraction": 1}


def bounds(sfr_from="measured", halo=(), **values):
    rows = cos_halos.read_cos_halos()
    return cos_halos.bounds(
        rows, in_cgs(Assumptions, **values), in_cgs(haloes.HaloParams, **dict(halo)), sfr_from
    )


def test_the_prefactor_is_made_of_its_parts():
    edot = 0.1 * 1e51 / (100 * 3.15576e7)
    column = 1.67262192e-24 * 1e19
    assert prefactor(in_cgs(Assumptions, **PLAIN)) == pytest.approx(
        edot / (12 * math.pi * column * 2e7**2), rel=1e-6
    )
    assert prefactor(in_cgs(Assumptions)) == pytest.approx(
        prefactor(in_cgs(Assumptions, **PLAIN)) * 0.76 * math.pi, rel=1e-12
    )


@pytest.mark.parametrize(
    ("name", "value", "factor"),
    [
        ("cr_fraction", 0.2, 2),
        ("sn_energy", "2e51 erg", 2),
        ("sn_mass", "50 Msun", 2),
        ("escape", 0.5, 0.5),
        ("nh_factor", 4, 0.25),
        ("geometry", 2, 0.5),
    ],
)
def test_every_assumption_moves_the_prefactor_as_the_formula_says(name, value, factor):
    changed = in_cgs(Assumptions, **(PLAIN | {name: value}))
    assert prefactor(changed) == pytest.approx(
        factor * prefactor(in_cgs(Assumptions, **PLAIN)), rel=1e-12
    )


@pytest.mark.parametrize("slope", [1.5, 2.0, 3.0, 4.5])
def test_geometry_against_the_integral_along_the_sight_line(slope):
    column, _ = integrate.quad(lambda x: (1.0 + x**2) ** (-0.5 * slope), -np.inf, np.inf)
    assert geometry_of_slope(slope) == pytest.approx(1.0 / column, rel=1e-6)


def test_gas_at_the_bound_is_just_held_by_gravity():
    """With kappa = kappa_min the pressure gradient of the cosmic rays is rho vc^2/r."""
    a, r, dens, vc = in_cgs(Assumptions), 80 * KPC, 1e-28, 1.7e7
    nh = dens * r * a.hydrogen_fraction / (a.path * CGS.m_p)
    kappa = kappa_min(2.0 * MSUN / YEAR, nh, vc, a)
    edot = 2.0 * 1e50 / (100 * YEAR)
    gradient = edot / (12 * math.pi * kappa * r**2)
    assert gradient == pytest.approx(dens * vc**2 / r, rel=1e-12)
    v = streaming_speed(kappa, r, tangled=False)
    assert 2.0 * edot / (16 * math.pi * v * r**3) == pytest.approx(gradient, rel=1e-12)


def test_haloes():
    p = in_cgs(haloes.HaloParams)
    seconds, _ = integrate.quad(lambda z: 1.0 / ((1.0 + z) * haloes.hubble_rate(z, p)), 0.2, np.inf)
    assert haloes.age(0.2, p) == pytest.approx(seconds, rel=1e-6)
    einstein_de_sitter = in_cgs(haloes.HaloParams, matter=1 - 1e-9)
    assert haloes.overdensity(0.0, einstein_de_sitter) == pytest.approx(18 * math.pi**2, rel=1e-6)
    mass, edge = 1e12 * MSUN, haloes.edge_radius(1e12 * MSUN, 0.2, p)
    critical = 3 * haloes.hubble_rate(0.2, p) ** 2 / (8 * math.pi * CGS.G)
    assert mass / (4 / 3 * math.pi * edge**3) == pytest.approx(
        critical * haloes.overdensity(0.2, p), rel=1e-12
    )
    assert haloes.circular_velocity(edge, mass, edge, 10.0) == pytest.approx(
        math.sqrt(CGS.G * mass / edge), rel=1e-9
    )


def test_the_table_and_its_own_radii_agree():
    """The radii of the table enclose 200 times the mean density; its cosmology is not known to
    better than its Omega_m h^2."""
    rows, p = cos_halos.read_cos_halos(), in_cgs(haloes.HaloParams, edge="200_mean")
    ratio = (
        haloes.edge_radius(10 ** rows["log_mhalo_msun"] * MSUN, rows["z"], p)
        / KPC
        / rows["rvir_kpc"]
    )
    assert len(rows) == 44
    assert np.all(np.abs(ratio - np.median(ratio)) < 0.012)  # masses and radii are rounded
    assert abs(np.median(ratio) - 1) < 0.06


def test_limits_and_error_bars():
    b = bounds()
    rows = cos_halos.read_cos_halos()
    assert np.all((b.low <= b.kappa) & (b.kappa <= b.high))
    spread = 10 ** (rows["log_nh_high_cm2"] - rows["log_nh_low_cm2"])
    np.testing.assert_allclose(b.high / b.low, spread, rtol=1e-9)
    assert (~b.is_bound).sum() == rows["sfr_is_upper_limit"].sum() > 10
    assert not np.any(b.firm & (rows["nh_solution_flag"] == 1))
    assert bounds("average").is_bound.all()


def test_the_headline_of_the_paper():
    """Butsky, Nakum et al. 2023, abstract: kappa_min of 1e30 to 1e31 cm^2/s beyond 50 to 100 kpc,
    rising outwards."""
    for sfr_from in ("measured", "average"):
        b = bounds(sfr_from)
        inner = np.median(b.kappa[b.firm & (b.impact < 50)])
        assert inner < 1e30 < cos_halos.beyond(b, 50)["median"] < 1e31
        assert 1e30 < cos_halos.beyond(b, 100)["median"] < 1e31
    assert bounds().stream[bounds().firm].max() > 1e8  # streaming above 1000 km/s is reached


def test_missing_values_are_named_and_not_zero(tmp_path):
    text = Path(cos_halos.__file__).with_name("data").joinpath("cos_halos.csv").read_text()
    path = tmp_path / "table.csv"
    path.write_text(text.replace(",1.145,", ",,"))
    rows = cos_halos.read_cos_halos(path)
    b = cos_halos.bounds(rows, in_cgs(Assumptions), in_cgs(haloes.HaloParams))
    assert cos_halos.missing(b) == ["J0401-0540_67_24"]
    assert cos_halos.beyond(b, 50)["count"] == cos_halos.beyond(bounds(), 50)["count"] - 1
    path.write_text(text.replace(",1.145,", ",one,"))
    with pytest.raises(CrmpiError, match=r"line 3.*one"):
        cos_halos.read_cos_halos(path)
    path.write_text("a,b\n1,2\n")
    with pytest.raises(CrmpiError, match="no column system"):
        cos_halos.read_cos_halos(path)


def test_bad_numbers_are_refused():
    with pytest.raises(ConfigError, match="cr_fraction"):
        in_cgs(Assumptions, cr_fraction=2)


def test_the_command_ends_with_the_bound(capsys):
    plain = ["--geometry", "1", "--hydrogen-fraction", "1"]
    assert main(["constrain", "--sfr", "1", "--nh", "1e19", "--vc", "200", *plain]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "kappa_min = 1.26e29 cm^2/s"
    assert (
        main(
            ["constrain", "--sfr", "1e6 Msun/Myr", "--nh", "1e23 m^-2", "--vc", "2e7 cm/s", *plain]
        )
        == 0
    )
    assert capsys.readouterr().out.splitlines()[-1] == "kappa_min = 1.26e29 cm^2/s"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("--sfr 1 --nh 1e19", "missing required parameter --vc"),
        ("--sfr 1 --nh 0 --vc 200", "--nh = '0' must be > 0"),
        ("--sfr 1 --nh inf --vc 200", "must be finite"),
        ("--sfr 1 --nh 1e19 --vc nan", "is not a number"),
        ("--sfr 1 --nh 1e19 --vc 200kpc", "--vc = '200kpc' has dimension length"),
        ("cos-halos --sfr 1", "--sfr belongs to crmpi constrain for one sight line"),
        ("cos-halo", "has no 'cos-halo'"),
        ("cos-halos extra", "takes no 'extra'"),
        ("cos-halos --data nowhere.csv", "cannot read nowhere.csv"),
    ],
)
def test_bad_input_gets_one_sentence(words, sentence, capsys):
    assert main(["constrain", *words.split()]) == 2
    assert sentence in capsys.readouterr().err


def test_table_and_figure_of_cos_halos(tmp_path, capsys):
    table, figure = tmp_path / "b.csv", tmp_path / "b.svg"
    assert main(["constrain", "cos-halos", "--output", str(table), "--plot", str(figure)]) == 0
    out = capsys.readouterr().out
    assert out.splitlines()[-1].startswith("beyond 100 kpc: kappa_min ")
    lines = table.read_text().splitlines()
    assert len(lines) == 45 and lines[0].split(",") == list(report.bounds_columns(bounds()))
    assert "impact parameter" in figure.read_text()
