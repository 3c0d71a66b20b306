"""The search for the fastest signal leaves out rows of cells, and finds what a search through all
of them finds, to the last bit; whatever changes the state, the time step is that of the state."""

import numpy as np
import pytest

from crmpi.constants import DENS, ECR, PRES, VEL1
from crmpi.eos.gas import CosmicRays, ideal_gas
from crmpi.errors import CrmpiError
from crmpi.jit import kernel
from crmpi.mesh.pack import make_grid
from crmpi.mesh.pool import aligned_zeros
from crmpi.model.changes import change
from crmpi.numerics.fluid.signals import (
    begin_search,
    fastest_rate_in_boxes,
    may_be_faster,
    search_row,
)
from crmpi.numerics.fluid.stage import rows_if, shift_if
from crmpi.numerics.rows.columns import largest
from crmpi.numerics.rows.rows import rows
from crmpi.physics.fluid import Fluid
from crmpi.precision import REAL
from crmpi.types import EqualVolumes, make_axes
from tests.stepping import SOLVERS, begin, step
from tests.tube_case import tube_run

GAS, RAYS = ideal_gas(5.0 / 3.0), CosmicRays(4.0 / 3.0, 1.0 / 3.0)
SHAPES = [(64, 8, 8), (16, 16, 16), (8, 12, 1), (1, 40, 1), (1, 1, 33), (300, 4, 1), (600, 3, 2)]
TUBES = [{"spacing": "log"}, {"geometry": "flux_tube", "tube_height": 0.7}]
NUMBERS = np.random.default_rng(11)


@kernel
def fastest_rate(gas, cr, cells, grid, axes, w, bcc, best):
    """Return the rate that `search_row` finds in the rows of active cells."""
    search = begin_search(best)
    for block in range(w.shape[0]):
        for k in range(grid.ng3, grid.ng3 + grid.n3):
            for j in range(grid.ng2, grid.ng2 + grid.n2):
                cell = (k * grid.m2 + j) * grid.m1 + grid.ng1
                state, field = rows(w, block, cell), shift_if(rows_if(bcc, block), cell)
                place = block, k, j
                search = search_row(gas, cr, cells, grid, axes, place, state, field, best, search)
    return largest(best)


class State:
    """Primitives and field of some blocks: waves with noise in all cells, ghosts included.

    `field` over the square root of the pressure; the rest in units of 1.
    """

    def __init__(self, shape, field, speed=0.5, noise=0.3, blocks=3, rays=False):
        widths = tuple(n * scale for n, scale in zip(shape, (1.0, 0.7, 1.3), strict=True))
        self.grid = grid = make_grid(shape, shape, (0.0, 0.0, 0.0), widths, 2)
        self.cr, self.axes = RAYS if rays else None, make_axes(grid, 1.0)
        self.cells = EqualVolumes(grid.dx1 * grid.dx2 * grid.dx3)
        extent = grid.m3, grid.m2, grid.m1
        self.w = aligned_zeros((blocks, 5 + rays, *extent))
        phase = np.arange(np.prod(extent)).reshape(extent) / 50.0
        wave = np.stack([np.sin(phase + block) for block in range(blocks)])

        def rough(*ncomp):
            return wave[:, None] + noise * NUMBERS.standard_normal((blocks, *ncomp, *extent))

        self.w[:, [DENS, PRES]] = np.exp(rough(2))
        self.w[:, VEL1 : VEL1 + 3] = speed * rough(3)
        if rays:
            self.w[:, ECR] = np.exp(rough(1))[:, 0]
        self.bcc = None
        if field is not None:
            self.bcc = aligned_zeros((blocks, 3, *extent))
            self.bcc[:] = np.reshape(field, (3, 1, 1, 1)) * np.sqrt(self.w[:, [PRES]]) * rough(1)

    def rates(self):
        """Return what the search finds, and what a search through all cells does."""
        grid, best = self.grid, aligned_zeros((self.grid.n1,))
        first, count = (grid.ng3, grid.ng2, grid.ng1), (grid.n3, grid.n2, grid.n1)
        boxes = np.array([[block, *first, *count] for block in range(len(self.w))])
        state = GAS, self.cr, self.cells, grid, self.axes, self.w, self.bcc
        return fastest_rate(*state, best), fastest_rate_in_boxes(*state, boxes, best)

    def active(self, array):
        """Return the view of the active cells of an array."""
        grid = self.grid
        return array[
            :,
            :,
            grid.ng3 : grid.ng3 + grid.n3,
            grid.ng2 : grid.ng2 + grid.n2,
            grid.ng1 : grid.ng1 + grid.n1,
        ]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("rays", [False, True])
