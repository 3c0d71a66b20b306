"""One time step.

Strang splitting around the fluid step (second order in time): pointwise sources and cosmic-ray
transport act for half a step on either side of it. The fluid step runs through the stages of an
integrator, unsplit and with constrained transport; the fast part of cosmic-ray MHD, transport along
B, is sub-cycled inside its own operator and never limits dt.

The length of a step is that of the state at its start. What acts before the fluid may heat or push
the gas so that signals become faster: the fluid then covers the step in parts, each within the
limit of the state that it meets.
"""

import math

from crmpi.constants import ENER, NHYDRO
from crmpi.errors import RunError
from crmpi.types import Field

_TROUBLED = (Field("troubled"),)
# a part may be this much longer than the limit: a smooth change within a step is no reason to halve
# it
_EXCESS = 1.05
_MOST_PARTS = 100_000


def advance(sim, dt):
    """Advance the state of `sim` from ``sim.time`` by `dt`; ghosts and primitives are valid before
    and after."""
    half = 0.5 * dt
    sim.parts = 0
    sources(sim, sim.time, half, sim.sources)
    for time, part in parts(sim, sim.time, dt, changed=bool(sim.sources)):
        move(sim, time, part)
    # the mirror image: second order among the sources too
    sources(sim, sim.time + half, half, sim.sources[::-1])


def move(sim, time, dt):
    """Let the cosmic rays move for half of `dt`, the fluid for `dt`, and the cosmic rays again."""
    half = 0.5 * dt
    transport(sim, time, half)
    for now, part in parts(
        sim, time, dt, changed=sim.transport is not None and sim.transport.moves
    ):
        fluid(sim, now, part)
        middle = time + half + 0.5 * (now - time)
        if part == dt:
            transport(sim, middle, half, carried=dt)
        else:
            # the first call settles what the fluid carried, the second one prepares the next part
            transport(sim, middle, 0.25 * part, carried=part)
            transport(sim, middle + 0.25 * part, 0.25 * part)


def parts(sim, time, dt, *, changed):
    """Yield (start, length) of the parts in which the fluid covers `dt`: one, unless the state has
    `changed` and signals are too fast."""
    left, made = dt, 0
    while left > 0.0:
        part, count = left, 1
        if changed and not sim.fluid.frozen:
            count = _count(sim, left, stable_dt(sim))
            part = left / count
        if count > 1:
            sim.between(made, made + count)
        yield time, part
        time, left, made = time + part, left - part, made + 1


def _count(sim, dt, limit):
    """Return in how many parts of at most `limit` the fluid can cover `dt`."""
    count = max(1, math.ceil(dt / (_EXCESS * limit)))
    if count > _MOST_PARTS:
        raise RunError(
            f"sources or transport made the stable time step fall from {dt:.3g} to {limit:.3g} "
            f"inside step {sim.clock.step + 1} at "
            f"t = {sim.time:.6g}: set time.dt_max to resolve what they do; earlier output is "
            "intact",
            everywhere=True,
        )
    return count


def stable_dt(sim):
    """Return the longest time step of the fluid in the present state, the same on all ranks."""
    with sim.timers("fluid"):
        limit = sim.comm.min(sim.fluid.max_dt(sim.config.time.cfl))
    if not limit > 1e-14 * max(abs(sim.time), 1e-300):
        raise RunError(
            f"the time step fell to {limit:.3g} at t = {sim.time:.6g}, step {sim.clock.step}: "
            "the state is broken; "
            "earlier output is intact",
            everywhere=True,
        )
    return limit


def sources(sim, time, dt, operators):
    """Apply the pointwise operators in this order: injection, cooling, losses, and what the problem
    adds."""
    if not operators:
        return
    pack = sim.pack
    with sim.timers("sources"):
        gas = pack.u0[:, :NHYDRO].copy() if sim.fluid.frozen else None
        for source in operators:
            sim.followers.apply(source, time, dt)  # cosmic-ray tracers get what the bulk gets
        if gas is not None:
            sim.fluid.box.add(
                "frozen_exchange", pack.sums(gas, [ENER]) - pack.sums(pack.u0, [ENER])
            )
            pack.u0[:, :NHYDRO] = gas  # frozen gas takes nothing; cosmic rays still do
        refresh(sim, pack.u0, pack.b0, time + dt)


def transport(sim, time, dt, carried=0.0):
    """Move cosmic rays along the field at frozen gas; `carried`: for how long the fluid step has
    just carried them with the gas."""
    if sim.transport is None:
        return
    with sim.timers("transport"):
        if carried:
            sim.transport.carried(carried)
        sim.transport.advance(dt, time)


def fluid(sim, time, dt):
    """Advance gas, field and the adiabatic cosmic-ray fluid."""
    sim.parts += 1
    with sim.timers("fluid"):
        for stage in sim.fluid.stages:
            fluid_stage(sim, stage, dt)
            refresh(sim, *sim.fluid.result(stage), time + stage.time * dt)


def fluid_stage(sim, stage, dt):
    """Make the forward step of a stage; where a cell would lose positivity, redo its faces with
    first-order fluxes."""
    troubled = sim.fluid.stage(stage, dt)
    if sim.comm.any(troubled):
        sim.ghosts.fill_cells(sim.fluid.troubled, _TROUBLED, sim.time)
        sim.fluid.stage_corrected(stage, dt)
    sim.fluid.reflux_stage(stage, dt)


def refresh(sim, u, b, time):
    """Make ghost zones and primitives valid for the state (u, b)."""
    with sim.timers("ghosts"):
        sim.ghosts.fill_fluid(u, b, time)
    with sim.timers("primitives"):
        sim.fluid.primitives(u, b)
