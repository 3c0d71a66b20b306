"""Ghost exchange on one rank: every direction, edges and corners, cells and faces, against the
periodic mesh."""

import numpy as np
import pytest

from crmpi.mesh import BlockTree, make_pack, partition
from crmpi.parallel.halo import Halo
from tests.halo_cases import CASES, FIELDS, exchange_errors


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("ng", [2, 3])
def test_ghosts_are_the_periodic_mesh(serial, case, ng):
    cells, block = CASES[case]
    assert exchange_errors(serial, cells, block, ng) == 0


def test_beyond_physical_boundaries_nothing_is_touched(serial):
    tree = BlockTree((8, 8, 1), (4, 4, 1), periodic=(False, True, False))
    owner = partition(tree, 1)
    pack = make_pack(tree, range(4), FIELDS, ng=2)
    pack.u0[...] = -1.0
    pack.active(pack.u0)[...] = 2.0
    Halo(serial, tree, owner, pack).exchange(cells=(pack.u0,))
    for b, gid in enumerate(pack.gids):
        column = tree.locations[gid].lx1
        rows = pack.u0[b, 0, 0, :8]
        outside, inside = (slice(0, 2), slice(6, 8)) if column == 0 else (slice(6, 8), slice(0, 2))
        assert np.all(rows[:, outside] == -1.0)
        assert np.all(rows[:, inside] == 2.0)


def test_shared_faces_are_left_alone(serial):
    tree = BlockTree((8, 1, 1), (4, 1, 1))
    pack = make_pack(tree, range(2), FIELDS, ng=2)
    pack.b0[...] = np.arange(pack.b0.size).reshape(pack.b0.shape)
    before = pack.b0.copy()
    Halo(serial, tree, partition(tree, 1), pack).exchange(faces=(pack.b0,))
    assert np.array_equal(pack.b0[:, 0, 0, 0, 2:7], before[:, 0, 0, 0, 2:7])
    assert np.array_equal(pack.b0[0, 0, 0, 0, :2], before[1, 0, 0, 0, 4:6])
    assert np.array_equal(pack.b0[0, 0, 0, 0, 7:9], before[1, 0, 0, 0, 3:5])
