"""How commands that run something get their configuration, and how they leave when it is wrong.

What reads and checks a configuration is imported when it is called: it takes a second to load, and
``crmpi run --help`` can do without.
"""

import time

from crmpi.cli.messages import debugging, print_error, print_traceback, stopped
from crmpi.errors import CrmpiError


def configure(comm, target, overrides, restart=None):
    """Find the problem, read and check its parameters, see `crmpi.run.request.configure`;
    collective."""
    from crmpi.run import request

    return request.configure(comm, target, overrides, restart)


def together(comm, function):
    """Call `function` on every rank, see `crmpi.parallel.agreement.together`; collective."""
    from crmpi.parallel import agreement

    return agreement.together(comm, function)


def on_first(comm, function):
    """Call `function` on rank 0, see `crmpi.parallel.agreement.on_first`; collective."""
    from crmpi.parallel import agreement

    return agreement.on_first(comm, function)


def leave_together(comm, function):
    """Return what `function` does: an error of all ranks ends each of them, an error of one rank
    ends all, and so does a signal that one rank alone has come to act on."""
    try:
        return function()
    except KeyboardInterrupt as stop:
        if comm.nranks == 1 or getattr(stop, "everywhere", False):
            raise
        _take_turns(comm)
        return comm.abort(stopped(stop))
    except CrmpiError as error:
        if comm.nranks == 1 or error.everywhere:
            raise
        _take_turns(comm)
        if debugging():
            print_traceback(error)
        print_error(error)
        return comm.abort(error.exit_code)


def _take_turns(comm):
    """When several ranks fail at once, the abort of the first silences the others."""
    from crmpi.parallel.comm import STAGGER

    time.sleep(STAGGER * min(comm.rank, 10))
