"""Energy and flux along the field on each kind of cells: which kernels run.

`crmpi.transport.two_moment` asks the object that `moments_on` returns; it does not know the kind.
"""

import numpy as np

from crmpi.mesh.metric import EvenCells, TubeCells
from crmpi.numerics.cr.march import Correct
from crmpi.numerics.cr.tube_moments import correct_on_tube, predict_on_tube
from crmpi.transport.moments import MomentSolver


class EvenMoments:
    """The moments on equal boxes, level by level: as of every `MomentSolver`.

    Parameters
    ----------
    solver : crmpi.transport.two_moment.TwoMoment
    """

    def __init__(self, solver):
        self.solver, self.pack = solver, solver.pack

    def stage(self, which, dt):
        """Advance the registers by one stage."""
        MomentSolver.stage(self.solver, which, dt)


class TubeMoments:
    """The moments along a tube; the methods are those of `EvenMoments`."""

    def __init__(self, solver):
        self.solver, self.pack, self.tube = solver, solver.pack, solver.pack.metric.cells
        # coupling, faces
        self._lines = tuple(np.zeros((2, self.tube.area.shape[1])) for _ in range(2))

    def stage(self, which, dt):
        solver, grid = self.solver, self.pack.grid
        bundles = solver.moments(dt, grid), grid, self.tube, solver.registers, *self._lines
        if isinstance(which, Correct):
            correct_on_tube(*bundles, solver.crossing)
        else:
            predict_on_tube(*bundles)


_MOMENTS = {EvenCells: EvenMoments, TubeCells: TubeMoments}


def moments_on(solver):
    """Return the moments on the cells of the pack of a solver."""
    return _MOMENTS[type(solver.pack.metric)](solver)
