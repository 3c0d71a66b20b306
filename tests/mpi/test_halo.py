"""Ghost exchange and reductions between ranks: the same bits as on one rank.

Run with: mpirun -n 2 python -m pytest --with-mpi --only-mpi tests/mpi
"""

import numpy as np
import pytest

from crmpi.mesh import BlockTree, make_pack, partition
from crmpi.parallel.comm import SerialComm
from crmpi.parallel.halo import Halo
from tests.halo_cases import CASES, FIELDS, exchange_errors

pytestmark = pytest.mark.mpi(min_size=2)

SHARED = [case for case in CASES if "single" not in case and case != "1d"]


@pytest.mark.parametrize("case", SHARED)
def test_ghosts_are_the_periodic_mesh(comm, case):
    cells, block = CASES[case]
    assert exchange_errors(comm, cells, block) == 0


def _exchanged(comm, tree):
    """Return {gid: (u, b)} of this rank after an exchange of data that depend on the global cell only."""
    owner = partition(tree, comm.nranks)
    pack = make_pack(tree, np.flatnonzero(owner == comm.rank), FIELDS, ng=3)
    for b, gid in enumerate(pack.gids):
        generator = np.random.default_rng(gid)
        pack.u0[b], pack.b0[b] = generator.standard_normal((2, 3, *pack.u0.shape[2:]))
    Halo(comm, tree, owner, pack).exchange(cells=(pack.u0,), faces=(pack.b0,))
    return {int(gid): (pack.u0[b], pack.b0[b]) for b, gid in enumerate(pack.gids)}


def test_ranks_do_not_change_a_bit(comm):
    tree = BlockTree((12, 12, 8), (4, 4, 4), periodic=(True, False, True))
    alone = _exchanged(SerialComm(), tree)
    for gid, (u, b) in _exchanged(comm, tree).items():
        assert np.array_equal(u, alone[gid][0])
        assert np.array_equal(b, alone[gid][1])


def test_sums_do_not_depend_on_ranks(comm):
    partials = np.random.default_rng(5).standard_normal((40, 3)) * 10.0 ** np.arange(0, 40, 1)[:, None]
    mine = partials[comm.rank :: comm.nranks]
    assert np.array_equal(comm.block_sums(mine), SerialComm().block_sums(partials))


def test_reductions(comm):
    assert comm.min(float(comm.rank)) == 0.0
    assert comm.max(float(comm.rank)) == comm.nranks - 1
    assert comm.any(comm.rank == comm.nranks - 1)
    assert not comm.any(False)
    assert np.isnan(comm.min(np.nan if comm.rank == 1 else 1.0))
    assert comm.allgather_object(comm.rank) == list(range(comm.nranks))
    assert comm.bcast("first" if comm.rank == 0 else None) == "first"
