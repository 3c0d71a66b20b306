"""What the MPI launcher says about this process, read from its environment."""

import os
import sys
from pathlib import Path
from typing import NamedTuple

_VARIABLES = (
    ("PMI_SIZE", "PMI_RANK"),  # mpich, Intel MPI, Cray, Slurm's pmi2
    ("OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_RANK"),  # Open MPI
    ("MV2_COMM_WORLD_SIZE", "MV2_COMM_WORLD_RANK"),  # MVAPICH
    ("JSM_NAMESPACE_SIZE", "JSM_NAMESPACE_RANK"),  # jsrun
    ("FLUX_JOB_SIZE", "FLUX_TASK_RANK"),  # Flux
    # srun with pmix or none; last: mpirun inside a job step sets its own above
    ("SLURM_STEP_NUM_TASKS", "SLURM_PROCID"),
)
_RANKS_ALONE = ("PMIX_RANK", "PALS_RANKID", "ALPS_APP_PE")
"""Variables of launchers that tell a process its number, but not how many there are."""

_PREFIXES = ("PMI_", "PMIX_", "OMPI_", "MV2_", "HYDI_", "HYDRA_", "MPI_LOCAL")
_LOCAL_SIZES = ("MPI_LOCALNRANKS", "OMPI_COMM_WORLD_LOCAL_SIZE", "MV2_COMM_WORLD_LOCAL_SIZE")


class Launch(NamedTuple):
    """How many processes the launcher started, 0 if only MPI can say, and which one this is;
    ``variable`` says who told."""

    size: int
    rank: int
    variable: str


def read_launch(environment=os.environ):
    """Return the `Launch` of this process; size 1 and no variable when nothing launched it."""
    for size, rank in _VARIABLES:
        if environment.get(size, "").isdigit():
            number = environment.get(rank, "0")
            return Launch(int(environment[size]), int(number) if number.isdigit() else 0, size)
    for rank in _RANKS_ALONE:
        if environment.get(rank, "").isdigit():
            return Launch(0, int(environment[rank]), rank)
    return Launch(1, 0, "")


def unlaunched(environment=os.environ):
    """Return the environment of a child that is not one of the launched processes: it can start
    MPI, or a launcher, by itself."""
    return {name: value for name, value in environment.items() if not name.startswith(_PREFIXES)}


def launcher_name(environment=os.environ):
    """Return what started this process, as its user would call it; '' if nothing did."""
    variable = read_launch(environment).variable
    if variable == "OMPI_COMM_WORLD_SIZE":
        return "the mpirun of Open MPI"
    if variable == "SLURM_STEP_NUM_TASKS" or _is_direct(environment):
        return f"srun --mpi={environment.get('SLURM_MPI_TYPE', 'none')}"
    if variable == "PMI_SIZE":
        return "the mpirun of MPICH or a relative"
    return {
        "MV2_COMM_WORLD_SIZE": "the launcher of MVAPICH",
        "JSM_NAMESPACE_SIZE": "jsrun",
        "FLUX_JOB_SIZE": "flux run",
    }.get(variable, f"a launcher that sets {variable}" if variable else "")


def _is_direct(environment):
    """Return whether srun itself gave PMI_SIZE: mpich's mpirun, which may have started its helpers
    with srun, adds the number of ranks of the node."""
    return "SLURM_MPI_TYPE" in environment and not set(_LOCAL_SIZES) & set(environment)


def is_foreign(vendor, environment=os.environ):
    """Return whether a launcher speaks what this MPI library as a rule does not understand: Open
    MPI asks PMIx or its own mpirun, most others ask PMI. MPI_Init may then end the process."""
    pmix = any(name.startswith(("PMIX_", "OMPI_COMM_WORLD_")) for name in environment)
    pmi = "PMI_SIZE" in environment or "PMI_FD" in environment
    return not pmix if vendor == "Open MPI" else pmix and not pmi


def misfit(count, vendor, environment=os.environ):
    """Return the sentence for processes that MPI does not join.

    Parameters
    ----------
    count : int
        processes that MPI sees; 0 if it does not start
    vendor : str
        the name of the MPI that mpi4py uses
    """
    launch, launcher = read_launch(environment), launcher_name(environment)
    met = (
        f"sees {count}, so they would be {launch.size} runs of one rank each"
        if count
        else "cannot start"
    )
    return (
        f"{launcher} started {launch.size} processes, but the MPI of mpi4py ({vendor}) {met}; "
        f"{cure(launcher, vendor)}"
    )


def cure(launcher, vendor):
    """Return what to do about a launcher that does not fit the MPI of mpi4py."""
    mpirun = f"the mpirun of {vendor}"
    beside = Path(sys.executable).parent / "mpirun"
    if vendor != "Open MPI" and beside.exists():
        mpirun += f" ({beside})"
    if launcher.startswith("srun"):
        kind = "pmix" if vendor == "Open MPI" else "pmi2"
        other = f"srun --mpi={kind}" if launcher != f"srun --mpi={kind}" else ""
        ways = " or ".join(filter(None, (other, f"{mpirun} inside the job")))
        return f"start them with {ways} (srun --mpi=list names what this Slurm has)"
    return (
        f"start them with {mpirun}, or build mpi4py with the MPI of the launcher: "
        "MPICC=mpicc pip install --force-reinstall --no-cache-dir --no-binary=mpi4py mpi4py"
    )
