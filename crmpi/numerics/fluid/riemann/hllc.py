"""HLLC: three waves, for gas without magnetic field."""

import math
from typing import NamedTuple

from crmpi.numerics.fluid.riemann.base import FaceFlux, davis, face_flux, signal_speeds


class HLLC(NamedTuple):
    """Three-wave solver with the contact (Toro, Spruce & Speares 1994; Batten et al. 1997), signal
    speeds of Davis (1988)."""

    fields = (False,)  # only without magnetic field


@signal_speeds.option(HLLC)
def speeds_hllc(solver, bn, lower, upper):
    slowest, fastest = davis(
        lower,
        upper,
        math.sqrt(lower.stiffness / lower.dens),
        math.sqrt(upper.stiffness / upper.dens),
    )
    rel_l = lower.dens * (slowest - lower.vn)
    rel_u = upper.dens * (fastest - upper.vn)
    momentum = rel_u * upper.vn - rel_l * lower.vn - upper.press + lower.press
    return slowest, momentum / (rel_u - rel_l), fastest


@face_flux.option(HLLC)
def riemann_hllc(solver, bn, speeds, lower, upper):
    """Return F = F_K + S'_K (U*_K - U_K) on the side K of the contact the face lies on, S'_K the
    outer speed clipped at zero.

    No branches: both sides are prepared, one is picked.
    """
    s_l, contact, s_u = speeds
    rel_l = lower.dens * (s_l - lower.vn)  # mass flux through the outer waves
    rel_u = upper.dens * (s_u - upper.vn)
    star_press = 0.5 * (
        (lower.press + rel_l * (contact - lower.vn)) + (upper.press + rel_u * (contact - upper.vn))
    )

    below = contact >= 0.0  # the face lies below the contact
    dens = lower.dens if below else upper.dens
    vn = lower.vn if below else upper.vn
    vt1 = lower.vt1 if below else upper.vt1
    vt2 = lower.vt2 if below else upper.vt2
    press = lower.press if below else upper.press
    eint = lower.eint if below else upper.eint
    rel = rel_l if below else rel_u
    outer = s_l if below else s_u

    clipped = min(s_l, 0.0) if below else max(s_u, 0.0)
    width = 1.0 / (outer - contact)
    star_dens = rel * width
    energy = eint + 0.5 * dens * (vn * vn + vt1 * vt1 + vt2 * vt2)
    star_energy = ((outer - vn) * energy - press * vn + star_press * contact) * width
    mass = dens * vn
    more = clipped * (star_dens - dens)

    subsonic = clipped != 0.0
    velocity = contact if subsonic else vn
    flux_dens = mass + more
    return FaceFlux(
        flux_dens,
        mass * vn + press + clipped * (star_dens * contact - mass),
        flux_dens * vt1,
        flux_dens * vt2,
        (energy + press) * vn + clipped * (star_energy - energy),
        0.0,
        0.0,
        velocity,
        velocity if below else 0.0,
        0.0 if below else velocity,
        star_dens / dens if subsonic else 1.0,
    )
