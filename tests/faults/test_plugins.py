"""A mistake in a plug-in ends the run on all ranks, with one sentence."""

import pytest

from tests.plugin_case import PROBLEM, write_problem

MODEL = """
from crmpi.api import KAPPA_PAR, ScatteringModel


class Fails(ScatteringModel):
    name = "fails"
    doc = "fails on the blocks of one rank"

    def kappa(self, pack, out, rigidity):
        if 0 in pack.gids:
            raise ValueError("no kappa here")
        out[...] = 1.0
"""
SETTINGS = """
mesh: {cells: [16, 8, 1], block: [8, 8, 1]}
time: {end: 1.0, max_steps: 1}
transport: {solver: anisotropic_diffusion}
scattering: {model: fails}
"""


@pytest.fixture
def yaml(tmp_path):
    path = write_problem(tmp_path, PROBLEM, SETTINGS)
    (path.parent / "my_models").mkdir()
    (path.parent / "my_models" / "fails.py").write_text(MODEL)
    return path


def test_a_mistake_on_one_rank_ends_all(yaml, refused):
    said = refused("run", yaml)
    assert "fails.py, line 11, kappa(): ValueError: no kappa here" in said


NOT_A_NUMBER = """
from crmpi.api import ENER, Source, np


class Fails(Source):
    name = "fails"
    doc = "leaves no number in a block of one rank"

    def apply(self, time, dt):
        if time > 0.0 and 1 in self.pack.gids:
            self.pack.active(self.pack.u0)[-1, ENER, 0, 2, 3] = np.nan
"""


def test_what_is_not_a_number_on_one_rank_is_named(yaml, refused, tmp_path):
    (yaml.parent / "my_models" / "fails.py").write_text(NOT_A_NUMBER)
    settings = ["fails.enabled=true", "transport.solver=none", "time.max_steps=3"]
    said = refused("run", yaml, *settings, "scattering.model=constant", "output.dir=out")
    assert "fails.py, line 9, apply(): leaves no number in ener at x1=" in said
    rows = (tmp_path / "out" / "history.txt").read_text().splitlines()
    assert not rows[-1].startswith("#")  # what was written before is not lost


def test_a_file_that_cannot_be_imported(yaml, refused):
    (yaml.parent / "my_models" / "fails.py").write_text("import numpy as np\n\nx = np.onez(3)\n")
    assert "fails.py, line 3: cannot be imported: numpy has no 'onez'; did you mean 'ones'?" in (
        refused("run", yaml)
    )
