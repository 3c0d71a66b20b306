"""Transport that acts once a step, before the fluid and after it in turns: of second order, the
same after a restart, momentum and energy kept."""

import numpy as np
import pytest

from crmpi.api import Problem
from crmpi.constants import ECR, ENER, MOM1
from crmpi.physics.operators import Phase
from crmpi.run import stepper
from tests.splitting_case import Split, advance, cells_of, resume


class Pushed(Problem):
    name = "pushed"

    def initial(self, x, p):
        """Cosmic rays that push the gas while they diffuse, in a field that the gas turns."""
        wave = np.sin(2.0 * np.pi * x.x1)
        return {
            "dens": 1.0 + 0.4 * wave,
            "vel1": 0.4 * wave,
            "vel2": 0.5 * np.cos(2.0 * np.pi * x.x1),
            "press": 0.6,
            "ecr": 1.5 + np.cos(2.0 * np.pi * x.x1),
            "b1": 0.7,
        }


SPLIT = Split(
    Pushed,
    "time.transport",
    ECR,
    (16, 1, 1),
    (
        "units.system=none",
        "transport.solver=two_moment",
        "transport.vmax=4",
        "scattering.kappa_par=0.3",
    ),
)


@pytest.fixture(scope="module")
def exact():
    """The solution on these cells with very short steps: what differs is the error in time."""
    return SPLIT.after(192, "twice")


def test_once_is_of_second_order_as_twice_is(exact):
    """Errors fall as dt^2, after odd numbers of steps too, and are no more than four times those of
    halves: a pair of steps is a splitting of twice the length."""
    for fewest in (24, 25):
        coarse, fine = (SPLIT.error(n, exact, "once") for n in (fewest, 2 * fewest))
        assert 3.6 < coarse / fine < 6.0
    assert SPLIT.error(24, exact, "once") < 4.0 * SPLIT.error(24, exact, "twice")


def test_always_before_would_be_of_first_order(monkeypatch, exact):
    monkeypatch.setattr(stepper, "shares", lambda sim, times, dt: (dt, 0.0))
    coarse, fine = (SPLIT.error(n, exact, "once") for n in (24, 48))
    assert coarse / fine < 2.5


def test_transport_acts_once_a_step_for_a_whole_step(monkeypatch):
    sim, seen = SPLIT.begin("once"), []
    monkeypatch.setattr(
        sim.transport, "advance", lambda dt, time, phase: seen.append((time, dt, phase))
    )
    monkeypatch.setattr(stepper, "fluid", lambda _, *times, **__: seen.append((*times, "fluid")))
    advance(sim, 2, 1e-3)
    assert seen == [
        (0.0, 1e-3, Phase.AROUND_FLUID),
        (0.0, 1e-3, "fluid"),
        (1e-3, 1e-3, "fluid"),
        (1e-3, 1e-3, Phase.AFTER_FLUID),
    ]


def test_turns_go_on_after_a_restart():
    """The side follows from the number of the step, which is in a checkpoint; ghosts and primitives
    are those of the state after a step that ends with the fluid, too."""
    for done in (2, 3):
        whole = advance(SPLIT.begin("once"), 5, 0.005)
        first = advance(SPLIT.begin("once"), done, 0.005)
        second = advance(resume(SPLIT.begin("once"), first), 5 - done, 0.005)
        assert np.array_equal(cells_of(whole), cells_of(second))


def conserved(sim):
    """Return the sums of rho v + b f/vmax^2 and of all energies."""
    u, field = cells_of(sim), sim.pack.active(sim.pack.bcc)[0]
    directed = u[sim.pack.index["fcr"]] * field / np.sqrt((field**2).sum(axis=0))
    momentum = u[MOM1 : MOM1 + 3] + directed / sim.config.transport.vmax**2
    return np.array([*momentum.sum(axis=(1, 2, 3)), (u[ENER] + u[ECR]).sum()])


def test_momentum_and_energy_are_kept_where_the_fluid_turns_the_field():
    sim = SPLIT.begin("once")
    start = conserved(sim)
    for _ in range(3):
        advance(sim, 1, 0.005)
        assert np.abs(conserved(sim) - start).max() < 1e-12
    assert np.abs(cells_of(sim)[sim.pack.index["fcr"]]).max() > 0.1
    assert np.abs(sim.pack.active(sim.pack.bcc)[0, 1]).max() > 1e-3
