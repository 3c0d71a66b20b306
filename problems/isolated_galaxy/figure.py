"""Draw one galaxy through several transport models, edge on: cosmic-ray over gas pressure,
temperature and density, a column for each run.

Run from the root of the repository, on the folders of runs in the order of the columns; the folder
of a sweep stands for all of its runs:

    python -m problems.isolated_galaxy.figure runs/control runs/galaxies

Lines in the first row are where cosmic rays have a tenth of the pressure of the gas (thin) and all
of it (thick). ``--extent`` is half the width of the picture in kpc, ``--output`` its name. With
``--profiles`` it draws the same three quantities over the radius: median and 16 to 84% of the
volume in shells.
"""

import argparse
from itertools import pairwise
from pathlib import Path

import matplotlib as mpl
import numpy as np

from crmpi.api import STYLE, new_figure, open_snapshot

ROWS = {
    "ratio": (r"$P_\mathrm{cr}/P_\mathrm{gas}$", "RdBu_r", (1e-2, 1e2)),
    "temp": ("temperature [K]", "inferno", (1e4, 1e7)),
    "dens": (r"density [m$_p$ cm$^{-3}$]", "viridis", (1e-5, 1e-1)),
}
"""Quantity: label, colour map, limits."""
DRAWN = {0.1: 0.5, 1.0: 1.2}
"""Cosmic-ray over gas pressure of the lines in the first row: width of the line."""


def runs_of(folders):
    """Return the folders of runs, with those of a sweep in place of its own."""
    found = []
    for folder in map(Path, folders):
        inside = sorted(path.parent for path in folder.glob("*/snapshots"))
        found += [folder] if (folder / "snapshots").is_dir() or not inside else inside
    return found


def called(folder):
    """Return the name of a run: that of its folder, without the key that a sweep puts before it."""
    return Path(folder).name.rpartition("=")[2]


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


SHELLS = 24
"""Shells of a profile, even in the logarithm of the radius, and the first of them in kpc."""
INNERMOST = 3.0


def profile(snapshot, name, edges):
    """Return (16%, median, 84%) of a quantity over the volume of shells between `edges` in kpc,
    array (3, shells); None if the run has no cosmic rays."""
    if name == "ratio" and "ecr" not in snapshot.names:
        return None
    kpc, unit = snapshot.units.factor("kpc"), 1.0
    if name != "ratio":
        unit = snapshot.shown_in(name)[1]
    found = []
    for cells in snapshot.blocks():
        values = cells["pcr"] / cells["press"] if name == "ratio" else unit * cells[name]
        volume = np.broadcast_to(cells.volume, cells.shape)
        found.append(np.array([np.ravel(cells.r) / kpc, np.ravel(values), np.ravel(volume)]))
    r, values, volume = np.concatenate(found, axis=1)
    shares = np.full((3, len(edges) - 1), np.nan)
    for shell, (low, high) in enumerate(pairwise(edges)):
        inside = np.flatnonzero((r >= low) & (r < high))
        if inside.size:
            order = inside[np.argsort(values[inside])]
            below = np.cumsum(volume[order]) - 0.5 * volume[order]
            shares[:, shell] = np.interp(
                np.array([0.16, 0.5, 0.84]) * volume[order].sum(), below, values[order]
            )
    return shares


def draw_profiles(folders, extent, output):
    """Write the profiles, at the latest time that all runs have reached."""
    snapshots = [times(folder) for folder in folders]
    time = min(max(found) for found in snapshots)
    edges = np.geomspace(INNERMOST, extent, SHELLS + 1)
    middles = np.sqrt(edges[1:] * edges[:-1])
    with mpl.rc_context(STYLE):
        figure = new_figure(3.1 * len(ROWS), 3.0)
        axes = figure.subplots(1, len(ROWS), squeeze=False)[0]
        figure.set_layout_engine("compressed")
        for number, (folder, found) in enumerate(zip(folders, snapshots, strict=True)):
            nearest = min(found, key=lambda known: abs(known - time))
            with open_snapshot(found[nearest]) as snapshot:
                for panel, name in zip(axes, ROWS, strict=True):
                    shares = profile(snapshot, name, edges)
                    if shares is not None:
                        colour = f"C{number % 10}"
                        panel.fill_between(middles, shares[0], shares[2], color=colour, alpha=0.15)
                        panel.plot(middles, shares[1], color=colour, label=called(folder))
        for panel, (label, _, limits) in zip(axes, ROWS.values(), strict=True):
            panel.set(xscale="log", yscale="log", xlabel="r [kpc]", ylabel=label)
            panel.set_ylim(*limits)
        axes[-1].legend(fontsize=6)
        figure.suptitle(f"{time:.0f} Myr", fontsize=9)
        figure.savefig(output)


def lines(panel, across, up, values):
    """Draw the lines of equal cosmic-ray pressure over that of the gas."""
    middles = [0.5 * (faces[1:] + faces[:-1]) for faces in (across, up)]
    panel.contour(
        *middles, values, levels=list(DRAWN), linewidths=list(DRAWN.values()), colors="black"
    )


def draw(folders, extent, output):
    """Write the picture, at the latest time that all runs have reached."""
    snapshots = [times(folder) for folder in folders]
    time = min(max(found) for found in snapshots)
    ticks = [-0.5 * extent, 0.0, 0.5 * extent]
    with mpl.rc_context(STYLE):
        figure = new_figure(1.5 * len(folders) + 1.3, 1.5 * len(ROWS) + 0.8)
        axes = figure.subplots(len(ROWS), len(folders), squeeze=False, sharex=True, sharey=True)
        figure.set_layout_engine("compressed")
        for column, found in enumerate(snapshots):
            nearest = min(found, key=lambda known: abs(known - time))
            with open_snapshot(found[nearest]) as snapshot:
                for row, (name, (_, cmap, limits)) in enumerate(ROWS.items()):
                    panel = axes[row, column]
                    panel.set(xlim=(-extent, extent), ylim=(-extent, extent), aspect="equal")
                    panel.set(xticks=ticks, yticks=ticks)
                    image = plane(snapshot, name)
                    if image is None:
                        panel.text(0, 0, "none", ha="center", va="center")
                        continue
                    norm = mpl.colors.LogNorm(*limits)
                    panel.pcolormesh(*image, norm=norm, cmap=cmap, rasterized=True)
                    if name == "ratio":
                        lines(panel, *image)
            axes[0, column].set_title("\n".join(called(folders[column]).rsplit("_", 1)), fontsize=8)
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
    parser.add_argument("runs", nargs="+", help="folders of runs, or of sweeps")
    parser.add_argument("--extent", type=float, default=100.0, help="half the width, kpc")
    parser.add_argument("--output", "-o", default="isolated_galaxy.png")
    parser.add_argument("--profiles", action="store_true", help="over the radius, with scatter")
    chosen = parser.parse_args()
    picture = draw_profiles if chosen.profiles else draw
    picture(runs_of(chosen.runs), chosen.extent, chosen.output)


if __name__ == "__main__":
    main()
