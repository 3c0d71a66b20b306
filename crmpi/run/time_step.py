"""How long a time step may be, and in how many parts the fluid covers it."""

import math

from crmpi.errors import RunError
from crmpi.physics.operators import longest_step

# a part may be this much longer than the limit: a smooth change within a step is no reason to halve
# it
_EXCESS = 1.05
_MOST_PARTS = 100_000


def parts(sim, time, dt, *, changed):
    """Yield (start, length) of the parts in which the fluid covers `dt`: one, unless the state has
    `changed` and signals are too fast."""
    left, made = dt, 0
    while left > 0.0:
        part, count = left, 1
        if changed and not sim.fluid.frozen:
            where = f"step {sim.clock.step + 1} at t = {sim.time:.6g}"
            count = parts_of(left, stable_dt(sim, [sim.fluid]), where)
            part = left / count
        if count > 1:
            sim.between(made, made + count)
        yield time, part
        time, left, made = time + part, left - part, made + 1


def parts_of(dt, limit, where):
    """Return in how many parts of at most `limit`, or a little more, the fluid can cover `dt`;
    raises RunError, which names `where`, if these are too many."""
    if not limit > 0.0 or dt / (_EXCESS * limit) > _MOST_PARTS:
        raise RunError(
            f"sources or transport made the stable time step fall from {dt:.3g} to {limit:.3g} "
            f"inside {where}: set time.dt_max to resolve what they do; earlier output is intact",
            everywhere=True,
        )
    return max(1, math.ceil(dt / (_EXCESS * limit)))


def stable_dt(sim, operators=None):
    """Return the longest time step that all `operators` (of the whole step by default) allow in the
    present state, the same on all ranks."""
    with sim.timers("fluid"):
        chosen = sim.operators if operators is None else operators
        limit = sim.comm.min(longest_step(chosen, sim.config.time.cfl))
    if not limit > 1e-14 * max(abs(sim.time), 1e-300):
        raise RunError(
            f"the time step fell to {limit:.3g} at t = {sim.time:.6g}, step {sim.clock.step}: "
            "the state is broken; "
            "earlier output is intact",
            everywhere=True,
        )
    return limit
