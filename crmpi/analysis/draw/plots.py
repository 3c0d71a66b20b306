"""``crmpi plot``: a picture of a snapshot, a history or a whole run, as PNG, PDF or SVG by the name
of the output."""

from fnmatch import fnmatchcase
from pathlib import Path

import matplotlib as mpl
import numpy as np

from crmpi.analysis.draw import beside, panels, phase, sheet, streamlines
from crmpi.analysis.draw.style import DEFAULT, STYLE
from crmpi.analysis.read.cells import AXIS_NUMBERS
from crmpi.analysis.read.derived import available, title
from crmpi.analysis.read.readers import open_snapshot
from crmpi.errors import CrmpiError
from crmpi.output.directory import RunDirectory
from crmpi.output.files import clear_write_errors
from crmpi.output.history import read_history, read_units

FORMATS = (".png", ".pdf", ".svg")
IMAGES = ("slice", "projection")
KINDS = (*IMAGES, "profile", "radial", "phase")
_CLOCK = ("time", "step", "dt")
_LEDGERS = (
    "floor_",
    "boundary_",
    "cr_",
    "cooling_",
    "injection_",
    "losses_",
    "gravity_",
    "frozen_",
    "kappa_",
    "mom",
)
_TALL = 2.0  # images more than this times as high as wide stand side by side
_ALL = 24  # columns of a history that are drawn when none is named


def plot(
    path, fields=None, axis=None, position=None, kind=None, output=None, others=(), options=DEFAULT
):
    """Draw a picture of `path` and return where it was written.

    Parameters
    ----------
    path : path
        snapshot (`.athdf`), history (`.txt`) or run folder
    fields : list of str, optional
        quantities to draw, also derived ones (pcr, temp, beta, ...); columns of a history, also of
        that of a run folder, unless a kind, an axis or a position asks for its cells
    axis : {"x1", "x2", "x3"}, optional
        axis that a slice is normal to, or along which a profile runs
    position : float, optional
        where the slice is, in the unit of the picture; the middle by default
    kind : {"slice", "projection", "profile", "radial", "phase"}, optional
        of a snapshot; by default a slice in 2-D and 3-D, a profile in 1-D. A projection integrates
        densities of mass and energy along the axis, and averages other quantities with density as
        weight; a phase diagram sums up mass (`options.weight`) over two quantities. Of a run folder
        these show the latest snapshot
    output : path, optional
        name ending in .png, .pdf or .svg; by default beside `path`
    others : paths, optional
        further runs, snapshots or histories for the same picture: slices on common scales of
        colour, lines on common axes
    options : style.Options, optional
        limits, logarithmic scales, colour map and size of the page

    Raises
    ------
    CrmpiError
        the file cannot be read, has no such quantity, or the picture cannot be written
    """
    path = Path(path)
    if axis is not None and axis not in AXIS_NUMBERS:
        raise CrmpiError(f"axis = '{axis}' is not one of x1, x2, x3")
    across = AXIS_NUMBERS.get(axis)
    if path.is_dir() and not others and _shows_cells(kind, across, position, options):
        path = RunDirectory(path).latest_snapshot()
    output = Path(output) if output else _beside_file(path, bool(others))
    if output.suffix not in FORMATS:
        raise CrmpiError(f"output = {output} must end in one of {', '.join(FORMATS)}")
    with mpl.rc_context(STYLE):
        if path.is_dir() and not others:
            figure = _of_folder(path, fields, options)
        else:
            figure = figure_of([path, *others], fields, across, position, kind, options)
        with clear_write_errors(output):
            output.parent.mkdir(parents=True, exist_ok=True)
            figure.savefig(output)
    return output


def _shows_cells(kind, axis, position, options):
    """Return whether what is asked for can only be a picture of a snapshot."""
    return any(asked is not None for asked in (kind, axis, position, options.streamlines))


def _beside_file(path, several):
    """Return the name of a picture for which none is given: beside the file, or in the folder."""
    if path.is_dir():
        return path / ("beside.png" if several else "summary.png")
    return path.with_suffix(".png")


