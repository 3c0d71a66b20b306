"""A signal that reaches one rank alone, at any moment of a run: all ranks end with the same code,
and the run goes on to the bits of one that was left alone."""

import signal

import pytest

from tests.signal_case import MOMENTS, STEPS, run, signal_in, state

pytestmark = pytest.mark.mpi


@pytest.fixture(scope="module")
def folders(comm, tmp_path_factory):
    """A folder that all ranks see under one name, with the run that nobody disturbs."""
    folder = comm.bcast(tmp_path_factory.mktemp("runs") if comm.rank == 0 else None)
    assert run(comm, folder / "straight").exit_code == 0
    return folder


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_signal_of_one_rank_ends_all_in_order(comm, folders, monkeypatch, moment):
    folder = folders / moment.replace(" ", "_")
    with monkeypatch.context() as patch:
        if comm.rank == comm.nranks - 1:
            signal_in(patch, moment, signal.SIGUSR1)
        result = run(comm, folder)
    assert comm.allgather_object(result.exit_code) == [MOMENTS[moment][3]] * comm.nranks
    if result.exit_code:
        assert result.reason.startswith("received SIGUSR1")
        assert run(comm, folder).exit_code == 0
    if comm.rank == 0:
        assert state(folder) == state(folders / "straight")
        assert state(folder)[0] == STEPS
        assert not (folder / "run.lock").exists()
    comm.barrier()
