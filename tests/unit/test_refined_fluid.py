"""The fluid step on refined meshes: uniform states, conservation, div B, shared faces."""

import functools

import numpy as np
import pytest

from crmpi.constants import ENER
from crmpi.errors import RunError
from crmpi.parallel.comm import SerialComm
from tests.refined_case import MESHES, divergence, random_tree
from tests.refined_fluid_case import RefinedFluid
from tests.selection import in_full
from tests.verification.runs import run_problem

UNIFORM = {
    "dens": 1.3,
    "vel1": 0.4,
    "vel2": -0.3,
    "vel3": 0.2,
    "press": 0.9,
    "ecr": 0.6,
    "b1": 0.5,
    "b2": -0.4,
    "b3": 0.3,
}
SCHEMES = [
    {},
    {"integrator": "rk3", "reconstruction": "ppm"},
    {"magnetic": False},
    {"frozen": True},
    {"apart": 2},
    *in_full({"riemann": "hlle", "cosmic_rays": False}),
]


def blast(x1, x2, x3):
    """A strong explosion of gas and cosmic rays, off the centre, in moving gas."""
    r2 = (
        (x1 - 0.45) ** 2
        + (0.3 * np.sin(2 * np.pi * x2 / 1.5)) ** 2
        + 0.09 * np.sin(2 * np.pi * x3) ** 2
    )
    hot = np.exp(-r2 / 0.01)
    return {
        "dens": 1.0 + 0.5 * np.sin(2 * np.pi * x1) * np.cos(4 * np.pi * x2 / 1.5) + 0 * x3,
        "vel1": 0.3 + 0 * hot,
        "vel2": 0.2 * np.cos(2 * np.pi * x1) + 0 * hot,
        "vel3": -0.1 + 0 * hot,
        "press": 0.1 + 5.0 * hot,
        "ecr": 0.05 + 3.0 * hot,
        "dye": hot,
        "b1": 0.2,
        "b2": 0.1,
        "b3": 0.3,
    }


def potential(c, x, y):
    """A vector potential, periodic in the box of `random_tree`."""
    lengths = (1.0, 1.5, 1.0)
    kx, ky = (2 * np.pi / lengths[(c + n) % 3] for n in (1, 2))
    return 0.05 * np.sin(kx * x + c) * np.cos(2 * ky * y) + 0.02 * np.cos(3 * kx * x)


@pytest.mark.parametrize("name", MESHES)
@pytest.mark.parametrize(
    "scheme", SCHEMES, ids=lambda s: "-".join(map(str, s.values())) or "default"
)
def test_a_uniform_state_stays(serial, name, scheme):
    case = RefinedFluid(
        serial, random_tree(name, 1, scale=2 if "ppm" in scheme.values() else 1, rounds=2), **scheme
    )
    case.start(lambda x1, x2, x3: UNIFORM)
    before = case.pack.active(case.pack.w0).copy()
    case.run(4)
    after = case.pack.active(case.pack.w0)
    assert np.abs(after - before).max() < 1e-14
    if case.pack.magnetic:
        assert np.abs(case.pack.active(case.pack.b0)[:, 0] - 0.5).max() < 1e-14


ACCELERATION = {"shock_acceleration": 0.3, "reconstruction": "ppm"}


@pytest.mark.parametrize("name", MESHES)
@pytest.mark.parametrize(
    "scheme",
    [
        *SCHEMES[:3],
        *({**scheme, "apart": apart} for scheme in SCHEMES[:3] for apart in (1, 2)),
        *in_full(ACCELERATION, {**ACCELERATION, "apart": 2}),
    ],
    ids=lambda s: "-".join(map(str, s.values())) or "default",
)
def test_a_blast_conserves_everything(serial, name, scheme):
    case = RefinedFluid(
        serial, random_tree(name, 2, scale=2 if "ppm" in scheme.values() else 1, rounds=2), **scheme
    )
    case.start(blast, potential)
    before = case.totals()
    case.run(12)
    scale = np.concatenate([[before[0]], np.full(3, before[0]), before[4:6], np.ones(3)])
    assert np.abs((case.totals() - before) / scale).max() < 1e-13
    if "shock_acceleration" in scheme:
        assert case.fluid.box["shock_acceleration"].any()
    if case.pack.magnetic:
        assert max(divergence(case.pack, b).max() for b in range(case.pack.nblock)) < 1e-13
        assert case.shared_face_mismatches() == 0


