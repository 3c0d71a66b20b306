"""Draw docs/figures/patchy_box.png: the patches, the kappa that a pulse feels over time, and its late value for fillings and contrasts.

Run from the root of the repository: ``python -m problems.patchy_box.figure`` (a few minutes).
"""

import matplotlib as mpl
import numpy as np

from crmpi import stepper
from crmpi.configuration import configure
from crmpi.constants import ECR
from crmpi.exact import patches
from crmpi.observables.style import STYLE, new_figure
from crmpi.parallel.comm import SerialComm
from crmpi.scattering.base import KAPPA_PAR
from crmpi.simulation import Simulation

STRONG, FILLING, RADIUS = 1e27, 0.2, 0.02
ALONG = "transport={solver: anisotropic_diffusion, max_stages: 61}"
AROUND = "transport={solver: isotropic_diffusion, max_stages: 61}"


def felt(end, weak, filling, solver, rows=96, cells=1024):
    """Return times in Myr, kappa in cm^2/s between them, the map of kappa, and the last variance in kpc^2."""
    half = 2.56 * rows / cells
    box = f"[{cells},{rows},1]"
    mesh = (f"mesh.cells={box}", f"mesh.block={box}", f"mesh.lower=[-2.56,{-half},-0.5]", f"mesh.upper=[2.56,{half},0.5]")
    config, problem = configure("patchy_box", [*mesh, solver, f"scattering.filling={filling}", f"scattering.kappa_weak={weak} cm^2/s"])
    sim = Simulation(config, problem, SerialComm())
    sim.initialise()
    x, unit, kappa = sim.positions[0].x1.ravel(), sim.units.factor("Myr"), sim.pack.allocate(2)
    sim.transport.scattering.evaluate(sim.pack, kappa)

    def variance():
        e = sim.pack.active(sim.pack.u0)[0, ECR, 0]
        return (e * x**2).sum() / e.sum()

    times, spread = [0.0], [variance()]
    while times[-1] < end:
        dt = unit * min(max(5e-4, 0.15 * times[-1]), 0.02 * end)
        stepper.advance(sim, dt)
        sim.clock.tick(dt)
        times.append(sim.time / unit)
        spread.append(variance())
    times, spread = np.array(times), np.array(spread)
    rate = 0.5 * np.diff(spread) / np.diff(times) / unit / sim.units.factor("cm^2/s")
    return 0.5 * (times[1:] + times[:-1]), rate, sim.pack.active(kappa)[0, KAPPA_PAR, 0] / sim.units.factor("cm^2/s"), spread


def late(weak, filling, solver=ALONG):
    """Return (kappa of the second half of a run over the harmonic mean, what is expected, its standard deviation)."""
    harmonic = patches.harmonic_mean(STRONG, weak, filling)
    config, _ = configure("patchy_box", [])
    scale, unit = config.units.factor("cm^2/s"), config.units.factor("Myr")
    end = 0.45**2 / (2 * harmonic * scale) / unit  # a spread of 0.45 kpc
    times, rate, _, spread = felt(end, weak, filling, solver, rows=48)
    length = patches.resistance_length(STRONG, weak, filling, RADIUS, 2)
    expected = 1 + patches.late_excess(length, harmonic * scale, 0.75 * end * unit)
    sigma = patches.scatter(length, np.sqrt(spread[-1])) / np.sqrt(48 * 0.005 / (2 * RADIUS))
    return rate[times > 0.5 * end].mean() / harmonic, expected, sigma


def draw_map(axes, kappa):
    """Draw the patches of the inner part of the box."""
    inner = kappa[:, 384:640] < 2 * STRONG
    axes.imshow(inner, extent=(-640, 640, -240, 240), cmap="Greys", vmax=1.6, aspect="equal", interpolation="nearest")
    axes.set(title="patches of 20 pc, inner quarter", xlabel="x1 [pc], along the field", ylabel="x2 [pc]")


def draw_times(axes, along, around):
    """Draw the running kappa against means and bounds."""
    weak = 3e28
    config, _ = configure("patchy_box", [])
    scale, unit = config.units.factor("cm^2/s"), config.units.factor("Myr")
    harmonic = patches.harmonic_mean(STRONG, weak, FILLING)
    least, most = patches.isotropic_bounds(STRONG, weak, FILLING, 2)
    axes.axhline(FILLING * STRONG + (1 - FILLING) * weak, color="0.5", ls=":", label="arithmetic mean")
    axes.axhspan(least, most, color="C2", alpha=0.15, lw=0, label="bounds in the plane")
    axes.axhline(harmonic, color="k", ls="--", label="harmonic mean")
    axes.loglog(*along[:2], color="C0", label="along the field")
    axes.loglog(*around[:2], color="C2", label="free to go around (isotropic)")
    t = np.geomspace(0.3, 8)
    length = patches.resistance_length(STRONG, weak, FILLING, RADIUS, 2)
    tail = harmonic * (1 + patches.late_excess(length, harmonic * scale, t * unit))
    axes.loglog(t, tail, color="C1", label="harmonic mean and its $t^{-1/2}$ tail")
    axes.set(xlabel="time [Myr]", ylabel="$\\kappa$ felt [cm$^2$/s]", ylim=(2e27, 4e28), title="from the growth of the variance")
    axes.legend(fontsize=7)


def draw_sweep(axes):
    """Draw the late kappa over the harmonic mean; print it too."""
    for colour, weak in (("C0", 3e27), ("C1", 1e28), ("C3", 3e28), ("C4", 1e29)):
        fillings = (0.05, 0.1, 0.2, 0.35, 0.5)
        points = np.array([late(weak, filling) for filling in fillings])
        for filling, (found, expected, sigma) in zip(fillings, points, strict=True):
            print(f"contrast {weak / STRONG:4.0f}  filling {filling:.2f}  ratio {found:.3f}  expected {expected:.3f} +- {sigma:.3f}")
        axes.errorbar(fillings, points[:, 0], points[:, 2], color=colour, fmt="o", ms=4, capsize=2, label=f"contrast {weak / STRONG:.0f}")
        axes.plot(fillings, points[:, 1], color=colour, lw=0.8)
    axes.axhline(1, color="k", ls="--")
    axes.set(xlabel="filling factor of the patches", ylabel="late $\\kappa$ / harmonic mean", title="points: runs; lines: with the tail")
    axes.legend(fontsize=7)


def main():
    """Make the figure."""
    with mpl.rc_context(STYLE):
        figure = new_figure(10.5, 3.3)
        left, middle, right = figure.subplots(1, 3, width_ratios=(1.1, 1.2, 1))
        along = felt(8, 3e28, FILLING, ALONG)
        draw_map(left, along[2])
        draw_times(middle, along, felt(2.5, 3e28, FILLING, AROUND))
        draw_sweep(right)
        figure.savefig("docs/figures/patchy_box.png", dpi=100)


if __name__ == "__main__":
    main()
