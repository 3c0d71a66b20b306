"""Verification cases M1-M6: hydrodynamics and MHD.

Limits are those of the full resolution. A quick form has half of it and the limit scaled by the
order of the method: errors of smooth flow by 4, of flow with jumps by 2.

The RMS limits of M1, 4.5e-8 (fast), 4.0e-8 (Alfven), 5.0e-8 (slow), are those of Athena++'s
regression test, where half of the box is refined to twice the resolution. Athena++ (VL2, PLM, HLLD,
cfl 0.3), run for this comparison, gives 5.973e-8, 5.635e-8, 6.590e-8 and, for the entropy wave,
4.091e-8 on the uniform mesh of 64 x 32 x 32 cells, and 4.287e-8 for the fast wave with the
refinement. UNIFORM holds the former with a margin of 1%. In M4 Athena++ keeps 0.7895 of the energy
at 128 x 64 with VL2 and PLM.
"""

import itertools

import numpy as np

from tests.verification.runs import max_divergence, order, rms_error, run_problem
from tests.verification.table import Check, case, reported

PERIODS = {"fast": 0.5, "alfven": 1.0, "slow": 2.0, "entropy": 1.0}
REFINED = {"fast": 4.5e-8, "alfven": 4.0e-8, "slow": 5.0e-8}
UNIFORM = {"fast": 6.03e-8, "alfven": 5.69e-8, "slow": 6.66e-8, "entropy": 4.13e-8}
DIVERGENCE = 1e-13
JUMP_ORDER = 2 / 3  # a contact smears as N^(-2/3) in a second-order scheme, shocks as N^-1


