"""What the MPI launcher says about this process, read from its environment."""

import os
from typing import NamedTuple

_VARIABLES = (
    ("PMI_SIZE", "PMI_RANK"),  # mpich, Intel MPI, Cray, Slurm's pmi2
    ("OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_RANK"),  # Open MPI
    ("MV2_COMM_WORLD_SIZE", "MV2_COMM_WORLD_RANK"),  # MVAPICH
    ("FLUX_JOB_SIZE", "FLUX_TASK_RANK"),  # Flux
    # srun with pmix or none; last: mpirun inside a job step sets its own above
    ("SLURM_STEP_NUM_TASKS", "SLURM_PROCID"),
)
_PREFIXES = ("PMI_", "PMIX_", "OMPI_", "MV2_", "HYDI_", "HYDRA_", "MPI_LOCAL")


class Launch(NamedTuple):
    """How many processes the launcher started and which one this is; ``variable`` says who told."""

    size: int
    rank: int
    variable: str


def read_launch(environment=os.environ):
    """Return the `Launch` of this process; size 1 and no variable when nothing launched it."""
    for size, rank in _VARIABLES:
        if environment.get(size, "").isdigit():
            number = environment.get(rank, "0")
            return Launch(int(environment[size]), int(number) if number.isdigit() else 0, size)
    return Launch(1, 0, "")


def unlaunched(environment=os.environ):
    """Return the environment of a child that is not one of the launched processes: it can start
    MPI, or a launcher, by itself."""
    return {name: value for name, value in environment.items() if not name.startswith(_PREFIXES)}
