"""Verification of Alfven-wave regulated transport: waves carried, grown, damped and compressed;
limits in which other cases hold.

The closed forms stand in `crmpi.exact.alfven_waves`. A scheme of second order with N cells per
wavelength and limited slopes is within (2 pi/N)^2 of a smooth wave after one period, which limits
the errors of trains of waves below.
"""

from functools import partial

import numpy as np

from crmpi.exact import streaming
from crmpi.exact.alfven_waves import landau_coefficient, scattering_coefficient, steady_waves
from tests.verification.cases_cr import line
from tests.verification.cases_mhd import outflow_along
from tests.verification.cases_stress import Totals, entropy_checks
from tests.verification.runs import order, run_problem
from tests.verification.table import Check, case, reported

regulated = partial(case, solver="alfven_regulated")

# waves held at the energy that makes kappa = 1/30: 3 G (a+ + a-) = 30 at B = 1; dense gas makes v_A
# too small to change them
HELD = (
    (
        "transport={solver: alfven_regulated, vmax: 100, light_speed: 100, gyro_rate: 1e12, "
        "nll_damping: 0, wave_floor: 8.48826363e-8}"
    ),
    "problem.dens=1e26",
)
# waves that cosmic rays make and absorb as they like
FREE = "transport={solver: alfven_regulated, vmax: 100, light_speed: 100, gyro_rate: 1e6}"
# damping time 1e-3, and scattering so strong that f exceeds the flux of streaming by D/(v_A G) =
# 1e-3 of it
LOCAL = (
    "transport={solver: alfven_regulated, vmax: 100, light_speed: 1000, gyro_rate: 1e12, "
    "nll_damping: 0, linear_damping: 1000}"
)


def train_case(title, command, *overrides, names=("ewp", "ewm"), rate=0.0):
    """Register a case of `cr_waves`: relative L1 errors and their order; `rate` is that of growth,
    which steepens the wave in time."""

    @regulated("W1", title, command)
    def measure(full):
        errors, sizes = {name: [] for name in names}, (64, 128, 256) if full else (32, 64)
        for n in sizes:
            outcome = run_problem("cr_waves", *overrides, f"time.dt_max={1 / n}", cells=line(n))
            for name in names:
                errors[name].append(outcome.norms[name]["L1"] / np.abs(outcome.cells(name)).mean())
        for name in names:
            limit = (2 * np.pi / sizes[-1]) ** 2 * (1 + rate)
            yield Check(f"L1 error / mean of {name}, N = {sizes[-1]}", errors[name][-1], "<", limit)
            yield Check(
                f"L1 order of {name}, N = {sizes[-2]} to {sizes[-1]}",
                order(*errors[name][-2:]),
                ">",
                1.75,
            )

    return measure


train_case("trains damped by cosmic rays and Landau", "crmpi run cr_waves")
_DRIVEN = (
    "problem={flux: 300, modulation: 0.3}",
    "transport={vmax: 4, light_speed: 1000, gyro_rate: 1e4, nll_damping: 0, linear_damping: 0.5}",
    "time.end=0.5",
)
train_case(
    "growth by an inert flux",
    f"crmpi run cr_waves '{_DRIVEN[0]}' '{_DRIVEN[1]}' time.end=0.5",
    *_DRIVEN,
    rate=4.2,
)


@regulated("W1", "waves that push the gas", "crmpi run cr_waves/sound")
def wave_sound(full):
    """Standing sound with c^2 = (gamma Pg + (3/2) P_w)/rho: waves follow rho^(3/2) and carry part
    of the pressure."""
    names, sizes = ("dens", "vel1", "ewp", "ewm"), (32, 64, 128) if full else (32, 64)
    errors = [run_problem("cr_waves/sound", cells=line(n)).norms for n in sizes]
    for name in names:
        coarse, fine = (norms[name]["L1"] for norms in errors[-2:])
        yield Check(
            f"L1 error of {name} / amplitude, N = {sizes[-1]}",
            fine / 1e-6,
            "<",
            (2 * np.pi / sizes[-1]) ** 2,
        )
        yield Check(
            f"L1 order of {name}, N = {sizes[-2]} to {sizes[-1]}", order(coarse, fine), ">", 1.9
        )


@regulated("W1", "three axes", "crmpi run cr_waves mesh.cells=[1,1,64]")
def train_axes(full):
    states = []
    for axis in (1, 2, 3):
        driven = (
            "problem={flux: 300, plus: 1e-3, minus: 1e-3}",
            _DRIVEN[1],
            "time.end=0.2",
            "fluid.frozen=false",
        )
        outcome = run_problem("cr_waves", *driven, cells=line(32, axis))
        states.append(
            np.array(
                [
                    outcome.cells(name).ravel()
                    for name in ("ecr", "fcr", "ewp", "ewm", "press", f"vel{axis}")
                ]
            )
        )
    yield Check(
        "largest difference between x1, x2, x3",
        max(np.abs(s - states[0]).max() for s in states),
        "==",
        0.0,
    )


