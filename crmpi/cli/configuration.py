"""How commands that run something get their configuration, and how they leave when it is wrong."""

import time

from crmpi.cli.messages import debugging, print_error, print_traceback, stopped
from crmpi.errors import CrmpiError
from crmpi.parallel.comm import STAGGER
from crmpi.run.request import check_ranks, configure, together


def leave_together(comm, function):
    """Return what `function` does: an error of all ranks ends each of them, an error of one rank
    ends all, and so does a signal that one rank alone has come to act on."""
    try:
        return function()
    except KeyboardInterrupt as stop:
        if comm.nranks == 1 or getattr(stop, "everywhere", False):
            raise
        time.sleep(STAGGER * min(comm.rank, 10))
        return comm.abort(stopped(stop))
    except CrmpiError as error:
        if comm.nranks == 1 or error.everywhere:
            raise
        # when several ranks fail at once, the abort of the first silences the others
        time.sleep(STAGGER * min(comm.rank, 10))
        if debugging():
            print_traceback(error)
        print_error(error)
        return comm.abort(error.exit_code)


__all__ = ["check_ranks", "configure", "leave_together", "together"]
