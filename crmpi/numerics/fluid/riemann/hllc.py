"""HLLC: three waves, for gas without magnetic field."""

import math
from typing import NamedTuple

from crmpi.jit import device
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
    # differences of like terms: a mirror image has the same number, with the other sign
    momentum = (rel_u * upper.vn - rel_l * lower.vn) + (lower.press - upper.press)
    return slowest, momentum / (rel_u - rel_l), fastest


@face_flux.option(HLLC)
def riemann_hllc(solver, bn, speeds, lower, upper):
    """Return the flux of the state that lies on the face.

    Behind an outer wave the flux that its jump leaves, F_K + S_K (U*_K - U_K), is the physical flux
    of the state there (Batten et al. 1997): the state is picked, and its flux formed once. No
    branches: one side of the contact is picked, then what lies ahead of its wave or behind it.
    """
    s_l, contact, s_u = speeds
    star_press = 0.5 * (_behind(lower, s_l, contact) + _behind(upper, s_u, contact))

    below = contact >= 0.0  # the face lies below the contact
    dens = lower.dens if below else upper.dens
    vn = lower.vn if below else upper.vn
    vt1 = lower.vt1 if below else upper.vt1
    vt2 = lower.vt2 if below else upper.vt2
    press = lower.press if below else upper.press
    eint = lower.eint if below else upper.eint
    outer = s_l if below else s_u

    rel = outer - vn
    width = 1.0 / (outer - contact)
    compression = rel * width
    energy = eint + 0.5 * dens * (vn * vn + vt1 * vt1 + vt2 * vt2)
    star_energy = (rel * energy - press * vn + star_press * contact) * width

    inside = outer < 0.0 if below else outer > 0.0
    velocity = contact if inside else vn
    total = star_press if inside else press
    mass = velocity * (dens * compression if inside else dens)
    return FaceFlux(
        mass,
        mass * velocity + total,
        mass * vt1,
        mass * vt2,
        velocity * ((star_energy if inside else energy) + total),
        0.0,
        0.0,
        velocity,
        velocity if below else 0.0,
        0.0 if below else velocity,
        compression if inside else 1.0,
    )


@device
def _behind(s, outer, contact):
    """Return the pressure behind the outer wave of one side."""
    return s.press + s.dens * (outer - s.vn) * (contact - s.vn)
