"""Verification case V10: strong point explosions of gas and cosmic rays."""

import numpy as np

from crmpi.exact.sedov import effective_gamma
from tests.verification.runs import run_problem
from tests.verification.table import Check, case


def explosion(share, inside, n):
    """Return the outcome for both fluids with the adiabatic index of a share `share` of cosmic
    rays, `inside` of the energy in them."""
    gamma = effective_gamma(share)
    fluids = f"fluid.gamma={gamma!r}", f"fluid.gamma_cr={gamma!r}"
    return run_problem("cr_sedov", *fluids, f"problem.cr_share={inside}", cells=(n, n, n))


def momentum_radius(outcome):
    """Return the radius that belongs to the radial momentum: in an octant, each component is a
    quarter of pi of 4 pi of it."""
    component = np.mean([outcome.history[f"mom{axis}"][-1] for axis in (1, 2, 3)])
    return outcome.sim.problem.sedov.radius_of_momentum(
        16 * component, outcome.sim.problem.p.dens, outcome.sim.time
    )


def front(outcome):
    """Return where the density, averaged over shells one cell wide, falls through the middle of the
    jump."""
    x, n = outcome.positions(), outcome.sim.tree.cells[0]
    shells = (x.r * n).astype(int).ravel()
    dens = (
        np.bincount(shells, outcome.cells("dens").ravel(), n)
        / np.maximum(np.bincount(shells, minlength=n), 1)
    )[:n]
    middle = 0.5 * (1 + dens.max())
    last = np.nonzero(dens > middle)[0][-1]
    return (last + 0.5 + (dens[last] - middle) / (dens[last] - dens[last + 1])) / n


def _sedov_case(share, inside, title):
    @case(
        "V10",
        title,
        f"crmpi run cr_sedov fluid.gamma={effective_gamma(share):.6g} "
        f"fluid.gamma_cr={effective_gamma(share):.6g} "
        f"problem.cr_share={inside}",
        solver="none",
    )
    def measure(full):
        n = 48 if full else 24
        outcome = explosion(share, inside, n)
        problem = outcome.sim.problem
        shock = problem.shock_radius(outcome.sim.time)
        # first order, as behind any shock
        yield Check(
            f"relative error of R from the momentum, N = {n}",
            abs(momentum_radius(outcome) / shock - 1),
            "<",
            0.01 * 48 / n,
        )
        yield Check(
            f"error of the front in cells, N = {n}", abs(front(outcome) - shock) * n, "<", 1.0
        )
        behind = problem.sedov.density(shock - np.linspace(0.0, 3.0 / n, 50), shock)[1:].mean()
        peak = outcome.cells("dens").max()
        jump = (problem.sedov.gamma + 1) / (problem.sedov.gamma - 1)
        title = (
            "peak density between the exact mean over three cells behind the shock and the "
            f"jump, N = {n}"
        )
        yield Check(title, peak, "in", (behind, jump))
        along, across = (outcome.history[f"ecr_{name}2"][-1] for name in ("along", "across"))
        if inside:
            yield Check(
                "cosmic rays are round: abs(along/across - 1)", abs(along / across - 1), "<", 0.02
            )

    return measure


_sedov_case(0.0, 0.0, "gas")
_sedov_case(0.5, 0.5, "share 0.5")
_sedov_case(1.0, 1.0, "share 1")


def _diffusive_case(solver, transport):
    """Cosmic rays drive the explosion and leave it along the field; in gas at rest their variance
    there would be larger by 2 kappa t."""

    @case(
        "V10",
        f"along the field {solver}",
        f"crmpi run cr_sedov/diffusive transport.solver={solver}",
        solver=solver,
    )
    def measure(full):
        n = 32 if full else 16
        outcome = run_problem("cr_sedov/diffusive", transport, cells=(n, n, n))
        h, kappa, problem = (
            outcome.history,
            outcome.sim.config.scattering.kappa_par,
            outcome.sim.problem,
        )
        along, across = (h[f"ecr_{name}2"][-1] / h["ecr"][-1] for name in ("along", "across"))
        if solver == "isotropic_diffusion":
            yield Check(
                "abs(along/across - 1) of the variances", abs(along / across - 1), "<", 0.02
            )
        else:
            share = (along - across) / (2 * kappa * outcome.sim.time)
            title = "(variance along - across) / (2 kappa t), stretched by the flow by less than 2"
            yield Check(title, share, "in", (0.5, 2.0))
        # without gas pressure in the medium the gas is cold beside its motion: what floors add must
        # not count
        made = sum(abs(h[f"floor_added_{name}"][-1]) for name in ("energy", "ecr", "entropy"))
        yield Check(
            "energy moved by floors / that of the explosion",
            made * problem.octants / problem.p.energy,
            "<",
            1e-3,
        )

    return measure


_diffusive_case("isotropic_diffusion", "transport={solver: isotropic_diffusion}")
_diffusive_case("anisotropic_diffusion", "transport={solver: anisotropic_diffusion}")
_diffusive_case("streaming_diffusion", "transport={solver: streaming_diffusion, f_stream: 0}")
_diffusive_case("two_moment", "transport={solver: two_moment, vmax: 30, streaming: false}")
