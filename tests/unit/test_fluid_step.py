"""The fluid step: conservation, symmetry, independence of blocks, positivity, and exact numbers."""

import numpy as np
import pytest

from crmpi.constants import DENS, ECR, ENER, MOM1, PRES, VEL1
from crmpi.errors import CrmpiError
from crmpi.params import make
from crmpi.physics.fluid_params import FluidParams, nghost
from crmpi.physics.integrators import INTEGRATORS
from tests.fluid_case import Case

ROUND = 1e-13


def turbulence(cells, nvar=6, seed=3, size=0.2):
    """Return smooth-free random primitives and a uniform field plus the curl of a random
    potential."""
    rng = np.random.default_rng(seed)
    w = 1.0 + size * rng.random((nvar, *cells[::-1]))
    w[VEL1 : VEL1 + 3] = size * rng.normal(size=(3, *cells[::-1]))
    a = size * rng.normal(size=(3, *cells[::-1]))
    b = np.empty_like(a)
    for c in range(3):
        n, m = (c + 1) % 3, (c + 2) % 3
        b[c] = 0.3 + np.roll(a[m], -1, axis=2 - n) - a[m] - np.roll(a[n], -1, axis=2 - m) + a[n]
    return w, b


def totals(case):
    return case.gather(case.pack.u0).sum(axis=(1, 2, 3))


@pytest.mark.parametrize("cells", [(16, 12, 8), (16, 12, 1), (12, 1, 16), (1, 8, 12), (1, 1, 24)])
@pytest.mark.parametrize("integrator", INTEGRATORS)
def test_conservation_and_divergence(cells, integrator):
    case = Case(cells, scalars=1, integrator=integrator)
    w, b = turbulence(cells, nvar=7)
    case.start(w, b)
    before = totals(case)
    for _ in range(5):
        case.step(case.fluid.max_dt(0.3))
    after = totals(case)
    scale = np.abs(case.gather(case.pack.u0)).sum(axis=(1, 2, 3))
    change = (after - before) / scale
    assert np.abs(change[[DENS, MOM1, MOM1 + 1, MOM1 + 2, ECR + 1]]).max() < ROUND
    assert abs(change[ENER] * scale[ENER] + change[ECR] * scale[ECR]) / scale[ENER] < ROUND
    assert abs(change[ECR]) > 1e-6  # the work did something
    assert case.div_b() < ROUND
    assert case.fluid.ledger.counts.array.sum() == 0


@pytest.mark.parametrize("integrator", INTEGRATORS)
def test_blocks_do_not_matter(integrator):
    """Bitwise identical for one block and for eight, also across the faces that blocks share."""
    cells = (16, 16, 16)
    w, b = turbulence(cells)
    results = []
    for block in (cells, (8, 4, 16)):
        case = Case(cells, block, integrator=integrator)
        case.start(w, b)
        for _ in range(2):
            case.step(0.05)
        results.append((case.gather(case.pack.u0), case.gather(case.pack.b0)))
    assert np.array_equal(results[0][0], results[1][0])
    assert np.array_equal(results[0][1], results[1][1])


@pytest.mark.parametrize("integrator", INTEGRATORS)
def test_corrected_blocks_do_not_matter(integrator):
    """First-order correction of cells at block faces is bitwise identical, too."""
    cells = (16, 8, 8)
    w, b = turbulence(cells)
    w[PRES] *= 1e-3
    w[VEL1] += np.where(np.arange(16) < 8, 6.0, -6.0)
    results = []
    for block in (cells, (8, 4, 4)):
        case = Case(cells, block, integrator=integrator)
        case.start(w, b)
        for _ in range(4):
            case.step(case.fluid.max_dt(0.3))
        results.append((case.gather(case.pack.u0), case.gather(case.pack.b0)))
        assert case.fluid.ledger.counts["first_order"].sum() > 0
        assert case.div_b() < ROUND
    assert np.array_equal(results[0][0], results[1][0])
    assert np.array_equal(results[0][1], results[1][1])


