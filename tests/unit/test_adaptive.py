"""Adaptive refinement: the next mesh from flags, and the state on it."""

import numpy as np
import pytest

from crmpi.cli.main import main
from crmpi.errors import CrmpiError
from crmpi.mesh.leaves import OFFSETS, Index, Lattice
from crmpi.mesh.partition import block_costs, partition
from crmpi.mesh.tree import BlockTree
from crmpi.refinement.adapt import next_leaves, sources_of
from crmpi.refinement.base import DEREFINE, KEEP, REFINE, criteria_classes
from crmpi.run import stepper
from tests.refined_case import MESHES, divergence, random_tree
from tests.verification.runs import begin

BLAST = ("mesh.cells=[32,32,1]", "mesh.block=[8,8,1]", "transport.solver=none")
STEEP = "{name: gradient, variable: press, refine: 0.2, derefine: 0.1}"
BOX = (
    "{name: moving_box, lower: [-0.4, -0.2, -0.2], upper: [-0.1, 0.1, 0.1], velocity: [60, 20, 0]}"
)
ADAPT = "mesh.refinement={{max_level: 2, interval: 2, min_age: {}, criteria: [{}]}}"


def assert_valid(tree):
    """Leaves cover the mesh once and neighbours differ by one level at most."""
    lattice, leaves = tree.roots, tree.leaves
    finest = tree.max_level
    ratio = np.where(tree.missing, 1, 2 ** (finest - leaves[:, :1]))
    assert ratio.prod(axis=1).sum() == np.prod(lattice.extents([finest])[0])
    index = Index(lattice, leaves)
    assert (index.find(leaves[:, 0], leaves[:, 1:]) == np.arange(len(leaves))).all()
    for offset in OFFSETS:
        found = index.find(leaves[:, 0], leaves[:, 1:] + np.array(offset))
        held = found >= 0
        assert (leaves[found[held], 0] >= leaves[held, 0] - 1).all()


@pytest.mark.parametrize("name", MESHES)
@pytest.mark.parametrize("seed", range(4))
def test_any_flags_give_a_valid_mesh_one_level_away(name, seed):
    tree = random_tree(name, seed, rounds=2)
    rng = np.random.default_rng(seed)
    flags = rng.choice([REFINE, KEEP, DEREFINE, DEREFINE, DEREFINE], tree.nblock)
    flags[tree.levels == 3] = np.minimum(flags[tree.levels == 3], KEEP)
    new = tree.with_leaves(next_leaves(tree, flags))
    assert_valid(new)
    kind, source = sources_of(tree, new)
    assert (new.levels - tree.levels[source] == kind).all()
    refined = np.flatnonzero(flags == REFINE)
    find = Index(new.roots, new.leaves).find
    assert (find(tree.levels[refined], tree.leaves[refined, 1:]) < 0).all()  # they are finer now


def test_siblings_are_joined_only_together():
    tree = BlockTree((8, 8, 1), (4, 4, 1), periodic=(True, True, True))
    tree = tree.with_leaves(next_leaves(tree, np.array([REFINE, KEEP, KEEP, KEEP])))
    flags = np.full(tree.nblock, DEREFINE)
    assert tree.with_leaves(next_leaves(tree, flags)).nblock == 4
    flags[1] = KEEP
    assert next_leaves(tree, flags) is tree.leaves


def test_nothing_changes_without_flags():
    lattice = Lattice((4, 4, 1), (True,) * 3, (False, False, True))
    tree = random_tree("2d", 0)
    assert next_leaves(
        tree, np.zeros(tree.nblock, int)
    ) is tree.leaves and lattice.children.shape == (4, 3)


def step(sim, count):
    """Make steps, adapting the mesh as the driver does; return how often it changed."""
    changes = 0
    for _ in range(count):
        dt = sim.comm.min(sim.fluid.max_dt(0.3))
        stepper.advance(sim, dt)
        sim.clock.tick(dt)
        changes += bool(sim.adapt())
    return changes


def totals(sim):
    """Return mass, momenta and E + e of the box."""
    row = sim.history_row()
    return np.array(
        [row["mass [code]"], *(row[f"mom{a} [code]"] for a in (1, 2, 3)), row["ener [code]"]]
    )


@pytest.mark.parametrize(
    "dimensions, criterion, age", [(1, STEEP, 4), (2, STEEP, 4), (2, BOX, 0), (3, BOX, 0)]
)
def test_regridding_conserves_and_keeps_div_b(dimensions, criterion, age):
    """T2 and T3: a mesh that follows a blast or a box; every change keeps all sums, and div B in
    ghosts too."""
    cells = (
        [32 if axis < dimensions else 1 for axis in range(3)] if dimensions < 3 else [24, 24, 16]
    )
    block = [8 if n > 1 else 1 for n in cells]
    sizes = f"mesh.cells={cells}", f"mesh.block={block}"
    sim = begin(
        "blast", *sizes, "transport.solver=none", "problem.beta=1", ADAPT.format(age, criterion)
    )
    sim.remesher.settle()
    start, changes = totals(sim), 0
    for _ in range(8):
        changes += step(sim, 2)
        assert_valid(sim.tree)
        assert np.abs(totals(sim) - start).max() < 1e-13
        assert max(divergence(sim.pack, b).max() for b in range(sim.pack.nblock)) < 1e-13
    assert changes >= 2 and sim.tree.max_level == 2


