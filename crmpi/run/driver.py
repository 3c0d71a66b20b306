"""The loop of a run: time steps, output, stop conditions, signals."""

import contextlib
import math
import signal
import time as wallclock
import traceback
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from crmpi import precision
from crmpi.diagnostics.energy_guard import LOOK_EVERY, EnergyGuard
from crmpi.diagnostics.finite import first_lost, is_lost
from crmpi.errors import CrmpiError, Interruption, RunError
from crmpi.jit import before_first_compilation, cache_note, compiler_note, made, working_seconds
from crmpi.model.source import source_of
from crmpi.output.checkpoint import read_checkpoint, read_leaves
from crmpi.output.directory import RUN, RunDirectory
from crmpi.output.history import read_history
from crmpi.output.log import Progress
from crmpi.output.provenance import collect, new_run_id
from crmpi.output.state import RunRecord, SimState
from crmpi.output.writer import OutputWriter
from crmpi.run import stepper
from crmpi.run.norms import error_norms
from crmpi.run.restart import check_changes, read_origin
from crmpi.run.simulation import Simulation
from crmpi.run.summary import Doubts, summary_lines
from crmpi.run.time_step import stable_dt

# steps between two looks at the validity of the transport model: asking all ranks costs a message
DOUBTS_EVERY = 10
GRACE = 10.0  # s; batch systems kill a job some 30 s after they asked it to end
# exit code of a run stopped by a signal: the checkpoint is written, start it again (EX_TEMPFAIL)
INTERRUPTED = 75


class Result(NamedTuple):
    """How a run ended.

    ``reason``: why it stopped. ``exit_code``: 0, `INTERRUPTED`, or that of a run that could not go
    on. ``norms``: errors against the problem's exact solution, {variable: {'L1': ..., 'L2': ...,
    'Linf': ...}}. ``history``: {column: array}, on rank 0. ``sim``: the final `Simulation`.
    """

    reason: str
    exit_code: int
    norms: dict
    history: dict
    sim: Simulation


class LongStepError(Interruption):
    """A signal that could not wait for the end of a long step; the state is that of no time."""


class Patience:
    """Asks during a long step whether a signal came, and ends the run there unless the step will be
    done within `GRACE` seconds."""

    def __init__(self, interrupts, comm):
        self.interrupts, self.comm = interrupts, comm
        self._began = wallclock.monotonic()

    def __call__(self, done, planned):
        """Look after `done` of `planned` parts of an operator, 0 at its begin; collective."""
        if done == 0:
            self._began = wallclock.monotonic()
            return
        number = int(self.comm.max(self.interrupts.received))
        if number:
            left = self.comm.max((wallclock.monotonic() - self._began) / done * (planned - done))
            if left > GRACE:
                raise LongStepError(
                    f"received {signal.Signals(number).name} inside a step with {left:.0f} s or "
                    "more to go"
                )


class Interrupts:
    """Turns Ctrl-C, SIGTERM and SIGUSR1 into a flag that the loop reads between steps; a second
    Ctrl-C ends the run at once."""

    SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1)

    def __init__(self):
        self.received = 0
        self._previous = {}

    def __enter__(self):
        for number in self.SIGNALS:
            self._previous[number] = signal.signal(number, self._note)
        return self

    def __exit__(self, *_):
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    def _note(self, number, _frame):
        if self.received == signal.SIGINT == number:
            raise KeyboardInterrupt
        self.received = int(number)


def run(config, problem_class, comm, *, restart=None, stream=None):
    """Run a problem to its end; collective.

    Parameters
    ----------
    config : Config
        resolved configuration
    problem_class : subclass of Problem
    comm : SerialComm or MpiComm
    restart : path, optional
        checkpoint to continue from
    stream : file, optional
        where progress goes, standard output by default

    Returns
    -------
    Result

    Raises
    ------
    CrmpiError
        bad input, an impossible initial state, a full disk, a state that is no longer finite
    """
    progress = make_progress(config, comm, stream)
    with _told(progress):
        writer, sim = prepare(config, problem_class, comm, restart, progress)
        try:
            return _run(config, comm, progress, writer, sim)
        finally:
            writer.close()


@contextmanager
def _told(progress):
    """Keep what ends a run early in its log, too."""
    try:
        yield
    except CrmpiError as error:
        progress.note("\n".join(f"error: {line}" for line in str(error).splitlines()))
        raise
    except Exception:
        progress.note(traceback.format_exc())
        raise
    finally:
        before_first_compilation.clear()
        progress.log.close()


