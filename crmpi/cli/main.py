"""The entry point ``crmpi``: find the command, run it, turn errors into one sentence and an exit
code.

Exit codes: 0 success, 2 bad input, 3 a run that failed, 75 a run stopped by a signal or by
output.wall_time, which goes on when it is started again, 130 Ctrl-C elsewhere or a second one.
"""

import argparse
import difflib
import errno
import importlib
import os
import sys
from contextlib import contextmanager, nullcontext

from crmpi import __version__
from crmpi.cli.messages import debugging, print_error, print_traceback, stopped
from crmpi.errors import CrmpiError
from crmpi.run.interrupts import listening

COMMANDS = {
    "run": "run a problem or a YAML file, or continue from a checkpoint",
    "problems": "list the problems that come with crmpi, show one, copy one",
    "new": "make the folder of a new problem, like one that comes with crmpi or from the start",
    "models": "list solvers, models, sources and all else that is chosen by name, with its origin",
    "check": "try a plug-in in small runs: shapes, units, blocks, a restart",
    "params": "list all parameters with type, default, unit and range",
    "info": "say what is in a snapshot, a checkpoint, a history or the folder of a run",
    "plot": "draw slices, projections, profiles, phase diagrams, field lines and histories",
    "movie": "make a movie of the snapshots of a run, or of several side by side",
    "watch": "follow a run in a terminal: progress, rate, floors, lines of its history",
    "report": "write one HTML page on a run: parameters, timing, floors, energies, pictures",
    "observe": "compute observables of snapshots: gamma rays, loading, profiles, phase diagrams",
    "columns": (
        "columns of hydrogen and of ions (O VI, Mg II ...) through a snapshot, over the "
        "distance from its centre"
    ),
    "converge": "run a problem at several reduced speeds of light and compare",
    "sweep": (
        "run a problem with every combination of parameters: serially, on groups of "
        "ranks, "
        "as a Slurm array"
    ),
    "compare": (
        "hold the runs of a sweep against data: one report with figures, and which "
        "models are excluded"
    ),
    "constrain": (
        "bound the transport of cosmic rays by observed haloes and by structures of "
        "the interstellar gas"
    ),
    "bench": "measure zone-cycles per second beside the memory bandwidth of this machine",
    "warm": "compile the kernels of a run and keep them, so that a batch job starts at once",
    "completion": "print what makes bash or zsh complete the words of crmpi",
    "doctor": "check Python, MPI, HDF5, the kernel cache and threads, and say what to do",
}

LONG_RUNNING = {"run", "sweep", "converge", "warm"}
"""Commands that go on when their output cannot be written; others end with the reader of a pipe."""

STOPPABLE = {"run", "sweep"}
"""Commands that end in order when a signal comes: docs/faults.md."""

ALONE = {
    "new",
    "problems",
    "check",
    "models",
    "params",
    "info",
    "plot",
    "movie",
    "watch",
    "report",
    "observe",
    "columns",
    "compare",
    "constrain",
    "completion",
}
"""Commands of one process: started by mpirun, the other ranks have nothing to do or to say."""


class Parser(argparse.ArgumentParser):
    """argparse whose complaints are `CrmpiError`s: one sentence, printed by one rank."""

    def error(self, message):
        raise CrmpiError(f"{message}; see {self.prog} --help", everywhere=True)


def main(argv=None):
    """Run one command and return the exit code of the process."""
    words = list(sys.argv[1:] if argv is None else argv)
    command = next((word for word in words if word not in ("--debug", "--single")), None)
    # a program ends behind this call, a caller goes on
    with listening(to_the_end=argv is None) if command in STOPPABLE else nullcontext():
        debug = debugging(words)
        if "--single" in words:
            os.environ["CRMPI_PRECISION"] = "single"  # before anything is imported that asks for it
        words = [word for word in words if word not in ("--debug", "--single")]
        with _resilient_streams() if command in LONG_RUNNING else nullcontext():
            code = _guarded(words, debug)
        if code and argv is None:
            _leave_broken_files(code)
        return code


def _leave_broken_files(code):
    """End the process here if HDF5 holds a file that the disk has refused: it would crash at the
    exit, and its code would be that of the process."""
    files = sys.modules.get("crmpi.output.files")
    if files is not None and files.unwritten:
        from crmpi.parallel.comm import leave

        sys.stdout.flush()
        sys.stderr.flush()
        leave(code)


def _guarded(argv, debug):
    """Run a command and turn errors into sentences and exit codes."""
    try:
        code = _dispatch(argv) or 0
        sys.stdout.flush()
        return code
    except CrmpiError as error:
        if debug:
            print_traceback(error)
        return report(error)
    except KeyboardInterrupt as stop:
        return stopped(stop, speaks=_first_rank())
    except BrokenPipeError:  # the reader of a pipe, such as head, has had enough
        _discard_output()
        return 0
    except OSError as error:
        if error.filename is not None or error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EIO):
            raise
        _discard_output()
        return report(
            CrmpiError(f"cannot write to standard output: {os.strerror(error.errno).lower()}")
        )


@contextmanager
def _resilient_streams():
    """Let a command not depend on its standard streams."""
    from crmpi.output.streams import ResilientStream, open_descriptors

    open_descriptors()
    kept = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = map(ResilientStream, kept)
    try:
        yield
    finally:
        sys.stdout.flush()
        sys.stdout, sys.stderr = kept


def _discard_output():
    from crmpi.output.streams import discard

    discard(sys.stdout)


def report(error):
    """Print an error that all ranks share once, and return its exit code."""
    if _first_rank():
        print_error(error)
    return error.exit_code


def _first_rank():
    """Whether this process is the one that prints, also before or without a communicator."""
    # the room imports numpy, which --help and --version can do without
    from crmpi.parallel.launcher import read_launch

    return read_launch().rank == 0


def usage():
    """Return the text of ``crmpi --help``."""
    width = max(map(len, COMMANDS))
    lines = [
        "usage: crmpi COMMAND ...",
        "",
        "Cosmic-ray magnetohydrodynamics on blocks, under MPI, in Python.",
        "",
    ]
    lines += [f"  {name.ljust(width)}  {text}" for name, text in COMMANDS.items()]
    lines += [
        "",
        (
            "  crmpi COMMAND --help explains a command; crmpi --version prints the version; "
            "--debug "
            "shows tracebacks;"
        ),
        "  --single computes in single precision (docs/precision.md).",
        "",
        "  crmpi run galactic_wind mesh.cells=[64,64,512] transport.solver=two_moment",
        "  mpirun -n 4 crmpi run my_wind.yaml time.end='100 Myr'",
    ]
    return "\n".join(lines)


def _dispatch(argv):
    if not argv or argv[0] in ("-h", "--help", "help"):
        print(usage())
        return 0
    if argv[0] in ("-V", "--version", "version"):
        print(f"crmpi {__version__}")
        return 0
    name = argv[0]
    if name not in COMMANDS:
        close = difflib.get_close_matches(name, COMMANDS, n=1)
        hint = f"did you mean '{close[0]}'?" if close else f"known are {', '.join(COMMANDS)}"
        raise CrmpiError(f"unknown command '{name}'; {hint}", everywhere=True)
    if name in ALONE and not _first_rank():
        return 0
    command = importlib.import_module(f"crmpi.cli.{name}")
    parser = Parser(
        prog=f"crmpi {name}",
        description=command.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_arguments(parser)
    return command.main(parser.parse_intermixed_args(argv[1:]))


if __name__ == "__main__":
    sys.exit(main())
