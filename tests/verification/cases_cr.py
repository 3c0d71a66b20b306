"""Verification cases V1-V8: cosmic rays with gas, and cosmic-ray transport in gas that is not
evolved.

Limits are those of the full resolution; quick forms use fewer cells and say how the limit follows.
"""

import numpy as np

from crmpi.exact import streaming
from tests.verification.cases_mhd import JUMP_ORDER, outflow_along
from tests.verification.runs import order, run_problem
from tests.verification.table import Check, case

ANISOTROPIC = ("transport={solver: anisotropic_diffusion}",)
ISOTROPIC = ("transport={solver: isotropic_diffusion}",)


def line(n, axis=1):
    """Return a mesh of `n` cells along `axis` (1, 2, 3)."""
    return [n if a == axis else 1 for a in (1, 2, 3)]


def cr_tube(target, n, *overrides):
    """Return the run of a cosmic-ray shock tube with `n` cells."""
    return run_problem(target, *overrides, cells=line(n))


def tube_numbers(outcome):
    """Return p*, v*, rho3, rho2 at the middle between contact and the waves beside it, and the
    shock from the middle of its jump."""
    sim = outcome.sim
    fan, p, t = sim.problem.fan, sim.problem.p, sim.time
    x = outcome.positions().x1.ravel()
    dens, vel, press, ecr = (
        outcome.cells(name).ravel() for name in ("dens", "vel1", "press", "ecr")
    )
    shock = -fan.right_side.head
    between = [p.x0 + t * 0.5 * (fan.vel + speed) for speed in (fan.left_side.tail, shock)]
    behind, shocked = (np.argmin(np.abs(x - position)) for position in between)
    half = 0.5 * (dens[shocked] + p.right[0])
    front = x[np.nonzero(dens[shocked:] > half)[0][-1] + shocked]
    found = (
        (press + ecr / 3)[shocked],
        vel[shocked],
        dens[behind],
        dens[shocked],
        (front - p.x0) / t,
    )
    exact = fan.total, fan.vel, fan.left_side.dens, fan.right_side.dens, shock
    names = "p*", "v*", "rho3", "rho2", "v_shock"
    return {name: abs(a / b - 1) for name, a, b in zip(names, found, exact, strict=True)}


def _cr_tube_case(title, target):
    @case("V1", title, f"crmpi run {target}", solver="none")
    def measure(full):
        coarse, fine = cr_tube(target, 256), cr_tube(target, 512)
        for name, error in tube_numbers(fine).items():
            yield Check(f"relative error of {name}, N = 512", error, "<", 0.01)
        # not below the contact's 2/3, which is what is left of first order once the shock is sharp
        yield Check(
            "L1 order of density, N = 256 to 512",
            order(coarse.norms["dens"]["L1"], fine.norms["dens"]["L1"]),
            ">",
            JUMP_ORDER,
        )
        for override in (
            ("time.cfl=0.1", "time.cfl=0.4", "fluid.reconstruction=ppm")
            if full
            else ("time.cfl=0.1",)
        ):
            worst = max(tube_numbers(cr_tube(target, 512, override)).values())
            yield Check(f"largest relative error with {override}, N = 512", worst, "<", 0.01)


_cr_tube_case("strong tube", "cr_shock_tube")
_cr_tube_case("Pfrommer 2006 tube", "cr_shock_tube/pfrommer2006")


STARRED = "Pc*", "Pg*"
# Mach number of the shock, Pc/Pg: the left pressures that drive it into [1, 0, 1, Pc/Pg], from the
# exact solution
MACH_TUBES = {
    (1.35, 1): (3.012565, 3.012565),
    (2, 1): (8.379348, 8.379348),
    (6.5, 1): (101.26522, 101.26522),
    (20, 1): (968.51171, 968.51171),
    (1.4, 100): (3.1887191, 318.87191),
    (2, 100): (7.6584627, 765.84627),
}
SCHEMES = (
    "fluid.riemann=llf",
    "fluid.riemann=hlle",
    "fluid.riemann=hlld",
    "fluid.reconstruction=ppm",
    "fluid.integrator=rk3",
)
ON_TUBE = "mesh.spacing=log"


