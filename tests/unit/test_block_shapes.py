"""P2: the state is bitwise identical for every shape of blocks."""

import numpy as np
import pytest

from crmpi.parallel.comm import SerialComm
from tests.mpi.test_reproducibility import run, whole_mesh


@pytest.mark.parametrize(
    ("case", "shapes"),
    [
        ("orszag_tang", ["[32,32,1]", "[16,8,1]", "[4,32,1]"]),
        ("cr_box", ["[16,16,16]", "[8,16,4]"]),
    ],
)
def test_block_shape_does_not_change_a_bit(tmp_path, case, shapes):
    runs = [
        run(SerialComm(), tmp_path / str(n), case, [f"mesh.block={shape}"]).sim
        for n, shape in enumerate(shapes)
    ]
    first = runs[0]
    for other in runs[1:]:
        assert other.time == first.time
        assert np.array_equal(whole_mesh(first, first.pack.u0), whole_mesh(other, other.pack.u0))
        assert np.array_equal(whole_mesh(first, first.pack.b0), whole_mesh(other, other.pack.b0))
