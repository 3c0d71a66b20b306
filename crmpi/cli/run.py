"""Run a problem or a YAML file; under mpirun on all its ranks.

  crmpi run galactic_wind                                a problem that comes with crmpi, with its default configuration
  crmpi run shock_tube/brio_wu mesh.cells=[256,1,1]      a variant, with one parameter changed
  crmpi run my_wind.yaml time.end="100 Myr"
  mpirun -n 4 crmpi run ./my_wind                        a folder with problem.py and my_wind.yaml
  crmpi run --restart runs/galactic_wind                 go on from the last checkpoint in a folder, or from a checkpoint file
"""

import os
import sys
from contextlib import nullcontext
from pathlib import Path

from crmpi.cli.configuration import configure, leave_together
from crmpi.errors import CrmpiError
from crmpi.parallel.comm import make_comm


def add_arguments(parser):
    """Declare the arguments of ``crmpi run``."""
    parser.add_argument("words", nargs="*", metavar="PROBLEM|FILE.yaml|key=value", help="what to run, and parameters to change")
    parser.add_argument("--restart", metavar="FILE", help="checkpoint to continue from, or the folder of a run: its last checkpoint")
    parser.add_argument("--dry-run", action="store_true", help="check everything and print all parameters, but do not run")
    parser.add_argument("--quiet", action="store_true", help="print errors only")


def main(arguments):
    """Run ``crmpi run``: an error of all ranks ends each of them; an error of one rank ends all."""
    comm = make_comm()
    return leave_together(comm, lambda: _run(comm, arguments))


def _run(comm, arguments):
    target, overrides = split_words(arguments.words)
    config, problem_class, restart = configure(comm, target, overrides, arguments.restart)
    say = _quiet if arguments.quiet else print
    if comm.rank == 0:
        say(config.describe())
        for note in config.notes:
            say(f"note: {note}")
    if arguments.dry_run:
        return 0
    from crmpi import driver
    from crmpi.jit import cache_note

    if comm.rank == 0 and cache_note():
        say(f"note: {cache_note()}")
    with open(os.devnull, "w", encoding="utf-8") if arguments.quiet else nullcontext(sys.stdout) as stream:
        result = driver.run(config, problem_class, comm, restart=restart, stream=stream)
    return result.exit_code


def split_words(words):
    """Return (target or None, overrides): a word with '=' is an override unless it is a file."""
    targets = [word for word in words if "=" not in word or Path(word).exists()]
    if len(targets) > 1:
        raise CrmpiError(f"'{targets[1]}' is neither a parameter (key=value) nor the first problem or file to run", everywhere=True)
    return (targets[0] if targets else None), [word for word in words if word not in targets]


def _quiet(_line):
    """Say nothing."""
