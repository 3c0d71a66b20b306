"""What programs and shells get: JSON of every table, colours where they show, completion."""

import io
import json
import subprocess

import numpy as np
import pytest

import crmpi
from crmpi.cli.completion import script
from crmpi.cli.main import COMMANDS, main
from crmpi.cli.tables import plain
from crmpi.output.history import read_history
from crmpi.output.log import Progress
from crmpi.output.terminal import has_colours, is_live, painted

TUBE = ["shock_tube", "mesh.cells=[16,1,1]", "mesh.block=[16,1,1]"]


@pytest.fixture(scope="module")
def tube(tmp_path_factory):
    """Return the folder of a small run."""
    folder = tmp_path_factory.mktemp("tube") / "run"
    words = [*TUBE[1:], f"output.dir={folder}"]
    with crmpi.Simulation("shock_tube", words, quiet=True) as sim:
        sim.run(steps=3)
    return folder


def printed(capsys, *words, code=0):
    """Return the JSON that a command prints on standard output, all of it."""
    capsys.readouterr()
    assert main([*map(str, words)]) == code
    return json.loads(capsys.readouterr().out)


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self):
        return True


def test_a_run_is_lines_of_json(tmp_path, capsys):
    words = [*TUBE, "time.max_steps=3", f"output.dir={tmp_path / 'run'}"]
    assert main(["run", *words, "--json"]) == 0
    said = capsys.readouterr()
    events = [json.loads(line) for line in said.out.splitlines()]
    steps = [event for event in events if event["event"] == "step"]
    assert [event["step"] for event in steps] == [2, 3]
    result = events[-1]
    assert (result["event"], result["reason"]) == ("result", "reached time.max_steps")
    history = read_history(tmp_path / "run/history.txt")
    assert result["history"]["mass"] == history["mass"][-1] and result["step"] == 3
    assert result["norms"]["dens"]["L1"] > 0.0
    assert "stopped: reached time.max_steps" in said.err


def test_results_go_to_standard_output_and_talk_to_standard_error(tmp_path, capsys):
    assert main(["run", *TUBE, "time.max_steps=3", f"output.dir={tmp_path / 'run'}"]) == 0
    said = capsys.readouterr()
    assert "step 3 " in said.err and "output in " in said.err
    assert "step 3 " not in said.out and "errors against the exact solution" in said.out
    log = (tmp_path / "run/log.txt").read_text()
    (line,) = [text for text in log.splitlines() if text.startswith("step=3 ")]
    facts = dict(word.split("=") for word in line.split())
    assert {"time", "dt", "percent", "zone_cycles_per_s", "left_s"} <= set(facts)
    assert "errors against the exact solution" in log


def test_files_are_told(tube, capsys):
    run = printed(capsys, "info", tube, "--json")
    history = read_history(tube / "history.txt")
    assert run["history"]["columns"]["mass"]["last"] == history["mass"][-1]
    assert run["last_snapshot"]["step"] == 3 and len(run["snapshots"]) == 1
    low = run["last_snapshot"]["variables"]["dens"]["min"]
    with crmpi.open(run["snapshots"][0]) as snapshot:
        assert low == float(snapshot.dens.min())
    checkpoint = printed(capsys, "info", next(iter(run["checkpoints"])), "--json")
    assert (checkpoint["problem"], checkpoint["step"]) == ("shock_tube", 3)
    assert printed(capsys, "info", tube / "history.txt", "--json")["rows"] == 4


def test_lists_are_told(capsys):
    rows = {row["key"]: row for row in printed(capsys, "params", "--json")}
    assert rows["time.cfl"]["default"] == "0.3"
    problems = {one["name"]: one for one in printed(capsys, "problems", "--json")}
    assert "brio_wu" in problems["shock_tube"]["configurations"]
    (model,) = printed(capsys, "models", "two_moment", "--json")
    assert model["kind"] == "transport solver" and model["parameters"]
    kinds = {one["kind"] for one in printed(capsys, "models", "--json")}
    assert {"preset", "problem", "source", "scattering model"} <= kinds
    assert "gamma_rays" in printed(capsys, "observe", "--json")


