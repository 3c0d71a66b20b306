"""Diffusion on each kind of cells: coefficients along the field, and sums.

`crmpi.transport.diffusion` uses the object that `diffusion_on` returns and does not depend on the
kind.
"""

from crmpi.mesh.metric import EvenCells, TubeCells
from crmpi.numerics.cr.diffusion_coefficients import NORMAL, aligned_coefficients
from crmpi.numerics.cr.runs import lean


class EvenDiffusion:
    """Diffusion on equal boxes, level by level.

    Parameters
    ----------
    solver : crmpi.transport.diffusion.Diffusion
        whose registers are worked on
    """

    def __init__(self, solver):
        self.solver, self.pack = solver, solver.pack

    def heat(self, sums):
        """Return the heat of each block; `sums` are those of its densities over cells."""
        return sums * self.pack.cell_volumes

    def own_grid(self, grid, ghosts):
        """Return the grid of coefficients and buffers that need this many layers of ghosts."""
        return lean(grid, ghosts)

    def aligned_faces(self):
        """Fill the `source` with the coefficients of diffusion along and across the field."""
        solver, pack = self.solver, self.pack
        for part, shape in solver.shapes:
            arrays = part.of((solver.kappa, pack.b0, pack.bcc))
            aligned_coefficients(*arrays, shape, solver.work, part.of(solver.source))


class TubeDiffusion:
    """Diffusion along a tube, and along its field, which is that of the tube; the methods are those
    of `EvenDiffusion`."""

    def __init__(self, solver):
        self.solver, self.pack, self.tube = solver, solver.pack, solver.pack.metric.cells

    def heat(self, sums):
        return self.pack.sums(self.solver.heat, slice(0, 1))

    def own_grid(self, grid, ghosts):
        return grid  # sections of the tube are counted from the first ghost that is stored

    def aligned_faces(self):
        self.solver.isotropic_faces()
        normal = self.solver.source.faces[self.tube.axis][:, NORMAL]
        normal[self.pack.b0[:, self.tube.axis] == 0.0] = 0.0  # nothing moves there


_DIFFUSION = {EvenCells: EvenDiffusion, TubeCells: TubeDiffusion}


def diffusion_on(solver):
    """Return the diffusion on the cells of the pack of a solver."""
    return _DIFFUSION[type(solver.pack.metric)](solver)
