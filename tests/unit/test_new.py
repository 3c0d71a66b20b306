"""`crmpi new`: a folder that runs at once, whose own tests and checks pass."""

import importlib.util
import re
import subprocess
import sys

import pytest

from crmpi.cli.main import main
from crmpi.model.files import configurations, find_problem, problem_folders
from crmpi.tools.check import check_problem
from crmpi.tools.new import new_problem


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run_own_tests(folder):
    """Call the tests of a new problem in this process, where kernels are compiled."""
    spec = importlib.util.spec_from_file_location(f"own_{folder.name}", *folder.glob("test_*.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    tests = [name for name in vars(module) if name.startswith("test_")]
    for name in tests:
        getattr(module, name)()
    return tests


def test_a_problem_from_the_start_runs(here, capsys):
    assert main(["new", "my_problem"]) == 0
    assert "crmpi run ./my_problem" in capsys.readouterr().out
    names = {"problem.py", "my_problem.yaml", "test_my_problem.py", "README.md"}
    assert {path.name for path in (here / "my_problem").iterdir()} == names
    text = (here / "my_problem/problem.py").read_text()
    assert len(text.splitlines()) <= 40 and "class MyProblem(Problem)" in text
    words = ["time.max_steps=2", "mesh.cells=[32,32,1]", "output.dir=out", "--quiet"]
    assert main(["run", "./my_problem", *words]) == 0
    assert len(run_own_tests(here / "my_problem")) == 2
    assert not [
        outcome.complaint for outcome in check_problem("my_problem", ()) if outcome.complaint
    ]


def test_a_problem_like_another_runs(here):
    assert main(["new", "my_blast", "--like", "blast"]) == 0
    assert find_problem("my_blast").problem_class.name == "my_blast"
    assert len(run_own_tests(here / "my_blast")) == 2
    assert "Begun from the problem blast" in (here / "my_blast/README.md").read_text()
    assert not (here / "my_blast/reference.json").exists()


@pytest.mark.parametrize(
    "name", [pytest.param("isolated_galaxy", marks=pytest.mark.full), "patchy_box"]
)
def test_problems_that_refuse_few_cells_are_tried_on_their_smallest_mesh(here, name):
    new_problem(here / "mine", name)
    text = (here / "mine/test_mine.py").read_text()
    source = re.search(r'SOURCE = HERE / "(\w+)\.yaml"', text)[1]
    assert source in {path.stem for path in configurations(problem_folders()[name])}
    assert ("def test_the_layout_of_blocks" in text) == (name == "patchy_box")
    assert "# begin" not in text and "$" not in text


@pytest.mark.parametrize("name", problem_folders())
@pytest.mark.full
def test_every_problem_can_be_begun_from(here, name):
    new_problem(here / "mine", name)
    command = [sys.executable, "-m", "pytest", "-q", "mine", "-p", "no:cacheprovider"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=900, cwd=here)
    assert done.returncode == 0, done.stdout
    assert not [outcome for outcome in check_problem("mine", ()) if outcome.complaint]


WRONG = {
    "my-wind": "'my-wind' cannot be the name of a problem: use letters, digits and _",
    "1wind": "'1wind' cannot be the name",
    "class": "'class' cannot be the name",
    "blast": "'blast' is the name of a problem that comes with crmpi: take another one, as in "
    "crmpi new my_blast --like blast",
    "there": "'there' exists already; give another destination",
    "file/below": "cannot write 'file/below': not a directory",
}


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_made_is_refused_in_a_sentence(here, capsys, name):
    (here / "there").mkdir()
    (here / "file").write_text("")
    assert main(["new", name]) == 2
    assert capsys.readouterr().err.startswith(f"crmpi: error: {WRONG[name]}")
    assert sorted(path.name for path in here.iterdir()) == ["file", "there"]


def test_unknown_originals_are_named(here, capsys):
    assert main(["new", "mine", "--like", "galctic_wind"]) == 2
    said = capsys.readouterr().err
    assert "--like 'galctic_wind': there is no such problem; did you mean 'galactic_wind'?" in said
    assert list(here.iterdir()) == []
