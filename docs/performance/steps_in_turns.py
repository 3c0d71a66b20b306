"""Race two states of the code, one step each in turns, and print the ratios of their CPU seconds.

    python docs/performance/steps_in_turns.py --before OLD_CHECKOUT --now . --turns 60 mhd cr_mhd
    python docs/performance/steps_in_turns.py --before OLD_CHECKOUT --block 16 mhd
    python docs/performance/steps_in_turns.py --before OLD_CHECKOUT --turns 20 --pairs 3 \\
        --problem isolated_galaxy/laptop1280 transport.preset=chan2019

Each state is a process of its own that holds the box of ``crmpi bench``, or a problem with its
overrides, and makes a step when it is told to. Neighbouring steps meet the same machine, so the
median of their ratios is good to a fraction of a percent where speeds of whole runs scatter by
several; fresh pairs of processes differ by where their memory lies.
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

PROBLEM = """
import sys, time
from tests.stepping import begin, step
sim = begin(sys.argv[1], *sys.argv[2:])
step(sim, 3)
print("ready", flush=True)
for _ in sys.stdin:
    start = time.process_time()
    step(sim)
    print(time.process_time() - start, flush=True)
"""


class Stepper:
    """The process of one state of the code."""

    def __init__(self, folder, program, words):
        environment = dict(os.environ, PYTHONPATH=os.path.abspath(folder), OMP_NUM_THREADS="1")
        words = [sys.executable, "-c", program, *words]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self.process = subprocess.Popen(words, env=environment, cwd="/", **pipes)
        if self.process.stdout.readline().strip() != "ready":
            sys.exit(f"{folder}: {' '.join(words[3:])} cannot be made")

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
    parser.add_argument("names", nargs="*", help="boxes of crmpi bench")
    parser.add_argument("--problem", nargs="+", default=[], help="a problem, and key=value ...")
    parser.add_argument("--before", required=True, help="folder of a checkout")
    parser.add_argument("--now", default=".", help="folder of another (this one)")
    parser.add_argument("--block", type=int, default=64, help="cells along a block (64)")
    parser.add_argument("--turns", type=int, default=60, help="steps of each (60)")
    parser.add_argument("--pairs", type=int, default=1, help="fresh pairs of processes (1)")
    chosen = parser.parse_args()
    races = [(STEPS, [name, str(chosen.block)]) for name in chosen.names]
    races += [(PROBLEM, chosen.problem)] if chosen.problem else []
    titles = "speed now/before", "middle half of turns", "seconds now"
    print("{:12s} {:>17s} {:>22s} {:>12s}".format("box", *titles))
    for program, words in races * chosen.pairs:
        pair = tuple(Stepper(folder, program, words) for folder in (chosen.before, chosen.now))
        ratios, now = [], []
        for turn in range(chosen.turns):
            order = pair if turn % 2 else pair[::-1]
            seconds = {stepper: stepper.step() for stepper in order}
            ratios.append(seconds[pair[0]] / seconds[pair[1]])
            now.append(seconds[pair[1]])
        low, middle, high = quantiles(ratios, n=4)
        name = words[0].split("/")[0][:12]
        print(f"{name:12s} {middle:17.4f} {low:12.4f}, {high:.4f} {median(now):11.3f}", flush=True)
        for stepper in pair:
            stepper.end()


if __name__ == "__main__":
    main()
