"""Race two states of the code, one step each in turns, and print the ratios of their CPU seconds.

    python docs/performance/steps_in_turns.py --before OLD_CHECKOUT --now . --turns 60 mhd cr_mhd
    python docs/performance/steps_in_turns.py --before OLD_CHECKOUT --block 16 mhd

Each state is a process of its own that holds the box of ``crmpi bench`` and makes a step when it is
told to. Neighbouring steps meet the same machine, so the median of their ratios is good to a
fraction of a percent where speeds of whole runs scatter by several.
"""

import argparse
import os
import subprocess
import sys
from statistics import median, quantiles

STEPS = """
import importlib, sys
for module in ("crmpi.tools.bench.boxes", "crmpi.bench.boxes"):
    try:
        boxes = importlib.import_module(module)
    except ModuleNotFoundError:
        continue
    break
block = int(sys.argv[2])
box = boxes.Box(sys.argv[1], (64, 64, 64), (block, block, block))
box.step()
print("ready", flush=True)
for _ in sys.stdin:
    print(box.timed_step(), flush=True)
"""


class Stepper:
    """The process of one state of the code."""

    def __init__(self, folder, name, block):
        environment = dict(os.environ, PYTHONPATH=os.path.abspath(folder), OMP_NUM_THREADS="1")
        words = [sys.executable, "-c", STEPS, name, str(block)]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self.process = subprocess.Popen(words, env=environment, cwd="/", **pipes)
        if self.process.stdout.readline().strip() != "ready":
            sys.exit(f"{folder}: the box {name} cannot be made")

    def step(self):
        """Return the CPU seconds of a step."""
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return float(self.process.stdout.readline())

    def end(self):
        """End the process."""
        self.process.stdin.close()
        self.process.wait()


def main():
    """Race."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="+", help="boxes of crmpi bench")
    parser.add_argument("--before", required=True, help="folder of a checkout")
    parser.add_argument("--now", default=".", help="folder of another (this one)")
    parser.add_argument("--block", type=int, default=64, help="cells along a block (64)")
    parser.add_argument("--turns", type=int, default=60, help="steps of each (60)")
    chosen = parser.parse_args()
    print(f"{'box':12s} {'speed now/before':>17s} {'middle half of turns':>22s}")
    for name in chosen.names:
        pair = tuple(Stepper(folder, name, chosen.block) for folder in (chosen.before, chosen.now))
        ratios = []
        for turn in range(chosen.turns):
            order = pair if turn % 2 else pair[::-1]
            seconds = {stepper: stepper.step() for stepper in order}
            ratios.append(seconds[pair[0]] / seconds[pair[1]])
        low, _, high = quantiles(ratios, n=4)
        print(f"{name:12s} {median(ratios):17.4f} {low:12.4f}, {high:.4f}", flush=True)
        for stepper in pair:
            stepper.end()


if __name__ == "__main__":
    main()
