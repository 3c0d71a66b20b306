"""Draw one galaxy through several transport models, edge on: cosmic-ray over gas pressure,
temperature and density, a column for each run.

Run from the root of the repository, on the folders of runs in the order of the columns:

    python -m problems.isolated_galaxy.figure runs/control runs/salem2016 runs/chan2019

``--extent`` is half the width of the picture in kpc, ``--output`` its name.
"""

import argparse
from pathlib import Path

import matplotlib as mpl

from crmpi.api import STYLE, new_figure, open_snapshot

ROWS = {
    "ratio": ("cosmic-ray / gas pressure", "RdBu_r", (1e-2, 1e2)),
    "temp": ("temperature [K]", "inferno", (1e4, 1e7)),
    "dens": (r"density [m$_p$ cm$^{-3}$]", "viridis", (1e-5, 1e-1)),
}
"""Quantity: label, colour map, limits."""


def times(folder):
    """Return {time in Myr: path} of the snapshots of a run."""
    found = {}
    for path in sorted(Path(folder, "snapshots").glob("snapshot_*.athdf")):
        with open_snapshot(path) as snapshot:
            found[snapshot.time / snapshot.units.factor("Myr")] = path
    return found


def plane(snapshot, name):
    """Return (x1 faces, x3 faces, values) of a quantity beside the plane x2 = 0, in kpc and in the
    units that people read; None if the run has no cosmic rays."""
    if name == "ratio":
        if "ecr" not in snapshot.names:
            return None
        found = snapshot.slice("pcr", 1, 0.0)
        values = found.values / snapshot.slice("press", 1, 0.0).values
    else:
        found = snapshot.slice(name, 1, 0.0)
        values = found.values * snapshot.shown_in(name)[1]
    return *(places / snapshot.units.factor("kpc") for places in found.faces), values


def draw(folders, extent, output):
    """Write the picture, at the latest time that all runs have reached."""
    snapshots = [times(folder) for folder in folders]
    time = min(max(found) for found in snapshots)
    with mpl.rc_context(STYLE):
        figure = new_figure(1.6 * len(folders) + 1.3, 1.72 * len(ROWS) + 0.7)
        axes = figure.subplots(len(ROWS), len(folders), squeeze=False, sharex=True, sharey=True)
        figure.set_layout_engine("compressed")
        for column, found in enumerate(snapshots):
            nearest = min(found, key=lambda known: abs(known - time))
            with open_snapshot(found[nearest]) as snapshot:
                for row, (name, (_, cmap, limits)) in enumerate(ROWS.items()):
                    panel = axes[row, column]
                    panel.set(xlim=(-extent, extent), ylim=(-extent, extent), aspect="equal")
                    image = plane(snapshot, name)
                    if image is None:
                        panel.text(0, 0, "none", ha="center", va="center")
                        continue
                    norm = mpl.colors.LogNorm(*limits)
                    panel.pcolormesh(*image, norm=norm, cmap=cmap, rasterized=True)
            axes[0, column].set_title(
                "\n".join(Path(folders[column]).name.rsplit("_", 1)), fontsize=8
            )
            axes[-1, column].set_xlabel("x [kpc]")
        for row, (label, cmap, limits) in enumerate(ROWS.values()):
            axes[row, 0].set_ylabel("z [kpc]")
            image = mpl.cm.ScalarMappable(mpl.colors.LogNorm(*limits), cmap)
            figure.colorbar(image, ax=axes[row], label=label, pad=0.01, aspect=14, extend="both")
        figure.suptitle(f"{time:.0f} Myr", fontsize=9)
        figure.savefig(output)


def main():
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("runs", nargs="+", help="folders of runs")
    parser.add_argument("--extent", type=float, default=100.0, help="half the width, kpc")
    parser.add_argument("--output", "-o", default="isolated_galaxy.png")
    chosen = parser.parse_args()
    draw(chosen.runs, chosen.extent, chosen.output)


if __name__ == "__main__":
    main()