def test_the_mesh_follows_a_moving_box():
    box = "{name: moving_box, lower: [-0.3, -0.1, -1], upper: [-0.1, 0.1, 1], velocity: [40, 0, 0]}"
    sim = begin(
        "blast",
        *BLAST,
        f"mesh.refinement={{max_level: 1, interval: 1, min_age: 0, criteria: [{box}]}}",
        "problem.beta=1",
    )
    sim.remesher.settle()
    before = sim.tree.leaves[sim.tree.levels == 1].copy()
    step(sim, 16)
    after = sim.tree.leaves[sim.tree.levels == 1]
    assert len(before) and len(after) and not np.array_equal(before, after)
    centre = ((after[:, 1] + 0.5) / 8 - 0.5).mean()
    assert abs(centre - (-0.2 + 40 * sim.time)) < 1 / 8  # a block of level 1


@pytest.mark.parametrize(
    "name", [n for n in criteria_classes() if n not in ("user", "cooling_length", "jeans_length")]
)
def test_every_criterion_runs(name):
    own = {
        "mass": "mass: 1e-3",
        "moving_box": "lower: [-0.1,-0.1,0], upper: [0.1,0.1,0]",
        "cosmic_ray_height": "share: 0",
    }.get(name, "")
    criterion = f"{{name: {name}{', ' + own if own else ''}}}"
    problem = "cr_box" if name == "cosmic_ray_height" else "blast"
    sim = begin(problem, *BLAST, f"mesh.refinement={{max_level: 1, criteria: [{criterion}]}}")
    flags = sim.remesher.flags()
    assert set(np.unique(flags)) <= {REFINE, KEEP, DEREFINE}


def test_a_criterion_without_its_variable_is_refused():
    sim = begin(
        "blast",
        *BLAST,
        "mesh.refinement={max_level: 1, criteria: [{name: gradient, variable: ecr}]}",
    )
    with pytest.raises(
        CrmpiError, match=r"'gradient' needs 'ecr', which this run does not have; known: dens"
    ):
        sim.remesher.flags()


def test_the_criterion_user_needs_the_hook_of_the_problem():
    sim = begin("blast", *BLAST, "mesh.refinement={max_level: 1, criteria: [{name: user}]}")
    with pytest.raises(CrmpiError, match=r"'user' needs the hook refine\(self, x, w, t, p\)"):
        sim.remesher.flags()


@pytest.mark.parametrize(
    "words, sentence",
    [
        ("{max_level: 1, criteria: [{name: gradinet}]}", "did you mean 'gradient'"),
        (
            "{criteria: [{name: gradient}]}",
            "'mesh.refinement.max_level' must be given with 'mesh.refinement.criteria'",
        ),
        (
            "{max_level: 1, criteria: [{name: gradient, refine: 0.1, derefine: 0.2}]}",
            "must be below 'refine'",
        ),
        (
            "{regions: [{level: 1, lower: [2,2,0], upper: [3,3,0]}]}",
            "is outside of the mesh along x1",
        ),
        (
            "{regions: [{level: 1, lower: [0,0,0], upper: [0.01,0.5,0]}]}",
            "is thinner along x1 than a block of level 1",
        ),
        ("{regions: [{level: 1, shape: sphere}]}", "must be given for a region of shape 'sphere'"),
        ("{regions: {level: 1}}", "must be a list of groups"),
        (
            "{regions: [{level: 19, lower: [-0.5,-0.5,0], upper: [0.5,0.5,0]}]}",
            "has a level too high",
        ),
    ],
)
def test_wrong_refinement_is_one_sentence(words, sentence):
    with pytest.raises(CrmpiError) as caught:
        begin("blast", *BLAST, f"mesh.refinement={words}")
    assert sentence in str(caught.value)


def test_too_many_blocks_end_a_run_with_a_checkpoint(tmp_path, capfd):
    """The mesh of a blast grows beyond what is allowed: one sentence, even of a quiet run, exit
    code 3, and a checkpoint of the last state."""
    steep = "{name: gradient, variable: press, refine: 0.05, derefine: 0.02}"
    growing = f"mesh.refinement={{max_level: 2, max_blocks: 60, interval: 2, criteria: [{steep}]}}"
    words = [*BLAST, growing, f"output.dir={tmp_path}", "time.max_steps=80"]
    assert main(["run", "blast", *words, "--quiet"]) == 3
    said = capfd.readouterr().err.strip()
    assert "\n" not in said and said.startswith("crmpi: error: the mesh would need ")
    assert "more than 'mesh.refinement.max_blocks' = 60; raise it" in said
    assert len(list((tmp_path / "checkpoints").glob("*.h5"))) == 1


def test_a_refined_run_balances_its_cost():
    sim = begin(
        "blast",
        *BLAST,
        "mesh.refinement={regions: [{level: 2, lower: [-0.1,-0.1,0], upper: [0.1,0.1,0]}]}",
    )
    cost = block_costs(sim.tree)
    assert (cost[sim.tree.levels == 0] >= 1.0).all() and cost.max() > 1.4
    owner = partition(sim.tree, 3, cost)
    shares = np.bincount(owner, weights=cost)
    assert np.abs(shares - cost.sum() / 3).max() <= cost.max()


@pytest.mark.parametrize("cells", [1, 1 << 16])
def test_a_box_flags_the_blocks_it_overlaps_however_many_are_looked_at_together(monkeypatch, cells):
    """Blocks are a quarter of the mesh wide; the box lies in the first two along x1 and the middle
    two along x2.
    """
    monkeypatch.setattr("crmpi.refinement.view.CELLS", cells)
    sim = begin("blast", *BLAST, ADAPT.format(0, BOX))
    flags = sim.remesher.flags()
    found = {tuple(place) for place in sim.tree.leaves[flags == REFINE, 1:3].tolist()}
    assert found == {(0, 1), (1, 1), (0, 2), (1, 2)}
    assert (flags[flags != REFINE] == KEEP).all()
