"""The panels that pictures are made of: an image of a slice, a profile, a history. Each draws into
the axes it is given."""

import math

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.colors import LogNorm
from matplotlib.ticker import (
    FixedLocator,
    FuncFormatter,
    LogFormatterSciNotation,
    MaxNLocator,
    NullLocator,
)

from crmpi.analysis.draw import sheet, streamlines
from crmpi.analysis.draw.style import (
    DEFAULT,
    colours,
    label,
    length_unit,
    math_unit,
    set_scale,
    wrapped,
)
from crmpi.analysis.read.derived import shown_in

_ROUNDING = 1e-9  # of the largest sound speed: velocities below it are rounding errors
_LINES = 7  # curves in a panel


def position_label(snapshot, axis):
    """Return the label of a position axis."""
    unit, _ = length_unit(snapshot)
    name = f"$x_{axis + 1}$"
    return f"{name} [{unit}]" if unit else name


def time_text(snapshot):
    """Return 't = 12.3 Myr'."""
    unit, factor = shown_in("time", snapshot.units)
    return f"t = {snapshot.time * factor:.4g} {unit}".rstrip()


def position_text(snapshot, plane, axis):
    """Return 'x_2 = 0.1 kpc', where a slice is, or along what a projection is; '' if the box has no
    such axis."""
    if axis not in snapshot.axes:
        return ""
    if math.isnan(plane.position):
        return f"along $x_{axis + 1}$"
    unit, scale = length_unit(snapshot)
    return f"$x_{axis + 1}$ = {plane.position * scale:.3g} {unit}".rstrip()


def aspect(snapshot, axis):
    """Return height / width of slices normal to `axis`."""
    horizontal, vertical = (snapshot.upper[a] - snapshot.lower[a] for a in range(3) if a != axis)
    return vertical / horizontal


def minimum(snapshot, name):
    """Return below what the values of a quantity, as shown, are rounding errors; 0 if that is not
    known."""
    if not name.startswith("vel") or not {"dens", "press"} <= set(snapshot.names):
        return 0.0
    return _ROUNDING * snapshot.extrema("cs")[1] * snapshot.shown_in(name)[1]


def slice_values(snapshot, name, axis, position=None, options=DEFAULT):
    """Return a `Slice` at `position`, in the unit of the picture, or a projection, and its values
    as they are shown."""
    if options.projection:
        plane = snapshot.projection(name, axis, None if is_summed(snapshot, name) else "dens")
        return plane, plane.values * plane_unit(snapshot, name, options)[1]
    _, scale = length_unit(snapshot)
    plane = snapshot.slice(name, axis, None if position is None else position / scale)
    return plane, plane.values * snapshot.shown_in(name)[1]


def is_summed(snapshot, name):
    """Return whether a projection integrates a quantity, a density of mass or of energy; of others
    it is a mean weighted with density."""
    return snapshot.dimension(name) == "density" or (
        snapshot.dimension(name) == "pressure" and name.startswith("e")
    )


def plane_unit(snapshot, name, options=DEFAULT):
    """Return (label, factor): the unit of a quantity in an image, and what its values in code units
    are multiplied by."""
    if not options.projection or not is_summed(snapshot, name) or snapshot.units.dimensionless:
        return snapshot.shown_in(name)
    unit = "Msun/pc^2" if snapshot.dimension(name) == "density" else "erg/cm^2"
    return unit, 1.0 / snapshot.units.factor(unit)


def plane_label(snapshot, name, options=DEFAULT):
    """Return the label of the bar of colours of an image."""
    text = label(name, plane_unit(snapshot, name, options)[0])
    if not options.projection:
        return text
    title, bracket, unit = text.partition(" [")
    return f"{title}, {'integral' if is_summed(snapshot, name) else 'mean by mass'}{bracket}{unit}"


def image(axes, bar, snapshot, name, axis, position=None, options=DEFAULT):
    """Draw a slice or a projection and its bar of colours, and return it."""
    plane, values = slice_values(snapshot, name, axis, position, options)
    drawn = draw_slice(
        axes, snapshot, plane, values, colours(name, values, options, minimum(snapshot, name))
    )
    over_image(axes, snapshot, plane, options)
    colour_bar(drawn, bar, plane_label(snapshot, name, options))
    return plane


