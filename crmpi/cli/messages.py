"""How errors look on standard error."""

import sys


def print_error(error):
    """Print an error on standard error, one line for each mistake."""
    lines = getattr(error, "messages", None) or [str(error)]
    sys.stdout.flush()
    print("\n".join(f"crmpi: error: {line}" for line in lines), file=sys.stderr, flush=True)
