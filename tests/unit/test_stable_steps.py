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


def setup(cfl, integrator="vl2"):
    mesh = {
        "cells": [CELLS] * 3,
        "block": [CELLS] * 3,
        "lower": [0, 0, 0],
        "upper": [1, 1, 1],
        "boundaries": "periodic",
    }
    fluid = {"magnetic": False, "cosmic_rays": False, "integrator": integrator}
    return load_run(
        Noise,
        {
            "mesh": mesh,
            "fluid": fluid,
            "time": {"end": 1e9, "cfl": cfl},
            "units": {"system": "none"},
        },
    )


def noise_after(steps, cfl, integrator="vl2"):
    """Return the standard deviation of the energy density over its mean."""
    sim = Simulation(setup(cfl, integrator), Noise, SerialComm())
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


def test_rk3_is_stable_for_longer_steps():
    """The polynomial 1 - z + z^2/2 - z^3/6 is -1 at z = 2.5127, which is 6 cfl."""
    start = noise_after(0, 0.4)
    assert noise_after(150, 0.41, "rk3") < 0.1 * start
    assert noise_after(150, 0.45, "rk3") > 10 * start


@pytest.mark.parametrize(
    ("cfl", "integrator", "said"),
    [(0.3, "vl2", ""), (0.4, "vl2", "1/3"), (0.4, "rk3", ""), (0.45, "rk3", "0.419")],
)
def test_a_long_step_is_said(cfl, integrator, said):
    sentence = f"'time.cfl' = {cfl:g} is above {said}"
    found = [note for note in setup(cfl, integrator).notes if "time.cfl" in note]
    assert (said in found[0] and sentence in found[0]) if said else not found
