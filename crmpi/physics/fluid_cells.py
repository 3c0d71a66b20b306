"""The stages of the fluid on each kind of cells: which kernels run, with which buffers.

`crmpi.physics.fluid` uses the object that `stages_on` returns and does not depend on the kind.
"""

import numpy as np

from crmpi.constants import DENS, ECR, ENER
from crmpi.mesh.metric import EvenCells, TubeCells
from crmpi.mesh.pool import aligned_zeros
from crmpi.numerics.fluid.godunov import advance_blocks
from crmpi.numerics.fluid.layout import FLUX, STATE
from crmpi.numerics.fluid.signals import fastest_rate, fastest_rate_in_boxes
from crmpi.numerics.fluid.stage import STRIP, Scratch, make_window
from crmpi.numerics.fluid.tube import Line, advance_tubes, fastest_on_tube
from crmpi.precision import LANES
from crmpi.types import make_axes


class EvenStages:
    """Stages on equal boxes, level by level.

    Parameters
    ----------
    pack : crmpi.mesh.pack.Pack
    """

    def __init__(self, pack):
        self.pack = pack
        self.scratch = _make_scratch(pack)
        self._column = aligned_zeros((pack.grid.n1,))

    def advance(self, scheme, stage, fields, health, selected, reflux):
        """Run the stage kernel on the selected blocks."""
        for level in self.pack.parts:
            kept = reflux and reflux.kept_of(level)
            mine = level.of(fields), self.scratch, level.of(health), level.of(selected)
            advance_blocks(scheme, stage, level.grid, level.axes(stage.dt), *mine, kept)

    def fastest(self, gas, cr, watched):
        """Return the fastest signal, in cells per time, of active cells and of boxes of ghosts."""
        return max((self._fastest(gas, cr, part, watched) for part in self.pack.parts), default=0.0)

    def _fastest(self, gas, cr, part, watched):
        pack, axes, watched = self.pack, part.axes(1.0), part.boxes(watched)
        state = part.of((pack.w0, pack.bcc if pack.magnetic else None))
        rate = fastest_rate(gas, cr, part.grid, axes, *state, self._column)
        if len(watched):
            rate = max(
                rate, fastest_rate_in_boxes(gas, cr, part.grid, axes, *state, watched, self._column)
            )
        return rate

    def contents(self, u):
        """Return what must be known before floors act, for `gained`."""

    def gained(self, u, before, added):
        """Correct the sums `added` of what floors added: they are sums over equal cells already."""


class TubeStages:
    """Stages on a tube.

    Parameters
    ----------
    pack : crmpi.mesh.pack.Pack
    """

    def __init__(self, pack):
        self.pack, self.tube = pack, pack.metric.cells
        m, nvar = self.tube.area.shape[1], pack.nvar
        sizes = (nvar, nvar, 1, STATE + nvar, STATE + nvar, 2, FLUX + nvar, FLUX + nvar, 1, nvar)
        self.scratch = Line(*(aligned_zeros((1, ncomp, 1, 1, m)) for ncomp in sizes))

    def advance(self, scheme, stage, fields, health, selected, reflux):
        """Run the stage kernel on the selected blocks."""
        grid = self.pack.grid
        if fields.b_out is not None:
            fields.b_out[:] = fields.b_in
        bundles = fields, self.tube, self.scratch, health, selected
        advance_tubes(scheme, stage, grid, make_axes(grid, stage.dt), *bundles)

    def fastest(self, gas, cr, watched):
        """Return the fastest signal, in cells per time, of active cells and of boxes of ghosts."""
        return fastest_on_tube(gas, cr, self.pack.grid, self.tube, self.pack.w0, watched)

    def contents(self, u):
        """Return mass, gas and cosmic-ray energy of the blocks (2 or 3, nblock): what floors add to
        them is their change."""
        pack, metric = self.pack, self.pack.metric
        columns = [DENS, ENER, ECR] if pack.has_cr else [DENS, ENER]
        cells = pack.active(u)[:, columns].reshape(pack.nblock, len(columns), metric.n)
        volume = self.tube.volume[:, None, metric.first : metric.first + metric.n]
        return (cells * volume).sum(axis=2).T

    def gained(self, u, before, added):
        """Set the sums `added` to what floors added, weighted with the volumes of cells."""
        for densities, now, then in zip(added, self.contents(u), before, strict=False):
            densities[...] = now - then


_STAGES = {EvenCells: EvenStages, TubeCells: TubeStages}


def stages_on(pack):
    """Return the stages on the cells of a pack."""
    return _STAGES[type(pack.metric)](pack)


def _make_scratch(pack):
    """Return the buffers of the stage kernel. Loops run over whole registers, so there is one more
    at the end."""
    grid, nvar = pack.grid, pack.nvar
    energies = 1 + len(pack.tracers) if pack.has_cr else 0
    window = make_window(grid)

    def buffers(slots, ncomp, nrow):
        cells = (nrow * window.n1 // LANES + 2) * LANES
        return aligned_zeros((slots, ncomp, 1, 1, cells))

    return Scratch(
        window,
        faces=buffers(6, FLUX + nvar, window.n2),
        edges=buffers(2, 3, window.n2),
        electric=buffers(2, 3, window.n2),
        plane=buffers(3, max(STATE, 3) + nvar, window.n2),
        upper=buffers(1, STATE + nvar, STRIP),
        lower=buffers(1, STATE + nvar, STRIP),
        normal=buffers(1, 3, window.n2),
        speeds=buffers(1, 2, STRIP),
        shocks=buffers(2, 3, window.n2),
        spare=buffers(1, FLUX + nvar, STRIP),
        flags=buffers(1, 1, STRIP),
        cells=aligned_zeros((1, nvar, 1, 1, grid.m1)),
        work=aligned_zeros((1, 1, 1, 1, grid.m1)),
        per_mass=aligned_zeros((1, energies + 1, *pack.w0.shape[2:])),
        made=np.zeros(2, np.int64),
    )
