"""Several runs in one picture: slices beside one another on common scales of colour, profiles and
histories on common axes."""

import textwrap
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from crmpi.analysis.draw import panels, phase, sheet
from crmpi.analysis.draw.style import DEFAULT, colours, label, length_unit, set_scale, wrapped
from crmpi.analysis.read.readers import open_snapshot
from crmpi.errors import CrmpiError
from crmpi.output.directory import RunDirectory
from crmpi.output.history import read_history

_DASHES = ("-", "--", ":", "-.")  # lines differ by more than their colour


def open_each(stack, paths):
    """Return open snapshots, of a run's folder the latest one; `stack` closes them."""
    files = [
        RunDirectory(path).latest_snapshot() if Path(path).is_dir() else Path(path)
        for path in paths
    ]
    return [stack.enter_context(open_snapshot(file)) for file in files]


def names_of(paths):
    """Return what tells the runs of these files apart: the folders of the runs, or as much of the
    paths as differs."""
    paths = [Path(path).resolve() for path in paths]
    runs = [
        path.parent
        if path.suffix == ".txt"
        else path.parent.parent
        if path.suffix == ".athdf"
        else path
        for path in paths
    ]
    for candidates in (
        [run.name for run in runs],
        [f"{run.parent.name}/{run.name}" for run in runs],
    ):
        if len(set(candidates)) == len(candidates):
            return candidates
    return [f"{run.name}/{path.name}" for run, path in zip(runs, paths, strict=True)]


def _same_units(snapshots, fields):
    """Refuse runs with and without units, or of different ones, on one scale."""
    first = snapshots[0]
    for other in snapshots[1:]:
        lengths = length_unit(first)[0], length_unit(other)[0]
        if not first.units.dimensionless == other.units.dimensionless or any(
            first.shown_in(f)[0] != other.shown_in(f)[0] for f in fields
        ):
            raise CrmpiError(
                f"{first.path} and {other.path} cannot share a picture: one of them has no "
                "physical units"
            )
        if lengths[0] != lengths[1]:
            raise CrmpiError(
                f"{first.path} and {other.path} differ much in size ({lengths[0]}, "
                f"{lengths[1]}): plot them one by one"
            )


def slices(snapshots, names, fields, axis, position, options=DEFAULT):
    """Return a figure with a block for each quantity, and in it an image for each run on one scale
    of colours.

    Parameters
    ----------
    snapshots, names : lists
        open snapshots and what they are called
    fields : list of str
    axis : int
        that the slices are normal to
    position : float or None
        in the unit of the picture
    options : style.Options
    """
    _same_units(snapshots, fields)
    shape = panels.aspect(snapshots[0], axis)
    times = [panels.time_text(snapshot) for snapshot in snapshots]
    one_time = _one_time(times, options)
    room = sheet.inner(options.size)
    part = sheet.images(len(fields), len(snapshots), shape, 1, size=room)
    titles = [
        _title(name, time, part.size[0], one_time) for name, time in zip(names, times, strict=True)
    ]
    part = sheet.images(len(fields), len(snapshots), shape, max(map(len, titles)), size=room)
    planes = [
        panels.slice_values(snapshot, fields[0], axis, position, options)[0]
        for snapshot in snapshots[:1]
    ]
    heading = [times[0]] if one_time else []
    heading += [text] if (text := panels.position_text(snapshots[0], planes[0], axis)) else []
    figure, (corner,) = sheet.page([part], "   ".join(heading), options.size)
    for (places, bar), field in zip(part.places(), fields, strict=True):
        drawn = _block(figure, corner, places, titles, snapshots, (field, axis, position), options)
        panels.colour_bar(
            drawn, bar.axes(figure, *corner), panels.plane_label(snapshots[0], field, options)
        )
    return figure


def _one_time(times, options):
    """Return whether the time stands in the heading; in a movie each run keeps its own, so that the
    page does not change."""
    return len(set(times)) == 1 and not options.pooled


def _title(name, time, width, one_time):
    """Return the lines above an image: the run, and its time where times differ."""
    maximum = max(int((width - 0.05) / sheet.LETTER), 4)
    return textwrap.wrap(name, maximum) + ([] if one_time else textwrap.wrap(time, maximum))


def _block(figure, corner, places, titles, snapshots, what, options):
    """Draw the slices of all runs of one quantity and return the last image; `what`: (field, axis,
    position)."""
    field, axis, position = what
    shown = [
        panels.slice_values(snapshot, field, axis, position, options) for snapshot in snapshots
    ]
    minimum = max(panels.minimum(snapshot, field) for snapshot in snapshots)
    scale = colours(
        field, np.concatenate([values.ravel() for _, values in shown]), options, minimum
    )
    same_row = places[0].bottom == places[-1].bottom
    for place, lines, snapshot, (plane, values) in zip(
        places, titles, snapshots, shown, strict=True
    ):
        shape = min(max(panels.aspect(snapshot, axis), 1.0 / sheet.LONGEST), sheet.LONGEST)
        axes = place.shaped(shape).axes(figure, *corner)
        drawn = panels.draw_slice(axes, snapshot, plane, values, scale)
        panels.over_image(axes, snapshot, plane, options)
        axes.set_title("\n".join(lines), size=8, pad=3.0)
        if same_row and place is not places[0]:
            axes.set_ylabel("")
            axes.tick_params(labelleft=False)
        if not same_row and place is not places[-1]:
            axes.set_xlabel("")
            axes.tick_params(labelbottom=False)
    return drawn


