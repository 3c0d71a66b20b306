"""Verification cases V13: cosmic rays among patches and slabs of strong scattering.

A pulse starts in the middle; half the growth rate of its variance is the kappa it feels.
"""

import numpy as np

from crmpi.constants import ECR
from crmpi.exact import patches
from crmpi.run import stepper
from crmpi.scattering.base import KAPPA_PAR
from tests.stepping import begin
from tests.verification.runs import order, run_problem
from tests.verification.table import Check, case

# cm^2/s, kpc: problems/patchy_box/patchy_box.yaml
STRONG, WEAK, FILLING, RADIUS = 1e27, 3e28, 0.2, 0.02
DIFFUSION = ("anisotropic_diffusion", "isotropic_diffusion", "streaming_diffusion")


def transport(solver, vmax):
    """Return the override that chooses a solver."""
    own = {
        "two_moment": f", vmax: {vmax}, streaming: false",
        "streaming_diffusion": ", f_stream: 0",
    }
    return f"transport={{solver: {solver}{own.get(solver, '')}}}"


def _slab_case(solver):
    command = f"crmpi run patchy_box/slabs transport.solver={solver}" + (
        " transport.vmax=30" if solver == "two_moment" else ""
    )

    @case("V13", f"slabs {solver}", command, solver=solver)
    def measure(full):
        # faces of two_moment between slabs are first order; a diffusion scheme with harmonic means
        # at faces needs no resolution
        n, limit = (512, 0.01) if solver in DIFFUSION else (4096, 0.01) if full else (2048, 0.02)
        outcome = run_problem("patchy_box/slabs", transport(solver, 30), cells=(n, 1, 1), every=1)
        h = outcome.history
        variance = h["pulse_s2"] / h["ecr"] - (h["pulse_s1"] / h["ecr"]) ** 2
        late = np.searchsorted(h["time"], 0.5 * h["time"][-1])
        kappa = 0.5 * (variance[-1] - variance[late]) / (h["time"][-1] - h["time"][late])
        yield Check(
            f"relative error of the harmonic mean, {n // 64} cells a slab",
            abs(5.5 * kappa - 1),
            "<",
            limit,
        )


for _solver in (*DIFFUSION, "two_moment"):
    _slab_case(_solver)


@case(
    "V13",
    "slabs on three axes",
    "crmpi run patchy_box/slabs problem.axis=3 mesh.cells=[1,1,512]",
    solver="anisotropic_diffusion",
)
def slabs_on_axes(full):
    states = []
    for axis in (1, 2, 3):
        line = [
            [value if a == axis else other for a in (1, 2, 3)]
            for value, other in ((512, 1), (-8, -0.5), (8, 0.5))
        ]
        overrides = (
            "mesh.boundaries=outflow",
            f"mesh.lower={line[1]}",
            f"mesh.upper={line[2]}",
            f"problem.axis={axis}",
            "time.end=1",
        )
        states.append(
            run_problem("patchy_box/slabs", *overrides, cells=line[0]).cells("ecr").ravel()
        )
    yield Check(
        "largest difference between x1, x2, x3",
        max(np.abs(s - states[0]).max() for s in states),
        "==",
        0.0,
    )


class Pulse:
    """A run of patchy_box in steps that grow, and what its pulse feels: kpc, and kappa in
    cm^2/s."""

    def __init__(self, *overrides, end, first=1e-3):
        self.sim = begin("patchy_box", *overrides)
        self.units = self.sim.units
        self.x = self.sim.positions[0].x1.ravel()
        self.time, self.variance, self.weighed = [0.0], [self.mean(self.x**2)], []
        end, dt = end * self.units.factor("Myr"), first * self.units.factor("Myr")
        while self.time[-1] < end:
            self.note()
            step = min(max(dt, 0.1 * self.time[-1]), 0.02 * end)
            stepper.advance(self.sim, step)
            self.sim.clock.tick(step)
            self.time.append(self.sim.time)
            self.variance.append(self.mean(self.x**2))
        self.note()

    def density(self):
        """Return e on the mesh."""
        return self.sim.pack.active(self.sim.pack.u0)[0, ECR, 0]

    def mean(self, weights):
        """Return the mean of `weights` over the pulse."""
        return float((self.density() * weights).sum() / self.density().sum())

    def note(self):
        """Keep the mean of S with (kappa S')' = 1, which grows by 1 per unit of time in any medium
        (without patches: x^2/2 kappa)."""
        if not self.weighed:
            register = self.sim.pack.allocate(2)
            self.sim.transport.scattering.evaluate(self.sim.pack, register)
            self.kappa = self.sim.pack.active(register)[0, KAPPA_PAR, 0]
            faces, dx = 0.5 * (self.x[1:] + self.x[:-1]), self.x[1] - self.x[0]
            rise = dx * faces * 0.5 * (1.0 / self.kappa[:, 1:] + 1.0 / self.kappa[:, :-1])
            self.weight = np.concatenate(
                [np.zeros((len(rise), 1)), np.cumsum(rise, axis=1)], axis=1
            )
        self.weighed.append(self.mean(self.weight))

    def felt(self, start, end):
        """Return kappa between two times in Myr."""
        times = np.array(self.time) / self.units.factor("Myr")
        first, last = np.searchsorted(times, start), np.searchsorted(times, end) - 1
        rise = (self.variance[last] - self.variance[first]) / (self.time[last] - self.time[first])
        return 0.5 * rise / self.units.factor("cm^2/s")

    def growth(self):
        """Return the growth rate of the mean of S over the second half of the run."""
        half = np.searchsorted(self.time, 0.5 * self.time[-1])
        return (self.weighed[-1] - self.weighed[half]) / (self.time[-1] - self.time[half])


