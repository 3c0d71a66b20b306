"""What output costs: the share of the wall-clock time of a run that writes everything every 50
steps, measured inside that run.

    python docs/performance/output_cost.py [CELLS]
    mpirun -n 2 python docs/performance/output_cost.py [CELLS]

A blast wave in CELLS^3 cells (64 by default), double precision, in 8 blocks: every 50 steps all
variables in f8 as a stream, and a slice and a projection every 10 steps; a row of the history every
step; at the end a snapshot and a checkpoint. Loading and compiling kernels does not count.
"""

import sys
import tempfile

from crmpi.jit import made
from crmpi.parallel.comm import make_comm
from crmpi.run.configuration import configure
from crmpi.run.driver import run

STREAMS = (
    "{name: all, steps: 50, precision: f8}",
    "{name: middle, steps: 10, shape: slice, axis: x3}",
    "{name: column, steps: 10, shape: projection, axis: x3, variables: [dens]}",
)
STEPS = 100


def main(cells):
    """Run, and print the seconds of each part and the share of output."""
    comm = make_comm()
    with tempfile.TemporaryDirectory() as folder:
        words = [
            f"mesh.cells=[{cells},{cells},{cells}]",
            f"mesh.block=[{cells // 2},{cells // 2},{cells // 2}]",
            f"time.max_steps={STEPS}",
            f"output.dir={comm.bcast(folder)}",
            f"output.streams=[{','.join(STREAMS)}]",
        ]
        config, problem = configure("blast", words)
        seconds = run(config, problem, comm).sim.timers.seconds
        comm.barrier()
    if comm.rank == 0:
        total = sum(seconds.values()) - sum(kernel.seconds for kernel in made)
        for name, value in sorted(seconds.items()):
            print(f"{name:>12s} {value:8.3f} s")
        print(f"output every 50 steps: {100 * seconds['output'] / total:.1f}% of {total:.1f} s")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 64)
