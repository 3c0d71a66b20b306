"""Sub-steps of a solver with a flux that halve from level to level (Berger & Oliger 1984), at
frozen gas and field.

A level makes its step before the finer one makes two. Ghosts beside coarser blocks are linear in
time between the two ends of the step of these. For the ghosts of its own half step a level needs
what finer blocks will be then: they take half of its step, a whole one of theirs, as an estimate
that is discarded. Fluxes of the two finer steps are averaged, over time and over fine faces, and
replace those of the coarser side once per coarser step.
"""

import numpy as np

from crmpi.numerics.fluid.blend import mix_blocks


class LevelSteps:
    """Steps of a `crmpi.transport.moments.MomentSolver` on a refined mesh.

    Attributes
    ----------
    top : int
        highest level of the mesh: a step has 2^top sub-steps there
    """

    def __init__(self, solver):
        self._solver, pack, reflux = solver, solver.pack, solver.reflux
        self.top = reflux.interfaces.top
        self._parts = {part.level: part for part in solver.parts}
        ncomp = solver.components[0]
        self._old, self._between = (pack.allocate(ncomp, solver.grid) for _ in range(2))
        self._first = np.zeros_like(reflux.kept.planes)  # fluxes of the first of two steps
        meets = reflux.interfaces.meets_finer
        self._lenders = {
            level: np.flatnonzero(meets & (pack.levels == level)) for level in range(self.top)
        }
        meets = reflux.interfaces.meets_coarser
        self._refined_beside = {part.level: runs_of(part, meets) for part in solver.parts}

    def step(self, dt, time, fields):
        """Advance the register of the solver by `dt`; ghosts are valid before and after."""
        self._step(0, 0, dt, time, fields)
        self._solver.ghosts.fill_cells(self._solver.registers.start, fields, time + dt)
        self._solver.leave_freely(self._solver.registers.start)

    def _step(self, level, number, dt, time, fields):
        """Make step `number`, 0 or 1, of a level in the step of the coarser one; ghosts are valid
        at the start of the first."""
        start, half = self._solver.registers.start, self._solver.registers.half
        to_half, to_end = self._solver.stages
        if number:
            self._fill(start, level, 0.5, time, fields)
            for finer in range(level + 1, self.top + 1):
                self._solver.ghosts.fill_level(start, start, fields, time, finer)
            self._solver.leave_freely(start)
        self._march(level, to_half, 0.5 * dt)
        for part in self._refined_beside.get(level + 1, ()):
            self._solver.march(to_half, 0.5 * dt, part)
        self._fill(half, level, 0.5 * number + 0.25, time + 0.5 * dt, fields)
        if level < self.top:
            mix_blocks(0.0, start, start, self._lenders[level], self._old)
        self._march(level, to_end, dt)
        if level < self.top:
            for n in range(2):
                self._step(level + 1, n, 0.5 * dt, time + 0.5 * n * dt, fields)
                self._collect(level + 1, n)
            self._solver.reflux.exchange(level)
            if level in self._parts:
                self._solver.correct_level(dt, self._parts[level])

    def _march(self, level, which, dt):
        if level in self._parts:
            self._solver.march(which, dt, self._parts[level])

    def _fill(self, q, level, share, time, fields):
        """Fill the ghosts of a level at a `share` of the step of the coarser one."""
        start = self._solver.registers.start
        if level:
            mix_blocks(share, self._old, start, self._lenders[level - 1], self._between)
        self._solver.ghosts.fill_level(q, self._between, fields, time, level)
        self._solver.leave_freely(q)

    def _collect(self, level, number):
        """Average the fluxes of two steps of a level."""
        if level in self._parts:
            own = self._solver.reflux.planes_of(self._parts[level])
            planes, first = self._solver.reflux.kept.planes[own], self._first[own]
            if number == 0:
                first[...] = planes
            else:
                planes += first
                planes *= 0.5


def runs_of(part, chosen):
    """Return `part` cut down to each run of consecutive blocks that are `chosen` (nblock,)."""
    places = np.flatnonzero(chosen[part.blocks]) + part.blocks.start
    runs = np.split(places, np.flatnonzero(np.diff(places) > 1) + 1) if len(places) else []
    return [part._replace(blocks=slice(int(run[0]), int(run[-1]) + 1), whole=False) for run in runs]
