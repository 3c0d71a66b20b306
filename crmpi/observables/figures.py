"""Pictures of what ``crmpi observe`` has measured: numbers over time, profiles and diagrams of the last time."""

import re
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.colors import LogNorm

from crmpi.errors import CrmpiError
from crmpi.observables.style import STYLE, math_unit, new_figure, use_log
from crmpi.output.files import clear_write_errors
from crmpi.output.history import split_unit

FORMATS = (".png", ".pdf", ".svg")
_LEFT_OUT = ("volume", "bmag")  # of profiles: not worth a panel of their own
_PLACE = re.compile(r"_([hr][\d.e+-]+(?:kpc)?)$")  # of a surface at the end of a name
_WIDTH, _HEIGHT = 3.8, 2.6


def draw(tables, path):
    """Draw what was measured and return the path of the picture: a panel for each unit, and for each array of a diagram.

    Parameters
    ----------
    tables : list of crmpi.observables.report.Table
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
    panels = [*_numbers(tables), *(panel for one in tables[-1].measured if one.axes for panel in _arrays(one))]
    if not panels:
        raise CrmpiError("there is nothing to draw: numbers of one snapshot are a row; give the folder of a run, or a profile or diagram")
    with mpl.rc_context(STYLE):
        columns = min(3, len(panels))
        rows = -(-len(panels) // columns)
        figure = new_figure(_WIDTH * columns, _HEIGHT * rows + 0.3)
        axes = figure.subplots(rows, columns, squeeze=False).ravel()
        for one, panel in zip(axes, panels, strict=False):
            panel(one)
        for unused in axes[len(panels) :]:
            unused.set_axis_off()
        label, time = tables[-1].time
        run = tables[-1].source.parent.parent.name or tables[-1].source.name
        figure.suptitle(f"{run}, {label.replace(' [', f' = {time:.4g} [')}", x=0.01, ha="left", size=9)
        with clear_write_errors(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            figure.savefig(path)
    return path


def _grouped(columns):
    """Return {(unit, surface or ''): {name: values}} of columns that are not zero everywhere: each is a panel."""
    groups = {}
    for label, values in columns.items():
        name, unit = split_unit(label)
        if name not in _LEFT_OUT and np.any(np.nan_to_num(values)):
            place = _PLACE.search(name)
            group = groups.setdefault((unit, place[1] if place else ""), {})
            group[_PLACE.sub("", name)] = np.asarray(values, float)
    return groups


def _numbers(tables):
    """Yield functions that draw the numbers of a unit over time."""
    if len(tables) < 2:
        return
    times = [table.time[1] for table in tables]
    series = {label: [] for one in tables[0].measured if not one.axes for label in one.columns}
    for table in tables:
        for one in (one for one in table.measured if not one.axes):
            for label, value in one.columns.items():
                series[label].append(value)
    for head, curves in _grouped(series).items():
        yield lambda axes, head=head, curves=curves: _curves(axes, (tables[0].time[0], times), head, curves)


def _arrays(measured):
    """Yield functions that draw a `Measured` with axes: curves of a unit along one axis, images over two."""
    places = list(measured.axes.items())
    if len(places) == 2:
        for label, values in measured.columns.items():
            yield lambda axes, label=label, values=values: _image(axes, places, label, values)
        return
    for head, curves in _grouped(measured.columns).items():
        yield lambda axes, head=head, curves=curves: _curves(axes, places[0], head, curves)


def _curves(axes, along, head, curves):
    """Draw curves over `along` (label, values); `head`: (unit, surface)."""
    (where, x), (unit, surface) = along, head
    for number, (name, values) in enumerate(curves.items()):
        axes.plot(x, values, label=name.replace("_", " "), linestyle=("-", "--", ":")[number // 7 % 3])
    if use_log(np.concatenate(list(curves.values()))):
        axes.set_yscale("log")
    if surface:
        axes.set_title(f"through {'planes at' if surface[0] == 'h' else 'the sphere of'} {surface[1:]}")
    name, place = split_unit(where)
    axes.set_xlabel(f"{name} [{math_unit(place)}]")
    axes.set_ylabel(f"[{math_unit(unit)}]" if unit != "1" else "ratio")
    axes.legend(fontsize=6)


def _image(axes, places, label, values):
    (along, x), (up, y) = places
    filled = values[values > 0.0]
    if filled.size:
        image = axes.pcolormesh(x, y, np.where(values > 0.0, values, np.nan).T, norm=LogNorm(filled.min(), filled.max()), cmap="viridis")
        name, unit = split_unit(label)
        axes.figure.colorbar(image, ax=axes, label=f"{name.replace('_', ' ')} [{math_unit(unit)}]")
    axes.set(xscale="log", yscale="log")
    for what, place in ((axes.set_xlabel, along), (axes.set_ylabel, up)):
        name, unit = split_unit(place)
        what(f"{name} [{math_unit(unit)}]")
