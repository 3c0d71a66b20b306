"""What Riemann solvers take and give.

Solvers see one fluid: gas and cosmic rays enter as their summed pressure and internal energy and
one sound speed, so the solvers of the literature are used as they are. How cosmic rays travel with
the fan follows from what a solver returns about it (`FaceFlux`).

Signal speeds are computed first, fluxes in a second loop: the processor overlaps two short chains
of square roots and divisions from face to face better than one long one.
"""

import math
from typing import NamedTuple

from crmpi.jit import choice, device


class State(NamedTuple):
    """Fluid on one side of a face; vectors as normal, first, second transverse component (cyclic
    order)."""

    dens: float
    vn: float
    vt1: float
    vt2: float
    press: float  # gas + cosmic rays
    stiffness: float  # density times sound speed squared: gamma Pg + gamma_cr P
    eint: float  # gas + cosmic-ray internal energy density
    bt1: float
    bt2: float


class FaceFlux(NamedTuple):
    """Fluxes through a face, and how the face carries an adiabatic passenger fluid.

    ``ener`` is the flux of gas + magnetic + cosmic-ray energy. ``velocity`` goes into P div v. The
    flux of cosmic-ray energy is (from_lower e_l + from_upper e_u) compression**gamma_cr.
    """

    dens: float
    momn: float
    mom1: float
    mom2: float
    ener: float
    bt1: float
    bt2: float
    velocity: float
    from_lower: float
    from_upper: float
    compression: float


@choice
def signal_speeds(solver, bn, lower, upper):
    """Return the speeds of the slowest signal, of the contact and of the fastest signal between the
    states below and above a face with normal field `bn`.

    Without a contact the second is the velocity through the face that goes into P div v.
    """


@choice
def face_flux(solver, bn, speeds, lower, upper):
    """Return the `FaceFlux` between the states below and above a face with normal field `bn`, given
    the `signal_speeds`."""


@device
def davis(lower, upper, cl, cu):
    """Return the signal speeds of Davis (1988) for the wave speeds `cl`, `cu` relative to the fluid
    on both sides."""
    return min(lower.vn - cl, upper.vn - cu), max(lower.vn + cl, upper.vn + cu)


@device
def fast_speed(bn, s):
    """Return the fast magnetosonic speed along the normal."""
    bnsq = bn * bn
    btsq = s.bt1 * s.bt1 + s.bt2 * s.bt2
    total = bnsq + btsq + s.stiffness
    difference = bnsq + btsq - s.stiffness
    return math.sqrt(
        0.5 * (total + math.sqrt(difference * difference + 4.0 * s.stiffness * btsq)) / s.dens
    )


@device
def conserved(bn, s):
    """Return density, momenta, total energy and transverse field."""
    kinetic = 0.5 * s.dens * (s.vn * s.vn + s.vt1 * s.vt1 + s.vt2 * s.vt2)
    magnetic = 0.5 * (bn * bn + s.bt1 * s.bt1 + s.bt2 * s.bt2)
    return (
        s.dens,
        s.dens * s.vn,
        s.dens * s.vt1,
        s.dens * s.vt2,
        s.eint + kinetic + magnetic,
        s.bt1,
        s.bt2,
    )


@device
def physical_flux(bn, s):
    """Return the fluxes of `conserved` in a uniform state."""
    mass = s.dens * s.vn
    energy = conserved(bn, s)[4]
    total = s.press + 0.5 * (bn * bn + s.bt1 * s.bt1 + s.bt2 * s.bt2)
    tension = bn * (s.vn * bn + s.vt1 * s.bt1 + s.vt2 * s.bt2)
    return (
        mass,
        mass * s.vn + total - bn * bn,
        mass * s.vt1 - bn * s.bt1,
        mass * s.vt2 - bn * s.bt2,
        (energy + total) * s.vn - tension,
        s.bt1 * s.vn - bn * s.vt1,
        s.bt2 * s.vn - bn * s.vt2,
    )


@device
def two_wave_flux(bn, lower, upper, speeds):
    """Return the flux of the two-wave fan with `speeds` slowest <= 0 <= fastest (Harten, Lax & van
    Leer 1983).

    Cosmic rays are averaged like every other conserved variable, so nothing is compressed.
    """
    slowest, velocity, fastest = speeds
    width = fastest - slowest
    below = fastest / width
    above = -slowest / width
    jump = slowest * fastest / width
    ul = conserved(bn, lower)
    uu = conserved(bn, upper)
    fl = physical_flux(bn, lower)
    fu = physical_flux(bn, upper)
    return FaceFlux(
        below * fl[0] + above * fu[0] + jump * (uu[0] - ul[0]),
        below * fl[1] + above * fu[1] + jump * (uu[1] - ul[1]),
        below * fl[2] + above * fu[2] + jump * (uu[2] - ul[2]),
        below * fl[3] + above * fu[3] + jump * (uu[3] - ul[3]),
        below * fl[4] + above * fu[4] + jump * (uu[4] - ul[4]),
        below * fl[5] + above * fu[5] + jump * (uu[5] - ul[5]),
        below * fl[6] + above * fu[6] + jump * (uu[6] - ul[6]),
        velocity,
        below * lower.vn - jump,
        above * upper.vn + jump,
        1.0,
    )
