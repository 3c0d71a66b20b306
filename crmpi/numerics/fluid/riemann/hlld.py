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


class _Across(NamedTuple):
    """Transverse velocity and field."""

    vt1: float
    vt2: float
    bt1: float
    bt2: float


class _Own(NamedTuple):
    """The side of the contact on which the face lies."""

    dens: float
    vn: float
    total: float  # total pressure
    energy: float  # total energy density
    given: _Across  # ahead of the fast wave
    outer: float  # speed of the fast wave
    star: _Across  # behind it


@device
def _fast_speed(bnsq, btsq, stiffness, inverse_dens):
    """Return the fast speed, given 1/dens."""
    total = bnsq + btsq + stiffness
    difference = bnsq + btsq - stiffness
    return math.sqrt(
        0.5 * (total + math.sqrt(difference * difference + 4.0 * stiffness * btsq)) * inverse_dens
    )


@signal_speeds.option(HLLD)
def speeds_hlld(solver, bn, lower, upper):
    """Return the speeds of Davis and of the contact; one division for both fast speeds."""
    bnsq = bn * bn
    r = 1.0 / (lower.dens * upper.dens)
    cl = _fast_speed(
        bnsq, lower.bt1 * lower.bt1 + lower.bt2 * lower.bt2, lower.stiffness, r * upper.dens
    )
    cu = _fast_speed(
        bnsq, upper.bt1 * upper.bt1 + upper.bt2 * upper.bt2, upper.stiffness, r * lower.dens
    )
    slowest, fastest = davis(lower, upper, cl, cu)
    total_l = lower.press + _magnetic_pressure(bnsq, lower)
    total_u = upper.press + _magnetic_pressure(bnsq, upper)
    mass_l = lower.dens * (lower.vn - slowest)
    mass_u = upper.dens * (fastest - upper.vn)
    momentum = (mass_u * upper.vn + mass_l * lower.vn) + (total_l - total_u)
    return slowest, momentum / (mass_u + mass_l), fastest


@device
def _magnetic_pressure(bnsq, s):
    return 0.5 * (bnsq + (s.bt1 * s.bt1 + s.bt2 * s.bt2))


@face_flux.option(HLLD)
def riemann_hlld(solver, bn, speeds, lower, upper):
    """Return the flux of the state that lies on the face.

    Between two waves the flux that the jumps leave, F_K + S (U*_K - U_K) and so on (Miyoshi &
    Kusano 2005, eqs. 64-65), is the physical flux of the state there with the total pressure p_T*
    of all of them: the state is picked, and its flux formed once. No branches: both sides are
    prepared and one is picked. What the loop takes is set by its longest chain of divisions and
    roots, so that each begins as early as it can: sqrt(rho*) = sqrt(m w)/w with the mass m that
    the fast wave sweeps up and its distance w from the contact.
    """
    bnsq = bn * bn
    s_l, contact, s_u = speeds
    magnetic_l = _magnetic_pressure(bnsq, lower)
    magnetic_u = _magnetic_pressure(bnsq, upper)
    total_l = lower.press + magnetic_l
    total_u = upper.press + magnetic_u
    rel_l = lower.vn - s_l
    rel_u = s_u - upper.vn
    mass_l = lower.dens * rel_l  # mass that the fast waves sweep up
    mass_u = upper.dens * rel_u
    below = contact >= 0.0
    gain_l = contact - lower.vn
    gain_u = contact - upper.vn
    star_total = 0.5 * ((total_l - mass_l * gain_l) + (total_u + mass_u * gain_u))

    width_l = contact - s_l
    width_u = s_u - contact
    swept_l = mass_l * width_l
    swept_u = mass_u * width_u
    tiny = _SMALL * star_total
    denominator_l = swept_l - bnsq
    denominator_u = swept_u - bnsq
    degenerate_l = abs(denominator_l) < tiny
    degenerate_u = abs(denominator_u) < tiny
    denominator_l = 1.0 if degenerate_l else denominator_l
    denominator_u = 1.0 if degenerate_u else denominator_u
    r = 1.0 / (denominator_l * denominator_u)
    star_l = _behind_fast_wave(
        bn, lower, rel_l * mass_l - bnsq, gain_l, r * denominator_u, degenerate_l
    )
    star_u = _behind_fast_wave(
        bn, upper, rel_u * mass_u - bnsq, gain_u, r * denominator_l, degenerate_u
    )

    # shares of sqrt(rho*), and 1/(their sum)
    root_l = math.sqrt(swept_l)
    root_u = math.sqrt(swept_u)
    share_l = root_l * width_u
    share_u = root_u * width_l
    r = 1.0 / (share_l + share_u)
    sign = math.copysign(1.0, bn)
    twist = (
        (share_u if below else -share_l) * r,
        sign * ((width_l * width_u) * r),
    )
    jump1 = twist[0] * (star_u.vt1 - star_l.vt1) + twist[1] * (star_u.bt1 - star_l.bt1)
    jump2 = twist[0] * (star_u.vt2 - star_l.vt2) + twist[1] * (star_u.bt2 - star_l.bt2)

    dens = lower.dens if below else upper.dens
    vn = lower.vn if below else upper.vn
    vt1 = lower.vt1 if below else upper.vt1
    vt2 = lower.vt2 if below else upper.vt2
    eint = lower.eint if below else upper.eint
    magnetic = magnetic_l if below else magnetic_u
    own = _Own(
        dens,
        vn,
        total_l if below else total_u,
        eint + 0.5 * dens * (vn * vn + vt1 * vt1 + vt2 * vt2) + magnetic,
        _Across(
            vt1,
            vt2,
            lower.bt1 if below else upper.bt1,
            lower.bt2 if below else upper.bt2,
        ),
        s_l if below else s_u,
        _Across(
            star_l.vt1 if below else star_u.vt1,
            star_l.vt2 if below else star_u.vt2,
            star_l.bt1 if below else star_u.bt1,
            star_l.bt2 if below else star_u.bt2,
        ),
    )
    root = root_l if below else root_u  # sqrt(rho*), with the sign of the wave, times the width
    return _flux_at_face(bn, bnsq, below, contact, star_total, sign * root, (jump1, jump2), own)


