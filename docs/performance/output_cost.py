"""What output costs: the share of the wall-clock time of a run that writes everything every 50
steps, measured inside that run.

    python docs/performance/output_cost.py [CELLS [PICTURES [KEY=VALUE ...]]]
    mpirun -n 2 python docs/performance/output_cost.py [CELLS [PICTURES [KEY=VALUE ...]]]

A blast wave in CELLS^3 cells (64 by default), double precision, in 8 blocks, for 200 steps: every
50 steps all variables in f8 as a stream; every PICTURES steps (50 by default) a slice and a
projection; a row of the history every step, unless KEY=VALUE says otherwise. The first output and
the last, with a snapshot and a checkpoint, count. Loading and compiling kernels does not.
"""

import sys
import tempfile

from crmpi.jit import made
from crmpi.parallel.comm import make_comm
from crmpi.run.configuration import configure
from crmpi.run.driver import run

STREAMS = (
    "{name: all, steps: 50, precision: f8}",
    "{name: middle, steps: PICTURES, shape: slice, axis: x3}",
    "{name: column, steps: PICTURES, shape: projection, axis: x3, variables: [dens]}",
)
STEPS = 200


def main(cells=64, pictures=50, *further):
    """Run, and print the seconds of each part and the share of output."""
    comm = make_comm()
    streams = ",".join(STREAMS).replace("PICTURES", f"{pictures}")
    with tempfile.TemporaryDirectory() as folder:
        words = [
            f"mesh.cells=[{cells},{cells},{cells}]",
            f"mesh.block=[{cells // 2},{cells // 2},{cells // 2}]",
            f"time.max_steps={STEPS}",
            "time.end=1e3",
            f"output.dir={comm.bcast(folder)}",
            f"output.streams=[{streams}]",
            *further,
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
    main(*map(int, sys.argv[1:3]), *sys.argv[3:])
