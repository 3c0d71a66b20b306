"""The form of errors on standard error."""

import os
import sys
import traceback

from crmpi.output.terminal import painted
from crmpi.run.interrupts import INTERRUPTED, StoppedEarly


def print_error(error):
    """Print an error on standard error, one line for each mistake."""
    lines = getattr(error, "messages", None) or [str(error)]
    sys.stdout.flush()
    head = f"crmpi: {painted('error', 'red', sys.stderr)}: "
    print("\n".join(head + line for line in lines), file=sys.stderr, flush=True)


def debugging(argv=None):
    """Return whether tracebacks are asked for, by --debug or by CRMPI_DEBUG."""
    return "--debug" in (sys.argv if argv is None else argv) or os.environ.get(
        "CRMPI_DEBUG", "0"
    ) not in ("", "0")


def print_traceback(error):
    """Print where in the code an error arose."""
    traceback.print_exception(error)


def stopped(reason, *, speaks=True):
    """Return the exit code of a command that a signal ended, and print that it did: `reason` is
    `StoppedEarly`, or a Ctrl-C that was not noted but raised."""
    early = isinstance(reason, StoppedEarly)
    words = f": {reason}" if early else " by Ctrl-C"
    if speaks:
        print(f"crmpi: stopped{words}", file=sys.stderr, flush=True)
    return INTERRUPTED if early else 130
