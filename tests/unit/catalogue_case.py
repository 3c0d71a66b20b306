"""Where the wrong inputs of the catalogue are tried: a folder with files that are wrong each in its
own way, and short names for runs on small meshes."""

import contextlib
import io
import shlex
import warnings

from crmpi.cli.main import main
from tests.picture_case import SHAPES
from tests.unit.test_plot import make_run

RUNS = {
    "tube": "run cr_shock_tube mesh.cells=[32,1,1] mesh.block=[32,1,1] time.max_steps=1 --quiet",
    "wind": "run galactic_wind mesh.cells=[8,8,32] mesh.block=[8,8,32] time.max_steps=1 --quiet",
    "blast": "run blast mesh.cells=[16,16,1] mesh.block=[8,8,1] time.max_steps=1 --quiet",
    "run": "run",
}
"""What the first word of an entry stands for; ``crmpi`` stands for nothing."""

FILES = {
    "broken.yaml": "mesh: {cells: [8, 8, 8\ntime: {end: 1}\n",
    "list.yaml": "- mesh\n- time\n",
    "tabs.yaml": "mesh:\n\tcells: [8, 8, 8]\n",
    "twice.yaml": "problem: {name: blast}\ntime: {end: 1}\nmesh:\n  cells: [8, 8, 1]\n"
    "  cells: [16, 16, 1]\n",
    "loop.yaml": "base: loop.yaml\n",
    "deep.yaml": "a: " + "{a: " * 30 + "1" + "}" * 30,
    "empty_key.yaml": "problem: {name: blast}\nmesh:\n  '': 1\n",
    "broken_plugin.py": "from crmpi.api import Source\nclass Mine(Source)\n",
    "taken": "a file where a folder should be\n",
    "bad_problem/problem.py": "from crmpi.api import Problem\n\n\nclass Bad(Problem):\n"
    "    def initial(self, x, p):\n        return dict(dens=1.0, press=x.x9)\n",
    "bad_problem/bad_problem.yaml": "mesh: {cells: [8, 1, 1]}\ntime: {end: 1}\n"
    "units: {system: none}\n",
}


def folder(root):
    """Fill a folder with the files of the entries, and with the folder `made` of a run."""
    for name, text in FILES.items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    (root / "latin.yaml").write_bytes("problem: {name: Überschall}\n".encode("latin-1"))
    make_run(root / "made", SHAPES["cube"])


def arguments(entry):
    """Return the words of a command line that an entry of the catalogue stands for."""
    first, *words = shlex.split(entry)
    return [*(shlex.split(RUNS[first]) if first in RUNS else []), *words]


def answer(words):
    """Return (exit code, lines on standard error) of a command; a warning is an error."""
    said = io.StringIO()
    with (
        warnings.catch_warnings(),
        contextlib.redirect_stderr(said),
        contextlib.redirect_stdout(io.StringIO()),
    ):
        warnings.simplefilter("error")
        code = main(words)
    return code, [line.removeprefix("crmpi: error: ") for line in said.getvalue().splitlines()]
