"""Figures of the constraints."""

import matplotlib as mpl
import numpy as np
from matplotlib.patches import Rectangle

from crmpi.analysis.draw.style import STYLE, new_figure
from crmpi.constraints.candidates import best_filling, structure_of
from crmpi.constraints.cgm import CGS
from crmpi.constraints.patchy import PHASES, SHAPES, respond
from crmpi.scattering.plasma import gyro_radius
from crmpi.units import UNITS

AU = UNITS["au"].value

BLUE, ORANGE, GREEN, PINK, YELLOW, SKY, BLACK = STYLE["axes.prop_cycle"].by_key()["color"]
GREY = "0.6"


def draw_cos_halos(path, result):
    """Draw kappa_min, and the streaming speed, against impact parameter; return the path.

    Lower bounds have an arrow upwards, bars show the range of N_H; where the star formation rate is
    an upper limit the arrow points down: kappa_min is somewhere below. Grey: N_H is hardly
    constrained.
    """
    with mpl.rc_context(STYLE):
        figure = new_figure(9.0, 4.2)
        left, right = figure.subplots(1, 2)
        kinds = (
            ("lower bound", result.firm, BLUE, "o", True),
            (
                "lower bound, N$_\\mathrm{H}$ hardly constrained",
                result.is_bound & result.weak,
                GREY,
                "o",
                True,
            ),
            (
                "upper limit of the bound (of star formation)",
                ~result.is_bound & ~result.weak,
                ORANGE,
                "v",
                False,
            ),
            (
                "upper limit, N$_\\mathrm{H}$ hardly constrained",
                ~result.is_bound & result.weak,
                "0.8",
                "v",
                False,
            ),
        )
        for label, chosen, colour, marker, up in kinds:
            style = {"color": colour, "marker": marker, "label": label, "up": up}
            _limits(
                left,
                result.impact[chosen],
                result.kappa[chosen],
                (result.low[chosen], result.high[chosen]),
                **style,
            )
            speed = result.stream[chosen] / 1e5
            scale = speed / result.kappa[chosen]
            _limits(
                right,
                result.impact[chosen],
                speed,
                (result.low[chosen] * scale, result.high[chosen] * scale),
                **style,
            )
        _headline(left, right)
        left.set_ylabel("$\\kappa_\\mathrm{min}$ [cm$^2$/s]")
        right.set_ylabel("streaming speed along a tangled field [km/s]")
        left.set_ylim(1e26, 1e33)
        right.set_ylim(1e-1, 1e5)
        figure.legend(*left.get_legend_handles_labels(), loc="outside upper center", ncols=3)
        for panel in (left, right):
            panel.set_yscale("log")
            panel.set_xlim(0, 165)
            panel.set_xlabel("impact parameter [kpc]")
        figure.savefig(path)
    return path


def _limits(panel, x, y, span, *, color, marker, label, up):
    """Draw points with the bars `span` and an arrow of a factor of two."""
    low, high = span
    panel.vlines(x, low, high, color=color, linewidth=0.8, alpha=0.6)
    panel.errorbar(
        x,
        y,
        yerr=y * (1.0 if up else 0.5),
        lolims=up,
        uplims=not up,
        fmt=" ",
        color=color,
        elinewidth=0.8,
        capsize=2,
    )
    panel.plot(x, y, marker, color=color, markersize=4.5, label=label)


def _headline(left, right):
    """Shade what the paper says of impact parameters beyond 50 to 100 kpc: 1e30 to 1e31 cm^2/s,
    1000 km/s."""
    left.fill_between(
        [50, 165],
        1e30,
        1e31,
        color=GREEN,
        alpha=0.15,
        linewidth=0,
        label="at least this: Butsky, Nakum et al. 2023",
    )
    right.axhline(1e3, color=GREEN, linewidth=1.0, linestyle="--")


def draw_halo(path, result):
    """Draw kappa_min of a simulated halo against impact parameter, and the kappa of the run; return
    the path."""
    with mpl.rc_context(STYLE):
        figure = new_figure(4.5, 3.6)
        panel = figure.subplots()
        scale = result.kappa * result.nh
        style = {"color": BLUE, "marker": "o", "label": "$\\kappa_\\mathrm{min}$", "up": True}
        _limits(
            panel,
            result.impact,
            result.kappa,
            (scale / result.nh_high, scale / result.nh_low),
            **style,
        )
        panel.axhline(result.kappa_true, color=ORANGE, label="$\\kappa$ of the run")
        panel.set_yscale("log")
        panel.set_xlabel("impact parameter [kpc]")
        panel.set_ylabel("diffusion coefficient [cm$^2$/s]")
        panel.legend()
        figure.savefig(path)
    return path


