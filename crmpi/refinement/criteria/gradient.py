"""Relative steps from cell to cell."""

import numpy as np

from crmpi.params import par
from crmpi.refinement.base import Criterion


class Gradient(Criterion):
    """|q[i+1] - q[i-1]| / (2 |q|), the root of the sum of squares over the axes."""

    name = "gradient"
    doc = "relative change of a variable from cell to cell"
    reference = "Stone et al. 2020, ApJS 249, 4"

    class Params:
        variable: str = par("dens", doc="variable whose variation counts")
        refine: float = par(
            0.3, gt=0, doc="a block is refined where the relative change per cell exceeds this"
        )
        derefine: float = par(0.1, ge=0, doc="a block may be derefined where it stays below this")

    def check(self, view):
        view.require(self.params.variable, self.name)

    def indicator(self, view):
        values = view[self.params.variable]
        square = sum((0.5 * (below + above)) ** 2 for _, below, above in view.differences(values))
        return np.sqrt(square) / np.maximum(np.abs(values), 1e-300)