def _run(config, comm, progress, writer, sim):
    """Step to the end and return the `Result`."""
    with Interrupts() as interrupts:
        sim.stop_between(lambda: Patience(interrupts, comm))
        try:
            reason = loop(sim, writer, progress, interrupts)
        except LongStepError as stop:
            progress.say(
                f"stopped: {stop}: step {sim.clock.step + 1} is lost; earlier output and "
                "checkpoints are intact"
            )
            return Result(str(stop), INTERRUPTED, {}, {}, sim)
    stopped_by_signal = reason.startswith("received")
    exit_code = INTERRUPTED if stopped_by_signal else RunError.exit_code if sim.remesher.full else 0
    norms = error_norms(sim)
    with sim.timers("output"):
        writer.finalize(state_of(sim), complete=exit_code == 0)
    progress.say(f"stopped: {reason}")
    progress.finish(sim.time, sim.clock.step, sim.timers.seconds)
    progress.say(kernels_line())
    history = read_history(Path(config.output.dir) / "history.txt") if comm.rank == 0 else {}
    for line in summary_lines(sim, history, norms) if comm.rank == 0 else ():
        progress.say(line)
    return Result(reason, exit_code, norms, history, sim)


def make_progress(config, comm, stream):
    """Return the `Progress` of a run, whose log begins with its parameters."""
    units = config.units
    label = ("", 1.0) if units.dimensionless else ("Myr", units.factor("Myr"))
    zones = math.prod(config.mesh.cells)
    every = config.output.progress_interval
    progress = Progress(
        comm.rank,
        zones,
        config.time.end,
        config.time.max_steps,
        label,
        every,
        stream,
        working_seconds,
    )
    progress.note(config.describe())
    for note in config.notes:
        progress.say(f"note: {note}")
    if compiler_note() or cache_note():
        progress.say(f"note: {compiler_note() or cache_note()}")
    before_first_compilation[:] = [
        lambda: progress.say("compiling kernels, once for this machine and version (20 s or more)")
    ]
    return progress


def kernels_line():
    """Return what compiling and loading kernels has cost this process."""
    compiled = sum(not kernel.loaded for kernel in made)
    return (
        f"kernels: {compiled} compiled, {len(made) - compiled} loaded, in "
        f"{sum(kernel.seconds for kernel in made):.1f} s"
    )


def prepare(config, problem_class, comm, restart, progress):
    """Assemble the run and set its first state; return (writer, sim)."""
    if restart:
        _refuse_other_physics(config, problem_class, comm, restart)
    sim = Simulation(config, problem_class, comm, read_leaves(restart) if restart else None)
    if not restart:
        sim.initialise()
        sim.remesher.settle()
        for note in initial_notes(sim):
            progress.say(f"note: {note}")
    units = sim.units
    checkpoint = read_checkpoint(restart, sim.pack.gids) if restart else None
    run_id = new_run_id(comm)
    record = RunRecord(
        tree=sim.tree,
        units=units,
        gamma=config.fluid.gamma,
        gamma_cr=config.fluid.gamma_cr if sim.pack.has_cr else 0.0,
        mu=config.fluid.mu,
        config=config.yaml(),
        provenance=collect(comm) | {RUN: _run_continued(sim, checkpoint) or run_id},
        run_id=run_id,
        source=_source(comm, problem_class),
    )
    columns = {"history": lambda _state: sim.history.row(), "profiles": sim.observing}
    writer = OutputWriter(config.output, comm, sim.owner, record, report=progress.say, **columns)
    if checkpoint is not None:
        written = checkpoint.provenance.get("precision", precision.NAME)
        if written != precision.NAME:
            progress.say(
                f"note: {restart} was written in {written} precision and is continued in "
                f"{precision.NAME}: not bitwise identically"
            )
        sim.restore(checkpoint)
    writer.begin(checkpoint)
    if comm.rank == 0:
        progress.log.open(writer.directory.log)
    folder = writer.directory.path
    progress.say(f"output in {folder}, parameters in {writer.directory.resolved}")
    return writer, sim


def initial_notes(sim):
    """Return what the sources have to say about the initial state; collective."""
    return [note for source in sim.sources for note in getattr(source, "notes", list)()]


def _refuse_other_physics(config, problem_class, comm, restart):
    """Raise on all ranks when the configuration differs from the checkpoint's in what must not
    change."""
    failure = None
    if comm.rank == 0:
        try:
            check_changes(read_origin(restart), problem_class, config)
        except CrmpiError as error:
            failure = error
    failure = comm.bcast(failure)
    if failure is not None:
        failure.everywhere = True
        raise failure


def _source(comm, problem_class):
    """Return what checkpoints keep of the source of the problem, the same on all ranks."""
    source = source_of(problem_class) if comm.rank == 0 else None
    return comm.bcast(source.to_json() if source else "null")


def _run_continued(sim, checkpoint):
    """Return the id of the run that a restart continues in its folder, or None: a new run, or a
    branch; the same on all ranks."""
    found, complaint = None, None
    if sim.comm.rank == 0 and checkpoint is not None:
        try:
            found = RunDirectory(sim.config.output.dir).run_continued(checkpoint)
        except CrmpiError as problem:
            complaint = str(problem)
    sim.raise_together(complaint)
    return sim.comm.bcast(found)


