"""Shear of the flow and currents of the field."""

import numpy as np

from crmpi.params import par
from crmpi.refinement.base import Criterion


def curl(view, names):
    """Return the square of the curl of a vector times the cell width, from differences over two
    cells."""
    slopes = {}
    for component, name in enumerate(names):
        for axis, slope in zip(view.axes, view.gradient(name), strict=True):
            slopes[component, axis] = slope
    total = 0.0
    for a in range(3):
        b, c = (a + 1) % 3, (a + 2) % 3
        total = total + (slopes.get((c, b), 0.0) - slopes.get((b, c), 0.0)) ** 2
    return np.sqrt(total) * view.cell


class Shear(Criterion):
    """|curl v| dx over the sound speed of gas and cosmic rays."""

    name = "shear"
    doc = "vorticity of the flow per cell, in sound speeds"

    class Params:
        refine: float = par(0.3, gt=0, doc="a block is refined where |curl v| dx / c exceeds this")
        derefine: float = par(0.1, ge=0, doc="a block may be derefined where it stays below this")

    def indicator(self, view):
        pressure = self.eos.gamma * view["press"]
        if "pcr" in view.names:
            pressure = pressure + self.eos.gamma_cr * view["pcr"]
        return curl(view, ("vel1", "vel2", "vel3")) / np.sqrt(pressure / view["dens"])


class Current(Criterion):
    """|curl B| dx / |B|."""

    name = "current"
    doc = "electric current per cell, in field strengths"

    class Params:
        refine: float = par(
            0.5, gt=0, doc="a block is refined where |curl B| dx / |B| exceeds this"
        )
        derefine: float = par(0.2, ge=0, doc="a block may be derefined where it stays below this")

    def check(self, view):
        view.require("b1", self.name)

    def indicator(self, view):
        return curl(view, ("b1", "b2", "b3")) / np.maximum(view["bmag"], 1e-300)
