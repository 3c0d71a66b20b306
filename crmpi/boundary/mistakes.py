"""A boundary condition of a plug-in that fills ghost cells with what is no number is named."""

import numpy as np

from crmpi.plugins.mistakes import HookError, place_of_own


def refuse_lost(condition, hook, names, cells, field=None):
    """Refuse ghost cells that are not numbers beside active cells that are.

    Ghost zones of two axes are left out: those of the other axis may not be filled yet.

    Parameters
    ----------
    condition : crmpi.boundary.conditions.Outflow
        a plug-in, or what is derived from one
    hook : str
        the method that has filled them
    names : sequence of str
        of the components of `cells`
    cells, field : arrays (nblock, ncomp, m3, m2, m1)
        cells, and faces of the magnetic field

    Raises
    ------
    HookError
        on this rank
    """
    for block, *box in condition.beyond():
        span = tuple(slice(first, first + n) for first, n in zip(box[:3], box[3:], strict=True))
        found = [(cells[(block, slice(None), *span)], names)]
        if field is not None:
            found.append((field[(block, slice(None), *span)], ("b1", "b2", "b3")))
        for ghosts, called in found:
            lost = ~np.isfinite(ghosts)
            if lost.any() and np.isfinite(condition.pack.active(cells)[block]).all():
                worst = tuple(np.argwhere(lost)[0])
                face, gid = condition.face.name, condition.pack.gids[block]
                raise HookError(
                    f"{place_of_own(type(condition), (hook,))}: makes {called[worst[0]]} = "
                    f"{ghosts[worst]} in a ghost cell at {face} of block {gid}"
                )
