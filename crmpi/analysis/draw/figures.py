"""Pictures of what ``crmpi observe`` has measured: numbers over time, profiles and diagrams of the
last time."""

import re
from pathlib import Path
from typing import NamedTuple

import matplotlib as mpl
import numpy as np
from matplotlib.colors import LogNorm

from crmpi.analysis.draw import panels, sheet
from crmpi.analysis.draw.style import STYLE, math_unit, set_scale
from crmpi.diagnostics.columns import split_label
from crmpi.errors import CrmpiError
from crmpi.output.files import clear_write_errors

FORMATS = (".png", ".pdf", ".svg")
_LEFT_OUT = ("volume", "bmag")  # of profiles: not worth a panel of their own
_PLACE = re.compile(r"_([hr][\d.e+-]+(?:kpc)?)$")  # of a surface at the end of a name
_PERCENTILE = re.compile(r"_(16|84)$")  # of sight lines at the end of a name
_ACROSS = 3
_LINES = 7  # curves in a panel
_MARGIN = 1  # bins without anything around a diagram


class Curves(NamedTuple):
    """A panel of lines: `along` (label, values) of the horizontal axis, `unit`, `surface`, and
    {name: values}."""

    along: tuple
    unit: str
    surface: str
    values: dict


class Diagram(NamedTuple):
    """An image over two axes of bins: `label`, values, [(label of an axis, its bins)]."""

    label: str
    values: np.ndarray
    places: list


