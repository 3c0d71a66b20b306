"""One run of a sweep, from its last checkpoint if it was interrupted; what went wrong becomes a
sentence."""

import os
import time
import traceback
from contextlib import nullcontext
from typing import NamedTuple

from crmpi.errors import CrmpiError
from crmpi.output.directory import RunDirectory
from crmpi.parallel.agreement import on_first
from crmpi.run import driver
from crmpi.tools.sweep.results import (
    has_checkpoint,
    note_failure,
    read_result,
    summarise,
    write_result,
)

_ENDS = ("reached time.end", "reached time.max_steps")  # other reasons leave a run unfinished


class Outcome(NamedTuple):
    """What became of a run.

    ``state``: 'finished'; 'earlier', it had been finished before; 'failed'; 'stopped' before its
    end; 'signalled', stopped by a signal, which is meant for the whole sweep. ``numbers``: of a
    finished run, else None and the ``reason``. ``seconds``: it took.
    """

    variant: object
    state: str
    numbers: dict | None
    reason: str
    seconds: float


def attempt(variant, configure, comm, *, verbose=False):
    """Run a variant to its end if it is not there yet, and return its `Outcome`, on all ranks;
    collective.

    Parameters
    ----------
    variant : Variant
    configure : callable
        (comm, overrides, folder to continue from or None) -> (Config, problem class, checkpoint or
        None)
    comm : SerialComm or MpiComm
    verbose : bool
        progress goes to the terminal, not only to log.txt

    Raises
    ------
    CrmpiError
        one of several ranks failed by itself: the others cannot go on
    """
    started = time.monotonic()
    try:
        state, numbers, reason = _run(variant, configure, comm, verbose)
    except CrmpiError as error:
        if comm.nranks > 1 and not error.everywhere:
            raise
        state, numbers, reason = "failed", None, "; ".join(str(error).splitlines())
    except Exception as error:
        # a fault of the code in one run must not cost the others; its traceback is in the log
        if comm.nranks > 1:
            raise
        state, numbers, reason = "failed", None, f"{type(error).__name__}: {error}"
        _keep_traceback(variant)
    if comm.rank == 0:
        note_failure(variant, reason if state == "failed" else None)
    return Outcome(variant, state, numbers, reason, time.monotonic() - started)


def _run(variant, configure, comm, verbose):
    """Return (state, numbers, reason)."""
    overrides = [*variant.overrides, f"output.dir={variant.path}"]
    config, problem_class, restart = configure(comm, overrides, None)
    done = on_first(comm, lambda: read_result(variant, config))
    if done is not None:
        return "earlier", done, ""
    if comm.bcast(has_checkpoint(variant) if comm.rank == 0 else None):
        config, problem_class, restart = configure(comm, overrides, str(variant.path))
    with nullcontext(None) if verbose else open(os.devnull, "w", encoding="utf-8") as stream:
        result = driver.run(config, problem_class, comm, restart=restart, stream=stream)
    if result.reason not in _ENDS:
        state = "signalled" if result.reason.startswith("received") else "stopped"
        return state, None, f"{result.reason} before its end; start the sweep again to go on"
    numbers = None
    if comm.rank == 0:
        numbers = summarise(result.sim.problem, result.history)
        write_result(variant, config, numbers)
    return "finished", comm.bcast(numbers), ""


def _keep_traceback(variant):
    variant.path.mkdir(parents=True, exist_ok=True)
    with open(RunDirectory(variant.path).log, "a", encoding="utf-8") as file:
        traceback.print_exc(file=file)
