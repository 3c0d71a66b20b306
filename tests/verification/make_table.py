"""Measure verification cases and remake docs/verification.md.

    python -m tests.verification.make_table                    all cases, at full resolution
    python -m tests.verification.make_table V7 V9 M1-left_and_right
        these cases; the others keep what was measured before
    python -m tests.verification.make_table --missing          those that were never measured
    python -m tests.verification.make_table --page             none: only write the page
    python -m tests.verification.make_table --quick [V7 ...]   quick forms, printed and not kept

Numbers are kept in docs/verification.json, where rows of removed cases vanish. A name stands for
every case that begins with it.
"""

import argparse
import sys

from tests.verification import record
from tests.verification.cases import CASES
from tests.verification.matrix import page_head

PAGE = record.FILE.with_suffix(".md")
HEAD = """# Verification

Every number was measured by `python -m tests.verification.make_table` at full resolution; this file
is written by that command (`make_table V7 V9` measures some cases again). What each case is, and
why its limit is what it is, stands in the README of its problem and in
`tests/verification/cases_*.py`. The tests run the same cases: `pytest tests/verification` in quick
forms, `pytest -m full tests/verification` at full resolution.

{passed} of {total} checks are within their limits; {reported} more numbers are reported without a
limit. Known misses are bounded on both sides. All cases together take {minutes:.0f} minutes on one
core.

## Solver and test
A cell shows the error that comes closest to its limit, the limit, and the lowest order of
convergence where one is measured.

{matrix}

## Cases
"""


def wanted(case, names):
    """Return whether one of `names` is the number of the case or begins its id."""
    return any(name == case.number or ("-" in name and case.id.startswith(name)) for name in names)


def verdict(check):
    """Return what the table says of a number: pass, a known miss with its bound, a miss, or
    reported."""
    if not check.judged:
        return "reported"
    if check.passed:
        return "pass"
    if check.shortfall:
        return f"**MISS**, known, bounded by {check.worst:.4g}: {check.shortfall}"
    return "**MISS**"


def section(case, row):
    """Return the Markdown of one case."""
    lines = [f"\n### {case.number} {case.title}", f"`{case.command}` ({row['seconds']:.0f} s)", ""]
    lines += ["| quantity | measured | limit | |", "|---|---|---|---|"]
    for check in row["checks"]:
        lines.append(
            f"| {check.quantity} | {check.measured:.4g} | {check.bound} | {verdict(check)} |"
        )
    if row["error"]:
        lines.append(f"| run failed: {row['error']} | | | **MISS** |")
    return "\n".join(lines)


def write_page(records):
    """Write docs/verification.md from what is kept."""
    checks = [check for row in records.values() for check in row["checks"]]
    minutes = sum(row["seconds"] for row in records.values()) / 60
    judged = [check for check in checks if check.judged]
    numbers = {
        "passed": sum(check.passed for check in judged),
        "total": len(judged),
        "minutes": minutes,
    }
    numbers["reported"] = len(checks) - len(judged)
    sections = [section(case, records[case.id]) for case in CASES if case.id in records]
    PAGE.write_text(
        HEAD.format(matrix=page_head(CASES, records), **numbers) + "\n".join(sections) + "\n"
    )


def options():
    """Return the arguments of the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "names", nargs="*", help="numbers or ids of cases, such as V7 or V7-streaming"
    )
    parser.add_argument("--quick", action="store_true", help="quick forms, printed and not kept")
    parser.add_argument(
        "--missing", action="store_true", help="only cases that were never measured"
    )
    parser.add_argument("--page", action="store_true", help="measure nothing, only write the page")
    chosen = parser.parse_args()
    for name in chosen.names:
        if not any(wanted(case, [name]) for case in CASES):
            parser.error(f"'{name}' is neither the number of a case, such as R4, nor begins an id")
    return chosen


def main():
    """Measure the cases, keep each as soon as it is known, and write the page."""
    chosen, ok = options(), True
    if chosen.page:
        write_page(record.load(CASES))
        return 0
    known = record.load(CASES)
    for case in CASES:
        if chosen.names and not wanted(case, chosen.names):
            continue
        if (chosen.quick and case.full_only) or (chosen.missing and case.id in known):
            continue
        row = record.measure(case, full=not chosen.quick)
        print(section(case, row), flush=True)
        ok = ok and record.passed(row)
        if not chosen.quick:  # read again: another terminal may have measured meanwhile
            record.store(record.load(CASES) | {case.id: row})
    if not chosen.quick:
        write_page(record.load(CASES))
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
