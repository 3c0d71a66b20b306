"""Problem callbacks become block arrays: positions, noise, vector potential, complaints about
impossible states."""

import numpy as np
import pytest

from crmpi.api import CrmpiError, Problem, par
from crmpi.api import np as api_np
from crmpi.mesh import BlockTree, make_pack
from crmpi.mesh.coordinates import Coordinates
from crmpi.mesh.pack import ECR_FIELD, HYDRO_FIELDS
from crmpi.model.module import load_problem_class
from crmpi.model.problem import set_initial_state


class Waves(Problem):
    """Everything varies, the field comes from a periodic vector potential plus a uniform part."""

    class Params:
        press: float = par(1.0, doc="gas pressure")

    def initial(self, x, p):
        return dict(
            dens=1.0 + 0.1 * x.noise(seed=3), vel1=np.sin(x.x2), press=p.press, ecr=0.5, b1=0.3
        )

    def vector_potential(self, x, p):
        turn = 2 * np.pi
        return dict(
            a1=np.cos(turn * x.x3) * np.sin(turn * x.x2),
            a2=np.sin(turn * x.x1),
            a3=np.cos(turn * (x.x1 + x.x2)),
        )


def make_state(block, cells=(8, 8, 4), press=1.0):
    tree = BlockTree(cells, block)
    pack = make_pack(tree, np.arange(tree.nblock), HYDRO_FIELDS + (ECR_FIELD,), 2)
    problem = Waves(Waves.Params(press=press), units=None, config=None)
    return tree, pack, set_initial_state(problem, pack, tree, gamma=5 / 3)


def assemble(tree, pack, array):
    """Return the active cells of component 0 of `array` on the whole mesh."""
    whole = np.empty(tree.cells[::-1])
    for b, view in enumerate(pack.active(array)[:, 0]):
        i, j, k = pack.origins[b]
        n3, n2, n1 = view.shape
        whole[k : k + n3, j : j + n2, i : i + n1] = view
    return whole


def test_initial_state_is_independent_of_blocks_bit_for_bit():
    reference = make_state((8, 8, 4))
    cut = make_state((4, 2, 4))
    for name in ("u0", "b0"):
        whole = assemble(reference[0], reference[1], getattr(reference[1], name))
        assert np.array_equal(whole, assemble(cut[0], cut[1], getattr(cut[1], name)))


def test_field_from_a_vector_potential_has_no_divergence():
    _, pack, complaint = make_state((4, 4, 4))
    assert complaint is None
    g, b = pack.grid, pack.b0
    s3, s2, s1 = (slice(n, n + m) for n, m in ((g.ng3, g.n3), (g.ng2, g.n2), (g.ng1, g.n1)))
    up = lambda s: slice(s.start + 1, s.stop + 1)  # noqa: E731
    div = (
        (b[:, 0, s3, s2, up(s1)] - b[:, 0, s3, s2, s1]) / g.dx1
        + (b[:, 1, s3, up(s2), s1] - b[:, 1, s3, s2, s1]) / g.dx2
        + (b[:, 2, up(s3), s2, s1] - b[:, 2, s3, s2, s1]) / g.dx3
    )
    assert np.abs(div).max() < 1e-13 * np.abs(b).max() / min(g.dx1, g.dx2, g.dx3)
    assert np.abs(b).max() > 1.0


def test_end_faces_of_a_periodic_axis_agree_bit_for_bit():
    _, pack, _ = make_state((8, 8, 4))
    g = pack.grid
    first, last = pack.b0[0, 0, :, :, g.ng1], pack.b0[0, 0, :, :, g.ng1 + g.n1]
    assert np.array_equal(first, last)


def test_impossible_values_are_named_with_their_place():
    _, _, complaint = make_state((8, 8, 4), press=-1.0)
    assert "press = -1" in complaint and "x1=" in complaint and "positive" in complaint
    assert "press = nan" in make_state((8, 8, 4), press=float("nan"))[2]


