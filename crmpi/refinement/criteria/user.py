"""What the problem wants: its hook ``refine``."""

import numpy as np

from crmpi.errors import CrmpiError
from crmpi.refinement.base import Criterion


class User(Criterion):
    """The indicator that ``refine(self, x, w, t, p)`` of the problem returns, an array of cells or
    a number per block.

    Attributes
    ----------
    hook : callable
        ``hook(b, time)`` of block b, set by the simulation; none of a problem without ``refine``
    """

    name = "user"
    doc = (
        "the hook refine(x, w, t, p) of the problem: an indicator, above 1 where smaller "
        "cells are wanted"
    )
    hook = None

    def check(self, view):
        if self.hook is None:
            raise CrmpiError(
                "'mesh.refinement.criteria': 'user' needs the hook refine(self, x, w, t, p), which "
                "this problem does not define; add it to problem.py, or leave the criterion out"
            )

    def indicator(self, view):
        shape = view["dens"].shape
        inner = tuple(slice(g, n - g) for g, n in zip(view.ghosts[::-1], shape[1:], strict=True))
        values = np.full(shape, -np.inf)
        for b in range(shape[0]):
            values[(b, *inner)] = self.hook(view.blocks.start + b, view.time)
        return values
