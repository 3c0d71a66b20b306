"""Circular velocities of dark haloes of given mass and redshift, and the age of the universe: flat
LambdaCDM, NFW profiles."""

import math

import numpy as np

from crmpi.constraints.cgm import CGS, KPC, MSUN
from crmpi.errors import CrmpiError
from crmpi.params import group, make, par
from crmpi.physics.gravity import NFW

EDGES = ("bryan_norman", "200_critical", "200_mean", "table")


@group
class HaloParams:
    """What is assumed about haloes."""

    edge: str = par(
        "bryan_norman",
        choices=EDGES,
        doc="radius that encloses the halo mass; table: the radius of the table",
    )
    concentration: float = par(
        10.0, gt=0, doc="c = radius of the halo over the scale radius of its NFW profile"
    )
    hubble: float = par(70.0, unit="km/s/Mpc", gt=0, doc="H today")
    matter: float = par(0.3, gt=0, lt=1, doc="Omega_m today; the universe is flat")


def hubble_rate(z, params):
    """Return H(z) in 1/s."""
    return params.hubble * np.sqrt(params.matter * (1.0 + z) ** 3 + 1.0 - params.matter)


def matter_share(z, params):
    """Return Omega_m(z)."""
    return params.matter * (1.0 + z) ** 3 * (params.hubble / hubble_rate(z, params)) ** 2


def age(z, params):
    """Return the age of the universe at redshift `z` in seconds."""
    dark = 1.0 - params.matter
    return (
        2.0
        / (3.0 * params.hubble * math.sqrt(dark))
        * np.arcsinh(np.sqrt(dark / params.matter) * (1.0 + z) ** -1.5)
    )


def overdensity(z, params):
    """Return the mean density inside the edge of a halo over the critical density.

    Bryan & Norman 1998, ApJ 495, 80, equation 6 for a flat universe: 18 pi^2 + 82 x - 39 x^2 with x
    = Omega_m(z) - 1 (recalled).
    """
    x = matter_share(z, params) - 1.0
    known = {
        "200_critical": 200.0 + 0.0 * x,
        "200_mean": 200.0 * (1.0 + x),
        "bryan_norman": 18.0 * math.pi**2 + 82.0 * x - 39.0 * x**2,
    }
    if params.edge not in known:
        raise CrmpiError(f"halo edge '{params.edge}' has no density; choose {', '.join(known)}")
    return known[params.edge]


def edge_radius(mass, z, params):
    """Return the radius in cm that encloses `mass` (g)."""
    return np.cbrt(2.0 * CGS.G * mass / (overdensity(z, params) * hubble_rate(z, params) ** 2))


def circular_velocity(r, mass, edge, concentration):
    """Return sqrt(G M(<r)/r) in cm/s at the radius `r` of an NFW halo with `mass` inside the radius
    `edge` (cm, g)."""
    halo = NFW(
        make(NFW.Params, CGS, mass=mass / MSUN, concentration=concentration, r200=float(edge)),
        CGS.G,
    )
    return float(halo.circular_velocity(r))


def circular_velocities(rows, params):
    """Return v_c in cm/s at the impact parameters of the rows of `cos_halos.read_cos_halos`."""
    mass = 10.0 ** rows["log_mhalo_msun"] * MSUN
    edges = (
        rows["rvir_kpc"] * KPC if params.edge == "table" else edge_radius(mass, rows["z"], params)
    )
    places = zip(rows["impact_kpc"] * KPC, mass, edges, strict=True)
    return np.array([circular_velocity(r, m, edge, params.concentration) for r, m, edge in places])