def figure_of(paths, fields=None, axis=None, position=None, kind=None, options=DEFAULT):
    """Return the figure of a snapshot or a history, or of several of them beside one another;
    parameters as those of `plot`, `axis` 0, 1 or 2."""
    if len(paths) > 1:
        if not _shows_cells(kind, axis, position, options):
            paths, fields = _as_histories(paths, fields)
        chosen = lambda first: settings(first, fields, axis, position, kind)  # noqa: E731
        return beside.figure_of(paths, fields, chosen, options)
    if paths[0].suffix == ".txt":
        return history_figure(read_drawn(paths[0], fields), fields, options)
    with open_snapshot(paths[0]) as snapshot:
        return snapshot_figure(snapshot, fields, axis, position, kind, options)


def _of_folder(path, fields, options):
    """Return the page on a run, or the history of it where `fields` are columns of that."""
    if history := _history_with(path, fields):
        return history_figure(read_drawn(history, fields), fields, options)
    return run_figure(path, fields, options)


def _history_with(folder, fields):
    """Return the file of the history of a run if all `fields` are columns of it, or None."""
    history = RunDirectory(folder).history
    if not fields or not history.is_file():
        return None
    columns = read_units(history)
    return history if all(_matching(columns, word) for word in fields) else None


def _as_histories(paths, fields):
    """Return (paths, fields) with the histories of runs in the place of their folders, and names in
    the place of words with a *, if fields are columns of all of them."""
    found = [(path.is_dir() and _history_with(path, fields)) or path for path in map(Path, paths)]
    if not fields or any(path.suffix != ".txt" for path in found):
        return paths, fields
    if any("*" in word for word in fields):
        fields = chosen_columns(read_drawn(found[0], fields), fields)
    return found, fields


def default_fields(snapshot):
    """Return the quantities drawn by default: density, pressures, a velocity, the field."""
    have = [*snapshot.names, *available(snapshot.names, snapshot.units)]
    velocity = f"vel{snapshot.axes[-1] + 1}"
    return [name for name in ("dens", "pcr", "press", velocity, "bmag") if name in have]


def snapshot_figure(snapshot, fields=None, axis=None, position=None, kind=None, options=DEFAULT):
    """Return the figure of a snapshot: one panel per quantity."""
    fields, kind, axis, position = settings(snapshot, fields, axis, position, kind)
    options.check([*fields, "amount"] if kind == "phase" else fields)
    if options.streamlines:
        streamlines.check(snapshot, options.streamlines, is_image=kind in IMAGES)
    if kind == "phase":
        heading = "   ".join(filter(None, [panels.time_text(snapshot), _warning(snapshot)]))
        return phase.figure_of([snapshot], [""], heading, fields, options)
    heading = [panels.time_text(snapshot)]
    is_image, options = kind in IMAGES, options._replace(projection=kind == "projection")
    if is_image:
        plane, _ = panels.slice_values(snapshot, fields[0], axis, position, options)
        heading += [panels.position_text(snapshot, plane, axis)]
    heading = "   ".join(word for word in [*heading, _warning(snapshot)] if word)
    room = sheet.inner(options.size)
    if is_image:
        part = sheet.images(len(fields), 1, panels.aspect(snapshot, axis), size=room)
        figure, (corner,) = sheet.page([part], heading, options.size)
        _images(figure, part, corner, snapshot, fields, axis, position, options)
        return figure
    part = sheet.lines(len(fields), apart=False, size=room)
    figure, (corner,) = sheet.page([part], heading, options.size)
    for place, name in zip(part.places(), fields, strict=True):
        axes = place.axes(figure, *corner)
        panels.profiles(axes, snapshot, [name], axis, radial=kind == "radial", options=options)
        _outer(axes, name, fields)
    return figure


def _outer(axes, name, names):
    """Leave numbers and label of the horizontal axis to the lowest of panels that share it."""
    if name != names[-1]:
        axes.set_xlabel("")
        axes.tick_params(labelbottom=False)


