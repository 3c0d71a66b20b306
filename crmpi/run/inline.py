"""Runs inside a program: no files, no progress lines, the history in memory."""

import numpy as np

from crmpi.output.schedule import limit_dt
from crmpi.run.interrupts import Unheard
from crmpi.run.loop import loop
from crmpi.run.simulation import Simulation


class Recorder:
    """Stands in for the output, the progress line and the signals of a run: keeps the history in
    memory and examines every step.

    Parameters
    ----------
    sim : Simulation
    every : int or None
        steps between rows of the history; None: only those asked for by `note`, and one at the
        start
    watch : callable or None
        called with the simulation before the first and after every step
    """

    def __init__(self, sim, every=None, watch=None):
        self.sim, self.every, self.watch = sim, every, watch
        self.rows = []

    def limit_dt(self, time, dt, end):
        """Return `dt`, shortened to land on the end."""
        return limit_dt(time, dt, [end])

    def write_due(self, _state):
        """Called with the state at the start and after every step."""
        if self.watch is not None:
            self.watch(self.sim)
        if self.sim.clock.step == 0 or (self.every and self.sim.clock.step % self.every == 0):
            self.note()

    def note(self):
        """Add a row to the history."""
        row = {number.name: number.value for number in self.sim.history.row()}
        self.rows.append({"time": self.sim.time} | row)

    def asked_to_stop(self):
        """No one asks: there is no folder."""
        return False

    def emergency(self, *_):
        """There is no folder for the block of a state that broke."""

    def columns(self):
        """Return the history, {column: array}."""
        return {name: np.array([row[name] for row in self.rows]) for name in self.rows[-1]}

    def start(self, *_):
        """Progress is not shown, and files know nothing of a mesh."""

    step = say = remesh = start


def run_to_end(sim, every=None, watch=None):
    """Step `sim`, its state set, to the end of its time; return the history, {column: array}, its
    last row at the end; collective."""
    recorder = Recorder(sim, every, watch)
    loop(sim, recorder, recorder, Unheard())
    recorder.note()
    return recorder.columns()


def run_inline(config, problem_class, comm, every=None, watch=None):
    """Return (Simulation at its end, history); collective."""
    sim = Simulation(config, problem_class, comm)
    sim.initialise()
    sim.remesher.settle()
    return sim, run_to_end(sim, every, watch)
