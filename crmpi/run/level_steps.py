"""Steps of the fluid that halve from level to level (Berger & Oliger 1984, J. Comput. Phys. 53,
484; Berger & Colella 1989, J. Comput. Phys. 82, 64).

The finest levels of a refined mesh have steps of their own: each makes two in one of the next
coarser level, which steps first. All coarser levels step together. Transport acts before and after,
sources between the steps of the finest level too: there energy is given to gas that expands within
such a step. On coarser levels they then act on the state at the end of their step.

Ghosts beside coarser blocks are linear in time between the ends of their step. Ghosts beside finer
blocks, which have not stepped yet, are those of the start: the fluxes that depend on them are
replaced, but for the slope in one cell. Each side adds up its fluxes and electric fields as far as
they last in its step, and when both have made it those of the finer side take the place of the
others: mass and energy are conserved, and the field stays free of divergence, to round-off.
"""

import numpy as np

from crmpi.mesh.groups import make_groups, steps_of
from crmpi.numerics.fluid.blend import mix_blocks
from crmpi.run.time_step import parts_of


class LevelSteps:
    """The step of the fluid on a refined mesh.

    Parameters
    ----------
    fluid : crmpi.physics.fluid.Fluid
    ghosts : crmpi.boundary.ghosts.Ghosts
    comm : SerialComm or MpiComm
    top : int
        highest level of the mesh
    apart : int
        number of finest levels with steps of their own

    Attributes
    ----------
    most : int
        steps of the finest level in one of the mesh, while signals do not become faster
    """

    def __init__(self, fluid, ghosts, comm, top, apart):
        self.fluid, self.ghosts, self._comm, pack = fluid, ghosts, comm, fluid.pack
        self.groups = make_groups(pack, top, apart)
        self.most = 2 ** (len(self.groups) - 1)
        self._start = pack.allocate(pack.nvar), pack.allocate(pack.b0.shape[1])
        self._between = pack.allocate(pack.nvar), pack.allocate(pack.b0.shape[1])
        meets = fluid.reflux.interfaces.meets_finer
        finest = [pack.levels == group.levels[-1] for group in self.groups]
        self._lenders = [np.flatnonzero(own & meets) for own in finest]
        planes = fluid.reflux.kept.planes
        self._own, self._given = np.zeros_like(planes), np.zeros_like(planes)
        self._steps = lambda level: int(steps_of(level, top, apart))
        fluid.take_steps(self._steps)

    def step(self, make_stage, time, dt, cfl, rest=None):
        """Advance ``u0, b0`` by `dt`; collective. Ghosts and primitives are valid before, not
        after.

        Parameters
        ----------
        make_stage : callable
            ``make_stage(stage, dt, group)`` makes the forward step of a stage
        time, dt, cfl : float
        rest : Rest, optional
            of the sources, which act between two steps of the finest level
        """
        self._make_stage, self._cfl, self._rest = make_stage, cfl, rest
        self._step(0, 0.0, 1.0, time, dt)

    def _step(self, place, begin, length, time, dt):
        """Make a step `dt` of a group, which begins in that of the coarser one at `begin` and has
        this `length`, in units of it; ghosts and primitives are valid at its start."""
        self._begin_sums(place, begin)
        last = place == len(self.groups) - 1
        if not last:
            self._keep_start(place)
        for stage in self.fluid.stages:
            self._make_stage(stage, dt, self.groups[place])
            self._add_up(place, stage, length)
            state = self.fluid.result(stage, self.groups[place])
            if stage is not self.fluid.stages[-1]:
                self._fill(place, state, begin + length * stage.time, time + stage.time * dt)
        if not last:
            self._follow(place + 1, time, dt)
            self._reflux(place, dt)

    def _follow(self, place, time, dt):
        """Let a group, and all finer ones, follow the step `dt` that the coarser one has made: in
        two steps, or in more if signals become faster on the way."""
        begin, left = 0.0, 2
        while left:
            length = (1.0 - begin) / left
            self._step(place, begin, length, time + begin * dt, length * dt)
            begin, left = begin + length, left - 1
            if left:
                now = time + begin * dt
                limit = self._go_on(place, begin, now)
                left = max(left, parts_of((1.0 - begin) * dt, limit, f"a step at t = {now:.6g}"))

    def _go_on(self, place, begin, time):
        """Between two steps of a group make ghosts and primitives valid, of finer ones too; return
        how long a step of it may be, the same on all ranks."""
        state = self.fluid.pack.u0, self.fluid.pack.b0
        if self._rest and self._rest.acts:
            self.fluid.primitives(*state)
            self._change_starts(place)
            self._rest.between(time)
            self._change_starts(place)
        fastest = 0.0
        for finer in range(place, len(self.groups)):
            self._fill(finer, state, begin if finer == place else 1.0, time)
            fastest = max(fastest, self.fluid.primitives(*state, self.groups[finer]))
        fastest *= self._steps(self.groups[place].levels[0])
        return self._comm.min(self._cfl / fastest if fastest > 0.0 else np.inf)

    def _change_starts(self, place):
        """Turn what was kept of groups coarser than this one into the difference to their present
        state, or back: what sources do in between is then done to both ends of their step."""
        for group in self.groups[:place]:
            for part in group.finest:
                start, now = (part.of(u) for u in (self._start[0], self.fluid.pack.u0))
                np.subtract(now, start, out=start)

    def _keep_start(self, place):
        """Keep the state at the start of the step of a group, of blocks beside finer ones."""
        state = self.fluid.pack.u0, self.fluid.pack.b0
        for part in self.groups[place].finest:
            for kept, array in zip(self._start, state, strict=True):
                kept[part.blocks] = array[part.blocks]

    def _fill(self, place, state, share, time):
        """Fill the ghosts of a group at a `share` of the step of the coarser one."""
        now = self.fluid.pack.u0, self.fluid.pack.b0
        if place:
            lenders = self._lenders[place - 1]
            for old, new, mixed in zip(self._start, now, self._between, strict=True):
                mix_blocks(share, old, new, lenders, mixed)
        levels = self.groups[place].levels
        self.ghosts.fill_fluid_levels(state, self._between, now, time, levels)

    def _begin_sums(self, place, begin):
        """Forget the sums of fluxes of a group's last step, and of that of the coarser one."""
        for part in self.groups[place].parts:
            planes = self.fluid.reflux.planes_of(part)
            self._own[planes] = 0.0
            if begin == 0.0:
                self._given[planes] = 0.0

    def _add_up(self, place, stage, length):
        """Add what a stage used, as far as it lasts, to the sums over the step of a group and over
        that of the coarser one."""
        share = stage.part * (1.0 - stage.keep) * stage.lasts
        for part in self.groups[place].parts if share else ():
            planes = self.fluid.reflux.planes_of(part)
            kept = self.fluid.reflux.kept.planes[planes]
            self._own[planes] += share * kept
            self._given[planes] += length * share * kept

    def _reflux(self, place, dt):
        """Let a group take what the finer one found in its place."""
        reflux = self.fluid.reflux
        coarse, fine = self.groups[place], self.groups[place + 1]
        for parts, sums in ((coarse.finest, self._own), (fine.parts, self._given)):
            for part in parts:
                planes = reflux.planes_of(part)
                reflux.kept.planes[planes] = sums[planes]
        reflux.exchange(coarse.levels[-1])
        self.fluid.reflux_step(dt, coarse)


class Rest:
    """What sources have still to do in a step whose levels have steps of their own.

    Parameters
    ----------
    time, dt : float
        start and length of the step
    before, after : float
        how far ahead of the fluid sources are, and what is left for them behind its last step
    apply : callable or None
        ``apply(time, dt)``, if they act between the steps of the finest level
    """

    def __init__(self, time, dt, before, after, apply):
        self._apply, self._before, self._after = apply, before, after
        self._done, self._end, self._round_off = time + before, time + dt, 1e-9 * dt

    @property
    def acts(self):
        """Whether sources act between the steps of the finest level."""
        return self._apply is not None

    def between(self, time):
        """Act between two steps that meet at `time`, and return whether anything did; ghosts and
        primitives are not valid then."""
        until = self._within(time + self._before)
        if not self.acts or self._within(time) == self._end or until <= self._done:
            return False
        self._apply(self._done, until - self._done)
        self._done = until
        return True

    def last(self):
        """Return (time, length) of what is left for the end of the step."""
        return self._done, self._end - self._done if self.acts else self._after

    def _within(self, time):
        """Return a time of the step; its end, if it is that but for round-off, or later."""
        return self._end if self._end - time < self._round_off else time
