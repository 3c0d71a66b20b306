"""Steps of a given length: errors in time of what is split from the fluid, and restarts."""

from typing import Any, NamedTuple

import numpy as np

from crmpi.parallel.comm import SerialComm
from crmpi.run import stepper
from crmpi.run.clock import Clock
from crmpi.run.configuration import load_run
from crmpi.run.simulation import Simulation

END = 0.16


class Split(NamedTuple):
    """A problem whose operators act 'once' or 'twice' a step, and the variable that is compared.

    ``key``: parameter that says how often; ``component``: of the variable in ``u0``.
    """

    problem: Any
    key: str
    component: int
    cells: tuple
    words: tuple

    def begin(self, times):
        """Return the simulation at its start."""
        source = {"mesh": {"cells": list(self.cells)}, "time": {"end": 1.0}}
        # without limiters, whose switches are of first order in time
        scheme = ["fluid.reconstruction=donor", "fluid.riemann=llf"]
        words = [f"{self.key}={times}", *scheme, *self.words]
        sim = Simulation(load_run(self.problem, source, words), self.problem, SerialComm())
        sim.initialise()
        return sim

    def after(self, steps, times):
        """Return the variable at `END`, after so many steps."""
        return cells_of(advance(self.begin(times), steps, END / steps))[self.component].ravel()

    def error(self, steps, exact, times):
        """Return the mean difference from `exact` at `END`."""
        return np.abs(self.after(steps, times) - exact).mean()


def advance(sim, steps, dt):
    """Make steps of `dt`; return the simulation."""
    for _ in range(steps):
        stepper.advance(sim, dt)
        sim.clock.tick(dt)
    return sim


def cells_of(sim):
    """Return the active cells of the one block."""
    return sim.pack.active(sim.pack.u0)[0]


def resume(sim, state):
    """Give `sim` the state and the clock of another simulation, as a restart does; return it."""
    sim.pack.u0[...] = state.pack.u0
    if sim.pack.b0 is not None:
        sim.pack.b0[...] = state.pack.b0
    sim.clock = Clock(state.clock.time, state.clock.compensation, state.clock.step)
    sim.refresh()
    return sim