@device
def _behind_fast_wave(bn, s, difference, gain, inverse, degenerate):
    """Return velocity and field behind the fast wave: v* = v - a B_t, B_t* = b B_t (Miyoshi &
    Kusano 2005, eqs. 44-47).

    ``inverse`` is 1/(mass width - bn**2), which is singular (`degenerate`) where fast and Alfven
    wave coincide.
    """
    a = 0.0 if degenerate else bn * gain * inverse
    b = 1.0 if degenerate else difference * inverse
    return _Across(s.vt1 - s.bt1 * a, s.vt2 - s.bt2 * a, s.bt1 * b, s.bt2 * b)


@device
def _flux_at_face(bn, bnsq, below, contact, star_total, root, jump, own):
    """Return the physical flux of the state of the fan that lies at the face.

    An Alfven wave changes the velocity by `jump` and the field by that times sqrt(rho*) sign(bn).
    However weak the normal field is, the waves must be there: without them -bn (v.B) is the energy
    flux through a wall at which the field turns around.
    """
    given, star = own.given, own.star
    width = 1.0 / (own.outer - contact)
    rel = own.outer - own.vn
    star_dens = own.dens * rel * width
    root = root * -width  # of a wave to the left or to the right
    vb = given.vt1 * given.bt1 + given.vt2 * given.bt2
    star_vb = star.vt1 * star.bt1 + star.vt2 * star.bt2
    star_energy = (
        (rel * own.energy - own.total * own.vn + star_total * contact)
        + bn * ((own.vn - contact) * bn + vb - star_vb)
    ) * width

    twisted = contact * abs(root) < abs(bn) if below else -contact * abs(root) < abs(bn)
    jump1 = jump[0] if twisted else 0.0
    jump2 = jump[1] if twisted else 0.0
    mid_vt1 = star.vt1 + jump1
    mid_vt2 = star.vt2 + jump2
    mid_bt1 = star.bt1 + root * jump1
    mid_bt2 = star.bt2 + root * jump2
    mid_vb = mid_vt1 * mid_bt1 + mid_vt2 * mid_bt2
    mid_energy = star_energy + root * (mid_vb - star_vb)

    inside = own.outer < 0.0 if below else own.outer > 0.0
    velocity = contact if inside else own.vn
    mass = velocity * (star_dens if inside else own.dens)
    total = star_total if inside else own.total
    vt1 = mid_vt1 if inside else given.vt1
    vt2 = mid_vt2 if inside else given.vt2
    bt1 = mid_bt1 if inside else given.bt1
    bt2 = mid_bt2 if inside else given.bt2
    energy = mid_energy if inside else own.energy
    return FaceFlux(
        mass,
        mass * velocity + total - bnsq,
        mass * vt1 - bn * bt1,
        mass * vt2 - bn * bt2,
        velocity * (energy + total - bnsq) - bn * (mid_vb if inside else vb),
        bt1 * velocity - bn * vt1,
        bt2 * velocity - bn * vt2,
        velocity,
        velocity if below else 0.0,
        0.0 if below else velocity,
        star_dens / own.dens if inside else 1.0,
    )
