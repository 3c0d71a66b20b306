"""Verification cases of one-moment streaming (V3, V4, V6, V7, V8, V19) and of waves on a gradient
of streaming cosmic rays (V9).

One-moment streaming with a regularised direction solves another equation than sharp streaming:
numbers are compared with the exact solution of the regularised equation where there is one, and
must approach the sharp one as 1/L, L the regularisation length.
"""

import numpy as np

from crmpi.exact import streaming
from tests.verification.cases_cr import ANISOTROPIC, line, sound_wave
from tests.verification.cases_stress import Totals, entropy_checks
from tests.verification.runs import order, run_problem
from tests.verification.table import Check, case

SOLVER = "streaming_diffusion"
_IDLE = "transport={solver: streaming_diffusion, f_stream: 0, max_stages: 15}"
_TIMES = (0.05, 0.1, 0.2, 0.5, 1.0)


@case(
    "V3",
    f"kappa 1 {SOLVER}",
    "crmpi run cr_sound_wave/diffusive scattering.kappa_par=1 transport.solver=streaming_diffusion "
    "transport.f_stream=0",
    solver=SOLVER,
)
def diffusive_sound(full):
    n = 128 if full else 64  # second order: four times the limits at half the resolution
    measured, exact, _ = sound_wave(n, "time.end=0.7", _IDLE, "scattering.kappa_par=1")
    yield Check(
        f"relative error of the frequency, N = {n}",
        abs(measured.imag / exact.imag - 1),
        "<",
        1e-3 * (128 / n) ** 2,
    )
    yield Check(
        f"relative error of the damping, N = {n}",
        abs(measured.real / exact.real - 1),
        "<",
        1e-2 * (128 / n) ** 2,
    )


@case(
    "V4",
    f"Gaussian {SOLVER}",
    (
        "crmpi run cr_diffusion problem.velocity=1 transport.solver=streaming_diffusion "
        "transport.f_stream=0"
    ),
    solver=SOLVER,
)
def gaussian(full):
    for velocity, peer in ((0, 8e-5), (1, 9e-5)):
        common = f"problem.velocity={velocity}", "time.dt_max=2e-3"
        idle, plain = (
            run_problem("cr_diffusion", transport, *common, cells=line(256))
            for transport in (_IDLE, *ANISOTROPIC)
        )
        yield Check(
            f"mean abs(error) of e, v = {velocity}, N = 256, against half a peer's",
            idle.norms["ecr"]["L1"],
            "<",
            peer / 2,
        )
        difference = np.abs(idle.cells("ecr") - plain.cells("ecr")).max()
        yield Check(f"difference from anisotropic_diffusion, v = {velocity}", difference, "==", 0.0)


@case(
    "V6",
    f"ring {SOLVER}",
    "crmpi run cr_ring transport.solver=streaming_diffusion transport.f_stream=0",
    solver=SOLVER,
)
def ring(full):
    n = 64 if full else 32
    idle, plain = (
        run_problem("cr_ring", *transport, cells=(n, n, 1)) for transport in ((_IDLE,), ())
    )
    yield Check(
        f"difference from anisotropic_diffusion, N = {n}",
        np.abs(idle.cells("ecr") - plain.cells("ecr")).max(),
        "==",
        0.0,
    )
    yield Check(f"min(e) - 10, N = {n}", idle.cells("ecr").min() - 10, ">", -1e-12)


def plateau_errors(n, length):
    """Return {time: (relative error of the height of the plateau, its half width)} of V7, and the
    run."""
    overrides = f"transport.regularisation_length={length}", f"time.dt_max={2.56 / n}"
    outcome = run_problem("cr_streaming/one_moment", *overrides, cells=line(n), every=1)
    time, height = outcome.history["time"], outcome.history["e(0)"]
    errors = {}
    for t in _TIMES:
        at = np.argmin(np.abs(time - t))
        exact, half_width = streaming.triangle_plateau(time[at])
        errors[t] = height[at] / exact - 1, half_width
    return errors, outcome


@case("V7", f"streaming triangle {SOLVER}", "crmpi run cr_streaming/one_moment", solver=SOLVER)
def triangle(full):
    """The flux of a plateau rises linearly, tanh u = x/x_m: with its energy kept that lifts the
    middle by (ln 2 - 1/2) x_m/L."""
    n, length = (512, 512) if full else (256, 128)
    errors, outcome = plateau_errors(n, length)
    for t, (error, half_width) in errors.items():
        regularised = (np.log(2) - 0.5) * half_width / length
        # what is left is of first order at the edges of the plateau: 0.15% at N = 512, as for two
        # moments
        yield Check(
            f"relative error of E_p at t = {t}, L = {length}, N = {n}",
            abs(error),
            "<",
            regularised + 1.5e-3 * 512 / n,
        )
        yield Check(
            f"that without the regularisation's part at t = {t}",
            abs(error - regularised),
            "<",
            1.5e-3 * 512 / n,
        )
    e = outcome.cells("ecr").ravel()
    yield Check(
        "total variation / twice the plateau - 1",
        np.abs(np.diff(e)).sum() / (2 * e.max()) - 1,
        "<",
        1e-9,
    )
    yield Check("minimum e", e.min(), ">", -1e-12)
    coarse, fine = (plateau_errors(128, length)[0][1.0][0] for length in (8, 32))
    yield Check("order in 1/L of E_p at t = 1, L = 8 to 32", order(coarse, fine, 4), ">", 0.9)


