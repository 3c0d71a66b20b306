"""Folders in which the blocks of a page are executed, with the runs that its commands look at."""

import contextlib
import io
import shutil

import pytest

from crmpi.cli.main import main
from tests.recipes.pages import blocks
from tests.recipes.small import FIVE_SNAPSHOTS

WIND = ["galactic_wind", "mesh.cells=[8,8,32]", "mesh.block=[8,8,16]", *FIVE_SNAPSHOTS]
HALO = ["cgm_halo", "mesh.cells=[32,32,32]", "mesh.block=[16,16,16]", *FIVE_SNAPSHOTS]
SWEPT = [
    "sweep",
    "cgm_halo/sweep",
    "time.max_steps=1",
    "--over",
    "mesh.cells=[16,16,16],[32,32,32]",
]
MODELS = [*SWEPT, "--over", "transport.preset=salem2016,butsky2022"]
CONTROL = [
    *SWEPT,
    "fluid.cosmic_rays=false",
    "injection.enabled=false",
    "losses.enabled=false",
    "transport.solver=none",
    "observables.compute=[radial_profile]",
]
PREPARED = {
    "runs/my_wind": ["run", *WIND, "output.dir=runs/my_wind"],
    "runs/diffusion": "runs/my_wind",
    "runs/streaming": "runs/my_wind",
    "runs/two_moment": "runs/my_wind",
    "runs/cgm_halo": ["run", *HALO, "output.dir=runs/cgm_halo"],
    "snapshot_00004.athdf": "runs/cgm_halo/snapshots/snapshot_00004.athdf",
    "runs/sweep_cgm_halo_sweep": [*MODELS, "--output", "runs/sweep_cgm_halo_sweep"],
    "runs/control": [*CONTROL, "--output", "runs/control"],
}
"""What the pages suppose to be there: the command that makes it, or of what it is a copy."""


BORROWED = {"docs/gallery.md": "docs/tutorials/own_problem.md"}
"""Pages whose commands use the files that another page has its reader write."""


@pytest.fixture(scope="session")
def prepared(tmp_path_factory):
    """Return a function that makes the file or folder of a name in `PREPARED`, once, and returns
    its path."""
    root = tmp_path_factory.mktemp("prepared")

    def make(name):
        source = PREPARED[name]
        if isinstance(source, str):
            parent = next(other for other in PREPARED if source.startswith(other))
            return make(parent).parent.parent / source
        if not (root / name).exists():
            said = io.StringIO()
            with contextlib.chdir(root), contextlib.redirect_stdout(said):
                assert main(source) == 0, said.getvalue()
        return root / name

    return make


@pytest.fixture
def place(tmp_path, prepared, monkeypatch):
    """Return a function that fills the working folder with what a block needs: the named files of
    its page, and the prepared runs that it mentions, unless it is only read."""
    monkeypatch.chdir(tmp_path)

    def fill(block, runs=True):
        for other in blocks():
            pages = (block.page, BORROWED.get(block.page))
            if other.page in pages and other.file_name():
                path = tmp_path / other.file_name()
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(other.text)
        for name in PREPARED if runs else ():
            if name in block.text and not _makes(block.text, name):
                source = prepared(name)
                target = tmp_path / name
                target.parent.mkdir(parents=True, exist_ok=True)
                if source.is_dir():
                    shutil.copytree(source, target, dirs_exist_ok=True)
                else:
                    shutil.copy(source, target)
        return tmp_path

    return fill


def _makes(text, name):
    """Return whether the block makes the run itself before it looks at it."""
    return f"--output {name}" in text or f"output.dir={name}" in text
