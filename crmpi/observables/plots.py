"""``crmpi plot``: a picture of a snapshot, a history or a whole run, as PNG, PDF or SVG by the name of the output."""

import math
from pathlib import Path

import matplotlib as mpl

from crmpi.errors import CrmpiError
from crmpi.observables import beside, panels
from crmpi.observables.cells import AXIS_NUMBERS
from crmpi.observables.derived import available
from crmpi.observables.readers import open_snapshot
from crmpi.observables.style import STYLE, new_figure
from crmpi.output.directory import RunDirectory
from crmpi.output.files import clear_write_errors
from crmpi.output.history import read_history

FORMATS = (".png", ".pdf", ".svg")
_CLOCK = ("time", "step", "dt")
_TALL = 2.0  # images more than this times as high as wide stand side by side


def plot(path, fields=None, axis=None, position=None, kind=None, output=None, others=()):
    """Draw a picture of `path` and return where it was written.

    Parameters
    ----------
    path : path
        snapshot (`.athdf`), history (`.txt`) or run folder
    fields : list of str, optional
        quantities to draw, also derived ones (pcr, temp, beta, ...); of a history, columns
    axis : {"x1", "x2", "x3"}, optional
        axis that a slice is normal to, or along which a profile runs
    position : float, optional
        where the slice is, in the unit of the picture; the middle by default
    kind : {"slice", "profile", "radial"}, optional
        of a snapshot; by default a slice in 2-D and 3-D, a profile in 1-D
    output : path, optional
        name ending in .png, .pdf or .svg; by default beside `path`
    others : paths, optional
        further runs, snapshots or histories for the same picture: slices on common scales of colour, lines on common axes

    Raises
    ------
    CrmpiError
        the file cannot be read, has no such quantity, or the picture cannot be written
    """
    path = Path(path)
    if axis is not None and axis not in AXIS_NUMBERS:
        raise CrmpiError(f"axis = '{axis}' is not one of x1, x2, x3")
    across = AXIS_NUMBERS.get(axis)
    output = Path(output) if output else (path / ("beside.png" if others else "summary.png") if path.is_dir() else path.with_suffix(".png"))
    if output.suffix not in FORMATS:
        raise CrmpiError(f"output = {output} must end in one of {', '.join(FORMATS)}")
    with mpl.rc_context(STYLE):
        if others:
            figure = beside.figure_of([path, *others], fields, lambda first: _settings(first, fields, across, position, kind))
        elif path.is_dir():
            figure = run_figure(path, fields)
        elif path.suffix == ".txt":
            figure = history_figure(read_history(path), fields)
        else:
            with open_snapshot(path) as snapshot:
                figure = snapshot_figure(snapshot, fields, across, position, kind)
        with clear_write_errors(output):
            output.parent.mkdir(parents=True, exist_ok=True)
            figure.savefig(output)
    return output


def default_fields(snapshot):
    """Return the quantities worth a first look: density, pressures, a velocity, the field."""
    have = [*snapshot.names, *available(snapshot.names, snapshot.units)]
    velocity = f"vel{snapshot.axes[-1] + 1}"
    return [name for name in ("dens", "pcr", "press", velocity, "bmag") if name in have]


def snapshot_figure(snapshot, fields=None, axis=None, position=None, kind=None):
    """Return the figure of a snapshot: one panel per quantity."""
    fields, kind, axis, position = _settings(snapshot, fields, axis, position, kind)
    if kind == "slice":
        figure = _slices(snapshot, fields, axis, position)
    else:
        figure = new_figure(5.5, 0.6 + 1.7 * len(fields))
        for axes, name in zip(figure.subplots(len(fields), 1, sharex=True, squeeze=False)[:, 0], fields, strict=True):
            panels.profiles(axes, snapshot, [name], axis, radial=kind == "radial")
            axes.label_outer()
    figure.suptitle(f"{panels.time_text(snapshot)}{_warning(snapshot)}", x=0.01, ha="left", size=10)
    return figure


def _settings(snapshot, fields, axis, position, kind):
    """Return (fields, kind, axis, position) with the defaults for this snapshot filled in."""
    if kind not in (None, "slice", "profile", "radial"):
        raise CrmpiError(f"kind = '{kind}' is not one of slice, profile, radial")
    kind = kind or ("slice" if len(snapshot.axes) > 1 else "profile")
    if kind == "slice":
        axis = _normal(snapshot, axis)
    elif axis is None:
        axis = snapshot.axes[-1]
    return fields or default_fields(snapshot), kind, axis, position


def history_figure(columns, fields=None):
    """Return the figure of a history: one panel per unit."""
    names = fields or [name for name in columns if name not in _CLOCK]
    missing = [name for name in names if name not in columns]
    if missing:
        raise CrmpiError(f"the history has no column '{missing[0]}'; it has {', '.join(columns)}")
    if not names or not len(columns["time"]):
        raise CrmpiError("the history has nothing to draw: no row, or no column besides time, step and dt")
    units = {}
    for name in names:
        units.setdefault(columns.units[name], []).append(name)
    figure = new_figure(6.5, 0.6 + 2.0 * len(units))
    for axes, (unit, group) in zip(figure.subplots(len(units), 1, sharex=True, squeeze=False)[:, 0], units.items(), strict=True):
        panels.history(axes, columns, group, unit)
        axes.label_outer()
    return figure


