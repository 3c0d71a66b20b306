"""The entry point: commands, messages, exit codes; nothing heavy is imported before it is needed."""

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
        (["run", "blast", "mesh.cells=[3"], "has a list whose brackets do not match"),
    ],
)
def test_mistakes_are_one_sentence_and_code_2(words, message, capsys):
    assert main(words) == 2
    err = capsys.readouterr().err
    assert message in err
    assert len(err.splitlines()) == 1
    assert err.startswith("crmpi: error: ")


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
    code = "import sys, crmpi.cli.main; print(sorted({'numpy', 'numba', 'h5py', 'yaml', 'mpi4py', 'matplotlib'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
