"""The loop of a run: time steps, output, stop conditions, signals."""

import signal
import time as wallclock
from pathlib import Path
from typing import NamedTuple

from crmpi import stepper
from crmpi.errors import CrmpiError


class Result(NamedTuple):
    """How a run ended.

    ``reason``: why it stopped. ``complete``: it reached ``time.end`` or ``time.max_steps``. ``norms``: errors against the
    problem's exact solution, {variable: {'L1': ..., 'L2': ..., 'Linf': ...}}.
    """

    reason: str
    complete: bool
    time: float
    step: int
    norms: dict


class Interrupts:
    """Turns Ctrl-C, SIGTERM and SIGUSR1 into a flag that the loop reads between steps; a second Ctrl-C kills at once."""

    SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1)

    def __init__(self):
        self.received = None
        self._previous = {}

    def __enter__(self):
        for number in self.SIGNALS:
            self._previous[number] = signal.signal(number, self._note)
        return self

    def __exit__(self, *_):
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    def _note(self, number, _frame):
        if self.received == signal.SIGINT and number == signal.SIGINT:
            raise KeyboardInterrupt
        self.received = number


def run(sim, writer):
    """Advance `sim` to its end; return a `Result`.

    Raises
    ------
    CrmpiError
        when the state is no longer finite; what was written before stays valid
    """
    started = wallclock.monotonic()
    limits = sim.config.time
    writer.start(sim)
    with interrupts_if_possible() as interrupts:
        reason = None
        while reason is None:
            dt = next_dt(sim, writer)
            stepper.advance(sim, dt)
            sim.clock.tick(dt, limits.end if dt == limits.end - sim.time else None)
            require_finite(sim)
            reason = stop_reason(sim, writer, interrupts, wallclock.monotonic() - started)
            with sim.timers("output"):
                writer.after_step(sim, dt, last=reason is not None)
    complete = sim.time >= limits.end or sim.clock.step >= limits.max_steps
    norms = sim.error_norms()
    writer.finish(sim, reason, norms)
    return Result(reason, complete, sim.time, sim.clock.step, norms)


def interrupts_if_possible():
    """Return `Interrupts`; signal handlers can only be set in the main thread, and in tests a run may be elsewhere."""
    return Interrupts()


def next_dt(sim, writer):
    """Return the time step: the fluid's limit, but landing on outputs and on the end without a tiny last step."""
    limits = sim.config.time
    dt = sim.comm.min(sim.fluid.max_dt(limits.cfl))
    dt = min(dt, limits.dt_max)
    if not dt > 0.0 or dt < 1e-14 * max(abs(sim.time), limits.end):
        raise CrmpiError(f"the time step fell to {dt:.3g} at t = {sim.time:.6g} (step {sim.clock.step}): the state is broken")
    target = min(limits.end, writer.next_time(sim.time))
    left = target - sim.time
    if dt >= left:
        return left
    return 0.5 * left if dt > 0.5 * left else dt


def require_finite(sim):
    """Raise on all ranks when any cell is not a number."""
    if sim.comm.any(sim.fluid.not_finite()):
        where = sim.agree(sim.describe_not_finite())
        raise CrmpiError(
            f"not a number in step {sim.clock.step} at t = {sim.time:.6g}: {where}; earlier output is intact; "
            "try a smaller time.cfl, fluid.reconstruction=donor or fluid.riemann=hlle from the last checkpoint"
        )


def stop_reason(sim, writer, interrupts, elapsed):
    """Return why the run must stop now, or None; the same on all ranks."""
    limits = sim.config.time
    if sim.time >= limits.end:
        return "reached time.end"
    if sim.clock.step >= limits.max_steps:
        return "reached time.max_steps"
    number = int(sim.comm.max(interrupts.received or 0))
    if number:
        return f"received {signal.Signals(number).name}"
    if sim.comm.any(elapsed > sim.config.output.wall_time):
        return "reached output.wall_time"
    if sim.comm.any(sim.comm.rank == 0 and (Path(sim.config.output.dir) / "STOP").exists()):
        return "found the file STOP"
    return None
