"""Local Lax-Friedrichs: the most diffusive and the most robust solver."""

from typing import NamedTuple

from crmpi.numerics.riemann.base import face_flux, fast_speed, two_wave_flux


class LLF(NamedTuple):
    """Local Lax-Friedrichs (Rusanov 1961)."""

    fields = (True, False)  # with and without magnetic field


@face_flux.option(LLF)
def riemann_llf(solver, bn, lower, upper):
    """Return the flux with one signal speed both ways; the face velocity is the mean of both sides."""
    speed = max(abs(lower.vn) + fast_speed(bn, lower), abs(upper.vn) + fast_speed(bn, upper))
    return two_wave_flux(bn, lower, upper, -speed, speed, 0.5 * (lower.vn + upper.vn))
