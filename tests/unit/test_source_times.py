"""Sources that act once a step, before the others and after them in turns: of second order, the
same after a restart, all energy in the ledger."""

import numpy as np
import pytest

from crmpi.api import Problem, par
from crmpi.constants import ENER
from crmpi.run import stepper
from tests.splitting_case import Split, advance, cells_of, resume


class Heated(Problem):
    name = "heated"

    class Params:
        rate: float = par(8.0, doc="of the growth of the energy where gas is dense")

    def initial(self, x, p):
        wave = np.sin(2.0 * np.pi * x.x1)
        return {"dens": 1.0 + 0.5 * wave, "vel1": 0.4 * wave, "press": 0.6, "ecr": 0.0}

    def inject(self, x, w, t, dt, p):
        """Exponential growth of pressure at the rate of the density: it does not commute with
        motion."""
        return {"eth": w.press / (5 / 3 - 1) * np.expm1(p.rate * w.dens * dt)}


SPLIT = Split(
    Heated,
    "time.sources",
    ENER,
    (32, 1, 1),
    ("transport.solver=none",),  # the scheme of the fluid is that of `test_transport_times`
)


@pytest.fixture(scope="module")
def exact():
    """The solution on these cells with very short steps: what differs is the error in time."""
    return SPLIT.after(960, "twice")


def test_once_is_of_second_order_as_twice_is(exact):
    """Errors fall as dt^2, after odd numbers of steps too, and are no more than four times those of
    halves: a pair of steps is a splitting of twice the length."""
    for fewest in (40, 41):
        coarse, fine = (SPLIT.error(n, exact, "once") for n in (fewest, 4 * fewest))
        assert coarse / fine == pytest.approx(16.0, rel=0.25)
    assert SPLIT.error(40, exact, "once") < 4.0 * SPLIT.error(40, exact, "twice")


def test_always_before_would_be_of_first_order(monkeypatch, exact):
    monkeypatch.setattr(stepper, "shares", lambda sim, times, dt: (dt, 0.0))
    coarse, fine = (SPLIT.error(n, exact, "once") for n in (40, 160))
    assert coarse / fine < 8.0


def test_sources_act_once_a_step_for_a_whole_step(monkeypatch):
    sim, seen = SPLIT.begin("once"), []
    monkeypatch.setattr(sim.sources[0], "apply", lambda time, dt: seen.append((time, dt)))
    monkeypatch.setattr(stepper, "move", lambda *_: seen.append("moved"))
    advance(sim, 2, 1e-3)
    assert seen == [(0.0, 1e-3), "moved", "moved", (1e-3, 1e-3)]


REGION = "mesh.refinement={regions: [{level: 2, lower: [0.4,0,0], upper: [0.6,1,1]}]}"
APART = ("mesh.block=[8,1,1]", REGION, "mesh.refinement.fluid_levels=2")


@pytest.mark.parametrize("times", ["once", "twice"])
def test_sources_act_between_the_steps_of_the_finest_level(monkeypatch, times):
    """They cover every step without gaps, and are a step of the finest level long."""
    sim, seen = SPLIT._replace(words=(*SPLIT.words, *APART)).begin(times), []
    monkeypatch.setattr(sim.sources[0], "apply", lambda time, dt: seen.append((time, dt)))
    advance(sim, 2, 1e-3)
    starts, lengths = np.array(seen).T
    assert starts[1:] == pytest.approx((starts + lengths)[:-1], abs=1e-17)
    half = 0.5 if times == "twice" else 1.0
    one_step = [half, *[1.0] * 3, *[half] * (times == "twice")]
    assert lengths / 0.25e-3 == pytest.approx([*one_step, *one_step], rel=1e-9)


def test_turns_go_on_after_a_restart():
    """The side follows from the number of the step, which is in a checkpoint."""
    whole = advance(SPLIT.begin("once"), 5, 0.005)
    first = advance(SPLIT.begin("once"), 3, 0.005)
    second = advance(resume(SPLIT.begin("once"), first), 2, 0.005)
    assert np.array_equal(cells_of(whole), cells_of(second))


def test_all_energy_is_in_the_ledger():
    sim = SPLIT.begin("once")
    start = cells_of(sim)[ENER].sum()
    advance(sim, 5, 0.005)
    gained = (cells_of(sim)[ENER].sum() - start) * sim.pack.cell_volumes
    injected = {column.name: column.values.sum() for column in sim.ledger()}["problem_eth"]
    assert injected > 0.0
    assert gained == pytest.approx(injected, rel=1e-12)
