"""Draw docs/figures/patchy_box.png: the patches, the kappa that a pulse feels over time, and its
late value for fillings and contrasts.

Run from the root of the repository: ``python -m problems.patchy_box.figure`` (a quarter of an
hour).
"""

import matplotlib as mpl
import numpy as np

from crmpi.api import (
    ECR,
    KAPPA_PAR,
    STYLE,
    SerialComm,
    Simulation,
    configure,
    exact,
    new_figure,
    stepper,
)

STRONG, FILLING, RADIUS = 1e27, 0.2, 0.02
ALONG = "transport={solver: anisotropic_diffusion, max_stages: 61}"
SEEDS = (1, 2, 3)
AROUND = "transport={solver: isotropic_diffusion, max_stages: 61}"


def felt(end, weak, filling, solver, seed=1, rows=96):
    """Return times in Myr, kappa in cm^2/s between them, and the map of kappa."""
    half = 2.56 * rows / 1024
    box = f"[1024,{rows},1]"
    mesh = (
        f"mesh.cells={box}",
        f"mesh.block={box}",
        f"mesh.lower=[-2.56,{-half},-0.5]",
        f"mesh.upper=[2.56,{half},0.5]",
    )
    patchy = (
        f"scattering.filling={filling}",
        f"scattering.kappa_weak={weak} cm^2/s",
        f"scattering.seed={seed}",
    )
    config, problem = configure("patchy_box", [*mesh, solver, *patchy])
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
    return (
        0.5 * (times[1:] + times[:-1]),
        rate,
        sim.pack.active(kappa)[0, KAPPA_PAR, 0] / sim.units.factor("cm^2/s"),
    )


def late(weak, filling):
    """Return (kappa of the second half of a run over the harmonic mean, for every seed; what is
    expected of their mean)."""
    harmonic = exact.patches.harmonic_mean(STRONG, weak, filling)
    config, _ = configure("patchy_box", [])
    scale, unit = config.units.factor("cm^2/s"), config.units.factor("Myr")
    end = 0.45**2 / (2 * harmonic * scale) / unit  # a spread of 0.45 kpc
    found = []
    for seed in SEEDS:
        times, rate, _ = felt(end, weak, filling, ALONG, seed, rows=32)
        found.append(rate[times > 0.5 * end].mean() / harmonic)
    length = exact.patches.resistance_length(STRONG, weak, filling, RADIUS, 2)
    return np.array(found), 1 + exact.patches.late_excess(
        length, harmonic * scale, 0.75 * end * unit
    )


def draw_map(axes, kappa):
    """Draw the patches of the inner part of the box."""
    inner = kappa[:, 384:640] < 2 * STRONG
    axes.imshow(
        inner,
        extent=(-640, 640, -240, 240),
        cmap="Greys",
        vmax=1.6,
        aspect="equal",
        interpolation="nearest",
    )
    axes.set(
        title="patches of 20 pc, inner quarter", xlabel="x1 [pc], along the field", ylabel="x2 [pc]"
    )


def draw_times(axes, along, around):
    """Draw the running kappa against means and bounds."""
    weak = 3e28
    config, _ = configure("patchy_box", [])
    scale, unit = config.units.factor("cm^2/s"), config.units.factor("Myr")
    harmonic = exact.patches.harmonic_mean(STRONG, weak, FILLING)
    lower, upper = exact.patches.isotropic_bounds(STRONG, weak, FILLING, 2)
    axes.axhline(
        FILLING * STRONG + (1 - FILLING) * weak, color="0.5", ls=":", label="arithmetic mean"
    )
    axes.axhspan(lower, upper, color="C2", alpha=0.15, lw=0, label="bounds in the plane")
    axes.axhline(harmonic, color="k", ls="--", label="harmonic mean")
    axes.loglog(*along[:2], color="C0", label="along the field")
    axes.loglog(*around[:2], color="C2", label="free to go around (isotropic)")
    t = np.geomspace(0.3, 8)
    length = exact.patches.resistance_length(STRONG, weak, FILLING, RADIUS, 2)
    tail = harmonic * (1 + exact.patches.late_excess(length, harmonic * scale, t * unit))
    axes.loglog(t, tail, color="C1", label="harmonic mean and its $t^{-1/2}$ tail")
    axes.set(
        xlabel="time [Myr]",
        ylabel="$\\kappa$ felt [cm$^2$/s]",
        ylim=(2e27, 4e28),
        title="from the growth of the variance",
    )
    axes.legend(fontsize=7)


def draw_sweep(axes):
    """Draw the late kappa over the harmonic mean, every box and their mean; print it too."""
    fillings = (0.05, 0.1, 0.2, 0.35, 0.5)
    for colour, weak, shift in (("C0", 1e28, -0.004), ("C1", 1e29, 0.004)):
        lines = []
        for filling in fillings:
            found, expected = late(weak, filling)
            lines.append(expected)
            axes.plot(
                np.full(len(found), filling + shift),
                found,
                color=colour,
                ls="",
                marker="o",
                ms=3,
                mfc="none",
            )
            axes.plot(filling + shift, found.mean(), color=colour, marker="_", ms=12, mew=2)
            boxes = " ".join(f"{x:.3f}" for x in found)
            print(
                (
                    f"contrast {weak / STRONG:.0f} filling {filling}: {boxes} mean "
                    f"{found.mean():.3f} expected {expected:.3f}"
                ),
                flush=True,
            )
        axes.plot(
            fillings, lines, color=colour, lw=0.8, label=f"contrast {weak / STRONG:.0f}, expected"
        )
    axes.axhline(1, color="k", ls="--", lw=1)
    axes.set(
        xlabel="filling factor of the patches",
        ylabel="late $\\kappa$ / harmonic mean",
        title="circles: boxes; bars: their mean",
    )
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
