"""Star formation and its supernovae: rates, exact budgets, any blocks, levels and ranks."""

import math

import numpy as np
import pytest

from crmpi.constants import DENS, ECR, ENER, MOM1, MOM3
from crmpi.mesh import BlockTree, make_pack
from crmpi.mesh.leaves import Lattice, close, root_leaves, split
from crmpi.mesh.pack import ECR_FIELD, HYDRO_FIELDS
from crmpi.params import make
from crmpi.physics import remnants
from crmpi.physics.star_formation import StarFormation
from crmpi.physics.stencil import cell_numbers, make_stencil, reach
from crmpi.types import EOS, Field
from crmpi.units import Units

UNITS = Units("galactic")
GAS = EOS(gamma=5 / 3, gamma_cr=4 / 3, mu=0.6)
FIELDS = (*HYDRO_FIELDS, ECR_FIELD, Field("colour", passive=True), Field("metals", passive=True))
EACH = math.sqrt(32.0 * 6.67430e-8 * 1.67262192369e-24 / (3.0 * math.pi))
"""1/t_ff in 1/s of gas of one proton mass per cm^3, in cgs."""
WIDTH = 0.1  # kpc, of a cell of level 0


def tree_of(cells=(8, 8, 8), block=None, periodic=(True, True, True), share=0.0, seed=4):
    """Return a box of cells of 100 pc, with random blocks refined if `share` is positive."""
    block = block or cells
    missing = tuple(n == 1 for n in cells)
    lattice = Lattice(tuple(n // m for n, m in zip(cells, block, strict=True)), periodic, missing)
    rng, leaves = np.random.default_rng(seed), root_leaves(lattice)
    for _ in range(2 if share else 0):
        leaves = close(lattice, split(lattice, leaves, rng.random(len(leaves)) < share))
    upper = tuple(WIDTH * n for n in cells)
    return BlockTree(cells, block, (0.0, 0.0, 0.0), upper, periodic, leaves=leaves)


def pack_of(tree, comm=None, owner=None, dens=20.0, temp=1e4, velocity=(0.0, 0.0, 0.0), rough=0.0):
    """Return gas with cosmic rays and two scalars; `rough`: noise, a function of place."""
    owner = np.zeros(tree.nblock, int) if owner is None else owner
    rank = 0 if comm is None else comm.rank
    pack = make_pack(tree, np.flatnonzero(owner == rank), FIELDS)
    active = pack.active(pack.u0)
    for b in range(pack.nblock):
        x1, x2, x3 = pack.coords(b)
        phase = 40.0 * x1[None, None, :] + 23.0 * x2[None, :, None] + 31.0 * x3[:, None, None]
        wave = 1.0 + rough * np.sin(phase)
        active[b, DENS] = dens * wave
        for axis in range(3):
            speed = velocity[axis] + 20.0 * rough * np.cos(phase + axis)
            active[b, MOM1 + axis] = active[b, DENS] * speed
        kinetic = 0.5 * (active[b, MOM1 : MOM3 + 1] ** 2).sum(axis=0) / active[b, DENS]
        heat = temp * UNITS.k_B / ((GAS.gamma - 1.0) * GAS.mu * UNITS.m_p)
        active[b, ENER] = heat * active[b, DENS] + kinetic
        active[b, ECR] = 5.0 * wave
        active[b, pack.index["colour"]] = 0.3 * active[b, DENS]
        active[b, pack.index["metals"]] = 0.02 * wave * active[b, DENS]
    return pack


def formation(comm, pack, tree, **values):
    source = StarFormation(
        make(StarFormation.Params, UNITS, enabled=True, **values), pack, GAS, UNITS, tree
    )
    source.comm = comm
    return source


def integral(pack, variable):
    """Return the volume integral of a conserved variable."""
    sums = pack.active(pack.u0)[:, variable].sum(axis=(1, 2, 3))
    return float((sums * pack.cell_volumes).sum())


def integrals(pack):
    return np.array([integral(pack, v) for v in range(pack.nvar)])


def ledger(source):
    return {
        column.name.removeprefix("star_formation_"): column.values.sum()
        for column in source.ledger()
    }


def explode(source, cells, numbers):
    """Let supernovae explode in cells (level, i, j, k) and record them as the source does."""
    pack = source.pack
    given, lost = remnants.explode(
        pack,
        source.mesh,
        source.comm,
        np.array(cells),
        np.array(numbers),
        source.stencil,
        source.remnant,
        source.metals,
    )
    source.record(given, lost)


def test_rate_of_a_uniform_box(serial):
    """efficiency rho V/t_ff with t_ff = sqrt(3 pi/(32 G rho)), in cgs by hand."""
    tree = tree_of(block=(4, 4, 4))
    source = formation(serial, pack_of(tree), tree, efficiency=0.02, ejecta=0.0, energy=0.0)
    source.apply(0.0, 1e-6)
    volume = (8 * WIDTH * 3.0856775814913673e21) ** 3
    grams_per_second = 0.02 * 20.0 * 1.67262192369e-24 * volume * EACH * math.sqrt(20.0)
    per_year = grams_per_second / 1.988409870698051e33 * 3.15576e7
    rate = ledger(source)["rate"] / UNITS.factor("Msun/yr")
    assert rate == pytest.approx(per_year, rel=1e-12)


def test_one_step_is_two_half_steps(serial):
    """The exact solution is rho0/(1 + x)^2 with x = efficiency dt/(2 t_ff), whatever the steps."""
    tree = tree_of()
    for steps in (1, 7):
        pack = pack_of(tree)
        quiet = {"mass_per_supernova": 1e30, "ejecta": 0.0}
        source = formation(serial, pack, tree, efficiency=0.5, **quiet)
        seconds = 3e14
        dt = seconds / UNITS.cgs("time")
        for n in range(steps):
            source.apply(n * dt / steps, dt / steps)
        x = 0.5 * 0.5 * EACH * math.sqrt(20.0) * seconds
        left = 20.0 / (1.0 + x) ** 2
        assert left < 19.0
        assert pack.active(pack.u0)[:, DENS] == pytest.approx(left, rel=1e-12)
        volume = (8 * WIDTH) ** 3
        assert ledger(source)["formed"] == pytest.approx((20.0 - left) * volume, rel=1e-12)


def test_gas_leaves_with_all_that_it_has(serial):
    """Velocity, temperature, cosmic rays per mass and concentrations stay; what left is
    recorded."""
    tree = tree_of(block=(4, 4, 4))
    pack = pack_of(tree, velocity=(30.0, -10.0, 5.0), rough=0.4)
    quiet = {"mass_per_supernova": 1e30, "ejecta": 0.0}
    source = formation(serial, pack, tree, efficiency=0.5, threshold=1.0, **quiet)
    active = pack.active(pack.u0)
    before, specific = integrals(pack), active[:, 1:] / active[:, :1]
    source.apply(0.0, 0.003)
    after, totals = integrals(pack), ledger(source)
    assert after[DENS] < 0.99 * before[DENS]
    assert active[:, 1:] / active[:, :1] == pytest.approx(specific, rel=1e-13, abs=1e-15)
    assert before[DENS] - after[DENS] == pytest.approx(totals["formed"], rel=1e-11)
    lost = before - after
    assert lost[ENER] + lost[ECR] == pytest.approx(totals["locked"], rel=1e-11)


def test_only_dense_cold_converging_gas_forms_stars(serial):
    tree = tree_of()
    volume = WIDTH**3
    for values, count in (({"threshold": 25.0}, 0), ({"temp_max": 9e3}, 0), ({}, 512)):
        source = formation(serial, pack_of(tree), tree, **values)
        source.apply(0.0, 1e-4)
        assert (source._formed > 0).sum() == count
    pack = pack_of(tree)
    x1 = pack.coords(0)[0]
    pack.w0[0, 1, :, :, 2:10] = np.sin(2 * np.pi * x1 / 0.8)  # converges about the middle
    pack.w0[0, 1, :, :, 1], pack.w0[0, 1, :, :, 10] = pack.w0[0, 1, :, :, 9], pack.w0[0, 1, :, :, 2]
    source = formation(serial, pack, tree, converging=True)
    source.apply(0.0, 1e-4)
    formed = pack.active(source._formed)[0, 0].any(axis=(0, 1))
    assert formed.tolist() == [False, False, True, True, True, True, False, False]
    thick = pack_of(tree)
    source = formation(serial, thick, tree, efficiency=1.0, threshold=19.0, energy=0.0, ejecta=0.0)
    source.apply(0.0, 1.0)  # a billion years
    assert thick.active(thick.u0)[:, DENS] == pytest.approx(19.0, rel=1e-14)
    assert ledger(source)["formed"] == pytest.approx(512 * volume, rel=1e-12)


def shell_radius(dens):
    """Return the radius of shell formation in kpc at a density in m_p/cm^3, of 0.9e51 erg."""
    return 0.0226 * 0.9**0.29 * (0.76 * dens) ** -0.42


def terminal(dens):
    """Return the terminal momentum in Msun km/s at a density in m_p/cm^3, of 0.9e51 erg."""
    return 2.8e5 * 0.9**0.93 * (0.76 * dens) ** -0.17


REGIMES = {"thermal": 1e-6, "sedov": 3e-3, "momentum": 20.0}
"""Density of gas in which a remnant on cells of 100 pc is in this regime."""


@pytest.mark.parametrize("regime", REGIMES)
@pytest.mark.parametrize("velocity", [(0.0, 0.0, 0.0), (150.0, -80.0, 30.0)])
def test_budget_of_an_explosion(serial, regime, velocity):
    """Mass, metals, momentum, cosmic rays and energy of five supernovae, to round-off."""
    dens = REGIMES[regime]
    radius = WIDTH * (81.0 / (4.0 * math.pi)) ** (1.0 / 3.0) / shell_radius(dens)
    assert (
        radius < 0.3 if regime == "thermal" else radius < 1.0 if regime == "sedov" else radius > 1.0
    )
    tree = tree_of(block=(4, 4, 4))
    pack = pack_of(tree, dens=dens, temp=100.0, velocity=velocity)
    source = formation(serial, pack, tree)
    before = integrals(pack)
    explode(source, [[0, 3, 4, 2]], [5])
    gained, totals = integrals(pack) - before, ledger(source)
    msun, erg = UNITS.Msun, UNITS.sn_energy
    small = 1e-12 * np.abs(before).max()
    mass = 5 * 14.8 * msun
    assert gained[DENS] == pytest.approx(mass, rel=1e-12) == totals["returned"]
    assert gained[pack.index["metals"]] - 0.02 * mass == pytest.approx(5 * 2.63 * msun, rel=1e-12)
    assert totals["metals"] == pytest.approx(5 * 2.63 * msun, rel=1e-12)
    assert gained[pack.index["colour"]] == pytest.approx(0.3 * mass, rel=1e-10)
    assert gained[ECR] == pytest.approx(0.5 * erg, rel=1e-12) == totals["cosmic"]
    for axis in range(3):
        assert gained[MOM1 + axis] == pytest.approx(
            mass * velocity[axis], abs=small + 1e-12 * 5e5 * msun
        )
    assert totals["thermal"] + totals["kinetic"] + totals["unresolved"] == pytest.approx(
        4.5 * erg, rel=1e-13
    )
    parts = totals["thermal"] + totals["kinetic"] + totals["carried"]
    assert gained[ENER] == pytest.approx(parts, rel=1e-11, abs=small)
    assert totals["carried"] == pytest.approx(0.5 * mass * sum(v * v for v in velocity), rel=1e-12)
    if regime == "thermal":
        assert totals["thermal"] == pytest.approx(4.5 * erg, rel=1e-12)
    elif regime == "sedov":
        assert totals["kinetic"] == pytest.approx(0.28 * 4.5 * erg, rel=1e-12)
        assert totals["unresolved"] == pytest.approx(0.0, abs=1e-12 * erg)
    else:
        assert totals["thermal"] == 0.0


def pushes(pack, dens, index):
    """Return momentum and unit vector from the cell `index` (i, j, k) of all other cells."""
    momentum, away = [], []
    for b in range(pack.nblock):
        u = pack.active(pack.u0)[b]
        x = np.meshgrid(*pack.coords(b), indexing="ij")
        offset = np.stack([(x[a] - WIDTH * (index[a] + 0.5)).T for a in range(3)], axis=-1)
        momentum.append(np.moveaxis(u[MOM1 : MOM3 + 1], 0, -1).reshape(-1, 3))
        away.append(offset.reshape(-1, 3))
    momentum, away = np.concatenate(momentum) * WIDTH**3, np.concatenate(away)
    distance = np.sqrt((away**2).sum(axis=1))
    return momentum[distance > 0], away[distance > 0] / distance[distance > 0, None]


def test_momentum_is_that_of_the_published_fit_and_isotropic(serial):
    tree = tree_of(block=(4, 4, 4))
    pack = pack_of(tree, dens=20.0)
    source = formation(serial, pack, tree, ejecta=0.0)
    explode(source, [[0, 3, 4, 2]], [1])
    momentum, away = pushes(pack, 20.0, (3, 4, 2))
    assert (momentum * away).sum() / UNITS.factor("Msun km/s") == pytest.approx(
        terminal(20.0), rel=1e-12
    )
    assert (momentum * away).sum(axis=1).min() > -1e-15  # outward everywhere
    tensor = momentum.T @ away
    assert tensor == pytest.approx(np.eye(3) * np.trace(tensor) / 3.0, abs=1e-13 * np.trace(tensor))
    fourth = np.einsum("ci,ci,cj,cj->ij", momentum, away**1, away, away)
    assert fourth[0, 0] == pytest.approx(
        3.0 * fourth[0, 1], rel=1e-12
    )  # of an isotropic distribution
    kinetic = ledger(source)["kinetic"]
    mass = 20.0 * WIDTH**3
    assert kinetic == pytest.approx((momentum**2).sum() / (2.0 * mass), rel=1e-12)


def test_no_momentum_is_worth_more_than_the_energy(serial):
    """A shell that would need more takes all energy of the gas; thin gas is not flung away."""
    tree = tree_of()
    pack = pack_of(tree, dens=20.0)
    pack.u0[:, :, 6:] *= 1e-4  # upper half of the box, x3
    source = formation(serial, pack, tree, terminal_momentum=1e9, ejecta=0.0)
    before = integrals(pack)
    explode(source, [[0, 3, 3, 3]], [1])
    gained, totals = integrals(pack) - before, ledger(source)
    assert totals["kinetic"] == pytest.approx(0.9 * UNITS.sn_energy, rel=1e-12)
    for axis in range(3):
        assert gained[MOM1 + axis] == pytest.approx(0.0, abs=1e-9)
    speed = np.abs(pack.u0[:, MOM1 : MOM3 + 1] / np.maximum(pack.u0[:, :1], 1e-30))
    assert speed[:, :, 6:].max() < 3.0 * speed[:, :, :6].max()


@pytest.mark.parametrize("cells", [(8, 8, 8), (8, 8, 1), (1, 8, 1)])
@pytest.mark.parametrize("periodic", [True, False])
def test_budgets_where_levels_meet_and_at_open_ends(serial, cells, periodic):
    """Explosions in random cells of a mesh of several levels, some in neighbouring cells."""
    block = tuple(min(n, 4) for n in cells)
    tree = tree_of(cells, block, (periodic,) * 3, share=0.4)
    assert tree.max_level >= 1
    pack = pack_of(tree, rough=0.2)
    source = formation(serial, pack, tree)
    rng = np.random.default_rng(7)
    rows = set()
    for _ in range(60):
        b = rng.integers(pack.nblock)
        spot = [int(pack.origins[b][a] + rng.integers(tree.block[a])) for a in range(3)]
        rows.add((int(pack.levels[b]), *spot))
    cells_of = np.array(sorted(rows))
    numbers = rng.integers(1, 4, len(cells_of))
    before = integrals(pack)
    explode(source, cells_of, numbers)
    gained, totals, total = integrals(pack) - before, ledger(source), numbers.sum()
    assert gained[DENS] == pytest.approx(total * 14.8 * UNITS.Msun, rel=1e-9) == totals["returned"]
    assert gained[ECR] == pytest.approx(total * 0.1 * UNITS.sn_energy, rel=1e-12)
    energy = totals["thermal"] + totals["kinetic"] + totals["unresolved"]
    assert energy == pytest.approx(total * 0.9 * UNITS.sn_energy, rel=1e-12)
    parts = totals["thermal"] + totals["kinetic"] + totals["carried"]
    assert gained[ENER] == pytest.approx(parts, abs=1e-12 * before[ENER])
    ejecta = 60 * 3 * 14.8 * UNITS.Msun * 40.0
    for axis in range(3):  # that of ejecta, no more
        assert abs(gained[MOM1 + axis]) < ejecta
    quiet = formation(serial, pack_of(tree, rough=0.2), tree, ejecta=0.0)
    explode(quiet, cells_of, numbers)
    pushed = integrals(quiet.pack) - before
    scale = np.abs(quiet.pack.active(quiet.pack.u0)[:, MOM1]).sum()
    assert pushed[MOM1 : MOM3 + 1] == pytest.approx(0.0, abs=1e-15 * scale)


def test_the_cells_around_a_cell_are_found_on_any_level(serial):
    """Every row of the stencil covers the volume of one cell of the level of the explosion."""
    tree = tree_of((8, 8, 8), (4, 4, 4), share=0.4)
    stencil = make_stencil(tree.missing)
    found = [[int(tree.levels[g]), *tree.origin(g)] for g in range(tree.nblock)]
    reached = reach(tree, np.array(found), stencil)
    for n, (level, *_) in enumerate(found):
        rows = slice(reached.first[n], reached.first[n + 1])
        volume = np.bincount(reached.place[rows], reached.volume[rows], 27)
        assert volume == pytest.approx(WIDTH**3 * 8.0**-level, rel=1e-14)
        assert reached.centre[n] == n
    assert len(np.unique(tree.levels)) > 1 and reached.split.min() == 0.125


def test_results_do_not_depend_on_the_blocks(serial):
    whole = {}
    for block in ((8, 8, 8), (4, 4, 4), (8, 4, 2)):
        tree = tree_of(block=block)
        pack = pack_of(tree, rough=0.3)
        source = formation(serial, pack, tree, efficiency=0.1, mass_per_supernova=3e4)
        for n in range(3):
            source.apply(0.001 * n, 0.001)
        state = np.empty((pack.nvar, 8, 8, 8))
        for b, (i, j, k) in enumerate(pack.origins):
            n1, n2, n3 = block
            state[:, k : k + n3, j : j + n2, i : i + n1] = pack.active(pack.u0)[b]
        whole[block] = state
        assert 20 < ledger(source)["supernovae"] < 2000
    first, *others = whole.values()
    assert all(np.array_equal(first, other) for other in others)


def test_results_do_not_depend_on_the_ranks(comm, serial):
    tree = tree_of((8, 8, 8), (4, 4, 4), share=0.4)
    owner = np.random.default_rng(9).integers(0, comm.nranks, tree.nblock)
    values = {"efficiency": 0.1, "mass_per_supernova": 3e4}
    pack, whole = pack_of(tree, comm, owner, rough=0.3), pack_of(tree, rough=0.3)
    several, alone = formation(comm, pack, tree, **values), formation(serial, whole, tree, **values)
    for n in range(3):
        several.apply(0.001 * n, 0.001)
        alone.apply(0.001 * n, 0.001)
    assert ledger(alone)["supernovae"] > 20
    place = {int(gid): b for b, gid in enumerate(whole.gids)}
    rows = [place[int(gid)] for gid in pack.gids]
    assert np.array_equal(pack.u0, whole.u0[rows])
    assert np.array_equal(several.account.array, alone.account.array[rows])


@pytest.mark.parametrize("mean", [0.01, 0.7, 6.0, 180.0])
def test_numbers_of_supernovae_are_poisson(serial, mean):
    tree = tree_of()
    source = formation(serial, pack_of(tree), tree, seed=2)
    cells = cell_numbers(
        tree,
        np.zeros(20000, int),
        np.stack([np.arange(20000)] + [np.zeros(20000, int)] * 2, axis=1),
    )
    numbers = source._draw(cells, 0.37, np.full(20000, mean))
    error = math.sqrt(mean / 20000)
    assert numbers.mean() == pytest.approx(mean, abs=4 * error)
    fourth = mean * (1 + 3 * mean)  # central moment
    assert numbers.var() == pytest.approx(mean, abs=4 * math.sqrt((fourth - mean**2) / 20000))
    # the same run on another kind of processor, whose time differs by round-off
    assert (source._draw(cells, np.nextafter(0.37, 1.0), np.full(20000, mean)) == numbers).all()
    later = source._draw(cells, 0.37 * (1.0 + 1e-9), np.full(20000, mean))
    assert np.corrcoef(numbers, later)[0, 1] == pytest.approx(0.0, abs=4 / math.sqrt(20000))