def loop(sim, writer, progress, interrupts):
    """Step until something says stop; return what."""
    started = wallclock.monotonic()
    limits = sim.config.time
    with sim.timers("output"):
        writer.write_due(state_of(sim))
    reason = stop_reason(sim, hear(sim, interrupts, 0.0))
    progress.start(sim.time, sim.clock.step)
    first = sim.clock.step + 1
    sim.on_remesh(lambda: writer.remesh(sim.tree, sim.owner, sim.observing))
    doubts, guard = Doubts(sim, progress.say), EnergyGuard(sim)
    while reason is None:
        dt = next_dt(sim, writer)
        stepper.advance(sim, dt)
        sim.clock.tick(dt, limits.end if sim.time + dt >= limits.end else None)
        heard = hear(sim, interrupts, wallclock.monotonic() - started)
        require_finite(sim, lost=heard.lost)
        sim.adapt()
        reason = stop_reason(sim, heard)
        if sim.clock.step == first and reason is None:
            # the first step compiles kernels: it says nothing about the speed of the others
            progress.start(sim.time, first)
        else:
            progress.zones = sim.zones
            progress.step(sim.time, sim.clock.step, dt, sim.progress())
        if reason is not None or sim.clock.step % LOOK_EVERY == 0:
            guard.look()
        with sim.timers("output"):
            writer.write_due(state_of(sim))
        if sim.clock.step % DOUBTS_EVERY == 1:
            doubts.look()
    return reason


def state_of(sim):
    """Return the state that the writers see."""
    clock = sim.clock
    stored = sim.config.output.fluxes and sim.transport is not None and "fcr" not in sim.pack.index
    flux = sim.transport.relative_flux if stored else None
    return SimState(
        clock.time, clock.step, clock.dt, sim.pack, clock.compensation, sim.block_state(), flux=flux
    )


def next_dt(sim, writer):
    """Return the time step: the limit of the operators on all ranks, shortened to land on snapshots
    and on the end.

    Raises
    ------
    RunError
        nothing limits the step: gas at rest that stays frozen, and no time to land on
    """
    limits = sim.config.time
    dt = writer.limit_dt(sim.time, min(stable_dt(sim), limits.dt_max), limits.end)
    if dt == math.inf:
        raise RunError(
            "nothing limits the time step: 'fluid.frozen' gas at rest has no fastest signal and "
            "'time.end' is infinite; set time.dt_max",
            everywhere=True,
        )
    return dt


class Heard(NamedTuple):
    """What all ranks know after a step, because one of them found it: a cell that is not a number,
    the number of a signal, that the time is up, a file STOP."""

    lost: bool
    signal: int
    late: bool
    stop: bool


def hear(sim, interrupts, elapsed):
    """Return what any rank `Heard`; one reduction."""
    output = sim.config.output
    found = Heard(
        is_lost(sim.pack, sim.fluid.ledger),
        interrupts.received,
        elapsed > (output.wall_time or math.inf),
        sim.comm.rank == 0 and take_stop_file(Path(output.dir)),
    )
    return Heard(*map(int, sim.comm.maxima(found)))


def require_finite(sim, lost=None):
    """Raise on all ranks when any cell is not a number; `lost`: whether there is one on any rank,
    if that is known."""
    if lost is None:
        lost = sim.comm.any(is_lost(sim.pack, sim.fluid.ledger))
    if lost:
        found = sim.comm.allgather_object(first_lost(sim.pack, sim.positions))
        place = next(filter(None, found), "in a ghost zone")
        raise RunError(
            f"not a number after step {sim.clock.step} at t = {sim.time:.6g}: {place}; earlier "
            "output is intact; restart from the "
            "last checkpoint with a smaller time.cfl, or fluid.reconstruction=donor, or "
            "fluid.riemann=hlle",
            everywhere=True,
        )


def stop_reason(sim, heard):
    """Return why the run must stop now, or None, from what all ranks `Heard`."""
    limits = sim.config.time
    if sim.time >= limits.end:
        return "reached time.end"
    if limits.max_steps is not None and sim.clock.step >= limits.max_steps:
        return "reached time.max_steps"
    if heard.signal:
        return f"received {signal.Signals(heard.signal).name}"
    if sim.remesher.full:
        return sim.remesher.full
    if heard.late:
        return "reached output.wall_time"
    if heard.stop:
        return "found the file STOP"
    return None


def take_stop_file(folder):
    """Tell whether a user asked the run to stop by a file STOP in its folder, and remove the file:
    it has been heard."""
    stop = RunDirectory(folder).stop
    found = stop.exists()
    with contextlib.suppress(OSError):  # a folder: the next start will ask to rename it
        stop.unlink()
    return found


__all__ = ["INTERRUPTED", "CrmpiError", "Result", "run"]
