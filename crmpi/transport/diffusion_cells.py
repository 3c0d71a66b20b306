"""Diffusion on each kind of cells: which kernels run.

`crmpi.transport.diffusion` asks the object that `diffusion_on` returns; it does not know the kind.
"""

from crmpi.mesh.metric import EvenCells, TubeCells
from crmpi.numerics.cr.diffusion import NORMAL, aligned_corners, aligned_faces, diffusion_rate
from crmpi.numerics.cr.tube_diffusion import tube_diffusion_rate


class EvenDiffusion:
    """Diffusion on equal boxes, level by level.

    Parameters
    ----------
    solver : crmpi.transport.diffusion.Diffusion
        whose registers are worked on
    """

    oblique = True
    """Whether the field may be oblique to faces: fluxes have parts along them, which may undershoot
    and leave checkerboards."""

    def __init__(self, solver):
        self.solver, self.pack = solver, solver.pack

    def heat(self, sums):
        """Return the heat of each block; `sums` are those of its densities over cells."""
        return sums * self.pack.cell_volumes

    def find_rate(self, limit):
        """Fill `rate` with the rate of change of `last`, and add up what crosses the boundary."""
        solver = self.solver
        for part, mesh in solver.levels:
            kept = None if solver.reflux is None else solver.reflux.kept_of(part)
            e, faces, corners, rate, crossing = part.of(
                (solver.last, solver.faces, solver.corners, solver.rate, solver.crossing)
            )
            diffusion_rate(
                e, faces, corners, (mesh, part.grid), limit, solver.work, rate, crossing, kept
            )
        solver.correct_levels()

    def aligned_faces(self):
        """Fill `faces` and `corners` with the coefficients of diffusion along and across the
        field."""
        solver, pack = self.solver, self.pack
        for part, mesh in solver.levels:
            for a in solver.axes:
                arrays = part.of((solver.kappa, pack.b0, pack.bcc))
                aligned_faces(*arrays, mesh, a, part.of(solver.faces[a]))
        aligned_corners(solver.kappa, pack.bcc, solver.mesh, solver.corners)


class TubeDiffusion:
    """Diffusion along a tube, and along its field; the methods are those of `EvenDiffusion`."""

    oblique = False

    def __init__(self, solver):
        self.solver, self.pack, self.tube = solver, solver.pack, solver.pack.metric.cells

    def heat(self, sums):
        return self.pack.sums(self.solver.heat, slice(0, 1))

    def find_rate(self, limit):
        solver, tube = self.solver, self.tube
        faces = solver.faces[tube.axis]
        tube_diffusion_rate(solver.last, faces, self.pack.grid, tube, solver.rate, solver.crossing)

    def aligned_faces(self):
        self.solver.isotropic_faces()
        normal = self.solver.faces[self.tube.axis][:, NORMAL]
        normal[self.pack.b0[:, self.tube.axis] == 0.0] = 0.0  # nothing moves there


_DIFFUSION = {EvenCells: EvenDiffusion, TubeCells: TubeDiffusion}


def diffusion_on(solver):
    """Return the diffusion on the cells of the pack of a solver."""
    return _DIFFUSION[type(solver.pack.metric)](solver)
