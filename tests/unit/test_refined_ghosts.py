"""Ghost zones of refined meshes: exact where they must be, free of divergence everywhere."""

import numpy as np
import pytest

from crmpi.constants import DENS, ENER
from crmpi.mesh.leaves import OFFSETS, Index, Lattice, close, in_z_order, refine, root_leaves, split
from crmpi.mesh.links import COARSE, relations
from tests.refined_case import (
    MESHES,
    divergence,
    field_of,
    ghosts_of,
    in_mesh,
    inside,
    linear,
    random_leaves,
    random_tree,
    set_uniform,
)

SEEDS = range(3)


@pytest.mark.parametrize(
    "missing", [(False, True, True), (False, False, True), (False, False, False)]
)
@pytest.mark.parametrize("seed", SEEDS)
def test_leaves_cover_the_mesh_once_and_are_two_to_one(missing, seed):
    size = tuple(1 if gone else n for n, gone in zip((3, 4, 2), missing, strict=True))
    lattice = Lattice(size, (True, False, True), missing)
    leaves = random_leaves(lattice, np.random.default_rng(seed))
    finest = leaves[:, 0].max()
    covered = np.zeros(lattice.extents([finest])[0], int)
    for level, *place in leaves:
        ratio = [1 if gone else 2 ** (finest - level) for gone in missing]
        covered[tuple(slice(p * r, (p + 1) * r) for p, r in zip(place, ratio, strict=True))] += 1
    assert (covered == 1).all()
    index = Index(lattice, leaves)
    assert (index.find(leaves[:, 0], leaves[:, 1:]) == np.arange(len(leaves))).all()
    for offset in OFFSETS:
        found = index.find(leaves[:, 0], leaves[:, 1:] + np.array(offset))
        assert (leaves[found[found >= 0], 0] >= leaves[found >= 0, 0] - 1).all()


def test_refining_one_corner_refines_a_staircase_towards_it():
    lattice = Lattice((8, 1, 1), (False,) * 3, (False, True, True))
    leaves = refine(
        lattice,
        root_leaves(lattice),
        lambda leaves: np.where((leaves[:, 1:] == 0).all(axis=1), 3, 0),
    )
    assert leaves[:, 0].tolist() == [3, 3, 2, 1, 0, 0, 0, 0, 0, 0, 0]


def test_siblings_follow_each_other_on_the_curve():
    lattice = Lattice((3, 2, 1), (True,) * 3, (False, False, True))
    leaves = split(lattice, root_leaves(lattice), np.arange(6) == 4)
    where = np.flatnonzero(leaves[:, 0] == 1)
    assert (np.diff(where) == 1).all() and len(where) == 4
    assert np.array_equal(in_z_order(lattice, leaves[::-1]), leaves)


def test_a_two_to_one_mesh_stays_as_it_is():
    lattice = Lattice((4, 4, 1), (True,) * 3, (False, False, True))
    leaves = random_leaves(lattice, np.random.default_rng(0))
    assert np.array_equal(close(lattice, leaves), leaves)


