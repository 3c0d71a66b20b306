"""HLLE: two waves."""

from typing import NamedTuple

from crmpi.numerics.fluid.riemann.base import (
    davis,
    face_flux,
    fast_speed,
    signal_speeds,
    two_wave_flux,
)


class HLLE(NamedTuple):
    """Two-wave solver of Harten, Lax & van Leer (1983) with the signal speeds of Davis (1988)."""

    fields = (True, False)  # with and without magnetic field


@signal_speeds.option(HLLE)
def speeds_hlle(solver, bn, lower, upper):
    """Return the speeds of Davis; the middle one is the one that carries a uniform passenger."""
    slowest, fastest = davis(lower, upper, fast_speed(bn, lower), fast_speed(bn, upper))
    slowest, fastest = min(slowest, 0.0), max(fastest, 0.0)
    return slowest, (fastest * lower.vn - slowest * upper.vn) / (fastest - slowest), fastest


@face_flux.option(HLLE)
def riemann_hlle(solver, bn, speeds, lower, upper):
    """Return the two-wave flux."""
    return two_wave_flux(bn, lower, upper, speeds)
