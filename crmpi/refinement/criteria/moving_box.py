"""A box that moves with a given velocity."""

import numpy as np

from crmpi.params import par
from crmpi.refinement.base import Criterion


class MovingBox(Criterion):
    """Blocks that overlap a box; its corners move."""

    name = "moving_box"
    doc = "a box that moves with a velocity"

    class Params:
        lower: tuple[float, float, float] = par(unit="length", doc="lower corner at t = 0")
        upper: tuple[float, float, float] = par(unit="length", doc="upper corner at t = 0")
        velocity: tuple[float, float, float] = par(
            (0.0, 0.0, 0.0), unit="velocity", doc="of the corners"
        )

        def check(self):
            """The box is not turned inside out; it may be flat, as along a missing axis."""
            if not all(a <= b for a, b in zip(self.lower, self.upper, strict=True)):
                yield "upper", "must not be below 'lower' along any axis"

    def indicator(self, view):
        shift = np.array(self.params.velocity) * view.time
        inside = True
        for axis in view.axes:
            x = view.centres(axis)
            half = 0.5 * view.width(axis)
            low, high = self.params.lower[axis] + shift[axis], self.params.upper[axis] + shift[axis]
            inside = inside & (x + half > low) & (x - half < high)
        return np.broadcast_to(np.where(inside, 2.0 * self.params.refine, 0.0), view["dens"].shape)
