"""The table of reduced speeds of light."""

import numpy as np
import pytest

from crmpi.cli.main import main
from crmpi.parallel.comm import SerialComm
from crmpi.tools.converge import _mean


def table(text):
    """Return the rows of the Markdown table as lists of words."""
    return [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in text.splitlines()
        if line.startswith("|")
    ][2:]


def test_telegraph_converges_with_the_inverse_square(capsys, tmp_path):
    """s = -k^2/(3 sigma) (1 + k^2/(3 sigma^2 Vm^2) + ...): what Vm changes falls like 1/Vm^2."""
    out = tmp_path / "table.md"
    words = [
        "cr_telegraph",
        "mesh.cells=[64,1,1]",
        "mesh.block=[64,1,1]",
        "time.end=1",
        "time.dt_max=0.01",
        "transport.streaming=false",
    ]
    assert main(["converge", "--vmax", "1,2,4,400", *words, "--output", str(out)]) == 0
    found = table(capsys.readouterr().out)
    assert out.read_text().count("\n") == len(found) + 2
    assert [row[0] for row in found] == ["1", "2", "4", "400"]
    changes = np.array([float(row[3]) for row in found[:3]])
    assert np.all(np.diff(changes) < 0)
    assert float(found[2][4]) == pytest.approx(2.0, abs=0.3)
    assert float(found[-1][3]) == 0.0


def test_means_are_over_volume():
    """Two blocks of 4 cells, one of half the width: 3 on two thirds of the length and 6 on the
    rest."""
    values = np.array([3.0, 6.0])[:, None, None, None] * np.ones((2, 1, 1, 4))
    assert _mean(SerialComm(), values, np.array([2.0, 1.0])) == pytest.approx(4.0, rel=1e-15)


def test_a_refined_mesh_converges_like_a_uniform_one(capsys):
    words = [
        "cr_telegraph",
        "mesh.cells=[32,1,1]",
        "mesh.block=[8,1,1]",
        "time.end=0.2",
        "transport.streaming=false",
    ]
    refined = "mesh.refinement={regions: [{level: 1, lower: [0.2,0,0], upper: [0.5,1,1]}]}"
    assert main(["converge", "--vmax", "1,2,40", *words]) == 0
    uniform = table(capsys.readouterr().out)
    assert main(["converge", "--vmax", "1,2,40", *words, refined]) == 0
    found = table(capsys.readouterr().out)
    assert [float(row[3]) for row in found] == pytest.approx(
        [float(row[3]) for row in uniform], rel=0.05
    )


CRITERIA = "mesh.refinement={max_level: 1, criteria: [{name: gradient, variable: ecr}]}"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (
            ["--vmax", "30,100", "cr_telegraph", CRITERIA],
            "give mesh.refinement regions, and no criteria",
        ),
        (["--vmax", "100", "cr_telegraph"], "--vmax needs two or more values"),
        (
            ["--vmax", "100,30", "cr_telegraph", "time.end=0.01"],
            "--vmax must ascend, and 30 does not",
        ),
        (
            ["--vmax", "30,100", "cr_telegraph", "transport.vmax=3"],
            "transport.vmax is what --vmax varies",
        ),
        (["--vmax", "30,100", "cr_telegraph", "transport.solver=none"], "transport.vmax"),
    ],
)
def test_refusals(words, sentence, capsys):
    assert main(["converge", *words]) == 2
    assert sentence in capsys.readouterr().err
