"""The table of reduced speeds of light."""

import numpy as np
import pytest

from crmpi.cli.main import main


def table(text):
    """Return the rows of the Markdown table as lists of words."""
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("|")][2:]


def test_telegraph_converges_with_the_inverse_square(capsys, tmp_path):
    """s = -k^2/(3 sigma) (1 + k^2/(3 sigma^2 Vm^2) + ...): what Vm changes falls like 1/Vm^2."""
    out = tmp_path / "table.md"
    words = ["cr_telegraph", "mesh.cells=[64,1,1]", "mesh.block=[64,1,1]", "time.end=1", "time.dt_max=0.01", "transport.streaming=false"]
    assert main(["converge", "--vmax", "1,2,4,400", *words, "--output", str(out)]) == 0
    found = table(capsys.readouterr().out)
    assert out.read_text().count("\n") == len(found) + 2
    assert [row[0] for row in found] == ["1", "2", "4", "400"]
    changes = np.array([float(row[3]) for row in found[:3]])
    assert np.all(np.diff(changes) < 0)
    assert float(found[2][4]) == pytest.approx(2.0, abs=0.3)
    assert float(found[-1][3]) == 0.0


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--vmax", "100", "cr_telegraph"], "--vmax needs two or more values"),
        (["--vmax", "100,30", "cr_telegraph", "time.end=0.01"], "--vmax must ascend, and 30 does not"),
        (["--vmax", "30,100", "cr_telegraph", "transport.vmax=3"], "transport.vmax is what --vmax varies"),
        (["--vmax", "30,100", "cr_telegraph", "transport.solver=none"], "transport.vmax"),
    ],
)
def test_refusals(words, sentence, capsys):
    assert main(["converge", *words]) == 2
    assert sentence in capsys.readouterr().err
