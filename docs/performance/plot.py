"""Make the figures and the tables of docs/performance from the committed measurements.

``python docs/performance/plot.py`` writes roofline.png, weak_scaling.png and tables.md from

    crmpi bench --json > bench.json
    NUMBA_CPU_NAME=x86-64-v3 NUMBA_CPU_FEATURES= crmpi bench mhd two_moment --json > bench_256.json
    crmpi bench --memory --json > memory.json
    mpirun -n 2 crmpi bench --json > efficiency.json
        side_by_side.py ... --json races.json
    crmpi bench --predict ranks=1,2,8,64,512,4096,32768,100000 --json > predicted.json
"""

import json
from pathlib import Path

import matplotlib
import numpy as np

from crmpi.analysis.draw.style import STYLE, new_figure

FOLDER = Path(__file__).parent
MHD_FLOPS = 1950
"""Additions and multiplications per zone and cycle of HLLD + PLM + VL2 + constrained transport,
counted by hand on the formulas to 10%."""


def main():
    """Write everything."""
    results = read()
    (FOLDER / "tables.md").write_text(tables(**results))
    with matplotlib.rc_context(STYLE):
        roofline(results["bench"], results["races"])
        weak_scaling(results["predicted"])


def read():
    """Return the committed measurements."""
    return {
        name: json.loads((FOLDER / f"{name}.json").read_text())
        for name in ("bench", "bench_256", "races", "memory", "efficiency", "predicted")
    }


def tables(bench, bench_256, races, memory, efficiency, predicted):
    """Return all tables in markdown."""
    parts = {
        "Speed": speed_table(bench),
        "Speed of code for 256-bit registers": speed_table(bench_256),
        "Races": race_table(races),
        "Memory": memory_table(memory),
        "Parallel efficiency": efficiency_table(efficiency),
        "Model of weak scaling": scaling_table(predicted),
    }
    text = "\n\n".join(f"## {title}\n{table}" for title, table in parts.items())
    return f"# Measured speed\nWritten by plot.py; [what it means](../performance.md).\n\n{text}\n"


def roofline(bench, races):
    """Draw arithmetic against traffic for the MHD step: the limits of the core, crmpi and the
    peer."""
    bandwidth, flops = bench["triad_bytes_per_second"], bench["flops_per_second"]
    intensity = MHD_FLOPS / bench["mhd"]["bytes_per_zone_cycle"]
    figure = new_figure(6, 4.2)
    axes = figure.subplots()
    x = np.geomspace(0.1, 100, 200)
    axes.loglog(
        x,
        np.minimum(x * bandwidth, flops) / 1e9,
        color="black",
        label="limit of one core: triad, unfused arithmetic",
    )
    axes.loglog(x, x * bandwidth / 1e9, color="black", lw=0.5, ls=":")
    race = races["mhd 64"]["medians"]
    for who, label, marker in (("ours", "crmpi", "o"), ("peer", "Athena++", "s")):
        axes.plot(
            intensity,
            race[who] * MHD_FLOPS / 1e9,
            marker,
            label=f"{label}: {race[who] / 1e6:.2f} million zone-cycles/s",
        )
    axes.set(xlabel="operations per byte of compulsory traffic", ylabel="GFLOP/s", ylim=(1, 1e2))
    axes.set_title("MHD, HLLD + PLM + VL2, one block of 64$^3$")
    axes.legend(loc="lower right")
    figure.savefig(FOLDER / "roofline.png")


def weak_scaling(predicted):
    """Draw the model of weak scaling."""
    figure = new_figure(6, 3.6)
    axes = figure.subplots()
    for name in configurations(predicted):
        model = predicted[name]["predicted"]
        axes.semilogx(
            [int(n) for n in model],
            [found["efficiency"] for found in model.values()],
            "o-",
            label=name,
        )
    axes.set(xlabel="ranks, 64$^3$ cells each", ylabel="efficiency of the model", ylim=(0, 1.05))
    axes.legend()
    figure.savefig(FOLDER / "weak_scaling.png")


def configurations(results):
    """Return the names of the boxes in a result."""
    return [
        name for name, found in results.items() if isinstance(found, dict) and name != "machine"
    ]


