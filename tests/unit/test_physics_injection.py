"""Supernovae: the event list, kernels on the lattice, exact energies on any blocks and time
steps."""

from itertools import pairwise

import numpy as np
import pytest

from crmpi.constants import DENS, ECR, ENER, MOM1
from crmpi.errors import ConfigError, CrmpiError
from crmpi.mesh import BlockTree
from crmpi.mesh.pack import ECR_FIELD, HYDRO_FIELDS, Pack, make_grid
from crmpi.params import make
from crmpi.physics.events import Layer, events_between, footprint
from crmpi.physics.injection import Injection
from crmpi.types import EOS
from crmpi.units import Units

UNITS = Units("galactic")
GAS = EOS(gamma=5 / 3, gamma_cr=4 / 3, mu=0.6)
LOWER, UPPER = (-0.4, -0.4, -1.0), (0.4, 0.4, 1.0)


def pack_of(cells=(8, 8, 20), block=None, fields=HYDRO_FIELDS + (ECR_FIELD,), velocity=0.0):
    """Return uniform gas of unit density on all blocks of a box, periodic in x1 and x2; and its
    tree."""
    block = block or cells
    tree = BlockTree(cells, block, LOWER, UPPER, (True, True, False))
    origins = [tree.origin(gid) for gid in range(tree.nblock)]
    pack = Pack(
        make_grid(block, cells, LOWER, UPPER, 2), range(tree.nblock), origins, LOWER, fields
    )
    pack.u0[:, DENS] = 1.0
    pack.u0[:, MOM1] = velocity
    pack.u0[:, ENER] = 100.0 + 0.5 * velocity**2
    return pack, tree


def injection(pack, tree, **values):
    return Injection(make(Injection.Params, UNITS, enabled=True, **values), pack, GAS, UNITS, tree)


def assemble(pack, cells=(8, 8, 20)):
    """Return the global array (nvar, n3, n2, n1) of the active cells of all blocks."""
    whole = np.empty((pack.nvar,) + cells[::-1])
    g = pack.grid
    for b, (i, j, k) in enumerate(pack.origins):
        whole[:, k : k + g.n3, j : j + g.n2, i : i + g.n1] = pack.active(pack.u0)[b]
    return whole


def total(pack, variable):
    g = pack.grid
    return pack.active(pack.u0)[:, variable].sum() * g.dx1 * g.dx2 * g.dx3


def ledger(source):
    return {
        column.name.removeprefix("injection_"): column.values.sum() for column in source.ledger()
    }


def test_events_do_not_depend_on_the_intervals():
    whole = sorted(events_between(0.0, 10.0, 7.0, seed=5))
    edges = np.sort(np.random.default_rng(0).uniform(0, 10, 60))
    pieces = [
        e
        for a, b in zip([0.0, *edges], [*edges, 10.0], strict=True)
        for e in events_between(a, b, 7.0, seed=5)
    ]
    assert sorted(pieces) == whole
    assert sorted(events_between(4.0, 10.0, 7.0, seed=5)) == [e for e in whole if e.time >= 4.0]


def test_events_are_a_poisson_process():
    events = sorted(events_between(0.0, 5000.0, 2.0, seed=3))
    gaps = np.diff([e.time for e in events])
    assert len(events) == pytest.approx(10_000, abs=4 * np.sqrt(10_000))
    assert gaps.std() == pytest.approx(gaps.mean(), rel=0.04)  # exponential
    assert np.mean([e.place for e in events], axis=0) == pytest.approx(
        0.5, abs=4 / np.sqrt(12 * len(events))
    )
    assert events_between(0.0, 10.0, 0.0, seed=1) == []


