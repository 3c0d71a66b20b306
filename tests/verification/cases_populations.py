"""Verification of cosmic-ray populations: every rigidity spreads and leaks with its own kappa, side
by side in one run."""

import numpy as np

from tests.verification.cases_cr import line
from tests.verification.runs import run_problem
from tests.verification.table import Check, case

SOLVERS = {
    "two_moment": "solver: two_moment, vmax: 100, streaming: false",
    "anisotropic_diffusion": "solver: anisotropic_diffusion",
    "isotropic_diffusion": "solver: isotropic_diffusion",
    "streaming_diffusion": "solver: streaming_diffusion, f_stream: 0",
}


def _gaussian_case(solver, words):
    command = (
        f"crmpi run cr_diffusion transport={{{words}, tracer_rigidities: [1, 2, 4]}} "
        "scattering.rigidity_slope=0.5 time.dt_max=2e-3"
    )

    @case(
        "V4", f"Gaussians of rigidities 1, 2, 4 {solver}", command, solver=solver, model="constant"
    )
    def measure(full):
        transport = f"transport={{{words}, tracer_rigidities: [1, 2, 4]}}"
        step = 2e-3 if full else 1e-2
        outcome = run_problem(
            "cr_diffusion",
            transport,
            "scattering.rigidity_slope=0.5",
            f"time.dt_max={step}",
            cells=line(256),
        )
        x, kappa, t = outcome.positions().x1.ravel(), 1 / 30, outcome.sim.time
        slopes = []
        for n, rigidity in ((1, 1), (2, 2), (3, 4)):
            error = outcome.norms[f"ecr_{n}"]["L1"]
            yield Check(
                f"R = {rigidity} GV: mean abs(error) of e, N = 256, against half of a peer's",
                error,
                "<",
                4e-5,
            )
            e = outcome.cells(f"ecr_{n}").ravel()
            slopes.append(((e * x**2).sum() / e.sum() - 1 / 80) / (2 * kappa * t))
        measured = np.polyfit(np.log([1, 2, 4]), np.log(slopes), 1)[0]
        # at 4 GV a share 6e-4 of the variance lies beyond the ends of the box
        yield Check(
            "exponent of the growth of the variance, kappa ~ R^0.5: abs(error)",
            abs(measured - 0.5),
            "<",
            2e-3,
        )
        yield Check(
            "tracer at the rigidity of the bulk minus bulk",
            np.abs(outcome.cells("ecr_1") - outcome.cells("ecr")).max(),
            "==",
            0.0,
        )


for _solver, _words in SOLVERS.items():
    _gaussian_case(_solver, _words)


QUICK = ("anisotropic_diffusion", "two_moment", "power_law_rigidity")
"""Solvers and models whose leaky boxes are quick tests; each compiles kernels of its own."""


def _leaky_box_case(solver, words, order, limit):
    command = f"crmpi run cr_leaky_box transport={{{words}, tracer_rigidities: [3, 10, 30]}}"

    @case(
        "V20",
        f"leaky box {solver}",
        command,
        solver=solver,
        model="constant",
        full_only=solver not in QUICK,
    )
    def measure(full):
        """The slowest mode of the bulk decays as exp(-t/63 Myr); that of the tracers faster."""
        n, step = (128, 0.25) if full else (32, 2.0)
        overrides = (
            f"transport={{{words}, tracer_rigidities: [3, 10, 30]}}",
            f"time.dt_max={step} Myr",
            "time.end=400 Myr",
        )
        outcome = run_problem("cr_leaky_box", *overrides, cells=(1, 1, n))
        exact = outcome.sim.problem.exact(
            outcome.positions(), outcome.sim.time, outcome.sim.problem.p
        )
        contents = {name: outcome.cells(name).sum() for name in exact}
        for name, e in exact.items():
            error = abs(contents[name] / e.sum() - 1)
            yield Check(
                f"relative error of the content of the box, {name}, N = {n}",
                error,
                "<",
                limit * (32 / n) ** order,
            )
        logs = np.log(list(outcome.sim.problem.rigidities.values()))
        slope = np.polyfit(logs, np.log(list(contents.values())), 1)[0]
        yield Check(
            "slope of the content with rigidity, -delta = -0.5: abs(error)",
            abs(slope + 0.5),
            "<",
            0.01,
        )

    return measure


C_LIGHT, KPC, AU = 2.99792458e10, 3.0856775814913673e21, 1.495978707e13  # cm/s, cm, cm


