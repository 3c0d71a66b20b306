"""Runs told to stop: a checkpoint is written, the exit code says so, and the run goes on from there
to bitwise identical states."""

import signal
import time

import h5py
import numpy as np
import pytest

from crmpi.run.driver import INTERRUPTED

ENDLESS = (
    "run",
    "orszag_tang",
    "mesh.cells=[64,64,1]",
    "mesh.block=[32,32,1]",
    "time.end=1e9",
    "output.history_interval=1e9",
)


def wait_for_steps(process):
    """Read the output of a run until it reports a step."""
    for line in process.stderr:
        if line.startswith("step 2 "):
            return
    raise AssertionError(f"the run ended before its second step: {process.communicate()}")


@pytest.mark.parametrize(
    ("crmpi", "number"),
    [(1, signal.SIGINT), (2, signal.SIGTERM)],
    indirect=["crmpi"],
    ids=["Ctrl-C, serial", "SIGTERM, two ranks"],
)
def test_signal_writes_a_checkpoint_and_the_run_goes_on(crmpi, tmp_path, number):
    process = crmpi.start(*ENDLESS, "output.dir=out")
    wait_for_steps(process)
    process.send_signal(number)
    _out, err = process.communicate(timeout=60)
    assert f"stopped: received {number.name}" in err
    assert "Traceback" not in err
    assert process.returncode == INTERRUPTED, err
    (checkpoint,) = (tmp_path / "out" / "checkpoints").glob("*.h5")
    with h5py.File(checkpoint) as file:
        step = int(file.attrs["step"])
    assert step >= 2
    more = f"time.max_steps={step + 5}"
    assert crmpi("run", "--restart", "out", more).code == 0
    assert crmpi(*ENDLESS, more, "output.dir=straight").code == 0
    assert np.array_equal(final_state(tmp_path / "out"), final_state(tmp_path / "straight"))


@pytest.mark.parametrize("crmpi", [2], indirect=True, ids=["two ranks"])
def test_stop_file_ends_a_run(crmpi, tmp_path):
    process = crmpi.start(*ENDLESS, "output.dir=out")
    wait_for_steps(process)
    (tmp_path / "out" / "STOP").touch()
    _, err = process.communicate(timeout=60)
    assert "stopped: found the file STOP" in err
    assert process.returncode == 0
    assert not (tmp_path / "out" / "STOP").exists()
    assert list((tmp_path / "out" / "checkpoints").glob("checkpoint_*.h5"))


@pytest.mark.parametrize("crmpi", [2], indirect=True, ids=["two ranks"])
def test_a_second_run_in_the_folder_is_refused_until_the_first_is_gone(crmpi, refused, tmp_path):
    process = crmpi.start(*ENDLESS, "output.dir=out")
    wait_for_steps(process)
    sentence = refused(*ENDLESS, "output.dir=out")
    assert "output.dir = out is in use by another run (process " in sentence
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    assert process.returncode == INTERRUPTED
    assert not (tmp_path / "out" / "run.lock").exists()
    assert not (tmp_path / "out" / "replaced-001").exists()


@pytest.mark.parametrize("crmpi", [1], indirect=True, ids=["serial"])
def test_a_killed_run_does_not_stand_in_the_way(crmpi, tmp_path):
    process = crmpi.start(*ENDLESS, "output.dir=out")
    wait_for_steps(process)
    process.kill()
    process.communicate(timeout=60)
    assert (tmp_path / "out" / "run.lock").is_file()
    assert crmpi(*ENDLESS, "output.dir=out", "time.max_steps=2").code == 0
    assert (tmp_path / "out" / "replaced-001" / "history.txt").is_file()


def final_state(folder):
    """Return the conserved state of the last checkpoint, shape (nblock, nvar, n3, n2, n1)."""
    with h5py.File(sorted((folder / "checkpoints").glob("*.h5"))[-1]) as file:
        return file["u0"][...]


LONG = (
    "run",
    "cr_diffusion",
    "transport.max_substeps=1000000000000000",
    "scattering.kappa_par=1e10",
    "output.dir=out",
)


@pytest.mark.parametrize("crmpi", [1, 2], indirect=True, ids=["serial", "two ranks"])
@pytest.mark.parametrize("method", ["explicit", "rkl2"])
def test_a_step_of_many_sub_steps_hears_a_signal(crmpi, tmp_path, method):
    """With kappa = 1e10 the first step would take days: the run ends between its sub-steps, and
    what was there before is intact."""
    process = crmpi.start(
        *LONG, "transport.solver=isotropic_diffusion", f"transport.method={method}"
    )
    for _ in range(600):  # the first row of the history is written before the first step
        if (tmp_path / "out" / "history.txt").exists():
            break
        time.sleep(0.1)
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=60)
    assert "stopped: received SIGTERM inside a step with " in err, out + err
    assert "step 1 is lost; earlier output and checkpoints are intact" in err
    assert "Traceback" not in err
    assert process.returncode == INTERRUPTED
    assert (tmp_path / "out" / "history.txt").is_file()
    assert not list((tmp_path / "out" / "checkpoints").glob("*.h5"))
    assert not (tmp_path / "out" / "run.lock").exists()


@pytest.mark.parametrize("crmpi", [2], indirect=True, ids=["two ranks"])
def test_sub_steps_beyond_all_bounds_are_refused(refused):
    sentence = refused(
        "run",
        "cr_diffusion",
        "transport.solver=isotropic_diffusion",
        "scattering.kappa_par=1e10",
        code=3,
    )
    assert "sub-steps for " in sentence
    assert (
        "more than transport.max_substeps = 100000: check scattering.kappa_par and its units, "
        "or raise"
    ) in sentence
