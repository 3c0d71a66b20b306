"""What the methods of plug-ins return or leave undone: each mistake is one sentence."""

import textwrap

import pytest

from crmpi.cli.main import main
from crmpi.output.history import read_history

PROBLEM = """
from crmpi.api import Problem


class Mine(Problem):
    def initial(self, x, p):
        return dict(dens=1.0, press=1.0 + (x.x1 > 0), ecr=1.0, b1=1.0)
"""
BASE = """
problem: {name: problem.py}
time: {end: 1e9, max_steps: 2}
units: {system: none}
plugins: [plug.py]
"""
MESH = "mesh: {cells: [8, 4, 1], block: [4, 4, 1]}\n"
ADAPTIVE = """
mesh:
  cells: [8, 4, 1]
  block: [4, 4, 1]
  refinement: {max_level: 1, interval: 1, criteria: [{name: mine}]}
transport: {solver: none}
"""
SCATTERING = (
    MESH
    + """
transport: {solver: anisotropic_diffusion}
scattering: {model: mine}
"""
)
OWN_WALLS = "mesh: {cells: [8, 4, 1], block: [4, 4, 1], boundaries: [mine, periodic, periodic]}\n"
KINDS = {
    "kappa": ("ScatteringModel", "def kappa(self, pack, out, rigidity):", SCATTERING),
    "indicator": ("Criterion", "def indicator(self, view):", ADAPTIVE),
    "finish": (
        "Observable",
        "def partial(self, cells):\n    return [1.0]\n\ndef finish(self, sums):",
        MESH + "observables: {compute: [mine]}",
    ),
    "partial": (
        "Observable",
        "def finish(self, sums):\n    return {}\n\ndef partial(self, cells):",
        MESH + "observables: {compute: [mine]}",
    ),
    "kapa": ("ScatteringModel", "def kapa(self, pack, out, rigidity):", SCATTERING),
    "aply": ("Source", "def aply(self, time, dt):", MESH + "mine: {enabled: true}"),
    "apply": ("Source", "def apply(self, time, dt):", MESH + "mine: {enabled: true}"),
    "move": (
        "TransportSolver",
        "def move(self, population, dt, time, phase):",
        MESH + "transport: {solver: mine}",
    ),
    "fluid": ("Outflow", "def fluid(self, u, b, time):", OWN_WALLS),
    "cells": (
        "Outflow",
        "def cells(self, q, fields, time):",
        OWN_WALLS + "transport: {solver: isotropic_diffusion}\nscattering: {kappa_par: 0.1}",
    ),
    "pull": (
        "Spherical",
        "def phi(self, r):\n    return r\n\ndef pull(self, r):",
        MESH + "gravity: {mine: {}}",
    ),
    "relative": (
        "CrossSection",
        "def relative(self, s):",
        "mesh: {cells: [8, 1, 1], boundaries: outflow, geometry: mine}",
    ),
}
PLUGIN = """
from crmpi.api import *


class Mine({base}):
    name = "mine"
    doc = "a mistake"

"""


@pytest.fixture
def ended(tmp_path, monkeypatch, capsys):
    """Return a function that runs a plug-in whose method has this body; it returns the exit code
    and what was said."""
    monkeypatch.chdir(tmp_path)

    def run(method, body):
        base, head, rest = KINDS[method]
        text = f"{head}\n{textwrap.indent(body, '    ')}\n"
        plugin = PLUGIN.format(base=base) + textwrap.indent(text, "    ")
        (tmp_path / "plug.py").write_text(plugin)
        (tmp_path / "problem.py").write_text(PROBLEM)
        (tmp_path / "mine.yaml").write_text(BASE + rest)
        code = main(["run", "mine.yaml", "--quiet"])
        return code, capsys.readouterr().err.strip()

    return run


SET = "it must be set, finite and not negative"


