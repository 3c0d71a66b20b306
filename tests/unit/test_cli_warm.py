"""``crmpi warm`` leaves nothing to compile for the run, and nothing else behind; a run without
compiling imports no compiler."""

import pytest

from crmpi.cli.main import main
from crmpi.jit import Made, cache_folder
from tests.unit.test_jit import finish, start

RUN = """
import sys
from crmpi.cli.main import main
from crmpi.jit import made
assert main(["run", "blast", "time.max_steps=2", "output.dir={folder}", "--quiet"]) == 0
print(sum(kernel.loaded for kernel in made) > 2, sum(not kernel.loaded for kernel in made))
heavy = ("numba.np.arraymath", "scipy.linalg", "matplotlib", "yt", "xarray")
print([name for name in heavy if name in sys.modules])
"""


ONE_KERNEL = """
import numpy as np
from crmpi.mesh.regions import copy_regions
copy_regions(*[np.zeros((1, 1, 1, 1, 1))] * 2, 0, 1, np.zeros((0, 11), np.int64))
"""


@pytest.fixture(autouse=True)
def _needs_a_cache():
    if cache_folder() is None:
        pytest.skip("no writable cache folder on this machine")


def test_warm_leaves_nothing_to_compile(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["warm", "blast"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert any(line.endswith("crmpi.numerics.fluid.godunov.advance_blocks") for line in said)
    # ranks need it, a single one does not
    assert any(line.endswith("crmpi.mesh.regions.buffer_to_regions") for line in said)
    assert said[-1].endswith(f"kept in {cache_folder()}")
    assert list(tmp_path.iterdir()) == []
    assert finish(
        start(RUN.format(folder=tmp_path / "run"), CRMPI_CACHE_DIR=cache_folder().parent)
    ) == ["True", "0", "[]"]


def test_report_sums_what_was_compiled():
    from crmpi.cli.warm import report

    lines = report(
        [Made("a", 1.0, False), Made("b", 2.5, False), Made("c", 0.5, True)], "FOLDER"
    ).splitlines()
    assert lines[1].split() == ["2.50", "compiled", "b"]
    assert lines[-1] == "2 kernels compiled in 3.5 s, 1 loaded; kept in FOLDER"


def test_mistakes_are_those_of_run(capsys):
    assert main(["warm", "blast", "mesh.sells=[8,8,8]"]) == 2
    assert "mesh.sells" in capsys.readouterr().err
    assert main(["warm", "no_such_problem"]) == 2


def test_clean_removes_kernels_of_other_sources_and_nothing_else(tmp_path):
    clean = "from crmpi.cli.main import main; assert main(['warm', '--clean']) == 0"
    said = finish(start(ONE_KERNEL + clean, CRMPI_CACHE_DIR=tmp_path))
    assert "removed 0 folders of older kernels, 0.0 MB, from" in " ".join(said)
    root = next(tmp_path.iterdir())
    current = {folder.name for folder in root.iterdir()}
    assert current
    (root / "godunov-0123456789abcdef").mkdir()
    (root / "godunov-0123456789abcdef" / "code.1.nbc").write_bytes(bytes(3_000_000))
    (root / "notes").mkdir()
    said = finish(start(clean, CRMPI_CACHE_DIR=tmp_path))
    assert "removed 1 folders of older kernels, 3.0 MB, from" in " ".join(said)
    assert {folder.name for folder in root.iterdir()} == current | {"notes"}


def test_nothing_to_warm_is_said(capsys):
    assert main(["warm"]) == 2
    assert "name what will be run, as in crmpi warm galactic_wind" in capsys.readouterr().err
