"""Pictures of a run in a terminal: a bar, and lines of its history in a row of characters."""

import math
from pathlib import Path

from crmpi.analysis.read import running
from crmpi.errors import CrmpiError
from crmpi.output.directory import RunDirectory
from crmpi.output.history import CLOCK

BLOCKS = "▁▂▃▄▅▆▇█"
PLAIN = "_.-~=+*#"
_ENERGIES = ("mass", "ekin", "emag", "ener", "ecr")
_TELLING = ("loading", "mdot", "outflow", "flux", "sfr")
_MOST = 8  # columns that are shown when none is named
_SHOWN = 3  # rows of the history
_WIDTH = 32  # characters of a line


def sparkline(values, width=_WIDTH, levels=BLOCKS):
    """Return numbers as a row of characters of different height; blank where there is none.

    Neighbours are averaged where there are more than `width`. All at one height if they are equal.
    """
    values = list(values)
    groups = [
        values[len(values) * n // width : len(values) * (n + 1) // width] for n in range(width)
    ]
    groups = groups if len(values) > width else [[value] for value in values]
    means = []
    for group in groups:
        finite = [value for value in group if math.isfinite(value)]
        means.append(sum(finite) / len(finite) if finite else math.nan)
    finite = [value for value in means if math.isfinite(value)]
    if not finite:
        return " " * len(means)
    low, high = min(finite), max(finite)
    scale = (len(levels) - 1) / (high - low) if high > low else 0.0
    return "".join(
        levels[round((value - low) * scale)] if math.isfinite(value) else " " for value in means
    )


def bar(fraction, width=30):
    """Return how much is done as a bar, with the percentage."""
    filled = int(width * min(max(fraction, 0.0), 1.0))
    return f"[{'#' * filled}{'.' * (width - filled)}] {100.0 * fraction:5.1f}%"


def columns_shown(history, names=()):
    """Return the columns to show: those named, or the energies and the most informative of the
    rest.

    Raises
    ------
    CrmpiError
        a column that the history does not have
    """
    known = list(history.units)
    for name in names:
        if known and name not in known:
            raise CrmpiError(f"the history has no column '{name}'; it has {', '.join(known)}")
    if names or not history.rows:
        return [name for name in names if name in known]
    moving = [name for name in known if name not in CLOCK and any(history.column(name))]
    telling = [name for name in moving if any(word in name.lower() for word in _TELLING)]
    chosen = [name for name in moving if name in _ENERGIES]
    own = [name for name in telling if not name.startswith(("floor_", "boundary_", "losses_"))]
    return [*chosen, *own][:_MOST]


def table(history, names, width=_WIDTH, levels=BLOCKS):
    """Return lines with the last rows of a history, a column of it on each, and its course."""
    if not history.rows:
        return ["no history yet"]
    steps = history.column("step")[-_SHOWN:]
    labels = [
        f"{name} [{history.units[name]}]" if history.units[name] not in ("1", "") else name
        for name in ("time", "dt", *names)
    ]
    wide = max(map(len, labels))
    lines = [f"{'step':<{wide}}" + "".join(f"{step:>12.0f}" for step in steps)]
    for name, text in zip(("time", "dt", *names), labels, strict=True):
        values = history.column(name)
        course = f"  {sparkline(values, width, levels)}" if name != "time" else ""
        numbers = "".join(f"{value:>12.4g}" for value in values[-_SHOWN:])
        lines.append(f"{text:<{wide}}{numbers}{course}".rstrip())
    return lines


def screen(folder, names=(), pace=None, width=100, levels=BLOCKS):
    """Return (lines on the run in a folder, its `running.State`).

    Parameters
    ----------
    folder : path
    names : columns of the history; some are chosen if there are none
    pace : float, optional
        steps per second of the clock
    width : int
        characters of a line
    levels : str
        characters of a line of the history, from low to high
    """
    state, history = running.state(folder), running.recent(folder)
    lines = [f"{Path(folder).resolve().name}   {headline(state)}"]
    lines += [text for text in (_progress(state), _speed(state, pace)) if text]
    lines.append(f"floors: {floors_text(history)}")
    lines += [f"warning: {text}" for text in state.warnings]
    lines += [_written(RunDirectory(folder)), ""]
    chosen = columns_shown(history, names)
    room = width - 2 - _SHOWN * 12 - max((len(n) + 14 for n in chosen), default=20)
    lines += table(history, chosen, max(min(room, _WIDTH), 8), levels)
    return [line[:width].rstrip() for line in lines], state


def headline(state):
    """Return whether a run goes on, or how it ended."""
    if state.running is not None:
        return f"running, {state.running}"
    return (
        f"ended: {state.reason}"
        if state.reason
        else "ended without a message: its process no longer exists"
    )


def floors_text(history):
    """Return what floors have changed, in words."""
    found = running.floors(history)
    return (
        ", ".join(
            f"{name.removeprefix('floor_')} {count}" + (f" (+{new})" if new else "")
            for name, (count, new) in found.items()
        )
        or "none"
    )


def _progress(state):
    parts = [bar(state.fraction)] if state.fraction is not None else []
    parts += [f"step {state.step}"] if state.step is not None else []
    return "  ".join([*parts, *([f"time {state.time}"] if state.time else [])])


def _speed(state, pace):
    parts = [f"{pace:.3g} steps/s"] if pace is not None and state.running is not None else []
    parts += [f"{state.rate} zone-cycles/s"] if state.rate else []
    parts += [f"left {state.left}"] if state.left else []
    return "  ".join(parts)


def _written(directory):
    snapshots, checkpoints = directory.snapshots(), directory.checkpoints()
    last = f", the last is {snapshots[-1].name}" if snapshots else ""
    return f"snapshots: {len(snapshots)}, checkpoints: {len(checkpoints)}{last}"
