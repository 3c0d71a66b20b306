"""What the problem wants: its hook ``refine``."""

import numpy as np

from crmpi.refinement.base import Criterion


class User(Criterion):
    """The indicator that ``refine(self, x, w, t, p)`` of the problem returns, an array of cells or
    a number per block.

    Attributes
    ----------
    hook : callable
        ``hook(b, time)`` of block b, set by the simulation
    """

    name = "user"
    doc = (
        "the hook refine(x, w, t, p) of the problem: an indicator, above 1 where smaller "
        "cells are wanted"
    )
    hook = None

    def indicator(self, view):
        shape = view["dens"].shape
        inner = tuple(slice(g, n - g) for g, n in zip(view.ghosts[::-1], shape[1:], strict=True))
        values = np.full(shape, -np.inf)
        for b in range(shape[0]):
            values[(b, *inner)] = self.hook(view.blocks.start + b, view.time)
        return values
