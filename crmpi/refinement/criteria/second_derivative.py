"""Curvature over slope: finds jumps and fronts of any height, and leaves smooth slopes alone."""

import numpy as np

from crmpi.params import par
from crmpi.refinement.base import Criterion


class SecondDerivative(Criterion):
    """|second difference| / (sum of the |first differences| + filter times |q|), the largest over
    the axes; between 0 and 1."""

    name = "second_derivative"
    doc = "second difference of a variable over its first differences"
    reference = "Lohner 1987, Comput. Meth. Appl. Mech. Eng. 61, 323"

    class Params:
        variable: str = par("dens", doc="variable whose variation counts")
        refine: float = par(0.5, gt=0, lt=1, doc="a block is refined where the ratio exceeds this")
        derefine: float = par(0.05, ge=0, doc="a block may be derefined where it stays below this")
        filter: float = par(0.01, ge=0, doc="ripples below this share of the variable do not count")

    def check(self, view):
        view.require(self.params.variable, self.name)

    def indicator(self, view):
        values = view[self.params.variable]
        floor = 4.0 * self.params.filter * np.abs(values) + 1e-300
        ratios = [
            np.abs(above - below) / (np.abs(above) + np.abs(below) + floor)
            for _, below, above in view.differences(values)
        ]
        return np.maximum.reduce(ratios)
