"""Where a run writes: restarts and requeued jobs go on in their folder, nothing is lost."""

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import h5py
import pytest
import yaml

from crmpi.cli.main import main
from crmpi.errors import RunError
from crmpi.output.directory import RunDirectory

ROOT = Path(__file__).parents[2]
TUBE = (
    "cr_shock_tube",
    "mesh.cells=[32,1,1]",
    "mesh.block=[16,1,1]",
    "output.history_interval=none",
)


def steps(number):
    return f"time.max_steps={number}"


@pytest.fixture(autouse=True)
def empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def contents(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in Path(folder).rglob("*")
        if path.is_file()
    }


def state(folder):
    """Return (step, bytes of the conserved state) of the last checkpoint."""
    with h5py.File(sorted(Path(folder).glob("checkpoints/*.h5"))[-1]) as file:
        return int(file.attrs["step"]), file["u0"][...].tobytes()


def test_a_copied_run_goes_on_in_the_copy(tmp_path, capsys):
    assert main(["run", *TUBE, steps(3), "output.dir=a"]) == 0
    shutil.copytree("a", "b")
    before = contents("a")
    assert main(["run", *TUBE, steps(6), "output.dir=straight"]) == 0
    capsys.readouterr()
    assert main(["run", "--restart", "b", steps(6)]) == 0
    assert "continuing from b/checkpoints/checkpoint_00000.h5 in b" in capsys.readouterr().err
    assert contents("a") == before
    assert state("b") == state("straight")
    assert Path("b/history.txt").read_bytes() == Path("straight/history.txt").read_bytes()


@pytest.mark.parametrize(
    "problem", [(), ("cr_shock_tube",)], ids=["configuration of the checkpoint", "problem named"]
)
def test_a_restart_from_another_folder_goes_on_where_the_checkpoint_lies(
    tmp_path, monkeypatch, problem
):
    assert main(["run", *TUBE, steps(3), "output.dir=runs/a"]) == 0
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    mesh = TUBE[1:] if problem else ()
    assert (
        main(
            [
                "run",
                *problem,
                *mesh,
                "--restart",
                "../runs/a/checkpoints/checkpoint_00000.h5",
                steps(6),
            ]
        )
        == 0
    )
    assert state("../runs/a")[0] == 6
    assert not list(Path().iterdir())
    monkeypatch.chdir(tmp_path / "runs" / "a" / "checkpoints")
    assert main(["run", *problem, *mesh, "--restart", "checkpoint_00001.h5", steps(7)]) == 0
    assert state(tmp_path / "runs" / "a")[0] == 7


def test_a_branch_begins_a_folder_of_its_own(capsys):
    assert main(["run", *TUBE, steps(3), "output.dir=a"]) == 0
    before = contents("a")
    assert main(["run", "--restart", "a", "output.dir=branch", steps(6)]) == 0
    assert contents("a") == before
    assert state("branch")[0] == 6
    assert main(["run", "--restart", "branch", steps(7)]) == 0
    assert state("branch")[0] == 7
    capsys.readouterr()
    assert main(["run", "--restart", "a", "output.dir=branch", steps(8)]) == 2
    error = capsys.readouterr().err
    assert error.startswith("crmpi: error: output.dir = branch holds another run started ")
    assert (
        "than a/checkpoints/checkpoint_00000.h5: choose another output.dir, or leave it out to "
        "go on in a"
    ) in error
    assert state("branch")[0] == 7


def test_a_restart_into_the_folder_of_another_run_is_refused(capsys):
    assert main(["run", *TUBE, steps(3), "output.dir=a"]) == 0
    assert main(["run", *TUBE, steps(4), "output.dir=b"]) == 0
    before = contents("b")
    assert main(["run", "--restart", "a", "output.dir=b", steps(6)]) == 2
    assert "output.dir = b holds another run" in capsys.readouterr().err
    assert contents("b") == before


def test_a_lone_checkpoint_needs_a_folder(capsys):
    assert main(["run", *TUBE, steps(3), "output.dir=a"]) == 0
    shutil.copy("a/checkpoints/checkpoint_00000.h5", "kept.h5")
    assert main(["run", "--restart", "kept.h5", steps(6)]) == 2
    assert (
        "'kept.h5' does not lie in the folder of a run: say with output.dir=... where to go on"
        in capsys.readouterr().err
    )
    assert main(["run", "--restart", "kept.h5", "output.dir=b", steps(6)]) == 0
    assert state("b")[0] == 6


def test_a_run_set_aside_can_go_on():
    assert main(["run", *TUBE, steps(3), "output.dir=a"]) == 0
    assert main(["run", *TUBE, steps(2), "output.dir=a"]) == 0
    assert state("a")[0] == 2
    assert main(["run", "--restart", "a/replaced-001", steps(5)]) == 0
    assert state("a/replaced-001")[0] == 5
    assert state("a")[0] == 2


