"""Transport on refined meshes: uniform states, energy and momentum across levels."""

import numpy as np
import pytest

from tests.refined_case import MESHES, random_tree
from tests.refined_transport_case import RefinedTransport
from tests.unit.test_refined_fluid import UNIFORM, blast, potential

SETTINGS = {
    "two_moment": {"vmax": 20.0},
    "alfven_regulated": {"vmax": 20.0, "light_speed": 200.0, "gyro_rate": 50.0},
}
MOMENTS = list(SETTINGS)
SOLVERS = [*SETTINGS]


def deep_tree(name, seed, scale=1):
    """Return the first random tree of three levels from a seed on."""
    trees = (random_tree(name, n, rounds=2, scale=scale) for n in range(seed, seed + 40))
    return next(tree for tree in trees if tree.max_level == 2)


def make_case(comm, solver, name, seed, **options):
    """Return a `RefinedTransport` on a random tree of three levels."""
    tree = deep_tree(name, seed, scale=2 if solver == "streaming_diffusion" else 1)
    return RefinedTransport(comm, tree, solver=solver, settings=SETTINGS.get(solver), **options)


def start_blast(case):
    """Set a blast in an oblique field, and waves where the solver has them."""
    case.start(blast, potential)
    for n, name in enumerate(case.transport.energies):
        case.set(name, lambda *x, n=n: 1e-3 * (1 + n) + 0 * x[0])


@pytest.mark.parametrize("name", MESHES)
@pytest.mark.parametrize("solver", SOLVERS)
def test_a_uniform_state_stays(serial, solver, name):
    case = make_case(serial, solver, name, 1, frozen=True)
    case.start(lambda *x: UNIFORM)
    if "fcr" in case.pack.index:
        case.set("fcr", lambda *x: 0.3 + 0 * x[0])
    for _ in range(3):
        case.move(0.02)
    active = case.pack.active(case.pack.u0)
    assert np.ptp(active, axis=(0, 2, 3, 4)).max() < 1e-15
    if "ewp" not in case.pack.index:  # these feed on the cosmic rays
        assert np.abs(active[:, case.pack.index["ecr"]] - UNIFORM["ecr"]).max() < 1e-15


@pytest.mark.parametrize("name", MESHES)
@pytest.mark.parametrize("solver", SOLVERS)
def test_energy_is_kept_in_frozen_gas(serial, solver, name):
    """What cosmic rays and waves lose is heat, which frozen gas does not take; nothing is lost between levels."""
    case = make_case(serial, solver, name, 2, frozen=True)
    start_blast(case)
    before, spread = case.energy(), np.ptp(case.pack.active(case.pack.u0)[:, case.pack.index["ecr"]])
    for _ in range(3):
        case.move(0.01)
    assert np.ptp(case.pack.active(case.pack.u0)[:, case.pack.index["ecr"]]) < 0.99 * spread
    assert abs(case.energy() - before - case.booked()) < 1e-14 * before


@pytest.mark.parametrize("name", MESHES)
@pytest.mark.parametrize("solver", SOLVERS)
def test_energy_and_momentum_are_kept_with_the_gas(serial, solver, name):
    """Fluid and transport in turn; momentum is that of the gas and of the flux, f b/vmax^2."""
    case = make_case(serial, solver, name, 2)
    start_blast(case)
    energy = case.energy()
    momentum = case.momentum() if solver in MOMENTS else None
    for _ in range(5):
        case.whole_step(min(0.004, case.fluid.max_dt(0.3)))
    assert abs(case.energy() - energy - case.booked()) < 1e-13 * energy
    if momentum is not None:
        assert np.abs(case.momentum() - momentum).max() < 1e-13 * np.abs(momentum).max()