@pytest.mark.parametrize("name", MESHES)
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("ng", [2, 4])
def test_linear_fields_are_exact_in_ghosts(serial, name, seed, ng):
    """Primitive variables linear in space, and a field whose components are linear, at rest:
    pressure stays exact too."""
    tree = random_tree(name, seed, periodic=False, rounds=3 if ng == 2 else 2, scale=ng // 2)
    pack, ghosts = ghosts_of(serial, tree, np.zeros(tree.nblock, int), ng)
    wanted = {}
    for b in range(pack.nblock):
        dens, ecr = (
            linear(tree, pack, b, (3.0, 0.5, -0.3, 0.2)),
            linear(tree, pack, b, (2.0, -0.4, 0.1, 0.3)),
        )
        field = [
            field_of(
                tree, pack, b, axis, lambda c, x, y: (0.3, 0.5, -0.2)[c] * x * y + (c + 1.0) * x
            )
            for axis in range(3)
        ]
        wanted[b] = dens, ecr, field
        cells = inside(tree, pack, b)
        pack.active(pack.u0)[b] = 0.0
        pack.active(pack.u0)[b, DENS], pack.active(pack.u0)[b, pack.index["ecr"]] = (
            dens[cells],
            ecr[cells],
        )
        for axis in range(3):
            region = inside(tree, pack, b, axis)
            pack.b0[b, axis][region] = field[axis][region]
        pack.active(pack.u0)[b, ENER] = 1.5
    ghosts.fill_fluid(pack.u0, pack.b0, 0.0)
    for b in range(pack.nblock):
        dens, ecr, field = wanted[b]
        keep = in_mesh(tree, pack, b, 4)
        for found, exact in ((pack.u0[b, DENS], dens), (pack.u0[b, pack.index["ecr"]], ecr)):
            assert np.abs(within(found, exact) - exact)[keep].max(initial=0.0) < 1e-13
        for axis, exact in enumerate(field):
            keep = in_mesh(tree, pack, b, 4, axis)
            assert np.abs(within(pack.b0[b, axis], exact) - exact)[keep].max(initial=0.0) < 1e-12


def within(array, like):
    """Return the part of an array of a pack that has the shape of `like`."""
    return array[tuple(slice(0, n) for n in like.shape)]


@pytest.mark.parametrize("name", MESHES)
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("periodic", [True, False])
def test_fields_have_no_divergence_in_ghosts(serial, name, seed, periodic):
    tree = random_tree(name, seed, periodic)
    pack, ghosts = ghosts_of(serial, tree, np.zeros(tree.nblock, int))
    lengths = np.array(tree.upper) - tree.lower

    def potential(c, x, y):
        kx, ky = (2 * np.pi / lengths[(c + n) % 3] for n in (1, 2))
        return 0.1 * np.sin(kx * x + c) * np.cos(2 * ky * y) + 0.05 * np.cos(3 * kx * x)

    set_uniform(pack)
    for b in range(pack.nblock):
        for axis in range(3):
            region = inside(tree, pack, b, axis)
            pack.b0[b, axis][region] = field_of(tree, pack, b, axis, potential)[region]
    ghosts.fill_fluid(pack.u0, pack.b0, 0.0)
    assert (relations(tree) == COARSE).any()
    for b in range(pack.nblock):
        found = divergence(pack, b)
        if not periodic:  # conditions at walls may have divergence beyond them
            found = found[in_mesh(tree, pack, b)]
        assert found.max() < 1e-13, (b, pack.levels[b])


@pytest.mark.parametrize("name", MESHES)
@pytest.mark.parametrize("kind", ["outflow", "reflect", "diode"])
def test_a_uniform_state_is_uniform_in_ghosts(serial, name, kind):
    tree = random_tree(name, 1, periodic=kind == "outflow")
    pack, ghosts = ghosts_of(serial, tree, np.zeros(tree.nblock, int), kind=kind)
    set_uniform(pack)
    for axis, value in enumerate((0.0, 0.0, 0.0) if kind == "reflect" else (0.4, -0.3, 0.2)):
        for b in range(pack.nblock):
            pack.b0[b, axis][inside(tree, pack, b, axis)] = value
    reference = pack.u0[0, :, pack.grid.ng3, pack.grid.ng2, pack.grid.ng1].copy()
    ghosts.fill_fluid(pack.u0, pack.b0, 0.0)
    grid = pack.grid
    filled = pack.u0[
        :, :, : grid.n3 + 2 * grid.ng3, : grid.n2 + 2 * grid.ng2, : grid.n1 + 2 * grid.ng1
    ]
    for v in (DENS, pack.index["ecr"], pack.index["dye"]):
        assert np.abs(filled[:, v] - reference[v]).max() == 0.0
    q = pack.u0.copy()
    ghosts.fill_cells(q, pack.fields, 0.0)
    assert np.array_equal(q[:, DENS], pack.u0[:, DENS])
