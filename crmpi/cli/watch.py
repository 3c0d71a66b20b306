"""Follow a run in a terminal until it ends: progress, rate, time left, floors, and the course of
its history. The folder is read, nothing in it is changed.

crmpi watch runs/galactic_wind
crmpi watch runs/galactic_wind mass mdot --interval 2        columns of history.txt
crmpi watch runs/galactic_wind --once                        once, for a script
"""

import math
import os
import shutil
import sys
import time

from crmpi.errors import CrmpiError, RunError

_CLEAR = "\033[H\033[J"


def add_arguments(parser):
    """Declare the arguments of ``crmpi watch``."""
    parser.add_argument("folder", metavar="DIR", help="folder of a run (its output.dir)")
    parser.add_argument(
        "columns", nargs="*", help="columns of the history; default: the most informative ones"
    )
    parser.add_argument(
        "--interval",
        type=float,
        default=5.0,
        metavar="S",
        help="seconds between two readings; default: 5",
    )
    parser.add_argument("--once", action="store_true", help="read once and do not wait for the end")
    parser.add_argument("--ascii", action="store_true", help="draw lines with plain characters")


def main(arguments):
    """Run ``crmpi watch``; exit code 0 once the run has ended, 3 if its process died."""
    a = arguments
    if not (math.isfinite(a.interval) and 0.1 <= a.interval <= 3600.0):
        raise CrmpiError(f"--interval {a.interval:g}: must be between 0.1 and 3600 seconds")
    try:
        return _watch(a)
    except KeyboardInterrupt:  # the run goes on, only watching ends
        print()
        return 0


def _watch(a):
    from crmpi.analysis.draw.terminal import BLOCKS, PLAIN, screen
    from crmpi.analysis.read.running import require_run

    directory = require_run(a.folder)
    plain = a.ascii or not _can_write(BLOCKS)
    repaint = not a.once and sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb"
    pace = _Pace(directory)
    while True:
        width = shutil.get_terminal_size().columns
        lines, state = screen(a.folder, a.columns, pace.last, width - 1, PLAIN if plain else BLOCKS)
        pace.note(state.step)
        print((_CLEAR if repaint else "") + "\n".join(lines), flush=True)
        if state.running is None:
            if not state.reason:
                raise RunError(
                    f"the run in {a.folder} ended without a message: see {directory.log}, "
                    f"continue with crmpi run --restart {a.folder}"
                )
            return 0
        if a.once:
            return 0
        if not repaint:
            print()
        time.sleep(a.interval)


class _Pace:
    """Steps per second: the mean since the run began, from the second reading on that since the
    first."""

    def __init__(self, directory):
        from crmpi.analysis.read.running import seconds_since_start, state

        step, seconds = state(directory.path).step, seconds_since_start(directory, time.time())
        self.last = step / seconds if step and seconds and seconds > 0.0 else None
        self._first = None

    def note(self, step):
        """Take down where the run is now."""
        now = time.monotonic()
        if step is None:
            return
        if self._first is None:
            self._first = now, step
        elif now > self._first[0] and step > self._first[1]:
            self.last = (step - self._first[1]) / (now - self._first[0])


def _can_write(text):
    """Return whether standard output has these characters."""
    try:
        text.encode(sys.stdout.encoding or "ascii")
    except (UnicodeError, LookupError):
        return False
    return True
