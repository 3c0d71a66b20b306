"""Signals: a run that is told to stop writes a checkpoint, leaves with its own exit code, and can go on from there."""

import os
import signal
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import pytest

from crmpi.cli.doctor import find_mpirun
from crmpi.driver import INTERRUPTED

ROOT = Path(__file__).parents[2]
ENDLESS = ["orszag_tang", "mesh.cells=[64,64,1]", "mesh.block=[32,32,1]", "time.end=1e9", "output.history_interval=1e9"]


def start(tmp_path, ranks, *words):
    """Start ``crmpi run`` in `tmp_path` and return the process."""
    if ranks > 1 and (find_mpirun() is None or find_spec("mpi4py") is None):
        pytest.skip("needs mpirun and mpi4py")
    launcher = [find_mpirun(), "-n", str(ranks)] if ranks > 1 else []
    env = {name: value for name, value in os.environ.items() if not name.startswith(("PMI_", "PMIX_", "OMPI_", "HYDI_"))}
    env |= {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}
    command = [*launcher, sys.executable, "-m", "crmpi.cli.main", "run", *words, "output.dir=out"]
    return subprocess.Popen(command, cwd=tmp_path, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def wait_for_steps(process, seconds=120):
    """Read the output of a run until it reports its third step."""
    deadline = time.monotonic() + seconds
    for line in process.stdout:
        if line.startswith("step 3 "):
            return
        assert time.monotonic() < deadline, "no progress"
    raise AssertionError(f"the run ended before its third step with code {process.wait()}")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "Ctrl-C"])
@pytest.mark.parametrize("ranks", [1, 2], ids=["serial", "two ranks"])
def test_signal_writes_a_checkpoint_and_stops(tmp_path, ranks, number):
    process = start(tmp_path, ranks, *ENDLESS)
    wait_for_steps(process)
    process.send_signal(number)
    out, _ = process.communicate(timeout=30)
    assert f"stopped: received {number.name}" in out
    assert "Traceback" not in out
    assert process.returncode != 0
    if ranks == 1:
        assert process.returncode == INTERRUPTED
    (checkpoint,) = (tmp_path / "out" / "checkpoints").glob("checkpoint_*.h5")
    resumed = start(tmp_path, 1, "--restart", str(checkpoint), "time.max_steps=20000", "time.end=0.0")
    out, _ = resumed.communicate(timeout=60)
    assert "stopped: reached time.end" in out
    assert resumed.returncode == 0


def test_stop_file_ends_a_run(tmp_path):
    process = start(tmp_path, 1, *ENDLESS)
    wait_for_steps(process)
    (tmp_path / "out" / "STOP").touch()
    out, _ = process.communicate(timeout=30)
    assert "stopped: found the file STOP" in out
    assert process.returncode == 0
    assert not (tmp_path / "out" / "STOP").exists()
    assert list((tmp_path / "out" / "checkpoints").glob("checkpoint_*.h5"))
