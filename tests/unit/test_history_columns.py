"""Columns that a problem declares for the history: right on any blocks; what is not declared is
refused."""

import math

import numpy as np
import pytest

from crmpi.diagnostics.reductions import integrals
from crmpi.errors import CrmpiError
from crmpi.mesh import BlockTree
from crmpi.mesh.coordinates import Coordinates
from tests.stepping import begin

MINE = """
from crmpi.api import Problem, maximum, mean, minimum, np, total

class Mine(Problem):
    '''Density 1 + x1, all gas at a speed of 7, pressure rising with x2.'''
    def initial(self, x, p):
        return dict(dens=1.0 + x.x1, vel1=7.0, press=1.0 + x.x2)

    def history(self, x, w, p):
        return {RETURNED}
"""
YAML = """
mesh: {cells: [8, 4, 1], block: [8, 4, 1], lower: [0, 0, 0], upper: [1, 1, 1]}
time: {end: 1}
units: {system: none}
fluid: {magnetic: false, cosmic_rays: false}
"""


@pytest.fixture
def row(tmp_path):
    """Return a function that gives the history row of a problem whose history() returns this
    text."""

    def make(returned, *overrides):
        folder = tmp_path / "mine"
        folder.mkdir(exist_ok=True)
        (folder / "problem.py").write_text(MINE.replace("RETURNED", returned))
        (folder / "mine.yaml").write_text(YAML)
        return begin(str(folder), *overrides).history_row()

    return make


@pytest.mark.parametrize("block", ["[8,4,1]", "[4,4,1]", "[2,2,1]"])
def test_columns_on_any_blocks(row, block):
    columns = (
        "'v [km/s]': mean(w.vel1, weight=w.dens), 'x': mean(x.x1), 'xm': mean(x.x1, "
        "weight=w.dens), 'm': total(w.dens),"
        " 'left': total(w.dens, where=x.x1 < 0.5), 'edge': total(x.face_integral('ox1', w.dens "
        "* w.vel1)), 'low': minimum(w.press),"
        " 'high': maximum(w.dens * w.vel1), 'none': mean(w.dens, where=x.x1 > 2), 'never': "
        "minimum(w.dens, where=x.x1 > 2)"
    )
    found = row(columns, f"mesh.block={block}")
    assert found["v [km/s]"] == pytest.approx(7.0, rel=1e-14)
    assert found["x [code]"] == pytest.approx(0.5, rel=1e-14)
    centres = (np.arange(8) + 0.5) / 8
    assert found["xm [code]"] == pytest.approx(
        (centres * (1 + centres)).sum() / (1 + centres).sum(), rel=1e-14
    )
    assert found["m [code]"] == pytest.approx(1.5, rel=1e-14)
    assert found["left [code]"] == pytest.approx(0.5 + 0.125, rel=1e-14)
    assert found["edge [code]"] == pytest.approx(7.0 * (2 - 1 / 16), rel=1e-14)
    assert found["low [code]"] == pytest.approx(1.125, rel=1e-14)
    assert found["high [code]"] == pytest.approx(7.0 * (2 - 1 / 16), rel=1e-14)
    assert math.isnan(found["none [code]"]) and found["never [code]"] == math.inf


def test_mean_on_a_tube_counts_volumes(row):
    """Of r over a sphere from 1 to 2: 3/4 (2^4 - 1)/(2^3 - 1) to the second order in the widths of
    64 cells."""
    tube = [
        "mesh.cells=[64,1,1]",
        "mesh.block=[16,1,1]",
        "mesh.geometry=spherical",
        "mesh.lower=[1,0,0]",
        "mesh.upper=[2,1,1]",
    ]
    ends = [f"mesh.boundaries.{end}=outflow" for end in ("ix1", "ox1")]
    assert row("'r': mean(x.x1)", *tube, *ends)["r [code]"] == pytest.approx(
        0.75 * 15 / 7, rel=1e-4
    )


@pytest.mark.parametrize(
    "returned", ["x.integral(w.vel1)", "7.0", "np.float64(7)", "w.vel1", "[1, 2]", "None", "'7'"]
)
def test_what_is_not_declared_is_refused(row, returned):
    with pytest.raises(
        CrmpiError,
        match=(
            r"problem.py, line 10, history\(\): 'v' is .*; say what it is over the box: "
            r"total\(x.integral"
        ),
    ):
        row(f"'v': {returned}")


@pytest.mark.parametrize("name", ["mass", "time", "dt [Myr]", "step", "floor_dens", "ener [erg]"])
def test_columns_of_the_code_are_refused(row, name):
    bare = name.split(" ")[0]
    with pytest.raises(
        CrmpiError,
        match=rf"history\(\): '{bare}' is a column of the code itself; give yours another name",
    ):
        row(f"'{name}': total(1.0)")


def test_columns_that_differ_between_blocks_are_refused(row):
    with pytest.raises(
        CrmpiError, match=r"history\(\): returns other columns for one block than for another"
    ):
        row("('a' if x.x1.min() < 0.5 else 'b'): total(1.0)", "mesh.block=[4,4,1]")


def test_arrays_must_fit(row):
    with pytest.raises(CrmpiError, match=r"history\(\): 'v' has the shape \(3,\)"):
        row("'v': mean(np.ones(3))")
    with pytest.raises(CrmpiError, match=r"'where' selects cells of an array"):
        row("'v': total(1.0, where=x.x1 < 1)")


@pytest.mark.parametrize("shape", [(4, 3, 5), (1, 1, 1), (1, 1, 7), (8, 8, 8), (17, 16, 40)])
def test_integrals_of_many_blocks_are_those_of_each(shape):
    """Bit by bit, however many blocks a rank has, with arrays that broadcast and masks on some."""
    generator = np.random.default_rng(1)
    mesh = BlockTree((8, 8, 8), (8, 8, 8), (0, 0, 0), (1, 2, 3), (True, True, True))
    blocks = [Coordinates(mesh, (0, 0, 0), shape[::-1]) for _ in range(9)]
    densities = [generator.normal(size=shape) for _ in blocks]
    densities[3] = generator.normal(size=shape[2])
    where = [generator.random(shape) > 0.4 if n % 2 else None for n in range(9)]
    each = [
        x.integral(density, where=one)
        for x, density, one in zip(blocks, densities, where, strict=True)
    ]
    assert np.array_equal(integrals(blocks, densities, where), each)
    for n in range(9):
        some = slice(n, n + 1)
        assert integrals(blocks[some], densities[some], where[some])[0] == each[n]
