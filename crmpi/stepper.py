"""One time step.

Strang splitting around the fluid step (second order in time): pointwise sources and cosmic-ray transport act for half a
step on either side of it. The fluid step runs through the stages of an integrator, unsplit and with constrained transport;
the fast part of cosmic-ray MHD, transport along B, is sub-cycled inside its own operator and never limits dt.
"""

from crmpi.constants import NHYDRO
from crmpi.types import Field

_TROUBLED = (Field("troubled"),)


def advance(sim, dt):
    """Advance the state of `sim` from ``sim.time`` by `dt`; ghosts and primitives are valid before and after."""
    half = 0.5 * dt
    middle = sim.time + half
    sources(sim, sim.time, half, sim.sources)
    transport(sim, sim.time, half)
    fluid(sim, sim.time, dt)
    transport(sim, middle, half, carried=dt)
    sources(sim, middle, half, sim.sources[::-1])  # the mirror image: second order among the sources too


def sources(sim, time, dt, operators):
    """Apply the pointwise operators in this order: injection, cooling, losses, and what the problem adds."""
    if not operators:
        return
    pack = sim.pack
    with sim.timers("sources"):
        gas = pack.u0[:, :NHYDRO].copy() if sim.fluid.frozen else None
        for source in operators:
            sim.followers.apply(source, time, dt)  # cosmic-ray tracers get what the bulk gets
        if gas is not None:
            pack.u0[:, :NHYDRO] = gas  # frozen gas takes nothing; cosmic rays still do
        refresh(sim, pack.u0, pack.b0, time + dt)


def transport(sim, time, dt, carried=0.0):
    """Move cosmic rays along the field at frozen gas; `carried`: for how long the fluid step has just carried them with the gas."""
    if sim.transport is None:
        return
    with sim.timers("transport"):
        if carried:
            sim.transport.carried(carried)
        sim.transport.advance(dt, time)


def fluid(sim, time, dt):
    """Advance gas, field and the adiabatic cosmic-ray fluid."""
    with sim.timers("fluid"):
        for stage in sim.fluid.stages:
            fluid_stage(sim, stage, dt)
            refresh(sim, *sim.fluid.result(stage), time + stage.time * dt)


def fluid_stage(sim, stage, dt):
    """Make the forward step of a stage; where a cell would lose positivity, redo its faces with first-order fluxes."""
    troubled = sim.fluid.stage(stage, dt)
    if sim.comm.any(troubled):
        sim.ghosts.fill_cells(sim.fluid.troubled, _TROUBLED, sim.time)
        sim.fluid.stage_corrected(stage, dt)


def refresh(sim, u, b, time):
    """Make ghost zones and primitives valid for the state (u, b)."""
    with sim.timers("ghosts"):
        sim.ghosts.fill_fluid(u, b, time)
    with sim.timers("primitives"):
        sim.fluid.primitives(u, b)
