"""The loop over time steps: how long a step is, what is written after it, when it is the last."""

import math
import signal
import time as wallclock
from contextlib import nullcontext
from typing import NamedTuple

from crmpi.diagnostics.energy_guard import CHECK_EVERY, EnergyGuard
from crmpi.diagnostics.finite import is_lost
from crmpi.errors import RunError
from crmpi.output.state import SimState
from crmpi.run import stepper
from crmpi.run.emergency import Emergency
from crmpi.run.summary import Doubts
from crmpi.run.time_step import stable_dt

# steps between two checks at the validity of the transport model: asking all ranks costs a message
DOUBTS_EVERY = 10
OUT_OF_TIME = "reached output.wall_time"


class Limits(NamedTuple):
    """Where a run ends: at the code time `end`, called `name`, or after step `max_steps`."""

    end: float
    max_steps: int | None = None
    name: str = "time.end"

    @classmethod
    def of(cls, params):
        """Return those of the parameters `time`."""
        return cls(params.end, params.max_steps)


def loop(sim, writer, progress, interrupts, limits=None, after_step=None):
    """Step until something says stop; return what.

    `limits`: those of the configuration by default. ``after_step()`` may change cells, and returns
    why to stop, or None.
    """
    limits = limits or Limits.of(sim.config.time)
    sim.take_changes()
    with sim.timers("output"):
        writer.write_due(state_of(sim))
    reason = stop_reason(sim, find_events(sim, writer, interrupts), limits)
    progress.start(sim.time, sim.clock.step)
    first = sim.clock.step + 1
    emergency = Emergency(sim, lambda row, why: writer.emergency(state_of(sim), row, why))
    doubts, guard = Doubts(sim, progress.say), EnergyGuard(sim, emergency.floored)
    while reason is None:
        # until the first step is done, compiled kernels included, there is nothing to keep
        with interrupts.expendable() if sim.clock.step + 1 == first else nullcontext():
            dt = next_dt(sim, writer, limits.end)
            stepper.advance(sim, dt)
        sim.clock.tick(dt, limits.end if sim.time + dt >= limits.end else None)
        events = find_events(sim, writer, interrupts)
        require_finite(sim, lost=events.lost, emergency=emergency)
        sim.adapt()
        reason = stop_reason(sim, events, limits)
        if after_step is not None:
            said = after_step()
            if sim.take_changes():
                guard.begin()
            reason = reason or said
        if sim.clock.step == first and reason is None:
            # the first step compiles kernels: it says nothing about the speed of the others
            progress.start(sim.time, first)
        else:
            progress.zones = sim.zones
            progress.step(sim.time, sim.clock.step, dt, sim.progress())
        if reason is not None or sim.clock.step % CHECK_EVERY == 0:
            guard.check()
        with sim.timers("output"):
            writer.write_due(state_of(sim))
        if sim.clock.step % DOUBTS_EVERY == 1:
            doubts.check()
    return reason


def state_of(sim):
    """Return the state that the writers see."""
    clock = sim.clock
    stored = sim.config.output.fluxes and sim.transport is not None and "fcr" not in sim.pack.index
    flux = sim.transport.relative_flux if stored else None
    return SimState(
        clock.time, clock.step, clock.dt, sim.pack, clock.compensation, sim.block_state(), flux=flux
    )


def next_dt(sim, writer, end=None):
    """Return the time step: the limit of the operators on all ranks, shortened to land on snapshots
    and on the `end` (code time), that of the configuration by default.

    Raises
    ------
    RunError
        nothing limits the step: gas at rest that stays frozen, and no time to land on
    """
    limits = sim.config.time
    end = limits.end if end is None else end
    dt = writer.limit_dt(sim.time, min(stable_dt(sim), limits.dt_max), end)
    if dt == math.inf:
        raise RunError(
            "nothing limits the time step: 'fluid.frozen' gas at rest has no fastest signal and "
            "'time.end' is infinite; set time.dt_max",
            everywhere=True,
        )
    return dt


class Events(NamedTuple):
    """What all ranks know after a step, because one of them found it: a cell that is not a number,
    the number of a signal, that the time is up, a file STOP."""

    lost: bool
    signal: int
    late: bool
    stop: bool


def find_events(sim, writer, interrupts):
    """Return what any rank `Events`; one reduction."""
    output = sim.config.output
    found = Events(
        is_lost(sim.pack, sim.fluid.ledger),
        interrupts.received,
        wallclock.monotonic() - interrupts.began > (output.wall_time or math.inf),
        sim.comm.rank == 0 and writer.asked_to_stop(),
    )
    return Events(*map(int, sim.comm.maxima(found)))


def require_finite(sim, lost=None, emergency=None):
    """Raise on all ranks when any cell is not a number.

    Parameters
    ----------
    lost : bool, optional
        whether there is one on any rank, if that is known
    emergency : Emergency, optional
        writes the block
    """
    if lost is None:
        lost = sim.comm.any(is_lost(sim.pack, sim.fluid.ledger))
    if lost:
        place = (emergency or Emergency(sim)).lost()
        raise RunError(
            f"not a number after step {sim.clock.step} at t = {sim.time:.6g}: {place}; earlier "
            "output is intact; restart from the "
            "last checkpoint with a smaller time.cfl, or fluid.reconstruction=donor, or "
            "fluid.riemann=hlle",
            everywhere=True,
        )


def stop_reason(sim, events, limits):
    """Return why the run must stop now, or None, from what all ranks `Events`."""
    if sim.time >= limits.end:
        return f"reached {limits.name}"
    if limits.max_steps is not None and sim.clock.step >= limits.max_steps:
        return "reached time.max_steps"
    if events.signal:
        return f"received {signal.Signals(events.signal).name}"
    if sim.remesher.full:
        return sim.remesher.full
    if events.late:
        return OUT_OF_TIME
    if events.stop:
        return "found the file STOP"
    return None
