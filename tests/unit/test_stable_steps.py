"""The longest stable step in 3-D: a third of the time in which the fastest signal crosses a
cell."""

import pytest

from crmpi.constants import ENER
from crmpi.model.problem import Problem
from crmpi.parallel.comm import SerialComm
from crmpi.run.configuration import load_run
from crmpi.run.simulation import Simulation
from crmpi.run.stepper import advance

CELLS = 12


class Noise(Problem):
    """Gas at rest, its pressure with noise of 1e-3."""

    name = "noise"

    def initial(self, x, p):
        return {"dens": 1.0, "press": 1.0 + 1e-3 * x.noise(seed=3)}


def setup(cfl):
    mesh = {
        "cells": [CELLS] * 3,
        "block": [CELLS] * 3,
        "lower": [0, 0, 0],
        "upper": [1, 1, 1],
        "boundaries": "periodic",
    }
    fluid = {"magnetic": False, "cosmic_rays": False}
    return load_run(
        Noise,
        {
            "mesh": mesh,
            "fluid": fluid,
            "time": {"end": 1e9, "cfl": cfl},
            "units": {"system": "none"},
        },
    )


def noise_after(steps, cfl):
    """Return the standard deviation of the energy density over its mean."""
    sim = Simulation(setup(cfl), Noise, SerialComm())
    sim.initialise()
    for _ in range(steps):
        dt = sim.fluid.max_dt(cfl)
        advance(sim, dt)
        sim.clock.tick(dt)
    g = sim.pack.grid
    energy = sim.pack.u0[:, ENER, g.ng3 : g.ng3 + g.n3, g.ng2 : g.ng2 + g.n2, g.ng1 : g.ng1 + g.n1]
    return energy.std() / energy.mean()


def test_noise_decays_below_a_third_and_grows_above():
    """What a plane stencil damps at a cfl below 1/3 for the wave (pi, pi, pi) it amplifies above,
    for sound of all three axes adds up."""
    start = noise_after(0, 0.3)
    assert noise_after(150, 0.3) < 0.1 * start
    assert noise_after(150, 0.4) > 10 * start


@pytest.mark.parametrize(("cfl", "said"), [(0.3, False), (0.4, True)])
def test_a_long_step_is_said(cfl, said):
    assert any("'time.cfl' = 0.4 is above 1/3" in note for note in setup(cfl).notes) == said
