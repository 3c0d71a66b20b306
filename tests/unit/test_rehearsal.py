"""``crmpi run --dry-run`` finds what would end a run at its start, on one block, whatever the size
of the mesh."""

import pytest

from crmpi.cli.main import main

PROBLEM = """\
from crmpi.api import Problem, par


class Mine(Problem):
    class Params:
        dens: float = par(1.0)

    def setup(self, p):
        self.press = 1.0 / p.dens

    def initial(self, x, p):
        if max(x.shape) > 64:
            raise ValueError("a whole mesh")
        return dict(dens=p.dens, press=self.press)
"""
YAML = "mesh: {cells: [1024, 1024, 1024]}\ntime: {end: 1}\nunits: {system: none}\n"


@pytest.fixture
def dry_run(tmp_path, monkeypatch, capsys):
    """Return a function that gives (exit code, standard output, sentences of errors) of a dry
    run."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "problem.py").write_text(PROBLEM)
    (folder / "mine.yaml").write_text(YAML)

    def run(*words):
        code = main(["run", "mine", "--dry-run", *words])
        said = capsys.readouterr()
        return code, said.out, said.err.splitlines()

    return run


def test_a_good_problem_on_a_mesh_of_a_billion_cells(dry_run, tmp_path):
    code, out, err = dry_run()
    assert (code, err) == (0, [])
    assert "mesh.cells" in out
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine"]


def test_a_refined_mesh(dry_run):
    region = "{level: 1, lower: [0, 0, 0], upper: [0.25, 0.25, 0.25]}"
    mesh = ["mesh.cells=[64,64,64]", "mesh.block=[16,16,16]"]
    code, out, err = dry_run(*mesh, f"mesh.refinement={{regions: [{region}]}}")
    assert (code, err) == (0, [])
    assert "71 blocks" in out  # 64 of level 0, of which one is replaced by eight


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (
            ["problem.dens=0"],
            (
                "problem.py, line 9, setup(): ZeroDivisionError: float division by zero (--debug "
                "shows the traceback)"
            ),
        ),
        (["problem.dens=-1"], "problem.py, line 14, initial(): dens = -1 at"),
        (
            [
                "fluid={cosmic_rays: true, magnetic: false}",
                "transport={solver: two_moment, vmax: 9}",
            ],
            "fluid.magnetic is false",
        ),
        (["mesh.boundaries=user"], "problem 'mine' has no method boundary_ix1(self, w, x, t, p)"),
        (
            ["mesh.refinement={max_level: 1, criteria: [{name: gradient, variable: ewp}]}"],
            "'mesh.refinement.criteria': 'gradient' needs 'ewp', which this run does not have",
        ),
    ],
)
def test_what_would_end_a_run_is_found(dry_run, words, sentence):
    code, _, err = dry_run(*words)
    assert code == 2
    assert len(err) == 1
    assert sentence in err[0]


def test_steps_and_core_hours_are_those_of_the_run(dry_run, tmp_path):
    """Gas at rest: every step is as long as the first, and the finest cells set it."""
    sphere = "level: 1, shape: sphere, center: [0.5, 0.5, 0], radius: 0.1"
    regions = f"mesh.refinement={{regions: [{{{sphere}}}]}}"
    words = ["mesh.cells=[32,32,1]", "mesh.block=[8,8,1]", "time.end=0.2"]
    steps = []
    for more in ([], [regions]):
        _, out, _ = dry_run(*words, *more)
        (line,) = (line for line in out.splitlines() if line.startswith("work:"))
        steps.append(float(line.split()[1]))
    assert steps[1] == pytest.approx(2.0 * steps[0], rel=0.01)
    assert main(["run", "mine", *words, f"output.dir={tmp_path}/out", "--quiet"]) == 0
    done = int((tmp_path / "out" / "history.txt").read_text().splitlines()[-1].split()[1])
    assert done - 1 <= steps[0] <= done + 1
    hours, step = (float(line.split(end)[0].split()[-1]) for end in (" core-hours", " s of"))
    assert hours == pytest.approx(steps[1] * step / 3600.0, rel=0.1)


def test_hot_gas_on_coarser_cells_sets_the_steps(dry_run, tmp_path):
    """Signals in the gas around the finest cells are ten times as fast, its cells twice as wide:
    steps stay as short as without refinement."""
    source = (tmp_path / "mine" / "problem.py").read_text()
    hot = "press=np.where(x.x1**2 + x.x2**2 < 0.6, 1.0, 100.0)"
    source = source.replace("press=self.press", hot).replace("from", "import numpy as np\nfrom", 1)
    (tmp_path / "mine" / "problem.py").write_text(source)
    mesh = ["mesh.cells=[32,32,1]", "mesh.block=[8,8,1]", "mesh.lower=[-1,-1,0]"]
    region = "{level: 1, lower: [-0.1, -0.1, 0], upper: [0.1, 0.1, 1]}"
    steps = []
    for more in ([], [f"mesh.refinement={{regions: [{region}]}}"]):
        code, out, err = dry_run(*mesh, *more)
        assert (code, err) == (0, [])
        (line,) = (line for line in out.splitlines() if line.startswith("work:"))
        steps.append(float(line.split()[1]))
    assert steps[1] == pytest.approx(steps[0], rel=0.01)