def gyro_radius(rigidity):
    """Return the Larmor radius in cm at 1 microgauss: R/(e B) is 1e9 V/(c 1e-10 T) = 3.3356e12 cm
    at 1 GV."""
    return 3.33564e12 * rigidity


def by_patches(rigidity, low, high, shape, filling=3e-5, delta=0.5):
    """Return c l/3 of patches of radius `low` to `high` au, dn/dln R ~ R^-(2 + delta), by summing
    their cross-sections.

    A patch of radius R has the volume `shape` times R times its cross-section and counts with
    (R/r_L)^2 where it is smaller than r_L.
    """
    radius = np.exp(np.linspace(np.log(low * AU), np.log(high * AU), 100001))
    number = radius ** -(2 + delta)
    section = radius**2 * np.minimum(1.0, radius / gyro_radius(rigidity)) ** 2
    path = (
        shape
        * np.trapezoid(number * radius**3, np.log(radius))
        / (filling * np.trapezoid(number * section, np.log(radius)))
    )
    return C_LIGHT * path / 3


KAPPA = {
    "power_law_rigidity": lambda r: 3e28 * r**1.5 / np.hypot(r, 0.938272),  # beta R^0.5, protons
    "patchy": lambda r: by_patches(r, 0.1, 100.0, 4 / 3),
    "microstructure": lambda r: by_patches(r, 0.1, 30.0, 2.0),
    "curvature": lambda r: C_LIGHT / 3 * gyro_radius(r) ** 0.3 * KPC**0.7,
    "extrinsic_turbulence": lambda r: 9e28 * r ** (1 / 3) / 1.3**4,
}
"""kappa_par in cm^2/s at a rigidity in GV, 1 microgauss: the formulas of the papers, written out
here."""


def _rigidity_case(model, words):
    """The content of the box must be that of the kappa(R) of the papers; 1 GV relaxes as exp(-t/90
    Myr)."""
    command = f"crmpi run cr_leaky_box scattering={{{words}}}"

    @case(
        "V20",
        f"leaky box with {model}",
        command,
        solver="anisotropic_diffusion",
        model=model,
        full_only=model not in QUICK,
    )
    def measure(full):
        n, step = (64, 1.0) if full else (32, 3.0)
        overrides = f"scattering={{{words}}}", f"time.dt_max={step} Myr", "time.end=600 Myr"
        outcome = run_problem("cr_leaky_box", *overrides, cells=(1, 1, n))
        sim, logs = outcome.sim, []
        profile = sim.problem.profile(outcome.positions(), sim.problem.p).sum()
        for name, rigidity in sim.problem.rigidities.items():
            kappa = sim.config.units.to_code(KAPPA[model](rigidity), "cm^2/s")
            content = outcome.cells(f"ecr{name}").sum()
            error = abs(content * kappa / profile - 1)
            yield Check(
                (
                    f"content of the box against profile/kappa, {rigidity:g} GV, N = {n}: relative "
                    "error"
                ),
                error,
                "<",
                0.01,
            )
            logs.append((np.log(rigidity), np.log(content), np.log(kappa)))
        rigidities, contents, kappas = np.transpose(logs)
        slopes = np.polyfit(rigidities, contents, 1)[0], np.polyfit(rigidities, kappas, 1)[0]
        yield Check(
            f"slope of the content with rigidity, {-slopes[1]:.3f} for kappa: abs(error)",
            abs(slopes[0] + slopes[1]),
            "<",
            0.01,
        )


_rigidity_case("power_law_rigidity", "model: power_law_rigidity, kappa_gv: 3e28 cm^2/s, delta: 0.5")
_rigidity_case("patchy", "model: patchy, filling: 3e-5")
_rigidity_case("microstructure", "model: microstructure, filling: 3e-5")
_rigidity_case("curvature", "model: curvature")
_rigidity_case(
    "extrinsic_turbulence", "model: extrinsic_turbulence, variant: fast_undamped, mach_alfven: 1.3"
)

# diffusion: (dx/H)^2; two moments: where e = 0 at the top is uncertain by half a cell, and the
# content goes as H^2
_leaky_box_case("anisotropic_diffusion", "solver: anisotropic_diffusion", 2, 4e-3)
_leaky_box_case("isotropic_diffusion", "solver: isotropic_diffusion", 2, 4e-3)
_leaky_box_case("streaming_diffusion", "solver: streaming_diffusion, f_stream: 0", 2, 4e-3)
_leaky_box_case("two_moment", "solver: two_moment, vmax: 2000 km/s, streaming: false", 1, 1 / 16)
