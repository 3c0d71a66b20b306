"""Runs from Python: ``crmpi.Simulation``. The command ``crmpi run`` goes through it, too."""

import sys
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from numbers import Integral
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from crmpi.analysis.read.derived import shown_in
from crmpi.errors import CrmpiError
from crmpi.output.history import Columns
from crmpi.parallel.comm import make_comm
from crmpi.params import group, make, par
from crmpi.run import driver
from crmpi.run.driver import Result, Session
from crmpi.run.loop import Limits
from crmpi.run.request import asks_for_folder, configure

if TYPE_CHECKING:
    import xarray

    from crmpi.model.problem import Problem
    from crmpi.parallel.comm import MpiComm, SerialComm
    from crmpi.run.simulation import Simulation as State

_writing: "weakref.WeakValueDictionary[str, Simulation]" = weakref.WeakValueDictionary()
"""Simulations of this process by the folder in which they write."""


class Interrupted(KeyboardInterrupt):
    """A signal ended a run between two steps, its state is whole; `result` is its `Result`."""

    def __init__(self, result: Result) -> None:
        super().__init__(result.reason)
        self.result = result


@group
class _Times:
    """Times that a method is given."""

    until: float | None = par(None, unit="time", ge=0)
    duration: float | None = par(None, unit="time", gt=0)


