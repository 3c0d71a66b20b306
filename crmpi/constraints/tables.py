"""Tables for users and for programs."""

import csv
import io
from importlib import resources
from pathlib import Path

import numpy as np

from crmpi.errors import CrmpiError


def read_table(name, path=None):
    """Return the lines of a CSV file as dictionaries of texts: of the table `name` that comes with
    crmpi, or of another with its columns.

    Raises
    ------
    CrmpiError
        the file, or one of the columns, is missing
    """
    own = (resources.files("crmpi.constraints") / "data" / name).read_text(encoding="utf-8")
    try:
        text = own if path is None else Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise CrmpiError(
            f"cannot read {path}: {getattr(problem, 'strerror', 'it is not a text file')}"
        ) from None
    lines = list(csv.DictReader(text.splitlines()))
    lost = [
        column
        for column in csv.DictReader(own.splitlines()).fieldnames
        if not lines or lines[0].get(column) is None
    ]
    if lost:
        raise CrmpiError(f"{path} is not a table like {name}: it has no column {', '.join(lost)}")
    return lines


def sci(value, digits=2):
    """Return '1.26e29' of a number, 'nan' of what is none."""
    return f"{value:.{digits}e}".replace("e+0", "e").replace("e-0", "e-").replace("e+", "e")


def aligned(header, rows):
    """Return the lines of a table of texts; the first column is flush left, the others flush
    right."""
    widths = [max(len(row[c]) for row in (header, *rows)) for c in range(len(header))]
    lines = []
    for row in (header, *rows):
        padded = [
            row[0].ljust(widths[0]),
            *(text.rjust(width) for text, width in zip(row[1:], widths[1:], strict=True)),
        ]
        lines.append("  ".join(padded).rstrip())
    return lines


def csv_text(columns):
    """Return the text of a CSV file of {name: sequence}; numbers with five digits, what is not
    available empty."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(columns)
    for row in zip(*columns.values(), strict=True):
        writer.writerow([_field(value) for value in row])
    return stream.getvalue()


def _field(value):
    if isinstance(value, (float, np.floating)):
        return f"{value:.5g}" if np.isfinite(value) else ""
    return str(int(value)) if isinstance(value, (bool, np.bool_)) else str(value)
