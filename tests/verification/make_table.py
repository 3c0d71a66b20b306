"""Remake docs/verification.md: run every verification case and write what was measured beside its limit.

    python -m tests.verification.make_table [--quick] [--only M1,V4] [--output FILE]

With --only the table of these cases is printed and the file is left alone, unless --output names one.
"""

import argparse
import sys
import time
from pathlib import Path

from tests.verification.cases import CASES

HEAD = """# Verification

Every row was measured by `python -m tests.verification.make_table{arguments}`; this file is written by that command.
What each case is, and why its limit is what it is, stands in the README of its problem and in `tests/verification/cases_*.py`.
The tests run the same cases: `pytest tests/verification` in quick forms, `pytest -m full tests/verification` at full resolution.

{passed} of {total} checks are within their limits.
"""


def rows_of(case, full):
    """Return the table rows of one case; an error of the run is a row that did not pass."""
    rows = []
    try:
        for check in case.measure(full):
            verdict = "pass" if check.passed else f"**MISS** {check.shortfall}"
            rows.append((check.passed, f"| {check.quantity} | {check.measured:.4g} | {check.relation} {check.limit:.4g} | {verdict} |"))
    except Exception as error:
        rows.append((False, f"| run failed: {type(error).__name__}: {error} | | | **MISS** |"))
    return rows


def section(case, rows, seconds):
    """Return the Markdown of one case."""
    head = f"\n### {case.number} {case.title}\n`{case.command}` ({seconds:.0f} s)\n\n| quantity | measured | limit | |\n|---|---|---|---|"
    return "\n".join([head] + [text for _, text in rows])


def main():
    """Run the cases and write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="the quick forms instead of the full resolution")
    parser.add_argument("--only", default="", help="numbers of cases, such as M1,V4")
    parser.add_argument("--output", help="file to write; default docs/verification.md, or none with --only")
    options = parser.parse_args()
    wanted = set(filter(None, options.only.split(",")))
    sections, results = [], []
    for case in CASES:
        if (wanted and case.number not in wanted) or (options.quick and case.full_only):
            continue
        start = time.perf_counter()
        rows = rows_of(case, full=not options.quick)
        sections.append(section(case, rows, time.perf_counter() - start))
        results += [passed for passed, _ in rows]
        print(sections[-1], flush=True)
    arguments = (" --quick" if options.quick else "") + (f" --only {options.only}" if wanted else "")
    page = HEAD.format(arguments=arguments, passed=sum(results), total=len(results)) + "\n".join(sections) + "\n"
    if options.output or not wanted:
        Path(options.output or Path(__file__).parents[2] / "docs" / "verification.md").write_text(page)
    print(f"\n{sum(results)} of {len(results)} checks are within their limits")
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
