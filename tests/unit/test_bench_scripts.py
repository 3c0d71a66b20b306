"""The scripts of docs/performance: races, profiles, and tables that belong to the committed
measurements."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

FOLDER = Path(__file__).parents[2] / "docs" / "performance"
ROOT = FOLDER.parents[1]


def load(name):
    """Return a script as a module."""
    spec = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run(name, *words):
    """Run a script; return the finished process."""
    command = [sys.executable, str(FOLDER / f"{name}.py"), *words]
    return subprocess.run(
        command, capture_output=True, text=True, env={"PYTHONPATH": str(ROOT)}, check=False
    )


def test_a_race_of_numbers(tmp_path):
    words = (
        "--pairs",
        "3",
        "--ours",
        "echo speed 40.0",
        "--peer",
        "echo rate=10",
        "--more-is-better",
        "--label",
        "echo",
    )
    file = tmp_path / "races.json"
    done = run(
        "side_by_side",
        *words,
        "--ours-number",
        r"speed (\S+)",
        "--peer-number",
        r"rate=(\S+)",
        "--json",
        str(file),
    )
    assert done.returncode == 0, done.stderr
    race = json.loads(file.read_text())["echo"]
    assert race["medians"] == {"ours": 40.0, "peer": 10.0, "ratio": 4.0} and len(race["pairs"]) == 3
    assert "numba" in race["machine"]


def test_a_race_of_seconds_takes_off_the_start():
    burn = (
        "-c 'import time; t = time.process_time() + {}; all(time.process_time() < t for _ "
        "in "
        "iter(int, 1))'"
    )
    long, short = (f"{sys.executable} {burn.format(seconds)}" for seconds in (0.6, 0.2))
    done = run(
        "side_by_side",
        "--pairs",
        "1",
        "--ours",
        long,
        "--ours-start",
        short,
        "--peer",
        long,
        "--peer-start",
        short,
    )
    ours, peer, ratio = map(float, done.stdout.split()[-3:])
    assert ours == pytest.approx(0.4, abs=0.15) and ratio == pytest.approx(peer / ours, rel=0.01)


def test_a_race_says_what_went_wrong():
    done = run(
        "side_by_side",
        "--ours",
        "echo no number",
        "--ours-number",
        r"speed (\S+)",
        "--peer",
        "echo 1",
    )
    assert done.returncode == 1 and "matches nothing" in done.stderr
    done = run(
        "side_by_side", "--ours", f"{sys.executable} -c 'raise SystemExit(3)'", "--peer", "echo 1"
    )
    assert done.returncode == 1 and "exit code 3" in done.stderr


def test_profiles_are_compared_on_the_coarse_cells(tmp_path):
    fine = np.stack(
        [np.arange(8.0)] + [np.repeat([1.0, 3.0], 4) + np.tile([0.5, -0.5], 4)] * 4, axis=1
    )
    # off by 0.1 in a sum of 4
    coarse = np.stack([np.array([1.5, 5.5])] + [np.array([1.1, 3.0])] * 4, axis=1)
    for name, table in (("fine", fine), ("coarse", coarse)):
        np.savetxt(tmp_path / f"{name}.txt", table)
    done = run("profile_error", str(tmp_path / "coarse.txt"), str(tmp_path / "fine.txt"))
    assert [float(line.split()[1]) for line in done.stdout.splitlines()] == pytest.approx(
        [0.1 / 4] * 4
    )
    done = run("profile_error", str(tmp_path / "fine.txt"), str(tmp_path / "coarse.txt"))
    assert done.returncode == 1
    # cells of widths 4, 2, 2; the second one is off by 0.1
    rows = [[x] + [value] * 4 for x, value in ((1.5, 1.0), (4.5, 3.1), (6.5, 3.0))]
    np.savetxt(tmp_path / "mixed.txt", np.array(rows))
    done = run("profile_error", str(tmp_path / "mixed.txt"), str(tmp_path / "fine.txt"))
    assert [float(line.split()[1]) for line in done.stdout.splitlines()] == pytest.approx(
        [0.1 * 2 / 16] * 4
    )


def test_the_tables_are_those_of_the_measurements():
    plot = load("plot")
    assert (FOLDER / "tables.md").read_text() == plot.tables(**plot.read()), (
        "run docs/performance/plot.py"
    )
