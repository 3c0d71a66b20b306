"""``crmpi plot``: a picture of a snapshot, a history or a whole run, as PNG, PDF or SVG by the name of the output."""

from pathlib import Path

import matplotlib as mpl

from crmpi.errors import CrmpiError
from crmpi.observables import panels
from crmpi.observables.derived import available
from crmpi.observables.readers import open_snapshot
from crmpi.observables.style import STYLE, new_figure
from crmpi.output.directory import RunDirectory
from crmpi.output.files import clear_write_errors
from crmpi.output.history import read_history

FORMATS = (".png", ".pdf", ".svg")
_AXES = {"x1": 0, "x2": 1, "x3": 2}
_CLOCK = ("time", "step", "dt")
_MAX_COLUMNS = 3  # images side by side


def plot(path, fields=None, axis=None, position=None, kind=None, output=None):
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

    Raises
    ------
    CrmpiError
        the file cannot be read, has no such quantity, or the picture cannot be written
    """
    path = Path(path)
    if axis is not None and axis not in _AXES:
        raise CrmpiError(f"axis = '{axis}' is not one of x1, x2, x3")
    output = Path(output) if output else (path / "summary.png" if path.is_dir() else path.with_suffix(".png"))
    if output.suffix not in FORMATS:
        raise CrmpiError(f"output = {output} must end in one of {', '.join(FORMATS)}")
    with mpl.rc_context(STYLE):
        if path.is_dir():
            figure = run_figure(path, fields)
        elif path.suffix == ".txt":
            figure = history_figure(read_history(path), fields)
        else:
            with open_snapshot(path) as snapshot:
                figure = snapshot_figure(snapshot, fields, _AXES.get(axis), position, kind)
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
    fields = fields or default_fields(snapshot)
    if kind not in (None, "slice", "profile", "radial"):
        raise CrmpiError(f"kind = '{kind}' is not one of slice, profile, radial")
    kind = kind or ("slice" if len(snapshot.axes) > 1 else "profile")
    if kind == "slice":
        figure = _slices(snapshot, fields, _normal(snapshot, axis), position)
    else:
        axis = snapshot.axes[-1] if axis is None else axis
        figure = new_figure(5.5, 0.6 + 1.7 * len(fields))
        for axes, name in zip(figure.subplots(len(fields), 1, sharex=True, squeeze=False)[:, 0], fields, strict=True):
            panels.profiles(axes, snapshot, [name], axis, radial=kind == "radial")
            axes.label_outer()
    figure.suptitle(f"{panels.time_text(snapshot)}{_warning(snapshot)}", x=0.01, ha="left", size=10)
    return figure


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
    snapshots = directory.snapshots()
    if not snapshots:
        raise CrmpiError(f"{folder} has no snapshots; expected {directory.snapshot(0)}")
    with open_snapshot(snapshots[-1]) as snapshot:
        fields = fields or [name for name in default_fields(snapshot) if not name.startswith("vel")][:2]
        images = len(snapshot.axes) > 1
        figure = new_figure(11.0, 6.5) if images else new_figure(7.0, 8.5)
        left, right = figure.subfigures(1, 2, width_ratios=(1.15, 1.0)) if images else (None, figure)
        if images:
            axis = _normal(snapshot, None)
            for axes, name in zip(left.subplots(1, len(fields), squeeze=False)[0], fields, strict=True):
                panels.image(axes, snapshot, name, axis)
                axes.label_outer()
        _page_lines(right.subplots(3, 1), snapshot, fields, directory)
        figure.suptitle(f"{Path(folder).resolve().name}   {panels.time_text(snapshot)}{_warning(snapshot)}", x=0.01, ha="left", size=11)
    return figure


def _page_lines(rows, snapshot, fields, directory):
    """Draw pressures and velocity along the last axis, and the telling columns of the history."""
    have = [*snapshot.names, *available(snapshot.names, snapshot.units)]
    along = snapshot.axes[-1]
    panels.profiles(rows[0], snapshot, [name for name in ("press", "pcr", "pmag") if name in have], along)
    panels.profiles(rows[1], snapshot, [fields[0] if len(snapshot.axes) == 1 else f"vel{along + 1}"], along)
    columns = read_history(directory.history) if directory.history.is_file() else {}
    names = telling_columns(columns)
    if names:
        panels.history(rows[2], columns, names, columns.units[names[0]])
    else:
        rows[2].set_axis_off()


def telling_columns(columns):
    """Return the columns to show first: the mass loading if there is one, else outflow rates, else all that share the first unit."""
    names = [name for name in columns if name not in _CLOCK]
    for word in ("loading", "outflow", "mdot", "flux"):
        chosen = [name for name in names if word in name.lower()]
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


def _slices(snapshot, fields, axis, position):
    horizontal, vertical = (snapshot.upper[a] - snapshot.lower[a] for a in [a for a in range(3) if a != axis])
    aspect = min(max(vertical / horizontal, 0.25), 4.0)
    columns = min(len(fields), _MAX_COLUMNS if aspect < 2 else 5)
    rows = -(-len(fields) // columns)
    height = 4.0 if aspect < 2 else 6.5
    figure = new_figure(columns * min(height / aspect, 6.0) + columns * 1.1, rows * min(height, 6.0 * aspect + 1.2))
    grid = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes, name in zip(grid, fields, strict=False):
        plane = panels.image(axes, snapshot, name, axis, position)
        axes.label_outer()
    for axes in grid[len(fields) :]:
        axes.set_axis_off()
    if axis in snapshot.axes:
        unit, scale = panels.length_unit(snapshot)
        grid[0].set_title(f"$x_{axis + 1}$ = {plane.position * scale:.4g} {unit}".rstrip())
    return figure


def _warning(snapshot):
    return f"   {len(snapshot.missing)} parts of the file are missing (grey)" if snapshot.missing else ""