@regulated(
    "V4", "Gaussian alfven_regulated, waves held", f"crmpi run cr_diffusion '{HELD[0]}' {HELD[1]}"
)
def gaussian(full):
    errors = []
    for n in (128, 256):
        errors.append(
            run_problem("cr_diffusion", *HELD, "time.dt_max=2e-2", cells=line(n)).norms["ecr"]["L1"]
        )
    yield Check("mean abs(error) of e, N = 256, half of a peer's", errors[-1], "<", 4e-5)
    yield Check("order, N = 128 to 256", order(*errors), ">", 1.5)  # slopes of the peak are limited


_OBLIQUE = (
    f"crmpi run cr_diffusion problem.blob=true problem.direction=[2,1,0] '{HELD[0]}' "
    f"{HELD[1]} mesh.cells=[64,64,1]"
)


@regulated("V4", "oblique blob alfven_regulated, waves held", _OBLIQUE)
def oblique(full):
    errors = []
    for n in (64, 128) if full else (32, 64):
        overrides = (
            "mesh.boundaries=outflow",
            "problem.blob=true",
            "problem.direction=[2,1,0]",
            "time.dt_max=0.05",
        )
        outcome = run_problem("cr_diffusion", *overrides, *HELD, cells=(n, n, 1))
        errors.append(outcome.norms["ecr"]["L1"])
    yield Check(f"L1 order of e, N = {n // 2} to {n}", order(*errors), ">", 1.5)
    yield Check(
        "L1 error / mean e", errors[-1] / outcome.cells("ecr").mean(), "<", 0.01 if full else 0.04
    )


@regulated(
    "V4",
    "three axes alfven_regulated",
    f"crmpi run cr_diffusion problem.direction=[0,0,1] mesh.cells=[1,1,64] '{FREE}'",
)
def gaussian_axes(full):
    states = []
    for axis in (1, 2, 3):
        direction = [int(a == axis) for a in (1, 2, 3)]
        overrides = (
            outflow_along(axis),
            f"problem.direction={direction}",
            FREE,
            "problem.velocity=1",
            "time.dt_max=1e-2",
        )
        outcome = run_problem("cr_diffusion", *overrides, cells=line(64, axis))
        states.append(
            np.array([outcome.cells(name).ravel() for name in ("ecr", "fcr", "ewp", "ewm")])
        )
    yield Check(
        "largest difference between x1, x2, x3",
        max(np.abs(s - states[0]).max() for s in states),
        "==",
        0.0,
    )


@regulated(
    "V5", "telegraph alfven_regulated, waves held", f"crmpi run cr_telegraph '{HELD[0]}' {HELD[1]}"
)
def telegraph(full):
    errors = []
    for n in (64, 128, 256) if full else (32, 64):
        outcome = run_problem(
            "cr_telegraph", *HELD, f"time.dt_max={1.28 / n}", "time.end=1", cells=line(n)
        )
        x, e = outcome.positions().x1.ravel(), outcome.cells("ecr").ravel()
        rate = np.log(2 * np.mean((e - 1) * np.cos(2 * np.pi * x)) / 0.1)
        errors.append(abs(rate / outcome.sim.problem.s.real - 1))
        yield Check(
            f"relative error of s = -1.31596, N = {n}", errors[-1], "<", 0.01 * (64 / n) ** 2
        )
    yield Check("order of the last two", order(*errors[-2:]), ">", 1.9)


def plateau_errors(n, vmax):
    """Return {t: relative error of the plateau E_p} of the streaming triangle with local
    damping."""
    outcome = run_problem(
        "cr_streaming", LOCAL, f"transport.vmax={vmax}", "time.dt_max=0.02", cells=line(n), every=1
    )
    time, height = outcome.history["time"], outcome.history["e(0)"]
    nearest = {t: np.argmin(np.abs(time - t)) for t in (0.05, 0.1, 0.2, 0.5, 1.0)}
    return {
        t: abs(height[at] / streaming.triangle_plateau(time[at])[0] - 1)
        for t, at in nearest.items()
    }


@regulated("V7", "streaming triangle alfven_regulated", f"crmpi run cr_streaming '{LOCAL}'")
def streaming_triangle(full):
    """Waves damped where they are made, and much scattering: cosmic rays stream as in the one-fluid
    limit."""
    n = 512 if full else 256
    for t, error in plateau_errors(n, 100).items():
        yield Check(
            f"relative error of E_p at t = {t}, Vm = 100, N = {n}", error, "<", 1.5e-3 * 512 / n
        )


