"""One HTML page on a run that needs nothing else: how it went, where the time was spent, what
floors did, its energies, its last pictures, all parameters."""

import base64
import io
from html import escape
from pathlib import Path

import matplotlib as mpl
import yaml

from crmpi import __version__
from crmpi.analysis.draw import plots
from crmpi.analysis.draw.html import document, table
from crmpi.analysis.draw.style import STYLE, Options
from crmpi.analysis.draw.terminal import headline
from crmpi.analysis.read import running
from crmpi.analysis.read.readers import open_snapshot
from crmpi.errors import CrmpiError
from crmpi.output.files import write_text
from crmpi.output.history import read_history

_DPI = 110
_RULES = """
.groups { columns: 330px; column-gap: 1.5em; } .groups div { break-inside: avoid; }
.groups h3 { font-size: 13px; margin: 0 0 .2em; } .groups table { margin-bottom: 1em; width: 100%; }
.groups td { font-size: 12px; overflow-wrap: anywhere; }
.bar { background: #0072B2; height: 10px; } td.of-bar { width: 320px; text-align: left; }
.bad { background: #f7d3b5; padding: .4em .7em; }
figure { margin: 1.5em 0; }
"""


def write_report(folder, output=None):
    """Write the page on the run in a folder and return its path.

    Parameters
    ----------
    folder : path
    output : path, optional
        name ending in .html; by default report.html in the folder

    Raises
    ------
    CrmpiError
        no run has written there, or the page cannot be written
    """
    directory = running.require_run(folder)
    output = Path(output) if output else directory.path / "report.html"
    if output.suffix not in (".html", ".htm"):
        raise CrmpiError(f"--output {output} must end in .html")
    write_text(output, page(directory))
    return output


def page(directory):
    """Return the HTML on the run in a `RunDirectory`."""
    name = directory.path.resolve().name
    state, history = running.state(directory.path), running.recent(directory.path)
    parts = [
        f"<h1>{escape(name)}</h1>",
        *_facts(directory, state, history),
        *(f"<p class=bad>{escape(text)}</p>" for text in state.warnings),
        "<h2>Last pictures</h2>",
        *_pictures(directory),
        "<h2>Time by phase of a step</h2>",
        _timing(state),
        "<h2>Floors</h2>",
        _floors(history),
        "<h2>Energy ledger</h2>",
        _ledger(state),
        "<h2>Parameters</h2>",
        _parameters(directory),
        "<h2>Origin</h2>",
        _pairs(running.provenance(directory)),
        f"<p class=small>Made by crmpi {escape(__version__)}.</p>",
    ]
    return document(f"{name}: report", "\n".join(parts), _RULES)


def _facts(directory, state, history):
    """Yield the command and what is to be known at the first glance."""
    came = running.provenance(directory)
    if "command" in came:
        yield f"<pre>{escape(came['command'])}</pre>"
    facts = {"state": headline(state)}
    if state.step is not None:
        facts["step"] = f"{state.step}"
    if state.time:
        facts["time"] = state.time
    if state.fraction is not None:
        facts["done"] = f"{100.0 * state.fraction:.1f}%"
    if state.pace or state.rate:
        facts["speed"] = state.pace or f"{state.rate} zone-cycles/s"
    facts |= {key: came[key] for key in ("started", "ranks", "precision") if key in came}
    facts["snapshots"] = f"{len(directory.snapshots())}"
    facts["checkpoints"] = f"{len(directory.checkpoints())}"
    facts["rows of the history"] = f"{len(history.rows)}"
    yield _pairs(facts)


def _pairs(facts):
    """Return a table of two columns."""
    rows = [
        [f"<td>{escape(str(name))}</td>", f"<td>{escape(str(value))}</td>"]
        for name, value in facts.items()
    ]
    return table(["", ""], rows).replace("<tr><th></th><th></th></tr>", "")


