"""Registers whose rows follow each other without gaps, beside arrays of the pack."""

import numpy as np
import pytest

from crmpi.boundary.atmosphere import extrapolate_energy
from crmpi.boundary.layers import Face, inner_layer, layer_table
from crmpi.mesh.pack import make_grid
from crmpi.mesh.pool import Pool
from crmpi.mesh.regions import CELLS
from crmpi.numerics.cr.runs import without_gaps
from crmpi.numerics.rows.rows import TOGETHER


def grid_of(block, cells=(64, 64, 64)):
    return make_grid(block, cells, (0.0, 0.0, 0.0), (1.0, 1.0, 1.0), 2)


@pytest.mark.parametrize("block", [(16, 16, 16), (14, 7, 5), (4, 4, 4), (13, 9, 8)])
def test_all_cells_and_no_more_than_rows_of_whole_registers(block):
    grid = grid_of(block)
    own = without_gaps(grid)
    assert (own.m2, own.m3) == (block[1] + 4, block[2] + 4)
    assert own.m1 % TOGETHER == 0
    assert 0 <= own.m1 - (block[0] + 4) < TOGETHER
    assert own.m1 <= grid.m1  # kernels read as many numbers of a row of the pack
    assert own._replace(m1=grid.m1, m2=grid.m2, m3=grid.m3) == grid


def test_a_missing_axis_has_one_layer():
    own = without_gaps(grid_of((8, 1, 1), (64, 1, 1)))
    assert (own.m2, own.m3) == (1, 1)
    along = without_gaps(grid_of((1, 1, 8), (1, 1, 64)))
    assert (along.m1, along.m2, along.m3) == (TOGETHER, 1, 12)


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("outward", [-1, 1])
def test_energy_leaves_an_atmosphere_alike_in_either_layout(axis, outward):
    """Gravity is an array of the pack, the energy may be one of either."""
    grid, random = grid_of((6, 5, 7)), np.random.default_rng(3)
    own = without_gaps(grid)
    gravity = Pool(grid, 2).register(3)
    gravity[...] = random.normal(size=gravity.shape)
    wide, narrow = Pool(grid, 2).register(2), Pool(own, 2).register(2)
    cells = (..., slice(11), slice(9), slice(10))
    wide[cells] = random.random(wide[cells].shape)
    narrow[cells] = wide[cells]
    face = Face("of the test", axis, outward, [0, 1])
    table = layer_table(grid, face, CELLS, inner_layer)
    last = (grid.ng1, grid.ng2, grid.ng3)[axis]
    if outward > 0:
        last += (grid.n1, grid.n2, grid.n3)[axis] - 1
    before = wide.copy()
    for register in (wide, narrow):
        extrapolate_energy(register, 1, gravity, table, (axis, outward, last))
    assert (wide[cells] != before[cells]).any()
    np.testing.assert_array_equal(narrow[cells], wide[cells])
