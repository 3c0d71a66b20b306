"""`--json`: one document on standard output, with the keys that docs/json.md says."""

import json
import re
from pathlib import Path

import pytest

from crmpi.cli.main import COMMANDS, main
from crmpi.tools.check.checks import Outcome
from tests.columns_case import cube, write_gas

PAGE = Path(__file__).parents[2] / "docs/json.md"
TUBE = ["cr_telegraph", "mesh.cells=[32,1,1]", "mesh.block=[32,1,1]", "time.end=0.05"]
WITHOUT_TABLE = {"new", "plot", "movie", "report", "watch", "completion"}


def documented():
    """Return {command: names in the last column} of the table of the page."""
    rows = re.findall(r"^\| `([^`]+)` \|[^|]*\|(.*)\|$", PAGE.read_text(), re.MULTILINE)
    return {command: re.findall(r"`([^`]+)`", keys) for command, keys in rows}


@pytest.fixture(scope="module")
def gas(tmp_path_factory):
    """Return the path of a snapshot of 8^3 cells."""
    path = tmp_path_factory.mktemp("gas") / "gas.athdf"
    write_gas(path, cube(8), lambda *_: 1e-3, ecr=1e-4)
    return path


def printed(capsys, *words):
    """Return the document that a command prints on standard output, all of it."""
    capsys.readouterr()
    assert main([*map(str, words), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_the_page_has_every_command():
    commands = {name.split()[0] for name in documented()}
    assert commands | {"run"} == set(COMMANDS) - WITHOUT_TABLE


@pytest.mark.parametrize("words", ["compare --keys", "params time", "problems", "converge"])
def test_lists_have_the_keys_of_the_page(words, capsys):
    command = "compare --keys" if "--keys" in words else words.split()[0]
    more = ["--vmax", "1,2", *TUBE] if command == "converge" else []
    found = printed(capsys, *words.split(), *more)
    assert found and all(list(one) == documented()[command] for one in found)


def test_checks_have_the_keys_of_the_page(capsys, monkeypatch):
    """Of made-up outcomes: real ones take seconds, and tests/unit/test_plugin_check.py has them."""
    for complaint in ("", "kappa is negative"):
        monkeypatch.setattr(
            "crmpi.tools.check.check_all",
            lambda *_, said=complaint: iter([Outcome("constant", "shapes", said)]),
        )
        code = main(["check", "constant", "--json"])
        (told,) = json.loads(capsys.readouterr().out)
        assert list(told) == documented()["check"]
        assert (code, told["complaint"]) == (int(bool(complaint)), complaint)


def test_models_have_the_keys_of_the_page(capsys):
    known = set(documented()["models"])
    found = printed(capsys, "models")
    assert set().union(*found) == known and {"kind", "name", "doc"} <= set.intersection(
        *map(set, found)
    )


def test_a_snapshot_has_the_keys_of_the_page(gas, capsys, tmp_path):
    file = tmp_path / "columns.csv"
    told = printed(capsys, "columns", gas, "H", "--lines", "2", "--output", file)
    assert list(told) == documented()["columns"] and file.is_file()
    assert len(told["columns"]["impact_kpc"]) == len(told["columns"]["H"]) == 5
    (one,) = printed(capsys, "observe", gas, "radial_profile")
    known = [key.replace("UNIT", "Myr") for key in documented()["observe"]]
    assert list(one) == known and "radial_profile" in one["observables"]
    assert list(printed(capsys, "info", gas))[:2] == documented()["info"][:2]


def test_machine_and_kernels_have_the_keys_of_the_page(capsys):
    told = printed(capsys, "doctor")
    known = documented()["doctor"]
    assert [*told, *told["findings"][0]] == known and told["problems"] == 0
    told = printed(capsys, "warm", *TUBE)
    assert {*told, *told["kernels"][0], "removed", "--clean"} == set(documented()["warm"])


def test_files_of_a_problem_are_told(capsys, tmp_path):
    shown = printed(capsys, "problems", "show", "blast")
    assert "class Blast" in "".join(shown["files"].values()) and shown["name"] == "blast"
    copied = printed(capsys, "problems", "copy", "blast", tmp_path / "mine")
    assert (Path(copied["folder"]) / "problem.py").is_file()
