"""The entry point: commands, messages, exit codes; nothing heavy is imported before it is
needed."""

import re
import subprocess
import sys

import pytest

from crmpi.cli import main as entry
from crmpi.cli.main import COMMANDS, main


def test_usage_lists_every_command(capsys):
    assert main([]) == 0
    out = capsys.readouterr().out
    assert all(f"  {name} " in out for name in COMMANDS)


def test_version(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("crmpi 0.")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command, capsys):
    with pytest.raises(SystemExit) as end:
        main([command, "--help"])
    assert end.value.code == 0
    assert f"usage: crmpi {command}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["rnu"], "unknown command 'rnu'; did you mean 'run'?"),
        (["xyzzy"], "unknown command 'xyzzy'; known are run, problems"),
        (["info"], "the following arguments are required: file; see crmpi info --help"),
        (["info", "/no/such/file"], "cannot read /no/such/file"),
        (["plot", "/no/such/file.athdf"], "/no/such/file.athdf"),
        (["problems", "show"], "needs the name of a problem"),
        (["problems", "show", "blst"], "there is no problem 'blst'; did you mean 'blast'?"),
        (["params", "kapa_par"], "did you mean 'kappa_par'?"),
        (["models", "constnt"], "did you mean 'constant'?"),
        (["run"], "nothing to run"),
        (["run", "no_such.yaml"], "no_such.yaml"),
        (["run", "cr_shock_tub"], "did you mean 'cr_shock_tube'?"),
        (["run", "blast", "cr_ring"], "'cr_ring' is neither a parameter"),
        (["run", "blast", "--fast"], "unrecognized arguments: --fast"),
        (["run", "--restart", "nowhere.h5"], "cannot find the checkpoint 'nowhere.h5'"),
        (["run", "blast", "mesh.cells=[3"], "has a list whose brackets do not match"),
        (
            ["run", "blast", "mesh.cels=[32,1,1]"],
            "command line: unknown parameter 'mesh.cels'; did you mean 'mesh.cells'?",
        ),
        (["run", "blast", "time.cfl=3"], "command line: 'time.cfl' = '3' must be > 0 and <= 1"),
        (["run", "blast", "fluid.riemann=hlcd"], "'fluid.riemann' = 'hlcd' is not one of"),
        (["run", "blast", "problem.name=cr_ring"], "'problem.name' cannot be changed there"),
        (["run", "blast", "problem={name: cr_ring}"], "'problem.name' cannot be changed there"),
        (
            ["run", "blast", "mesh.boundaries.ix1=outflow"],
            "a periodic face needs the other side to be periodic too",
        ),
        (
            ["run", "cr_shock_tube", "problem.left=[1,0,1]"],
            "has 3 elements; it must be a list of 4 numbers",
        ),
        (
            ["run", "blast", "time.end=3 Myr"],
            "'time.end' = '3 Myr' has a unit, but this run is dimensionless",
        ),
    ],
)
def test_mistakes_are_one_sentence_and_code_2(words, message, capsys):
    assert main(words) == 2
    err = capsys.readouterr().err
    assert message in err
    assert len(err.splitlines()) == 1
    assert err.startswith("crmpi: error: ")


def test_parameters_of_a_problem_as_one_group(capsys):
    assert main(["run", "cr_waves", "problem={flux: 300, modulation: 0.3}", "--dry-run"]) == 0
    out = capsys.readouterr().out
    assert re.search(r"\* +problem.flux +300\n", out) and re.search(
        r"\* +problem.modulation +0.3\n", out
    )


def test_files_that_are_something_else(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.h5").write_text("not HDF5")
    (tmp_path / "bad.yaml").write_text("problem: {name: blast\nmesh: 3\n")
    assert main(["run", "--restart", "bad.h5"]) == 2
    assert "cannot restart from bad.h5: it is truncated or damaged" in capsys.readouterr().err
    assert main(["run", "bad.yaml"]) == 2
    assert "bad.yaml line 2 is not valid YAML" in capsys.readouterr().err


def test_debug_adds_the_traceback(capsys):
    assert main(["--debug", "rnu"]) == 2
    assert "Traceback" in capsys.readouterr().err


def test_other_ranks_are_silent(capsys, monkeypatch):
    monkeypatch.setenv("PMI_SIZE", "2")
    monkeypatch.setenv("PMI_RANK", "1")
    assert main(["rnu"]) == 2
    assert capsys.readouterr().err == ""


def test_ctrl_c_outside_of_a_run(capsys, monkeypatch):
    def interrupt(_argv):
        raise KeyboardInterrupt

    monkeypatch.setattr(entry, "_dispatch", interrupt)
    assert main(["info", "x"]) == 130
    assert capsys.readouterr().err == "crmpi: stopped by Ctrl-C\n"


def test_entry_point_imports_nothing_heavy():
    code = (
        "import sys, crmpi.cli.main; print(sorted({'numpy', 'numba', 'h5py', 'yaml', "
        "'mpi4py', 'matplotlib'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("words", [["problems"], ["models"], ["compare"], ["info", "nowhere"]])
def test_commands_of_one_process_leave_other_ranks_silent(words, monkeypatch, capsys):
    monkeypatch.setenv("PMI_SIZE", "2")
    monkeypatch.setenv("PMI_RANK", "1")
    assert main(words) == 0
    shown = capsys.readouterr()
    assert shown.out == shown.err == ""
