"""The report as one HTML page that needs nothing else: no network, no other files."""

from html import escape

from crmpi import __version__
from crmpi.analysis.draw.html import document, table
from crmpi.compare import data as published
from crmpi.compare.control import COARSER, answer
from crmpi.compare.verdicts import excluded_by

_STYLE = """
.ok { background: #dbe9f6; } .excluded { background: #f7d3b5; font-weight: 600; }
.unresolved { background: #f3eee6; } .untested { color: #999; }
.control { background: #eef3ea; } .no-verdict { color: #666; }
"""


def page(title, report, figures):
    """Return the HTML.

    Parameters
    ----------
    title : str
    report : crmpi.compare.report.Report
    figures : list of (caption, svg text)
    """
    pictures = [
        f"<figure>{picture}<figcaption class=small>{escape(caption)}</figcaption></figure>"
        for caption, picture in figures
    ]
    parts = [
        f"<h1>{escape(title)}</h1>",
        f"<p>{escape(headline(report.verdicts))}</p>",
        f"<pre>{escape(report.command)}</pre>",
        "<h2>Models against data</h2>",
        matrix(report.verdicts),
        "<p class=small>Each field: data violated of data compared, the median of model minus "
        "datum, and of model minus control (&Delta;), "
        "in dex. no verdict: the reason is below. unresolved: excluded, but the mesh is too "
        "coarse for this ion.</p>",
        "<h2>Why</h2>",
        reasons(report.verdicts, report.missing),
        "<h2>Figures</h2>",
        *pictures,
        "<h2>Numbers</h2>",
        numbers(report.numbers),
        "<h2>What counts as excluded</h2>",
        criterion(report),
        "<h2>Where the runs are from</h2>",
        provenance(report),
    ]
    return document(title, "\n".join(parts), _STYLE)


def headline(verdicts):
    """Return the answer in one sentence."""
    judged = {label: found for label, found in verdicts.items() if _tested(found)}
    if not judged:
        return _nothing(verdicts)
    alive = [label for label, found in judged.items() if not excluded_by(found)]
    names = {name for found in judged.values() for name in _tested(found)}
    survivors = (
        f"not excluded: {', '.join(alive)}"
        if alive
        else "all of them are excluded by at least one observable"
    )
    left = [
        label
        for label, found in verdicts.items()
        if label not in judged and "control" not in {v.state for v in found.values()}
    ]
    others = f"; no verdict: {', '.join(left)}" if left else ""
    return f"{len(judged)} models judged by {len(names)} observables; {survivors}{others}."


def _nothing(verdicts):
    """Return the commonest reason for which no model has a verdict; that of a coarser mesh counts
    last."""
    models = [
        found for found in verdicts.values() if all(v.state != "control" for v in found.values())
    ]
    reasons = [answer(found) for found in models]
    reasons = [reason for reason in reasons if COARSER not in reason] or reasons
    if not reasons:
        return "Controls alone: nothing is judged."
    first = max(reasons, key=reasons.count)
    return f"{first[:1].upper()}{first[1:]}."


def _tested(found):
    """Return the observables that give a verdict on a model."""
    return [
        name for name, verdict in found.items() if verdict.state in ("ok", "excluded", "unresolved")
    ]


def matrix(verdicts):
    """Return the table model x observable."""
    names = list(next(iter(verdicts.values())))
    rows = [
        [
            f"<td>{escape(label)}</td>",
            *(_field(found[name]) for name in names),
            f"<td>{len(excluded_by(found))}</td>",
        ]
        for label, found in verdicts.items()
    ]
    return table(["model", *names, "excluded by"], rows)


def _field(verdict):
    tip = escape(verdict.reason, quote=True)
    if verdict.state == "untested":
        return f'<td class=untested title="{tip}">–</td>'
    offset = "" if verdict.offset != verdict.offset else f", {verdict.offset:+.1f}"
    apart = (
        "" if verdict.difference != verdict.difference else f", &Delta; {verdict.difference:+.1f}"
    )
    style = verdict.state.replace(" ", "-")
    return (
        f'<td class={style} title="{tip}">{verdict.state} '
        f"{verdict.violated}/{verdict.count}{offset}{apart}</td>"
    )


def reasons(verdicts, missing):
    """Return a list: of every model what excludes it."""
    lines = []
    for label, found in verdicts.items():
        bad = [
            f"{name}: {found[name].reason} (probability {found[name].chance:.0e})"
            for name in excluded_by(found)
        ]
        lines.append(
            f"<li><b>{escape(label)}</b> — "
            f"{escape('; '.join(bad) or answer(found))}{_withheld(found)}</li>"
        )
    lines += [
        f"<li><b>{escape(name)}</b> — note: {escape(reason)}</li>"
        for name, reason in missing.items()
    ]
    return f"<ul>{''.join(lines)}</ul>"


def _withheld(found):
    """Return a list of the verdicts that are withheld: observables by reason."""
    reasons = {}
    for name, verdict in found.items():
        if verdict.state == "no verdict":
            reasons.setdefault(
                verdict.reason.partition("; ")[0].removeprefix("no verdict: "), []
            ).append(name)
    return "".join(
        f"<br><span class=small>{escape(', '.join(names))}: {escape(reason)}</span>"
        for reason, names in reasons.items()
    )


def numbers(rows):
    """Return the table of {label: {name: number}}."""
    names = list(dict.fromkeys(name for entry in rows.values() for name in entry))
    fields = {
        label: [f"<td>{entry[name]:.3g}</td>" if name in entry else "<td>–</td>" for name in names]
        for label, entry in rows.items()
    }
    return table(
        ["model", *names], [[f"<td>{escape(label)}</td>", *row] for label, row in fields.items()]
    )


def criterion(report):
    """Return the statement of what was assumed."""
    c, assumed = (
        report.criterion,
        "".join(f"<li>{escape(line)}</li>" for line in report.assumptions),
    )
    return (
        f"<p>A datum is violated if model and datum differ by more than {c.n_sigma:g} sigma, "
        "where sigma² is the sum of the squares of "
        f"{c.scatter:g} dex (scatter of real galaxies about one idealised model), half the "
        "16–84% range of the model's own sight lines "
        f"(at most {c.max_spread:g} dex) and the error of the datum; limits are violated from "
        "one side only. A model is excluded by an "
        "observable if so many violations have a binomial probability below "
        f"{c.significance:g}; by a single datum, if the probability of "
        f"being so far off is.</p><ul>{assumed}</ul>"
    )


def provenance(report):
    """Return the parameters that differ and the identity of every run."""
    labels = list(report.verdicts)
    rows = [
        [f"<td>{escape(key)}</td>", *(f"<td>{escape(_short(v))}</td>" for v in values)]
        for key, values in report.differences.items()
    ]
    who = [
        [f"<td>{escape(text)}</td>" for text in (label, *map(str, report.identity[label].values()))]
        for label in labels
    ]
    return (
        table(["run", *next(iter(report.identity.values()))], who)
        + "<p>Parameters that differ:</p>"
        + table(["parameter", *labels], rows)
        + f"<p class=small>Made by crmpi {escape(__version__)}. Gamma rays: "
        f"{escape(published.GAMMA['reference'])}. "
        "Columns and bounds on kappa: COS-Halos (Tumlinson et al. 2013; Werk et al. 2013, 2014; "
        "Butsky, Nakum et al. 2023).</p>"
    )


def _short(value):
    return "" if value is None else str(value)