@pytest.mark.parametrize("profile", ["sech2", "gaussian"])
def test_layer_draws_its_own_distribution(profile):
    layer = Layer(profile, 0.1, 0.2)
    faces = np.linspace(-1, 1, 21)
    drawn = [layer.draw(u, -1.0, 1.0) for u in (np.arange(20_000) + 0.5) / 20_000]
    counts = np.histogram(drawn, faces)[0] / 20_000
    assert np.allclose(counts, layer.shares(faces), atol=1e-4)
    assert layer.shares(faces).sum() == pytest.approx(1.0, rel=1e-14)
    assert layer.draw(0.0, -50.0, 50.0) >= -50.0


@pytest.mark.parametrize("cells", [(8, 8, 20), (8, 1, 20), (1, 1, 20)])
def test_footprint_is_normalised_and_wraps(cells):
    mesh = BlockTree(cells, cells, LOWER, UPPER, (True, True, False))
    for position in [(0.0, 0.0, 0.0), (0.399, -0.4, 0.13), (-0.4, 0.2, 0.98)]:
        cover = footprint(mesh, position, 0.25)
        assert cover.weight.sum() == pytest.approx(1.0, rel=1e-14)
        assert all(
            index.min() >= 0 and index.max() < n for index, n in zip(cover[:3], cells, strict=True)
        )
        if position[2] == 0.0:  # far from the walls: centred on the event
            for axis, offset in enumerate(cover[3:6]):
                others = tuple(a for a in range(3) if a != 2 - axis)
                assert abs((cover.weight.sum(axis=others) * offset).sum()) < 1e-12


