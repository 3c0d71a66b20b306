"""Constraints on structures that scatter: mean free paths, exponents and ranges against closed
forms; candidates; bad input."""

import math

import numpy as np
import pytest

from crmpi.cli.main import main
from crmpi.constraints.candidates import Candidate, fillings, judge, read_candidates
from crmpi.constraints.cgm import CGS, in_cgs
from crmpi.constraints.patchy import (
    PROTON,
    Structure,
    Target,
    kinetic_energy,
    mean_free_path,
    respond,
    viable_range,
)
from crmpi.errors import ConfigError, CrmpiError
from crmpi.units import UNITS

PC, AU = UNITS["pc"].value, UNITS["au"].value


def structure(**values):
    return in_cgs(Structure, **({"size": "1 pc", "filling": 1e-3} | values))


def target(**values):
    return in_cgs(Target, **values)


def test_one_size_of_strong_scatterers():
    """(4/3) R/f_V; 10 pc is kappa = 3.09e29 cm^2/s and 9.7e-10 per second."""
    assert mean_free_path(structure(), [1.0])[0] == pytest.approx(4 / 3 * 1e3 * PC, rel=1e-12)
    assert mean_free_path(structure(shape="sheet"), [1.0])[0] == pytest.approx(2e3 * PC, rel=1e-12)
    assert mean_free_path(structure(phase="warm"), [1.0])[0] == pytest.approx(
        8 / 3 * 1e3 * PC, rel=1e-12
    )
    r = respond(structure(filling=4 / 30), target(), [1.0])
    assert r.kappa[0] == pytest.approx(3.09e29, rel=5e-3)
    assert CGS.c**2 / (3 * r.kappa[0]) == pytest.approx(9.7e-10, rel=2e-3)


def test_gyro_radius_and_weak_scattering():
    """0.223 au at 1 GV in 1 microgauss; structures below the gyro radius count with (R/r_L)^2."""
    r = respond(structure(size="0.1 au", field="1 uG"), target(), [1.0, 10.0])
    assert r.gyro_radius[0] / AU == pytest.approx(0.22298, rel=1e-3)
    strong = 4 / 3 * 0.1 * AU / 1e-3
    np.testing.assert_allclose(
        r.mean_free_path, strong * (r.gyro_radius / (0.1 * AU)) ** 2, rtol=1e-10
    )
    np.testing.assert_allclose(r.growth, 2.0, atol=1e-9)


@pytest.mark.parametrize("delta", [0.3, 0.5, 0.7])
def test_a_wide_distribution_of_sizes_gives_its_exponent(delta):
    """Between sizes 1e-8 and 1e8 times the gyro radius the mean free path grows as R^delta."""
    wide = structure(size=f"{1e-8 * AU} cm", size_max=f"{1e12 * AU} cm", delta=delta)
    assert respond(wide, target(), [100.0]).growth[0] == pytest.approx(delta, abs=2e-3)


def test_viable_range_and_energies():
    s = structure(size="0.05 au", size_max="3000 au", filling=1e-5, field="1 uG")
    low, high = viable_range(respond(s, target()))
    # where all sizes scatter strongly, and where none does, the exponent is 0 and 2
    assert 0.2 < low < 10.0 and 100.0 < high < 3000 / 0.223
    assert viable_range(respond(structure(), target())) is None
    assert kinetic_energy(10.0) == pytest.approx(math.hypot(10, PROTON) - PROTON)


def test_the_allowed_kappa_moves_with_the_filling():
    s = {"size": "0.05 au", "size_max": "3000 au", "field": "1 uG"}
    for filling, viable in ((1e-10, False), (1e-5, True), (1e-1, False)):
        assert (
            viable_range(respond(structure(**s, filling=filling), target())) is not None
        ) == viable


def test_fillings_from_numbers():
    """One size: n (4/3) pi R^3."""
    stars = Candidate("stars", "sphere", (100, 100.0001), "au", 5, "any", "", number=(0.1, 0.2))
    expected = 0.1 * 4 / 3 * math.pi * (100 * AU / PC) ** 3
    np.testing.assert_allclose(fillings(stars, 0.5), [expected, 2 * expected], rtol=1e-5)


def test_large_structures_are_excluded_and_small_ones_are_not():
    """Butsky et al. 2024, abstract: many macroscopic candidates are ruled out, many smaller
    structures remain viable."""
    verdicts = {c.name: judge(c, target()) for c in read_candidates()}
    large = [v for v in verdicts.values() if v.candidate.unit == "pc"]
    assert len(large) == 5 and not any(v.allowed for v in large)
    assert all("too large" in v.reason for v in large)
    assert (
        verdicts["current sheets and plasmoids"].allowed
        and verdicts["current sheets and plasmoids"].reach > 100
    )
    # Kempski et al. 2024: sheets of quasar scattering give the path at GeV
    assert verdicts["edge-on plasma sheets"].allowed
    for v in verdicts.values():
        assert v.kappa[1] / v.kappa[0] == pytest.approx(v.filling[1] / v.filling[0], rel=1e-9)


def test_tables_of_candidates(tmp_path):
    path = tmp_path / "mine.csv"
    head = "name,shape,size_low,size_high,unit,field_ug,phase,"
    head += "filling_low,filling_high,number_low,number_high,why"
    path.write_text(f"{head}\nknots,sphere,1,10,au,3,warm,1e-6,1e-5,,,mine\n")
    assert [c.name for c in read_candidates(path)] == ["knots"]
    for line, sentence in (
        ("knots,sphere,1,10,au,3,warm,,,,,mine", "line 2: give filling_low"),
        ("knots,cube,1,10,au,3,warm,1e-6,1e-5,,,mine", "shape 'cube' is not one of"),
        ("knots,sphere,10,1,au,3,warm,1e-6,1e-5,,,mine", "smaller one first"),
        ("knots,sphere,a,1,au,3,warm,1e-6,1e-5,,,mine", "could not convert"),
    ):
        path.write_text(f"{head}\n{line}\n")
        with pytest.raises(CrmpiError, match=sentence):
            read_candidates(path)


def test_bad_structures_are_refused():
    with pytest.raises(ConfigError, match="needs filling too"):
        in_cgs(Structure, size="1 pc")
    with pytest.raises(ConfigError, match="is below size"):
        structure(size_max="0.1 pc")


def test_the_command(tmp_path, capsys):
    assert (
        main(
            [
                "constrain",
                "patchy",
                "--size",
                "1pc",
                "--filling",
                "1e-3",
                "--field",
                "1uG",
                "--phase",
                "warm",
            ]
        )
        == 0
    )
    assert capsys.readouterr().out.splitlines()[-1].endswith("at no energy")
    table, figure = tmp_path / "p.csv", tmp_path / "p.svg"
    assert main(["constrain", "patchy", "--output", str(table), "--plot", str(figure)]) == 0
    assert (
        capsys.readouterr().out.splitlines()[-1]
        == "allowed: edge-on plasma sheets, current sheets and plasmoids"
    )
    assert table.read_text().count("\n") == 11 and "supernova remnants" in figure.read_text()
    small = ["--size", "0.1au", "--size-max", "1000au", "--filling", "3e-6", "--field", "3uG"]
    assert main(["constrain", "patchy", *small, "--plot", str(figure)]) == 0
    assert "rigidities of" in capsys.readouterr().out.splitlines()[-1]
    assert main(["constrain", "patchy", "--size", "1pc"]) == 2
    assert "--size = '1pc' needs filling too" in capsys.readouterr().err