def tube(axis, n=64, **params):
    """Return primitives (nvar, n) of a magnetised CR shock tube along an axis, vectors as normal,
    first transverse, second."""
    cells = [1, 1, 1]
    cells[axis] = n
    case = Case(tuple(cells), **params)
    shape = cells[::-1]
    inside = ((np.arange(n) >= n // 4) & (np.arange(n) < 3 * n // 4)).reshape(shape)
    w = np.ones((6, *shape))
    w[DENS] = np.where(inside, 0.125, 1.0)
    w[PRES] = np.where(inside, 0.1, 1.0)
    w[ECR] = np.where(inside, 0.2, 1.5)
    turn = [axis, (axis + 1) % 3, (axis + 2) % 3]
    b = np.zeros((3, *shape))
    for a, v, field in zip(
        turn,
        (0.1, -0.3, 0.7),
        (0.75, np.where(inside, -0.6, 0.6), np.where(inside, 0.4, 0.1)),
        strict=True,
    ):
        w[VEL1 + a] = v
        b[a] = field
    case.start(w, b if case.params.magnetic else None)
    for _ in range(20):
        case.step(case.fluid.max_dt(0.3))
    order = [DENS, *(VEL1 + a for a in turn), PRES, ECR]
    return case.primitives()[order].reshape(6, n)


@pytest.mark.parametrize("axis", [1, 2])
def test_axes_agree_bit_for_bit(axis):
    """With all vector components at work."""
    assert np.array_equal(tube(0), tube(axis))


def relabel(values, turn, vector=0):
    """Turn an array (ncomp, n3, n2, n1) cyclically: what was along axis a is now along axis a +
    turn; `vector`: its first component."""
    places = [3 - (2 - axis - turn) % 3 for axis in range(3)]  # array axis that becomes x3, x2, x1
    values = values.copy()
    values[vector : vector + 3] = values[[vector + (a - turn) % 3 for a in range(3)]]
    return np.transpose(values, [0, *places])


@pytest.mark.parametrize("turn", [1, 2])
def test_planes_agree_bit_for_bit(turn):
    """A two-dimensional flow in (x1, x2), and relabelled in (x2, x3) and (x3, x1)."""
    flat = Case((8, 12, 1))
    flat.start(*turbulence(flat.cells))
    turned = Case(tuple(flat.cells[(a - turn) % 3] for a in range(3)))
    turned.scatter(turned.pack.u0, relabel(flat.gather(flat.pack.u0), turn, MOM1))
    turned.scatter(turned.pack.b0, relabel(flat.gather(flat.pack.b0), turn))
    turned.refresh(turned.pack.u0, turned.pack.b0)
    for case in (flat, turned):
        for _ in range(3):
            case.step(case.fluid.max_dt(0.3))
    assert np.array_equal(turned.primitives(), relabel(flat.primitives(), turn, VEL1))


def test_planar_flow_in_three_dimensions_agrees():
    """The same tube on a full 3-D mesh, along x1 and along x3."""
    results = []
    for axis in (0, 2):
        cells = [8, 8, 8]
        cells[axis] = 32
        case = Case(tuple(cells))
        where = np.arange(32).reshape([32 if a == axis else 1 for a in (2, 1, 0)])
        inside = np.broadcast_to((where >= 8) & (where < 24), cells[::-1])
        w = np.ones((6, *cells[::-1]))
        w[DENS] = np.where(inside, 0.125, 1.0)
        w[PRES] = np.where(inside, 0.1, 1.0)
        w[VEL1 : VEL1 + 3] = 0.0
        b = np.zeros((3, *cells[::-1]))
        b[axis] = 0.75
        b[(axis + 1) % 3] = np.where(inside, -0.6, 0.6)
        case.start(w, b)
        for _ in range(10):
            case.step(0.15)
        found = case.primitives()[[DENS, VEL1 + axis, VEL1 + (axis + 1) % 3, PRES, ECR]]
        line = [0, 0, 0]
        line[2 - axis] = slice(None)
        assert np.array_equal(
            found,
            np.broadcast_to(found[(slice(None), *line)].reshape(5, *where.shape), found.shape),
        )
        results.append(found[(slice(None), *line)])
    assert np.array_equal(results[0], results[1])


@pytest.mark.parametrize(
    "params",
    [{"magnetic": False}, {"magnetic": True}, {"magnetic": False, "reconstruction": "ppm"}],
)
def test_cosmic_ray_shock_tube(params):
    """The exact star region of gas + adiabatic cosmic rays (Pfrommer et al. 2006), to 1% at 512
    cells per tube."""
    n = 512
    case = Case((2 * n, 1, 1), widths=(20.0, 1.0, 1.0), **params)
    x = (np.arange(2 * n) + 0.5) * 10.0 / n
    inside = (x > 5.0) & (x < 15.0)
    w = np.zeros((6, 1, 1, 2 * n))
    for v, left, right in ((DENS, 1.0, 0.125), (PRES, 17.172, 0.05), (ECR, 3 * 34.344, 0.15)):
        w[v] = np.where(inside, right, left)
    case.start(w)
    case.run(0.35)
    found = case.primitives()[:, 0, 0]
    before = np.searchsorted(x, 5.0 + 0.35 * 8.14571 - 0.3)
    behind = np.searchsorted(x, 5.0 + 0.35 * 8.14571 + 0.4)
    for at in (before, behind):
        assert found[PRES, at] + found[ECR, at] / 3.0 == pytest.approx(11.2540, rel=0.01)
        assert found[VEL1, at] == pytest.approx(8.14571, rel=0.01)
    assert found[DENS, before] == pytest.approx(0.345641, rel=0.01)
    assert found[DENS, behind] == pytest.approx(0.487513, rel=0.01)
    assert case.fluid.ledger.counts.array.sum() == 0


def sound_wave_error(n, **params):
    """Return the error of a travelling CR sound wave after one period: rho = Pg = Pcr = 1, c**2 =
    3."""
    case = Case((n, 1, 1), widths=(1.0, 1.0, 1.0), magnetic=False, **params)
    x = (np.arange(n) + 0.5) / n
    wave = 1e-5 * np.sin(2.0 * np.pi * x)
    w = np.ones((6, 1, 1, n))
    w[DENS] += wave
    w[VEL1] = np.sqrt(3.0) * wave
    w[VEL1 + 1 : VEL1 + 3] = 0.0
    w[PRES] += 5.0 / 3.0 * wave
    w[ECR] = 3.0 * (1.0 + 4.0 / 3.0 * wave)
    case.start(w)
    case.run(1.0 / np.sqrt(3.0), cfl=0.4)
    return np.abs(case.primitives()[DENS] - w[DENS]).mean() / 1e-5


@pytest.mark.parametrize("integrator", INTEGRATORS)
@pytest.mark.parametrize("reconstruction", ["plm", "ppm"])
def test_order_of_a_sound_wave_of_gas_and_cosmic_rays(reconstruction, integrator):
    coarse, fine = (
        sound_wave_error(n, reconstruction=reconstruction, integrator=integrator) for n in (32, 64)
    )
    # of central slopes, exact in time; mean over the wave
    dispersion = 2.0 * np.pi * (2.0 * np.pi / 64) ** 2 / 12 * 2.0 / np.pi
    assert fine < 2.0 * dispersion  # as much again for limiters at extrema
    assert np.log2(coarse / fine) > 1.7  # limiters at extrema take a little of the second order


def test_third_order_in_time():
    """On one mesh the difference to very short steps falls with the third power of the step; vl2,
    with its donor cells, falls as dt dx."""
    gains = {}
    for integrator in INTEGRATORS:
        finest, *found = (wave_after(32, steps, integrator) for steps in (2560, 40, 80))
        coarse, fine = (np.abs(density - finest).max() for density in found)
        gains[integrator] = np.log2(coarse / fine)
    assert gains["rk3"] > 2.7  # limiters that switch take a little of the order
    assert gains["vl2"] < 2.2


def wave_after(n, steps, integrator):
    """Return the density of a sound wave of gas after half a period in this many steps; its cosmic
    rays have no energy."""
    case = Case(
        (n, 1, 1),
        widths=(1.0, 1.0, 1.0),
        magnetic=False,
        reconstruction="ppm",
        integrator=integrator,
    )
    wave = 1e-3 * np.sin(2.0 * np.pi * (np.arange(n) + 0.5) / n)
    w = np.ones((6, 1, 1, n))
    w[DENS] += wave
    w[VEL1] = np.sqrt(5.0 / 3.0) * wave
    w[VEL1 + 1 : VEL1 + 3] = 0.0
    w[PRES] += 5.0 / 3.0 * wave
    w[ECR] = 0.0
    case.start(w)
    for _ in range(steps):
        case.step(0.5 / np.sqrt(5.0 / 3.0) / steps)
    return case.primitives()[DENS]


@pytest.mark.parametrize("mach", [2.0, 50.0])
@pytest.mark.parametrize("ratio", [1.0, 1e4])
@pytest.mark.parametrize("integrator", INTEGRATORS)
def test_colliding_flows_stay_positive(mach, ratio, integrator):
    n = 64
    case = Case((n, 1, 1), magnetic=False, integrator=integrator)
    sound = np.sqrt(5.0 / 3.0 + 4.0 / 3.0 * ratio)
    w = np.ones((6, 1, 1, n))
    w[VEL1] = np.where(np.arange(n) < n // 2, 1.0, -1.0) * mach * sound
    w[VEL1 + 1 : VEL1 + 3] = 0.0
    w[ECR] = 3.0 * ratio
    case.start(w)
    before = totals(case)
    case.run(0.2 * n / ((1.0 + mach) * sound))
    after = totals(case)
    found = case.primitives()
    assert found[[DENS, PRES]].min() > 0.0 and found[ECR].min() >= 0.0
    assert after[ENER] + after[ECR] == pytest.approx(before[ENER] + before[ECR], rel=1e-13)
    amounts = case.fluid.ledger.amounts
    assert not any(amounts[name].any() for name in ("mass", "energy", "ecr"))  # added by floors


def test_floors_are_booked_for_active_cells_only():
    case = Case((8, 1, 1), floors={"dens": 0.5, "press": 0.25, "ecr": 0.125})
    w = np.ones((6, 1, 1, 8))
    w[VEL1 : VEL1 + 3] = 0.0
    w[DENS, 0, 0, 0] = 0.1  # its ghost copy must not count
    w[PRES, 0, 0, 3] = 0.1
    w[ECR, 0, 0, 5] = 0.1
    case.start(w)
    ledger = case.fluid.ledger
    assert {column.name: ledger.counts[column.name][0] for column in ledger.counts.columns} == {
        "dens": 1, "press": 1, "ecr": 1, "nan": 0, "entropy": 0, "first_order": 0,
    }  # fmt: skip
    added = [ledger.amounts[name][0] for name in ("mass", "energy", "ecr", "entropy")]
    assert np.allclose(added, [0.4, 0.15 * 1.5, 0.025, 0.0], rtol=1e-12)
    found = case.primitives()[:, 0, 0]
    assert found[DENS, 0] == 0.5 and found[PRES, 3] == 0.25 and found[ECR, 5] == 0.125
    assert case.pack.u0[0, DENS, 0, 0, case.pack.grid.ng1] == 0.5


def test_momentum_without_mass_or_energy_is_no_velocity():
    """Momentum over the density floor would move these cells at 1e9; what the motion lacked is not
    recorded as energy of a floor, what motion there was is."""
    case = Case((8, 1, 1), floors={"dens": 1e-9, "press": 1e-3}, cosmic_rays=False)
    w = np.ones((5, 1, 1, 8))
    w[VEL1 : VEL1 + 3] = 0.0
    case.start(w)
    u, first = case.pack.u0, case.pack.grid.ng1
    negative, empty, moving = first + 2, first + 4, first + 6
    u[0, DENS, 0, 0, [negative, empty, moving]] = [-1e-3, 1e-12, 0.5e-9]
    u[0, VEL1, 0, 0, [negative, empty, moving]] = [1.0, 1.0, 0.5e-9]
    u[0, ENER, 0, 0, negative] = 1.5 + 0.5e9  # the pressure is 1 if it moves so
    before = totals(case)[ENER]
    case.fluid.primitives(u, case.pack.b0)
    found = case.primitives()[:, 0, 0]
    assert found[DENS, [2, 4, 6]].tolist() == [1e-9] * 3
    assert found[VEL1, [2, 4, 6]].tolist() == [0.0, 0.0, 0.5]  # the last keeps its momentum
    assert found[PRES, 2] == pytest.approx(1.0, rel=1e-6)
    assert found[PRES, 4] == 1e-3
    assert u[0, VEL1, 0, 0, [negative, empty]].tolist() == [0.0, 0.0]
    added = totals(case)[ENER] - before
    assert case.fluid.ledger.amounts["energy"][0] == pytest.approx(added, rel=1e-12)


def test_not_a_number_is_counted_and_left_alone():
    case = Case((8, 1, 1))
    w = np.ones((6, 1, 1, 8))
    w[PRES, 0, 0, 3] = np.nan
    case.start(w)
    ledger = case.fluid.ledger
    assert ledger.counts["nan"][0] == 1
    assert np.isnan(case.primitives()[PRES, 0, 0, 3])


def test_half_steps_are_counted_but_not_booked():
    case = Case((8, 1, 1), floors={"press": 0.25})
    w = np.ones((6, 1, 1, 8))
    case.start(w)
    case.pack.u1[:] = case.pack.u0
    case.pack.u1[:, ENER] = 0.0
    case.fluid.primitives(case.pack.u1, case.pack.b0)
    assert case.fluid.ledger.counts["press"][0] == 8
    assert not case.fluid.ledger.amounts.array.any()


def test_stages_are_booked_as_far_as_they_last():
    """Energy added to the first stage of rk3 is in the result of the step by a sixth: with uniform
    gas nothing else happens to it."""
    case = Case((8, 1, 1), floors={"press": 0.25}, integrator="rk3", cosmic_rays=False)
    w = np.ones((5, 1, 1, 8))
    w[VEL1 : VEL1 + 3] = 0.0
    case.start(w)
    before = totals(case)[ENER]
    for stage in case.fluid.stages:
        case.fluid.stage(stage, 0.01)
        u, b = case.fluid.result(stage)
        if stage is case.fluid.stages[0]:
            # a pressure of 0.1, which the floor raises to 0.25
            u[:, ENER] = 1.5 * 0.1 + u[:, ENER] - 1.5
            taken = 8 * 1.5 * 0.9
        case.fill_ghosts(u, b)
    case.fluid.primitives(u, b)
    added = case.fluid.ledger.amounts["energy"][0]
    assert added == pytest.approx(8 * 1.5 * 0.15 / 6.0, rel=1e-12)
    assert totals(case)[ENER] - before == pytest.approx(added - taken / 6.0, rel=1e-10)


def test_gravity_exchanges_kinetic_and_potential_energy():
    """What the gas gains is what the mass that crossed faces lost in the potential whose face
    differences are the mean g."""
    n = 32
    case = Case((n, 1, 1), widths=(1.0, 1.0, 1.0), gravity=True)
    pull = np.cos(2.0 * np.pi * (np.arange(n) + 0.5) / n)
    potential = -np.cumsum(0.5 * (pull + np.roll(pull, 1))) / n
    grav = np.zeros((3, 1, 1, n))
    grav[0] = pull
    case.scatter(case.pack.grav, grav)
    w = np.ones((6, 1, 1, n))
    w[VEL1 : VEL1 + 3] = 0.0
    case.start(w)
    before = totals(case)
    for _ in range(20):
        case.step(0.005)
    u = case.gather(case.pack.u0)[:, 0, 0]
    gained = totals(case)[[ENER, ECR]].sum() - before[[ENER, ECR]].sum()
    assert gained == pytest.approx(-np.sum((u[DENS] - 1.0) * potential), rel=1e-10)
    assert gained > 1e-4


def test_gravity_along_a_missing_axis_accelerates():
    case = Case((8, 1, 1), gravity=True)
    w = np.ones((6, 1, 1, 8))
    w[VEL1 : VEL1 + 3] = 0.0
    case.pack.grav[:, 1] = 2.0
    case.start(w)
    case.step(0.1)
    found = case.primitives()
    assert np.allclose(found[VEL1 + 1], 0.2, rtol=1e-14)
    assert np.allclose(found[PRES], 1.0, rtol=1e-13)


@pytest.mark.parametrize("axis", [0, 2])
def test_frozen_gas_carries_cosmic_rays(axis):
    """A smooth profile crosses the box at second order while the gas keeps its bits."""
    errors = []
    for n in (32, 64):
        cells = [1, 1, 1]
        cells[axis] = n
        widths = [1.0, 1.0, 1.0]
        case = Case(tuple(cells), widths=tuple(widths), frozen=True, scalars=1)
        x = ((np.arange(n) + 0.5) / n).reshape(cells[::-1])
        w = np.ones((7, *cells[::-1]))
        w[VEL1 : VEL1 + 3] = 0.0
        w[VEL1 + axis] = 2.0
        w[DENS] = 2.0
        w[ECR] = 1.0 + 0.5 * np.sin(2.0 * np.pi * x)
        w[ECR + 1] = w[ECR]
        case.start(w)
        gas = case.gather(case.pack.u0)[:ECR].copy()
        assert case.fluid.max_dt(0.4) == pytest.approx(0.4 / n / 2.0)
        case.run(0.5, cfl=0.4)
        found = case.primitives()
        assert np.array_equal(case.gather(case.pack.u0)[:ECR], gas)
        assert np.allclose(found[ECR], found[ECR + 1], rtol=1e-12)
        errors.append(np.abs(found[ECR] - w[ECR]).mean())
    assert errors[1] < 0.01
    assert np.log2(errors[0] / errors[1]) > 1.7


def test_frozen_gas_at_rest_sets_no_limit():
    case = Case((8, 1, 1), frozen=True)
    w = np.ones((6, 1, 1, 8))
    w[VEL1 : VEL1 + 3] = 0.0
    case.start(w)
    assert case.fluid.max_dt(0.4) == np.inf


def test_riemann_solver_must_fit_the_field():
    for wrong in ({"riemann": "hllc", "magnetic": True}, {"riemann": "hlld", "magnetic": False}):
        with pytest.raises(CrmpiError, match=r"choose one of llf, hlle"):
            make(FluidParams, **wrong)


def test_ghost_zones():
    assert [nghost(make(FluidParams, reconstruction=name)) for name in ("donor", "plm", "ppm")] == [
        2,
        2,
        3,
    ]
