"""What all ranks do, or the first one for all: an error of one is the error of all.

A rank that raises alone leaves the others waiting for it.
"""

from crmpi.errors import CrmpiError


def together(comm, function):
    """Call `function` on every rank and return what it returns there; a `CrmpiError` of any rank is
    raised on all; collective."""
    result, error = None, None
    try:
        result = function()
    except CrmpiError as problem:
        error = problem
    first = comm.first(error)
    if first is not None:
        first.everywhere = True
        raise first
    return result


def on_first(comm, function):
    """Call `function` on rank 0 and return on every rank what it returns there; its `CrmpiError` is
    raised on all; collective."""
    return comm.bcast(together(comm, lambda: function() if comm.rank == 0 else None))