def mach_tube(mach, ratio, n, *overrides):
    """Return the run of a tube of `MACH_TUBES` with `n` cells, to the time when the shock has gone
    0.35 of the tube."""
    left, right = (1.0, 0.0, *MACH_TUBES[mach, ratio]), (1.0, 0.0, 1.0, float(ratio))
    speed = mach * np.sqrt(5 / 3 + 4 / 3 * ratio)
    states = (
        f"problem.left={list(left)}",
        f"problem.right={list(right)}",
        "problem.x0=1.5",
        f"time.end={0.35 / speed}",
    )
    return run_problem(
        "cr_shock_tube",
        *states,
        "mesh.lower=[1,0,0]",
        "mesh.upper=[2,1,1]",
        *overrides,
        cells=line(n),
    )


def starred_errors(outcome):
    """Return the relative errors of the cosmic-ray and gas pressures behind the shock, mean of the
    middle half of the shocked gas."""
    sim = outcome.sim
    fan = sim.problem.fan
    place = (outcome.positions().x1.ravel() - sim.problem.p.x0) / sim.time
    depth = (place - fan.vel) / (-fan.right_side.head - fan.vel)  # 0 at the contact, 1 at the shock
    middle = (depth > 0.25) & (depth < 0.75)
    ecr, press = (outcome.cells(name).ravel()[middle].mean() for name in ("ecr", "press"))
    return abs(ecr / 3 / fan.right_side.pcr - 1), abs(press / fan.right_side.press - 1)


def _mach_tube_case(mach, ratio):
    states = f"'problem.left={[1, 0, *MACH_TUBES[mach, ratio]]}' 'problem.right=[1,0,1,{ratio}]'"

    @case(
        "V1", f"Mach {mach:g} Pc/Pg {ratio}", f"crmpi run cr_shock_tube {states} ...", solver="none"
    )
    def measure(full):
        schemes = ("fluid.riemann=auto", *SCHEMES, ON_TUBE) if full else ("fluid.riemann=auto",)
        for scheme in schemes:
            errors = {
                n: starred_errors(mach_tube(mach, ratio, n, scheme))
                for n in ((128, 256, 512) if full else (128, 512))
            }
            label = "" if scheme == "fluid.riemann=auto" else f", {scheme.split('.')[1]}"
            for name, error in zip(STARRED, errors[512], strict=True):
                yield Check(f"relative error of {name}, N = 512{label}", error, "<", 0.01)
            yield Check(
                f"larger error, N = 512 against 128{label}",
                max(errors[512]) / max(errors[128]),
                "<",
                0.5,
            )

    return measure


for _mach, _ratio in MACH_TUBES:
    _mach_tube_case(_mach, _ratio)

DENSE_TUBE = "'problem.left=[10000,0,1,100]' 'problem.right=[1,0,0.01,1]'"


@case(
    "V1",
    "density jump 1e4",
    f"crmpi run cr_shock_tube {DENSE_TUBE} ...",
    solver="none",
    full_only=True,
)
def dense_tube(full):
    """Dense gas expands into thin gas: what is left of the contact, nine cells of 512, began within
    half a cell of the diaphragm. Its pressure errs by its density, as that of any gas does, and by
    its entropy p/rho^gamma."""
    states = (
        *DENSE_TUBE.replace("'", "").split(),
        "problem.x0=1.5",
        "mesh.lower=[1,0,0]",
        "mesh.upper=[2,1,1]",
        "time.end=0.26",
    )
    error, entropy, density = {}, {}, {}
    for n in (256, 512, 1024, 2048):
        outcome = run_problem("cr_shock_tube", *states, cells=line(n))
        side, vel = outcome.sim.problem.fan.left_side, outcome.sim.problem.fan.vel
        middle = 1.5 + outcome.sim.time * 0.5 * (side.tail + vel)
        at = np.argmin(np.abs(outcome.positions().x1.ravel() - middle))
        press = outcome.cells("press").ravel()[at] / side.press
        dens = outcome.cells("dens").ravel()[at] / side.dens
        error[n], entropy[n] = abs(press - 1), abs(press / dens ** (5 / 3) - 1)
        density[n] = abs(dens - 1)
    why = "the gas began within half a cell; its density is 19% low with one gas of 4/3, too"
    yield Check(
        "relative error of Pg left of the contact, N = 512", error[512], "<", 0.01, why, 0.1
    )
    why = "thin gas mixes into the last cells of dense gas"
    yield Check("relative error of Pg/rho^gamma there, N = 512", entropy[512], "<", 0.01, why, 0.6)
    for coarse in (256, 512, 1024):
        fine = 2 * coarse
        label = f"N = {fine} against {coarse}"
        yield Check(f"the same, {label}", entropy[fine] / entropy[coarse], "<", 0.7)
        if coarse > 256:
            yield Check(f"error of density, {label}", density[fine] / density[coarse], "<", 0.8)