class Simulation:
    """A run: its state on this rank, and what takes it forward.

    Under mpirun every rank makes one; methods that step or write are collective. Arrays hold the
    cells of this rank.

    Parameters
    ----------
    problem : str, Path or subclass of Problem, optional
        a name that ``crmpi problems`` lists, either with '/variant', a folder, a YAML file, or a
        class of one's own; not needed with `restart`
    parameters : mapping, or sequence of 'key=value', optional
        stronger than the YAML file: ``{"mesh.cells": [16, 16, 128], "time.end": "10 Myr"}``
    restart : path, optional
        a checkpoint, or the folder of a run, to go on from
    write : bool, optional
        whether files are written; by default where the parameters name ``output.dir``
    quiet : bool
        whether nothing is said on `stream`
    stream : text file, optional
        where progress and notes go; standard error by default
    comm : SerialComm or MpiComm, optional
        the ranks of this run, all of the launch by default

    Attributes
    ----------
    state : crmpi.run.simulation.Simulation
        mesh, operators and arrays of this rank, in code units

    Raises
    ------
    CrmpiError
        what is wrong with the parameters, a sentence for each mistake, or with the initial state
    """

    def __init__(
        self,
        problem: "str | Path | type[Problem] | None" = None,
        parameters: Mapping[str, Any] | Sequence[str] = (),
        *,
        restart: str | Path | None = None,
        write: bool | None = None,
        quiet: bool = False,
        stream: TextIO | None = None,
        comm: "SerialComm | MpiComm | None" = None,
    ) -> None:
        comm = make_comm() if comm is None else comm
        given = [_plain(parameters)] if isinstance(parameters, Mapping) else list(parameters)
        target = str(problem) if isinstance(problem, Path) else problem
        if not (target is None or isinstance(target, str) or _is_problem(target)):
            raise CrmpiError(
                f"{target!r:.80} is no problem: name one, a folder or a YAML file, or give a "
                "subclass of crmpi.api.Problem",
                everywhere=True,
            )
        write = asks_for_folder(given) if write is None else write
        config, problem_class, checkpoint = configure(
            comm, target, given, None if restart is None else str(restart), write=write
        )
        folder = str(Path(config.output.dir).resolve())
        if write and folder in _writing:
            _writing[folder].close()  # made earlier in this notebook
        self._session = Session(
            config,
            problem_class,
            comm,
            restart=checkpoint,
            stream=_Nothing() if quiet else stream or sys.stderr,
            write=write,
        )
        self.state: State = self._session.sim
        self.folder = Path(config.output.dir) if write else None
        self._close = weakref.finalize(self, self._session.close)
        if write:
            _writing[folder] = self

    # ------------------------------------------------------------------ stepping

    def run(
        self,
        until: str | float | None = None,
        *,
        duration: str | float | None = None,
        steps: int | None = None,
        every_step: "Callable[[Simulation], object] | None" = None,
    ) -> Result:
        """Step to a time and write what is due; collective.

        Parameters
        ----------
        until : str or float, optional
            the time to end at, such as '10 Myr'; ``time.end`` by default. A number without unit
            only in a dimensionless run
        duration : str or float, optional
            how long to go on instead
        steps : int, optional
            stop after this many steps at the latest
        every_step : callable, optional
            called with this simulation after every step, before output; it may change the state.
            A true return value ends the run after this step, a text is its reason

        Returns
        -------
        Result
            ``reason`` why it stopped, ``exit_code`` 0 if all went well, ``norms`` errors against
            the exact solution of the problem

        Raises
        ------
        CrmpiError
            times that cannot be, or a state that cannot go on
        Interrupted
            a signal, docs/faults.md, after the step that it came in; `run` goes on
        """
        limits = self._limits(until, duration, steps)
        if limits.end == float("inf") and limits.max_steps is None and every_step is None:
            raise CrmpiError(
                "run() needs an end: run(until='10 Myr'), run(steps=100), or the parameter "
                "time.end",
                everywhere=True,
            )
        after = None if every_step is None else self._asking(every_step)
        result = self._session.run(limits, after)
        if result.reason.startswith("received"):
            raise Interrupted(result)
        return result

    def step(self, n: int = 1) -> None:
        """Make `n` steps, as long as the state allows, also beyond ``time.end``; collective. Due
        files are written.

        Raises
        ------
        CrmpiError
            a state that cannot go on
        Interrupted
            a signal
        """
        if not isinstance(n, Integral) or n < 1:
            raise CrmpiError(f"step(n = {n}): n must be an integer, 1 or more", everywhere=True)
        limits = Limits(float("inf"), self.steps + n, "the end")
        reason = self._session.advance(limits, _Unshown(self._session.progress))
        if reason.startswith("received"):
            raise Interrupted(Result(reason, driver.INTERRUPTED, {}, {}, self.state))
        if self.steps < (limits.max_steps or 0):
            raise CrmpiError(f"step {self.steps} was the last: {reason}", everywhere=True)

    def report(self, result: Result, stream: TextIO | None = None) -> Result:
        """Say how a run went, on `stream` or where it says all else: speed, time by phase, errors,
        energy ledger; return the `Result` with the history on rank 0; collective."""
        return self._session.report(result, stream)

    def tell_events(self, stream: TextIO) -> None:
        """Write steps and messages to `stream`, too, one JSON object a line; on rank 0."""
        self._session.progress.events = stream

    def close(self) -> None:
        """Leave the output folder to others; nothing is lost without it."""
        self._close()

    def __enter__(self) -> "Simulation":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # ------------------------------------------------------------------ state

    def __getitem__(self, name: str) -> "xarray.DataArray":
        """Return a variable or a derived quantity in the finest cells of the mesh, see `array`."""
        return self.array(name)

    def __setitem__(self, name: str, value: Any) -> None:
        """Set a variable in the cells of this rank: a number, 'number unit', or an array with the
        shape of ``sim[name]``; what does not change keeps its bits. The other primitives stay."""
        _arrays().assign(self.state, name, value)

    def __contains__(self, name: object) -> bool:
        return name in self.names

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def array(self, name: str, level: int | None = None) -> "xarray.DataArray":
        """Return a copy of a quantity, dimensions (x3, x2, x1), with units and coordinates.

        It covers the smallest box around the blocks of this rank: on one rank the whole mesh;
        cells of other ranks are NaN. On a refined mesh it has the cells of `level`, the highest by
        default: larger cells are copied, smaller ones averaged over volume.
        """
        return _arrays().array_of(self.state, name, level)

    def blocks(self) -> "list[Block]":
        """Return the blocks of this rank; they are valid until the next step."""
        return [Block(self.state, b) for b in range(self.state.pack.nblock)]

    @property
    def names(self) -> list[str]:
        """Variables and derived quantities."""
        return _arrays().names_of(self.state)

    @property
    def time(self) -> float:
        """Simulated time in `time_unit`."""
        return self.state.time * shown_in("time", self.state.units)[1]

    @property
    def time_unit(self) -> str:
        """'Myr', or '' in a dimensionless run."""
        return shown_in("time", self.state.units)[0]

    @property
    def steps(self) -> int:
        """Steps since the start, those before a restart included."""
        return self.state.clock.step

    @property
    def rank(self) -> int:
        """Number of this rank."""
        return self.state.comm.rank

    @property
    def parameters(self) -> dict[str, Any]:
        """Every parameter of the run, in the units in which it was given, nested."""
        return self.state.config.resolved()

    @property
    def history(self) -> Columns:
        """The history so far, {column: array} with `units`; from the file in the folder of the run
        where there is one, else from memory."""
        return self._session.writer.history()

    def save(self) -> None:
        """Write a snapshot and a checkpoint of the present state; collective.

        Raises
        ------
        CrmpiError
            the run has no folder
        """
        if self.folder is None:
            raise CrmpiError(
                "there is no folder to write into: name one with the parameter output.dir",
                everywhere=True,
            )
        self.state.take_changes()
        state = driver.state_of(self.state)
        self._session.writer.checkpoint(state)
        self._session.writer.snapshot(state)

    def __repr__(self) -> str:
        state = self.state
        mesh = " x ".join(map(str, state.tree.cells))
        levels = f", {state.tree.max_level + 1} levels" if state.tree.max_level else ""
        ranks = f", rank {self.rank} of {state.comm.nranks}" if state.comm.nranks > 1 else ""
        time = f"t = {self.time:.6g} {self.time_unit}".rstrip()
        where = f"{mesh} cells{levels}, {time}, step {self.steps}{ranks}"
        return f"<Simulation {state.problem.name}: {where}>"

    # ------------------------------------------------------------------ inner

    def _limits(self, until, duration, steps):
        """Return the `Limits` of a call of `run`."""
        sim, config = self.state, self.state.config.time
        if until is not None and duration is not None:
            raise CrmpiError("run() takes 'until' or 'duration', not both", everywhere=True)
        for name, value in (("until", until), ("duration", duration)):
            if isinstance(value, (int, float)) and self.time_unit:
                raise CrmpiError(
                    f"{name} = {value} has no unit: write '{value} {self.time_unit}'",
                    everywhere=True,
                )
        times = make(_Times, sim.units, until=until, duration=duration)
        limits, shown = Limits.of(config), until
        if duration is not None:
            end = sim.time + times.duration
            scale = shown_in("time", sim.units)[1]
            shown = f"{end * scale:.6g} {self.time_unit}".rstrip()
            limits = limits._replace(end=end, name=f"t = {shown}")
        elif until is not None:
            limits = limits._replace(end=times.until, name=f"t = {shown}")
        if limits.end < sim.time:
            now = f"{self.time:.6g} {self.time_unit}".rstrip()
            raise CrmpiError(
                f"{'time.end' if until is None else f'until = {until}'} lies before the present "
                f"time, {now}",
                everywhere=True,
            )
        if steps is not None:
            if not isinstance(steps, Integral) or steps < 0:
                raise CrmpiError(
                    f"steps = {steps} must be an integer that is not negative", everywhere=True
                )
            most = self.steps + steps
            within = limits.max_steps is None or most < limits.max_steps
            limits = limits._replace(max_steps=most if within else limits.max_steps)
        return limits

    def _asking(self, every_step):
        """Return what the loop calls after a step: why to stop, the same on all ranks, or None."""

        def after() -> str | None:
            said = every_step(self)
            if not self.state.comm.any(bool(said)):
                return None
            reasons = self.state.comm.allgather_object(said if isinstance(said, str) else None)
            return next((text for text in reasons if text), "every_step said so")

        return after


