"""States that cannot be: refused at the start, or stopped at run time, with one sentence and
readable files."""

import pytest

two_ranks = pytest.mark.parametrize("crmpi", [2], indirect=True, ids=["two ranks"])
PROBLEM = """
from crmpi.api import Problem, np, par


class Broken(Problem):
    class Params:
        where: float = par(0.9, doc="the fault sits at x1 above this, on the last block")
        dens: float = par(1.0, doc="density there")

    def initial(self, x, p):
        bad = x.x1 > p.where
        return dict(dens=np.where(bad, p.dens, 1.0), press=1.0)

    def inject(self, x, w, t, dt, p):
        return dict(eth=np.where((x.x1 > p.where) & (t > 0.05), 0.0, 0.0))
"""
YAML = """
mesh: {cells: [32, 1, 1], lower: [0, 0, 0], upper: [1, 1, 1], block: [16, 1, 1]}
time: {end: 0.1}
fluid: {magnetic: false, cosmic_rays: false}
units: {system: none}
output: {snapshot_interval: 0.02}
"""


@pytest.fixture
def broken(tmp_path):
    """Write the problem and return its folder."""
    folder = tmp_path / "broken"
    folder.mkdir()
    (folder / "problem.py").write_text(PROBLEM)
    (folder / "broken.yaml").write_text(YAML)
    return "./broken"


def test_negative_density_in_the_initial_state(refused, broken):
    message = refused("run", broken, "problem.dens=-1")
    assert "initial(): dens = -1 at x1=0.9" in message
    assert "must be positive" in message


def test_initial_state_that_is_not_a_number(refused, broken, tmp_path):
    text = PROBLEM.replace("np.where(bad, p.dens, 1.0)", "np.where(bad, np.nan, 1.0)")
    (tmp_path / "broken" / "problem.py").write_text(text)
    assert "initial(): dens = nan at x1=0.9" in refused("run", broken)


@two_ranks
def test_unknown_variable_in_the_initial_state(refused, broken, tmp_path):
    (tmp_path / "broken" / "problem.py").write_text(PROBLEM.replace("press=1.0", "pressure=1.0"))
    assert "unknown variable 'pressure'" in refused("run", broken)


def test_state_that_becomes_not_a_number(refused, crmpi, broken, tmp_path):
    # whose square overflows
    text = PROBLEM.replace("eth=", "mom1=").replace(
        "(t > 0.05), 0.0, 0.0", "(t > 0.05), 1e200, 0.0"
    )
    (tmp_path / "broken" / "problem.py").write_text(text)
    message = refused("run", broken, "output.dir=out", code=3)
    assert "not a number after step" in message
    assert "earlier output is intact" in message
    snapshots = sorted((tmp_path / "out" / "snapshots").glob("*.athdf"))
    assert len(snapshots) >= 2  # the initial state and at least one more
    assert crmpi("info", snapshots[-1]).code == 0


def test_an_injection_that_is_not_a_number(refused, broken, tmp_path):
    text = PROBLEM.replace("(t > 0.05), 0.0, 0.0", "(t > 0.05), np.nan, 0.0")
    (tmp_path / "broken" / "problem.py").write_text(text)
    message = refused("run", broken, "output.dir=out")
    assert "inject(): 'eth' = nan at x1=0.9" in message
    assert len(sorted((tmp_path / "out" / "snapshots").glob("*.athdf"))) >= 2


@two_ranks
def test_error_of_one_rank_ends_all(refused, broken, tmp_path):
    raising = (
        '        if x.x1.max() > 0.9:\n            raise CrmpiError("the supernova table '
        'ends here")\n'
    )
    text = PROBLEM.replace("Problem, np", "CrmpiError, Problem, np").replace(
        "        return dict(eth", f"{raising}        return dict(eth"
    )
    (tmp_path / "broken" / "problem.py").write_text(text)
    assert "the supernova table ends here" in refused("run", broken)


@two_ranks
def test_mistake_of_the_author_on_one_rank_ends_all(refused, broken, tmp_path):
    text = PROBLEM.replace(
        "        return dict(eth=",
        "        if x.x1.max() > 0.9:\n            w.nonsense\n        return dict(eth=",
    )
    (tmp_path / "broken" / "problem.py").write_text(text)
    message = refused("run", broken)
    assert "inject()" in message and "nonsense" in message
