"""Run a problem or a YAML file; under mpirun on all its ranks.

crmpi run galactic_wind                                a problem that comes with crmpi, with its
                                                       default configuration
crmpi run shock_tube/brio_wu mesh.cells=[256,1,1]      a variant, with one parameter changed
crmpi run my_wind.yaml time.end="100 Myr"
mpirun -n 4 crmpi run ./my_wind                        a folder with problem.py and my_wind.yaml
crmpi run --restart runs/galactic_wind                 go on from the last checkpoint in a folder,
                                                       or from a checkpoint file
crmpi run --restart runs/my_wind problem=../my_wind    the same, where the problem file is not
                                                       where it was
crmpi run --resume my_wind.yaml                        go on from the last checkpoint in its
                                                       output.dir, start if there is none
"""

import os
import re
import sys

from crmpi.cli.configuration import configure, leave_together, together
from crmpi.cli.tables import print_json
from crmpi.errors import CrmpiError, RunError
from crmpi.run.interrupts import listening


def add_arguments(parser):
    """Declare the arguments of ``crmpi run``."""
    parser.add_argument(
        "words",
        nargs="*",
        metavar="PROBLEM|FILE.yaml|key=value",
        help="what to run, and parameters to change",
    )
    parser.add_argument(
        "--restart",
        metavar="FILE",
        help="checkpoint to continue from, or the folder of a run: its last checkpoint",
    )
    parser.add_argument(
        "--resume",
        action="store_true",
        help="continue from the last checkpoint in output.dir; start if there is none",
    )
    parser.add_argument(
        "--dry-run",
        action="store_true",
        help=(
            "check parameters, setup and the initial state of one block, tell mesh and "
            "memory; "
            "do not run"
        ),
    )
    parser.add_argument("--quiet", action="store_true", help="print errors only")
    parser.add_argument(
        "--json",
        action="store_true",
        help=(
            "print the steps and the result as JSON, one object a line; progress still goes to "
            "standard error"
        ),
    )


def main(arguments):
    """Run ``crmpi run``: an error of all ranks ends each of them; an error of one rank ends all."""
    from crmpi.parallel.comm import make_comm

    comm = make_comm()
    return leave_together(comm, lambda: _run(comm, arguments))


def _run(comm, arguments):
    if arguments.resume and arguments.restart:
        raise CrmpiError(
            (
                "--resume and --restart exclude each other: --resume takes the last checkpoint in "
                "output.dir"
            ),
            everywhere=True,
        )
    target, overrides = split_words(arguments.words)
    with listening() as interrupts, interrupts.expendable():  # MPI may have taken a signal
        restart = resumed(comm, target, overrides) if arguments.resume else arguments.restart
        if arguments.dry_run:
            return _dry_run(comm, target, overrides, restart, arguments.quiet)
    from crmpi.simulation import Interrupted, Simulation

    options = {"restart": restart, "write": True, "quiet": arguments.quiet}
    with Simulation(target, overrides, comm=comm, **options) as sim:
        if arguments.json:
            sim.tell_events(sys.stdout)
        try:
            result = sim.run()
        except Interrupted as stop:
            result = stop.result
        # progress is talk, and goes to standard error; what a run found is its result
        aside = arguments.json or arguments.quiet
        result = sim.report(result, None if aside else sys.stdout)
        if arguments.json and comm.rank == 0:
            print_json(_summary(sim, result), line=True)
        if arguments.quiet and comm.rank == 0 and result.exit_code == RunError.exit_code:
            print(f"crmpi: error: {result.reason}", file=sys.stderr)
        return result.exit_code


def _summary(sim, result):
    """Return the last object of ``crmpi run --json``."""
    last = {name: column[-1] for name, column in result.history.items() if len(column)}
    return {
        "event": "result",
        "reason": result.reason,
        "exit_code": result.exit_code,
        "step": sim.steps,
        "time": sim.time,
        "time_unit": sim.time_unit,
        "output": str(sim.folder),
        "norms": result.norms,
        "history": last,
        "units": getattr(result.history, "units", {}),
    }


def _dry_run(comm, target, overrides, restart, quiet):
    """Check what a run would be, and tell; return 0."""
    from crmpi.run.expectation import duration, expectation
    from crmpi.run.rehearsal import rehearse, rehearsed, shortest_limits

    config, problem_class, restart = configure(comm, target, overrides, restart)
    speaks = comm.rank == 0 and not quiet
    if speaks:
        print("\n".join([config.describe(), *(f"note: {note}" for note in config.notes)]))

    def trial():
        if comm.rank > 0:
            return None
        sim = rehearse(config, problem_class, initial=restart is None)
        declared = shortest_limits(config, problem_class, sim)
        return [
            *expectation(config, sim),
            *rehearsed(sim, declared),
            *duration(config, sim, declared),
        ]

    lines = together(comm, trial)
    if speaks:
        print("\n".join(lines))
    return 0


def resumed(comm, target, overrides):
    """Return the newest checkpoint in the folder of the run that these words describe whose every
    checksum is right, or None; collective."""
    from crmpi.output.checkpoint import newest_whole

    if target is None:
        raise CrmpiError(
            (
                "--resume needs the problem or YAML file of the run, which it starts if there is "
                "no "
                "checkpoint"
            ),
            everywhere=True,
        )
    config, _, _ = configure(comm, target, overrides)
    path, complaints = newest_whole(config.output.dir, comm)
    if comm.rank == 0:
        for sentence in complaints:
            print(f"note: {sentence}", file=sys.stderr)
    return path


def split_words(words):
    """Return (target or None, overrides): a word with '=' is an override unless it is a file."""
    # unlike pathlib, os says no to impossible names
    targets = [word for word in words if "=" not in word or os.path.exists(word)]
    if len(targets) > 1:
        raise CrmpiError(_stray(targets[1], words), everywhere=True)
    return (targets[0] if targets else None), [word for word in words if word not in targets]


def _stray(word, words):
    """Return the sentence on a word that is no parameter where a problem is named already."""
    before = words[: words.index(word)]
    cut = next((one for one in before if "=" in one and _is_open(one)), None)
    if cut is not None:
        return (
            f"'{cut}' ends within brackets: quote a parameter with blanks as a whole, as in "
            "'mesh.refinement={max_level: 1}'"
        )
    if re.fullmatch(r"\w+(\.\w+)+", word):
        return f"'{word}' has no value: write {word}=VALUE, without blanks beside the ="
    return f"'{word}' is neither a parameter (key=value) nor the first problem or file to run"


def _is_open(word):
    """Return whether a word opens more brackets than it closes."""
    return sum(map(word.count, "[{(")) > sum(map(word.count, "]})"))