@pytest.mark.parametrize(
    "field",
    [None, (0, 0, 0), (1e-3, 1e-3, 0), (0.6, 0.4, 0.2), (1, 0, 0), (0, 30, 0), (50, 40, 60)],
)
def test_it_finds_what_a_search_through_all_cells_finds(shape, rays, field):
    for speed in (0.0, 0.5, 20.0):
        found, wanted = State(shape, field, speed, rays=rays).rates()
        assert found == wanted > 0.0


@pytest.mark.parametrize("field", [None, (0.6, 0.4, 0.2)])
def test_equal_cells_and_cells_that_become_faster_and_faster(field):
    """Every row of the first may hold the fastest cell, every row of the second does."""
    state = State((40, 16, 16), field, noise=0.0)
    state.w[:] = state.w[:1, :, 4:5, 4:5, 4:5]
    if field:
        state.bcc[:] = state.bcc[:1, :, 4:5, 4:5, 4:5]
    found, wanted = state.rates()
    assert found == wanted
    state.w[:, DENS] *= np.exp(-np.arange(state.w[:, DENS].size) / 1e3).reshape(
        state.w[:, DENS].shape
    )
    found, wanted = state.rates()
    assert found == wanted


@pytest.mark.parametrize("field", [None, (0.6, 0.4, 0.2)])
def test_only_active_cells_count(field):
    """Whatever is in ghost cells between the rows."""
    state = State((40, 16, 16), field)
    expected = state.rates()[1]
    for value in (1e8, np.nan):
        inside, around = state.active(state.w).copy(), state.w
        around[:, VEL1 : VEL1 + 3] = value
        state.active(around)[:] = inside
        assert state.rates() == (expected, expected)


@pytest.mark.parametrize("field", [None, (0.6, 0.4, 0.2)])
@pytest.mark.parametrize("variable", range(5))
def test_what_is_not_a_number_counts_as_in_a_search_through_all_cells(field, variable):
    for _ in range(20):
        state = State((40, 8, 8), field)
        lost = state.active(state.w)[:, variable]
        lost[NUMBERS.random(lost.shape) < 0.01] = np.nan
        found, wanted = state.rates()
        assert found == wanted > 0.0


def test_cold_gas_at_rest_has_no_signal():
    state = State((8, 8, 8), None)
    state.w[:, DENS + 1 :] = 0.0
    assert state.rates() == (0.0, 0.0)


@kernel
def may_first_be_faster(n, cr, axes, w, bcc, rate):
    """Return `may_be_faster` of the first `n` cells of a block."""
    return may_be_faster(n, GAS, cr, axes, rows(w, 0, 0), rows_if(bcc, 0), rate)


@pytest.mark.parametrize("rays", [False, True])
@pytest.mark.parametrize("field", [(0, 0, 0), (0, 0.6, 0.4), (0, 30, 0), (0.5, 0.5, 0.5)])
def test_no_cell_that_is_faster_is_left_out(field, rays):
    """By however little; and where the field is across the axis, a cell is left out that is slower
    by more than round-off."""
    eps = float(np.finfo(REAL).eps)
    for _ in range(400):
        state = State((1, 1, 1), field, speed=NUMBERS.exponential(), blocks=1, rays=rays)
        state.axes = (state.axes[0]._replace(dtdx=1.3), *state.axes[1:])
        rate, given = state.rates()[1], (state.cr, state.axes, state.w, state.bcc)
        assert may_first_be_faster(1, *given, rate * (1.0 - eps))
        if field[0] == 0:
            assert not may_first_be_faster(1, *given, rate * (1.0 + 200.0 * eps))


@pytest.mark.parametrize("axis", range(3))
@pytest.mark.parametrize("mesh", TUBES)
def test_on_tubes(axis, mesh):
    """The field has no part in signals along a tube; widths of cells may change along it."""

    def initial(s):
        waves = {"dens": 1.0 + 0.3 * np.sin(7.0 * s), "vel": np.cos(9.0 * s)}
        return waves | {"press": np.exp(-s), "ecr": 0.1, "b": 2.0}

    sim = tube_run(initial, cells=48, block=12, axis=axis, mesh=mesh)
    assert sim.fluid.max_dt(1.0) == 1.0 / searched(sim.fluid) > 0.0


