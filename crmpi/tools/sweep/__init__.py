"""Sweeps: one problem with every combination of some parameters, each run in a folder of its own,
restartable.

    DIR/transport.preset=chan2019/              a run like any other (snapshots, history,
                                                checkpoints), and log.txt, what it said
    DIR/transport.preset=chan2019/result.json   its numbers: written when the run has reached its
                                                end, so an unfinished one has none
    DIR/transport.preset=chan2019/failure.txt   why it failed, until it does better
    DIR/sweep.csv                               one line per run

The folder is all that runs of a sweep share: one process, groups of ranks of one launch, or the
tasks of a Slurm array may do them.
"""

from crmpi.tools.sweep.plan import Variant, plan
from crmpi.tools.sweep.pool import run_all
from crmpi.tools.sweep.results import histories, read_result, table
from crmpi.tools.sweep.runner import Outcome, attempt

__all__ = ["Outcome", "Variant", "attempt", "histories", "plan", "read_result", "run_all", "table"]
