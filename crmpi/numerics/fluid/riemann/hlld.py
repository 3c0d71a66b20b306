"""HLLD: five waves, for magnetised gas."""

import math
from typing import NamedTuple

from crmpi.jit import device
from crmpi.numerics.fluid.riemann.base import FaceFlux, davis, face_flux, signal_speeds

_SMALL = 1e-8  # relative size under which a star state is degenerate (Mignone 2007)


class HLLD(NamedTuple):
    """Five-wave solver with contact and Alfven waves (Miyoshi & Kusano 2005), signal speeds of
    Davis (1988)."""

    fields = (True,)  # only with magnetic field


class _Side(NamedTuple):
    """One side of the fan: the given state, the outer wave, and the star state behind it."""

    dens: float
    vn: float
    vt1: float
    vt2: float
    bt1: float
    bt2: float
    eint: float
    total: float  # total pressure
    outer: float  # speed of the fast wave
    rel: float  # outer - vn
    width: float  # 1/(outer - contact)
    star_dens: float
    star_root: float  # sqrt(star_dens)
    star_vt1: float
    star_vt2: float
    star_bt1: float
    star_bt2: float


@device
def _fast_speed(bnsq, btsq, stiffness, inverse_dens):
    """Return the fast speed, given 1/dens."""
    total = bnsq + btsq + stiffness
    difference = bnsq + btsq - stiffness
    return math.sqrt(
        0.5 * (total + math.sqrt(difference * difference + 4.0 * stiffness * btsq)) * inverse_dens
    )


@device
def _star_factors(bn, mass, rel, to_contact, inverse, degenerate):
    """Return the factors a, b of v* = v - a B_t and B_t* = b B_t behind the fast wave (Miyoshi &
    Kusano 2005, eqs. 44-47).

    ``inverse`` is 1/(mass to_contact - bn**2), which is singular (`degenerate`) where fast and
    Alfven wave coincide.
    """
    a = bn * (rel - to_contact) * inverse
    b = (mass * rel - bn * bn) * inverse
    return 0.0 if degenerate else a, 1.0 if degenerate else b


@signal_speeds.option(HLLD)
def speeds_hlld(solver, bn, lower, upper):
    """Return the speeds of Davis; one division for both sides."""
    bnsq = bn * bn
    r = 1.0 / (lower.dens * upper.dens)
    cl = _fast_speed(
        bnsq, lower.bt1 * lower.bt1 + lower.bt2 * lower.bt2, lower.stiffness, r * upper.dens
    )
    cu = _fast_speed(
        bnsq, upper.bt1 * upper.bt1 + upper.bt2 * upper.bt2, upper.stiffness, r * lower.dens
    )
    return davis(lower, upper, cl, cu)


@face_flux.option(HLLD)
def riemann_hlld(solver, bn, speeds, lower, upper):
    """Return F = F_K + S'_K (U*_K - U_K) + S*'_K (U** - U*_K) on the side K of the contact the face
    lies on.

    S' and S*' are the fast and Alfven speeds clipped at zero. Both sides are prepared and one is
    picked: no branches. Reciprocals are shared in pairs because division and square root set the
    pace.
    """
    bnsq = bn * bn
    btsq_l = lower.bt1 * lower.bt1 + lower.bt2 * lower.bt2
    btsq_u = upper.bt1 * upper.bt1 + upper.bt2 * upper.bt2
    s_l, s_u = speeds
    total_l = lower.press + 0.5 * (bnsq + btsq_l)
    total_u = upper.press + 0.5 * (bnsq + btsq_u)
    rel_l = s_l - lower.vn
    rel_u = s_u - upper.vn
    mass_l = lower.dens * rel_l  # mass flux through the fast waves
    mass_u = upper.dens * rel_u
    contact = (mass_u * upper.vn - mass_l * lower.vn - total_u + total_l) / (mass_u - mass_l)
    to_contact_l = s_l - contact
    to_contact_u = s_u - contact
    r = 1.0 / (to_contact_l * to_contact_u)
    width_l = r * to_contact_u
    width_u = r * to_contact_l
    star_dens_l = mass_l * width_l
    star_dens_u = mass_u * width_u
    star_total = 0.5 * (
        (total_l + mass_l * (contact - lower.vn)) + (total_u + mass_u * (contact - upper.vn))
    )

    tiny = _SMALL * star_total
    denominator_l = mass_l * to_contact_l - bnsq
    denominator_u = mass_u * to_contact_u - bnsq
    degenerate_l = abs(denominator_l) < tiny
    degenerate_u = abs(denominator_u) < tiny
    denominator_l = 1.0 if degenerate_l else denominator_l
    denominator_u = 1.0 if degenerate_u else denominator_u
    r = 1.0 / (denominator_l * denominator_u)
    a, b = _star_factors(bn, mass_l, rel_l, to_contact_l, r * denominator_u, degenerate_l)
    side_l = _Side(
        lower.dens,
        lower.vn,
        lower.vt1,
        lower.vt2,
        lower.bt1,
        lower.bt2,
        lower.eint,
        total_l,
        s_l,
        rel_l,
        width_l,
        star_dens_l,
        math.sqrt(star_dens_l),
        lower.vt1 - lower.bt1 * a,
        lower.vt2 - lower.bt2 * a,
        lower.bt1 * b,
        lower.bt2 * b,
    )
    a, b = _star_factors(bn, mass_u, rel_u, to_contact_u, r * denominator_l, degenerate_u)
    side_u = _Side(
        upper.dens,
        upper.vn,
        upper.vt1,
        upper.vt2,
        upper.bt1,
        upper.bt2,
        upper.eint,
        total_u,
        s_u,
        rel_u,
        width_u,
        star_dens_u,
        math.sqrt(star_dens_u),
        upper.vt1 - upper.bt1 * a,
        upper.vt2 - upper.bt2 * a,
        upper.bt1 * b,
        upper.bt2 * b,
    )
    return _sample(bn, side_l, side_u, contact, star_total)