@regulated("V8", "bottleneck alfven_regulated", f"crmpi run cr_bottleneck '{LOCAL}'")
def bottleneck(full):
    n = 256 if full else 128  # limits at first order from 0.66 at N = 512
    outcome = run_problem(
        "cr_bottleneck",
        LOCAL,
        "time.dt_max=10",
        f"time.end={2000 if full else 1000}",
        cells=line(n),
        every=1,
    )
    downstream = outcome.history["e(downstream)"]
    yield Check(
        f"e behind the cloud, N = {n} (exact 0.646)", downstream[-1], "<", 0.646 + 0.014 * 512 / n
    )
    yield Check(f"e behind the cloud, N = {n}", downstream[-1], ">", 0.64)
    x, e = outcome.positions().x1.ravel(), outcome.cells("ecr").ravel()
    yield Check(
        "plateau before the cloud: largest abs(e/3 - 1)",
        np.abs(e[x < 150] / 3 - 1).max(),
        "<",
        0.01,
    )


@regulated(
    "V14", "triangle alfven_regulated", f"crmpi run cr_streaming '{LOCAL}' transport.vmax=30"
)
def reduced_speed(full):
    """Signals at Vm/sqrt(3) lag behind streaming at v_A = 1 by the ratio of the two."""
    n, errors = 512 if full else 256, {}
    for vmax in (10, 30, 100):
        errors[vmax] = max(plateau_errors(n, vmax).values())
        yield Check(
            f"largest relative error of E_p, Vm = {vmax}, N = {n}",
            errors[vmax],
            "<",
            np.sqrt(3) / vmax,
        )
    yield Check("order in 1/Vm, 10 to 30", order(errors[10], errors[30], 3), ">", 0.9)


@regulated(
    "V19",
    "collision alfven_regulated",
    "crmpi run cr_stress problem.mach=10 problem.ratio=100 transport.solver=...",
)
def collision(full):
    n, cases = (256, ((10, 100), (50, 1e4))) if full else (128, ((10, 100),))
    for mach, ratio in cases:
        sound, totals = np.sqrt(5 / 3 + 4 / 3 * ratio), Totals()
        vmax = 30 * mach * sound
        # kappa = c_s/100 where the waves have 1/200 of the energy of the field
        scattering = 1 / (3 * 0.0025 * 0.01 * sound)
        gyro = scattering * (100 * vmax) ** 2 / scattering_coefficient(1.0, 0.0, 1.0, 1.0)
        solver = (
            f"transport={{solver: alfven_regulated, vmax: {vmax}, light_speed: "
            f"{100 * vmax}, gyro_rate: {gyro}}}"
        )
        flow = f"problem.mach={mach}", f"problem.ratio={ratio}", f"time.end={0.5 / (mach * sound)}"
        outcome = run_problem("cr_stress", *flow, solver, cells=line(n), watch=totals)
        drift, title = totals.drift(), f"Mach {mach}, P/Pg = {ratio:g}"
        yield from entropy_checks(f"{title}: ", totals, outcome)
        yield reported(
            f"{title}: minimum wave energy",
            min(outcome.cells(name).min() for name in ("ewp", "ewm")),
        )
        yield Check(f"{title}: relative change of E + e + waves", drift["energy"], "<", 1e-13)
        yield Check(f"{title}: change of momentum with f b/Vm^2", drift["momentum"], "<", 1e-12)


def balanced(factor, linear):
    """Return the transport whose waves obey Landau damping times `factor` and a `linear` rate."""
    damping = f"nll_damping: {factor:g}, linear_damping: {linear:g}"
    return (
        f"transport={{solver: alfven_regulated, vmax: 100, light_speed: 1000, gyro_rate: "
        f"1e11, {damping}}}"
    )


@regulated(
    "W2", "growth balances damping", f"crmpi run cr_streaming '{balanced(1, 3e3)}' time.end=0.2"
)
def balance(full):
    """In the wings of the triangle abs(grad P) = 1/3 for ever: v_A abs(grad P) = D a + N a^2,
    abs(grad P) = G a (f - v_A h)."""
    gyro, light, n = 1e11, 1e3, 256 if full else 128
    for factor, linear in ((1.0, 0.0), (1.0, 3e3), (1e-3, 0.0)) if full else ((1.0, 3e3),):
        outcome = run_problem(
            "cr_streaming",
            balanced(factor, linear),
            "time.dt_max=0.02",
            "time.end=0.2",
            cells=line(n),
        )
        x = outcome.positions().x1.ravel()
        wing = (x > 1.2) & (x < 1.8)  # from the plateau, 1.015, to the foot, 2.2
        e, f, a = (outcome.cells(name).ravel()[wing] for name in ("ecr", "fcr", "ewp"))
        coefficients = (
            scattering_coefficient(1.0, 1.0, gyro, light),
            factor * landau_coefficient(1.0, np.sqrt(5 / 3), gyro, light),
            linear,
        )
        waves, drift = steady_waves(1 / 3, 1.0, coefficients)
        label = f"NLL factor {factor:g}, D = {linear:g}, N = {n}"
        yield Check(
            f"mean abs(error) of wave energy, {label}", np.abs(a / waves - 1).mean(), "<", 0.01
        )
        yield Check(
            f"mean abs(error) of f - v_A h, {label}",
            np.abs((f - 4 / 3 * e) / drift - 1).mean(),
            "<",
            0.01,
        )
