"""Ghost exchange and reductions between ranks: bitwise identical to one rank.

Run with: mpirun -n 2 python -m pytest --with-mpi --only-mpi tests/mpi
"""

from types import SimpleNamespace

import numpy as np
import pytest

from crmpi.boundary.ghosts import Ghosts
from crmpi.constants import ENER
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
    """Return {gid: (u, b)} of this rank after an exchange of data that depend on the global cell
    only."""
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
    partials = (
        np.random.default_rng(5).standard_normal((40, 3)) * 10.0 ** np.arange(0, 40, 1)[:, None]
    )
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
    assert comm.first(None) is None
    assert comm.first(f"rank {comm.rank}" if comm.rank else None) == "rank 1"


@pytest.mark.parametrize("dtype", [np.int64, np.float32, np.float64])
def test_rows_of_all_ranks_come_in_their_order(comm, dtype):
    """Rank r gives r rows, so that rank 0 gives none."""
    mine = np.full((comm.rank, 3), comm.rank, dtype=dtype)
    expected = np.repeat(np.arange(comm.nranks), np.arange(comm.nranks))
    for rows, found in ((mine, expected[:, None] * [1, 1, 1]), (mine[:, 0], expected)):
        gathered = comm.gather_rows(rows)
        assert gathered.dtype == dtype and np.array_equal(gathered, found)


@pytest.mark.parametrize("kind", ["outflow", "diode", "reflect", "hydrostatic"])
def test_ranks_do_not_change_physical_boundaries(comm, kind):
    tree = BlockTree((12, 8, 8), (4, 4, 4), periodic=(True, False, False))
    boundaries = {
        "ix1": "periodic",
        "ox1": "periodic",
        "ix2": kind,
        "ox2": "outflow",
        "ix3": "reflect",
        "ox3": kind,
    }
    alone = _filled(SerialComm(), tree, boundaries)
    for gid, (u, b) in _filled(comm, tree, boundaries).items():
        assert np.array_equal(u, alone[gid][0])
        assert np.array_equal(b, alone[gid][1])


def _filled(comm, tree, boundaries):
    """Return {gid: (u, b)} of this rank after a ghost fill; only active cells and faces are set
    before."""
    owner = partition(tree, comm.nranks)
    pack = make_pack(tree, np.flatnonzero(owner == comm.rank), ng=3, gravity=True)
    pack.grav[...] = -0.5
    for b, gid in enumerate(pack.gids):
        active = pack.active(pack.u0)[b]
        active[...] = np.random.default_rng(gid).uniform(0.5, 1.5, active.shape)
        active[ENER] += 10.0
        pack.b0[b, :, 3:8, 3:8, 3:8] = 0.5
    Ghosts(
        comm, tree, owner, pack, boundaries, SimpleNamespace(gamma=5 / 3, gamma_cr=4 / 3)
    ).fill_fluid(pack.u0, pack.b0, 0.0)
    return {int(gid): (pack.u0[b], pack.b0[b]) for b, gid in enumerate(pack.gids)}