CASES = {
    "layer, smooth": {"rate_per_area": 500.0},
    "layer, events": {
        "rate_per_area": 500.0,
        "sampling": "discrete",
        "radius": 0.25,
        "kinetic_fraction": 0.3,
    },
    "centre, smooth": {"mode": "central", "rate": 300.0, "radius": 0.25},
    "centre, events": {
        "mode": "central",
        "rate": 300.0,
        "sampling": "discrete",
        "radius": 0.25,
        "center": [0.39, 0.1, 0.2],
    },
    "dense gas": {"mode": "density", "rate_per_mass": 1e-5, "threshold": 0.5},
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_what_is_given_follows_from_the_times_alone(case):
    """A source that is made anew at a restart goes on like the one before, where the clock has
    summed steps without their round-off: 0.1 + 0.2 is not 0.3."""
    states = []
    for earlier in ([], [(0.1, 0.2)]):
        pack, tree = pack_of()
        start = pack.u0.copy()
        source = injection(pack, tree, **case)
        for times in earlier:
            source.apply(*times)
        pack.u0[...] = start
        source.apply(0.3, 0.1)
        states.append(pack.u0)
    assert np.array_equal(*states)
    assert not np.array_equal(states[0], start)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_energies_are_exact_on_any_blocks(case):
    states = []
    for block in [(8, 8, 20), (4, 8, 10), (2, 4, 5)]:
        pack, tree = pack_of(block=block, velocity=20.0)
        before = total(pack, ENER)
        source = injection(pack, tree, ejecta="5 Msun", **case)
        source.apply(0.0, UNITS("0.3 Myr"))
        source.apply(UNITS("0.3 Myr"), UNITS("0.7 Myr"))
        totals = ledger(source)
        given = totals["supernovae"] * UNITS.sn_energy
        assert totals["supernovae"] > 0.0
        assert total(pack, ECR) == pytest.approx(0.1 * given, rel=1e-12)
        assert total(pack, ENER) - before == pytest.approx(
            totals["thermal"] + totals["kinetic"], rel=1e-9
        )
        # ejecta move with the gas
        assert totals["thermal"] + totals["kinetic"] == pytest.approx(0.9 * given, rel=1e-3)
        assert totals["mass"] == pytest.approx(totals["supernovae"] * UNITS("5 Msun"), rel=1e-12)
        assert total(pack, DENS) - 1.28 == pytest.approx(totals["mass"], rel=1e-7)
        if case.get("kinetic_fraction"):
            # of 0.3: explosions of neighbours meet and heat
            assert 0.1 * given < totals["kinetic"] < 0.4 * given
        states.append(assemble(pack))
    assert np.array_equal(states[0], states[1])
    assert np.array_equal(states[0], states[2])


def test_event_smaller_than_a_cell_fills_its_neighbours():
    pack, tree = pack_of()
    source = injection(pack, tree, mode="central", rate=300.0, radius=0.001)
    source.apply(0.0, UNITS("1 Myr"))
    assert total(pack, ECR) == pytest.approx(0.1 * 300.0 * UNITS.sn_energy, rel=1e-12)
    assert (assemble(pack)[ECR] > 0.0).sum() == 8  # the centre is a corner of eight cells


def test_mean_rates():
    pack, tree = pack_of()
    source = injection(pack, tree, rate_per_area=15.0)
    source.apply(0.0, UNITS("2 Myr"))
    assert ledger(source)["supernovae"] == pytest.approx(15.0 * 0.64 * 2.0, rel=1e-12)
    source = injection(pack, tree, mode="density", rate_per_mass=1e-6, threshold=0.5)
    mass = UNITS.from_code(total(pack, DENS), "Msun")
    source.apply(0.0, UNITS("2 Myr"))
    assert ledger(source)["supernovae"] == pytest.approx(2e-6 * mass, rel=1e-12)


def test_time_steps_tile_for_events():
    """One call, or ninety of unequal length with round-off in their times: the same supernovae."""
    numbers = []
    for steps in (1, 90):
        pack, tree = pack_of()
        source = injection(pack, tree, sampling="discrete", rate_per_area=500.0, radius=0.25)
        edges = np.linspace(0.0, UNITS("3 Myr"), steps + 1)
        for start, end in pairwise(edges):
            half = 0.5 * (end - start)
            source.apply(start, half)
            source.apply(start + half, half)
        numbers.append(round(ledger(source)["supernovae"]))
    assert numbers[0] == numbers[1] > 500


def test_start_and_stop():
    pack, tree = pack_of()
    source = injection(pack, tree, rate_per_area=10.0, start=0.5, stop=0.75)
    for n in range(10):
        source.apply(0.1 * n, 0.1)
    assert ledger(source)["supernovae"] == pytest.approx(
        10.0 * 0.64 * UNITS.from_code(0.25, "Myr"), rel=1e-9
    )


@pytest.mark.parametrize("velocity", [0.0, 300.0, -300.0])
def test_push_never_cools(velocity):
    """Radial momentum into moving gas: thermal energy does not fall, gas at rest gets the whole
    share as motion."""
    pack, tree = pack_of(velocity=velocity)
    place = {"mode": "central", "center": [0.05, 0.03, 0.02], "radius": 0.3}
    source = injection(pack, tree, rate=0.5, sampling="discrete", kinetic_fraction=0.6, **place)
    first = min(event.time for event in events_between(0.0, 1.0, source.rate, 1))
    source.apply(first, 1e-9)
    assert ledger(source)["supernovae"] == pytest.approx(1.0, rel=1e-12)
    u = assemble(pack)
    thermal = u[ENER] - 0.5 * (u[1:4] ** 2).sum(axis=0) / u[DENS]
    assert thermal.min() > 100.0 * (1 - 1e-9)
    if velocity == 0.0:
        assert ledger(source)["kinetic"] == pytest.approx(0.6 * UNITS.sn_energy, rel=1e-9)
        assert np.allclose(u[1:4].sum(axis=(1, 2, 3)), 0.0, atol=0.05 * np.abs(u[1:4]).sum())


def test_refused():
    bare, tree = pack_of(fields=HYDRO_FIELDS)
    with pytest.raises(CrmpiError, match="cosmic_rays"):
        injection(bare, tree)
    for values in [
        {"cr_fraction": 0.7, "kinetic_fraction": 0.4},
        {"mode": "density", "sampling": "discrete"},
        {"kinetic_fraction": 0.1},
    ]:
        with pytest.raises(ConfigError):
            make(Injection.Params, UNITS, **values)
