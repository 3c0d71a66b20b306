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
        ("kapa", "pass", "scattering model 'mine' defines no kappa"),
        ("aply", "pass", "source 'mine' defines no apply"),
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