def test_numbers_of_the_constraints_are_told(capsys):
    one = ["constrain", "--sfr", "1", "--nh", "1e19", "--vc", "200 km/s", "--json"]
    assert printed(capsys, *one)["kappa_min_cm2_s"] > 0.0
    halos = printed(capsys, "constrain", "cos-halos", "--json")
    assert len(halos["system"]) == len(halos["kappa_min_cm2_s"]) > 10
    assert "structure" in printed(capsys, "constrain", "patchy", "--json")


def test_runs_of_a_sweep_are_told(tmp_path, capsys):
    words = ["sweep", *TUBE, "--over", "time.cfl=0.2,0.3", "--output", tmp_path, "--list", "--json"]
    runs = printed(capsys, *words)
    assert [run["choices"] for run in runs] == [{"time.cfl": "0.2"}, {"time.cfl": "0.3"}]
    assert {run["standing"] for run in runs} == {"not begun"}


WITHOUT_TABLE = {"new", "plot", "movie", "report", "watch", "completion"}
"""Commands that print no table."""


@pytest.mark.parametrize("command", sorted(set(COMMANDS) - WITHOUT_TABLE))
def test_every_command_with_a_table_has_json(command, capsys):
    with pytest.raises(SystemExit):
        main([command, "--help"])
    assert "--json" in capsys.readouterr().out


def test_what_json_cannot_hold():
    found = {"a": np.arange(2), "b": float("nan"), 1: np.float64(2.0), "c": (np.inf, None, True)}
    assert plain(found) == {"a": [0, 1], "b": None, "1": 2.0, "c": [None, None, True]}


def test_colours_are_for_terminals(monkeypatch):
    terminal = Terminal()
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert painted("x", "red", terminal) == "\033[31mx\033[0m"
    assert not has_colours(io.StringIO()) and painted("x", "red", io.StringIO()) == "x"
    monkeypatch.setenv("NO_COLOR", "1")
    assert is_live(terminal) and not has_colours(terminal)
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TERM", "dumb")
    assert not is_live(terminal) and not has_colours(terminal)


def test_a_dumb_terminal_gets_lines_and_no_bar(monkeypatch):
    monkeypatch.setenv("TERM", "dumb")
    stream = Terminal()
    progress = Progress(0, zones=8, end_time=1.0, stream=stream, every=0.0)
    for step in range(1, 4):
        progress.step(0.1 * step, step, 0.1)
    progress.say("note: something")
    assert stream.getvalue().count("step ") == 3 and "\033" not in stream.getvalue()


def complete(*words):
    """Return what bash offers for the last of the words."""
    line = " ".join(f"'{word}'" for word in words)
    run = f"COMP_WORDS=({line}); COMP_CWORD={len(words) - 1}; _crmpi; echo ${{COMPREPLY[@]}}"
    done = subprocess.run(
        ["bash", "-c", f"{script()}\n{run}"], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_bash_completes_words(capsys):
    assert complete("crmpi", "pro") == ["problems"]
    assert complete("crmpi", "run", "galactic") == ["galactic_wind"]
    assert complete("crmpi", "run", "galactic_wind", "time.c") == ["time.cfl="]
    assert complete("crmpi", "run", "--res") == ["--restart", "--resume"]
    assert complete("crmpi", "plot", "--axis", "x") == ["x1", "x2", "x3"]
    assert complete("crmpi", "new", "mine", "--like", "bla") == ["blast"]
    assert complete("crmpi", "plot", "no_such_file") == []  # bash goes on with files
    assert main(["completion", "zsh"]) == 0
    assert capsys.readouterr().out.startswith("autoload -U +X bashcompinit")