@pytest.mark.parametrize(
    ("method", "body", "said"),
    [
        ("kappa", "pass", f"out[:, KAPPA_PAR] = nan in an active cell; {SET}"),
        ("kappa", "out[:, 0] = -1.0", f"out[:, KAPPA_PAR] = -1 in an active cell; {SET}"),
        ("kappa", "out[:, 0] = np.inf", f"out[:, KAPPA_PAR] = inf in an active cell; {SET}"),
        (
            "kappa",
            "out[:] = 0.1\nout[0, 1, 0, 3, 3] = np.nan",
            f"out[:, KAPPA_PERP] = nan in an active cell; {SET}",
        ),
        (
            "kappa",
            "out[:] = 0.1\npack.w0[0, 0] *= 2.0",
            "plug.py, line 9, kappa(): changes the state of the pack; it must write to 'out' alone",
        ),
        ("kapa", "pass", "scattering model 'mine' defines no kappa"),
        ("aply", "pass", "source 'mine' defines no apply"),
        (
            "apply",
            "if time > 0:\n    self.pack.active(self.pack.u0)[1, ENER, 0, 2, 1] = np.nan",
            "plug.py, line 9, apply(): leaves no number in ener at x1=0.1875, x2=0.125, x3=0 "
            "(cell 1, 2, 0 of block 1, level 0); earlier output is intact",
        ),
        (
            "move",
            "self.pack.active(self.pack.u0)[:, population.places[0]] = np.inf",
            "plug.py, line 9, move(): leaves no number in ecr at x1=-0.4375, x2=-0.375, x3=0 "
            "(cell 0, 0, 0 of block 0, level 0); earlier output is intact",
        ),
        (
            "fluid",
            "super().fluid(u, b, time)\nfor ghost in self.ghost_zones(u):\n"
            "    ghost[MOM1] = np.nan",
            "plug.py, line 9, fluid(): makes mom1 = nan in a ghost cell at ix1 of block 0",
        ),
        (
            "fluid",
            "super().fluid(u, b, time)\nfor ghost in self.ghost_zones(b):\n    ghost[1] = np.inf",
            "plug.py, line 9, fluid(): makes b2 = inf in a ghost cell at ix1 of block 0",
        ),
        (
            "cells",
            "super().cells(q, fields, time)\nfor ghost in self.ghost_zones(q):\n"
            "    ghost[0] = np.nan",
            "plug.py, line 9, cells(): makes ecr = nan in a ghost cell at ix1 of block 0",
        ),
        (
            "pull",
            "return r * np.nan",
            "plug.py, line 13, pull(): the acceleration along x1 is no number in a cell or in a "
            "ghost zone; it must be finite there, at r = 0 too",
        ),
        (
            "relative",
            "return np.log(s)",
            "plug.py, line 10, relative(): returns nan for s = -0.5; it must return a number that "
            "is finite and not negative for every position",
        ),
        (
            "relative",
            "return np.ones(3)",
            "plug.py, line 10, relative(): returns an array of the shape (3,) for (9,); it must "
            "return a number that is finite and not negative for every position",
        ),
        (
            "indicator",
            "return view['dens'].astype(str)",
            "criterion 'mine': indicator() returns an array of <U32; it must be one of numbers, "
            "or of True and False",
        ),
        (
            "finish",
            "pass",
            "observable 'mine': finish() returns nothing; it must return a dict of columns, "
            "{'name [unit]': number}",
        ),
        ("finish", "return {'a': 'b'}", "finish(): 'a' is 'b'; it must be a number"),
        (
            "finish",
            "return {'a': np.ones(3)}",
            "finish(): 'a' has the shape (3,); that of its axes is ()",
        ),
        ("finish", "return {'a\\nb': 1.0}", "column 'a\\nb' has no name of one line"),
        (
            "finish",
            "return {'mass': 1.0}",
            "two columns of the history are called 'mass': give that of the plug-in another name",
        ),
        (
            "finish",
            "return {'dt': 1.0}",
            "two columns of the history are called 'dt': give that of the plug-in another name",
        ),
        (
            "partial",
            "return np.ones(1 if cells.x1.min() < 0 else 2)",
            "observable 'mine': partial() returns 2 sums of one block and 1 of another; it must "
            "be of the same length for all blocks",
        ),
    ],
)
def test_mistakes_are_one_sentence(ended, method, body, said):
    code, error = ended(method, body)
    assert code == 2
    assert error.endswith(said) and len(error.splitlines()) == 1


@pytest.mark.parametrize(
    ("body", "levels"),
    [
        ("return view['press'] > 1.5", 2),  # True in one half of the box
        ("return view['press'] > 9.0", 1),
        ("return 2 * (view['press'] > 1.5)", 2),  # integers
    ],
)
def test_an_indicator_may_be_true_and_false(ended, tmp_path, body, levels):
    code, error = ended("indicator", body)
    assert (code, error) == (0, "")
    (history,) = tmp_path.glob("runs/*/history.txt")
    assert read_history(history)["levels"][-1] == levels
