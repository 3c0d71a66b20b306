"""Sweeps: combinations, what is skipped and continued, failures, figures."""

import csv

import pytest

from crmpi.cli.main import main
from crmpi.errors import CrmpiError
from crmpi.sweep import plan

TUBE = ["cr_diffusion", "mesh.cells=[32,1,1]", "mesh.block=[32,1,1]", "time.dt_max=0.05"]


def rows(folder):
    """Return sweep.csv as dictionaries."""
    with open(folder / "sweep.csv", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_every_combination_once():
    variants = plan(["a.x=1,2", "b.y=[1,2],[3,4]"], "runs")
    assert [v.label for v in variants] == ["1, [1,2]", "1, [3,4]", "2, [1,2]", "2, [3,4]"]
    assert len({v.path for v in variants}) == 4


@pytest.mark.parametrize("text", ["transport.preset", "=1,2", "a.x=", "a.x=1,1"])
def test_bad_lists_are_refused(text):
    with pytest.raises(CrmpiError, match="--over"):
        plan([text], "runs")


def test_runs_table_figure_and_nothing_twice(tmp_path, capsys):
    words = ["sweep", *TUBE, "--over", "scattering.kappa_par=0.02,0.04", "--output", str(tmp_path), "--plot", "ecr,time"]
    assert main(words) == 0
    table = rows(tmp_path)
    assert [row["scattering.kappa_par"] for row in table] == ["0.02", "0.04"]
    assert float(table[0]["time [code]"]) == pytest.approx(0.2)
    assert (tmp_path / "sweep.png").stat().st_size > 5000
    before = (tmp_path / "scattering.kappa_par=0.02" / "history.txt").stat().st_mtime_ns
    assert main(words) == 0
    assert (tmp_path / "scattering.kappa_par=0.02" / "history.txt").stat().st_mtime_ns == before
    assert rows(tmp_path) == table


def test_an_interrupted_run_goes_on(tmp_path):
    words = ["sweep", *TUBE, "--over", "scattering.kappa_par=0.02", "--output", str(tmp_path)]
    assert main(words) == 0
    folder = tmp_path / "scattering.kappa_par=0.02"
    (folder / "result.json").unlink()
    assert main([*words, "time.end=0.3"]) == 0
    assert float(rows(tmp_path)[0]["time [code]"]) == pytest.approx(0.3)
    lines = (folder / "history.txt").read_text().splitlines()
    assert sum(not line.startswith("#") for line in lines) > 4  # the rows of the first part are still there


def test_one_failure_does_not_stop_the_others(tmp_path, capsys):
    words = ["sweep", *TUBE, "--over", "transport.solver=no_such,none", "--output", str(tmp_path)]
    assert main(words) == 3
    assert "1 of 2 runs did not end well: no_such" in capsys.readouterr().err
    assert [row["transport.solver"] for row in rows(tmp_path)] == ["none"]


def test_unknown_result_is_named(tmp_path, capsys):
    words = ["sweep", *TUBE, "--over", "scattering.kappa_par=0.02", "--output", str(tmp_path), "--plot", "mass_loding"]
    assert main(words) == 2
    assert "there is no 'mass_loding' among the results" in capsys.readouterr().err
