"""Tiles: which blocks are worked on together, and that neither the fluid nor the moments of
cosmic rays notice."""

import numpy as np
import pytest

from crmpi.constants import DENS, ECR, PRES, VEL1
from crmpi.mesh.pack import Pack, make_grid
from crmpi.mesh.tiles import Tiles, make_tiles, most_blocks
from tests.fluid_case import Case
from tests.mpi.test_reproducibility import whole_mesh
from tests.stepping import SOLVERS, begin, step


def grid(*block):
    return make_grid(block, (64, 64, 64), (0.0, 0.0, 0.0), (1.0, 1.0, 1.0), 2)


def places_of(*counts):
    """Return the places of all blocks of a box, shuffled."""
    k, j, i = np.indices(counts[::-1]).reshape(3, -1)
    return np.random.default_rng(7).permutation(np.column_stack([i, j, k]))


def check(block, places, selected, widest=(16, 32)):
    """Check that the tiles are boxes that hold every selected block once and no other."""
    tiles = make_tiles(grid(*block), places, widest, selected)
    most = most_blocks(grid(*block), places, widest)
    assert sorted(tiles.blocks) == np.flatnonzero(selected).tolist()
    last = 0
    for first, shape in zip(tiles.first, tiles.shape, strict=True):
        assert first == last
        last = first + shape.prod()
        box = places[tiles.blocks[first:last]]
        k, j, i = np.indices(shape[::-1]).reshape(3, -1)
        np.testing.assert_array_equal(box, box[0] + np.column_stack([i, j, k]))
        assert shape[0] <= most[0] and shape[1] <= most[1]
    assert last == len(tiles.blocks)
    return tiles


def test_a_box_of_blocks_is_one_tile():
    assert check((4, 4, 4), places_of(3, 2, 5), np.ones(30, bool)).shape.tolist() == [[3, 2, 5]]


def test_a_tile_is_no_wider_than_it_may_be():
    tiles = check((8, 16, 4), places_of(5, 3, 9), np.ones(135, bool))
    expected = [[1, 1, 9], [1, 2, 9], [2, 1, 9], [2, 1, 9], [2, 2, 9], [2, 2, 9]]
    assert sorted(tiles.shape.tolist()) == expected
    assert most_blocks(grid(16, 32, 4), places_of(2, 2, 2), (1, 63)) == (1, 1)


def test_blocks_of_an_odd_number_of_planes_are_not_joined_along_x3():
    assert (check((4, 4, 3), places_of(2, 2, 3), np.ones(12, bool)).shape[:, 2] == 1).all()


def test_holes_and_single_blocks():
    places = places_of(4, 4, 4)
    for seed in range(20):
        check((4, 4, 4), places, np.random.default_rng(seed).random(64) < 0.7)
    assert check((4, 4, 4), places, np.zeros(64, bool)).first.size == 0


def collision(block):
    """Return a `Case` after some steps of clumps that collide in a part of the box, many times
    faster than sound, with a field, cosmic rays and a scalar."""
    case = Case((8, 8, 16), block, scalars=1)
    x3, x2, x1 = (np.indices((16, 8, 8)) + 0.5) / np.array([16, 8, 8]).reshape(3, 1, 1, 1)
    w = np.zeros((7, 16, 8, 8))
    w[DENS] = 1.0 + 0.5 * np.sin(2.0 * np.pi * x1)
    inside = (np.abs(x3 - 0.5) < 0.2) & (x1 < 0.5)
    clumps = np.random.default_rng(5).uniform(-1.0, 1.0, (4, 16, 8, 8))
    w[DENS] *= np.where(inside, 10.0 ** clumps[0], 1.0)
    w[VEL1 : VEL1 + 3] = np.where(inside, 20.0 * clumps[1:], 0.0)
    w[PRES], w[ECR], w[ECR + 1] = 0.01, 0.01, x2
    case.start(w, np.broadcast_to(np.array([0.2, 0.1, 0.3]).reshape(3, 1, 1, 1), (3, 16, 8, 8)))
    case.run(0.03)
    return case


def test_blocks_of_a_tile_are_corrected_alone_with_the_same_result():
    whole, cut = collision(None), collision((4, 4, 4))
    corrected = cut.fluid.ledger.counts["first_order"] > 0
    assert 0 < corrected.sum() < len(corrected)
    for a, b in ((whole.pack.u0, cut.pack.u0), (whole.pack.b0, cut.pack.b0)):
        np.testing.assert_array_equal(whole.gather(a), cut.gather(b))


class WithHoles(Pack):
    """A pack that takes some of its blocks first, and then those that are left in between."""

    def tiles(self, part, widest, selected=None):
        own, places = part.blocks, self.origins[part.blocks] // np.array(self.grid[:3])
        chosen = np.random.default_rng(3).random(own.stop - own.start) < 0.6
        some, rest = (make_tiles(self.grid, places, widest, s) for s in (chosen, ~chosen))
        assert min(len(some.first), len(rest.first)) >= 3
        assert max(some.shape[:, 0].max(), rest.shape[:, 0].max()) > 1
        return Tiles(
            np.concatenate([some.blocks, rest.blocks]),
            np.concatenate([some.first, rest.first + len(some.blocks)]),
            np.concatenate([some.shape, rest.shape]),
        )


@pytest.mark.parametrize("solver", ["two_moment", "alfven_regulated"])
@pytest.mark.parametrize("block", ["[4,4,4]", "[6,4,4]", "[12,8,4]"])
def test_tiles_with_holes_give_the_moments_of_one_block(solver, block):
    cells = "mesh.cells=[24,16,16]", "fluid.frozen=true"
    whole, cut = (
        begin("cr_box", *cells, f"mesh.block={shape}", *SOLVERS[solver])
        for shape in ("[24,16,16]", block)
    )
    before = whole_mesh(whole, whole.pack.u0).copy()
    cut.pack.__class__ = WithHoles
    for sim in (whole, cut):
        step(sim, 2)
    after = whole_mesh(whole, whole.pack.u0)
    assert not np.array_equal(before, after)
    np.testing.assert_array_equal(after, whole_mesh(cut, cut.pack.u0))
