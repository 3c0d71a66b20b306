"""Cold fraction and density contrast of clouds against eta, for three transport models; writes
docs/figures/thermal_instability.png.

    python -m problems.thermal_instability.figure [--cells 32,1,128] [--tcool 0.3] [--output FILE]

Twelve runs one after the other, a few minutes on one core.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from crmpi.api import read_history

ETA = (0.01, 0.1, 1.0, 10.0)
FREE_FALL = 737.0  # Myr, sqrt(2H/g0)
# cooling times of a run; later the thinnest gas, heated like the rest of its layer, makes steps too
# short
TIMES = 5
TRANSPORT = {
    "none": ("transport={solver: none}",),
    # H^2/(3 t_ff)
    "diffusion": (
        "transport={solver: anisotropic_diffusion}",
        "scattering.kappa_par=2.62e29 cm^2/s",
    ),
    "streaming": ("transport={solver: two_moment, vmax: 1000 km/s}",),
}
OUTPUT = Path(__file__).parents[2] / "docs" / "figures" / "thermal_instability.png"


def measure(transport, eta, cells, tcool):
    """Return (cold fraction, density contrast, pressure balance) between 0.5 and 1.5 H, means over
    the last two cooling times."""
    with tempfile.TemporaryDirectory() as folder:
        mesh = f"mesh.cells=[{cells}]", f"mesh.block=[{cells}]"
        run = (
            f"problem.eta={eta}",
            f"problem.tcool_tff={tcool}",
            f"time.end={TIMES * tcool * FREE_FALL} Myr",
        )
        files = f"output.dir={folder}/run", "output.snapshot_interval=none"
        command = [
            sys.executable,
            "-m",
            "crmpi.cli.main",
            "run",
            "thermal_instability",
            *mesh,
            *run,
            *TRANSPORT[transport],
            *files,
        ]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        columns = dict(read_history(f"{folder}/run/history.txt"))
    late = {
        name: values[columns["time"] > 0.6 * columns["time"][-1]].mean()
        for name, values in columns.items()
    }
    cold, hot = (
        {q: late[f"{side}_{q}"] / late[f"{side}_volume"] for q in ("dens", "press", "ecr")}
        for side in ("cold", "hot")
    )
    fraction = late["cold_dens"] / (late["cold_dens"] + late["hot_dens"])
    d = cold["dens"] / hot["dens"]
    around = hot["ecr"] / 3 / hot["press"]
    return fraction, d, (cold["press"] / hot["press"] + around * d ** (4 / 3)) / (1 + around)


def draw(results, tcool, path):
    """Draw the two panels."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, panels = plt.subplots(1, 2, figsize=(9, 3.6), constrained_layout=True)
    for transport in TRANSPORT:
        for panel, number in zip(panels, (0, 1), strict=True):
            panel.plot(ETA, [results[transport, eta][number] for eta in ETA], "o-", label=transport)
    for panel, title in zip(
        panels, ("cold fraction of the mass (T < T0/3)", "density of clouds / around"), strict=True
    ):
        panel.set(xscale="log", xlabel="cosmic-ray / gas pressure at the start", ylabel=title)
    panels[0].set_ylim(0, 1)
    panels[1].set_yscale("log")
    panels[1].legend(title="transport", frameon=False)
    figure.suptitle(f"t_cool/t_ff = {tcool}, 0.5 < |z|/H < 1.5")
    path.parent.mkdir(exist_ok=True)
    figure.savefig(path, dpi=130)


def main():
    """Run all, print the table and draw."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cells", default="32,1,128", help="cells of the mesh, one block")
    parser.add_argument("--tcool", type=float, default=0.3, help="cooling over free-fall time")
    parser.add_argument("--output", type=Path, default=OUTPUT, help="picture to write")
    options = parser.parse_args()
    results = {}
    print(
        "| transport | eta | cold fraction | density contrast | pressure balance "
        "|\n|---|---|---|---|---|"
    )
    for transport in TRANSPORT:
        for eta in ETA:
            results[transport, eta] = measure(transport, eta, options.cells, options.tcool)
            fraction, contrast, balance = results[transport, eta]
            print(
                f"| {transport} | {eta:g} | {fraction:.3f} | {contrast:.2f} | {balance:.3f} |",
                flush=True,
            )
    draw(results, options.tcool, options.output)


if __name__ == "__main__":
    main()
