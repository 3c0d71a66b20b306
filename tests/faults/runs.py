"""Tiny runs of the fault campaign, and what must be true after a fault."""

import contextlib
import io
import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import h5py

from crmpi.analysis.read.readers import open_snapshot
from crmpi.cli.main import main
from crmpi.output.checkpoint import damage, latest_checkpoint
from crmpi.output.directory import RunDirectory
from crmpi.output.history import read_history
from crmpi.parallel.launcher import unlaunched
from crmpi.tools.doctor.mpi import find_mpirun

ROOT = Path(__file__).parents[2]
SECONDS = 240  # a hang is longer, on a busy machine too
WORDS = (
    "orszag_tang",
    "mesh.cells=[16,16,1]",
    "mesh.block=[8,16,1]",
    "output.snapshot_interval=0.05",
    "output.checkpoint_interval=1e-6",
    "output.history_interval=none",
)


class Ended(NamedTuple):
    """How a command ended; `code` is None if it hung and was killed."""

    code: int | None
    out: str
    err: str

    @property
    def sentences(self):
        """The errors a user reads."""
        return [line for line in self.err.splitlines() if line.startswith("crmpi: error: ")]


class Outcome(NamedTuple):
    """What became of a fault: did the run, or the next one, notice it; what was lost ('' is
    nothing)."""

    detected: bool
    lost: str = ""


def command(words, ranks, fault=()):
    """Return the words of a process that runs ``crmpi WORDS``, a victim of `fault` if there is
    one."""
    launcher = [find_mpirun(), "-n", str(ranks)] if ranks > 1 else []
    module = ["tests.faults.victim", *map(str, fault)] if fault else ["crmpi.cli.main"]
    return [*launcher, sys.executable, "-m", *module, *map(str, words)]


def start(words, ranks, fault=()):
    """Start a command in a session of its own."""
    env = unlaunched() | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        command(words, ranks, fault),
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def finish(process):
    """Wait for a command and return how it `Ended`."""
    try:
        out, err = process.communicate(timeout=SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, 9)
        out, err = process.communicate()
        return Ended(None, out, err)
    return Ended(process.returncode, out, err)


def words_of(folder, steps, *more):
    """Return the words of the run in a folder, which go on from what is there."""
    return ["run", "--resume", *WORDS, f"output.dir={folder}", f"time.max_steps={steps}", *more]


def run(folder, steps, ranks, fault=(), *more):
    """Run to a step, from the last checkpoint if there is one."""
    return finish(start(words_of(folder, steps, *more), ranks, fault))


def state(folder):
    """Return (step, bytes) of the last checkpoint, None if there is none."""
    path = latest_checkpoint(folder)
    if path is None:
        return None
    with h5py.File(path) as file:
        arrays = [file[name][...].tobytes() for name in ("u0", "b1", "b2", "b3")]
        return int(file.attrs["step"]), b"".join(arrays)


def broken_file(folder):
    """Return what is wrong with the files of a run that have their names, '' if nothing is."""
    directory = RunDirectory(folder)
    for path in directory.checkpoints():
        if damage(path):
            return f"{path.name}: {damage(path)}"
    for path in directory.snapshots():
        with open_snapshot(path) as snapshot:
            if snapshot.damage():
                return f"{path.name}: {snapshot.damage()}"
    if directory.history.exists() and directory.history.stat().st_size:
        read_history(directory.history)
    return ""


def quietly(words):
    """Run a command in this process without a word; return its exit code."""
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        return main(list(map(str, words)))


def lost_after(folder, ended, reference, steps):
    """Return what a fault cost: a hang, a broken file, other bits at the end of the run that goes
    on (on one rank, in this process); '' if nothing."""
    if ended.code is None:
        return "hang"
    if "Traceback" in ended.err:
        return f"a traceback: {ended.err.splitlines()[-1]}"
    broken = broken_file(folder) if Path(folder).exists() else ""
    if broken:
        return broken
    code = quietly(words_of(folder, steps))
    if code != 0:
        return f"does not go on: code {code}"
    if state(folder) != reference:
        return "other bits"
    return broken_file(folder)
