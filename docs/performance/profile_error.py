"""Relative L1 differences of profiles along x1: sum |a - b| dx / sum |b| dx, for each variable.

  python docs/performance/profile_error.py runs/cr_launch fine/cr_launch
      the last snapshots of two runs, also on refined meshes
  python docs/performance/profile_error.py peer.txt fine/cr_launch
      a table with the columns x1 dens vel1 press ecr, x1 of the middle of cells of any widths

A profile is the mean over x2 and x3. The second one is averaged onto the cells of the first, whose
faces must be among its own.
"""

import sys
from pathlib import Path

import numpy as np

VARIABLES = ("dens", "vel1", "press", "ecr")


def main():
    """Compare."""
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    (centres, ours), (fine, reference) = (profile(Path(word)) for word in sys.argv[1:])
    lower = fine[0] - 0.5 * (fine[1] - fine[0])
    widths, parts = widths_of(centres, lower), widths_of(fine, lower)
    ends = np.searchsorted(np.cumsum(parts), np.cumsum(widths) - 1e-6 * parts.min())
    first = np.minimum(np.concatenate([[0], ends[:-1] + 1]), len(fine) - 1)
    sums = np.add.reduceat(parts, first)
    if not np.allclose(sums, widths, rtol=1e-6):
        sys.exit(
            f"the {len(fine)} cells of the reference do not divide those of the first profile, "
            f"{len(centres)}"
        )
    mean = np.add.reduceat(reference * parts, first, axis=1) / sums
    errors = (abs(ours - mean) * widths).sum(axis=1) / (abs(mean) * widths).sum(axis=1)
    for name, error in zip(VARIABLES, errors, strict=True):
        print(f"{name:6} {error:.3e}")


def widths_of(centres, lower):
    """Return the widths of cells that follow each other, the first one from `lower` on."""
    widths = np.empty(len(centres))
    for i, centre in enumerate(centres):
        widths[i] = 2.0 * (centre - lower)
        lower += widths[i]
    return widths


def profile(path):
    """Return the positions (n,) of cells along x1 and the variables (4, n) there."""
    if path.is_file() and path.suffix in (".txt", ".tab"):
        table = np.loadtxt(path)
        return table[:, 0], table[:, 1 : 1 + len(VARIABLES)].T
    from crmpi.analysis.read.readers import open_snapshot

    if path.is_dir():
        path = sorted((path / "snapshots").glob("*.athdf"))[-1]
    snapshot = open_snapshot(path)
    columns = {}  # position: the means in blocks at this place
    for gid, cells in enumerate(snapshot.blocks()):
        means = np.stack([snapshot.values(name, gid).mean(axis=(0, 1)) for name in VARIABLES])
        for centre, values in zip(cells.centres(0), means.T, strict=True):
            columns.setdefault(round(float(centre), 12), []).append(values)
    centres = sorted(columns)
    return np.array(centres), np.stack([np.mean(columns[x], axis=0) for x in centres], axis=1)


if __name__ == "__main__":
    main()
