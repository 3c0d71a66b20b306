"""What was measured, case by case, in docs/verification.json: single cases can be measured again,
and rows of removed cases vanish."""

import json
import time
from dataclasses import asdict
from pathlib import Path

from tests.verification.table import Check

FILE = Path(__file__).parents[2] / "docs" / "verification.json"


def measure(case, full):
    """Return the record of one case: its checks, the seconds it took, and the error that stopped
    it, if any."""
    start, checks, error = time.perf_counter(), [], ""
    try:
        for check in case.measure(full):
            checks.append(check)
    except Exception as stop:  # a run that fails is a result of its own
        error = f"{type(stop).__name__}: {stop}"
    return {"checks": checks, "seconds": time.perf_counter() - start, "error": error}


def load(cases):
    """Return {id: record} of those of `cases` that were measured."""
    stored = json.loads(FILE.read_text()) if FILE.is_file() else {}
    records = {case.id: stored[case.id] for case in cases if case.id in stored}
    return {
        name: row | {"checks": [Check(**check) for check in row["checks"]]}
        for name, row in records.items()
    }


def store(records):
    """Write the records, one check a line, so that measuring a case again changes few lines."""
    entries = []
    for name in sorted(records):
        row = records[name]
        checks = ",\n".join("   " + json.dumps(rounded(check)) for check in row["checks"])
        head = (
            f' {json.dumps(name)}: {{\n  "seconds": {row["seconds"]:.1f},\n  "error": '
            f'{json.dumps(row["error"])},\n  "checks": [\n'
        )
        entries.append(head + checks + "\n  ]\n }")
    FILE.write_text("{\n" + ",\n".join(entries) + "\n}\n")


def rounded(check):
    """Return the fields of a check, the measured number to six digits."""
    limit = check.limit
    if limit is not None:
        limit = [float(x) for x in limit] if isinstance(limit, tuple) else float(limit)
    return asdict(check) | {"measured": float(f"{check.measured:.6g}"), "limit": limit}


def passed(row):
    """Return whether a case ran to its end with every number as expected."""
    return not row["error"] and all(check.expected for check in row["checks"])
