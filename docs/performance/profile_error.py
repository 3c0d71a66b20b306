"""Relative L1 differences of profiles along x1: sum |a - b| / sum |b|, for each variable.

  python docs/performance/profile_error.py runs/cr_launch fine/cr_launch
      the last snapshots of two runs
  python docs/performance/profile_error.py peer.txt fine/cr_launch
      a table with the columns x1 dens vel1 press ecr

The second profile is averaged onto the cells of the first, so its number of cells must be a
multiple.
"""

import sys
from pathlib import Path

import numpy as np

VARIABLES = ("dens", "vel1", "press", "ecr")


def main():
    """Compare."""
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    ours, reference = (profile(Path(word)) for word in sys.argv[1:])
    ratio, rest = divmod(reference.shape[1], ours.shape[1])
    if rest or reference.shape[1] < ours.shape[1]:
        sys.exit(f"{reference.shape[1]} cells of the reference are no multiple of {ours.shape[1]}")
    reference = reference.reshape(len(VARIABLES), -1, ratio).mean(axis=2)
    errors = np.abs(ours - reference).sum(axis=1) / np.abs(reference).sum(axis=1)
    for name, error in zip(VARIABLES, errors, strict=True):
        print(f"{name:6} {error:.3e}")


def profile(path):
    """Return the variables (4, n) along x1, of the first row of cells."""
    if path.is_file() and path.suffix in (".txt", ".tab"):
        return np.loadtxt(path)[:, 1 : 1 + len(VARIABLES)].T
    from crmpi.analysis.read.readers import open_snapshot

    if path.is_dir():
        path = sorted((path / "snapshots").glob("*.athdf"))[-1]
    snapshot = open_snapshot(path)
    return np.stack([snapshot.array(name)[0, 0, :] for name in VARIABLES])


if __name__ == "__main__":
    main()
