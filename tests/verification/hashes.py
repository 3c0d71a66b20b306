"""Hashes of the final state of a short run of every problem and variant, to prove that answers did
not change.

    python -m tests.verification.hashes > before.txt        on one state of the code
    python -m tests.verification.hashes --compare before.txt
        on another; exit code 1 if any hash differs

A hash covers the conserved cells, the face field and the time, bit for bit, of the runs that
`tests/verification/test_every_problem.py` compares with recorded numbers. Hashes depend on the
machine (the last bit of exp and sin does), so both files are made on one.
"""

import argparse
import hashlib
import sys
from pathlib import Path

import numpy as np

from tests.verification.runs import run_problem
from tests.verification.test_every_problem import small, variants


def state_hash(target):
    """Return the hash of the final state of a short run of a variant."""
    sim = run_problem(target, *small(target)).sim
    digest = hashlib.sha256(np.float64(sim.time).tobytes())
    names = sim.pack.variable_names()
    for array, labels in ((sim.pack.u0, names), (sim.pack.b0, ("b1", "b2", "b3"))):
        active = sim.pack.active(array)
        for component in sorted(range(active.shape[1]), key=lambda c: labels[c]):
            digest.update(np.ascontiguousarray(active[:, component]).tobytes())
    return digest.hexdigest()[:32]


def main():
    """Print the hashes, or compare them with those of a file."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--compare", type=Path, help="file of an earlier run of this script")
    chosen = parser.parse_args()
    earlier = {}
    if chosen.compare:
        earlier = dict(line.split() for line in chosen.compare.read_text().splitlines())
    different = 0
    for target in variants():
        found = state_hash(target)
        if not chosen.compare:
            print(f"{target} {found}", flush=True)
        elif earlier.get(target) != found:
            different += 1
            print(f"{target}: {found}, before {earlier.get(target, 'absent')}", flush=True)
    if chosen.compare:
        print(f"{different} of {len(variants())} differ")
    return int(bool(different))


if __name__ == "__main__":
    sys.exit(main())
