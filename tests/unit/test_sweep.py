"""Sweeps: combinations, what is skipped and continued, failures, figures, arrays of tasks."""

import csv
import os
import subprocess
import sys
from pathlib import Path

import pytest

from crmpi.cli.main import main
from crmpi.errors import CrmpiError
from crmpi.parallel.comm import SerialComm
from crmpi.tools.sweep import attempt, plan
from crmpi.tools.sweep.pool import clock
from crmpi.tools.sweep.tickets import Tickets

ROOT = Path(__file__).parents[2]
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
    words = [
        "sweep",
        *TUBE,
        "--over",
        "scattering.kappa_par=0.02,0.04",
        "--output",
        str(tmp_path),
        "--plot",
        "ecr,time",
    ]
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
    # the rows of the first part are still there
    assert sum(not line.startswith("#") for line in lines) > 4


def test_one_failure_does_not_stop_the_others(tmp_path, capsys):
    words = ["sweep", *TUBE, "--over", "transport.solver=no_such,none", "--output", str(tmp_path)]
    assert main(words) == 3
    assert "1 of 2 runs did not end well: no_such" in capsys.readouterr().err
    assert [row["transport.solver"] for row in rows(tmp_path)] == ["none"]


def test_unknown_result_is_named(tmp_path, capsys):
    words = [
        "sweep",
        *TUBE,
        "--over",
        "scattering.kappa_par=0.02",
        "--output",
        str(tmp_path),
        "--plot",
        "mass_loding",
    ]
    assert main(words) == 2
    assert "there is no 'mass_loding' among the results" in capsys.readouterr().err


def test_a_finished_run_of_other_parameters_is_not_taken_for_this_one(tmp_path, capsys):
    words = ["sweep", *TUBE, "--over", "scattering.kappa_par=0.02", "--output", str(tmp_path)]
    assert main(words) == 0
    # how often a run writes does not matter
    assert main([*words, "output.history_interval=0.1"]) == 0
    assert main([*words, "time.end=0.1"]) == 3
    assert "holds a finished run with other parameters" in capsys.readouterr().err
    # the finished run is none the worse for it
    assert not list(tmp_path.glob("*/failure.txt"))
    assert main([*words, "--list"]) == 0
    assert "finished" in capsys.readouterr().out


def test_a_run_out_of_wall_time_is_not_finished(tmp_path, capsys):
    words = ["sweep", *TUBE, "--over", "scattering.kappa_par=0.02", "--output", str(tmp_path)]
    assert main([*words, "output.wall_time=1e-6"]) == 3
    assert "reached output.wall_time before its end" in capsys.readouterr().err
    assert main([*words, "--list"]) == 0
    assert "unfinished" in capsys.readouterr().out
    assert main(words) == 0
    assert float(rows(tmp_path)[0]["time [code]"]) == pytest.approx(0.2)


def test_a_fault_of_the_code_costs_one_run(tmp_path):
    def broken(_comm, _overrides, _restart):
        raise ZeroDivisionError("by design")

    variant = plan(["a.x=1"], tmp_path)[0]
    outcome = attempt(variant, broken, SerialComm())
    assert outcome.state == "failed"
    assert outcome.reason == "ZeroDivisionError: by design"
    assert "Traceback" in (variant.path / "log.txt").read_text()
    assert "by design" in (variant.path / "failure.txt").read_text()


def test_progress_and_logs(tmp_path, capsys):
    assert (
        main(
            ["sweep", *TUBE, "--over", "scattering.kappa_par=0.02,0.04", "--output", str(tmp_path)]
        )
        == 0
    )
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("[")]
    assert [line.split(":")[0] for line in lines] == [
        "[1/2] 0.02",
        "[1/2] 0.02",
        "[2/2] 0.04",
        "[2/2] 0.04",
    ]
    assert "left" in lines[2]
    assert (
        "stopped: reached time.end"
        in (tmp_path / "scattering.kappa_par=0.02" / "log.txt").read_text()
    )


def test_durations_are_readable():
    assert [clock(s) for s in (11.6, 185, 7800)] == ["12 s", "3 min 05 s", "2 h 10 min"]


def test_every_ticket_once(tmp_path):
    first = Tickets(tmp_path, SerialComm())
    second = Tickets(tmp_path, SerialComm())
    second.folder = first.folder  # as another group of the same launch
    assert [first.next(), second.next(), second.next(), first.next()] == [0, 1, 2, 3]
    first.close()
    assert not first.folder.exists()


def test_one_task_of_an_array(tmp_path, capsys):
    words = ["sweep", *TUBE, "--over", "scattering.kappa_par=0.02,0.04", "--output", str(tmp_path)]
    assert main([*words, "--task", "2"]) == 0
    assert [row["scattering.kappa_par"] for row in rows(tmp_path)] == ["0.04"]
    assert main([*words, "--task", "3"]) == 2
    assert "--task 3 is not between 1 and 2" in capsys.readouterr().err
    assert main([*words, "--list"]) == 0
    assert [line.split() for line in capsys.readouterr().out.splitlines()] == [
        ["1", "0.02", "not", "begun"],
        ["2", "0.04", "finished"],
    ]


@pytest.mark.parametrize("script", ["written", "launch"])
def test_slurm_scripts_run_their_task(tmp_path, script):
    words = [*TUBE, "--over", "scattering.kappa_par=0.02,0.04", "--output", str(tmp_path / "runs")]
    job = ["bash", str(ROOT / "launch" / "sweep.sbatch"), *words]
    if script == "written":
        assert main(["sweep", *words, "--slurm", "--ranks-per-run", "4"]) == 0
        job = ["bash", str(tmp_path / "runs" / "sweep.sbatch")]
        text = Path(job[1]).read_text()
        assert "#SBATCH --array=1-2\n" in text
        assert "#SBATCH --ntasks=4\n" in text
    # stand-ins for what a cluster has: srun starts the command, here on one rank
    tools = tmp_path / "bin"
    tools.mkdir()
    for name, line in {"srun": '"$@"', "crmpi": f'{sys.executable} -m crmpi.cli.main "$@"'}.items():
        (tools / name).write_text(f"#!/bin/sh\nexec {line}\n")
        (tools / name).chmod(0o755)
    environment = {
        **os.environ,
        "PATH": f"{tools}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "SLURM_ARRAY_TASK_ID": "2",
    }
    done = subprocess.run(job, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert [row["scattering.kappa_par"] for row in rows(tmp_path / "runs")] == ["0.04"]