def settings(snapshot, fields, axis, position, kind):
    """Return (fields, kind, axis, position) with the defaults for this snapshot filled in."""
    if kind not in (None, *KINDS):
        raise CrmpiError(f"kind = '{kind}' is not one of {', '.join(KINDS)}")
    if kind == "phase":
        return fields or phase.default_pair(snapshot), kind, None, None
    if kind == "projection" and position is not None:
        raise CrmpiError("a projection goes through the whole box: leave out --position")
    if kind == "projection" and len(snapshot.axes) == 1:
        raise CrmpiError(
            f"{snapshot.path} is one-dimensional, there is nothing to project: use --kind profile"
        )
    kind = kind or ("slice" if len(snapshot.axes) > 1 else "profile")
    if kind in IMAGES:
        axis = _normal(snapshot, axis)
    elif axis is None:
        axis = snapshot.axes[-1]
    return fields or default_fields(snapshot), kind, axis, position


def _matching(columns, word):
    """Return the columns that a word names, which may have a * in it."""
    return [name for name in columns if name == word or ("*" in word and fnmatchcase(name, word))]


def read_drawn(path, fields=None):
    """Return the `Columns` of a history that a picture of `fields` may need."""

    def wanted(names):
        if fields:
            found = [name for word in fields for name in _matching(names, word)]
        else:
            plain = [name for name in names if name not in _CLOCK]
            found = [name for name in plain if not name.startswith(_LEDGERS)]
        return ["time", *found]

    columns = read_history(path, wanted)
    # where nothing but the ledgers of the code changes, they are drawn
    enough = fields or any(np.ptp(columns[n]) for n in columns if n != "time" and len(columns[n]))
    return columns if enough else read_history(path)


def chosen_columns(columns, fields=None):
    """Return the columns of a history to draw: those named, or what changes and is no ledger of the
    code.

    Raises
    ------
    CrmpiError
        a column that is not there, or nothing to draw
    """
    for word in fields or ():
        if not _matching(columns, word):
            known = ", ".join(columns.units)
            raise CrmpiError(f"the history has no column '{word}'; it has {known}")
    names = list(dict.fromkeys(name for word in fields or () for name in _matching(columns, word)))
    if not fields and len(columns["time"]):
        telling = [name for name in columns if name not in _CLOCK and np.ptp(columns[name])]
        own = [name for name in telling if not name.startswith(_LEDGERS)]
        names = (own or telling or [name for name in columns if name not in _CLOCK])[:_ALL]
    if not names or not len(columns["time"]):
        raise CrmpiError(
            "the history has nothing to draw: no row, or no column besides time, step and dt"
        )
    return names


def history_figure(columns, fields=None, options=DEFAULT):
    """Return the figure of a history: one panel per unit, of seven lines at most."""
    names = chosen_columns(columns, fields)
    options.check(names)
    groups = panels.history_panels(columns, names)
    left_out = len(columns.units) - len(names) - len(_CLOCK)
    heading = "" if fields or left_out <= 0 else f"{left_out} more columns can be named"
    words = [name for group in groups if len(group) > 1 for name in group]
    part = sheet.lines(
        len(groups), words, across=1 + (len(groups) > 5), apart=True, size=sheet.inner(options.size)
    )
    figure, (corner,) = sheet.page([part], heading, options.size)
    for place, group in zip(part.places(), groups, strict=True):
        panels.history(place.axes(figure, *corner), columns, group, options)
    return figure


def run_figure(folder, fields=None, options=DEFAULT):
    """Return one page on a run: slices and profiles of its latest snapshot, and its history.

    Parameters
    ----------
    fields : list of str, optional
        quantities of the slices; density and cosmic-ray pressure by default
    """
    directory = RunDirectory(folder)
    with open_snapshot(directory.latest_snapshot()) as snapshot:
        fields = (
            fields or [name for name in default_fields(snapshot) if not name.startswith("vel")][:2]
        )
        options.check(fields)
        heading = f"{Path(folder).resolve().name}   {panels.time_text(snapshot)}"
        drawn, legends = _page_lines(snapshot, directory)
        axis, left = None, ()
        if len(snapshot.axes) > 1:
            axis = _normal(snapshot, None)
            shape = panels.aspect(snapshot, axis)
            left = (
                sheet.images(len(fields), 1, shape, across=len(fields) if shape > _TALL else 1),
            )
        height = max([*(part.extent[1] for part in left), 2.2 * len(drawn)]) / len(drawn)
        right = sheet.lines(len(drawn), legends, panel=(4.0, min(height, 2.8) - 0.8))
        if options.size:
            left, right = _page_fitted(left, right, sheet.inner(options.size))
        figure, corners = sheet.page(
            [*left, right], f"{heading}   {_warning(snapshot)}".rstrip(), options.size
        )
        if left:
            _images(figure, left[0], corners[0], snapshot, fields, axis, None, options)
        for place, draw in zip(right.places(), drawn, strict=True):
            draw(place.axes(figure, *corners[-1]))
    return figure


