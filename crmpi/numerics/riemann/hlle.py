"""HLLE: two waves."""

from typing import NamedTuple

from crmpi.numerics.riemann.base import face_flux, fast_speed, two_wave_flux


class HLLE(NamedTuple):
    """Two-wave solver of Harten, Lax & van Leer (1983) with the signal speeds of Davis (1988)."""

    fields = (True, False)  # with and without magnetic field


@face_flux.option(HLLE)
def riemann_hlle(solver, bn, lower, upper):
    """Return the two-wave flux; the face velocity is the one that carries a uniform passenger."""
    cl = fast_speed(bn, lower)
    cu = fast_speed(bn, upper)
    slowest = min(min(lower.vn - cl, upper.vn - cu), 0.0)
    fastest = max(max(lower.vn + cl, upper.vn + cu), 0.0)
    velocity = (fastest * lower.vn - slowest * upper.vn) / (fastest - slowest)
    return two_wave_flux(bn, lower, upper, slowest, fastest, velocity)
