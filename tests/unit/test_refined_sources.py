"""Sources on refined meshes: exact energies whatever the levels a supernova or a layer falls on."""

import numpy as np
import pytest

from crmpi.constants import DENS, ECR, ENER
from crmpi.diagnostics import energy_ledger
from crmpi.mesh import BlockTree, make_pack
from crmpi.mesh.leaves import Lattice, close, root_leaves, split
from crmpi.parallel.comm import SerialComm
from crmpi.params import make
from crmpi.physics.balance import spread_over_layers
from crmpi.physics.injection import Injection
from crmpi.units import Units
from tests.refined_case import EOS, FIELDS, places
from tests.stepping import begin, step

UNITS = Units("galactic")
LOWER, UPPER = (-0.4, -0.4, -1.0), (0.4, 0.4, 1.0)
MESHES = {
    "3d": ((8, 8, 16), (4, 4, 4)),
    "2d": ((8, 1, 16), (4, 1, 4)),
    "1d": ((1, 1, 32), (1, 1, 4)),
}


def tree_of(name, rounds=2, seed=4):
    """Return a randomly refined box, periodic in x1 and x2."""
    cells, block = MESHES[name]
    periodic = (True, True, False)
    lattice = Lattice(
        tuple(n // m for n, m in zip(cells, block, strict=True)),
        periodic,
        tuple(n == 1 for n in cells),
    )
    rng, leaves = np.random.default_rng(seed), root_leaves(lattice)
    for _ in range(rounds):
        leaves = close(lattice, split(lattice, leaves, rng.random(len(leaves)) < 0.3))
    return BlockTree(cells, block, LOWER, UPPER, periodic, leaves=leaves)


def pack_of(comm, tree, owner=None):
    """Return gas of unit density, at rest."""
    owner = np.zeros(tree.nblock, int) if owner is None else owner
    pack = make_pack(tree, np.flatnonzero(owner == comm.rank), FIELDS)
    pack.u0[:, DENS] = 1.0
    pack.u0[:, ENER] = 100.0
    return pack


def injection(comm, pack, tree, **values):
    source = Injection(
        make(Injection.Params, UNITS, enabled=True, **values), pack, EOS_MU, UNITS, tree
    )
    source.comm = comm
    return source


class EOS_MU:  # noqa: N801 (stands for a value)
    """An equation of state with a mean molecular weight."""

    gamma, gamma_cr, mu = EOS.gamma, EOS.gamma_cr, 0.6


def integral(pack, variable):
    """Return the volume integral of a conserved variable."""
    return float((pack.active(pack.u0)[:, variable].sum(axis=(1, 2, 3)) * pack.cell_volumes).sum())


@pytest.mark.parametrize("name", MESHES)
def test_events_on_level_boundaries_have_their_energy(serial, name):
    """One event after another at corners of blocks where levels meet, and at random places."""
    tree = tree_of(name)
    assert tree.max_level >= 1
    rng = np.random.default_rng(1)
    corners = [
        [
            places(tree, pack_of(serial, tree), b, a, faces=True)[2 if tree.cells[a] > 1 else 0]
            for a in range(3)
        ]
        for b in (0, 3)
    ]
    spots = corners + [
        [rng.uniform(lo, hi) for lo, hi in zip(LOWER, UPPER, strict=True)] for _ in range(4)
    ]
    missing = [0.0 if gone else None for gone in tree.missing]
    spots = [[x if m is None else m for x, m in zip(spot, missing, strict=True)] for spot in spots]
    for radius in (0.01, 0.3):
        for spot in spots:
            pack = pack_of(serial, tree)
            shares = {
                "mode": "central",
                "center": spot,
                "radius": radius,
                "cr_fraction": 0.1,
                "kinetic_fraction": 0.3,
                "ejecta": 3.0,
            }
            source = injection(serial, pack, tree, sampling="discrete", **shares)
            before = {v: integral(pack, v) for v in (DENS, ENER, ECR)}
            source._explode([tuple(spot)], 1.0)
            one = source.one
            gained = {v: integral(pack, v) - before[v] for v in before}
            assert gained[ECR] == pytest.approx(one.cosmic, rel=1e-13)
            assert gained[ENER] == pytest.approx(
                one.thermal + one.kinetic, abs=1e-13 * before[ENER]
            )
            assert gained[DENS] == pytest.approx(one.mass, abs=1e-13 * before[DENS])
            totals = {c.name: source.account[c.name].sum() for c in source.columns}
            heat = totals["thermal"] + totals["kinetic"]
            assert heat == pytest.approx(one.thermal + one.kinetic, rel=1e-13)
            assert totals["cosmic"] == pytest.approx(one.cosmic, rel=1e-13)
            assert totals["mass"] == pytest.approx(one.mass, rel=1e-13)
            assert totals["supernovae"] == pytest.approx(1.0, rel=1e-13)


def test_an_explosion_is_as_wide_as_the_cells_where_it_is(serial):
    """In a corner of fine cells a small kernel has their width, and reaches no coarse cell far from
    them."""
    tree = tree_of("3d")
    pack = pack_of(serial, tree)
    source = injection(serial, pack, tree, mode="central", radius=1e-3)
    finest = pack.parts[-1]
    b = finest.blocks.stop - 1
    spot = tuple(places(tree, pack, b, a, faces=True)[4] for a in range(3))
    source._explode([spot], 1.0)
    given = pack.active(pack.u0)[:, ECR].any(axis=(1, 2, 3))
    assert given[b] and given.sum() == 1
    assert (pack.active(pack.u0)[b, ECR] > 0).sum() == 8  # of the corner in the middle of the block


@pytest.mark.parametrize("name", MESHES)
@pytest.mark.parametrize("profile", ["sech2", "gaussian"])
def test_layers_add_up(serial, name, profile):
    tree = tree_of(name)
    pack = pack_of(serial, tree)
    source = injection(
        serial, pack, tree, mode="plane", rate_per_area=20.0, height=0.07, profile=profile
    )
    rate = 20.0 * UNITS.to_code(1.0, "1/Myr/kpc^2") * 0.8 * 0.8
    source.apply(0.0, 0.1)
    assert source.account["supernovae"].sum() == pytest.approx(0.1 * rate, rel=1e-13)
    assert integral(pack, ECR) == pytest.approx(0.1 * rate * source.one.cosmic, rel=1e-13)
    number = np.concatenate([source.account["supernovae"][part.blocks] for part in pack.parts])
    below = np.array([places(tree, pack, b, 2, faces=True)[6] <= 0.0 for b in range(pack.nblock)])
    # symmetric about the plane, whatever the levels
    assert number[below].sum() == pytest.approx(0.5 * number.sum(), rel=1e-13)


@pytest.mark.parametrize("mode", ["plane", "central"])
def test_supernovae_are_the_same_on_any_ranks(comm, mode):
    tree = tree_of("3d")
    owner = np.random.default_rng(9).integers(0, comm.nranks, tree.nblock)
    pack = pack_of(comm, tree, owner)
    whole = pack_of(comm, tree, np.full(tree.nblock, comm.rank))
    values = {
        "mode": mode,
        "sampling": "discrete",
        "kinetic_fraction": 0.2,
        "rate": 10.0,
        "radius": 0.15,
        "center": (0.1, 0.0, -0.2),
    }
    several, alone = (
        injection(comm, pack, tree, **values),
        injection(SerialComm(), whole, tree, **values),
    )
    for time in (0.0, 0.001):
        several.apply(time, 0.001)
        alone.apply(time, 0.001)
    assert alone.account["supernovae"].sum() > 5
    place = {int(gid): b for b, gid in enumerate(whole.gids)}
    for b, gid in enumerate(pack.gids):
        assert np.array_equal(pack.u0[b], whole.u0[place[int(gid)]])


@pytest.mark.parametrize("name", MESHES)
def test_balance_gives_back_what_layers_radiate(serial, name):
    tree = tree_of(name)
    pack = pack_of(serial, tree)
    n = (pack.grid.n3, pack.grid.n2, pack.grid.n1)
    radiated = np.random.default_rng(2).random((pack.nblock, *n))
    before = pack.active(pack.u0)[:, ENER].copy()
    given = spread_over_layers(pack, tree, serial, radiated)
    gained = pack.active(pack.u0)[:, ENER] - before
    lost = (radiated.sum(axis=(1, 2, 3)) * pack.cell_volumes).sum()
    assert (gained.sum(axis=(1, 2, 3)) * pack.cell_volumes).sum() == pytest.approx(lost, rel=1e-9)
    # counted in 2^-30 of the largest
    assert (given * pack.cell_volumes).sum() == pytest.approx(lost, rel=1e-9)
    slices = {}
    for b in range(pack.nblock):
        for k, x3 in enumerate(places(tree, pack, b, 2)[2:-2]):
            slices.setdefault((int(pack.levels[b]), round(x3, 9)), []).append(gained[b, k])
    for cells in slices.values():
        cells = np.concatenate([c.ravel() for c in cells])
        assert np.ptp(cells) <= 4e-14 * 100.0  # the same heat all over a layer of a level


def test_a_uniform_loss_is_given_back_uniformly(serial):
    tree = tree_of("3d")
    pack = pack_of(serial, tree)
    radiated = np.full((pack.nblock, pack.grid.n3, pack.grid.n2, pack.grid.n1), 0.25)
    before = pack.active(pack.u0)[:, ENER].copy()
    spread_over_layers(pack, tree, serial, radiated)
    assert pack.active(pack.u0)[:, ENER] - before == pytest.approx(0.25, abs=1e-13)


SUPERNOVAE = {
    "plane": "mode: plane, rate_per_area: 1e3 1/Myr/kpc^2, height: 0.2 kpc",
    "density": "mode: density, threshold: 0, rate_per_mass: 1e-3 1/Myr/Msun",
    "central": (
        "mode: central, sampling: discrete, rate: 500 1/Myr, kinetic_fraction: 0.2, "
        "ejecta: 3 Msun, center: [0.5, 0.5, 0.5]"
    ),
}


@pytest.mark.parametrize("mode", SUPERNOVAE)
def test_the_energy_ledger_closes_with_all_sources(mode):
    """Cooling that layers give back, supernovae, losses and the hook of the problem, where levels
    meet."""
    region = (
        "mesh.refinement={regions: [{level: 1, lower: [0.25, 0.25, 0.25], upper: [0.5, 0.5, 0.5]}]}"
    )
    sources = (
        "cooling={enabled: true, balance: layers}",
        f"injection={{enabled: true, {SUPERNOVAE[mode]}}}",
        "losses={enabled: true}",
    )
    sim = begin("calorimeter", "transport.solver=none", *sources, region)
    assert sim.tree.max_level == 1
    before = energy_ledger.balance(sim).box
    step(sim, 4)
    after, terms = energy_ledger.balance(sim)
    assert all(
        terms[name]
        for name in (
            "cooling_radiated",
            "cooling_heated",
            "injection_thermal",
            "losses_escaped",
            "problem_ecr",
        )
    )
    assert after - before == pytest.approx(
        sum(terms.values()), abs=1e-13 * (before + sum(map(abs, terms.values())))
    )