def test_unknown_variable_is_refused():
    class Typo(Problem):
        def initial(self, x, p):
            return dict(dens=1.0, pressure=1.0)

    tree = BlockTree((4, 1, 1), (4, 1, 1))
    pack = make_pack(tree, [0], HYDRO_FIELDS, 2)
    with pytest.raises(CrmpiError, match="unknown variable 'pressure'"):
        set_initial_state(Typo(Typo.Params(), None, None), pack, tree, 5 / 3)


def test_noise_is_a_function_of_the_global_cell_only():
    tree = BlockTree((8, 6, 1), (8, 6, 1))
    whole = Coordinates(tree, (0, 0, 0), (8, 6, 1)).noise(5)
    part = Coordinates(tree, (4, 3, 0), (4, 3, 1)).noise(5)
    assert np.array_equal(whole[:, 3:, 4:], part)
    assert np.array_equal(Coordinates(tree, (-2, 0, 0), (2, 6, 1)).noise(5), whole[:, :, -2:])
    assert not np.array_equal(whole, Coordinates(tree, (0, 0, 0), (8, 6, 1)).noise(6))
    assert whole.min() >= -1.0 and whole.max() < 1.0


@pytest.mark.parametrize(
    ("cells", "distance", "cylindrical"),
    [
        ((4, 4, 1), 0.5**0.5, 0.5**0.5),  # 0.5 and 0.5 in the middle of [0, 1], x3 is missing
        ((4, 1, 4), 0.5**0.5, 0.5),
        ((1, 4, 4), 0.5**0.5, 0.5),
        ((4, 1, 1), 0.5, 0.5),
        ((1, 1, 4), 0.5, 0.0),
        ((4, 4, 4), 0.75**0.5, 0.5**0.5),
    ],
)
def test_a_missing_axis_counts_as_zero_in_the_radii(cells, distance, cylindrical):
    tree = BlockTree(cells, cells, lower=(0, 0, 0), upper=(1, 1, 1))
    whole = Coordinates(tree, (0, 0, 0), cells)
    expected = sum(whole_axis(whole, axis) ** 2 for axis in range(3) if cells[axis] > 1) ** 0.5
    assert np.array_equal(
        np.broadcast_to(whole.r, whole.shape), np.broadcast_to(expected, whole.shape)
    )
    middle = Coordinates(
        tree, [n // 2 for n in cells], (1, 1, 1), offset=[0.0 if n > 1 else 0.5 for n in cells]
    )
    assert middle.r.item() == pytest.approx(distance, rel=1e-15)
    assert middle.R.item() == pytest.approx(cylindrical, rel=1e-15)
    # the corner cell, an eighth from each edge
    nearest = (0.5 / 4) ** 2 * sum(n > 1 for n in cells)
    assert np.exp(-(whole.r**2) / 0.01).max() == pytest.approx(np.exp(-nearest / 0.01), rel=1e-12)


def whole_axis(x, axis):
    return (x.x1, x.x2, x.x3)[axis]


def test_integrals_over_blocks_add_up():
    tree = BlockTree((8, 4, 2), (4, 4, 2), lower=(0, 0, -1), upper=(2, 1, 1))
    boxes = [Coordinates(tree, tree.origin(b), tree.block) for b in range(tree.nblock)]
    assert sum(x.integral(x.x1) for x in boxes) == pytest.approx(4.0)
    assert sum(x.integral(1.0, where=x.x1 < 1.0) for x in boxes) == pytest.approx(2.0)
    assert sum(x.plane_integral(1.0, x3=0.5) for x in boxes) == pytest.approx(2.0)
    assert sum(x.face_integral("ox1", 3.0) for x in boxes) == pytest.approx(6.0)


def test_problem_file_must_hold_one_problem(tmp_path):
    path = tmp_path / "problem.py"
    path.write_text("from crmpi.api import Problem\n")
    with pytest.raises(CrmpiError, match="exactly one subclass"):
        load_problem_class(path)
    path.write_text("import nothing_of_this_name\n")
    with pytest.raises(CrmpiError, match="cannot be imported"):
        load_problem_class(path)


def test_api_gives_numpy():
    assert api_np is np