def searched(fluid):
    """Return the fastest signal of the cells that limit the step, from primitives and field."""
    pack, scheme, found = fluid.pack, fluid.scheme, 0.0
    for part in pack.parts:
        grid, best = part.grid, aligned_zeros((part.grid.n1,))
        first, count = (grid.ng3, grid.ng2, grid.ng1), (grid.n3, grid.n2, grid.n1)
        number = part.blocks.stop - part.blocks.start
        active = np.array([[block, *first, *count] for block in range(number)])
        boxes = np.concatenate([active, part.boxes(fluid._watched)])
        bcc = pack.bcc if pack.magnetic and pack.metric.turns else None
        given = scheme.gas, scheme.cr, pack.metric.cells, grid, part.axes(1.0)
        state = part.of((pack.w0, bcc))
        found = max(found, fastest_rate_in_boxes(*given, *state, boxes, best))
    return found


@pytest.fixture
def asked(monkeypatch):
    """The time steps that the fluid was asked for in this test; each is compared with that of a
    search through all cells."""
    answers, max_dt = [], Fluid.max_dt

    def compared(fluid, cfl):
        answers.append(max_dt(fluid, cfl))
        assert answers[-1] == cfl / searched(fluid)
        return answers[-1]

    monkeypatch.setattr(Fluid, "max_dt", compared)
    return answers


GRADIENT = "{name: gradient, variable: press, refine: 0.2, derefine: 0.1}"
SMALL = {
    "rows": ["blast", "mesh.cells=[64,16,16]", "mesh.block=[64,8,8]"],
    "gas": ["cr_sedov", "mesh.cells=[16,16,16]", "mesh.block=[8,8,16]"],
    "rk3": ["blast", "mesh.cells=[32,32,1]", "mesh.block=[32,16,1]", "fluid.integrator=rk3"],
    "floors": [
        "blast",
        "mesh.cells=[32,16,16]",
        "mesh.block=[32,8,16]",
        "fluid.floors={press: 0.3, energy_limit: 1}",
    ],
    "levels": [
        "blast",
        "mesh.cells=[32,32,1]",
        "mesh.block=[8,8,1]",
        f"mesh.refinement={{max_level: 2, interval: 1, min_age: 0, criteria: [{GRADIENT}]}}",
    ],
}


@pytest.mark.parametrize("name", SMALL)
def test_no_step_misses_a_change(name, asked):
    """Each case has what its name says: levels that come and go, cells that floors raise."""
    sim = begin(*SMALL[name])
    tree = sim.tree
    for _ in range(5):
        step(sim)
        sim.adapt()
    assert len(set(asked)) > 2
    assert (sim.tree is not tree) == (name == "levels")
    assert sim.fluid.ledger.counts["press"].any() == (name == "floors")


@pytest.mark.parametrize("solver", SOLVERS)
def test_no_step_with_transport_misses_a_change(solver, asked):
    """Cosmic rays that push the gas lengthen and shorten steps, and are asked about within them."""
    more = ["mesh.cells=[32,8,8]", "mesh.block=[16,8,8]"]
    sim = begin("cr_launch", *SOLVERS[solver], *more)
    step(sim, 3)
    assert len(set(asked)) >= 3


def test_no_step_of_a_wind_misses_a_change(asked):
    """Sources, gravity, open boundaries."""
    sim = begin("galactic_wind", "mesh.cells=[8,8,32]", "mesh.block=[8,8,16]")
    step(sim, 4)
    assert len(set(asked)) >= 4


def test_a_change_from_outside_changes_the_step(asked):
    sim = begin(*SMALL["rows"])
    step(sim)
    shape = sim.pack.active(sim.pack.u0)[0, 0].shape
    one = np.zeros(shape, bool)
    one[3, 4, 5] = True
    change(sim, 0, "vel2", np.full(shape, 1e4), one)
    assert sim.take_changes()
    step(sim)
    assert asked[1] < 1e-2 * asked[0]


def test_between_two_stages_there_is_no_step():
    """The primitives are those of the middle of the step, which the second stage makes."""
    sim = begin(*SMALL["gas"])
    (first, second), dt = sim.fluid.stages, sim.fluid.max_dt(0.3)
    sim.fluid.stage(first, dt)
    sim.ghosts.fill_fluid(*sim.fluid.result(first), 0.0)
    sim.fluid.stage(second, dt)
    with pytest.raises(CrmpiError, match="between two stages"):
        sim.fluid.max_dt(0.3)
    sim.refresh()
    assert sim.fluid.max_dt(0.3) == dt
