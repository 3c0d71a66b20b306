"""Transport on refined meshes: uniform states, energy and momentum across levels."""

import numpy as np
import pytest

from tests.refined_case import MESHES, random_tree
from tests.refined_transport_case import RefinedTransport
from tests.unit.test_refined_fluid import UNIFORM, blast, potential
from tests.verification.runs import begin

VARIANTS = {
    "two_moment": {"vmax": 20.0},
    "two_moment across": {"vmax": 20.0, "kappa_perp": 0.03},
    "two_moment by level": {"vmax": 20.0},
    "alfven_regulated by level": {"vmax": 20.0, "light_speed": 200.0, "gyro_rate": 50.0},
    "alfven_regulated": {"vmax": 20.0, "light_speed": 200.0, "gyro_rate": 50.0},
    "isotropic_diffusion": {},
    "anisotropic_diffusion": {"alfven_losses": 1.0},
    "anisotropic_diffusion far": {"kappa_par": 0.4, "kappa_perp": 0.002},
    "streaming_diffusion": {"regularisation_length": 0.1},
}
"""Solver and what else is said about it: its parameters and the coefficients of diffusion."""


def deep_tree(name, seed, scale=1):
    """Return the first random tree of three levels from a seed on."""
    trees = (random_tree(name, n, rounds=2, scale=scale) for n in range(seed, seed + 40))
    return next(tree for tree in trees if tree.max_level == 2)


def make_case(comm, variant, name, seed, more=None, tree=None, **options):
    """Return a `RefinedTransport` on a random tree of three levels (two if they would be many
    cells); `more`: parameters of the solver."""
    settings = VARIANTS[variant] | (more or {})
    kappa = {"kappa_par": 0.02} | {
        key: settings.pop(key) for key in ("kappa_par", "kappa_perp") if key in settings
    }
    solver = variant.split()[0]
    if tree is None and solver == "streaming_diffusion":  # with more ghosts, blocks are larger
        tree = (
            random_tree(name, seed, rounds=1, scale=2)
            if name == "3d"
            else deep_tree(name, seed, scale=2)
        )
    elif tree is None:
        tree = deep_tree(name, seed)
    by_level = variant.endswith("by level")
    return RefinedTransport(
        comm, tree, solver=solver, settings=settings, kappa=kappa, by_level=by_level, **options
    )


def start_blast(case):
    """Set a blast in an oblique field, and waves where the solver has them."""
    case.start(blast, potential)
    for n, name in enumerate(case.transport.energies):
        case.set(name, lambda *x, n=n: 1e-3 * (1 + n) + 0 * x[0])


@pytest.mark.parametrize("name", MESHES)
# waves grow, levels have other steps
@pytest.mark.parametrize("variant", [v for v in VARIANTS if v != "alfven_regulated by level"])
def test_a_uniform_state_stays(serial, variant, name):
    case = make_case(serial, variant, name, 1, frozen=True)
    case.start(lambda *x: UNIFORM)
    if "fcr" in case.pack.index:
        case.set("fcr", lambda *x: 0.3 + 0 * x[0])
    for _ in range(2):
        case.move(0.02)
    active = case.pack.active(case.pack.u0)
    assert np.ptp(active, axis=(0, 2, 3, 4)).max() < 1e-15
    if "ewp" not in case.pack.index:  # these feed on the cosmic rays
        assert np.abs(active[:, case.pack.index["ecr"]] - UNIFORM["ecr"]).max() < 1e-15


@pytest.mark.parametrize("name", MESHES)
@pytest.mark.parametrize("variant", VARIANTS)
def test_energy_is_kept_in_frozen_gas(serial, variant, name):
    """What cosmic rays and waves lose is heat, which frozen gas does not take; nothing is lost
    between levels."""
    case = make_case(serial, variant, name, 2, frozen=True)
    start_blast(case)
    before, spread = (
        case.energy(),
        np.ptp(case.pack.active(case.pack.u0)[:, case.pack.index["ecr"]]),
    )
    for _ in range(2):
        case.move(0.01)
    assert np.ptp(case.pack.active(case.pack.u0)[:, case.pack.index["ecr"]]) < 0.99 * spread
    assert abs(case.energy() - before - case.recorded()) < 1e-14 * before