@device
def _sample(bn, l, u, contact, star_total):
    """Return the flux of the prepared fan at the face.

    What the Alfven waves contribute vanishes with the normal field. However weak it is, they must
    be there: without them -bn (v.B) is the energy flux through a wall at which the field turns
    around.
    """
    below = contact >= 0.0
    sign = math.copysign(1.0, bn)
    root_sum = l.star_root + u.star_root
    root = l.star_root if below else -u.star_root
    r = 1.0 / (root_sum * root)
    inverse_sum = r * root
    alfven = contact - abs(bn) * (r * root_sum)
    product = sign * (l.star_root * u.star_root)
    mid_vt1 = inverse_sum * (
        l.star_root * l.star_vt1 + u.star_root * u.star_vt1 + sign * (u.star_bt1 - l.star_bt1)
    )
    mid_vt2 = inverse_sum * (
        l.star_root * l.star_vt2 + u.star_root * u.star_vt2 + sign * (u.star_bt2 - l.star_bt2)
    )
    mid_bt1 = inverse_sum * (
        l.star_root * u.star_bt1 + u.star_root * l.star_bt1 + product * (u.star_vt1 - l.star_vt1)
    )
    mid_bt2 = inverse_sum * (
        l.star_root * u.star_bt2 + u.star_root * l.star_bt2 + product * (u.star_vt2 - l.star_vt2)
    )

    dens = l.dens if below else u.dens
    vn = l.vn if below else u.vn
    vt1 = l.vt1 if below else u.vt1
    vt2 = l.vt2 if below else u.vt2
    bt1 = l.bt1 if below else u.bt1
    bt2 = l.bt2 if below else u.bt2
    eint = l.eint if below else u.eint
    total = l.total if below else u.total
    rel = l.rel if below else u.rel
    width = l.width if below else u.width
    star_dens = l.star_dens if below else u.star_dens
    star_vt1 = l.star_vt1 if below else u.star_vt1
    star_vt2 = l.star_vt2 if below else u.star_vt2
    star_bt1 = l.star_bt1 if below else u.star_bt1
    star_bt2 = l.star_bt2 if below else u.star_bt2

    clipped = min(l.outer, 0.0) if below else max(u.outer, 0.0)
    alfven = min(alfven, 0.0) if below else max(alfven, 0.0)
    twist = alfven * star_dens

    bnsq = bn * bn
    vb = vt1 * bt1 + vt2 * bt2
    star_vb = star_vt1 * star_bt1 + star_vt2 * star_bt2
    mid_vb = mid_vt1 * mid_bt1 + mid_vt2 * mid_bt2
    energy = (
        eint + 0.5 * dens * (vn * vn + vt1 * vt1 + vt2 * vt2) + 0.5 * (bnsq + bt1 * bt1 + bt2 * bt2)
    )
    star_energy = (
        rel * energy - total * vn + star_total * contact + bn * ((vn - contact) * bn + vb - star_vb)
    ) * width
    mass = dens * vn
    subsonic = clipped != 0.0
    velocity = contact if subsonic else vn
    return FaceFlux(
        mass + clipped * (star_dens - dens),
        mass * vn + total - bnsq + clipped * (star_dens * contact - mass),
        mass * vt1
        - bn * bt1
        + clipped * (star_dens * star_vt1 - dens * vt1)
        + twist * (mid_vt1 - star_vt1),
        mass * vt2
        - bn * bt2
        + clipped * (star_dens * star_vt2 - dens * vt2)
        + twist * (mid_vt2 - star_vt2),
        vn * (energy + total - bnsq)
        - bn * vb
        + clipped * (star_energy - energy)
        + alfven * (root * sign * (mid_vb - star_vb)),
        bt1 * vn - bn * vt1 + clipped * (star_bt1 - bt1) + alfven * (mid_bt1 - star_bt1),
        bt2 * vn - bn * vt2 + clipped * (star_bt2 - bt2) + alfven * (mid_bt2 - star_bt2),
        velocity,
        velocity if below else 0.0,
        0.0 if below else velocity,
        star_dens / dens if subsonic else 1.0,
    )
