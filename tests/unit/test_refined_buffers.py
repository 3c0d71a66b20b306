"""Parent buffers hold all that prolongation looks at."""

import numpy as np
import pytest

from crmpi.parallel.comm import SerialComm
from tests.refined_case import MESHES, ghosts_of, random_tree, set_uniform


@pytest.mark.parametrize("name", MESHES)
@pytest.mark.parametrize("ng", [2, 4])
@pytest.mark.parametrize("periodic", [True, False])
def test_ghosts_do_not_depend_on_what_buffers_held_before(name, ng, periodic):
    """Random states, whose slopes are not limited to zero, with buffers that begin with other
    numbers."""
    tree = random_tree(name, 3, periodic, scale=2 if ng == 4 else 1)
    filled = []
    for before in (0.0, 2.0, 500.0):
        pack, ghosts = ghosts_of(SerialComm(), tree, np.zeros(tree.nblock, int), ng)
        rng = np.random.default_rng(1)
        set_uniform(pack)
        pack.u0 *= 1.0 + 0.1 * rng.random(pack.u0.shape)
        pack.b0[...] = rng.random(pack.b0.shape)
        pack.u0[:, 4] += 10.0
        for label, array in (("cells0", pack.u0), ("faces0", pack.b0)):
            ghosts.crossing.parents.buffer(array.shape[1], label)[...] = before
        ghosts.fill_fluid(pack.u0, pack.b0, 0.0)
        filled.append((pack.u0.copy(), pack.b0.copy()))
    for u, b in filled[1:]:
        assert np.array_equal(u, filled[0][0]) and np.array_equal(b, filled[0][1])
