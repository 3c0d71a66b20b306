"""Draw docs/figures/sc_instability.png: a layer with a source and a mode on a gradient,
self-confinement beside constant kappa.

Run from the root of the repository: ``python -m problems.sc_instability.figure`` (a few minutes).
"""

import matplotlib as mpl
import numpy as np

from crmpi.api import STYLE, SerialComm, Simulation, configure, exact, new_figure, stepper

SLOPE = (
    "problem.profile=slope",
    "transport={solver: two_moment, vmax: 1e4 km/s, streaming: false}",
)
LANDAU = ("scattering.nonlinear_landau=true", "scattering.turbulent=false")


class Layer:
    """The problem with the flux that self-confinement lets pass, in code units and cgs."""

    def __init__(self):
        sim = simulation(8)
        self.units, self.p, self.slope = sim.units, sim.problem.p, sim.problem.slope
        self.limit = sim.problem.closure_flux(self.p) / self.units.factor("erg/cm^2/s")
        self.kappa = (
            self.limit * self.units.factor("erg/cm^2/s") / self.slope / self.units.factor("cm^2/s")
        )
        self.alfven = self.units.from_code(self.p.field / np.sqrt(self.p.dens), "cm/s")

    def expected(self, times, supply):
        """Return e of the layer in eV/cm^3 at times in Myr."""
        names = ("erg/cm^3", self.p.ecr), ("erg/cm^4", self.slope), ("cm", self.p.half_width)
        e, slope, half = (self.units.from_code(value, unit) for unit, value in names)
        found = exact.self_confinement.layer(
            times * 3.15576e13, supply * self.limit, self.limit, e, slope, half, self.alfven
        )
        return found / self.units.from_code(self.units.factor("eV/cm^3"), "erg/cm^3")


def simulation(cells, *overrides):
    """Return a run in its initial state."""
    config, problem = configure(
        "sc_instability", [f"mesh.cells=[{cells},1,1]", f"mesh.block=[{cells},1,1]", *overrides]
    )
    sim = Simulation(config, problem, SerialComm())
    sim.initialise()
    return sim


def history(cells, column, end, dt, *overrides, every=20):
    """Return times in Myr and a column of the history."""
    sim = simulation(cells, *overrides)
    unit, rows = sim.units.factor("Myr"), []
    while True:
        if sim.clock.step % every == 0 or sim.time >= end * unit:
            rows.append((sim.time / unit, sim.history_row()[f"{column} [eV/cm^3]"]))
        if sim.time >= end * unit:
            return np.array(rows).T
        step = min(dt * unit, end * unit - sim.time * (1.0 - 1e-15))
        stepper.advance(sim, step)
        sim.clock.tick(step)


def draw_layers(left, right, layer):
    """Draw e of the layer for several sources: self-confinement left, constant kappa right."""
    for n, supply in enumerate((1.5, 1.2, 1.1, 0.9, 0.8, 0.5)):
        given = (f"problem.supply={supply}", f"problem.flux={layer.limit:.17g}")
        times, e = history(128, "layer", 25, 0.01, *given, every=50)
        left.plot(times, e, color=f"C{n}", label=f"source/$F_0$ = {supply}")
        expected = layer.expected(times, supply)
        left.plot(times, np.where(expected > 0.1, expected, np.nan), color=f"C{n}", ls=":", lw=1)
        constant = f"scattering={{model: constant, kappa_par: {layer.kappa:.17g}}}"
        right.plot(*history(128, "layer", 25, 0.1, *given, constant, every=5), color=f"C{n}")
        print(f"supply {supply}: e at 25 Myr {e[-1]:.3f}, expected {expected[-1]:.3f}")
    left.set(
        xlabel="time [Myr]",
        ylabel="e of the layer [eV/cm$^3$]",
        title="self-confinement; dotted: balance of the layer",
    )
    right.set(
        xlabel="time [Myr]",
        ylabel="e of the layer [eV/cm$^3$]",
        title="constant kappa",
        ylim=left.get_ylim(),
    )
    left.legend()


def draw_modes(axes, layer):
    """Draw the amplitude of a mode on a gradient."""
    slope = 0.3 * layer.units.from_code(layer.p.ecr, "erg/cm^3") / layer.units.from_code(1.0, "cm")
    field, dens = (
        layer.units.from_code(layer.p.field, "G"),
        layer.units.from_code(layer.p.dens, "g/cm^3"),
    )
    problem = simulation(8).problem
    sound = layer.units.from_code(
        np.sqrt(problem.config.fluid.gamma * problem.pressure(layer.p) / layer.p.dens), "cm/s"
    )
    landau = exact.self_confinement.limiting_flux(
        field, dens, exact.self_confinement.nonlinear_damping(field, dens, sound, slope)
    )
    k = np.pi / layer.units.from_code(1.0, "cm")
    constant = f"scattering={{model: constant, kappa_par: {layer.limit / slope:.17g}}}"
    runs = {
        "turbulent damping": (layer.limit, 0.0, ()),
        "nonlinear Landau damping": (landau, 0.5 * landau / slope, LANDAU),
        "constant kappa": (layer.limit, layer.limit / slope, (constant,)),
    }
    for n, (name, (flux, kappa, overrides)) in enumerate(runs.items()):
        times, mode = history(
            64, "mode", 3, 0.02, *SLOPE, f"problem.flux={flux:.17g}", *overrides, every=3
        )
        shown = mode > 1e-2 * mode[0]
        axes.semilogy(times[shown], mode[shown] / mode[0], color=f"C{n}", label=name)
        axes.semilogy(
            times[shown],
            np.exp(-kappa * k**2 * times[shown] * 3.15576e13),
            color=f"C{n}",
            ls=":",
            lw=2.5,
        )
    axes.set(
        xlabel="time [Myr]",
        ylabel="amplitude / initial",
        title="mode on a gradient; dotted: $k^2\\,\\partial f/\\partial g$",
    )
    axes.legend()


def main():
    """Make the figure."""
    with mpl.rc_context(STYLE):
        figure = new_figure(10.5, 3.3)
        left, middle, right = figure.subplots(1, 3)
        layer = Layer()
        draw_layers(left, middle, layer)
        draw_modes(right, layer)
        figure.savefig("docs/figures/sc_instability.png", dpi=100)


if __name__ == "__main__":
    main()
