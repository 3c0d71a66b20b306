"""Block tree and partition."""

import numpy as np
import pytest

from crmpi.errors import CrmpiError
from crmpi.mesh import BlockTree, Location, make_pack, partition
from crmpi.mesh.pool import aligned_zeros
from crmpi.mesh.tree import OFFSETS

LATTICES = [(1, 1, 1), (5, 1, 1), (3, 4, 1), (4, 4, 4), (3, 5, 2), (1, 1, 7)]


def tree_of(lattice, periodic=(True, True, True), block=4):
    """Return a tree with `lattice` blocks; axes with one block stay missing unless the mesh is a
    single block."""
    cells = [n * block if n > 1 else 1 for n in lattice]
    return BlockTree(cells, [block if n > 1 else 1 for n in lattice], periodic=periodic)


@pytest.mark.parametrize("lattice", LATTICES)
def test_blocks_tile_the_mesh(lattice):
    tree = tree_of(lattice)
    covered = np.zeros(tree.cells, dtype=int)
    for gid in range(tree.nblock):
        covered[
            tuple(slice(o, o + n) for o, n in zip(tree.origin(gid), tree.block, strict=True))
        ] += 1
    assert np.all(covered == 1)
    assert all(isinstance(place, Location) and place.level == 0 for place in tree.locations)


@pytest.mark.parametrize("lattice", LATTICES)
@pytest.mark.parametrize("periodic", [(True,) * 3, (False,) * 3, (True, False, True)])
def test_neighbours_are_next_door(lattice, periodic):
    tree = tree_of(lattice, periodic)
    place = {tuple(location[1:]): gid for gid, location in enumerate(tree.locations)}
    for gid, location in enumerate(tree.locations):
        for offset in OFFSETS:
            there = [a + o for a, o in zip(location[1:], offset, strict=True)]
            for axis in range(3):
                if periodic[axis] and lattice[axis] > 1:
                    there[axis] %= lattice[axis]
            assert tree.neighbour(gid, offset) == place.get(tuple(there))


def test_z_order_of_a_power_of_two_is_the_morton_curve():
    tree = tree_of((2, 2, 2))
    assert [tuple(place[1:]) for place in tree.locations] == [
        (g & 1, g >> 1 & 1, g >> 2 & 1) for g in range(8)
    ]


def test_a_periodic_block_is_its_own_neighbour():
    tree = BlockTree((8, 8, 1), (8, 8, 1))
    assert tree.neighbour(0, (1, -1, 0)) == 0
    assert tree.neighbour(0, (0, 0, 1)) is None


@pytest.mark.parametrize("nblock, nranks", [(1, 1), (7, 3), (8, 4), (13, 5), (64, 7)])
def test_equal_blocks_are_shared_evenly_and_contiguously(nblock, nranks):
    owner = partition(tree_of((nblock, 1, 1)), nranks)
    counts = np.bincount(owner, minlength=nranks)
    assert np.all(np.diff(owner) >= 0)
    assert counts.sum() == nblock and counts.min() >= 1 and counts.max() - counts.min() <= 1


def test_costs_move_the_cuts():
    cost = np.array([8.0, 1, 1, 1, 1, 1, 1, 1, 1])
    assert partition(tree_of((9, 1, 1)), 2, cost).tolist() == [0] + [1] * 8
    lopsided = np.array([1e-6] * 8 + [1.0])
    assert set(partition(tree_of((9, 1, 1)), 4, lopsided)) == {0, 1, 2, 3}


def test_more_ranks_than_blocks_is_an_error_that_helps():
    with pytest.raises(CrmpiError, match=r"5 ranks cannot share 4 blocks.*mesh\.block"):
        partition(tree_of((4, 1, 1)), 5)


@pytest.mark.parametrize(
    "arguments, words",
    [
        (((64, 64, 1), (20, 64, 1)), "does not divide mesh.cells.*along x1.*16, 32"),
        (((64, 64, 1), (64, 64, 2)), "along x3"),
        (((0, 64, 1), (1, 64, 1)), "at least one cell"),
        (((4, 4, 4), (4, 4, 4), (0, 0, 0), (1, 0, 1)), "mesh.upper.*x2"),
    ],
)
def test_impossible_meshes_are_refused(arguments, words):
    with pytest.raises(CrmpiError, match=words):
        BlockTree(*arguments)


def test_pack_has_aligned_padded_arrays_and_global_coordinates():
    tree = BlockTree((12, 8, 1), (6, 4, 1), (-1.0, 0.0, 0.0), (2.0, 1.0, 1.0))
    pack = make_pack(tree, [1, 2], ng=2)
    assert pack.u0.shape == (2, 5, 1, 9, 16)
    assert pack.u0.ctypes.data % 64 == 0
    assert pack.active(pack.u0).shape == (2, 5, 1, 4, 6)
    x1, x2, x3 = pack.coords(0)
    assert x1[0] == -1.0 + 6.5 * 0.25 and x2[0] == 0.5 * 0.125 and x3.tolist() == [0.5]
    with pytest.raises(CrmpiError, match="thinner than the 3 ghost zones"):
        make_pack(BlockTree((8, 8, 1), (2, 8, 1)), [0], ng=3)


def test_aligned_zeros():
    for size in (1, 7, 64):
        array = aligned_zeros((size,))
        assert array.ctypes.data % 64 == 0 and not array.any()
