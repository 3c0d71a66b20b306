"""Verification case V16: a central source of cosmic rays in a halo at rest, against P = Edot/(12 pi
kappa r) erfc(r/sqrt(4 kappa t))."""

import numpy as np

from tests.verification.runs import run_problem
from tests.verification.table import Check, case


@case(
    "V16",
    "static halo",
    "crmpi run cgm_halo/static",
    solver="isotropic_diffusion",
    model="constant",
)
def static_halo(full):
    n = 64 if full else 32
    # second order in the cell width, beside which the finite source of 10 kpc counts at the
    # smallest radius
    limit = 0.02 * (64 / n) ** 2
    radii = (30, 50, 80)
    outcome = run_problem(
        "cgm_halo/static", f"problem.radii={list(radii)}", "time.dt_max=20 Myr", cells=(n, n, n)
    )
    sim, last = outcome.sim, {name: values[-1] for name, values in outcome.history.items()}
    density = sim.units.factor("erg/kpc^3")
    for r in radii:
        measured = last[f"ecr_{r}kpc"] / last[f"volume_{r}kpc"] * density / 3
        error = abs(measured / shell_mean(sim, outcome.positions(), r) - 1)
        yield Check(f"relative error of P at {r} kpc, t = 1 Gyr, N = {n}", error, "<", limit)


def shell_mean(sim, x, r):
    """Return the closed form averaged over the cells of the shell that the history sums over."""
    radius = sim.units.factor("kpc") * r
    shell = np.abs(x.r - radius) < 0.1 * radius
    return np.mean([sim.problem.closed_form(place, sim.time)[0] for place in x.r[shell]])
