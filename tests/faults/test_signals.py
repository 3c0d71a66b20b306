"""Ctrl-C and SIGTERM: a checkpoint is written, the exit code says so, and the run goes on from there to the same bits."""

import signal

import h5py
import numpy as np
import pytest

RUN = ("run", "blast", "mesh.cells=[64,64,1]", "mesh.block=[32,32,1]", "time.max_steps=100000", "time.end=100")


@pytest.mark.parametrize(
    ("crmpi", "number"),
    [(1, signal.SIGINT), (2, signal.SIGTERM)],
    indirect=["crmpi"],
    ids=["Ctrl-C, serial", "SIGTERM, two ranks"],
)
def test_signal_writes_a_checkpoint_and_the_run_goes_on(crmpi, tmp_path, number):
    out = tmp_path / "out"
    process = crmpi.start(*RUN, f"output.dir={out}", "output.progress_interval=0.01")
    for line in process.stdout:
        if line.startswith("step "):
            break
    process.send_signal(number)
    rest, err = process.communicate(timeout=60)
    assert process.returncode == 75, rest + err
    assert "Traceback" not in err
    (checkpoint,) = sorted((out / "checkpoints").glob("*.h5"))
    with h5py.File(checkpoint) as file:
        step = int(file.attrs["step"])
    assert step > 0
    more = f"time.max_steps={step + 5}"
    assert crmpi("run", "--restart", out, more).code == 0
    assert crmpi(*RUN, more, "output.dir=straight").code == 0
    assert np.array_equal(final_state(out), final_state(tmp_path / "straight"))


def final_state(folder):
    """Return the conserved state of the last checkpoint."""
    with h5py.File(sorted((folder / "checkpoints").glob("*.h5"))[-1]) as file:
        return file["u0"][...]
