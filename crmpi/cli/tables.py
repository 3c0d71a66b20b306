"""Tables of commands for programs: ``--json`` prints what a command found as one JSON document."""

import json
import math
import sys


def add_json(parser):
    """Add the option ``--json``."""
    parser.add_argument("--json", action="store_true", help="print JSON for programs")


def print_json(found, *, line=False):
    """Print what a command found: dictionaries, lists, named tuples, arrays and numbers; numbers
    that are not finite are null. With `line` on one line."""
    print(json.dumps(plain(found), indent=None if line else 2), flush=True)


def say(text, arguments):
    """Print what was done beside a table: beside JSON it goes to standard error."""
    print(text, file=sys.stderr if arguments.json else sys.stdout)


def plain(value):
    """Return a value as JSON has it."""
    if hasattr(value, "_asdict"):
        value = value._asdict()
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item) for item in value]
    if hasattr(value, "tolist"):  # numpy's arrays and numbers
        return plain(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)