def _page_fitted(left, right, room):
    """Return the parts of a page on a run for a page of a given size."""
    if not left:
        return left, sheet.lines(right.count, size=room)._replace(legend=right.legend)
    (one,) = left
    small = sheet.too_small(room, "the images and lines of a run")
    try:
        size = 0.5 * room[0], room[1]
        half = sheet.images(one.blocks, 1, one.aspect, across=one.across, size=size)
    except CrmpiError:
        raise small from None
    rest = right._replace(width=right.width + room[0] - half.extent[0] - right.extent[0])
    rest = rest._replace(height=rest.height + (room[1] - rest.extent[1]) / rest.count)
    if min(rest.width, rest.height) < 0.35:
        raise small
    return (half,), rest


def _page_lines(snapshot, directory):
    """Return (functions that draw a panel, words of their legends): pressures and velocity (in 1-D
    density too) along the last axis, and the telling columns of the history."""
    have = [*snapshot.names, *available(snapshot.names, snapshot.units)]
    along = snapshot.axes[-1]
    groups = [[name for name in ("press", "pcr", "pmag") if name in have], [f"vel{along + 1}"]]
    if len(snapshot.axes) == 1:
        groups.insert(0, ["dens"])
    drawn = [
        lambda axes, names=names: panels.profiles(axes, snapshot, names, along) for names in groups
    ]
    legends = [title(name) for group in groups if len(group) > 1 for name in group]
    columns = _read_telling(directory.history) if directory.history.is_file() else {}
    names = telling_columns(columns)
    if names:
        drawn.append(lambda axes: panels.history(axes, columns, names))
        legends += names if len(names) > 1 else []
    return drawn, legends


_TELLING = (
    ("loading",),
    ("outflow", "mdot", "flux"),
    ("ener", "ekin", "emag", "eth", "ecr"),
)
"""Words in the names of columns that tell most about a run, best first."""


def _read_telling(path):
    """Return the `Columns` of a history among which `telling_columns` chooses."""

    def wanted(names):
        return ["time", *(name for words in _TELLING for name in _named(names, words))]

    columns = read_history(path, wanted)
    return columns if telling_columns(columns) else read_history(path)


def telling_columns(columns):
    """Return the columns to show first: the mass loading if there is one, else outflow rates, else
    energies, else whatever there is.

    They share one unit, are six at most, and are not zero throughout.
    """
    names = [name for name in columns if name not in _CLOCK and columns[name].any()]
    names = next(filter(None, (_named(names, words) for words in _TELLING)), names)
    return [name for name in names if columns.units[name] == columns.units[names[0]]][:6]


def _named(names, words):
    """Return the names that begin with one of the words, or have a long one of them inside."""
    return [
        name
        for name in names
        if name.lower().startswith(words)
        or any(word in name.lower() for word in words if len(word) > 4)
    ]


def _normal(snapshot, axis):
    """Return the axis that a slice is normal to: by default the one that leaves x3 vertical, or the
    missing one."""
    if axis is not None:
        return axis
    absent = [a for a in range(3) if a not in snapshot.axes]
    return absent[-1] if absent else 1


def _images(figure, part, corner, snapshot, fields, axis, position, options):
    """Draw slices, each with its bar of colours."""
    for (places, bar), name in zip(part.places(), fields, strict=True):
        panels.image(
            places[0].axes(figure, *corner),
            bar.axes(figure, *corner),
            snapshot,
            name,
            axis,
            position,
            options,
        )


def _warning(snapshot):
    return (
        f"{len(snapshot.missing)} parts of the file are missing (grey)" if snapshot.missing else ""
    )