def draw_patchy(path, verdicts, target, structure=None):
    """Draw sizes and fillings of candidates beside what is allowed, and kappa of those allowed
    against rigidity; return the path."""
    with mpl.rc_context(STYLE):
        figure = new_figure(9.6, 4.4)
        left, right = figure.subplots(1, 2, width_ratios=(1.25, 1.0))
        _plane(left, verdicts, target, structure)
        _rigidities(right, verdicts, target, structure)
        figure.savefig(path)
    return path


def _plane(panel, verdicts, target, structure):
    """Draw the plane of sizes and shares of the volume."""
    size = np.logspace(-2, 8, 200)
    low, high = (
        SHAPES["sphere"] * size * AU / (3.0 * kappa / CGS.c)
        for kappa in (target.kappa_high, target.kappa_low)
    )
    panel.fill_between(
        size, low, high, color=GREY, alpha=0.3, linewidth=0, label="$\\kappa$ at 1 GV as observed"
    )
    ends = [gyro_radius(rigidity, target.field_strength, CGS) / AU for rigidity in (1.0, 1e3)]
    told = (size >= ends[0]) & (size <= ends[1])
    strength = f"{target.field_strength / CGS.factor('uG'):g} µG"
    label = f"and scatters 1 GV, not 1 TV ({strength})"
    panel.fill_between(
        size[told], low[told], high[told], color=GREEN, alpha=0.5, linewidth=0, label=label
    )
    for verdict in verdicts:
        scale = UNITS[verdict.candidate.unit].value / AU
        share = PHASES[verdict.candidate.phase]
        x, y = [s * scale for s in verdict.candidate.sizes], [f * share for f in verdict.filling]
        colour = BLUE if verdict.allowed else ORANGE
        panel.add_patch(
            Rectangle(
                (x[0], y[0]),
                x[1] - x[0],
                y[1] - y[0],
                facecolor="none",
                edgecolor=colour,
                linewidth=1.2,
            )
        )
        place, shift = (
            ((x[0], y[1]), (1, 2)) if verdict.allowed or y[1] > 1e-2 else ((x[0], y[0]), (1, -8))
        )
        panel.annotate(
            verdict.candidate.name,
            place,
            shift,
            textcoords="offset points",
            fontsize=6.5,
            color=colour,
        )
    if structure is not None:
        share = structure.filling * PHASES[structure.phase]
        panel.plot(
            [structure.size / AU, structure.size_max / AU],
            [share, share],
            "*-",
            color=PINK,
            label="as given",
        )
    panel.set_xscale("log")
    panel.set_yscale("log")
    panel.set_xlim(1e-2, 1e9)
    panel.set_ylim(1e-12, 10.0)
    panel.set_xlabel("radius, or thickness of sheets [au]")
    panel.set_ylabel("share of the volume")
    panel.legend(loc="lower right")


def _rigidities(panel, verdicts, target, structure):
    """Draw kappa against rigidity, of each candidate with its best share of the volume."""
    grid = np.logspace(0, 4, 200)
    low, high = (
        kappa * grid**growth
        for kappa, growth in (
            (target.kappa_low, target.growth_low),
            (target.kappa_high, target.growth_high),
        )
    )
    panel.fill_between(grid, low, high, color=GREY, alpha=0.3, linewidth=0, label="as observed")
    for colour, verdict in zip(
        (BLUE, SKY, GREEN, BLACK), (v for v in verdicts if v.allowed), strict=False
    ):
        filling = best_filling(verdict.filling, verdict.kappa, target)
        response = respond(structure_of(verdict.candidate, filling, 0.5), target, grid)
        panel.plot(
            grid,
            response.kappa,
            color=colour,
            label=f"{verdict.candidate.name}, $f_V$ = {filling:.0e}",
        )
    if structure is not None:
        panel.plot(
            grid,
            respond(structure, target, grid).kappa,
            color=PINK,
            linestyle="--",
            label="as given",
        )
    panel.set_xscale("log")
    panel.set_yscale("log")
    panel.set_xlim(1, 1e4)
    panel.set_xlabel("rigidity [GV]")
    panel.set_ylabel("$\\kappa$ [cm$^2$/s]")
    panel.legend(loc="upper left", fontsize=7)
