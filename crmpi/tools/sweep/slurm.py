"""A Slurm array for a sweep: one task per run, ready to be submitted."""

import shlex
from pathlib import Path

from crmpi.output.files import write_text

_SCRIPT = """#!/usr/bin/env bash
# Runs of a sweep as tasks of an array: edit the resources, then  sbatch {script}
# A task that is stopped leaves a checkpoint: submit again, finished runs are skipped. Afterwards:
#   {compare}
#SBATCH --job-name=crmpi-sweep
#SBATCH --array=1-{count}
#SBATCH --ntasks={ranks}
#SBATCH --time={time}
#SBATCH --output={folder}/slurm-%a.txt
#SBATCH --signal=USR1@300

export OMP_NUM_THREADS=1 NUMBA_NUM_THREADS=1

srun {command} --task "$SLURM_ARRAY_TASK_ID"
"""


def write_script(folder, words, variants, ranks, time="12:00:00"):
    """Write DIR/sweep.sbatch and return its path.

    Parameters
    ----------
    folder : path
        of the sweep
    words : sequence of str
        arguments of ``crmpi sweep``, without those that choose how it runs
    variants : list of Variant
    ranks : int
        MPI ranks of one run
    time : str
        limit of one run, as Slurm writes it
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "sweep.sbatch"
    command = shlex.join(["crmpi", "sweep", *words])
    compare = shlex.join(["crmpi", "compare", str(folder)])
    text = _SCRIPT.format(
        script=path,
        compare=compare,
        count=len(variants),
        ranks=ranks,
        time=time,
        folder=folder,
        command=command,
    )
    write_text(path, text)
    return path
