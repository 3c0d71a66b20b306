"""Communicators on one rank, the launcher's environment and exact sums."""

import math
import os
import subprocess
import sys

import numpy as np
import pytest

from crmpi.parallel.comm import SerialComm
from crmpi.parallel.launcher import read_launch, unlaunched
from crmpi.parallel.sums import exact_sums


def split_sums(partials, pieces):
    """Return the sums of `partials` as if each of `pieces` (lists of rows) belonged to one rank."""
    calls = [[], []]

    def recorder(store):
        def keep(numbers):
            store.append(numbers)
            return numbers

        return keep

    for rows in pieces:  # first pass: what each rank would send
        exact_sums(partials[rows], recorder(calls[0]), lambda n: n)
    top = np.max(calls[0], axis=0)
    for rows in pieces:
        exact_sums(partials[rows], lambda n: top, recorder(calls[1]))
    limbs = np.sum(calls[1], axis=0)
    return exact_sums(partials[pieces[0]], lambda n: top, lambda n: limbs)


def test_sums_do_not_depend_on_order_or_ranks():
    generator = np.random.default_rng(0)
    partials = generator.standard_normal((60, 4)) * 10.0 ** generator.integers(-12, 12, (60, 4))
    expected = exact_sums(partials, lambda n: n, lambda n: n)
    for ranks in (2, 3, 7):
        order = generator.permutation(60)
        assert np.array_equal(split_sums(partials, np.array_split(order, ranks)), expected)
    assert np.array_equal(split_sums(partials, [np.arange(60), np.arange(0)]), expected)


def test_sums_are_rounded_once():
    generator = np.random.default_rng(1)
    for scale in (1e-300, 1.0, 1e300):
        partials = (
            generator.standard_normal((100, 3))
            * scale
            * 10.0 ** generator.integers(-6, 0, (100, 3))
        )
        sums = exact_sums(partials, lambda n: n, lambda n: n)
        assert sums.tolist() == [math.fsum(column) for column in partials.T]


def test_sums_cancel_exactly():
    partials = np.array([[1e16, 0.0], [1.0, 0.0], [-1e16, 0.0], [1e-5, 0.0]])
    sums = exact_sums(partials, lambda n: n, lambda n: n)
    assert sums.tolist() == [math.fsum(partials[:, 0]), 0.0]


def test_sums_propagate_what_is_not_finite():
    inf, nan = np.inf, np.nan
    partials = np.array([[inf, -inf, inf, nan, 1.0], [1.0, 2.0, -inf, inf, 2.0]])
    sums = exact_sums(partials, lambda n: n, lambda n: n)
    assert (
        sums[0] == inf
        and sums[1] == -inf
        and np.isnan(sums[2])
        and np.isnan(sums[3])
        and sums[4] == 3.0
    )


def test_sums_of_nothing():
    assert SerialComm().block_sums(np.zeros((0, 2))).tolist() == [0.0, 0.0]
    assert SerialComm().block_sums(np.zeros((3, 0))).shape == (0,)


def test_extreme_numbers():
    smallest, largest = 5e-324, 1.7e308
    assert SerialComm().block_sums(
        np.array([[smallest, largest], [smallest, largest]])
    ).tolist() == [2 * smallest, np.inf]


@pytest.mark.parametrize(
    "environment, size, rank",
    [
        ({}, 1, 0),
        ({"PMI_SIZE": "4", "PMI_RANK": "2"}, 4, 2),
        ({"OMPI_COMM_WORLD_SIZE": "3", "OMPI_COMM_WORLD_RANK": "1"}, 3, 1),
        ({"SLURM_STEP_NUM_TASKS": "8", "SLURM_PROCID": "5"}, 8, 5),
        (
            {"SLURM_STEP_NUM_TASKS": "1", "SLURM_PROCID": "0", "PMI_SIZE": "4", "PMI_RANK": "3"},
            4,
            3,
        ),
        ({"SLURM_NTASKS": "8", "SLURM_PROCID": "0"}, 1, 0),  # a batch script, not a job step
    ],
)
def test_launchers_are_recognised(environment, size, rank):
    launch = read_launch(environment)
    assert (launch.size, launch.rank) == (size, rank)


def test_a_child_is_not_one_of_the_launched_processes():
    kept = {"SLURM_JOB_ID": "5", "PATH": "/bin"}
    assert (
        unlaunched(
            kept
            | {
                "PMI_SIZE": "4",
                "PMI_RANK": "2",
                "PMI_FD": "9",
                "HYDI_CONTROL_FD": "7",
                "OMPI_COMM_WORLD_RANK": "1",
            }
        )
        == kept
    )


def run_python(code, **environment):
    """Run `code` in a fresh interpreter with exactly this launcher environment."""
    clean = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PMI", "OMPI", "SLURM", "MV2", "FLUX"))
    }
    return subprocess.run(
        [sys.executable, "-c", code],
        env=clean | environment,
        capture_output=True,
        text=True,
        timeout=60,
    )


MAKE = "from crmpi.parallel.comm import make_comm; import sys; c = make_comm(); "


def test_one_process_does_not_import_mpi4py():
    done = run_python(MAKE + "print(type(c).__name__, c.nranks, 'mpi4py' in sys.modules)")
    assert done.stdout.split() == ["SerialComm", "1", "False"], done.stderr


def test_launcher_without_mpi4py_is_an_error_on_one_process():
    hide = "import sys; sys.modules['mpi4py'] = None; "
    first = run_python(hide + MAKE, PMI_SIZE="2", PMI_RANK="0")
    assert (
        first.returncode != 0
        and "started 2 processes (PMI_SIZE), but mpi4py cannot be used" in first.stderr
    )
    second = run_python(hide + MAKE, PMI_SIZE="2", PMI_RANK="1")
    assert second.returncode != 0 and second.stderr == ""


def test_wrong_launcher_is_an_error():
    """A launcher of another MPI starts N processes that each believe to be alone."""
    fake = (
        "import sys, types; m = types.ModuleType('mpi4py'); m.MPI = types.SimpleNamespace("
        "COMM_WORLD=types.SimpleNamespace(Get_size=lambda: 1), get_vendor=lambda: ('MPICH', (5, "
        "0, 2))); sys.modules['mpi4py'] = m; "
    )
    done = run_python(fake + MAKE, OMPI_COMM_WORLD_SIZE="4", OMPI_COMM_WORLD_RANK="0")
    assert done.returncode != 0
    assert (
        "started 4 processes (OMPI_COMM_WORLD_SIZE), but MPI sees 1: mpi4py uses MPICH"
        in done.stderr
    )


def test_serial_reductions(serial):
    assert (
        serial.min(2) == 2.0
        and serial.max(-1.0) == -1.0
        and serial.any(True)
        and not serial.any(False)
    )
    assert np.isnan(serial.min(np.nan))
    assert serial.bcast("x") == "x" and serial.allgather_object(3) == [3]
    with pytest.raises(SystemExit) as stop:
        serial.abort(3)
    assert stop.value.code == 3