def _mesh(n1, n2, length):
    """Return overrides: a mesh of n1 x n2 square cells, `length` kpc along x1, in one block."""
    half, across = 0.5 * length, 0.5 * length * n2 / n1
    cells = f"[{n1},{n2},1]"
    return (
        f"mesh.cells={cells}",
        f"mesh.block={cells}",
        f"mesh.lower=[{-half},{-across},-0.5]",
        f"mesh.upper=[{half},{across},0.5]",
    )


@case(
    "V13",
    "patches along the field",
    "crmpi run patchy_box scattering.seed=1 (2, 3 ...)",
    solver="anisotropic_diffusion",
    model="patchy",
)
def patches_along(full):
    """Boxes differ by where the patches happen to be: the mean of several is judged by their own
    scatter."""
    seeds, mesh = (8, _mesh(1024, 48, 5.12)) if full else (4, _mesh(512, 8, 5.12))
    boxes = [
        Pulse(*mesh, "transport.max_stages=61", f"scattering.seed={seed + 1}", end=8)
        for seed in range(seeds)
    ]
    yield Check(
        "exact: growth of the resistance-weighted variance, minus 1, worst box",
        max(abs(b.growth() - 1) for b in boxes),
        "<",
        0.01,
    )
    harmonic, unit = patches.harmonic_mean(STRONG, WEAK, FILLING), boxes[0].units
    length = patches.resistance_length(STRONG, WEAK, FILLING, RADIUS, 2)
    expected = 1 + patches.late_excess(
        length, harmonic * unit.factor("cm^2/s"), 6 * unit.factor("Myr")
    )
    late, early = (
        np.array([b.felt(*times) for b in boxes]) / harmonic for times in ((4, 8), (0, 0.02))
    )
    miss = abs(late.mean() - expected) / (late.std(ddof=1) / np.sqrt(seeds))
    yield Check(
        (
            "late kappa against harmonic mean and t^(-1/2) tail, standard errors of the mean of "
            f"{seeds} boxes"
        ),
        miss,
        "<",
        3,
    )
    yield Check(
        "early kappa over the harmonic mean: the sub-diffusive transient", early.mean(), ">", 2
    )
    falling = np.mean([b.felt(0.1, 0.5) for b in boxes]) / harmonic / late.mean()
    yield Check("and falling: kappa at 0.1-0.5 over that at 4-8 Myr", falling, ">", 1)


@case(
    "V13",
    "patches along the field, two moments",
    "crmpi run patchy_box time.end='1.2 Myr' scattering.size_min='80 pc'"
    " scattering.size_max='80 pc' transport='{solver: two_moment, vmax: 1e4 km/s}'",
    solver="two_moment",
    model="patchy",
)
def patches_two_moment(full):
    """Faces between patches are first order in dx/R: wider patches than above, the same in both
    forms."""
    errors = []
    for n in (512, 1024):
        sizes = ("scattering.size_min=80 pc", "scattering.size_max=80 pc")
        pulse = Pulse(
            *_mesh(n, n // 32, 5.12), transport("two_moment", "1e4 km/s"), *sizes, end=1.2
        )
        errors.append(abs(pulse.growth() - 1))
    known = (
        "the dissipation at a face follows the more transparent cell: first order, 1% "
        "takes "
        "about 35 cells a radius"
    )
    title = "exact: growth of the resistance-weighted variance, minus 1, 16 cells a radius"
    yield Check(title, errors[1], "<", 0.01, known, worst=0.03)
    yield Check("order, 8 to 16 cells a radius", order(*errors), ">", 0.8)


@case(
    "V13",
    "patches around which one can go",
    "crmpi run patchy_box transport.solver=isotropic_diffusion time.end='2.5 Myr'",
    solver="isotropic_diffusion",
    model="patchy",
)
def patches_isotropic(full):
    pulse = Pulse(
        *_mesh(512, 256 if full else 64, 5.12),
        "transport={solver: isotropic_diffusion, max_stages: 61}",
        end=2.5,
    )
    least, most = patches.isotropic_bounds(STRONG, WEAK, FILLING, 2)
    kappa = pulse.felt(1.2, 2.5)
    yield Check("late kappa over the lower bound of Hashin and Shtrikman", kappa / least, ">", 1)
    yield Check("late kappa over the upper bound", kappa / most, "<", 1)
