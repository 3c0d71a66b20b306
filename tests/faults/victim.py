"""A ``crmpi`` command that meets a fault: ``python -m tests.faults.victim FAULT PLACE CALL RANK
WORDS...``.

FAULT happens on RANK in the CALL-th call (1 is the first) of PLACE, see `FAULTS` and `PLACES`.
"""

import os
import resource
import shutil
import signal
import subprocess
import sys
from pathlib import Path

from crmpi.cli.main import main
from crmpi.output import blockfile
from crmpi.output.history import HistoryFile
from crmpi.output.writer import OutputWriter
from crmpi.parallel.halo import Halo
from crmpi.parallel.launcher import read_launch
from crmpi.run import stepper

PLACES = {
    "compute": (stepper, "fluid_stage"),
    "exchange": (Halo, "exchange"),
    "snapshot": (OutputWriter, "snapshot"),
    "checkpoint": (OutputWriter, "checkpoint"),
    "half a file": (blockfile, "commit"),
    "history": (HistoryFile, "write"),
}
_FULL = 100  # bytes that a file may have on a disk that is full


def kill(_folder):
    """End this process as the kernel does when memory is short."""
    os.kill(os.getpid(), signal.SIGKILL)


def stop(_folder):
    """Let this process hang."""
    os.kill(os.getpid(), signal.SIGSTOP)


def term(_folder):
    """Ask this process, and no other rank, to end."""
    os.kill(os.getpid(), signal.SIGTERM)


def limit(_folder):
    """Let no file grow."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (_FULL, resource.RLIM_INFINITY))


def fill(folder):
    """Fill the file system of the folder, which must be a small one."""
    ballast = os.open(folder.parent / "ballast", os.O_WRONLY | os.O_CREAT)
    try:
        while os.write(ballast, bytes(4096)):
            continue
    except OSError:
        os.close(ballast)


def read_only(folder):
    """Make the folder read-only for all who open a file there from now on. (The kernel refuses to
    remount a file system on which a file, such as log.txt, is open for writing.)"""
    place = str(folder.parent)
    subprocess.run(["mount", "--bind", place, place], check=True)
    subprocess.run(["mount", "-o", "remount,bind,ro", place], check=True)


def remove(folder):
    """Remove the folder of the run."""
    shutil.rmtree(folder)


FAULTS = {act.__name__: act for act in (kill, stop, term, limit, fill, read_only, remove)}


def arm(fault, place, call, folder):
    """Let a fault happen in a call of a place in this process."""
    owner, name = PLACES[place]
    function, calls = getattr(owner, name), []

    def watched(*arguments, **words):
        calls.append(name)
        if len(calls) == call:
            FAULTS[fault](folder)
        return function(*arguments, **words)

    setattr(owner, name, watched)


if __name__ == "__main__":
    chosen, where, number, rank, *command = sys.argv[1:]
    if read_launch().rank == int(rank):
        target = next(word for word in command if word.startswith("output.dir="))
        arm(chosen, where, int(number), Path(target.partition("=")[2]))
    sys.argv = ["crmpi", *command]
    sys.exit(main())
