"""Physical boundaries where levels meet: slopes at a boundary are those of the state beyond it."""

import numpy as np
import pytest

from crmpi.constants import DENS, ENER, MOM1
from crmpi.mesh import BlockTree
from crmpi.mesh.leaves import Lattice, close, root_leaves, split
from tests.refined_fluid_case import RefinedFluid
from tests.stepping import begin, step
from tests.unit.test_boundary_inflow import PROBLEMS, boundaries, deviation
from tests.unit.test_boundary_walls import closed, contents


def tree_of(cells, block, periodic, chosen, upper):
    """Return a box in which the blocks of level 0 at the places `chosen` are refined once."""
    lattice = Lattice(
        tuple(n // m for n, m in zip(cells, block, strict=True)),
        periodic,
        tuple(n == 1 for n in cells),
    )
    leaves = root_leaves(lattice)
    marked = [tuple(leaf[1:]) in chosen for leaf in leaves.tolist()]
    leaves = close(lattice, split(lattice, leaves, marked))
    return BlockTree(cells, block, (0.0, 0.0, 0.0), upper, periodic, leaves=leaves)


ATMOSPHERES = {  # cells, block, height axis, blocks at the bottom that are refined
    "1d": ((24, 1, 1), (4, 1, 1), 0, [(0, 0, 0), (1, 0, 0)]),
    "2d": ((12, 24, 1), (4, 4, 1), 1, [(0, 0, 0), (0, 1, 0)]),
    "2d_x1_x3": ((12, 1, 24), (4, 1, 4), 2, [(1, 0, 0)]),
}


def atmosphere(comm, name, refined, *, kind="hydrostatic", magnetic=False):
    """Return an isothermal atmosphere two scale heights high; the speed of sound is (5/3)^0.5."""
    cells, block, axis, chosen = ATMOSPHERES[name]
    periodic = tuple(a != axis for a in range(3))
    upper = tuple(2.0 if a == axis else 1.0 for a in range(3))
    tree = tree_of(cells, block, periodic, chosen if refined else [], upper)
    case = RefinedFluid(comm, tree, kind=kind, gravity=True, magnetic=magnetic)
    case.pack.grav[:, axis] = -1.0
    case.fluid.valves[...] = case.ghosts.valves()

    def state(*x):
        dens = np.exp(-x[axis])
        return {"dens": dens, "press": dens, "ecr": 1e-3 * dens, "b1": 0.0, "b2": 0.0, "b3": 0.0}

    case.start(state)
    return case


def largest_speed(case, time):
    """Return the largest speed after some time."""
    while case.time < time:
        case.step(case.comm.min(case.fluid.max_dt(0.3)))
    u = case.pack.active(case.pack.u0)
    return float((np.sqrt((u[:, MOM1 : MOM1 + 3] ** 2).sum(axis=1)) / u[:, DENS]).max())


@pytest.mark.parametrize("name", ATMOSPHERES)
def test_an_atmosphere_stays_in_balance_where_levels_meet_at_its_bottom(serial, name):
    """After two sound crossings; slopes that vanish across the bottom gave 1.5e-2, 13 times as much
    as without levels."""
    speed = largest_speed(atmosphere(serial, name, True), 3.0)
    assert speed < 2.0 * largest_speed(atmosphere(serial, name, False), 3.0) < 4e-3


WINDS = {  # overrides of a wind that comes in at ix3 where levels meet
    "2d": ("mesh.cells=[16,1,16]", "mesh.block=[4,1,4]", "mesh.upper=[1,1,1]"),
    "3d": ("mesh.cells=[8,8,8]", "mesh.block=[4,4,4]", "mesh.upper=[1,1,1]"),
}
CORNER = "mesh.refinement={regions: [{level: 1, lower: [0.5, 0, 0], upper: [0.9, 0.3, 0.4]}]}"


@pytest.mark.parametrize("name", WINDS)
@pytest.mark.parametrize("kind", ["user", "inflow"])
def test_a_wind_comes_in_uniformly_where_levels_meet(name, kind):
    sim = begin(str(PROBLEMS / "uniform_wind"), *WINDS[name], CORNER, boundaries("periodic", kind))
    assert sim.tree.max_level == 1
    step(sim, 20)
    assert deviation(sim) < 1e-25
    for component, value in ((MOM1, 0.0), (MOM1 + 1, 0.0), (MOM1 + 2, 3.0), (ENER, 0.6)):
        assert np.abs(sim.pack.active(sim.pack.w0)[:, component] - value).max() < 1e-12


@pytest.mark.parametrize(
    "field", [("problem.b1=0.5", "problem.b2=0.3"), ("problem.b1=0", "problem.b2=0.5")]
)
def test_a_closed_box_keeps_everything_where_levels_meet_at_its_walls(field):
    mesh = ("mesh.cells=[16,16,1]", "mesh.block=[4,4,1]", "mesh.upper=[1,1,1]")
    sim = closed(
        "none",
        *mesh,
        *field,
        "mesh.refinement={regions: [{level: 2, lower: [0, 0, 0], upper: [0.3, 0.3, 1]}]}",
    )
    assert sim.tree.max_level == 2
    before = contents(sim)
    step(sim, 10)
    assert contents(sim) == pytest.approx(before, rel=1e-13)
    assert sim.history_row()["divb_max [1]"] < 1e-13