def draw(tables, path):
    """Draw what was measured and return the path of the picture: a panel for each unit, and for
    each array of a diagram.

    Parameters
    ----------
    tables : list of crmpi.analysis.draw.report.Table
    path : path
        .png, .pdf or .svg

    Raises
    ------
    CrmpiError
        another kind of file; one snapshot with numbers alone
    """
    path = Path(path)
    if path.suffix not in FORMATS:
        raise CrmpiError(f"--plot {path} must end in one of {', '.join(FORMATS)}")
    with mpl.rc_context(STYLE):
        figure = figure_of(tables)
        with clear_write_errors(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            figure.savefig(path)
    return path


def figure_of(tables):
    """Return the figure of what was measured: diagrams at the left, curves at their right."""
    arrays = [one for one in tables[-1].measured if one.axes]
    curves = [
        *_numbers(tables),
        *(panel for one in arrays if len(one.axes) == 1 for panel in _arrays(one)),
    ]
    diagrams = [
        Diagram(label, values, list(one.axes.items()))
        for one in arrays
        if len(one.axes) == 2
        for label, values in one.columns.items()
    ]
    diagrams = [one for one in diagrams if np.any(one.values > 0.0)]
    if not curves and not diagrams:
        raise CrmpiError(
            "there is nothing to draw: numbers of one snapshot are a row; give the folder of a "
            "run, or a profile or diagram"
        )
    parts = (
        [sheet.images(len(diagrams), 1, 0.85, across=1 if curves and len(diagrams) < 4 else None)]
        if diagrams
        else []
    )
    if curves:
        words = [f"{name} (below)" for panel in curves for name in panel.values]
        parts.append(
            sheet.lines(
                len(curves), words, min(_ACROSS - bool(diagrams), len(curves)), panel=(3.0, 2.0)
            )
        )
    label, time = tables[-1].time
    run = tables[-1].source.parent.parent.name or tables[-1].source.name
    figure, corners = sheet.page(
        parts, f"{run}, {label.replace(' [', f' = {time:.4g} ').rstrip(']')}"
    )
    if diagrams:
        for one, ((place,), bar) in zip(diagrams, parts[0].places(), strict=True):
            _diagram(place.axes(figure, *corners[0]), bar.axes(figure, *corners[0]), one)
    if curves:
        for panel, place in zip(curves, parts[-1].places(), strict=True):
            _curves(place.axes(figure, *corners[-1]), panel)
    return figure


def _grouped(along, columns):
    """Yield `Curves` of columns that are not zero everywhere: a panel for each unit and surface,
    and for seven lines at most."""
    groups = {}
    for label, values in columns.items():
        name, unit = split_label(label)
        if name not in _LEFT_OUT and np.any(np.nan_to_num(values)):
            place = _PLACE.search(name)
            group = groups.setdefault((unit, place[1] if place else ""), {})
            group[_PLACE.sub("", name)] = np.asarray(values, float)
    for (unit, surface), group in groups.items():
        lines = list(
            dict.fromkeys(
                _PERCENTILE.sub("", name) if _PERCENTILE.sub("", name) in group else name
                for name in group
            )
        )
        for n in range(0, len(lines), _LINES):
            chosen = lines[n : n + _LINES]
            bands = [
                f"{name}_{edge}"
                for name in chosen
                for edge in (16, 84)
                if f"{name}_{edge}" in group
            ]
            yield Curves(along, unit, surface, {name: group[name] for name in [*chosen, *bands]})


def _numbers(tables):
    """Return `Curves` of the numbers over time."""
    if len(tables) < 2:
        return []
    times = [table.time[1] for table in tables]
    series = {label: [] for one in tables[0].measured if not one.axes for label in one.columns}
    for table in tables:
        for one in (one for one in table.measured if not one.axes):
            for label, value in one.columns.items():
                series[label].append(value)
    return list(_grouped((tables[0].time[0], times), series))


def _arrays(measured):
    """Return `Curves` of a `Measured` with one axis."""
    return list(_grouped(next(iter(measured.axes.items())), measured.columns))


def _curves(axes, panel):
    """Draw lines, and the range between percentiles as a band."""
    where, x = panel.along
    lines = [
        name
        for name in panel.values
        if not _PERCENTILE.search(name) or _PERCENTILE.sub("", name) not in panel.values
    ]
    for name in lines:
        (line,) = axes.plot(x, panel.values[name], label=name.replace("_", " "))
        if f"{name}_16" in panel.values and f"{name}_84" in panel.values:
            low, high = panel.values[f"{name}_16"], panel.values[f"{name}_84"]
            axes.fill_between(x, low, high, color=line.get_color(), alpha=0.2, linewidth=0)
    set_scale(axes, lines, np.concatenate([panel.values[name] for name in lines]))
    low = axes.get_ylim()[0]
    for line in axes.get_lines():
        if np.nanmax(line.get_ydata()) < low:
            line.set_label(f"{line.get_label()} (below)")
    name, place = split_label(where)
    heading = (
        f"through {'planes at' if panel.surface[0] == 'h' else 'the sphere of'} {panel.surface[1:]}"
        if panel.surface
        else ""
    )
    axes.set_title(heading)
    axes.set_xlabel(f"{name} [{math_unit(place)}]")
    axes.set_ylabel(f"[{math_unit(panel.unit)}]" if panel.unit != "1" else "ratio")
    panels.legend(axes)


def _diagram(axes, bar, one):
    """Draw the bins that hold something, and a margin around them."""
    filled = one.values > 0.0
    edges = [_edges(bins) for _, bins in one.places]
    image = axes.pcolormesh(
        *edges,
        np.where(filled, one.values, np.nan).T,
        norm=LogNorm(one.values[filled].min(), one.values[filled].max()),
        cmap="viridis",
    )
    name, unit = split_label(one.label)
    panels.colour_bar(image, bar, f"{name.replace('_', ' ')} [{math_unit(unit)}]")
    axes.set(xscale="log", yscale="log")
    spans = (_span(edge, filled.any(axis=1 - n)) for n, edge in enumerate(edges))
    for axis, span, (place, _) in zip((axes.xaxis, axes.yaxis), spans, one.places, strict=True):
        panels.log_numbers(axis, *span)
        name, unit = split_label(place)
        axis.set_label_text(f"{name} [{math_unit(unit)}]")


def _edges(bins):
    """Return the edges of bins of equal width in the logarithm."""
    logs = np.log10(bins)
    half = 0.5 * (logs[1] - logs[0]) if len(logs) > 1 else 0.5
    return 10.0 ** np.append(logs - half, logs[-1] + half)


def _span(edges, filled):
    """Return the range of an axis: the bins that hold something, and a margin."""
    first, last = np.flatnonzero(filled)[[0, -1]]
    return edges[max(first - _MARGIN, 0)], edges[min(last + 1 + _MARGIN, len(edges) - 1)]