def steady(outcome):
    """Return the exact steady state on the mesh."""
    return outcome.sim.problem.exact(outcome.positions(), outcome.sim.time, outcome.sim.problem.p)[
        "ecr"
    ]


@case(
    "V8",
    f"bottleneck {SOLVER}",
    "crmpi run cr_bottleneck/one_moment",
    solver=SOLVER,
    full_only=True,
)
def bottleneck(full):
    """Against the steady state of the regularised equation; this itself tends to 0.646 as 1/L."""
    for n, length in ((128, 1000), (256, 1000), (128, 10000)) if full else ((128, 1000),):
        end = 2500 if full else 1500  # the last percent behind the cloud takes its time
        outcome = run_problem(
            "cr_bottleneck/one_moment",
            f"transport.regularisation_length={length}",
            f"time.end={end}",
            cells=line(n),
        )
        x, e, exact = (
            values.ravel()
            for values in (outcome.positions().x1, outcome.cells("ecr"), steady(outcome))
        )
        title = f"L = {length}, N = {n}"
        before = x < 150
        yield Check(
            f"before the cloud, largest relative error, {title}",
            np.abs(e / exact - 1)[before].max(),
            "<",
            0.01,
        )
        # a cloud of 50 has 6 cells at N = 128; a scheme of first order errs half as much with twice
        # as many
        at = np.argmin(np.abs(x - 600))
        yield Check(
            f"behind the cloud, relative error, {title}",
            abs(e[at] / exact[at] - 1),
            "<",
            0.03 * 128 / n,
        )
    x = np.linspace(0, 1000, 4001)
    speed = outcome.sim.problem.dens(x, outcome.sim.problem.p) ** -0.5
    behind = [
        streaming.regularised_bottleneck(speed, x[1], length, 3.0)[2400]
        for length in (1e4, 1e5, 1e6)
    ]
    sharp = 3.0 * (0.1 / speed.min() ** -2) ** (2 / 3)
    yield Check(
        "the regularised steady state at L = 1e6: relative distance from 0.646",
        abs(behind[2] / sharp - 1),
        "<",
        0.01,
    )
    yield Check(
        "order in 1/L of that distance, L = 1e4 to 1e5",
        order(*(e - sharp for e in behind[:2]), 10),
        ">",
        0.8,
    )


def wave_rate(target, mode, n, end):
    """Return (measured, exact) complex rate of a wave of V9 with `n` cells per wavelength, until
    `end`."""
    outcome = run_problem(target, f"problem.mode={mode}", f"time.end={end}", cells=line(4 * n))
    h = outcome.history
    amplitude = h["wave_cos"] - 1j * h["wave_sin"]
    return np.log(amplitude[-1] / amplitude[0]) / outcome.sim.time, outcome.sim.problem.s


def _streaming_wave_case(solver, target, cells, coarser):
    @case("V9", f"streaming wave {solver}", f"crmpi run {target}", solver=solver)
    def measure(full):
        n, end = (cells, 0.3) if full else (cells // coarser, 0.15)
        for mode in ("growing", "damped") if full else ("growing",):
            measured, exact = wave_rate(target, mode, n, end)
            limit = 0.02 if full else 0.02 * coarser  # at least first order
            for name, a, b in (
                ("growth", measured.real, exact.real),
                ("frequency", measured.imag, exact.imag),
            ):
                yield Check(
                    f"{mode}: relative error of the {name} {b:.4f}, {n} cells per wavelength",
                    abs(a / b - 1),
                    "<",
                    limit,
                )

    return measure


_streaming_wave_case("two_moment", "cr_streaming_wave", 128, 2)
_streaming_wave_case(SOLVER, "cr_streaming_wave/one_moment", 64, 2)


@case(
    "V19",
    f"collisions {SOLVER}",
    "crmpi run cr_stress 'transport={solver: streaming_diffusion}'",
    solver=SOLVER,
)
def collisions(full):
    """Streams that collide while cosmic rays stream and heat them: nothing negative, nothing
    lost."""
    n = 256 if full else 128
    for mach, ratio in ((2, 1), (10, 100), (50, 1e4)):
        sound, totals = np.sqrt(5 / 3 + 4 / 3 * ratio), Totals()
        flow = (
            "problem.flow=collision",
            f"problem.mach={mach}",
            f"problem.ratio={ratio}",
            f"time.end={0.5 / (mach * sound)}",
        )
        transport = "transport={solver: streaming_diffusion}", "scattering.kappa_par=0"
        outcome = run_problem("cr_stress", *flow, *transport, cells=line(n), watch=totals)
        title, drift = f"Mach {mach}, P/Pg = {ratio:g}", totals.drift()
        yield from entropy_checks(f"{title}: ", totals, outcome)
        yield Check(f"{title}: relative change of E + e", drift["energy"], "<", 1e-13)
        yield Check(f"{title}: change of momentum", drift["momentum"], "<", 1e-12)