def draw_slice(axes, snapshot, plane, values, scale_of_colours):
    """Draw what `slice_values` has returned in a (colour map, norm), and return the image."""
    _, scale = length_unit(snapshot)
    cmap, norm = scale_of_colours
    x, y = (faces * scale for faces in plane.faces)
    extent = (x[0], x[-1], y[0], y[-1])
    drawn = axes.imshow(
        values,
        origin="lower",
        extent=extent,
        cmap=cmap,
        norm=norm,
        interpolation="nearest",
        aspect="auto",
    )
    finish_image(axes, extent, *(position_label(snapshot, a) for a in plane.axes))
    return drawn


def over_image(axes, snapshot, plane, options):
    """Draw over an image what the options ask for: the blocks of the mesh, lines along a vector."""
    if options.outlines:
        outline(axes, snapshot, plane)
    if options.streamlines:
        streamlines.draw(axes, snapshot, plane, options.streamlines, projection=options.projection)


def outline(axes, snapshot, plane):
    """Draw the edges of the blocks of a `Slice`, dark on light, so that they are seen on every
    colour."""
    _, scale = length_unit(snapshot)
    left, right, bottom, top = np.unique(plane.blocks * scale, axis=0).T
    # (corner, x or y, block)
    corners = np.stack([[left, bottom], [right, bottom], [right, top], [left, top], [left, bottom]])
    for width, colour in ((1.0, "white"), (0.4, "black")):
        axes.add_collection(
            LineCollection(corners.transpose(2, 0, 1), linewidths=width, colors=colour),
            autolim=False,
        )


def finish_image(axes, extent, xlabel, ylabel):
    """Label the axes of an image, with as many numbers as have room; say so where it is not to
    scale."""
    width, height = sheet.inches(axes)
    sheet.set_ticks(axes.xaxis, extent[0], extent[1], width, each=0.55)
    sheet.set_ticks(axes.yaxis, extent[2], extent[3], height, each=0.3)
    shape = (extent[3] - extent[2]) / (extent[1] - extent[0])
    stretched = not 1.0 / sheet.LONGEST <= shape <= sheet.LONGEST
    axes.set_xlabel(f"{xlabel}, stretched" if stretched and width > 1.5 else xlabel)
    axes.set_ylabel(f"{ylabel}, stretched" if stretched and width <= 1.5 else ylabel)


def colour_bar(drawn, bar, text, extend="neither"):
    """Draw the bar of colours of an image in the axes `bar`: its numbers have a common power of ten
    in the label, or are logarithmic."""
    width, height = sheet.inches(bar)
    upright = height > width
    made = bar.figure.colorbar(
        drawn, cax=bar, orientation="vertical" if upright else "horizontal", extend=extend
    )
    axis = bar.yaxis if upright else bar.xaxis
    room = max(width, height)
    many = max(int(room / (0.35 if upright else 0.8)), 1)
    if isinstance(drawn.norm, LogNorm):
        _log_ticks(axis, drawn.norm.vmin, drawn.norm.vmax, many)
    else:
        text = _linear_ticks(axis, drawn.norm, many, text)
    if not upright:
        axis.set_ticks_position("top")
        axis.set_label_position("top")
    axis.label.set_size(8)
    axis.set_tick_params(labelsize=8)
    made.set_label(wrapped(text, room, sheet.LETTER))


def log_numbers(axis, low, high):
    """Give a logarithmic axis a range, and numbers that have room."""
    width, height = sheet.inches(axis.axes)
    upright = axis.axis_name == "y"
    axis.axes.set(**{f"{axis.axis_name}lim": (low, high)})
    _log_ticks(axis, low, high, max(int(height / 0.3 if upright else width / 0.55), 1))


def _log_ticks(axis, low, high, many):
    """Number decades, with 2 and 5 of each, or all digits, where they are few."""
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    few = (tuple(range(1, 10)),) if high < 5.0 * low else ()
    for digits in (*few, (1, 2, 5), (1, 3), (1,)):
        places = [at for n in decades for digit in digits if low <= (at := digit * 10.0**n) <= high]
        if len(places) <= many:
            break
    if not places:
        places = [
            at for n in decades for digit in range(1, 10) if low <= (at := digit * 10.0**n) <= high
        ] or [math.sqrt(low * high)]
    axis.set_major_locator(FixedLocator(sheet.thinned(places, many)))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(
        LogFormatterSciNotation(labelOnlyBase=False, minor_thresholds=(math.inf, math.inf))
    )


