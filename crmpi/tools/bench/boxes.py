"""The boxes that are measured: a periodic cube of waves, assembled and stepped as a run assembles
and steps it."""

import functools
import time

import numpy as np

from crmpi.errors import CrmpiError
from crmpi.model.problem import Problem
from crmpi.parallel.comm import SerialComm
from crmpi.run import stepper
from crmpi.run.configuration import load_run
from crmpi.run.loop import require_finite
from crmpi.run.simulation import Simulation
from crmpi.run.timers import Timers

_GAS = {"fluid.magnetic": True, "fluid.cosmic_rays": False}
CONFIGURATIONS = {
    "mhd": _GAS,
    "cr_mhd": {"fluid.magnetic": True, "fluid.cosmic_rays": True},
    "hydro": {"fluid.magnetic": False, "fluid.cosmic_rays": False},
    "ppm": _GAS | {"fluid.reconstruction": "ppm"},
    "two_moment": {
        "transport.solver": "two_moment",
        "transport.vmax": 60.0,
        "scattering.kappa_par": 0.05,
    },
    "rk3": _GAS | {"fluid.integrator": "rk3"},
}
"""What is measured, {name: parameters}; vmax is 30 times the fastest signal of the box."""

_COMMON = {"units.system": "none", "time.cfl": 0.3, "time.end": 1e30, "output.dir": "unused"}


class Waves(Problem):
    """Subsonic waves along all axes in a uniform field."""

    name = "waves"

    def initial(self, x, p):
        waves = [np.sin(2.0 * np.pi * position) for position in (x.x2, x.x3, x.x1)]
        state = {"dens": 1.0 + 0.2 * waves[0] * waves[1], "press": 1.0}
        state |= {f"vel{axis + 1}": 0.3 * wave for axis, wave in enumerate(waves)}
        if self.config.fluid.magnetic:
            state |= {"b1": 0.6, "b2": 0.4, "b3": 0.2}
        return state | ({"ecr": 1.0} if self.config.fluid.cosmic_rays else {})


class Box:
    """A simulation that is stepped without files, with the time and the messages of its parts.

    Parameters
    ----------
    name : str
        in `CONFIGURATIONS`
    cells, block : sequence of 3 ints
        of the mesh and of its blocks
    comm : communicator, optional
    period : sequence of 3 ints, optional
        cells after which the waves repeat: the mesh by default
    more : dict, optional
        more parameters
    clock : callable, optional
        gives the seconds that are measured: CPU seconds by default, which other users of the
        machine disturb less

    Attributes
    ----------
    sim : Simulation
    seconds : dict
        by phase of the steps since `reset`; all ghost zones are one phase, those of sub-steps
        included
    transport_seconds, substep_seconds : float
        of the whole transport operators and of their sub-steps, ghost zones included
    substeps : int
    """

    def __init__(
        self, name, cells, block, comm=None, *, period=None, more=None, clock=time.process_time
    ):
        upper = [total / part for total, part in zip(cells, period or cells, strict=True)]
        settings = {
            "mesh.cells": list(cells),
            "mesh.block": list(block),
            "mesh.lower": [0, 0, 0],
            "mesh.upper": upper,
        }
        settings |= more or {}
        config = load_run(Waves, {}, defaults=_COMMON | CONFIGURATIONS[name] | settings)
        self.clock = clock
        self.sim = Simulation(config, Waves, comm or SerialComm())
        self.reset()
        self._watch()
        self.sim.initialise()

    def reset(self):
        """Discard what was measured."""
        self.sim.timers = Timers(self.clock)
        self.transport_seconds = self.substep_seconds = 0.0
        self.substeps = 0

    @property
    def seconds(self):
        return self.sim.timers.seconds

    def step(self):
        """Advance by one step, as a run does between two outputs."""
        sim = self.sim
        with sim.timers("time step"):
            dt = sim.comm.min(sim.fluid.max_dt(sim.config.time.cfl))
        stepper.advance(sim, dt)
        sim.clock.tick(dt)
        with sim.timers("checks"):
            require_finite(sim)

    def timed_step(self):
        """Return the seconds of one step."""
        start = self.clock()
        self.step()
        return self.clock() - start

    def _watch(self):
        """Put clocks around every fill of ghost zones, and around transport and its sub-steps."""
        ghosts, transport = self.sim.ghosts, self.sim.transport
        for name in [
            n
            for n in dir(ghosts)
            if not n.startswith("_") and callable(getattr(ghosts, n)) and hasattr(type(ghosts), n)
        ]:
            setattr(ghosts, name, self._charged(getattr(ghosts, name), "ghosts"))
        self.sim.fluid.primitives = self._charged(self.sim.fluid.primitives, "primitives")
        if self.sim.pack.refined:
            reflux = self._charged(self.sim.fluid.reflux_stage, "flux correction")
            self.sim.fluid.reflux_stage = reflux
        if transport is not None:
            transport.advance = self._clocked(transport.advance, "transport_seconds")
            if hasattr(transport, "sub_cycle"):
                transport.sub_cycle = self._clocked(
                    transport.sub_cycle, "substep_seconds", count=True
                )

    def _charged(self, function, phase):
        @functools.wraps(function)
        def charged(*arguments, **keywords):
            with self.sim.timers(phase):
                return function(*arguments, **keywords)

        return charged

    def _clocked(self, function, total, count=False):
        @functools.wraps(function)
        def clocked(*arguments, **keywords):
            start = self.clock()
            result = function(*arguments, **keywords)
            setattr(self, total, getattr(self, total) + self.clock() - start)
            if count:
                self.substeps += self.sim.transport.substeps
            return result

        return clocked


def block_shape(n, block):
    """Return (cells, block) of a cube of `n` cells in cubic blocks; raises CrmpiError if they do
    not fill it."""
    if n < 4:
        raise CrmpiError(
            f"crmpi bench: {n} cells per axis are too few; give --cells 4 or more", everywhere=True
        )
    if block < 4 or n % block:
        raise CrmpiError(
            (
                f"crmpi bench: blocks of {block} cells per axis do not fill {n}; give --block a "
                f"divisor of {n} from 4 on"
            ),
            everywhere=True,
        )
    return (n,) * 3, (block,) * 3
