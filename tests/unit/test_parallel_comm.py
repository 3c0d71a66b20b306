"""Communicators on one rank, the launcher's environment and exact sums."""

import math
import os
import subprocess
import sys

import numpy as np
import pytest

from crmpi.parallel.comm import SerialComm
from crmpi.parallel.launcher import cure, is_foreign, launcher_name, read_launch, unlaunched
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
        ({"JSM_NAMESPACE_SIZE": "6", "JSM_NAMESPACE_RANK": "5"}, 6, 5),
        ({"PMIX_RANK": "2"}, 0, 2),  # of how many, MPI will say
        (
            {"PMIX_RANK": "2", "SLURM_STEP_NUM_TASKS": "4", "SLURM_PROCID": "2"},
            4,
            2,
        ),
    ],
)
def test_launchers_are_recognised(environment, size, rank):
    launch = read_launch(environment)
    assert (launch.size, launch.rank) == (size, rank)


STEP = {"SLURM_STEP_NUM_TASKS": "2", "SLURM_PROCID": "0"}
PMI = {"PMI_SIZE": "2", "PMI_RANK": "0"}
PMI2 = STEP | PMI | {"SLURM_MPI_TYPE": "pmi2"}
OPEN_MPI = {"OMPI_COMM_WORLD_SIZE": "2", "OMPI_COMM_WORLD_RANK": "0", "PMIX_RANK": "0"}


@pytest.mark.parametrize(
    "environment, name, foreign",
    [
        (STEP, "srun --mpi=none", {"Open MPI"}),
        (PMI2, "srun --mpi=pmi2", {"Open MPI"}),
        (STEP | {"SLURM_MPI_TYPE": "pmix", "PMIX_RANK": "0"}, "srun --mpi=pmix", {"MPICH"}),
        (PMI | {"MPI_LOCALNRANKS": "2"}, "the mpirun of MPICH or a relative", {"Open MPI"}),
        # mpirun of mpich in a job starts its helpers with srun
        (PMI2 | {"MPI_LOCALNRANKS": "2"}, "the mpirun of MPICH or a relative", {"Open MPI"}),
        (OPEN_MPI, "the mpirun of Open MPI", {"MPICH"}),
        ({"FLUX_JOB_SIZE": "2"} | PMI, "the mpirun of MPICH or a relative", {"Open MPI"}),
        ({}, "", {"Open MPI"}),
    ],
)
def test_a_launcher_has_a_name_and_a_language(environment, name, foreign):
    assert launcher_name(environment) == name
    spoken_to = {vendor for vendor in ("MPICH", "Open MPI") if is_foreign(vendor, environment)}
    assert spoken_to == foreign


def test_a_cure_does_not_name_what_has_just_failed():
    assert "srun --mpi=pmi2 or the mpirun of MPICH" in cure("srun --mpi=none", "MPICH")
    assert "srun --mpi=pmix" in cure("srun --mpi=none", "Open MPI")
    assert "srun --mpi=pmi2" not in cure("srun --mpi=pmi2", "Intel MPI")
    assert "the mpirun of Open MPI" in cure("the mpirun of MPICH or a relative", "Open MPI")


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
    assert first.returncode != 0
    assert "started 2 processes, but mpi4py cannot be used" in first.stderr
    second = run_python(hide + MAKE, PMI_SIZE="2", PMI_RANK="1")
    assert second.returncode == 2 and second.stderr == ""


def fake_mpi(vendor, begin):
    """Return code that puts an MPI in the place of mpi4py whose start does what `begin` says and
    which then sees one process."""
    return f"""
import os, sys, types
class World:
    def Get_size(self):
        return 1
mpi = types.SimpleNamespace(
    COMM_WORLD=World(), get_vendor=lambda: ({vendor!r}, (5, 0, 2)),
    Is_initialized=lambda: False, Init_thread=lambda: {begin},
)
package = types.ModuleType("mpi4py")
package.MPI, package.rc = mpi, types.SimpleNamespace()
sys.modules["mpi4py"] = package
"""


def test_wrong_launcher_is_an_error():
    """A launcher of another MPI starts N processes that each believe to be alone."""
    done = run_python(
        fake_mpi("MPICH", "None") + MAKE, OMPI_COMM_WORLD_SIZE="4", OMPI_COMM_WORLD_RANK="0"
    )
    assert done.returncode != 0
    assert (
        "the mpirun of Open MPI started 4 processes, but the MPI of mpi4py (MPICH) sees 1, so "
        "they would be 4 runs of one rank each; start them with the mpirun of MPICH"
    ) in done.stderr


def test_an_mpi_that_ends_the_process_leaves_one_sentence():
    """Open MPI ends the process in MPI_Init where srun brings no PMIx, and says so on every
    rank."""
    dies = fake_mpi("Open MPI", "(os.write(2, b'long words'), os._exit(7))") + MAKE
    first = run_python(dies, **STEP)
    assert first.returncode == 7
    assert first.stderr.startswith("crmpi: error: srun --mpi=none started 2 processes, but ")
    assert "(Open MPI) cannot start; start them with srun --mpi=pmix" in first.stderr
    assert first.stderr.count("\n") == 1 and "long words" not in first.stderr
    second = run_python(dies, **STEP | {"SLURM_PROCID": "1"})
    assert second.returncode == 7 and second.stderr == ""


def test_an_mpi_that_starts_after_all_is_not_accused():
    """Open MPI may have been built with the PMI of Slurm: then there are no words but its own."""
    lives = fake_mpi("Open MPI", "setattr(World, 'Get_size', lambda self: 2)")
    done = run_python(
        lives
        + "from crmpi.parallel.start import start_mpi; start_mpi(); print('here', file=sys.stderr)",
        **STEP,
    )
    assert (done.returncode, done.stderr) == (0, "here\n")


def test_a_launcher_that_does_not_count_is_believed_to_be_one_process_if_mpi_says_so():
    done = run_python(
        fake_mpi("Open MPI", "None") + MAKE + "print(type(c).__name__)", PMIX_RANK="0"
    )
    assert done.stdout.strip() == "SerialComm", done.stderr


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