def profiles(snapshots, names, fields, axis, radial, options=DEFAULT):
    """Return a figure with a panel for each quantity and in it a line for each run."""
    _same_units(snapshots, fields)
    labels = [
        f"{name}, {panels.time_text(snapshot)}"
        for name, snapshot in zip(names, snapshots, strict=True)
    ]
    figure, places = _stack(fields, labels, options)
    for axes, field in zip(places, fields, strict=True):
        curves = []
        for number, (text, snapshot) in enumerate(zip(labels, snapshots, strict=True)):
            found = snapshot.radial_profile(field) if radial else snapshot.profile(field, axis)
            curves.append(found.values * snapshot.shown_in(field)[1])
            x = found.x * length_unit(snapshot)[1]
            axes.plot(x, curves[-1], _DASHES[number % 4], label=text)
        set_scale(
            axes,
            [field],
            np.concatenate(curves),
            options,
            max(panels.minimum(snapshot, field) for snapshot in snapshots),
        )
        _finish(
            axes,
            places,
            panels.along_label(snapshots[0], axis, radial),
            label(field, snapshots[0].shown_in(field)[0]),
        )
        if snapshots[0].spacing == "log":
            axes.set_xscale("log")
    return figure


def diagrams(snapshots, names, fields, options=DEFAULT):
    """Return a figure with a phase diagram for each run, on common axes and one scale of
    colours."""
    _same_units(snapshots, fields)
    times = [panels.time_text(snapshot) for snapshot in snapshots]
    one_time = _one_time(times, options)
    room = sheet.inner(options.size)
    width = sheet.images(1, len(snapshots), phase.ASPECT, 1, 1, room, phase.LEFT).size[0]
    titles = [
        "\n".join(_title(name, time, width, one_time))
        for name, time in zip(names, times, strict=True)
    ]
    return phase.figure_of(snapshots, titles, times[0] if one_time else "", fields, options)


def _stack(names, legends, options):
    """Return a figure and its axes, one below the other, with room for a legend beside them."""
    part = sheet.lines(len(names), legends, apart=False, size=sheet.inner(options.size))
    figure, (corner,) = sheet.page([part], "", options.size)
    return figure, [place.axes(figure, *corner) for place in part.places()]


def histories(paths, names, columns, options=DEFAULT):
    """Return a figure with a panel for each column of histories and in it a line for each run."""
    wanted = lambda _: ["time", *columns]  # noqa: E731
    read = [read_history(path, wanted) for path in paths]
    for path, history in zip(paths, read, strict=True):
        for column in columns:
            if column not in history:
                known = ", ".join(history.units)
                raise CrmpiError(f"{path} has no column '{column}'; it has {known}")
            if (
                history.units[column] != read[0].units[column]
                or history.units["time"] != read[0].units["time"]
            ):
                raise CrmpiError(
                    f"{paths[0]} and {path} have '{column}' or the time in different units: "
                    "plot them one by one"
                )
    figure, places = _stack(columns, names, options)
    for axes, column in zip(places, columns, strict=True):
        for number, (name, history) in enumerate(zip(names, read, strict=True)):
            line = panels.thinned(history["time"], history[column])
            axes.plot(*line, _DASHES[number % 4], label=name)
        values = np.concatenate([history[column] for history in read])
        set_scale(axes, [column], values[values != 0.0], options)
        unit = panels.history_unit(read[0].units[column])
        _finish(axes, places, panels.time_label(read[0]), f"{column} {unit}".rstrip())
    return figure


def _finish(axes, places, xlabel, ylabel):
    """Label a panel of a stack; the first has the legend, the last the numbers below."""
    axes.set_ylabel(wrapped(ylabel, sheet.inches(axes)[1]))
    if axes is places[0]:
        panels.legend(axes)
    if axes is places[-1]:
        axes.set_xlabel(xlabel)
    else:
        axes.tick_params(labelbottom=False)


def figure_of(paths, fields, settings, options=DEFAULT):
    """Return the figure of several snapshots, run folders or histories.

    Parameters
    ----------
    paths : list of paths
        all of one sort
    fields : list of str or None
    settings : callable
        ``settings(snapshot)`` gives (fields, kind, axis, position) for the first snapshot, defaults
        filled in
    options : style.Options

    Raises
    ------
    CrmpiError
        files of different sorts, units or dimensions
    """
    names = names_of(paths)
    texts = [Path(path).suffix == ".txt" for path in paths]
    if any(texts):
        if not all(texts):
            raise CrmpiError(
                "histories and snapshots cannot share a picture: give files of one sort"
            )
        if not fields:
            raise CrmpiError(
                "which columns? Name them after the first history: crmpi plot a/history.txt ecr "
                "--beside b/history.txt"
            )
        options.check(fields)
        return histories(paths, names, fields, options)
    with ExitStack() as stack:
        snapshots = open_each(stack, paths)
        if any(other.axes != snapshots[0].axes for other in snapshots):
            raise CrmpiError(
                "snapshots with different numbers of dimensions cannot share a picture: give "
                "them one by one"
            )
        chosen, kind, axis, position = settings(snapshots[0])
        options.check([*chosen, "amount"] if kind == "phase" else chosen)
        if kind == "phase":
            return diagrams(snapshots, names, chosen, options)
        if kind in ("slice", "projection"):
            return slices(
                snapshots,
                names,
                chosen,
                axis,
                position,
                options._replace(projection=kind == "projection"),
            )
        return profiles(snapshots, names, chosen, axis, kind == "radial", options)
