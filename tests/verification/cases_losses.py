"""Verification case V15: collisional losses, and gamma rays as a calorimeter."""

import numpy as np

from tests.verification.cases_cr import line
from tests.verification.runs import run_problem
from tests.verification.table import Check, case

DECAY = {
    # Guo & Oh 2008, per electron: n_e = (1 + X)/2 rho/m_p, X = 0.76
    "guo_oh2008": (5.86e-16 + 1.65e-16) * 0.88,
    "pfrommer2017": (7.44e-16 + 2.78e-16) * 0.88,  # Pfrommer et al. 2017, likewise
    # per nucleon, 57.2 Myr of hadronic losses, and per electron
    "gizmo": 0.87 * 6.37e-16 + 0.53 * 3.09e-16 * 0.88,
}
"""Gamma in 1/s of ionised gas of 1 m_p/cm^3, from the papers."""
MYR, KPC = 3.15576e13, 3.0856775814913673e21  # s, cm


@case(
    "V15",
    "decay",
    "crmpi run calorimeter problem.power=1e-60 problem.ecr='1 eV/cm^3' transport.solver=none",
)
def decay(full):
    """Against the rates of the papers, not those of the code."""
    for rates, gamma in DECAY.items():
        given = (
            "problem.power=1e-60",
            "problem.ecr=1 eV/cm^3",
            f"losses.rates={rates}",
            "time.end=50 Myr",
            "time.dt_max=10 Myr",
        )
        outcome = run_problem("calorimeter", "transport={solver: none}", *given, cells=(8, 1, 1))
        e = outcome.history["ecr"]
        depth = gamma * 50 * MYR
        yield Check(
            f"{rates}: relative error of exp(-Gamma t), Gamma t = {depth:.2f}",
            abs(e[-1] / e[0] * np.exp(depth) - 1),
            "<",
            1e-9,
        )


@case("V15", "closed box", "crmpi run calorimeter", model="constant")
def closed_box(full):
    """After 1 Gyr exp(-Gamma t) = 1e-9 is missing from the steady state; birth and loss are split,
    each with half a step."""
    cells = (16, 16, 16) if full else (8, 8, 1)
    outcome = run_problem("calorimeter", cells=cells)
    ratio = outcome.history["losses_gamma_luminosity"][-1] / outcome.history["edot"][-1]
    exact = 0.7 / 3 * 5.86 / 7.51  # Guo & Oh 2008
    step = DECAY["guo_oh2008"] * 2 * MYR  # `time.dt_max` of the problem
    yield Check(
        "L_gamma/Edot: relative error of (1/3) 0.7 Gamma_h/Gamma", abs(ratio / exact - 1), "<", step
    )


@case("V15", "open slab", "crmpi run calorimeter/slab", full_only=True)
def open_slab(full):
    # half width over the length of diffusion within a loss time
    x = 0.5 * KPC * np.sqrt(DECAY["guo_oh2008"] / 1e27)
    for n in (64, 128) if full else (64,):
        outcome = run_problem("calorimeter/slab", cells=line(n))
        ratio = outcome.history["losses_gamma_luminosity"][-1] / outcome.history["edot"][-1]
        wide = x * (1 + 1 / n)  # e vanishes at the centre of the first cell outside
        exact = 0.7 / 3 * 5.86 / 7.51 * (1 - np.sinh(x) / (x * np.cosh(wide)))
        yield Check(f"relative error of L_gamma/Edot, N = {n}", abs(ratio / exact - 1), "<", 0.01)