@pytest.mark.parametrize("name", MESHES)
@pytest.mark.parametrize("variant", VARIANTS)
def test_energy_and_momentum_are_kept_with_the_gas(serial, variant, name):
    """Fluid and transport in turn; momentum is that of the gas and of the flux, f b/vmax^2."""
    case = make_case(serial, variant, name, 2)
    start_blast(case)
    energy = case.energy()
    momentum = case.momentum() if "fcr" in case.pack.index else None
    for _ in range(5):
        case.whole_step(min(0.004, case.fluid.max_dt(0.3)))
    assert abs(case.energy() - energy - case.recorded()) < 1e-13 * energy
    if momentum is not None:
        assert np.abs(case.momentum() - momentum).max() < 1e-13 * np.abs(momentum).max()


@pytest.mark.parametrize("kind", ["outflow", "reflect"])
@pytest.mark.parametrize("variant", VARIANTS)
def test_energy_is_accounted_for_with_boundaries(serial, variant, kind):
    """What passes the boundary of the mesh is in the ledger, on blocks of every level."""
    solver = variant.split()[0]
    tree = random_tree(
        "2d", 4, periodic=False, rounds=2, scale=2 if solver == "streaming_diffusion" else 1
    )
    case = make_case(serial, variant, "2d", 4, tree=tree, frozen=True, kind=kind)
    start_blast(case)
    before = case.energy()
    for _ in range(2):
        case.move(0.02)
    levels = case.pack.levels[case.transport.account["boundary"] != 0.0]
    # along the field; without a gradient nothing diffuses
    if kind == "outflow" and variant != "isotropic_diffusion":
        assert len(np.unique(levels)) > 1
    assert abs(case.energy() - before - case.recorded()) < 1e-14 * before


@pytest.mark.parametrize(
    "variant", ["two_moment", "isotropic_diffusion", "anisotropic_diffusion far"]
)
def test_tracers_are_kept(serial, variant):
    still = {"streaming": False} if variant == "two_moment" else {}
    case = make_case(serial, variant, "2d", 3, still | {"tracer_rigidities": (3.0,)}, frozen=True)
    case.start(blast, potential)
    case.set("ecr_1", lambda x1, x2, x3: blast(x1, x2, x3)["ecr"])
    before = case.integral("ecr_1")
    for _ in range(3):
        case.move(0.01)
    assert case.integral("ecr_1") == pytest.approx(before, rel=1e-14)
    assert case.transport.account["tracer_floored_cells"].sum() == 0


def test_what_is_lifted_stays_within_a_level(serial):
    """Strong diffusion along the field in few stages undershoots; cells take from those of their
    own level, and the sum is kept."""
    case = make_case(serial, "anisotropic_diffusion far", "2d", 2, frozen=True)
    case.start(blast, potential)
    energies = case.pack.active(case.pack.u0)[:, case.pack.index["ecr"]]
    before, least = case.energy(), energies.min()
    for _ in range(4):
        case.move(0.02)
    assert case.transport.account["lifted"].sum() > 0.0
    energies = case.pack.active(case.pack.u0)[:, case.pack.index["ecr"]]
    assert energies.min() > least * (1.0 - 1e-10)
    assert case.energy() == pytest.approx(before, rel=1e-14)


def test_transport_hears_signals_after_the_mesh_has_changed():
    box = "{name: moving_box, lower: [0, 0, 0], upper: [0.3, 0.3, 0.3], velocity: [40, 0, 0]}"
    refinement = f"mesh.refinement={{max_level: 1, interval: 1, min_age: 0, criteria: [{box}]}}"
    sim = begin(
        "cr_box", "mesh.cells=[16,16,1]", "mesh.block=[4,4,1]", "time.max_steps=1", refinement
    )
    heard = []
    sim.stop_between(lambda: lambda done, planned: heard.append(planned))
    sim.remesher.settle()
    sim.transport.advance(1e-3, 0.0)
    assert sim.pack.refined
    assert heard
