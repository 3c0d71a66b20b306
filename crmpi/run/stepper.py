"""One time step.

Strang splitting around the fluid step (second order in time): pointwise sources and cosmic-ray
transport act for half a step on either side of it, or either of them for a whole step on alternate
sides, so that two steps are the mirror image of each other. The fluid step runs through the stages
of an integrator, unsplit and with constrained transport; the fast part of cosmic-ray MHD, transport
along B, is sub-cycled inside its own operator and never limits dt.

Operators declare their phase (`crmpi.physics.operators`); here are the phases in their order. The
length of a step is that of the state at its start. What acts before the fluid may heat or push the
gas so that signals become faster: the fluid then covers the step in parts, each within the limit of
the state that it meets.
"""

import functools

from crmpi.constants import ENER, NHYDRO
from crmpi.physics.operators import Phase
from crmpi.run.blame import blaming
from crmpi.run.level_steps import Rest
from crmpi.run.time_step import parts
from crmpi.types import Field

_TROUBLED = (Field("troubled"),)


def advance(sim, dt):
    """Advance the state of `sim` from ``sim.time`` by `dt`; ghosts and primitives are valid before
    and after."""
    around = sim.acting(Phase.AROUND_STEP)
    steps = sim.level_steps.most if sim.level_steps else 1
    before, after = shares(sim, sim.config.time.sources, dt / steps)
    sim.parts = 0
    sources(sim, sim.time, before, around)
    apply = functools.partial(act, sim, operators=around)
    rest = Rest(sim.time, dt, before, after, apply if around and steps > 1 else None)
    for time, part in parts(sim, sim.time, dt, changed=bool(around) and before > 0.0):
        move(sim, time, part, rest)
    # the mirror image: second order among the sources too
    sources(sim, *rest.last(), around[::-1])


def shares(sim, times, dt):
    """Return for how much of `dt` what acts ``times`` a step, 'twice' or 'once', does so before
    what it is split from, and after it."""
    if times == "twice":
        return 0.5 * dt, 0.5 * dt
    return (0.0, dt) if sim.clock.step % 2 else (dt, 0.0)


def move(sim, time, dt, rest):
    """Let the cosmic rays move for half of `dt`, the fluid for `dt`, and the cosmic rays again; or
    the cosmic rays for `dt` on one side of the fluid."""
    before, after = shares(sim, sim.config.time.transport, dt)
    moves = sim.transport is not None and sim.transport.moves
    transport(sim, time, before, Phase.AROUND_FLUID)
    for now, part in parts(sim, time, dt, changed=moves and before > 0.0):
        before_fluid(sim)
        fluid(sim, now, part, rest=rest)
        after_fluid(sim, part)
        if after == 0.0:
            if moves:  # what was settled is not in the ghosts yet
                refresh(sim, sim.pack.u0, sim.pack.b0, now + part)
        elif part == dt:
            transport(sim, time + before, after, Phase.AFTER_FLUID)
        else:
            # the second call prepares the next part
            middle = time + before + 0.5 * (now - time)
            transport(sim, middle, 0.25 * part, Phase.AFTER_FLUID)
            transport(sim, middle + 0.25 * part, 0.25 * part, Phase.AROUND_FLUID)
        if rest.between(now + part):
            refresh(sim, sim.pack.u0, sim.pack.b0, now + part)


def sources(sim, time, dt, operators):
    """Apply the pointwise operators in this order: injection, cooling, losses, and what the problem
    adds."""
    if operators and dt > 0.0:
        act(sim, time, dt, operators)
        with sim.timers("sources"):
            refresh(sim, sim.pack.u0, sim.pack.b0, time + dt)


def act(sim, time, dt, operators):
    """Apply operators in their order; ghosts and primitives are not valid afterwards."""
    pack = sim.pack
    with sim.timers("sources"):
        gas = pack.u0[:, :NHYDRO].copy() if sim.fluid.frozen else None
        for source in operators:
            with blaming(sim, source, ("apply",)):
                sim.followers.apply(source, time, dt)  # cosmic-ray tracers get what the bulk gets
        if gas is not None:
            sim.fluid.box.add(
                "frozen_exchange", pack.sums(gas, [ENER]) - pack.sums(pack.u0, [ENER])
            )
            pack.u0[:, :NHYDRO] = gas  # frozen gas takes nothing; cosmic rays still do


def transport(sim, time, dt, phase):
    """Move cosmic rays along the field at frozen gas; `phase`: whether the fluid follows or has
    just acted."""
    for operator in sim.acting(Phase.AROUND_FLUID) if dt > 0.0 else ():
        with sim.timers("transport"), blaming(sim, operator, ("advance", "move")):
            operator.advance(dt, time, phase)


def before_fluid(sim):
    """Let operators keep what `after_fluid` compares with."""
    for operator in sim.acting(Phase.AFTER_FLUID):
        with sim.timers("transport"):
            operator.before_fluid()


def after_fluid(sim, dt):
    """Settle between gas and cosmic rays what the fluid carried for `dt`."""
    for operator in sim.acting(Phase.AFTER_FLUID):
        with sim.timers("transport"), blaming(sim, operator, ("after_fluid",)):
            operator.after_fluid(dt)


def fluid(sim, time, dt, *, rest=None):
    """Advance gas, field and the adiabatic cosmic-ray fluid; the `rest` of the sources acts where
    levels have steps of their own."""
    sim.parts += 1
    with sim.timers("fluid"):
        if sim.level_steps:
            make_stage, cfl = functools.partial(fluid_stage, sim), sim.config.time.cfl
            sim.level_steps.step(make_stage, time, dt, cfl, rest)
            fill_ghosts(sim, sim.pack.u0, sim.pack.b0, time + dt)
        else:
            for stage in sim.fluid.stages:
                fluid_stage(sim, stage, dt)
                fill_ghosts(sim, *sim.fluid.result(stage), time + stage.time * dt)
        convert(sim, sim.pack.u0, sim.pack.b0)


def fluid_stage(sim, stage, dt, group=None):
    """Make the forward step of a stage, in a `group` of levels or in all; where a cell would lose
    positivity, redo its faces with first-order fluxes: in its block and in those that share its
    faces, without a call to all ranks."""
    marked = sim.fluid.stage(stage, dt, group)
    if sim.fluid.corrects and sim.ghosts.fill_marks(
        sim.fluid.troubled, _TROUBLED, sim.time, marked=marked
    ):
        sim.fluid.stage_corrected(stage, dt, group)
    sim.fluid.reflux_stage(stage, dt, group)


def refresh(sim, u, b, time):
    """Make ghost zones and primitives valid for the state (u, b)."""
    fill_ghosts(sim, u, b, time)
    convert(sim, u, b)


def fill_ghosts(sim, u, b, time):
    """Make ghost zones valid for the state (u, b)."""
    with sim.timers("ghosts"):
        sim.ghosts.fill_fluid(u, b, time)


def convert(sim, u, b):
    """Make the primitives of the state (u, b), whose ghost zones are valid."""
    with sim.timers("primitives"):
        sim.fluid.primitives(u, b)
