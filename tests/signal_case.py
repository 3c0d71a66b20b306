"""A tiny run that gets a signal at a chosen moment, and what must be true afterwards."""

import io
import os
import signal

import h5py

from crmpi.cli.configuration import configure
from crmpi.output.checkpoint import damage, latest_checkpoint
from crmpi.output.writer import OutputWriter
from crmpi.run import driver, stepper
from crmpi.run.interrupts import INTERRUPTED
from crmpi.run.simulation import Simulation

STEPS = 3
WORDS = (
    "mesh.cells=[16,16,1]",
    "mesh.block=[8,16,1]",
    "output.history_interval=none",
    "output.checkpoint_interval=1e-6",
    f"time.max_steps={STEPS}",
)
# moment: (owner, name of a function, the call of it in which the signal comes, exit code)
MOMENTS = {
    "assembling": (Simulation, "assemble", 1, INTERRUPTED),
    "initial state": (Simulation, "initialise", 1, INTERRUPTED),
    "taking the folder": (OutputWriter, "begin", 1, INTERRUPTED),
    "first output": (OutputWriter, "write_due", 1, INTERRUPTED),
    "first step": (stepper, "advance", 1, INTERRUPTED),
    "a step": (stepper, "advance", 2, INTERRUPTED),
    "a checkpoint": (OutputWriter, "checkpoint", 1, INTERRUPTED),
    "the last output": (OutputWriter, "finalize", 1, 0),
    "the summary": (driver, "kernels_line", 1, 0),
}


def run(comm, folder):
    """Start the run, or go on from its last checkpoint; return the `Result`; collective."""
    words = [*WORDS, f"output.dir={folder}"]
    found = comm.bcast(latest_checkpoint(folder) if comm.rank == 0 else None)
    target = None if found else "orszag_tang"
    config, problem_class, restart = configure(comm, target, words, str(found) if found else None)
    stream = io.StringIO()
    return driver.run(config, problem_class, comm, restart=restart, stream=stream)


def signal_in(monkeypatch, moment, *numbers):
    """Let this process receive signals at a moment of the next run."""
    owner, name, call, _ = MOMENTS[moment]
    calls, function = [], getattr(owner, name)
    for number in numbers:
        if signal.getsignal(number) is signal.SIG_IGN:  # SIGHUP where the tests run under nohup
            signal.signal(number, signal.SIG_DFL)

    def watched(*arguments, **words):
        calls.append(name)
        if len(calls) == call:
            for number in numbers:
                os.kill(os.getpid(), number)
        return function(*arguments, **words)

    monkeypatch.setattr(owner, name, watched)


def state(folder):
    """Return (step, bytes of the conserved state) of the last checkpoint, which must be whole."""
    path = latest_checkpoint(folder)
    assert not damage(path)
    with h5py.File(path) as file:
        return int(file.attrs["step"]), file["u0"][...].tobytes()
