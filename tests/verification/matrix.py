"""The matrix 'model x test' at the top of docs/verification.md, made from the list of cases and
what was measured."""

import re
from collections import defaultdict

from crmpi.scattering.base import scattering_models
from crmpi.transport.base import transport_solvers
from tests.verification.not_applicable import reason

NUMBERS = [f"V{n}" for n in range(1, 22)]
FIRST = (
    "none",
    "isotropic_diffusion",
    "anisotropic_diffusion",
    "streaming_diffusion",
    "two_moment",
)
ANY = "any"  # the column of cases that belong to no solver


def names(value):
    """Return the solvers or models a case names, as a tuple."""
    return (value,) if isinstance(value, str) else tuple(value or ())


def anchor(case):
    """Return the fragment under which the heading of a case is found."""
    kept = re.sub(r"[^\w\- ]", "", f"{case.number} {case.title}".lower())
    return "#" + kept.replace(" ", "-")


def share(check):
    """Return how much of its limit a check uses: 1 at the limit, more where it misses; 0 where that
    has no meaning."""
    if not check.judged:
        return 0.0
    if not check.passed:
        return float("inf")
    if check.relation in ("==", "in") or check.limit <= 0 or check.measured <= 0:
        return 0.0
    return check.measured / check.limit if check.relation == "<" else check.limit / check.measured


def of_name(checks, name):
    """Return the checks of one solver or model: those that begin with its name, or all where none
    does."""
    return [check for check in checks if check.quantity.startswith(f"{name}:")] or checks


def cell(cases, records, name):
    """Return the text of a cell: the error closest to its limit, the least order, and a link to the
    case."""
    checks = [
        (case, check)
        for case in cases
        if case.id in records
        for check in of_name(records[case.id]["checks"], name)
    ]
    if not checks:
        return f"[not yet measured]({anchor(cases[0])})"
    failed = any(case.id in records and records[case.id]["error"] for case in cases)
    orders = [check.measured for _, check in checks if re.search(r"\border\b", check.quantity)]
    errors = [pair for pair in checks if not re.search(r"\border\b", pair[1].quantity)] or checks
    case, worst = max(errors, key=lambda pair: share(pair[1]))
    text = f"[{worst.measured:.2g} {worst.bound}]({anchor(case)})"
    if orders:
        text += f", order {min(orders):.2f}"
    return text + (
        " **MISS**"
        if failed or not all(check.passed for _, check in checks if check.judged)
        else ""
    )


def matrix(all_cases, records, attribute, columns):
    """Return (lines, gaps) of the table of test numbers against `columns`; gaps are the cells
    without a test."""
    table, gaps = defaultdict(list), []
    for case in all_cases:
        for name in names(getattr(case, attribute)) or (ANY,):
            table[case.number, name].append(case)
    lines = [
        "| | " + " | ".join(f"`{c}`" if c != ANY else "any" for c in columns) + " |",
        "|---" * (len(columns) + 1) + "|",
    ]
    for number in NUMBERS:
        row = []
        for name in columns:
            why = reason(number, name)
            if table[number, name]:
                row.append(cell(table[number, name], records, name))
            else:
                row.append("" if name == ANY else f"n/a: {why}" if why else "no test")
                if not why and name != ANY:
                    gaps.append(f"{number} `{name}`")
        lines.append(f"| {number} | " + " | ".join(row) + " |")
    return lines, gaps


def by_model(all_cases, records):
    """Return the lines of the list 'scattering model: its tests'."""
    lines = ["| model | tests |", "|---|---|"]
    for model in sorted(scattering_models()):
        cases = [case for case in all_cases if model in names(case.model)]
        numbers = dict.fromkeys(case.number for case in cases)
        found = [
            f"{n}: {cell([case for case in cases if case.number == n], records, model)}"
            for n in numbers
        ]
        lines.append(f"| `{model}` | {'; '.join(found) or 'no test'} |")
    return lines


def page_head(all_cases, records):
    """Return the Markdown of the matrix, of the cells without a test, and of the scattering
    models."""
    known = transport_solvers()
    columns = [
        *(name for name in FIRST if name in known),
        *(name for name in known if name not in FIRST),
        ANY,
    ]
    lines, gaps = matrix(all_cases, records, "solver", columns)
    return "\n".join(
        [
            *lines,
            "",
            "Cells without a test: " + (", ".join(gaps) or "none") + ".",
            "",
            *by_model(all_cases, records),
        ]
    )
