"""The panels that pictures are made of: an image of a slice, a profile, a history. Each draws into the axes it is given."""

import numpy as np

from crmpi.observables.derived import shown_in
from crmpi.observables.style import colours, label, math_unit, use_log


def length_unit(snapshot):
    """Return (label, factor) for positions: kpc, or pc and Mpc where the mesh asks for it; nothing in a dimensionless run."""
    if snapshot.units.dimensionless:
        return "", 1.0
    size = max(snapshot.upper[axis] - snapshot.lower[axis] for axis in snapshot.axes)
    unit = next((u for u in ("Mpc", "kpc", "pc", "au") if size >= 0.5 * snapshot.units.factor(u)), "au")
    return unit, 1.0 / snapshot.units.factor(unit)


def position_label(snapshot, axis):
    """Return the label of a position axis."""
    unit, _ = length_unit(snapshot)
    name = f"$x_{axis + 1}$"
    return f"{name} [{unit}]" if unit else name


def time_text(snapshot):
    """Return 't = 12.3 Myr'."""
    unit, factor = shown_in("time", snapshot.units)
    return f"t = {snapshot.time * factor:.4g} {unit}".rstrip()


def slice_values(snapshot, name, axis, position=None):
    """Return a `Slice` at `position`, in the unit of the picture, and its values as they are shown."""
    _, scale = length_unit(snapshot)
    plane = snapshot.slice(name, axis, None if position is None else position / scale)
    return plane, plane.values * snapshot.shown_in(name)[1]


def image(axes, snapshot, name, axis, position=None):
    """Draw a slice with its colour bar, and return it."""
    plane, values = slice_values(snapshot, name, axis, position)
    draw_slice(axes, snapshot, name, plane, values, colours(name, values))
    return plane


def draw_slice(axes, snapshot, name, plane, values, scale_of_colours):
    """Draw what `slice_values` has returned, with its colour bar, in a (colour map, norm)."""
    unit, _ = snapshot.shown_in(name)
    _, scale = length_unit(snapshot)
    cmap, norm = scale_of_colours
    x, y = (faces * scale for faces in plane.faces)
    drawn = axes.imshow(values, origin="lower", extent=(x[0], x[-1], y[0], y[-1]), cmap=cmap, norm=norm, interpolation="nearest")
    aspect = (y[-1] - y[0]) / (x[-1] - x[0])
    if aspect < 0.8:  # a bar on top of a wide image, beside a tall one
        bar = axes.figure.colorbar(drawn, cax=axes.inset_axes((0.0, 1.0 + 0.03 / aspect, 1.0, 0.04 / aspect)), orientation="horizontal")
        bar.ax.xaxis.set_ticks_position("top")
        bar.ax.xaxis.set_label_position("top")
    else:
        bar = axes.figure.colorbar(drawn, cax=axes.inset_axes((1.0 + 0.03 * aspect, 0.0, 0.03 * aspect, 1.0)))
    bar.set_label(label(name, unit))
    if aspect > 4:
        axes.set_xticks([x[0], x[-1]])  # more numbers would run into each other
    axes.set_xlabel(position_label(snapshot, plane.axes[0]))
    axes.set_ylabel(position_label(snapshot, plane.axes[1]))


def profiles(axes, snapshot, names, axis, radial=False):
    """Draw means along an axis (or over the distance from the origin), one line per quantity; all share one unit."""
    unit, factor = snapshot.shown_in(names[0])
    _, scale = length_unit(snapshot)
    found = [snapshot.radial_profile(name) if radial else snapshot.profile(name, axis) for name in names]
    for name, profile in zip(names, found, strict=True):
        axes.plot(profile.x * scale, profile.values * factor, label=label(name, ""))
    if all(np.all(profile.values > 0) for profile in found) and use_log(np.concatenate([profile.values for profile in found])):
        axes.set_yscale("log")
    if snapshot.spacing == "log":
        axes.set_xscale("log")
    if len(names) > 1:
        axes.legend()
        axes.set_ylabel(f"[{math_unit(unit)}]" if unit else "[code units]")
    else:
        axes.set_ylabel(label(names[0], unit))
    axes.set_xlabel(along_label(snapshot, axis, radial))


def along_label(snapshot, axis, radial):
    """Return the label below a profile."""
    where = position_label(snapshot, axis)
    return where.replace(f"$x_{axis + 1}$", "$r$") if radial else where


def history_unit(unit):
    """Return the unit of a history's column in brackets; nothing for pure numbers and code units."""
    return "" if unit in ("1", "code") else f"[{math_unit(unit)}]"


def time_label(columns):
    """Return the label below a history."""
    return f"time [{columns.units['time']}]".replace(" [code]", "")


def history(axes, columns, names, unit):
    """Draw columns of a history that share a unit."""
    time = next(iter(columns))
    for name in names:
        axes.plot(columns[time], columns[name], label=name)
    positive = np.concatenate([columns[name] for name in names])
    if use_log(positive[positive != 0]) and np.all(positive >= 0):
        axes.set_yscale("log")
    axes.set_xlabel(time_label(columns))
    if len(names) > 1:
        axes.legend()
        axes.set_ylabel(history_unit(unit) or ("[code units]" if unit == "code" else "pure number"))
    else:
        axes.set_ylabel(f"{names[0]} {history_unit(unit)}".rstrip())
