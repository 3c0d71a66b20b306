"""HLLD: five waves, for magnetised gas."""

import math
from typing import NamedTuple

from crmpi.jit import device
from crmpi.numerics.fluid.riemann.base import FaceFlux, davis, face_flux, signal_speeds
from crmpi.numerics.fused import fused

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


class _Side(NamedTuple):
    """One side of the fan; speeds and widths are positive on both."""

    field_sq: float  # square of the magnetic field
    total: float  # total pressure
    rel: float  # speed of the fluid through the fast wave
    mass: float  # mass that the fast wave sweeps up
    gain: float  # what it adds to the normal velocity
    width: float  # speed of the fast wave relative to the contact
    swept: float  # mass times width


class _Own(NamedTuple):
    """The side of the contact on which the face lies."""

    dens: float
    vn: float
    total: float
    energy: float  # total energy density
    given: _Across  # ahead of the fast wave
    outer: float  # speed of the fast wave
    star: _Across  # behind it
    root: float  # sqrt(swept) sign(bn)


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
    prepared and one is picked. What a face takes is set by its longest chain of divisions and
    roots, so that each of them begins as early as it can.
    """
    bnsq = bn * bn
    s_l, contact, s_u = speeds
    below = contact >= 0.0
    l = _side(bnsq, lower, lower.vn - s_l, contact, contact - s_l)
    u = _side(bnsq, upper, s_u - upper.vn, contact, s_u - contact)
    star_total = 0.5 * (fused(-l.mass, l.gain, l.total) + fused(u.mass, u.gain, u.total))
    tiny = _SMALL * star_total
    degenerate_l = abs(l.swept - bnsq) < tiny
    degenerate_u = abs(u.swept - bnsq) < tiny
    denominator_l = 1.0 if degenerate_l else l.swept - bnsq
    denominator_u = 1.0 if degenerate_u else u.swept - bnsq
    r = 1.0 / (denominator_l * denominator_u)
    star_l = _behind_fast_wave(bn, lower, l, r * denominator_u, degenerate_l)
    star_u = _behind_fast_wave(bn, upper, u, r * denominator_l, degenerate_u)

    root_l = math.sqrt(l.swept)
    root_u = math.sqrt(u.swept)
    sign = math.copysign(1.0, bn)
    jump = _at_alfven_wave(
        below, sign, root_l * u.width, root_u * l.width, l.width * u.width, star_l, star_u
    )
    dens = lower.dens if below else upper.dens
    vn = lower.vn if below else upper.vn
    given = _pick(below, _across(lower), _across(upper))
    eint = lower.eint if below else upper.eint
    speed_sq = fused(vn, vn, given.vt1 * given.vt1 + given.vt2 * given.vt2)
    own = _Own(
        dens,
        vn,
        l.total if below else u.total,
        fused(0.5, fused(dens, speed_sq, l.field_sq if below else u.field_sq), eint),
        given,
        s_l if below else s_u,
        _pick(below, star_l, star_u),
        sign * (root_l if below else root_u),
    )
    return _flux_at_face(bn, below, contact, star_total, jump, own)


@device
def _side(bnsq, s, rel, contact, width):
    """Return what follows for one side from its outer wave."""
    field_sq = bnsq + (s.bt1 * s.bt1 + s.bt2 * s.bt2)
    total = fused(0.5, field_sq, s.press)
    mass = s.dens * rel
    return _Side(field_sq, total, rel, mass, contact - s.vn, width, mass * width)


@device
def _across(s):
    return _Across(s.vt1, s.vt2, s.bt1, s.bt2)


@device
def _pick(below, l, u):
    """Return the one of two transverse states that is on the side of the face."""
    return _Across(
        l.vt1 if below else u.vt1,
        l.vt2 if below else u.vt2,
        l.bt1 if below else u.bt1,
        l.bt2 if below else u.bt2,
    )


@device
def _behind_fast_wave(bn, s, side, inverse, degenerate):
    """Return velocity and field behind the fast wave: v* = v - a B_t, B_t* = b B_t (Miyoshi &
    Kusano 2005, eqs. 44-47).

    ``inverse`` is 1/(swept - bn**2), which is singular (`degenerate`) where fast and Alfven wave
    coincide.
    """
    a = 0.0 if degenerate else bn * side.gain * inverse
    b = 1.0 if degenerate else (side.rel * side.mass - bn * bn) * inverse
    return _Across(fused(-s.bt1, a, s.vt1), fused(-s.bt2, a, s.vt2), s.bt1 * b, s.bt2 * b)


@device
def _at_alfven_wave(below, sign, share_l, share_u, product, star_l, star_u):
    """Return the jumps of the two transverse velocities at the Alfven wave on the side of the face
    (Miyoshi & Kusano 2005, eqs. 59-60).

    sqrt(rho*) = root/width of either side, here over a common denominator: ``share`` over the
    `product` of the widths.
    """
    r = 1.0 / (share_l + share_u)
    of_velocity = (share_u if below else -share_l) * r
    of_field = sign * (product * r)
    return (
        fused(of_velocity, star_u.vt1 - star_l.vt1, of_field * (star_u.bt1 - star_l.bt1)),
        fused(of_velocity, star_u.vt2 - star_l.vt2, of_field * (star_u.bt2 - star_l.bt2)),
    )


@device
def _flux_at_face(bn, below, contact, star_total, jump, own):
    """Return the physical flux of the state of the fan that lies at the face.

    An Alfven wave changes the velocity by `jump` and the field by that times sqrt(rho*) sign(bn).
    However weak the normal field is, the waves must be there: without them -bn (v.B) is the energy
    flux through a wall at which the field turns around.
    """
    bnsq = bn * bn
    given, star = own.given, own.star
    width = 1.0 / (own.outer - contact)
    rel = own.outer - own.vn
    compression = rel * width
    star_dens = own.dens * compression
    root = own.root * -width  # sqrt(rho*) sign(bn), negative above the contact
    vb = given.vt1 * given.bt1 + given.vt2 * given.bt2
    star_vb = star.vt1 * star.bt1 + star.vt2 * star.bt2
    work = fused(star_total, contact, fused(-own.total, own.vn, rel * own.energy))
    star_energy = fused(bn, fused(own.vn - contact, bn, vb - star_vb), work) * width

    twisted = abs(contact * root) < abs(bn)  # the face lies behind the Alfven wave
    jump1 = jump[0] if twisted else 0.0
    jump2 = jump[1] if twisted else 0.0
    mid_vt1 = star.vt1 + jump1
    mid_vt2 = star.vt2 + jump2
    mid_bt1 = fused(root, jump1, star.bt1)
    mid_bt2 = fused(root, jump2, star.bt2)
    mid_vb = mid_vt1 * mid_bt1 + mid_vt2 * mid_bt2
    mid_energy = fused(root, mid_vb - star_vb, star_energy)

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
        compression if inside else 1.0,
    )
