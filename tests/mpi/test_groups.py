"""Groups of ranks: each talks to itself alone."""

import numpy as np
import pytest

from crmpi.tools.sweep.tickets import Tickets


@pytest.mark.mpi(min_size=2)
def test_a_group_adds_up_its_own(comm):
    group = comm.split(comm.rank % 2)
    members = range(comm.rank % 2, comm.nranks, 2)
    assert (group.rank, group.nranks) == (list(members).index(comm.rank), len(members))
    assert group.allgather_object(comm.rank) == list(members)
    assert group.block_sums(np.array([[float(comm.rank)]]))[0] == sum(members)
    assert comm.max(comm.rank) == comm.nranks - 1  # all ranks are still together


@pytest.mark.mpi(min_size=2)
def test_every_ticket_goes_to_one_rank(comm, tmp_path_factory):
    folder = comm.bcast(str(tmp_path_factory.mktemp("tickets")) if comm.rank == 0 else None)
    tickets = Tickets(folder, comm)
    mine = [tickets.next() for _ in range(20)]
    tickets.close()
    taken = sorted(number for part in comm.allgather_object(mine) for number in part)
    assert taken == list(range(20 * comm.nranks))
    assert mine == sorted(mine)