class Block:
    """A block of a simulation: ``block["dens"]`` as an array with its own cells, to be set in the
    same way.

    Attributes
    ----------
    gid : int
        number of the block in the mesh
    level : int
        its refinement level
    """

    def __init__(self, state: "State", b: int) -> None:
        self._state, self._b = state, b
        self._version = state.pack.pool.version
        self.gid, self.level = int(state.pack.gids[b]), int(state.pack.levels[b])

    def __getitem__(self, name: str) -> "xarray.DataArray":
        self._require_present()
        return _arrays().block_array_of(self._state, self._b, name)

    def __setitem__(self, name: str, value: Any) -> None:
        self._require_present()
        _arrays().assign_block(self._state, self._b, name, value)

    def __repr__(self) -> str:
        return f"<Block {self.gid}, level {self.level}>"

    def _require_present(self):
        if self._state.pack.pool.version != self._version:
            raise CrmpiError("the mesh has changed since: call sim.blocks() again")


class _Nothing:
    """A stream that discards its text."""

    def write(self, text: str) -> int:
        return len(text)

    def flush(self) -> None:
        """There is nothing to hand over."""

    def isatty(self) -> bool:
        return False


class _Unshown:
    """A progress that says what it must and shows no steps."""

    zones = 0

    def __init__(self, progress):
        self.say = progress.say

    def start(self, *_):
        """Nothing is shown."""

    step = start


def _is_problem(target: Any) -> bool:
    """Return whether this is a subclass of `crmpi.api.Problem`."""
    from crmpi.model.problem import Problem

    return isinstance(target, type) and issubclass(target, Problem)


def _plain(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return parameters with numpy's arrays and numbers, tuples and paths as plain values."""
    return {str(key): _plain_value(value) for key, value in parameters.items()}


def _plain_value(value: Any) -> Any:
    if isinstance(value, Mapping):
        return _plain(value)
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, (list, tuple)):
        return [_plain_value(item) for item in value]
    return str(value) if isinstance(value, Path) else value


def _arrays():
    """Return the module that knows xarray."""
    try:
        from crmpi.run import arrays
    except ImportError as error:
        raise CrmpiError(
            "arrays of a simulation need xarray: pip install 'crmpi[xarray]'"
        ) from error
    return arrays