def linear_wave(family, n, direction="right", *more):
    """Return the error after one period in the box 3 x 1.5 x 1.5 with `n` cells along x1."""
    flow = 1.0 if family == "entropy" else 0.0
    overrides = (
        f"time.end={PERIODS[family]}",
        f"problem.family={family}",
        f"problem.flow={flow}",
        f"problem.direction={direction}",
    )
    return rms_error(run_problem("linear_wave", *overrides, *more, cells=(n, n // 2, n // 2)))


def _linear_wave_case(family):
    @case(
        "M1",
        f"linear wave {family}",
        (
            f"crmpi run linear_wave problem.family={family} mesh.cells=[64,32,32] "
            f"time.end={PERIODS[family]}"
        ),
    )
    def measure(full):
        n = 64 if full else 32
        coarse, fine = linear_wave(family, n // 2), linear_wave(family, n)
        limit = min(UNIFORM[family], REFINED.get(family, np.inf)) * (64 / n) ** 2
        yield Check(f"RMS error, N = {n}, against limits of Athena++", fine, "<", limit)
        if full:  # five cells per wavelength, N = 16, are too few for the order to show
            yield Check("error(64) / error(32)", fine / coarse, "<", 0.4)


for _family in PERIODS:
    _linear_wave_case(_family)


def _integrated_case(reconstruction):
    words = f"fluid.integrator=rk3 fluid.reconstruction={reconstruction}"

    @case(
        "M1",
        f"linear wave fast, rk3 and {reconstruction}",
        f"crmpi run linear_wave {words} mesh.cells=[64,32,32] time.end=0.5",
        # tests/unit/test_boundary_inflow.py has a quick form
        full_only=reconstruction == "ppm",
    )
    def measure(full):
        n = 64 if full else 32
        coarse, fine = (linear_wave("fast", m, "right", *words.split()) for m in (n // 2, n))
        yield Check(
            f"RMS error, N = {n}, against Athena++ with vl2 and plm on a uniform mesh",
            fine,
            "<",
            UNIFORM["fast"] * (64 / n) ** 2,
        )
        if full:
            yield Check("error(64) / error(32)", fine / coarse, "<", 0.4)


for _reconstruction in ("plm", "ppm"):
    _integrated_case(_reconstruction)


@case("M1", "left and right", "crmpi run linear_wave problem.direction=left")
def left_and_right(full):
    n = 32 if full else 16
    left, right = linear_wave("fast", n, "left"), linear_wave("fast", n, "right")
    yield Check("abs(error(left) - error(right))", abs(left - right), "<", 1e-14)


@case("M1", "three axes", "crmpi run linear_wave mesh.cells=[1,32,1] (and [32,1,1], [1,1,32])")
def axes_agree(full):
    states = []
    for axis in (1, 2, 3):
        outcome = run_problem(
            "linear_wave", "mesh.upper=[1,1,1]", cells=[32 if a == axis else 1 for a in (1, 2, 3)]
        )
        states.append(relabelled(outcome, axis))
    yield Check(
        "largest difference between x1, x2, x3",
        max(np.abs(s - states[0]).max() for s in states),
        "==",
        0.0,
    )


def relabelled(outcome, axis):
    """Return the primitives of a run along `axis` (1, 2, 3) as an array, vectors in cyclic order
    from there."""
    names = ["dens", "press"] + [
        f"{v}{(axis - 1 + c) % 3 + 1}" for v in ("vel", "b") for c in range(3)
    ]
    return np.array([outcome.cells(name).ravel() for name in names])


def alfven_wave(n, standing, dimensions):
    """Return the error of the circularly polarised wave after one period in a box 2n x n (x n)."""
    cells = [2 * n, n, n if dimensions == 3 else 1]
    upper = [3, 1.5, 1.5] if dimensions == 3 else [5**0.5, 5**0.5 / 2, 1]
    return rms_error(
        run_problem(
            "alfven_wave", f"mesh.upper={upper}", f"problem.standing={standing}", cells=cells
        )
    )


def _alfven_case(standing, dimensions):
    title = f"{'standing' if standing else 'travelling'} Alfven wave {dimensions}-D"

    @case(
        "M2",
        title,
        f"crmpi run alfven_wave problem.standing={str(standing).lower()} mesh.cells=[256,128,1]",
        full_only=dimensions == 3,
    )
    def measure(full):
        sizes = (32, 64) if dimensions == 3 else (32, 64, 128) if full else (16, 32, 64)
        errors = [alfven_wave(n, str(standing).lower(), dimensions) for n in sizes]
        for n, coarse, fine in zip(sizes[1:], errors, errors[1:], strict=False):
            if full or n == sizes[-1]:  # the pair 16, 32 is not yet asymptotic
                yield Check(f"order N = {n // 2} to {n}", order(coarse, fine), ">", 1.9)


for _standing in (False, True):
    for _dimensions in (2, 3):
        _alfven_case(_standing, _dimensions)


def tube(target, n, *overrides):
    """Return a shock tube with `n` cells."""
    return run_problem(target, *overrides, cells=(n, 1, 1))


def outflow_along(axis):
    """Return the override that opens the box along `axis` (1, 2, 3) and closes it periodically
    along the others."""
    return (
        "mesh.boundaries=["
        + ", ".join("outflow" if a == axis else "periodic" for a in (1, 2, 3))
        + "]"
    )


@case("M3", "Sod", "crmpi run shock_tube")
def sod(full):
    errors = [tube("shock_tube", n).norms["dens"]["L1"] for n in (256, 512)]
    yield Check("L1 order of density, N = 256 to 512", order(*errors), ">", JUMP_ORDER)


@case("M3", "three axes", "crmpi run shock_tube problem.axis=2 mesh.cells=[1,128,1]")
def tube_axes(full):
    for target in ("shock_tube", "shock_tube/ryu_jones_2a"):
        states = []
        for axis in (1, 2, 3):
            cells = [128 if a == axis else 1 for a in (1, 2, 3)]
            states.append(
                relabelled(
                    run_problem(target, f"problem.axis={axis}", outflow_along(axis), cells=cells),
                    axis,
                )
            )
        worst = max(np.abs(state - states[0]).max() for state in states)
        yield Check(f"{target}: largest difference between x1, x2, x3", worst, "==", 0.0)


@case("M3", "Ryu-Jones 2a", "crmpi run shock_tube/ryu_jones_2a")
def ryu_jones(full):
    coarse, fine = (tube("shock_tube/ryu_jones_2a", n) for n in (256, 512))
    yield Check(
        "L1 order of density, N = 256 to 512",
        order(coarse.norms["dens"]["L1"], fine.norms["dens"]["L1"]),
        ">",
        JUMP_ORDER,
    )
    fan, t = fine.sim.problem.fan, fine.sim.time
    speeds = (
        [w.speed for w in fan.left_waves]
        + [fan.left_waves[2].behind.vel[0]]
        + [w.speed for w in reversed(fan.right_waves)]
    )
    worst = 0.0
    # the six states between the seven waves, at the middle of each
    for lower, upper in itertools.pairwise(speeds):
        xi = np.array([0.5 * (lower + upper)])
        cell = int((0.5 + xi[0] * t) * 512)
        for name, exact in zip(
            ("dens", "press", "b2", "b3"), np.array(fan.sample(xi))[[0, 4, 5, 6], 0], strict=True
        ):
            worst = max(worst, abs(fine.cells(name)[0, 0, cell] / exact - 1))
    # neighbouring states differ by more than 9% in one of the four: with an error below 2% all
    # seven waves are seen
    yield Check("largest relative error between the seven waves, N = 512", worst, "<", 0.02)


@case("M3", "Brio-Wu", "crmpi run shock_tube/brio_wu")
def brio_wu(full):
    reference_n = 8192 if full else 2048
    reference = tube("shock_tube/brio_wu", reference_n).cells("dens").ravel()
    sizes = (256, 512, 1024) if full else (128, 256)
    errors = []
    for n in sizes:
        averaged = reference.reshape(n, -1).mean(axis=1)
        errors.append(
            np.mean(np.abs(tube("shock_tube/brio_wu", n).cells("dens").ravel() - averaged))
        )
    yield Check(
        f"L1 order of density against N = {reference_n}",
        order(errors[0], errors[-1], sizes[-1] / sizes[0]),
        ">",
        JUMP_ORDER,
    )


def _divergence_watch(found):
    def watch(sim):
        found.append(max_divergence(sim))

    return watch


@case("M4", "field loop 2-D", "crmpi run field_loop")
def field_loop(full):
    for reconstruction in ("plm", "ppm") if full else ("plm",):
        divergence = []
        outcome = run_problem(
            "field_loop",
            f"fluid.reconstruction={reconstruction}",
            watch=_divergence_watch(divergence),
        )
        emag = outcome.history["emag"]
        kept = emag[-1] / emag[0]
        yield Check(
            f"{reconstruction}: max abs(div B) dx / max B", max(divergence), "<", DIVERGENCE
        )
        title = f"{reconstruction}: magnetic energy kept after 2 crossings"
        yield Check(
            title, kept, ">", 0.90, "0.90 needs CTU with PPM; Athena++ keeps 0.789", worst=0.789
        )


@case(
    "M4",
    "field loop 3-D",
    "crmpi run field_loop mesh.cells=[32,32,64] problem.velocity=[1,1,2] (and field_loop/inclined)",
)
def field_loop_3d(full):
    n = 64 if full else 16
    for inclined in ("false", "true"):
        divergence = []
        outcome = run_problem(
            "field_loop/inclined",
            f"problem.inclined={inclined}",
            cells=(n, n, 2 * n),
            watch=_divergence_watch(divergence),
        )
        title = "inclined loop" if inclined == "true" else "loop along x3"
        yield Check(f"{title}: max abs(div B) dx / max B", max(divergence), "<", DIVERGENCE)
        axis = outcome.sim.problem.axis
        along = np.abs(axis[0] * outcome.cells("b1") + axis[2] * outcome.cells("b3"))
        if inclined == "false":
            yield Check(f"{title}: max abs(B) along its axis", along.max(), "<", 1e-12)
        else:
            # the discrete field of an inclined loop is not quite perpendicular to its axis, already
            # at the start
            yield Check(
                f"{title}: mean abs(B along its axis) / B", along.mean() / 1e-3, "<", 0.16 / n
            )


@case("M5", "Orszag-Tang", "crmpi run orszag_tang mesh.cells=[256,256,1]")
def orszag_tang(full):
    n = 256 if full else 64
    divergence = []
    outcome = run_problem("orszag_tang", cells=(n, n, 1), watch=_divergence_watch(divergence))
    dens, press = outcome.cells("dens")[0], outcome.cells("press")[0]
    turned = max(np.abs(q - q[::-1, ::-1]).max() for q in (dens, press))
    yield Check("point symmetry of density and pressure at t = 0.5", turned, "<", 1e-12)
    yield Check("max abs(div B) dx / max B", max(divergence), "<", DIVERGENCE)


@case("M6", "blast", "crmpi run blast problem.beta=0.1 (and 1e-2, 1e-3)")
def blast(full):
    n = 256 if full else 64
    for beta in (0.1, 1e-2, 1e-3) if full else (0.1, 1e-3):
        outcome = run_problem("blast", f"problem.beta={beta}", cells=(n, n, 1))
        least = outcome.cells("press").min() / 0.1
        yield reported(f"beta = {beta:g}: minimum pressure / outside", least)
        floors = floor_count(outcome.history)
        if beta == 0.1:
            yield Check(f"beta = {beta:g}: floors applied", floors, "==", 0.0)
        else:
            yield Check(
                f"beta = {beta:g}: share of cell updates with a floor",
                floors / (n * n * outcome.sim.clock.step),
                "<",
                0.01,
            )


@case("M6", "rotor", "crmpi run rotor")
def rotor(full):
    n = 256 if full else 64
    outcome = run_problem("rotor", cells=(n, n, 1))
    yield reported("minimum pressure", outcome.cells("press").min())
    yield Check("floors applied", floor_count(outcome.history), "==", 0.0)


def floor_count(history):
    """Return how many cells a floor acted on in a run (half steps count): density, pressure, e, and
    entropy."""
    return sum(float(history[f"floor_{name}"][-1]) for name in ("dens", "press", "ecr", "entropy"))
