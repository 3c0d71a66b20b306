"""A bounded form of the fault campaign (`python -m tests.faults.campaign` is the long one)."""

from importlib.util import find_spec

import pytest

from crmpi.tools.doctor.mpi import find_mpirun
from tests.faults import campaign
from tests.faults.chains import forked_chains
from tests.faults.runs import lost_after, quietly, run, state, words_of

needs_mpi = pytest.mark.skipif(
    find_mpirun() is None or find_spec("mpi4py") is None, reason="needs mpirun and mpi4py"
)


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    """The end of a run that nobody disturbs."""
    folder = tmp_path_factory.mktemp("straight")
    assert quietly(words_of(folder, campaign.STEPS)) == 0
    return state(folder)


def test_a_damaged_checkpoint_is_refused_and_the_one_before_is_taken(tmp_path, reference):
    names = ("a number changes", "truncated", "a foreign HDF5 file")
    kinds = {name: (campaign.DAMAGES[name][0], 1) for name in names}
    for row in campaign.damages(tmp_path, reference, seed=3, kinds=kinds):
        assert not campaign.failed(row), campaign.line(row)


@needs_mpi
def test_a_kill_of_one_rank_in_an_exchange_ends_all_and_loses_nothing(tmp_path, reference):
    ended = run(tmp_path / "run", campaign.STEPS, 2, ("kill", "exchange", 12, 1))
    assert ended.code not in (0, None)
    assert lost_after(tmp_path / "run", ended, reference, campaign.STEPS) == ""


@needs_mpi
def test_a_checkpoint_that_cannot_grow_ends_all_with_one_sentence(tmp_path, reference):
    ended = run(tmp_path / "run", campaign.STEPS, 2, ("limit", "checkpoint", 3, 0))
    assert ended.code == 3
    assert len(ended.sentences) == 1
    assert lost_after(tmp_path / "run", ended, reference, campaign.STEPS) == ""


def test_random_kills_with_restarts_come_to_the_same_end(tmp_path, reference):
    outcomes, chains = forked_chains(tmp_path, campaign.STEPS, reference, kills=3, seed=5)
    assert chains >= 1
    assert [outcome.lost for outcome in outcomes] == [""] * 3