def _linear_ticks(axis, norm, many, text):
    """Number a linear bar; return the label with the power of ten that the numbers are in."""
    largest = max(abs(norm.vmin), abs(norm.vmax))
    power = math.floor(math.log10(largest)) if largest > 0.0 else 0
    power = 0 if -3 < power < 4 else power
    axis.set_major_locator(MaxNLocator(many, steps=[1, 2, 2.5, 5, 10]))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value / 10.0**power:.6g}"))
    if power == 0:
        return text
    factor = f"$10^{{{power}}}$"
    name, bracket, unit = text.partition(" [")
    return f"{name} [{factor} {unit}" if bracket else f"{name} [{factor}]"


def profiles(axes, snapshot, names, axis, radial=False, options=DEFAULT):
    """Draw means along an axis (or over the distance from the origin), one line per quantity; all
    share one unit."""
    unit, factor = snapshot.shown_in(names[0])
    _, scale = length_unit(snapshot)
    found = [
        snapshot.radial_profile(name) if radial else snapshot.profile(name, axis) for name in names
    ]
    for name, profile in zip(names, found, strict=True):
        axes.plot(profile.x * scale, profile.values * factor, label=label(name, ""))
    set_scale(
        axes,
        names,
        np.concatenate([profile.values * factor for profile in found]),
        options,
        minimum(snapshot, names[0]),
    )
    if snapshot.spacing == "log" and min(profile.x.min() for profile in found) > 0.0:
        axes.set_xscale("log")  # not along a missing axis, which is even
    text = label(names[0], unit)
    if len(names) > 1:
        legend(axes)
        text = f"[{math_unit(unit)}]" if unit else "[code units]"
    axes.set_ylabel(wrapped(text, sheet.inches(axes)[1]))
    axes.set_xlabel(along_label(snapshot, axis, radial))


def legend(axes):
    """Write the legend at the right of a panel, where no line is."""
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), borderaxespad=0.2)


def along_label(snapshot, axis, radial):
    """Return the label below a profile."""
    where = position_label(snapshot, axis)
    return where.replace(f"$x_{axis + 1}$", "$r$") if radial else where


def history_unit(unit):
    """Return the unit of a history's column in brackets; nothing for pure numbers and code
    units."""
    return "" if unit in ("1", "code") else f"[{math_unit(unit)}]"


def time_label(columns):
    """Return the label below a history."""
    return f"time [{columns.units['time']}]".replace(" [code]", "")


def history_panels(columns, names):
    """Return [[names of columns]]: panels of one unit and seven lines at most."""
    units = {}
    for name in names:
        units.setdefault(columns.units[name], []).append(name)
    return [group[n : n + _LINES] for group in units.values() for n in range(0, len(group), _LINES)]


def thinned(x, y, most=4000):
    """Return the points of a curve that a picture can show: of more than `most`, the lowest and
    the highest of each of equally many neighbours, so that no peak is lost."""
    if len(x) <= most:
        return x, y
    edges = np.linspace(0, len(x), most // 2 + 1).astype(int)[:-1]
    groups = np.repeat(np.arange(len(edges)), np.diff(edges, append=len(x)))
    order = np.lexsort((y, groups))  # NaN last
    numbers = np.add.reduceat(~np.isnan(y), edges)
    kept = np.union1d(order[edges], order[edges + np.maximum(numbers - 1, 0)])
    kept = np.union1d(kept, [0, len(x) - 1])
    return x[kept], y[kept]


def history(axes, columns, names, options=DEFAULT):
    """Draw columns of a history that share a unit."""
    unit = columns.units[names[0]]
    for name in names:
        axes.plot(*thinned(columns["time"], columns[name]), label=name)
    values = np.concatenate([columns[name] for name in names])
    set_scale(axes, names, values[values != 0.0], options)
    axes.set_xlabel(time_label(columns))
    text = f"{names[0]} {history_unit(unit)}".rstrip()
    if len(names) > 1:
        legend(axes)
        text = history_unit(unit) or ("[code units]" if unit == "code" else "pure number")
    axes.set_ylabel(wrapped(text, sheet.inches(axes)[1]))
