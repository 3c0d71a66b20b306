"""A run from its start to its end: state, output and progress, taken to a time or step by step."""

import math
import traceback
from contextlib import contextmanager, nullcontext
from typing import NamedTuple

from crmpi import precision
from crmpi.analysis.streams.writing import make_streams
from crmpi.errors import CrmpiError, RunError
from crmpi.jit import before_first_compilation, cache_note, compiler_note, made, working_seconds
from crmpi.model.source import source_of
from crmpi.output.checkpoint import read_checkpoint, read_leaves
from crmpi.output.directory import RUN, RunDirectory
from crmpi.output.log import Progress
from crmpi.output.memory import MemoryWriter
from crmpi.output.provenance import collect, new_run_id
from crmpi.output.state import RunRecord
from crmpi.output.writer import OutputWriter
from crmpi.parallel.agreement import on_first
from crmpi.run.interrupts import (
    INTERRUPTED,
    LongStepError,
    Patience,
    StoppedEarly,
    listener,
    listening,
)
from crmpi.run.loop import OUT_OF_TIME, Limits, loop, state_of
from crmpi.run.norms import error_norms
from crmpi.run.restart import check_changes, read_origin
from crmpi.run.simulation import Simulation
from crmpi.run.summary import summary_lines
from crmpi.run.watchdog import Moment, Watchdog


class Result(NamedTuple):
    """How a run ended.

    ``reason``: why it stopped. ``exit_code``: 0, `INTERRUPTED`, or that of a run that could not go
    on. ``norms``: errors against the problem's exact solution, {variable: {'L1': ..., 'L2': ...,
    'Linf': ...}}. ``history``: {column: array}, on rank 0. ``sim``: the final `Simulation`, None if
    a signal came before there was one.
    """

    reason: str
    exit_code: int
    norms: dict
    history: dict
    sim: Simulation | None


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
    with listening():
        try:
            session = Session(config, problem_class, comm, restart=restart, stream=stream)
        except StoppedEarly as stop:
            if not stop.of_all(comm):
                raise
            return Result(str(stop), INTERRUPTED, {}, {}, None)
        with session:
            return session.report(session.run())


class Session:
    """A run on this rank that is taken step by step or to a time; a context manager that closes it.

    Parameters
    ----------
    config, problem_class, comm, restart, stream
        as for `run`
    write : bool
        whether files are written in ``output.dir``; otherwise the history is kept in memory

    Attributes
    ----------
    sim : Simulation
    writer : OutputWriter or MemoryWriter
    progress : Progress
    lost : str or None
        what broke the run inside a step: the state is that of no time
    interrupts : Interrupts
        signals, in the constructor those of the command around it
    """

    def __init__(self, config, problem_class, comm, *, restart=None, stream=None, write=True):
        self.progress = make_progress(config, comm, stream)
        self.interrupts, self.lost = listener(), None
        try:
            with _told(self.progress):
                made = _prepare(self, config, problem_class, restart, write, comm=comm)
        except BaseException:
            self.progress.log.close()
            raise
        self.writer, self.sim = writer, sim = made
        sim.on_remesh(lambda: writer.remesh(sim.tree, sim.owner, sim.observing))
        sim.stop_between(lambda: Patience(self, comm))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def run(self, limits=None, after_step=None):
        """Step to `limits`, those of the configuration by default, and write what belongs to an
        end; return the `Result`; collective.

        ``after_step()`` is called after every step and returns why the run must stop, or None.
        """
        limits = limits or Limits.of(self.sim.config.time)
        self.progress.end_time, self.progress.max_steps = limits.end, limits.max_steps
        with _told(self.progress), listening() as self.interrupts, self._watchdog():
            try:
                return self._run(limits, after_step)
            finally:
                self.interrupts.restart_clock()

    def _run(self, limits, after_step):
        sim = self.sim
        try:
            reason = self.advance(limits, self.progress, after_step)
        except LongStepError as stop:
            self.progress.say(
                f"stopped: {stop}: step {sim.clock.step + 1} is lost; earlier output and "
                "checkpoints are intact"
            )
            return Result(str(stop), INTERRUPTED, {}, {}, sim)
        except StoppedEarly as stop:
            if not stop.of_all(sim.comm):
                raise
            self.progress.say(f"stopped: {stop}")
            return Result(str(stop), INTERRUPTED, {}, {}, sim)
        if reason.startswith("received") or reason == OUT_OF_TIME:
            code = INTERRUPTED
        else:
            code = RunError.exit_code if sim.remesher.full else 0
        norms = error_norms(sim)
        with sim.timers("output"):
            self.writer.finalize(state_of(sim), complete=code == 0)
        self.progress.say(f"stopped: {reason}")
        return Result(reason, code, norms, {}, sim)

    def advance(self, limits, progress, after_step=None):
        """Step to `limits` and return why the run stopped there; collective."""
        if self.lost:
            raise RunError(
                f"this run has no state any more ({self.lost}): make it anew, or restart it from "
                "a checkpoint",
                everywhere=True,
            )
        calling = [False]

        def after():
            calling[0] = True
            said = after_step()
            calling[0] = False
            return said

        with listening() as self.interrupts:
            try:
                return loop(
                    self.sim, self.writer, progress, self.interrupts, limits, after_step and after
                )
            except BaseException as error:
                if not calling[0]:  # inside a step
                    self.lost = str(error).partition("\n")[0] or type(error).__name__
                raise

    def report(self, result, stream=None):
        """Say how a run went, on another stream than the progress if one is given; return its
        `Result` with the history, which rank 0 has."""
        if self.lost:
            return result
        sim, say = self.sim, self.progress.say
        if stream is not None:
            self.progress.turn_to(stream)
        with _told(self.progress):
            self.progress.finish(sim.time, sim.clock.step, sim.timers.seconds)
            say(kernels_line())
            history = self.writer.history() if sim.comm.rank == 0 else {}
            for line in summary_lines(sim, history, result.norms) if sim.comm.rank == 0 else ():
                say(line)
        return result._replace(history=history)

    def _watchdog(self):
        """Return the `Watchdog`: a step, a part of one or a file begun is a sign of life."""
        sim, writer = self.sim, self.writer
        if not isinstance(writer, OutputWriter):
            return nullcontext()

        def signs():
            return sim.clock.step, sim.parts, self.interrupts.checks, *writer.numbers.values()

        moment = Moment(writer.record.run_id, lambda: sim.clock.step)
        limit = sim.config.output.watchdog
        return Watchdog(limit, signs, sim.comm, writer.directory.hang, moment)

    def close(self):
        """Leave the folder to others."""
        self.writer.close()
        self.progress.log.close()