@pytest.mark.parametrize("name", MESHES)
@pytest.mark.parametrize("apart", [0, 2])
def test_first_order_fluxes_conserve_too(serial, name, apart):
    """Random cells are marked in every stage: coarse and fine blocks must agree about what is
    redone."""
    case = RefinedFluid(serial, random_tree(name, 3, rounds=2), apart=apart)
    case.start(blast, potential)
    rng, before = np.random.default_rng(5), case.totals()

    def force(marks):
        case.pack.active(marks)[...] = rng.random(case.pack.active(marks).shape) < 0.02

    case.run(6, force=force)
    scale = np.concatenate([[before[0]], np.full(3, before[0]), before[4:6], np.ones(3)])
    assert np.abs((case.totals() - before) / scale).max() < 1e-13
    assert max(divergence(case.pack, b).max() for b in range(case.pack.nblock)) < 1e-13
    assert case.shared_face_mismatches() == 0


def at_rest(apart):
    """Return uniform gas at rest on a tree of levels 0 to 2."""
    case = RefinedFluid(SerialComm(), random_tree("2d", 2, rounds=2), magnetic=False, apart=apart)
    case.start(lambda x1, x2, x3: {"dens": 1.0, "press": 0.6, "ecr": 0.1})
    return case


def test_steps_double_with_every_level_that_steps_apart():
    """Signals are as fast everywhere, so that the finest cells limit the step."""
    steps = [at_rest(apart).fluid.max_dt(0.3) for apart in (0, 1, 2, 3)]
    assert at_rest(0).tree.max_level == 2
    assert steps == [steps[0], 2 * steps[0], 4 * steps[0], 4 * steps[0]]


class Heat:
    """Sources between the steps of the finest level: once, pressures become `factor` times as
    large."""

    def __init__(self, case, factor=16.0):
        self.case, self.factor, self.times, self.acts = case, factor, [], True

    def between(self, time):
        if not self.times:
            self.case.pack.u0[:, ENER:] *= self.factor
        self.times.append(time)


def test_levels_make_more_steps_where_signals_become_faster():
    case, made = at_rest(1), []
    heat, dt = Heat(case), case.fluid.max_dt(0.3)

    def make_stage(stage, length, group):
        made.append((group.levels.start, length / dt))
        case._stage(stage, length, group, force=None)

    case.levels.step(make_stage, 0.0, dt, 0.3, heat)
    lengths = np.array([length for level, length in made if level == 2])[::2]
    assert [level for level, _ in made[:2]] == [0, 0] and (lengths > 0).all()
    # the first half as it was planned, the other in quarters of what was allowed
    assert lengths == pytest.approx([0.5, *[0.125] * 4])
    assert heat.times == pytest.approx([(0.5 + 0.125 * n) * dt for n in range(4)])
    assert case.totals()[4] == pytest.approx(16 * 1.5 * (0.6 / (5 / 3 - 1) + 0.1), rel=1e-13)


def test_more_steps_than_there_may_be_end_the_run():
    case = at_rest(1)
    heat, dt = Heat(case, 1e24), case.fluid.max_dt(0.3)
    with pytest.raises(RunError, match=r"fall from .* inside a step at t = .*time\.dt_max"):
        case.levels.step(functools.partial(case._stage, force=None), 0.0, dt, 0.3, heat)


@pytest.mark.parametrize("problem", ["orszag_tang", "blast", "rotor", "field_loop"])
def test_problems_run_on_a_refined_region(problem):
    """A problem knows nothing of levels: energy and mass are kept, div B is round-off from the
    first state on."""
    region = (
        "mesh.refinement={regions: [{level: 2, shape: sphere, center: [0.1, 0.05, 0], "
        "radius: 0.2}]}"
    )
    small = (
        "mesh.cells=[32,32,1]",
        "mesh.block=[8,8,1]",
        "transport.solver=none",
        "time.max_steps=6",
    )
    outcome = run_problem(problem, *small, region, every=1)
    history = outcome.history
    assert history["levels"][-1] == 3.0 and history["blocks"][-1] > 16
    assert history["divb_max"].max() < 1e-13
    for name in ("mass", "ener"):
        assert history[name] == pytest.approx(history[name][0], rel=1e-13)
