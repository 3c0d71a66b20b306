"""Tables for people and for programs."""

import csv
import io

import numpy as np


def sci(value, digits=2):
    """Return '1.26e29' of a number, 'nan' of what is none."""
    return f"{value:.{digits}e}".replace("e+0", "e").replace("e-0", "e-").replace("e+", "e")


def aligned(header, rows):
    """Return the lines of a table of texts; the first column is flush left, the others flush right."""
    widths = [max(len(row[c]) for row in (header, *rows)) for c in range(len(header))]
    lines = []
    for row in (header, *rows):
        padded = [row[0].ljust(widths[0]), *(text.rjust(width) for text, width in zip(row[1:], widths[1:], strict=True))]
        lines.append("  ".join(padded).rstrip())
    return lines


def csv_text(columns):
    """Return the text of a CSV file of {name: sequence}; numbers with five digits, what is not available empty."""
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
