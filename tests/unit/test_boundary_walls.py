"""Reflecting walls: closed boxes keep mass and energy, whatever field goes through their walls."""

from pathlib import Path

import numpy as np
import pytest

from crmpi.boundary.conditions import Reflect
from tests.selection import in_full
from tests.stepping import SOLVERS, begin, step

CLOSED = str(Path(__file__).parents[1] / "problems" / "closed_box")
MESHES = {1: "mesh.cells=[12,1,1]", 2: "mesh.cells=[8,8,1]", 3: "mesh.cells=[6,6,6]"}
MOVING = [(solver, []) for solver in SOLVERS if solver != "none"]
OBLIQUE = ["problem.b1=0.8", "problem.b2=0.6", "problem.b3=-0.3"]
TURNING = ["problem.turns=0.5"]


def closed(solver, *overrides):
    """Return the `Simulation` of a closed box with this transport solver."""
    speed = ["transport.vmax=10"] if solver in ("two_moment", "alfven_regulated") else []
    return begin(CLOSED, *SOLVERS[solver], *speed, *overrides)


def contents(sim):
    """Return mass, and energy of gas, field, cosmic rays and waves less what the totals say."""
    row = {name.split(" ")[0]: value for name, value in sim.history_row().items()}
    energy = row["ener"] + row["ecr"]
    if sim.transport is not None:
        energy += sum(row[name] for name in sim.transport.energies)
        energy -= sum(column.term * column.values.sum() for column in sim.transport.ledger())
    assert all(value == 0 for name, value in row.items() if name.startswith("floor_added"))
    return np.array([row["mass"], energy])


def divergence(sim):
    """Return the largest |div B| dx of active cells."""
    g, b = sim.pack.grid, sim.pack.b0[0]
    lower, count, total = (g.ng3, g.ng2, g.ng1), (g.n3, g.n2, g.n1), 0.0
    for axis, (n, width) in enumerate(zip((g.n1, g.n2, g.n3), (g.dx1, g.dx2, g.dx3), strict=True)):
        if n > 1:
            more = [1 if a == 2 - axis else 0 for a in range(3)]
            box = [slice(s, s + c + m) for s, c, m in zip(lower, count, more, strict=True)]
            total = total + np.diff(b[(axis, *box)], axis=2 - axis) / width
    return np.abs(total).max() * g.dx1


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("dimensions", [1, 2, 3])
@pytest.mark.parametrize("field", [OBLIQUE, TURNING], ids=["oblique", "turning"])
def test_a_closed_box_keeps_mass_and_energy(solver, dimensions, field):
    sim = closed(solver, MESHES[dimensions], *field)
    before = contents(sim)
    while sim.time < 0.1:
        step(sim)
    assert contents(sim) == pytest.approx(before, rel=1e-12)
    assert divergence(sim) < 1e-13


@pytest.mark.parametrize("solver, more", [*MOVING, ("two_moment", ["transport.streaming=false"])])
def test_cosmic_rays_do_not_cross_a_wall_of_frozen_gas(solver, more):
    """Case: 25%, 1.8% and 63% of the energy went through the walls."""
    sim = closed(
        solver, MESHES[1], "fluid.frozen=true", "problem.push=0", "time.dt_max=0.02", *more
    )
    before = contents(sim)
    while sim.time < 0.5:
        step(sim)
    assert contents(sim) == pytest.approx(before, rel=1e-12)
    ecr = sim.pack.active(sim.pack.w0)[0, sim.pack.index["ecr"]].ravel()
    assert ecr.max() < 8.0  # it was 9: they have spread


@pytest.mark.parametrize(
    "scheme",
    [
        "fluid.reconstruction=ppm",
        "mesh.block=[4,4,1]",
        *in_full("fluid.riemann=llf", "fluid.riemann=hlle", "fluid.integrator=rk3"),
    ],
)
def test_a_closed_box_with_other_schemes(scheme):
    sim = closed("two_moment", MESHES[2], *TURNING, scheme)
    before = contents(sim)
    step(sim, 10)
    assert contents(sim) == pytest.approx(before, rel=1e-12)


def test_nothing_pulls_along_a_wall():
    sim = closed("none", MESHES[1], *OBLIQUE)
    before = sim.history_row()
    step(sim, 20)
    for name in ("mom2", "mom3"):
        (column,) = [key for key in before if key.startswith(name)]
        assert sim.history_row()[column] == pytest.approx(before[column], abs=1e-13)


def test_walls_know_whether_a_field_goes_through_them():
    sim = closed("none", MESHES[2], "problem.b1=0", "problem.b2=0.5", "problem.b3=0.5")
    walls = {
        wall.face.name: wall.threaded
        for wall in sim.ghosts._conditions
        if isinstance(wall, Reflect)
    }
    assert walls == {"ix1": False, "ox1": False, "ix2": True, "ox2": True}
    step(sim, 10)
    g = sim.pack.grid
    assert np.abs(sim.pack.b0[0, 0, 0, g.ng2 : g.ng2 + g.n2, g.ng1]).max() < 1e-15


def pulse_error(n):
    """Return the L1 error of the field across, and the energy left, of an Alfven pulse that a wall
    has sent back.
    """
    shape = "problem.push=0", "problem.pulse=1e-3", "fluid.cosmic_rays=false"
    sim = begin(CLOSED, f"mesh.cells=[{n},1,1]", "mesh.upper=[2,1,1]", *shape)
    x = sim.positions[0].x1.ravel()
    start = (sim.pack.active(sim.pack.bcc)[0, 1] ** 2).sum()
    while sim.time < 2.0:
        step(sim)
    field = sim.pack.active(sim.pack.bcc)[0, 1].ravel()
    back = 1e-3 * np.exp(-(((3.0 - x - sim.time) / 0.2) ** 2))  # its mirror image at x = 2
    return np.abs(field + back).mean() / 1e-3, (field**2).sum() / start


def test_an_alfven_pulse_comes_back_with_its_energy():
    (coarse, _), (fine, energy) = pulse_error(64), pulse_error(128)
    assert energy > 0.97
    assert np.log2(coarse / fine) > 1.7
    assert fine < 0.005