def _timing(state):
    if not state.phases:
        return "<p>The time spent in each phase is written at the end of a run.</p>"
    rows = [
        [
            f"<td>{escape(name)}</td>",
            f"<td>{seconds:.3f}</td>",
            f"<td>{percent:.1f}%</td>",
            f'<td class=of-bar><div class=bar style="width:{percent:.1f}%"></div></td>',
        ]
        for name, seconds, percent in state.phases
    ]
    return table(["phase", "seconds", "share", ""], rows)


def _floors(history):
    found = running.floors(history)
    if not history.rows:
        return "<p>No history yet.</p>"
    if not found:
        return "<p>No cell was changed by a floor.</p>"
    added = {
        name.removeprefix("floor_added_"): (history.column(name)[-1], history.units[name])
        for name in history.units
        if name.startswith("floor_added_")
    }
    rows = [
        [f"<td>{escape(name.removeprefix('floor_'))}</td>", f"<td>{count}</td>", f"<td>{new}</td>"]
        for name, (count, new) in found.items()
    ]
    what = ", ".join(f"{name} {value:.3g} {unit}" for name, (value, unit) in added.items() if value)
    text = f"<p>Added by floors since the start: {escape(what)}.</p>" if what else ""
    return table(["floor of", "cells changed", "since the row before"], rows) + text


def _ledger(state):
    if not state.ledger:
        return "<p>A run writes the energy ledger at its end.</p>"
    (_, unit), *terms = state.ledger
    rows = [[f"<td>{escape(name)}</td>", f"<td>{escape(amount)}</td>"] for name, amount in terms]
    return table(["term", f"amount [{unit}]"], rows)


def _parameters(directory):
    """Return all parameters, a table for each group."""
    try:
        tree = yaml.load(directory.resolved.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
    except (OSError, yaml.YAMLError) as problem:
        return f"<p>{escape(directory.resolved.name)} cannot be read: {escape(str(problem))}</p>"
    groups = []
    for name, group in (tree or {}).items():
        members = _flat(group) if isinstance(group, dict) else {"": group}
        groups.append(f"<div><h3>{escape(name)}</h3>{_pairs(members)}</div>")
    return f"<div class=groups>{''.join(groups)}</div>"


def _flat(group, above=""):
    """Return {dotted name: value} of nested groups."""
    found = {}
    for name, value in group.items():
        if isinstance(value, dict):
            found |= _flat(value, f"{above}{name}.")
        else:
            found[above + name] = _words(value)
    return found


def _words(value):
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_words(sub)}" for key, sub in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_words, value)) + "]"
    return str(value)


def _pictures(directory):
    """Yield the last pictures of a run as figures."""
    with mpl.rc_context(STYLE):
        try:
            last = directory.latest_snapshot()
            yield _figure(plots.run_figure(directory.path), f"The run and {last.name}")
            yield from _of_snapshot(last)
        except CrmpiError as problem:
            yield f"<p>{escape(str(problem))}</p>"
        if directory.history.is_file():
            try:
                columns = read_history(directory.history)
                figure = plots.history_figure(columns)
            except CrmpiError as problem:
                yield f"<p>{escape(str(problem))}</p>"
            else:
                yield _figure(figure, f"{directory.history.name}: what changes in it")


def _of_snapshot(path):
    """Yield pictures of a snapshot: slices with lines of the field, a phase diagram."""
    with open_snapshot(path) as snapshot:
        if len(snapshot.axes) == 1:
            return
        lines = "b" if {"b1", "b2", "b3"} <= set(snapshot.names) else None
        figure = plots.snapshot_figure(snapshot, options=Options(streamlines=lines))
        text = ", with lines of the magnetic field" if lines else ""
        yield _figure(figure, f"Slices of {path.name}{text}")
        figure = plots.snapshot_figure(snapshot, kind="phase")
        yield _figure(figure, f"Phase diagram of {path.name}")


def _figure(figure, caption):
    """Return a figure as HTML that holds its picture."""
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=_DPI)
    text = base64.b64encode(file.getvalue()).decode()
    return (
        f'<figure><img alt="{escape(caption, quote=True)}" src="data:image/png;base64,{text}">'
        f"<figcaption class=small>{escape(caption)}</figcaption></figure>"
    )
