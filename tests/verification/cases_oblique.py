"""Verification cases V5-V7 along every axis and oblique to the mesh, and the ring of V6 for two
moments."""

import numpy as np

from crmpi.exact import streaming
from tests.verification.cases_cr import line
from tests.verification.cases_mhd import outflow_along
from tests.verification.runs import order, run_problem
from tests.verification.table import Check, case

ROOT5 = 5**0.5


@case(
    "V5",
    "oblique telegraph",
    "crmpi run cr_telegraph mesh.cells=[128,64,1] mesh.upper=[2.236,1.118,1]",
    solver="two_moment",
)
def oblique_telegraph(full):
    errors = []
    for n in (32, 64, 128) if full else (16, 32):
        upper = f"mesh.upper=[{ROOT5},{ROOT5 / 2},1]"
        outcome = run_problem(
            "cr_telegraph", upper, f"time.dt_max={1.28 / n}", "time.end=1", cells=(2 * n, n, 1)
        )
        x, k, e = outcome.positions(), outcome.sim.problem.k, outcome.cells("ecr")
        rate = np.log(2 * np.mean((e - 1) * np.cos(k[0] * x.x1 + k[1] * x.x2)) / 0.1)
        errors.append(abs(rate / outcome.sim.problem.s.real - 1))
    # a wavelength is 2n/sqrt(5) cells of the mesh: the limit of the case along x1, scaled with the
    # order
    yield Check(
        f"relative error of s = -1.31596, N = {2 * n} x {n}",
        errors[-1],
        "<",
        0.01 * (64 * ROOT5 / (2 * n)) ** 2,
    )
    yield Check("order of the last two", order(*errors[-2:]), ">", 1.9)


@case(
    "V6",
    "ring two_moment",
    "crmpi run cr_ring transport={solver: two_moment, vmax: 1, streaming: false}",
    solver="two_moment",
)
def ring_of_moments(full):
    """The ring of `anisotropic_diffusion`, with its published limits; signals at vmax/sqrt(3) are
    fast against kappa/L = 0.01."""
    errors = []
    for n in (32, 64) if full else (32,):
        outcome = run_problem(
            "cr_ring", "transport={solver: two_moment, vmax: 1, streaming: false}", cells=(n, n, 1)
        )
        errors.append(outcome.norms["ecr"]["L1"])
        published = {32: 407e-4, 64: 326e-4}[n]  # Balsara et al. (2008), as for V6 ring
        yield Check(f"L1 error, N = {n}", errors[-1], "<", published)
        yield Check(f"min(e) - 10, N = {n}", outcome.cells("ecr").min() - 10, ">", -1e-12)
    if full:
        yield Check("L1 order, N = 32 to 64", order(*errors), ">", 0.3)


@case(
    "V7",
    "three axes",
    "crmpi run cr_streaming problem.axis=3 mesh.cells=[1,1,128]",
    solver="two_moment",
)
def streaming_axes(full):
    states = []
    for axis in (1, 2, 3):
        box = [4 if a == axis else 0.5 for a in (1, 2, 3)]
        overrides = (
            f"mesh.lower={[-side for side in box]}",
            f"mesh.upper={box}",
            outflow_along(axis),
            f"problem.axis={axis}",
        )
        outcome = run_problem(
            "cr_streaming", *overrides, "time.end=0.2", "time.dt_max=0.02", cells=line(128, axis)
        )
        states.append(np.array([outcome.cells(name).ravel() for name in ("ecr", "fcr")]))
    yield Check(
        "largest difference between x1, x2, x3",
        max(np.abs(s - states[0]).max() for s in states),
        "==",
        0.0,
    )


@case("V7", "oblique triangle", "crmpi run cr_streaming/oblique", solver="two_moment")
def oblique_triangle(full):
    end = 0.5
    for n in (256, 512) if full else (128,):
        outcome = run_problem(
            "cr_streaming/oblique", f"time.end={end}", "time.dt_max=0.01", cells=(n, n // 2, 1)
        )
        plateau, edge = streaming.triangle_plateau(end)
        flat = (
            np.abs(outcome.sim.problem.distance(outcome.positions(), outcome.sim.problem.p))
            < 0.5 * edge
        )
        error = np.abs(outcome.cells("ecr")[flat] / plateau - 1).max()
        # a triangle is n/sqrt(5) cells of the mesh long: the limit of the case along x1, 0.15% with
        # 512, at first order
        yield Check(
            f"largest relative error on the plateau at t = {end}, N = {n} x {n // 2}",
            error,
            "<",
            1.5e-3 * 512 * ROOT5 / n,
        )
