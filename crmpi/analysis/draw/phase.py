"""Phase diagrams of a snapshot: how much mass, volume or energy there is at each pair of values of
two quantities."""

from typing import NamedTuple

import numpy as np
from matplotlib import colormaps
from matplotlib.colors import LogNorm

from crmpi.analysis.draw import panels, sheet
from crmpi.analysis.draw.style import DEEPEST, DEFAULT, label, math_unit, pool, wrapped
from crmpi.analysis.read.derived import title
from crmpi.errors import CrmpiError

BINS = (96, 72)
"""Of the horizontal and of the vertical quantity."""
ASPECT = 0.8
LEFT = 1.1  # inches for numbers such as 5 x 10^-13 and the label beside them
VOLUME = "volume"
_LOG = 5.0  # positive numbers that span more than this factor have a logarithmic axis
_MARGIN = 0.02  # of the range, around what there is
_SHOWN_IN = {"mass": "Msun", "volume": "kpc^3", "energy": "erg"}


class Phase(NamedTuple):
    """A diagram: `edges` of the bins of both quantities, as shown, whether each is logarithmic, and
    `amounts[vertical, horizontal]`."""

    edges: tuple
    logs: tuple
    amounts: np.ndarray


def default_pair(snapshot):
    """Return the quantities of a diagram for which none are named."""
    return ["dens", "press" if snapshot.units.dimensionless else "temp"]


def check(snapshot, fields, weight):
    """Refuse more or fewer than two quantities, and weights that cannot be summed up."""
    if len(fields) != 2 or fields[0] == fields[1]:
        raise CrmpiError(
            f"a phase diagram is drawn over two quantities, such as dens temp; given: "
            f"{' '.join(fields)}"
        )
    if weight != VOLUME and not panels.is_summed(snapshot, weight):
        raise CrmpiError(
            f"--weight {weight} cannot be summed up: give {VOLUME}, or a density of mass or energy "
            "such as dens, ecr or ekin"
        )


def amount(snapshot, weight):
    """Return (what is summed up, its unit, the factor from code units)."""
    if weight == VOLUME:
        what = "volume"
    else:
        what = "mass" if snapshot.dimension(weight) == "density" else "energy"
    name = what if weight in (VOLUME, "dens") else f"{what} of {title(weight)}"
    name = title(weight).replace(" density", "") if what == "energy" else name
    if snapshot.units.dimensionless:
        return name, "", 1.0
    unit = _SHOWN_IN[what]
    return name, unit, 1.0 / snapshot.units.factor(unit)


def ranges(snapshot, fields, options=DEFAULT):
    """Return [(low, high, is it logarithmic)] of both quantities, as shown."""
    found = []
    for name in fields:
        factor = snapshot.shown_in(name)[1]
        seen = options.pooled.get(name)
        if seen is None:
            seen = pool(snapshot.values(name, gid) for gid in range(snapshot.nblock)) * factor
        if not seen.size:
            raise CrmpiError(f"{snapshot.path} has no finite '{name}': all its parts are missing")
        log = _is_wide(seen) if options.log is None else options.log
        low, high = options.range_of([name]) or (seen[0], seen[-1])
        if log and high <= 0.0:
            raise CrmpiError(f"--log: '{name}' has no positive values here; use --no-log")
        if log and low <= 0.0:
            low = max(seen[seen > 0.0].min(), DEEPEST * high)
        low, high = (np.log10(low), np.log10(high)) if log else (low, high)
        spread = (high - low) or max(abs(high), 1.0) * 0.1
        found.append((low - _MARGIN * spread, high + _MARGIN * spread, bool(log)))
    return found


def _is_wide(values):
    """Return whether the axis of a diagram is best logarithmic: positive numbers, more than a
    factor of five apart."""
    return values[0] > 0.0 and values[-1] > _LOG * values[0]


def phase(snapshot, fields, options=DEFAULT):
    """Return the `Phase` of two quantities of a snapshot; cells beyond the range of an axis are
    left out.

    Every cell counts with its volume, times `options.weight` unless that is the volume itself.
    """
    check(snapshot, fields, options.weight)
    spans = ranges(snapshot, fields, options)
    factors = [snapshot.shown_in(name)[1] for name in fields]
    edges = [np.linspace(low, high, n + 1) for (low, high, _), n in zip(spans, BINS, strict=True)]
    amounts = np.zeros(BINS)
    for cells in snapshot.blocks():
        places = []
        for name, factor, (_, _, log) in zip(fields, factors, spans, strict=True):
            values = np.ravel(cells[name]) * factor
            with np.errstate(divide="ignore", invalid="ignore"):
                places.append(np.log10(values) if log else values)
        volume = np.broadcast_to(cells.volume, cells.shape)
        weights = volume if options.weight == VOLUME else cells[options.weight] * volume
        weights = np.ravel(weights)
        known = np.isfinite(places[0]) & np.isfinite(places[1]) & np.isfinite(weights)
        amounts += np.histogram2d(
            places[0][known], places[1][known], bins=edges, weights=weights[known]
        )[0]
    logs = tuple(log for _, _, log in spans)
    edges = tuple(10.0**edge if log else edge for edge, log in zip(edges, logs, strict=True))
    return Phase(edges, logs, amounts.T * amount(snapshot, options.weight)[2])


