"""Several runs in one picture: slices beside one another on common scales of colour, profiles and histories on common axes."""

from contextlib import ExitStack
from pathlib import Path

import numpy as np

from crmpi.errors import CrmpiError
from crmpi.observables import panels
from crmpi.observables.readers import open_snapshot
from crmpi.observables.style import colours, label, new_figure, use_log
from crmpi.output.directory import RunDirectory
from crmpi.output.history import read_history

_DASHES = ("-", "--", ":", "-.")  # lines differ by more than their colour
_BOX = {"facecolor": "white", "alpha": 0.8, "edgecolor": "none", "pad": 2.0}


def open_each(stack, paths):
    """Return open snapshots, of a run's folder the latest one; `stack` closes them."""
    files = [RunDirectory(path).latest_snapshot() if Path(path).is_dir() else Path(path) for path in paths]
    return [stack.enter_context(open_snapshot(file)) for file in files]


def names_of(paths):
    """Return what tells the runs of these files apart: the folders of the runs, or as much of the paths as differs."""
    paths = [Path(path).resolve() for path in paths]
    runs = [path.parent if path.suffix == ".txt" else path.parent.parent if path.suffix == ".athdf" else path for path in paths]
    for candidates in ([run.name for run in runs], [f"{run.parent.name}/{run.name}" for run in runs]):
        if len(set(candidates)) == len(candidates):
            return candidates
    return [f"{run.name}/{path.name}" for run, path in zip(runs, paths, strict=True)]


def _same_units(snapshots, fields):
    """Refuse runs with and without units, or of different ones, on one scale."""
    first = snapshots[0]
    for other in snapshots[1:]:
        lengths = panels.length_unit(first)[0], panels.length_unit(other)[0]
        if not first.units.dimensionless == other.units.dimensionless or any(first.shown_in(f)[0] != other.shown_in(f)[0] for f in fields):
            raise CrmpiError(f"{first.path} and {other.path} cannot share a picture: one of them has no physical units")
        if lengths[0] != lengths[1]:
            raise CrmpiError(f"{first.path} and {other.path} differ much in size ({lengths[0]}, {lengths[1]}): plot them one by one")


def slices(snapshots, names, fields, axis, position):
    """Return a figure with a column for each run and a row for each quantity; a row has one scale of colours.

    Parameters
    ----------
    snapshots, names : lists
        open snapshots and what they are called
    fields : list of str
    axis : int
        that the slices are normal to
    position : float or None
        in the unit of the picture
    """
    _same_units(snapshots, fields)
    width, height = _panel_size(snapshots[0], axis)
    figure = new_figure(width * len(snapshots), height * len(fields))
    grid = figure.subplots(len(fields), len(snapshots), squeeze=False)
    for row, field in zip(grid, fields, strict=True):
        shown = [panels.slice_values(snapshot, field, axis, position) for snapshot in snapshots]
        scale = colours(field, np.concatenate([values.ravel() for _, values in shown]))
        for axes, snapshot, (plane, values) in zip(row, snapshots, shown, strict=True):
            panels.draw_slice(axes, snapshot, field, plane, values, scale)
    for axes, name, snapshot in zip(grid[0], names, snapshots, strict=True):
        axes.annotate(f"{name}\n{panels.time_text(snapshot)}", (0.03, 0.95), xycoords="axes fraction", va="top", size=7, bbox=_BOX)
    return figure


def _panel_size(snapshot, axis):
    """Return the size of a slice with its labels and its colour bar, which is above a wide slice and beside a tall one."""
    horizontal, vertical = (snapshot.upper[a] - snapshot.lower[a] for a in range(3) if a != axis)
    aspect = min(max(vertical / horizontal, 0.25), 4.0)
    width = 3.0 / max(aspect, 1.0) ** 0.5
    return width + (1.3 if aspect >= 0.8 else 0.5), width * aspect + (0.6 if aspect >= 0.8 else 1.2)


def profiles(snapshots, names, fields, axis, radial):
    """Return a figure with a panel for each quantity and in it a line for each run."""
    _same_units(snapshots, fields)
    figure = new_figure(5.5, 0.6 + 2.0 * len(fields))
    for axes, field in zip(figure.subplots(len(fields), 1, sharex=True, squeeze=False)[:, 0], fields, strict=True):
        curves = []
        for number, (name, snapshot) in enumerate(zip(names, snapshots, strict=True)):
            found = snapshot.radial_profile(field) if radial else snapshot.profile(field, axis)
            curves.append(found.values * snapshot.shown_in(field)[1])
            x = found.x * panels.length_unit(snapshot)[1]
            axes.plot(x, curves[-1], _DASHES[number % 4], label=f"{name}, {panels.time_text(snapshot)}")
        _finish(axes, curves, panels.along_label(snapshots[0], axis, radial), label(field, snapshots[0].shown_in(field)[0]))
        if snapshots[0].spacing == "log":
            axes.set_xscale("log")
    return figure


def histories(paths, names, columns):
    """Return a figure with a panel for each column of histories and in it a line for each run."""
    read = [read_history(path) for path in paths]
    for path, history in zip(paths, read, strict=True):
        for column in columns:
            if column not in history:
                raise CrmpiError(f"{path} has no column '{column}'; it has {', '.join(history)}")
            if history.units[column] != read[0].units[column] or history.units["time"] != read[0].units["time"]:
                raise CrmpiError(f"{paths[0]} and {path} have '{column}' or the time in different units: plot them one by one")
    figure = new_figure(6.5, 0.6 + 2.0 * len(columns))
    for axes, column in zip(figure.subplots(len(columns), 1, sharex=True, squeeze=False)[:, 0], columns, strict=True):
        for number, (name, history) in enumerate(zip(names, read, strict=True)):
            axes.plot(history["time"], history[column], _DASHES[number % 4], label=name)
        unit = panels.history_unit(read[0].units[column])
        _finish(axes, [history[column] for history in read], panels.time_label(read[0]), f"{column} {unit}".rstrip())
    return figure


def _finish(axes, curves, xlabel, ylabel):
    if use_log(np.concatenate(curves)):
        axes.set_yscale("log")
    axes.set(xlabel=xlabel, ylabel=ylabel)
    axes.label_outer()
    if axes.get_subplotspec().is_first_row():
        axes.legend()


def figure_of(paths, fields, settings):
    """Return the figure of several snapshots, run folders or histories.

    Parameters
    ----------
    paths : list of paths
        all of one sort
    fields : list of str or None
    settings : callable
        ``settings(snapshot)`` gives (fields, kind, axis, position) for the first snapshot, defaults filled in

    Raises
    ------
    CrmpiError
        files of different sorts, units or dimensions
    """
    names = names_of(paths)
    texts = [Path(path).suffix == ".txt" for path in paths]
    if any(texts):
        if not all(texts):
            raise CrmpiError("histories and snapshots cannot share a picture: give files of one sort")
        if not fields:
            raise CrmpiError("which columns? Name them after the first history: crmpi plot a/history.txt ecr --beside b/history.txt")
        return histories(paths, names, fields)
    with ExitStack() as stack:
        snapshots = open_each(stack, paths)
        if any(other.axes != snapshots[0].axes for other in snapshots):
            raise CrmpiError("snapshots with different numbers of dimensions cannot share a picture: give them one by one")
        chosen, kind, axis, position = settings(snapshots[0])
        if kind == "slice":
            return slices(snapshots, names, chosen, axis, position)
        return profiles(snapshots, names, chosen, axis, kind == "radial")
