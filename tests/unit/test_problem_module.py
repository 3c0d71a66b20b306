"""Problem files as people write them: future annotations, dataclasses, helper modules, any working
directory."""

import os
import sys

import pytest

from crmpi.api import CrmpiError
from crmpi.cli.main import main
from crmpi.model.module import load_problem_class
from crmpi.run.configuration import configure

YAML = "mesh: {cells: [8, 1, 1]}\ntime: {end: 1, max_steps: 1}\nunits: {system: none}\n"

FUTURE = """\
from __future__ import annotations

from dataclasses import dataclass

from crmpi.api import Problem, np, par


@dataclass
class Layer:
    height: float = 1.0
    above: Layer | None = None


class Future(Problem):
    class Params:
        amp: float = par(0.1)
        v: tuple[float, float, float] = par((0, 0, 0))
        opt: float | None = par(None)

    def initial(self, x, p):
        return dict(dens=Layer().height + p.amp * np.sin(x.x1), press=1.0, vel1=p.v[0])
"""

HELPED = """\
from crmpi.api import Problem
from profiles import density


class Helped(Problem):
    def initial(self, x, p):
        import pressures
        return dict(dens=density(), press=pressures.PRESSURE)
"""


def write(folder, problem, **helpers):
    folder.mkdir(parents=True)
    (folder / "problem.py").write_text(problem)
    (folder / f"{folder.name}.yaml").write_text(YAML)
    for name, text in helpers.items():
        (folder / f"{name}.py").write_text(text)
    return folder


def density_of(folder):
    """Return the density and the pressure that ``initial`` of a folder's problem gives."""
    from crmpi.parallel.comm import SerialComm
    from crmpi.run.simulation import Simulation

    config, problem_class = configure(str(folder))
    sim = Simulation(config, problem_class, SerialComm())
    sim.initialise()
    w = sim.pack.active(sim.pack.w0)[0]
    return float(w[0].mean()), float(w[4].mean())


def test_future_annotations_and_dataclasses(tmp_path):
    folder = write(tmp_path / "future", FUTURE)
    config, problem_class = configure(str(folder), ["problem.v=[1,2,3]", "problem.opt=none"])
    assert config.problem.v == (1.0, 2.0, 3.0)
    assert config.problem.opt is None
    assert problem_class.name == "future"
    assert density_of(folder)[0] == pytest.approx(1.0, abs=1e-14)  # the sine is odd


def test_future_annotation_that_does_not_exist(tmp_path):
    folder = write(tmp_path / "future", FUTURE.replace("opt: float | None", "opt: flaot | None"))
    with pytest.raises(
        CrmpiError, match="Params has a type that cannot be read: name 'flaot' is not defined"
    ):
        load_problem_class(folder / "problem.py")


def test_two_problems_have_helpers_of_the_same_name(tmp_path):
    one = write(
        tmp_path / "one",
        HELPED,
        profiles="def density():\n    return 1.0\n",
        pressures="PRESSURE = 3.0\n",
    )
    two = write(
        tmp_path / "two",
        HELPED,
        profiles="def density():\n    return 2.0\n",
        pressures="PRESSURE = 4.0\n",
    )
    before = list(sys.path)
    assert density_of(one) == pytest.approx((1.0, 3.0), rel=1e-14)
    assert density_of(two) == pytest.approx((2.0, 4.0), rel=1e-14)
    assert density_of(one) == pytest.approx((1.0, 3.0), rel=1e-14)
    assert sys.path == before
    assert not {"profiles", "pressures"} & set(sys.modules)


def test_an_edited_helper_is_read_again(tmp_path, monkeypatch):
    """As in a notebook; Python would also take a compiled file of the same size and second."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    folder = write(tmp_path / "one", HELPED)
    for density in (1.0, 2.0):
        helpers = {
            "profiles": f"def density():\n    return {density}\n",
            "pressures": "PRESSURE = 3.0\n",
        }
        for number, (name, text) in enumerate(helpers.items()):
            (folder / f"{name}.py").write_text(text)
            os.utime(folder / f"{name}.py", (1e9, 1e9 + 0.1 * density + 0.01 * number))
        assert density_of(folder) == pytest.approx((density, 3.0), rel=1e-14)
    assert not (folder / "__pycache__").exists()


def test_a_mistake_in_a_helper_is_found_there(tmp_path):
    helper = "def density():\n    return rho\n"
    folder = write(tmp_path / "one", HELPED, profiles=helper, pressures="PRESSURE = 3.0\n")
    with pytest.raises(
        CrmpiError, match=r"^profiles.py, line 2, initial\(\): 'rho' is not defined"
    ):
        density_of(folder)


@pytest.mark.parametrize("target", ["problem.py", "./problem.py", ".", "mine.yaml", "../mine"])
def test_a_problem_runs_in_its_own_folder(tmp_path, monkeypatch, target):
    folder = write(tmp_path / "mine", FUTURE)
    monkeypatch.chdir(folder)
    assert main(["run", target, "--quiet", "--dry-run"]) == 0
    config, problem_class = configure(target)
    assert problem_class.name == "mine"
    assert config.problem.name == str(folder / "problem.py")


def test_the_traceback_comes_with_debug(tmp_path, monkeypatch, capsys):
    folder = write(tmp_path / "mine", FUTURE.replace("np.sin", "np.sinn"))
    monkeypatch.chdir(tmp_path)
    assert main(["run", str(folder), "--debug"]) == 2
    err = capsys.readouterr().err
    assert "Traceback" in err
    assert "problem.py, line 21, initial(): numpy has no 'sinn'; did you mean 'sin'?" in err
