"""Verification cases V15 and V16 seen through the observables: gamma rays of a calorimeter, profile
and kappa of a halo."""

import numpy as np

from tests.observable_case import observe
from tests.verification.runs import run_problem
from tests.verification.table import Check, case


@case("V15", "gamma rays observed", "crmpi run calorimeter observables=gamma_rays")
def gamma_rays(full):
    """L_gamma/Edot of a closed box at 1 Gyr, (1/3) 0.7 Gamma_h/Gamma; birth and loss are split,
    each with half a step."""
    outcome = run_problem("calorimeter", cells=(16, 16, 16) if full else (8, 8, 1))
    sim, power = outcome.sim, outcome.history["edot"][-1]
    luminosity = observe(sim, "gamma_rays")["L_gamma [erg/s]"]
    step = sum(sim.problem.rates()) * sim.clock.dt
    yield Check(
        "L_gamma/Edot: relative error",
        abs(luminosity / power / sim.problem.closed_form() - 1),
        "<",
        step,
    )


@case(
    "V16",
    "halo observed",
    "crmpi run cgm_halo/static observables=radial_profile",
    solver="isotropic_diffusion",
    model="constant",
)
def halo(full):
    """Shells of one cell about a central source at 1 Gyr, from outside of the source, 10 kpc, to 80
    kpc.

    Further out the profile feels the end of the box at 128 kpc, where e goes on as 1/r: steeper in
    the closed form.
    """
    n = 64 if full else 32
    limit = 0.02 * (64 / n) ** 2  # as for V16 itself: second order in the cell width
    sim = run_problem("cgm_halo/static", "time.dt_max=20 Myr", cells=(n, n, n)).sim
    measured = observe(sim, "radial_profile")
    r, pcr, kappa = (measured[name] for name in ("r [kpc]", "pcr [erg/cm^3]", "kappa_eff [cm^2/s]"))
    fair = (r > 25.0) & (r < 80.0)
    exact = np.array(
        [sim.problem.closed_form(place, sim.time)[0] for place in r]
    ) / sim.units.factor("erg/cm^3")
    yield Check(
        f"P_cr(r) at 25 to 80 kpc: largest relative error, N = {n}",
        np.max(np.abs(pcr / exact - 1.0)[fair]),
        "<",
        limit,
    )
    error = np.max(np.abs(kappa / 3e29 - 1.0)[fair])
    yield Check(
        f"kappa_eff = -f/(de/dr), same shells: largest relative error, N = {n}", error, "<", limit
    )
