"""Galaxies that cannot be: one sentence each, before anything runs."""

import numpy as np

from crmpi.api import CrmpiError

COARSEST = 0.5
"""Height of cells over the thickness of the disc (column over density in the plane) beyond which
there is no disc to speak of."""

DENSER = 10.0
"""Times that gas of the disc may become denser than in the balance of the start."""

RIM = 0.9
"""Of the radius and height of the disc, where its gas is thin: what holds it must reach so far."""

PEAK = 2.15
"""Radius, in scales of an exponential disc, where its own gravity asks for the fastest rotation,
v^2 = 0.387 G M/r_d (Freeman 1970)."""


def refuse(what):
    """Raise the error that every rank finds."""
    raise CrmpiError(f"isolated_galaxy: {what}", everywhere=True)


def check_gravity(galaxy):
    """The galaxy turns about the x3 axis through the origin, in a potential that has a centre
    there."""
    components = galaxy.potential.gravity.components
    if galaxy.units.dimensionless:
        refuse("a galaxy has physical units; set units.system=galactic")
    if "nfw" not in components:
        refuse("a halo of gas needs the pull of a dark one; set gravity.nfw")
    for name, component in components.items():
        centre, plane = (
            getattr(component.p, "center", None),
            getattr(component.p, "plane_radius", None),
        )
        if name == "uniform" or (centre is not None and any(centre)) or plane is not None:
            refuse(
                f"'gravity.{name}' has no axis through the origin; leave it out, or its center "
                "and plane_radius"
            )


def check_halo(galaxy):
    """The gas of the halo has a positive temperature everywhere, and is hotter than the disc."""
    p, mesh, kelvin = (
        galaxy.p,
        galaxy.config.mesh,
        galaxy.units.m_p * galaxy.config.fluid.mu / galaxy.units.k_B,
    )
    far = [max(abs(low), abs(high)) for low, high in zip(mesh.lower, mesh.upper, strict=True)]
    lowest = galaxy.halo.c2(np.hypot(far[0], far[1]), far[2]) * kelvin
    if not lowest > 0.0:
        refuse(
            f"a halo of 'problem.halo_temp' = {p.halo_temp:.3g} K at "
            f"{kpc(galaxy, p.halo_radius)} with 'problem.halo_index' = "
            f"{p.halo_index:g} ends inside of the mesh, without balance; raise the temperature, "
            "or lower the index towards 1"
        )
    if p.disc_mass > 0.0 and lowest <= p.disc_temp:
        refuse(
            f"the halo is as cold as {lowest:.3g} K, the disc has 'problem.disc_temp' = "
            f"{p.disc_temp:.3g} K; raise 'problem.halo_temp'"
        )


def check_disc(galaxy):
    """The potential can hold the disc, the mesh can see it, cooling leaves it what holds it, and
    it can form stars."""
    _check_pressure(galaxy)
    _check_weight(galaxy)
    _check_cells(galaxy)
    _check_cooling(galaxy)
    _check_stars(galaxy)


def _check_pressure(galaxy):
    """The pressure of the disc does not push harder than gravity pulls."""
    disc, p = galaxy.disc, galaxy.p
    flying = (disc.velocity < 0.0) & (0.5 * p.disc_radius < disc.R) & (disc.edge > disc.R)
    if flying.any():
        where = kpc(galaxy, disc.R[flying][0])
        refuse(
            f"at R = {where} the pressure of a disc of 'problem.disc_temp' = {p.disc_temp:.3g} "
            "K pushes harder than gravity pulls; "
            "lower the temperature, or give the groups of 'gravity' more mass"
        )


def _check_weight(galaxy):
    """The gravity of the disc itself, which the run leaves out, is below that of the potential."""
    p, units = galaxy.p, galaxy.units
    own = 0.387 * units.G * p.disc_mass / p.disc_radius
    given = float(galaxy.potential.circular_velocity2(PEAK * p.disc_radius))
    if own > given:
        own, given = (units.from_code(np.sqrt(v2), "km/s") for v2 in (own, given))
        refuse(
            f"a disc of 'problem.disc_mass' = {units.from_code(p.disc_mass, 'Msun'):.3g} Msun "
            "is heavier than its rotation allows: its own "
            f"gravity asks for {own:.0f} km/s at {PEAK:g} r_d, where the potential gives "
            f"{given:.0f} km/s; lower disc_mass, or raise disc_radius"
        )


def _check_cells(galaxy):
    """Cells in the middle of the disc's mass are not much higher than the disc."""
    p, mesh = galaxy.p, galaxy.config.mesh
    radius = 1.68 * p.disc_radius  # of half the mass
    level = level_at(mesh, (radius, 0.0, 0.0))
    height = (mesh.upper[2] - mesh.lower[2]) / mesh.cells[2] / 2**level
    thickness = galaxy.disc.thickness_at(radius)
    if height > COARSEST * thickness:
        refuse(
            f"cells of {kpc(galaxy, height)} at R = {kpc(galaxy, radius)} are too large for a "
            f"disc {kpc(galaxy, thickness)} thick; refine "
            f"there to {kpc(galaxy, COARSEST * thickness)} or less ('mesh.refinement.regions'), "
            "or set problem.disc_mass=0"
        )


def _check_cooling(galaxy):
    """Gas of the disc keeps at least half of its temperature when it cools, out to where it is
    thin: else the disc collapses, and the halo falls after it."""
    cooling, disc, p = galaxy.config.cooling, galaxy.disc, galaxy.p
    if not cooling.enabled:
        return
    for R, z in ((RIM * disc.edge, 0.0), (0.0, RIM * disc.top)):
        lowest = cooling.temp_floor
        if cooling.dense_temp is not None and cooling.dense_radius > R and cooling.dense_height > z:
            dens, c2 = galaxy.halo.state(R, z)
            thinnest = float(dens * c2 * galaxy.halo.whole / disc.s2)  # as at the contact
            lowest = min(cooling.dense_temp, lowest * max(thinnest / cooling.dense_above, 1.0))
        if lowest < 0.5 * p.disc_temp:
            refuse(
                f"at (R, z) = ({kpc(galaxy, R)}, {kpc(galaxy, z)}) cooling lets a disc of "
                f"'problem.disc_temp' = {p.disc_temp:.3g} K fall to {lowest:.3g} K, and it "
                "collapses; set cooling.dense_temp to the same, cooling.dense_above below the "
                "density there, and dense_radius and dense_height beyond"
            )


def _check_stars(galaxy):
    """Some gas can become as dense as star formation wants it."""
    stars = galaxy.config.star_formation
    densest, unit = float(np.exp(galaxy.disc.ln_plane.max())), galaxy.units.factor("m_p/cm^3")
    if stars.enabled and stars.threshold > DENSER * densest:
        refuse(
            f"'star_formation.threshold' = {stars.threshold / unit:.3g} m_p/cm^3 is out of reach "
            f"of a disc whose densest gas has {densest / unit:.3g} m_p/cm^3; lower it, or lower "
            "'problem.disc_temp' on a finer mesh"
        )


def level_at(mesh, place):
    """Return the level of the cells at a place: that of regions, or what criteria may refine to."""
    refinement, point = mesh.refinement, np.array([place])
    if refinement.criteria:
        return refinement.top
    missing = [n == 1 for n in mesh.cells]
    return max(
        (
            region.level
            for region in refinement.regions
            if region.touches(point, point, missing).all()
        ),
        default=0,
    )


def kpc(galaxy, length):
    """Return a length as '3.4 kpc'."""
    return f"{galaxy.units.from_code(length, 'kpc'):.3g} kpc"
