"""Which boxes a region of refinement touches, and how many blocks regions may take."""

import numpy as np
import pytest

from crmpi.errors import CrmpiError
from crmpi.mesh.tree import BlockTree
from crmpi.params import make
from crmpi.refinement.parameters import RefinementParams
from crmpi.refinement.regions import RegionParams
from crmpi.refinement.static import first_tree

HERE, ABOVE, BESIDE = [0.2, 0.2, 0.0], [0.2, 0.2, 5.0], [1.2, 1.2, 0.0]


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ({"shape": "cylinder", "radius": 1.5, "half_height": 2.0}, [True, False, False]),
        ({"shape": "cylinder", "radius": 1.5}, [True, True, False]),
        ({"shape": "cylinder", "radius": 1.8}, [True, True, True]),
        ({"shape": "sphere", "radius": 1.8}, [True, False, True]),
        ({"shape": "box", "lower": [0.0, 0.0, 0.0], "upper": [1.3, 1.3, 9.0]}, [True] * 3),
    ],
)
def test_unit_cubes(shape, expected):
    # the nearest corner of the cube beside is 1.2 sqrt(2) = 1.70 from the axis
    lower = np.array([HERE, ABOVE, BESIDE])
    region = make(RegionParams, level=1, **shape)
    assert region.touches(lower, lower + 1.0, [False] * 3).tolist() == expected


def test_a_missing_axis_does_not_count():
    region = make(RegionParams, level=1, shape="cylinder", radius=1.5, half_height=2.0)
    assert region.touches(np.array([ABOVE]), np.array([ABOVE]) + 1.0, [False, False, True]).all()


@pytest.mark.parametrize(("level", "most"), [(20, 1_000_000), (2, 20)])
def test_more_blocks_than_may_be_are_refused_before_they_are_made(level, most):
    """Level 20 of a whole cube would take 8^21 blocks; levels 1 and 2 of its corner 15 and 22."""
    root = BlockTree((16, 16, 16), (8, 8, 8), (0.0,) * 3, (1.0,) * 3, (False,) * 3)
    upper = [1.0] * 3 if level == 20 else [0.2] * 3
    region = {"level": level, "lower": [0.0] * 3, "upper": upper}
    params = make(RefinementParams, regions=[region], max_blocks=most)
    with pytest.raises(CrmpiError, match=rf"blocks or more, .*max_blocks' = {most}; make the reg"):
        first_tree(root, params)
    if level == 2:
        enough = make(RefinementParams, regions=[region], max_blocks=22)
        assert first_tree(root, enough).nblock == 22
