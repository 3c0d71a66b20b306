"""A plug-in that leaves cells that are not numbers is named, before other operators spread them."""

from contextlib import contextmanager

from crmpi.diagnostics.finite import first_lost, lost_cells
from crmpi.plugins.mistakes import HookError, comes_with_crmpi, place_of_own


@contextmanager
def blaming(sim, operator, hooks):
    """Refuse cells of this rank that a plug-in makes no numbers meanwhile, in one of its `hooks`;
    those of an operator of crmpi are found after the step, at no cost.

    Raises
    ------
    HookError
        on this rank
    """
    if comes_with_crmpi(type(operator)):
        yield
        return
    before = lost_cells(sim.pack).any()
    yield
    lost = lost_cells(sim.pack)
    if lost.any() and not before:
        where = first_lost(sim.pack, sim.positions, int(lost.argmax()))
        raise HookError(
            f"{place_of_own(type(operator), hooks)}: leaves no number in {where}; earlier "
            "output is intact"
        )