@case(
    "V1", "three axes", "crmpi run cr_shock_tube problem.axis=3 mesh.cells=[1,1,128]", solver="none"
)
def cr_tube_axes(full):
    states = []
    for axis in (1, 2, 3):
        box = [500 if a == axis else 1 for a in (1, 2, 3)]
        overrides = (
            outflow_along(axis),
            f"mesh.upper={box}",
            f"problem.axis={axis}",
            "problem.bx=100",
            "fluid.magnetic=true",
        )
        outcome = run_problem("cr_shock_tube", *overrides, cells=line(128, axis))
        states.append(
            np.array(
                [outcome.cells(name).ravel() for name in ("dens", f"vel{axis}", "press", "ecr")]
            )
        )
    yield Check(
        "largest difference between x1, x2, x3",
        max(np.abs(s - states[0]).max() for s in states),
        "==",
        0.0,
    )


def sound_wave(n, *overrides):
    """Return (measured, exact) complex growth rate of the cosmic-ray sound wave with `n` cells per
    wavelength, and the run."""
    outcome = run_problem("cr_sound_wave", *overrides, cells=line(n), every=1)
    h = outcome.history
    amplitude = h["wave_cos"] - 1j * h["wave_sin"]
    log = np.log(np.abs(amplitude[-1] / amplitude[0])) + 1j * (
        np.unwrap(np.angle(amplitude))[-1] - np.angle(amplitude[0])
    )
    return log / outcome.sim.time, outcome.sim.problem.s, outcome


