"""Local Lax-Friedrichs: the most diffusive and the most robust solver."""

from typing import NamedTuple

from crmpi.numerics.fluid.riemann.base import face_flux, fast_speed, signal_speeds, two_wave_flux


class LLF(NamedTuple):
    """Local Lax-Friedrichs (Rusanov 1961)."""

    fields = (True, False)  # with and without magnetic field


@signal_speeds.option(LLF)
def speeds_llf(solver, bn, lower, upper):
    """Return one speed both ways, and the mean of the velocities."""
    speed = max(abs(lower.vn) + fast_speed(bn, lower), abs(upper.vn) + fast_speed(bn, upper))
    return -speed, 0.5 * (lower.vn + upper.vn), speed


@face_flux.option(LLF)
def riemann_llf(solver, bn, speeds, lower, upper):
    """Return the two-wave flux."""
    return two_wave_flux(bn, lower, upper, speeds)
