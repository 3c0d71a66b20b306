"""The stages of the fluid, level by level: which kernels run, with which buffers. What the shape of
cells means is chosen when kernels are compiled (`crmpi.numerics.rows.axes`)."""

import numpy as np

from crmpi.mesh.pool import aligned_zeros
from crmpi.numerics.fluid.convert import Work, primitives
from crmpi.numerics.fluid.godunov import advance_blocks
from crmpi.numerics.fluid.layout import FLUX, STATE
from crmpi.numerics.fluid.passive import RANGES
from crmpi.numerics.fluid.signals import fastest_rate_in_boxes
from crmpi.numerics.fluid.stage import STRIP, Scratch
from crmpi.numerics.rows.tiles import make_window
from crmpi.precision import LANES

# cells of a tile: one block along x1, for rows made of pieces of several blocks gained nothing, and
# along x2 as many as leave the buffers in the second-level cache
_WIDEST = (1, 32)
# active cells of the shortest row, and the most ghost layers, with which stages make the primitives
# on the way: blocks of 32^3 gain nothing, those of 16^3 and PPM, with three layers, lose
_LONG, _LAYERS = 48, 2


class FluidStages:
    """Kernels of the stages, of the conversion and of the time step, on the blocks of one rank.

    Parameters
    ----------
    pack : crmpi.mesh.pack.Pack

    Attributes
    ----------
    steps : callable
        ``steps(level)``: how many steps the level makes in one of the mesh
    """

    def __init__(self, pack):
        self.pack = pack
        self.scratch = _make_scratch(pack)
        self.steps = lambda level: 1
        self._column = aligned_zeros((pack.grid.n1,))
        self._line = aligned_zeros((2, pack.nvar, 1, 1, pack.grid.m1))

    @property
    def converts(self):
        """Whether it pays that a stage makes primitives itself, see `Fluid.converts`."""
        grid = self.pack.grid
        return grid.n1 >= _LONG and max(grid.ng1, grid.ng2, grid.ng3) <= _LAYERS

    def advance(self, scheme, stage, fields, health, group, selected, reflux):
        """Run the stage kernel on the blocks of a `Group` that are marked in `selected`
        (nblock,)."""
        for level in group.parts:
            kept = reflux and reflux.kept_of(level)
            tiles = self.pack.tiles(level, _WIDEST, selected)
            mine = level.of(fields), self.scratch, level.of(health), tiles
            advance_blocks(scheme, stage, level.grid, level.axes(stage.dt), *mine, kept)

    def primitives(self, scheme, conversion, group, asked):
        """Make the primitives of all cells of a `Group`; return the fastest signal, in cells per
        time and over the steps that its level makes in one, of the active ones if it is `asked`
        for, else 0."""
        found, work = 0.0, Work(self._line, self._column, asked)
        laws = scheme.gas, scheme.cr, self.pack.metric.cells
        for part in group.parts:
            given = part.grid, part.axes(1.0), part.of(conversion), work
            found = max(found, primitives(*laws, *given) / self.steps(part.level))
        return found

    def fastest_in(self, scheme, boxes):
        """Return the fastest signal, in cells per time and over the steps that its level makes in
        one, of `boxes` of cells (see `Fluid.watch`)."""
        pack, found = self.pack, 0.0
        field = pack.bcc if pack.magnetic and pack.metric.turns else None
        laws = scheme.gas, scheme.cr, pack.metric.cells
        for part in pack.parts if len(boxes) else ():
            given = *part.of((pack.w0, field)), part.boxes(boxes), self._column
            rate = fastest_rate_in_boxes(*laws, part.grid, part.axes(1.0), *given)
            found = max(found, rate / self.steps(part.level))
        return found


def _make_scratch(pack):
    """Return the buffers of the stage kernel. Loops run over whole registers, so there is one more
    at the end."""
    grid, nvar = pack.grid, pack.nvar
    per_mass = 2 + len(pack.tracers) if pack.has_cr else 0  # of each population, and of the gas
    _, members = pack.most_blocks(_WIDEST)
    window = make_window.py_func(grid, 1, members)

    def buffers(slots, ncomp, nrow):
        cells = (nrow * window.n1 // LANES + 2) * LANES
        return aligned_zeros((slots, ncomp, 1, 1, cells))

    return Scratch(
        faces=buffers(6, FLUX + nvar, window.n2),
        edges=buffers(2, 3, window.n2),
        electric=buffers(2, 3, window.n2),
        plane=buffers(3, max(STATE, 3) + nvar, window.n2),
        upper=buffers(1, STATE + nvar, STRIP),
        lower=buffers(1, STATE + nvar, STRIP),
        normal=buffers(1, 3, window.n2),
        speeds=buffers(1, 3, STRIP),
        shocks=buffers(2, 3, window.n2),
        known=buffers(2, RANGES + 2 * len(pack.scalars) if pack.scalars else 0, window.n2),
        spare=buffers(1, FLUX + nvar, STRIP),
        flags=buffers(1, 1, STRIP),
        cells=aligned_zeros((1, nvar, 1, 1, grid.m1)),
        places=np.zeros((window.n2, 2), np.int64),
        work=aligned_zeros((members, grid.m1)),
        per_mass=aligned_zeros((members, per_mass, *pack.w0.shape[2:])),
        made=np.zeros((members, 2), np.int64),
    )