def speed_table(bench):
    """Return the table of `crmpi bench` in markdown."""
    machine, names = bench["machine"], configurations(bench)
    zones = np.prod(bench["cells"])
    lines = [
        f"One core ({machine['cpu']}, {machine['cpu_target']}), numba {machine['numba']}, "
        f"{machine['date']}, commit {machine['git'][:12]}: "
        f"triad {bench['triad_bytes_per_second'] / 1e9:.1f} GB/s, "
        f"{bench['flops_per_second'] / 1e9:.1f} GFLOP/s.",
        "",
        (
            "| one 64^3 block | million zone-cycles/s | ns per zone-cycle | bytes counted | of "
            "triad | ghosts | ns per zone and sub-step |"
        ),
        "|---|---|---|---|---|---|---|",
    ]
    for name in names:
        found, seconds = bench[name], bench[name]["seconds"]
        ghosts = seconds["ghosts"] / sum(seconds.values())
        substep = (
            f"{1e9 * found['substep_seconds'] / zones / found['substeps']:.1f}"
            if found["substeps"]
            else ""
        )
        lines.append(
            f"| {name} | {found['zone_cycles_per_second'] / 1e6:.2f} | "
            f"{1e9 * found['step_seconds'] / zones:.0f} "
            f"| {found['bytes_per_zone_cycle']:.0f} | {found['triad_fraction']:.0%} | "
            f"{ghosts:.1%} | {substep} |"
        )
    return "\n".join(lines)


def race_table(races):
    """Return the races in markdown."""
    lines = [
        "| race | crmpi | Athena++ | ratio (median of pairs) | smallest, largest | pairs |",
        "|---|---|---|---|---|---|",
    ]
    for label, race in races.items():
        ratios, medians = [pair["ratio"] for pair in race["pairs"]], race["medians"]
        speeds = race["quantity"].startswith("number")
        ours, peer = (
            f"{medians[who] / 1e6:.2f} million/s" if speeds else f"{medians[who]:.2f} s"
            for who in ("ours", "peer")
        )
        lines.append(
            f"| {label} | {ours} | {peer} | **{medians['ratio']:.2f}** | {min(ratios):.2f}, "
            f"{max(ratios):.2f} | {len(ratios)} |"
        )
    return "\n".join(lines)


def memory_table(memory):
    """Return memory in markdown: peaks, and the arrays of a byte or more per zone."""
    names = configurations(memory)
    arrays = list(
        dict.fromkeys(
            array for name in names for array, size in memory[name]["arrays"].items() if size >= 1.0
        )
    )
    lines = [f"| bytes per zone | {' | '.join(names)} |", "|---" * (len(names) + 1) + "|"]
    lines.append(
        "| peak of a step, measured | "
        + " | ".join(f"{memory[name]['bytes_per_zone']:.0f}" for name in names)
        + " |"
    )
    for array in arrays:
        sizes = [memory[name]["arrays"].get(array) for name in names]
        lines.append(
            f"| `{array}` | "
            + " | ".join("" if size is None else f"{size:.1f}" for size in sizes)
            + " |"
        )
    return "\n".join(lines)


def efficiency_table(results):
    """Return the measured parallel efficiency in markdown."""
    lines = [
        f"{results['ranks']} ranks on {results['machine']['cores']} cores, "
        f"{results['cells'][0]}^3 cells each; messages between two ranks: "
        f"{results['latency'] * 1e6:.1f} microseconds, {results['bandwidth'] / 1e9:.1f} GB/s "
        "each way.",
        "",
        "| | efficiency (median) | smallest, largest | fastest to fastest | side by side, no "
        "messages | of that as one run "
        "| messages per step | bytes per zone and step | sub-steps |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for name, found in results["efficiency"].items():
        turns = f"{min(found['turns']):.3f}, {max(found['turns']):.3f}"
        lines.append(
            f"| {name} | {found['efficiency']:.3f} | {turns} | {found['best']:.3f} | "
            f"{found['apart']:.3f} | {found['coupled']:.3f} "
            f"| {found['messages_per_step']:.0f} | {found['bytes_per_zone']:.1f} | "
            f"{found['substeps_per_step']:.0f} |"
        )
    return "\n".join(lines)


def scaling_table(predicted):
    """Return the model of weak scaling in markdown."""
    names = configurations(predicted)
    ranks = list(predicted[names[0]]["predicted"])
    head = (
        f"Latency {predicted['latency'] * 1e6:.1f} microseconds, bandwidth "
        f"{predicted['bandwidth'] / 1e9:.1f} GB/s, nothing overlapped."
    )
    columns = " | ".join(f"{name}: messages, MB, efficiency" for name in names)
    lines = [head, "", f"| ranks | {columns} |", "|---" * (len(names) + 1) + "|"]
    for number in ranks:
        found = [predicted[name]["predicted"][number] for name in names]
        cells = [
            f"{f['messages']:.0f}, {f['bytes'] / 1e6:.1f}, {f['efficiency']:.3f}" for f in found
        ]
        lines.append(f"| {number} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
