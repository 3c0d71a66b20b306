"""How errors look on standard error."""

import os
import sys
import traceback


def print_error(error):
    """Print an error on standard error, one line for each mistake."""
    lines = getattr(error, "messages", None) or [str(error)]
    sys.stdout.flush()
    print("\n".join(f"crmpi: error: {line}" for line in lines), file=sys.stderr, flush=True)


def debugging(argv=None):
    """Tell whether tracebacks are asked for, by --debug or by CRMPI_DEBUG."""
    return "--debug" in (sys.argv if argv is None else argv) or os.environ.get(
        "CRMPI_DEBUG", "0"
    ) not in ("", "0")


def print_traceback(error):
    """Print where in the code an error arose."""
    traceback.print_exception(error)
