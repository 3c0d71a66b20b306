"""The search for the fastest signal leaves out rows of cells, and finds what a search through all
of them finds, to the last bit."""

import numpy as np
import pytest

from crmpi.constants import DENS, ECR, PRES, VEL1
from crmpi.eos.gas import CosmicRays, ideal_gas
from crmpi.jit import kernel
from crmpi.mesh.pack import make_grid
from crmpi.mesh.pool import aligned_zeros
from crmpi.numerics.fluid.signals import fastest_rate, fastest_rate_in_boxes, may_be_faster
from crmpi.numerics.fluid.stage import rows_if
from crmpi.numerics.rows.rows import rows
from crmpi.precision import REAL
from crmpi.types import EqualVolumes, make_axes
from tests.tube_case import tube_run

GAS, RAYS = ideal_gas(5.0 / 3.0), CosmicRays(4.0 / 3.0, 1.0 / 3.0)
SHAPES = [(64, 8, 8), (16, 16, 16), (8, 12, 1), (1, 40, 1), (1, 1, 33), (300, 4, 1), (600, 3, 2)]
TUBES = [{"spacing": "log"}, {"geometry": "flux_tube", "tube_height": 0.7}]
NUMBERS = np.random.default_rng(11)


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
    pack, scheme = sim.pack, sim.fluid.scheme
    (part,) = pack.parts
    grid, best = part.grid, aligned_zeros((part.grid.n1,))
    first, count = (grid.ng3, grid.ng2, grid.ng1), (grid.n3, grid.n2, grid.n1)
    boxes = np.array([[block, *first, *count] for block in range(pack.nblock)])
    given = scheme.gas, scheme.cr, pack.metric.cells, grid, part.axes(1.0), pack.w0, None
    wanted = fastest_rate_in_boxes(*given, boxes, best)
    assert fastest_rate(*given, best) == wanted > 0.0
    assert sim.fluid.max_dt(1.0) == 1.0 / wanted
