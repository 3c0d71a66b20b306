"""Compare steps of one 64^3 block with those of the same cells in smaller blocks, in turns.

    python docs/performance/blocks_in_turns.py mhd two_moment --turns 28

One process holds all boxes; rates are those over the rate of one block, of steps and of two-moment
sub-steps with their ghost zones: median and middle half of the turns, CPU seconds.
"""

import argparse
from statistics import median, quantiles

from crmpi.tools.bench.boxes import Box

CELLS = 64
BLOCKS = (64, 32, 16)


def middle(values):
    """Return the median and the middle half as text."""
    low, _, high = quantiles(values, n=4)
    return f"{median(values):8.3f} ({low:.3f} to {high:.3f})"


def compare(name, turns):
    """Step the boxes in turns and print their times and rates."""
    boxes = {block: Box(name, (CELLS,) * 3, (block,) * 3) for block in BLOCKS}
    steps, substeps = {block: [] for block in BLOCKS}, {block: [] for block in BLOCKS}
    for box in boxes.values():
        box.step()  # kernels are loaded
    for _ in range(turns):
        for block, box in boxes.items():
            box.reset()
            steps[block].append(box.timed_step() / CELLS**3 * 1e9)
            if box.substeps:
                substeps[block].append(box.substep_seconds / box.substeps / CELLS**3 * 1e9)
    for kind, times in (("step", steps), ("sub-step", substeps)):
        for block in BLOCKS if times[CELLS] else ():
            rates = [one / own for one, own in zip(times[CELLS], times[block], strict=True)]
            print(f"{name} {block}^3, ns per zone and {kind}: {middle(times[block])}", end="  ")
            print(f"rate over one block: {middle(rates)}", flush=True)


def main():
    """Compare the boxes that are named."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="+", help="boxes of crmpi bench")
    parser.add_argument("--turns", type=int, default=28, help="steps of each (28)")
    chosen = parser.parse_args()
    for name in chosen.names:
        compare(name, chosen.turns)


if __name__ == "__main__":
    main()