def scale(diagrams, options=DEFAULT):
    """Return (colour map, norm) that diagrams share: logarithmic over what their bins hold."""
    filled = pool(one.amounts[one.amounts > 0.0] for one in diagrams)
    filled = options.pooled.get("", filled)
    high = filled[-1] if filled.size else 1.0
    low, high = options.range_of([options.weight, "amount"]) or (
        (max(filled[0], 1e-6 * high), high) if filled.size else (0.1, 1.0)
    )
    low = low if 0.0 < low < high else high * (0.5 if low >= high else 1e-6)
    return colormaps[options.cmap or "viridis"], LogNorm(low, high)


def draw(axes, diagram, colours_):
    """Draw a `Phase` in a (colour map, norm), and return the image."""
    cmap, norm = colours_
    amounts = np.where(diagram.amounts > 0.0, diagram.amounts, np.nan)
    drawn = axes.pcolormesh(*diagram.edges, amounts, cmap=cmap, norm=norm, rasterized=True)
    for axis, edges, log in zip((axes.xaxis, axes.yaxis), diagram.edges, diagram.logs, strict=True):
        if log:
            axes.set(**{f"{axis.axis_name}scale": "log"})
            panels.log_numbers(axis, edges[0], edges[-1])
        else:
            axes.set(**{f"{axis.axis_name}lim": (edges[0], edges[-1])})
            each = 0.55 if axis.axis_name == "x" else 0.3
            room = sheet.inches(axes)[axis.axis_name == "y"]
            sheet.set_ticks(axis, edges[0], edges[-1], room, each)
    return drawn


def label_axes(axes, snapshot, fields):
    """Write the quantities and their units at both axes."""
    across, up = (label(name, snapshot.shown_in(name)[0]) for name in fields)
    width, height = sheet.inches(axes)
    axes.set_xlabel(wrapped(across, width))
    axes.set_ylabel(wrapped(up, height))


def bar_label(snapshot, options=DEFAULT):
    """Return the label of the bar of colours."""
    name, unit, _ = amount(snapshot, options.weight)
    return f"{name} in a bin [{math_unit(unit)}]" if unit else f"{name} in a bin"


def figure_of(snapshots, titles, heading, fields, options=DEFAULT):
    """Return a figure with a diagram for each snapshot, on common axes and one scale of colours.

    Parameters
    ----------
    snapshots : list of open snapshots
    titles : list of str
        above each diagram; '' for none
    heading : str
    fields : list of str
        the horizontal and the vertical quantity
    options : style.Options
    """
    for snapshot in snapshots:
        check(snapshot, fields, options.weight)
    if len(snapshots) > 1:
        options = options._replace(pooled=_common(snapshots, fields, options) | options.pooled)
    diagrams = [phase(snapshot, fields, options) for snapshot in snapshots]
    colours_ = scale(diagrams, options)
    lines = max(len(text.splitlines()) for text in titles)
    part = sheet.images(1, len(snapshots), ASPECT, lines, 1, sheet.inner(options.size), LEFT)
    figure, (corner,) = sheet.page([part], heading, options.size)
    ((places, bar),) = part.places()
    for place, text, diagram in zip(places, titles, diagrams, strict=True):
        axes = place.axes(figure, *corner)
        drawn = draw(axes, diagram, colours_)
        label_axes(axes, snapshots[0], fields)
        axes.set_title(text, size=8, pad=3.0)
        if place is not places[0]:
            axes.set_ylabel("")
            axes.tick_params(labelleft=False)
    panels.colour_bar(drawn, bar.axes(figure, *corner), bar_label(snapshots[0], options))
    return figure


def _common(snapshots, fields, options):
    """Return the numbers of both quantities in all snapshots, as scales need them."""
    seen = {}
    for name in fields:
        parts = (
            snapshot.values(name, gid) * snapshot.shown_in(name)[1]
            for snapshot in snapshots
            for gid in range(snapshot.nblock)
        )
        seen[name] = pool(parts)
    return seen
