"""Figures of the report: models as lines of one colour and dash each, data in grey, limits as
arrows."""

import io
import itertools
import math
import re

import matplotlib as mpl
import numpy as np

from crmpi.analysis.draw.sheet import LETTER
from crmpi.analysis.draw.style import STYLE, new_figure
from crmpi.compare import data as published
from crmpi.compare.verdicts import GAMMA_RAYS, HYDROGEN, KAPPA, of_hydrogen

_COLUMNS = 5
SHOWN = "O VI"
"""The ion beside pressures and kappa: it lives in smooth gas, which a coarse mesh can tell."""

_SHADED = 4  # more models than this: medians only
_DASHES = ("-", "--", ":", "-.")
_ARROW = 0.18  # length of the arrow of a limit as a share of the height of the panel


def line_styles(labels):
    """Return {label: keywords of a line}: colours of the style, then the same dashed, and so on,
    then all of them wider."""
    colours = STYLE["axes.prop_cycle"].by_key()["color"]
    widths = (STYLE["lines.linewidth"] * (1.0 + 0.6 * n) for n in itertools.count())
    kinds = ((width, dash, colour) for width in widths for dash in _DASHES for colour in colours)
    return {
        label: {"color": c, "linestyle": d, "linewidth": w}
        for label, (w, d, c) in zip(labels, kinds, strict=False)
    }