@contextmanager
def _told(progress):
    """Keep what ends a run early in its log, too, and say when kernels are compiled."""
    before_first_compilation[:] = [
        lambda: progress.say("compiling kernels, once for this machine and version (20 s or more)")
    ]
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
    return progress


def kernels_line():
    """Return what compiling and loading kernels has cost this process."""
    compiled = sum(not kernel.loaded for kernel in made)
    return (
        f"kernels: {compiled} compiled, {len(made) - compiled} loaded, in "
        f"{sum(kernel.seconds for kernel in made):.1f} s"
    )


def _prepare(session, config, problem_class, restart, write, comm):
    """Assemble the run of a `Session`, set its first state and take its folder; return (writer,
    sim)."""
    progress, interrupts = session.progress, session.interrupts
    if write:
        # before kernels are compiled for it
        on_first(comm, RunDirectory(config.output.dir).require_place)
    with interrupts.expendable():
        interrupts.stop_together(comm)
        writer, sim, checkpoint = _assemble(config, problem_class, comm, restart, progress, write)
    interrupts.stop_together(comm)  # the last moment before files of an earlier run are moved
    writer.begin(checkpoint)
    if not write:
        progress.log.drop()
        return writer, sim
    if comm.rank == 0:
        progress.log.open(writer.directory.log)
        writer.on_remade = lambda: progress.log.open(writer.directory.log)
    folder = writer.directory.path
    progress.say(f"output in {folder}, parameters in {writer.directory.resolved}")
    return writer, sim


def _assemble(config, problem_class, comm, restart, progress, write):
    """Return (writer, sim, the checkpoint from which it continues or None)."""
    if restart:
        on_first(comm, lambda: check_changes(read_origin(restart), problem_class, config))
    sim = Simulation(config, problem_class, comm, read_leaves(restart) if restart else None)
    if not restart:
        sim.initialise()
        sim.remesher.settle()
        for note in initial_notes(sim):
            progress.say(f"note: {note}")
    checkpoint = read_checkpoint(restart, sim.pack.gids) if restart else None
    make = _file_writer if write else _memory_writer
    writer = make(sim, checkpoint, progress)
    if checkpoint is not None:
        written = checkpoint.provenance.get("precision", precision.NAME)
        if written != precision.NAME:
            progress.say(
                f"note: {restart} was written in {written} precision and is continued in "
                f"{precision.NAME}: not bitwise identically"
            )
        sim.restore(checkpoint)
    return writer, sim, checkpoint


def _file_writer(sim, checkpoint, progress):
    """Return what writes the files of a run."""
    config, comm = sim.config, sim.comm
    run_id = new_run_id(comm)
    record = RunRecord(
        tree=sim.tree,
        units=sim.units,
        gamma=config.fluid.gamma,
        gamma_cr=config.fluid.gamma_cr if sim.pack.has_cr else 0.0,
        mu=config.fluid.mu,
        config=config.yaml(),
        provenance=collect(comm) | {RUN: _run_continued(sim, checkpoint) or run_id},
        run_id=run_id,
        source=_source(comm, type(sim.problem)),
    )
    columns = {"history": lambda _state: sim.history.row(), "profiles": sim.observing}
    columns["streams"] = make_streams(sim)
    return OutputWriter(config.output, comm, sim.owner, record, report=progress.say, **columns)


def _memory_writer(sim, _checkpoint, _progress):
    """Return what keeps the history of a run that writes no files."""
    return MemoryWriter(sim.config.output, sim.units, lambda _state: sim.history.row())


def initial_notes(sim):
    """Return what the sources have to say about the initial state; collective."""
    return [note for source in sim.sources for note in getattr(source, "notes", list)()]


def _source(comm, problem_class):
    """Return what checkpoints keep of the source of the problem, the same on all ranks."""
    source = source_of(problem_class) if comm.rank == 0 else None
    return comm.bcast(source.to_json() if source else "null")


def _run_continued(sim, checkpoint):
    """Return the id of the run that a restart continues in its folder, or None: a new run, or a
    branch; the same on all ranks."""
    if checkpoint is None:
        return None
    folder = RunDirectory(sim.config.output.dir)
    return on_first(sim.comm, lambda: folder.run_continued(checkpoint))


__all__ = ["INTERRUPTED", "CrmpiError", "Limits", "Result", "Session", "run"]
