"""Stacks of blocks: which blocks stand on each other, and that the fluid does not notice."""

import numpy as np
import pytest

from crmpi.constants import DENS, ECR, PRES, VEL1
from crmpi.mesh.pack import make_grid
from crmpi.mesh.stacks import find_above, make_stacks
from tests.fluid_case import Case

LOWER, UPPER = (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)
ORIGINS = np.array([[0, 0, 4], [0, 0, 0], [4, 0, 4], [0, 0, 12], [4, 0, 0], [0, 0, 8]])


def grid(block, cells=(8, 8, 16)):
    return make_grid(block, cells, LOWER, UPPER, 2)


def test_blocks_above_are_those_of_the_same_level_on_this_rank():
    levels = np.array([0, 0, 0, 0, 1, 0])
    above = find_above(grid((4, 4, 4)), levels, ORIGINS)
    assert above.tolist() == [5, 0, -1, -1, -1, 3]


@pytest.mark.parametrize("block, cells", [((4, 4, 3), (4, 4, 9)), ((4, 4, 1), (8, 8, 1))])
def test_blocks_of_an_odd_number_of_planes_stand_alone(block, cells):
    origins = [[0, 0, 0], [0, 0, block[2]]]
    assert find_above(grid(block, cells), np.zeros(2, int), origins).tolist() == [-1, -1]


def test_a_block_that_is_left_out_separates_those_around_it():
    above = np.array([5, 0, -1, -1, 2, 3])
    stacks = make_stacks(above, np.ones(6, bool))
    assert stacks.bottoms.tolist() == [1, 4]
    assert stacks.above.tolist() == above.tolist()
    stacks = make_stacks(above, np.array([True, True, True, True, False, False]))
    assert stacks.bottoms.tolist() == [1, 2, 3]
    assert stacks.above.tolist() == [-1, 0, -1, -1, -1, -1]
    assert make_stacks(above, np.zeros(6, bool)).bottoms.size == 0


def test_stacks_of_some_blocks_in_a_row_end_with_them():
    above = np.array([5, 0, -1, -1, 2, 3])
    for first, last, bottoms, joined in ((0, 2, [1], [-1, 0]), (1, 4, [0, 1, 2], [-1, -1, -1])):
        stacks = make_stacks(above[first:last] - first, np.ones(last - first, bool))
        assert (stacks.bottoms.tolist(), stacks.above.tolist()) == (bottoms, joined)


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


def test_blocks_of_a_stack_are_corrected_alone_with_the_same_result():
    whole, cut = collision(None), collision((4, 4, 4))
    corrected = cut.fluid.ledger.counts["first_order"] > 0
    assert 0 < corrected.sum() < len(corrected)
    for a, b in ((whole.pack.u0, cut.pack.u0), (whole.pack.b0, cut.pack.b0)):
        np.testing.assert_array_equal(whole.gather(a), cut.gather(b))
