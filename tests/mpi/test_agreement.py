"""What one rank does for all, and an error that all of them raise."""

import pytest

from crmpi.errors import CrmpiError
from crmpi.parallel.agreement import on_first, together


@pytest.mark.mpi(min_size=2)
def test_the_first_rank_does_it_for_all(comm):
    called = []
    assert on_first(comm, lambda: called.append(1) or comm.rank + 5) == 5
    assert len(called) == (comm.rank == 0)
    assert together(comm, lambda: comm.rank) == comm.rank


@pytest.mark.mpi(min_size=2)
def test_an_error_of_one_rank_is_that_of_all(comm):
    def fail(rank):
        if comm.rank == rank:
            raise CrmpiError(f"rank {rank} cannot")
        return comm.rank

    for agree, rank in ((on_first, 0), (together, 0), (together, comm.nranks - 1)):
        with pytest.raises(CrmpiError, match=f"rank {rank} cannot") as caught:
            agree(comm, lambda rank=rank: fail(rank))
        assert caught.value.everywhere
