"""Verification case V28: the momentum of a supernova remnant in uniform gas that cools."""

import numpy as np

from crmpi.physics import remnants
from tests.stepping import begin, step
from tests.verification.table import Check, case

WARM = [
    "problem.power=1e-45 erg/cm^3/s",
    "problem.field=1e-6 uG",
    "fluid.frozen=false",
    "transport.solver=none",
    "losses.enabled=false",
    "cooling.enabled=true",
    "star_formation={enabled: true, efficiency: 0, cr_fraction: 0, ejecta: 0}",
    "time={end: 10 Myr, cfl: 0.3}",
]
"""Of the problem calorimeter: gas at 1e4 K, the lowest temperature, of solar metallicity."""


def published(density):
    """Return the momentum in 1e5 Msun km/s at n_H = `density`/cm^3, Kim & Ostriker (2015)."""
    return 2.8 * density**-0.17


def terminal_momentum(density, width, n):
    """Return the radial momentum in 1e5 Msun km/s of an old remnant in a box of n^3 cells.

    Parameters
    ----------
    density : float
        n_H in 1/cm^3
    width : float
        of a cell, in units of the radius of shell formation
    n : int
        odd
    """
    pc = width * remnants.SHELL_RADIUS * density**remnants.SHELL_DENSITY_POWER
    half, middle = 0.5 * n * pc * 1e-3, n // 2
    box = f"lower: [{-half}, {-half}, {-half}], upper: [{half}, {half}, {half}]"
    mesh = f"mesh={{cells: [{n}, {n}, {n}], block: [{n}, {n}, {n}], {box}}}"
    sim = begin("calorimeter", *WARM, f"problem.dens={density / 0.76}", mesh)
    source = next(source for source in sim.sources if source.name == "star_formation")
    place = np.array([[0, middle, middle, middle]])
    arguments = source.stencil, source.remnant, source.metals
    remnants.explode(sim.pack, sim.tree, sim.comm, place, np.ones(1), *arguments)
    sim.refresh()
    x, unit = sim.positions[0], sim.units.factor("Msun km/s")
    r = np.maximum(x.r, 1e-12)
    end = 0.35 * density**-0.55 * sim.units.Myr  # eight times the time of shell formation
    while sim.time < end:
        step(sim)
    u = sim.pack.active(sim.pack.u0)[0]
    radial = (u[1] * x.x1 + u[2] * x.x2 + u[3] * x.x3) / r
    return x.integral(radial) / unit / 1e5


RESOLUTIONS = {"momentum": (0.575, 17), "Sedov-Taylor": (0.2876, 25), "thermal": (0.16, 35)}
"""Regime: width of a cell over the radius of shell formation, cells along an axis."""


@case(
    "V28",
    "terminal momentum",
    "python -m pytest -m full tests/verification/test_verification.py -k V28",
)
def terminal(full):
    """What is put in and what the mesh makes of it are the same momentum, at three resolutions.

    The fit is for gas of two phases; a resolved remnant at 1e4 K, with the pressure of this gas
    against it and another cooling function, has 0.8 to 0.9 of it.
    """
    regimes = RESOLUTIONS if full else dict(list(RESOLUTIONS.items())[:2])
    for density in (1.0, 0.1) if full else (1.0,):
        for regime, (width, n) in regimes.items():
            found = terminal_momentum(density, width, n) / published(density)
            title = f"momentum / published fit, n_H = {density:g}, {regime}, dx = {width:.3g} r_sf"
            yield Check(title, found, "in", (0.75, 1.05))
