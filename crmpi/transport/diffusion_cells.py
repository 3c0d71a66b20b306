"""Diffusion on each kind of cells: which kernels run.

`crmpi.transport.diffusion` asks the object that `diffusion_on` returns; it does not know the kind.
"""

from crmpi.mesh.metric import EvenCells, TubeCells
from crmpi.numerics.cr.diffusion import (
    add_decay_rates,
    aligned_corners,
    aligned_faces,
    diffusion_rate,
    isotropic_faces,
)
from crmpi.numerics.cr.streaming import wave_losses
from crmpi.numerics.cr.tube_diffusion import (
    conductances,
    sum_on_tube,
    tube_decay_rates,
    tube_diffusion_rate,
    tube_wave_losses,
)


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

    def wave_losses(self, factor):
        """Fill `rate` with what `e` loses to the waves."""
        solver, pack = self.solver, self.pack
        for part, mesh in solver.levels:
            u, bcc, e, loss = part.of((pack.u0, pack.bcc, solver.e, solver.rate))
            wave_losses(u, bcc, factor, mesh, part.grid, e, loss)

    def heat(self, sums):
        """Return the heat of each block; `sums` are those of its densities over cells."""
        return sums * self.pack.cell_volumes

    def decay_rates(self):
        """Add to `rate` the rates of decay of cells."""
        solver = self.solver
        for part, mesh in solver.levels:
            for a in solver.axes:
                add_decay_rates(part.of(solver.faces[a]), mesh, a, part.of(solver.rate))

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

    def isotropic_faces(self):
        """Fill `faces` with the coefficients of the same diffusion in all directions."""
        solver = self.solver
        for part, mesh in solver.levels:
            for a in solver.axes:
                isotropic_faces(part.of(solver.kappa), mesh, a, part.of(solver.faces[a]))

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
    """Diffusion along a tube; the methods are those of `EvenDiffusion`."""

    oblique = False

    def __init__(self, solver):
        self.solver, self.pack = solver, solver.pack
        self.tube, self.grid = solver.pack.metric.cells, solver.pack.grid

    @property
    def _faces(self):
        return self.solver.faces[self.tube.axis]

    def wave_losses(self, factor):
        solver, pack = self.solver, self.pack
        tube_wave_losses(pack.u0, pack.bcc, factor, self.grid, self.tube, solver.e, solver.rate)

    def heat(self, sums):
        sums[...] = 0.0
        sum_on_tube(self.solver.heat, self.grid, self.tube, sums)
        return sums

    def decay_rates(self):
        tube_decay_rates(self._faces, self.grid, self.tube, self.solver.rate)

    def find_rate(self, limit):
        solver = self.solver
        tube_diffusion_rate(
            solver.last, self._faces, self.grid, self.tube, solver.rate, solver.crossing
        )

    def isotropic_faces(self):
        self._conductances(aligned=False)

    def aligned_faces(self):
        self._conductances(aligned=True)

    def _conductances(self, *, aligned):
        conductances(self.solver.kappa, self.pack.b0, aligned, self.grid, self.tube, self._faces)


_DIFFUSION = {EvenCells: EvenDiffusion, TubeCells: TubeDiffusion}


def diffusion_on(solver):
    """Return the diffusion on the cells of the pack of a solver."""
    return _DIFFUSION[type(solver.pack.metric)](solver)