def test_resume_starts_or_continues(capsys):
    assert main(["run", "--resume", *TUBE, steps(3), "output.dir=a"]) == 0
    assert main(["run", "--resume", *TUBE, steps(6), "output.dir=a"]) == 0
    assert main(["run", *TUBE, steps(6), "output.dir=straight"]) == 0
    assert state("a") == state("straight")
    assert Path("a/history.txt").read_bytes() == Path("straight/history.txt").read_bytes()
    assert not Path("a/replaced-001").exists()
    capsys.readouterr()
    assert main(["run", "--resume", "--restart", "a"]) == 2
    assert "--resume and --restart exclude each other" in capsys.readouterr().err


def test_the_slurm_template_goes_on_after_a_requeue(tmp_path):
    srun = tmp_path / "bin" / "srun"
    srun.parent.mkdir()
    srun.write_text(
        f'#!/bin/sh\nshift\nexec "{sys.executable}" -m crmpi.cli.main "$@"\n'
    )  # without the word crmpi
    srun.chmod(srun.stat().st_mode | stat.S_IXUSR)
    (tmp_path / "my.yaml").write_text(
        "problem: {name: cr_shock_tube}\nmesh: {cells: [32, 1, 1], block: [16, 1, 1]}\n"
        "output: {dir: out}\ntime: {end: 1}\n"
    )
    path = f"{srun.parent}:{os.environ['PATH']}"
    env = os.environ | {"PATH": path, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}

    def job(*words):
        command = ["bash", ROOT / "launch" / "slurm.sbatch", "my.yaml", *words]
        subprocess.run(command, cwd=tmp_path, env=env, check=True, capture_output=True, timeout=100)

    job(steps(3), "output.wall_time=777")
    job(steps(6), "output.wall_time=777")
    assert state("out")[0] == 6
    assert not Path("out/replaced-001").exists()
    assert yaml.safe_load(Path("out/resolved.yaml").read_text())["output"]["wall_time"] == 777


def test_a_word_longer_than_a_file_name_is_a_word(capsys):
    assert main(["run", "cr_shock_tube", "--dry-run", "time.dt_max=0." + "1" * 255]) == 0
    assert main(["run", "cr_shock_tube", "output.dir=" + "x" * 300, steps(1)]) == 3
    error = capsys.readouterr().err
    assert len(error.splitlines()) == 1
    assert "the name is too long" in error


def test_home_and_variables_in_the_folder_mean_what_a_shell_means(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("SCRATCH", str(tmp_path / "scratch"))
    (tmp_path / "my.yaml").write_text(
        "problem: {name: cr_shock_tube}\nmesh: {cells: [32, 1, 1], block: [16, 1, 1]}\n"
        "output: {dir: $SCRATCH/from_yaml}\ntime: {end: 1}\n"
    )
    assert main(["run", "my.yaml", steps(1)]) == 0
    assert main(["run", *TUBE, steps(1), "output.dir=~/a"]) == 0
    assert main(["run", *TUBE, steps(1), "output.dir=${SCRATCH}/b"]) == 0
    assert main(["run", "--restart", str(tmp_path / "home" / "a"), steps(2)]) == 0
    assert state("home/a")[0] == 2
    assert state("scratch/b")[0] == 1
    assert state("scratch/from_yaml")[0] == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["home", "my.yaml", "scratch"]


@pytest.mark.parametrize(
    ("folder", "sentence"),
    [
        (
            "$NO_SUCH/a",
            "'output.dir' = '$NO_SUCH/a' names the environment variable NO_SUCH, which is not set",
        ),
        ("~no_such_user/a", "begins with the home folder of a user who is not known here"),
        ("a\0b", "has a NUL character in it; no path can"),
        ("", "is empty; write . for the current folder"),
    ],
)
def test_folders_that_cannot_be(tmp_path, capsys, folder, sentence):
    assert main(["run", *TUBE, f"output.dir={folder}"]) == 2
    error = capsys.readouterr().err
    assert sentence in error
    assert len(error.splitlines()) == 1
    assert "\0" not in error
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("folder", ["file", "file/below/it"])
def test_a_folder_that_cannot_be_is_found_before_the_run_is_made(monkeypatch, capsys, folder):
    Path("file").write_text("mine")
    monkeypatch.setattr("crmpi.run.driver.Simulation", None)
    assert main(["run", *TUBE, f"output.dir={folder}"]) == 3
    assert "cannot write" in capsys.readouterr().err
    assert contents(".") == {"file": b"mine"}


def test_a_folder_that_can_be_is_not_made_yet():
    RunDirectory("not/yet").require_place()
    assert not Path("not").exists()


def test_a_folder_of_somebody_else_cannot_be(monkeypatch):
    monkeypatch.setattr("crmpi.output.directory.os.access", lambda folder, how: False)
    with pytest.raises(RunError, match=r"permission denied: choose another output\.dir"):
        RunDirectory("not/yet").require_place()