@case("V2", "adiabatic sound", "crmpi run cr_sound_wave", solver="none")
def adiabatic_sound(full):
    runs = {n: sound_wave(n) for n in ((64, 128, 256) if full else (64, 128))}
    measured = runs[128][0]
    yield Check(
        "relative error of c = 1.73205, N = 128",
        abs(-measured.imag / (2 * np.pi) / np.sqrt(3) - 1),
        "<",
        1e-3,
    )
    finest = max(runs)
    errors = [runs[n][2].norms["ecr"]["L1"] for n in (finest // 2, finest)]
    yield Check(f"L1 order, N = {finest // 2} to {finest}", order(*errors), ">", 1.9)


@case(
    "V2",
    "oblique adiabatic sound",
    "crmpi run cr_sound_wave mesh.cells=[64,32,1] mesh.upper=[2.236,1.118,1]",
    solver="none",
)
def oblique_sound(full):
    errors = []
    for n in (32, 64, 128) if full else (16, 32, 64):
        outcome = run_problem(
            "cr_sound_wave", f"mesh.upper=[{5**0.5},{5**0.5 / 2},1]", cells=(2 * n, n, 1)
        )
        errors.append(outcome.norms["ecr"]["L1"])
    yield Check("L1 order of e", order(*errors[-2:]), ">", 1.9)


def _diffusive_sound_case(kappa, solver, transport):
    @case(
        "V3",
        f"kappa {kappa} {solver}",
        f"crmpi run cr_sound_wave/diffusive scattering.kappa_par={kappa} transport.solver={solver}",
        solver=solver,
        model="constant",
    )
    def measure(full):
        n = 128 if full else 64  # second order: four times the limits at half the resolution
        # splitting transport from the gas multiplies the damping by about 1 + (kappa k^2 dt)^2/12:
        # shorter steps at the largest kappa
        step = 4e-4 if kappa == 10 else 1.0
        measured, exact, _ = sound_wave(
            n, "time.end=0.7", *transport, f"scattering.kappa_par={kappa}", f"time.dt_max={step}"
        )
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


_TWO_MOMENT = ("transport={solver: two_moment, vmax: 100, streaming: false}",)
for _kappa in (0.01, 0.1, 1, 10):
    _diffusive_sound_case(_kappa, "isotropic_diffusion", ISOTROPIC)
    _diffusive_sound_case(_kappa, "anisotropic_diffusion", ANISOTROPIC)
    _diffusive_sound_case(_kappa, "two_moment", _TWO_MOMENT)


@case(
    "V3",
    "order",
    "crmpi run cr_sound_wave/diffusive scattering.kappa_par=10 mesh.cells=[64,1,1] (and 128, 256)",
    solver=("anisotropic_diffusion", "two_moment"),
    full_only=True,
)
def order_in_step(full):
    """At kappa = 10 splitting dominates the error: cell width and step are halved together."""
    for solver, transport in (("anisotropic_diffusion", ANISOTROPIC), ("two_moment", _TWO_MOMENT)):
        errors = []
        for n in (64, 128, 256):
            measured, exact, _ = sound_wave(
                n, "time.end=0.7", *transport, "scattering.kappa_par=10"
            )
            errors.append(abs(measured - exact))
        yield Check(
            f"{solver}: order of the growth rate, N = 64 to 128", order(*errors[:2]), ">", 1.9
        )
        yield Check(
            f"{solver}: order of the growth rate, N = 128 to 256", order(*errors[1:]), ">", 1.9
        )


def _gaussian_case(velocity, solver, transport):
    @case(
        "V4",
        f"Gaussian v = {velocity} {solver}",
        f"crmpi run cr_diffusion problem.velocity={velocity} transport.solver={solver}",
        solver=solver,
        model="constant",
    )
    def measure(full):
        peer = 8e-5 if velocity == 0 else 9e-5
        outcome = run_problem(
            "cr_diffusion",
            f"problem.velocity={velocity}",
            *transport,
            "time.dt_max=2e-3",
            cells=line(256),
        )
        error = outcome.norms["ecr"]["L1"]
        yield Check(
            "mean abs(error) of e, N = 256, against half that of a peer", error, "<", peer / 2
        )


for _velocity in (0, 1):
    _gaussian_case(_velocity, "two_moment", ())
    _gaussian_case(_velocity, "anisotropic_diffusion", ANISOTROPIC)
    _gaussian_case(_velocity, "isotropic_diffusion", ISOTROPIC)


def _axes_case(solver, transport):
    @case(
        "V4",
        f"three axes {solver}",
        (
            "crmpi run cr_diffusion problem.direction=[0,0,1] mesh.cells=[1,1,64] "
            f"transport.solver={solver}"
        ),
        solver=solver,
    )
    def measure(full):
        states = []
        for axis in (1, 2, 3):
            direction = [int(a == axis) for a in (1, 2, 3)]
            overrides = (
                outflow_along(axis),
                f"problem.direction={direction}",
                "problem.velocity=1",
                "time.dt_max=5e-3",
            )
            outcome = run_problem("cr_diffusion", *overrides, *transport, cells=line(64, axis))
            states.append(
                np.array(
                    [
                        outcome.cells(name).ravel()
                        for name in ("ecr", "fcr")
                        if name == "ecr" or solver == "two_moment"
                    ]
                )
            )
        yield Check(
            "largest difference between x1, x2, x3",
            max(np.abs(s - states[0]).max() for s in states),
            "==",
            0.0,
        )


for _solver, _transport in (
    ("two_moment", ()),
    ("anisotropic_diffusion", ANISOTROPIC),
    ("isotropic_diffusion", ISOTROPIC),
):
    _axes_case(_solver, _transport)


def _oblique_case(solver, transport):
    @case(
        "V4",
        f"oblique blob {solver}",
        "crmpi run cr_diffusion problem.blob=true problem.direction=[2,1,0] "
        "mesh.cells=[128,128,1] "
        f"transport.solver={solver}",
        solver=solver,
    )
    def measure(full):
        errors = []
        for n in (64, 128) if full else (32, 64):
            overrides = (
                "mesh.boundaries=outflow",
                "problem.blob=true",
                "problem.direction=[2,1,0]",
                f"time.dt_max={0.8 / n}",
            )
            outcome = run_problem("cr_diffusion", *overrides, *transport, cells=(n, n, 1))
            errors.append(outcome.norms["ecr"]["L1"])
        # limited slopes clip the top of the blob
        yield Check(f"L1 order of e, N = {n // 2} to {n}", order(*errors), ">", 1.5)
        yield Check(
            "L1 error / mean e",
            errors[-1] / outcome.cells("ecr").mean(),
            "<",
            0.01 if full else 0.04,
        )

    return measure


_oblique_case("two_moment", ())
_oblique_case("anisotropic_diffusion", ANISOTROPIC)
_oblique_case("isotropic_diffusion", ISOTROPIC)


@case("V5", "telegraph", "crmpi run cr_telegraph", solver="two_moment")
def telegraph(full):
    errors = []
    for n in (64, 128, 256) if full else (32, 64):
        outcome = run_problem(
            "cr_telegraph", f"time.dt_max={1.28 / n}", "time.end=1", cells=line(n)
        )
        x, e = outcome.positions().x1.ravel(), outcome.cells("ecr").ravel()
        rate = np.log(2 * np.mean((e - 1) * np.cos(2 * np.pi * x)) / 0.1)
        errors.append(abs(rate / outcome.sim.problem.s.real - 1))
        yield Check(
            f"relative error of s = -1.31596, N = {n}", errors[-1], "<", 0.01 * (64 / n) ** 2
        )
    yield Check("order of the last two", order(*errors[-2:]), ">", 1.9)


@case(
    "V5", "free streaming", "crmpi run cr_telegraph scattering.kappa_par=1e30", solver="two_moment"
)
def free_streaming(full):
    """Without scattering e and f are waves at Vm/sqrt(3): the phase after one period."""
    period = np.sqrt(3) / 100
    errors = []
    for n in (64, 128):
        overrides = "scattering.kappa_par=1e30", f"time.dt_max={period / n}", f"time.end={period}"
        outcome = run_problem("cr_telegraph", *overrides, cells=line(n))
        x, e = outcome.positions().x1.ravel(), outcome.cells("ecr").ravel()
        phase = np.angle(np.mean((e - 1) * np.exp(-2j * np.pi * x)))
        errors.append(abs(phase) / (2 * np.pi))
        yield Check(
            f"relative error of the front speed Vm/sqrt(3), N = {n}",
            errors[-1],
            "<",
            0.01 * (64 / n) ** 2,
        )


@case("V6", "ring", "crmpi run cr_ring mesh.cells=[256,256,1]", solver="anisotropic_diffusion")
def ring(full):
    l1 = []
    sizes = (32, 64, 128, 256) if full else (32, 64)
    for n in sizes:
        outcome = run_problem("cr_ring", cells=(n, n, 1))
        l1.append(outcome.norms["ecr"]["L1"])
        yield Check(f"min(e) - 10, N = {n}", outcome.cells("ecr").min() - 10, ">", -1e-12)
        # Balsara et al. (2008), tables: a monotone second-order scheme on the same meshes
        published = {32: 407e-4, 64: 326e-4, 128: 237e-4, 256: 150e-4}[n]
        yield Check(f"L1 error, N = {n}", l1[-1], "<", published)
    if full:
        yield Check("L2 error, N = 256", outcome.norms["ecr"]["L2"], "<", 0.0264)
        yield Check("L1 order, N = 32 to 256", order(l1[0], l1[-1], 8), ">", 0.53)
    else:  # jumps at the edges of the ring: an L1 order of 1/2 is all that is left
        yield Check("L1 order, N = 32 to 64", order(*l1), ">", 0.3)


@case(
    "V6",
    "cross-field leakage",
    "crmpi run cr_ring problem.width=0.05 time.end=...",
    solver="anisotropic_diffusion",
)
def leakage(full):
    """A Gaussian ring without ends stays as it is; the growth of its radial variance is 2
    kappa_perp t of the scheme.

    It is narrow, 8 widths from the edge of the box: with twice the width the box, not the scheme,
    sets what is measured (6e-5 at any N).
    """
    shares = []
    for n in (64, 128, 256) if full else (64, 128):
        outcome = run_problem(
            "cr_ring", "problem.width=0.05", "time.end=10", "time.dt_max=1", cells=(n, n, 1)
        )
        h = outcome.history
        mean = h["excess_r"] / h["excess"]
        variance = h["excess_r2"] / h["excess"] - mean**2
        kappa_perp = (variance[-1] - variance[0]) / (2 * outcome.sim.time)
        shares.append(abs(kappa_perp) / outcome.sim.config.scattering.kappa_par)
        # along circles e is uniform: what leaks is the error of b.grad e, second order, in the flux
        # and in its divergence
        yield Check(
            f"numerical kappa_perp / kappa_par, N = {n}", shares[-1], "<", 1e-4 * (64 / n) ** 4
        )
    words = (
        "the damping of checkerboards, which leaks at third order: 2.98; without it 3.93"
        if full
        else ""
    )
    yield Check(
        "order of the last two", order(*shares[-2:]), ">", 3, words, worst=2.9 if full else None
    )


@case("V7", "streaming triangle", "crmpi run cr_streaming", solver="two_moment")
def streaming_triangle(full):
    # the plateau converges at first order: twice the limit at half the resolution
    n = 512 if full else 256
    for vmax, limit in ((100, 1.5e-3), (300, 2e-4)) if full else ((100, 3e-3),):
        outcome = run_problem(
            "cr_streaming", f"transport.vmax={vmax}", "time.dt_max=0.005", cells=line(n), every=1
        )
        time, height = outcome.history["time"], outcome.history["e(0)"]
        for t in (0.05, 0.1, 0.2, 0.5, 1.0):
            at = np.argmin(np.abs(time - t))
            error = abs(height[at] / streaming.triangle_plateau(time[at])[0] - 1)
            yield Check(
                f"relative error of E_p at t = {t}, Vm = {vmax}, N = {n}", error, "<", limit
            )


def behind_the_cloud(n, end):
    """Return the relative error of e behind the cloud of V8 at t = 2000 with `n` cells and a kind
    of end; and the run."""
    outcome = run_problem(
        "cr_bottleneck", "time.dt_max=10", f"mesh.boundaries.ox1={end}", cells=line(n), every=1
    )
    e = np.interp(600, outcome.positions().x1.ravel(), outcome.cells("ecr").ravel())
    return e / streaming.bottleneck(np.array([1.0, 0.1]), np.array([True, False]), 3.0)[
        1
    ] - 1, outcome


@case(
    "V8",
    "bottleneck",
    "crmpi run cr_bottleneck; crmpi run cr_bottleneck mesh.boundaries.ox1=user",
    solver="two_moment",
    full_only=True,  # tests/unit/test_transport_ends.py has the quick form
)
def bottleneck(full):
    """A steady flow at t = 2000, with zero gradient at its end (`outflow`) and with an absorbing
    end (`user`): exact are both alike.

    The cloud of width 50 has 6 cells at N = 128, and a scheme of first order errs half as much with
    twice as many.
    """
    sizes = (128, 256, 512, 1024) if full else (64, 128)
    for end in ("outflow", "user"):
        errors = []
        for n in sizes:
            error, outcome = behind_the_cloud(n, end)
            errors.append(abs(error))
            yield Check(
                f"{end}: relative error of e behind the cloud, N = {n} (exact 0.6463)",
                errors[-1],
                "<",
                0.03 * 128 / n,
            )
            x, e = outcome.positions().x1.ravel(), outcome.cells("ecr").ravel()
            yield Check(
                f"{end}: plateau before the cloud, N = {n}: largest abs(e/3 - 1)",
                np.abs(e[x < 150] / 3 - 1).max(),
                "<",
                0.01,
            )
        title = f"{end}: order of e behind the cloud, N = {sizes[0]} to {sizes[-1]}"
        yield Check(title, order(errors[0], errors[-1], sizes[-1] / sizes[0]), ">", 0.8)
        time, downstream = outcome.history["time"], outcome.history["e(downstream)"]
        late = downstream[time > 0.9 * outcome.sim.time]
        slow = full and end == "user"
        words = (
            "beyond an absorbing end e still settles at N = 1024, as much as its error there"
            if slow
            else ""
        )
        title = f"{end}: steady: change over the last tenth, N = {sizes[-1]}"
        yield Check(title, np.ptp(late) / late[-1], "<", 1e-3, words, worst=0.002 if slow else None)