def run_figure(folder, fields=None):
    """Return one page on a run: slices and profiles of its latest snapshot, and its history.

    Parameters
    ----------
    fields : list of str, optional
        two quantities for the slices; density and cosmic-ray pressure by default
    """
    directory = RunDirectory(folder)
    with open_snapshot(directory.latest_snapshot()) as snapshot:
        fields = fields or [name for name in default_fields(snapshot) if not name.startswith("vel")][:2]
        if len(snapshot.axes) > 1:
            axis = _normal(snapshot, None)
            columns = len(fields) if _aspect(snapshot, axis) > _TALL else 1
            figure = new_figure(11.0, 6.5) if columns > 1 else new_figure(9.5, 7.5)
            left, right = figure.subfigures(1, 2, width_ratios=(1.15, 1.0))
            _images(left, snapshot, fields, axis, None, columns)
        else:
            figure = right = new_figure(7.0, 9.5)
        _page_lines(right, snapshot, directory)
        figure.suptitle(f"{Path(folder).resolve().name}   {panels.time_text(snapshot)}{_warning(snapshot)}", x=0.01, ha="left", size=11)
    return figure


def _page_lines(figure, snapshot, directory):
    """Draw pressures and velocity (in 1-D density too) along the last axis, and the telling columns of the history."""
    have = [*snapshot.names, *available(snapshot.names, snapshot.units)]
    along = snapshot.axes[-1]
    lines = [[name for name in ("press", "pcr", "pmag") if name in have], [f"vel{along + 1}"]]
    if len(snapshot.axes) == 1:
        lines.insert(0, ["dens"])
    rows = figure.subplots(len(lines) + 1, 1)
    for axes, names in zip(rows, lines, strict=False):
        panels.profiles(axes, snapshot, names, along)
    columns = read_history(directory.history) if directory.history.is_file() else {}
    names = telling_columns(columns)
    if names:
        panels.history(rows[-1], columns, names, columns.units[names[0]])
    else:
        rows[-1].set_axis_off()


def telling_columns(columns):
    """Return the columns to show first: the mass loading if there is one, else outflow rates, else energies, else whatever there is.

    They share one unit, are six at most, and are not zero throughout.
    """
    names = [name for name in columns if name not in _CLOCK and columns[name].any()]
    for words in (("loading",), ("outflow", "mdot", "flux"), ("ener", "ekin", "emag", "eth", "ecr")):
        chosen = [name for name in names if name.lower().startswith(words) or any(word in name.lower() for word in words if len(word) > 4)]
        if chosen:
            names = chosen
            break
    return [name for name in names if columns.units[name] == columns.units[names[0]]][:6]


def _normal(snapshot, axis):
    """Return the axis that a slice is normal to: by default the one that leaves x3 vertical, or the missing one."""
    if axis is not None:
        return axis
    absent = [a for a in range(3) if a not in snapshot.axes]
    return absent[-1] if absent else 1


def _aspect(snapshot, axis):
    """Return height / width of slices normal to `axis`."""
    horizontal, vertical = (snapshot.upper[a] - snapshot.lower[a] for a in range(3) if a != axis)
    return vertical / horizontal


def _slices(snapshot, fields, axis, position):
    aspect = min(max(_aspect(snapshot, axis), 0.25), 4.0)
    columns = min(len(fields), 5) if aspect > _TALL else math.ceil(math.sqrt(len(fields)))
    height = 6.5 if aspect > _TALL else 4.0 * min(aspect, 1.0)
    figure = new_figure(columns * (height / aspect + 1.1), -(-len(fields) // columns) * (height + 0.3 + 0.5 * (aspect < 1)) + 0.4)
    first, plane = _images(figure, snapshot, fields, axis, position, columns)
    if axis in snapshot.axes:
        unit, scale = panels.length_unit(snapshot)
        first.set_title(f"$x_{axis + 1}$ = {plane.position * scale:.4g} {unit}".rstrip())
    return figure


def _images(figure, snapshot, fields, axis, position, columns):
    """Draw slices in a grid, positions written at its left and bottom only; return the first axes and its `Slice`."""
    grid = figure.subplots(-(-len(fields) // columns), columns, squeeze=False).ravel()
    planes = [panels.image(axes, snapshot, name, axis, position) for axes, name in zip(grid, fields, strict=False)]
    for number, axes in enumerate(grid):
        axes.set_visible(number < len(fields))
        if number % columns:
            axes.set_ylabel("")
            axes.tick_params(labelleft=False)
        if number + columns < len(fields):
            axes.set_xlabel("")
            axes.tick_params(labelbottom=False)
    return grid[0], planes[0]


def _warning(snapshot):
    return f"   {len(snapshot.missing)} parts of the file are missing (grey)" if snapshot.missing else ""