def draw_columns(seen, data, ions):
    """Return a figure of the column densities of `ions` against impact parameter, {label: Seen}
    over the data."""
    with mpl.rc_context(STYLE):
        ncols = min(_COLUMNS, len(ions))
        nrows = -(-len(ions) // ncols)
        width = max(2.3 * ncols + 0.3, 5.0)
        figure = new_figure(width, 2.2 * nrows + _legend_height(seen, width))
        panels = figure.subplots(nrows, ncols, sharex=True, squeeze=False)
        lines = line_styles(seen)
        for panel in panels.flat[len(ions) :]:
            panel.set_axis_off()
        for panel, ion in zip(panels.flat, ions, strict=False):
            _ion(panel, seen, data, ion, lines)
            panel.set_title(ion if ion in data else f"{ion} (no data)")
        for panel in panels[-1]:
            panel.set_xlabel("impact parameter [kpc]")
        figure.supylabel("log column density [cm$^{-2}$]", fontsize=9)
        _legend(figure, panels.flat[0])
    return figure


def _ion(panel, seen, data, ion, lines):
    """Draw the columns of an ion and its data."""
    for label, one in seen.items():
        if ion in one.columns:
            _band(
                panel,
                one.impacts,
                one.columns[ion],
                lines[label],
                label,
                shaded=len(seen) <= _SHADED,
            )
    _fit(panel, data.get(ion), [one.columns[ion][1] for one in seen.values() if ion in one.columns])
    if ion in data:
        scatter(panel, data[ion])


def draw_transport(seen, data):
    """Return a figure of one ion, cosmic-ray pressure, kappa against its bound, and gamma rays."""
    with mpl.rc_context(STYLE):
        figure = new_figure(12.0, max(3.2, 0.17 * len(seen) + 1.0) + _legend_height(seen, 12.0))
        first, left, middle, right = figure.subplots(1, 4)
        lines = line_styles(seen)
        _ion(first, seen, data, SHOWN, lines)
        first.set_xlabel("impact parameter [kpc]")
        first.set_ylabel(f"log N({SHOWN}) [cm$^{{-2}}$]")
        for label, one in seen.items():
            if "pcr" in one.profiles:
                left.plot(one.radius, one.profiles["pcr"], label=label, **lines[label])
            if "kappa" in one.profiles:
                middle.plot(
                    one.radius,
                    np.log10(np.where(one.profiles["kappa"] > 0, one.profiles["kappa"], np.nan)),
                    **lines[label],
                )
        _pressures(left, seen)
        bounds = _bounds(seen, data[KAPPA])
        middle.set_ylim(27.5, max(32.0, middle.get_ylim()[1]))
        scatter(middle, bounds)
        middle.set_xlabel("radius [kpc]")
        middle.set_ylabel(r"log $\kappa_\mathrm{eff}$ [cm$^2$ s$^{-1}$]")
        middle.set_title("triangles: minimum")
        _gamma(right, seen, data[GAMMA_RAYS], lines)
        _legend(figure, first if SHOWN in next(iter(seen.values())).columns else left)
    return figure


def _bounds(seen, data):
    """Return the bounds on kappa for the median column of hydrogen of all runs; those of 1e19 if no
    run has columns."""
    with np.errstate(invalid="ignore"):
        values = [of_hydrogen(data, one).value for one in seen.values() if HYDROGEN in one.columns]
    return data._replace(value=np.median(values, axis=0)) if values else data


def _pressures(panel, seen):
    """Finish the panel of the pressures: the gas of all runs as a grey band."""
    shown = [one for one in seen.values() if "pgas" in one.profiles]
    radius = shown[0].radius if shown else np.empty(0)
    gas = [np.interp(radius, one.radius, one.profiles["pgas"]) for one in shown]
    if len(gas) == 1:
        panel.plot(radius, gas[0], color="0.6", linewidth=1.0, zorder=0)
        panel.set_title("cosmic-ray pressure; grey: gas")
    elif gas:
        panel.fill_between(
            radius, np.min(gas, axis=0), np.max(gas, axis=0), color="0.85", zorder=0, linewidth=0
        )
        panel.set_title("cosmic-ray pressure; grey: gas")
    panel.set_yscale("log")
    panel.set_xlabel("radius [kpc]")
    panel.set_ylabel("pressure [eV cm$^{-3}$]")
    top = panel.get_ylim()[1]
    panel.set_ylim(max(panel.get_ylim()[0], 1e-6 * top), top)


def _gamma(panel, seen, data, lines):
    """Draw L_gamma/L_SF of every run, the observed relation and the calorimetric value."""
    seen = {
        label: one for label, one in seen.items() if one.numbers.get("L_gamma/L_SF", 0.0) > 0.0
    } or seen
    places = np.arange(len(seen))[::-1]
    panel.set_ylim(-0.7, len(seen) - 0.3)
    for place, (label, one) in zip(places, seen.items(), strict=True):
        value = one.numbers.get("L_gamma/L_SF", np.nan)
        if value > 0.0:
            panel.plot(value, place, "o", color=lines[label]["color"])
    observed, error = data.value[0], math.hypot(data.error[0], data.scatter)
    panel.axvspan(10 ** (observed - error), 10 ** (observed + error), color="0.85", linewidth=0)
    panel.axvline(published.CALORIMETRIC, color="0.4", linewidth=0.8, linestyle="--")
    panel.set_xscale("log")
    panel.set_yticks(places, list(seen))
    panel.set_xlabel(r"$L_\gamma(>1\,$GeV$)/L_\mathrm{SF}$")
    low = min([one.numbers.get("L_gamma/L_SF", np.nan) for one in seen.values()] + [1e-6])
    panel.set_xlim(0.5 * low if low > 0.0 else 1e-8, 1e-3)
    panel.set_title("grey: galaxies, dashed: all lost")


def scatter(panel, data, colour="0.35"):
    """Draw data: measured ones as dots with errors, limits as arrows into what they allow."""
    bottom, top = panel.get_ylim()
    length = _ARROW * (top - bottom)
    measured = data.kind == "measured"
    panel.errorbar(
        data.at[measured],
        data.value[measured],
        data.error[measured],
        fmt="o",
        ms=2.5,
        color=colour,
        linewidth=0.6,
        zorder=3,
    )
    for kind, marker, sign in (("lower", "^", 1.0), ("upper", "v", -1.0)):
        chosen = data.kind == kind
        panel.vlines(
            data.at[chosen],
            data.value[chosen],
            data.value[chosen] + sign * length,
            color=colour,
            linewidth=0.5,
            zorder=3,
        )
        panel.plot(
            data.at[chosen],
            data.value[chosen],
            marker,
            ms=3,
            color=colour,
            mfc="white",
            mew=0.6,
            linestyle="none",
            zorder=3,
        )


def _band(panel, places, column, line, label, *, shaded):
    """Draw the median of a model, and the range of its sight lines if there are few models."""
    low, median, high = (np.where(np.isfinite(part), part, np.nan) for part in column)
    panel.plot(places, median, label=label, **line)
    if shaded:
        panel.fill_between(places, low, high, color=line["color"], alpha=0.12, linewidth=0)


def _fit(panel, data, medians):
    """Choose the range of a panel: all data, and models down to 4 decades below them."""
    values = np.concatenate(
        [np.ravel(median) for median in medians] + ([data.value] if data is not None else [])
        or [np.zeros(1)]
    )
    values = values[np.isfinite(values)]
    if values.size:
        high = values.max()
        low = data.value.min() - 2.5 if data is not None and data.value.size else high - 5.0
        panel.set_ylim(max(low, values.min()) - 0.3, high + 0.5)


def _legend_columns(labels, width):
    """Return how many of these labels have room side by side in `width` (inches)."""
    return max(
        1, min(6, len(labels), int(width / (0.7 + LETTER * max(map(len, labels), default=0))))
    )


def _legend_height(labels, width):
    return 0.1 + 0.17 * math.ceil(len(labels) / _legend_columns(labels, width))


def _legend(figure, panel):
    handles, labels = panel.get_legend_handles_labels()
    columns = _legend_columns(labels, figure.get_size_inches()[0])
    figure.legend(handles, labels, loc="outside lower center", ncols=columns)


def svg(figure):
    """Return a figure as the text of an <svg> element, the same text for the same figure."""
    stream = io.StringIO()
    with mpl.rc_context({**STYLE, "svg.hashsalt": "crmpi"}):
        figure.savefig(stream, format="svg", metadata={"Date": None, "Creator": None})
    text = stream.getvalue()
    # hundredths of a point are enough
    return re.sub(r"(\d+\.\d{2})\d+", r"\1", text[text.index("<svg") :])
