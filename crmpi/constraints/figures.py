"""Figures of the constraints."""

import matplotlib as mpl

from crmpi.observables.style import STYLE, new_figure

BLUE, ORANGE, GREEN, PINK, YELLOW, SKY, BLACK = STYLE["axes.prop_cycle"].by_key()["color"]
GREY = "0.6"


def draw_cos_halos(result, path):
    """Draw kappa_min, and the streaming speed, against impact parameter; return the path.

    Lower bounds have an arrow upwards, bars show the range of N_H; where the star formation rate is an upper limit the arrow points down:
    kappa_min is somewhere below. Grey: N_H is hardly constrained.
    """
    with mpl.rc_context(STYLE):
        figure = new_figure(9.0, 4.2)
        left, right = figure.subplots(1, 2)
        kinds = (
            ("lower bound", result.firm, BLUE, "o", True),
            ("lower bound, N$_\\mathrm{H}$ hardly constrained", result.is_bound & result.weak, GREY, "o", True),
            ("upper limit of the bound (of star formation)", ~result.is_bound & ~result.weak, ORANGE, "v", False),
            ("upper limit, N$_\\mathrm{H}$ hardly constrained", ~result.is_bound & result.weak, "0.8", "v", False),
        )
        for label, chosen, colour, marker, up in kinds:
            style = {"color": colour, "marker": marker, "label": label, "up": up}
            _limits(left, result.impact[chosen], result.kappa[chosen], (result.low[chosen], result.high[chosen]), **style)
            speed = result.stream[chosen] / 1e5
            scale = speed / result.kappa[chosen]
            _limits(right, result.impact[chosen], speed, (result.low[chosen] * scale, result.high[chosen] * scale), **style)
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
    panel.errorbar(x, y, yerr=y * (1.0 if up else 0.5), lolims=up, uplims=not up, fmt=" ", color=color, elinewidth=0.8, capsize=2)
    panel.plot(x, y, marker, color=color, markersize=4.5, label=label)


def _headline(left, right):
    """Shade what the paper says of impact parameters beyond 50 to 100 kpc: 1e30 to 1e31 cm^2/s, 1000 km/s."""
    left.fill_between([50, 165], 1e30, 1e31, color=GREEN, alpha=0.15, linewidth=0, label="at least this: Butsky, Nakum et al. 2023")
    right.axhline(1e3, color=GREEN, linewidth=1.0, linestyle="--")


def draw_halo(result, path):
    """Draw kappa_min of a simulated halo against impact parameter, and the kappa of the run; return the path."""
    with mpl.rc_context(STYLE):
        figure = new_figure(4.5, 3.6)
        panel = figure.subplots()
        scale = result.kappa * result.nh
        style = {"color": BLUE, "marker": "o", "label": "$\\kappa_\\mathrm{min}$", "up": True}
        _limits(panel, result.impact, result.kappa, (scale / result.nh_high, scale / result.nh_low), **style)
        panel.axhline(result.kappa_true, color=ORANGE, label="$\\kappa$ of the run")
        panel.set_yscale("log")
        panel.set_xlabel("impact parameter [kpc]")
        panel.set_ylabel("diffusion coefficient [cm$^2$/s]")
        panel.legend()
        figure.savefig(path)
    return path
