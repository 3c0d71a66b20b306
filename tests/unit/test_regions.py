"""Which boxes a region of refinement touches."""

import numpy as np
import pytest

from crmpi.params import make
from crmpi.refinement.regions import RegionParams

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
