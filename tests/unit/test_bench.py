"""The benchmark measures what it says, on a small box."""

import numpy as np
import pytest

from crmpi.bench import measure, report
from crmpi.bench.boxes import Box, block_shape
from crmpi.bench.memory import list_arrays, memory_report
from crmpi.bench.traffic import CountingComm, SurroundedComm
from crmpi.bench.triad import fluid_bytes, substep_bytes
from crmpi.errors import CrmpiError
from crmpi.mesh.tree import OFFSETS

DOUBLE = 8


def make_box(name="mhd", n=8, comm=None):
    return Box(name, (n,) * 3, (n,) * 3, comm)


def test_measure_and_report():
    results = measure(n=8, repetitions=1, configurations=("mhd", "two_moment"))
    assert results["mhd"]["zone_cycles_per_second"] > 0.0
    assert results["triad_bytes_per_second"] > 1e8  # slower than any memory of this century
    assert {"time step", "ghosts", "primitives", "fluid"} <= set(results["mhd"]["seconds"])
    assert results["mhd"]["substeps"] == 0 < results["two_moment"]["substeps"]
    assert 0.0 < results["two_moment"]["substep_seconds"] <= results["two_moment"]["transport_seconds"]
    text = report(results)
    assert "mhd" in text and "GB/s" in text and "sub-steps per cycle" in text


def test_the_phases_add_up_to_the_step():
    box = make_box("two_moment", 16)
    box.step()
    box.reset()
    seconds = box.timed_step()
    assert sum(box.seconds.values()) == pytest.approx(seconds, rel=0.1)


def test_the_box_evolves():
    box = make_box()
    pack = box.sim.pack
    before = pack.active(pack.u0).copy()
    box.step()
    after = pack.active(pack.u0)
    assert np.abs(after - before).max() > 1e-3
    assert np.allclose(after.sum(axis=(2, 3, 4)), before.sum(axis=(2, 3, 4)), rtol=1e-12, atol=1e-10)
    assert not box.sim.fluid.ledger.counts.any()


def test_bytes_of_hand_counted_steps():
    assert fluid_bytes(5, magnetic=False) == DOUBLE * (15 + 15 + 20 + 5)
    assert fluid_bytes(5, magnetic=True) == DOUBLE * (27 + 30 + 38 + 8)
    assert substep_bytes(2, 5) == DOUBLE * (9 + 15)


def test_a_rank_among_copies_of_itself_computes_what_one_periodic_box_does():
    alone = make_box("two_moment")
    comm = CountingComm(SurroundedComm((8, 8, 8)))
    among = Box("two_moment", comm.comm.cells, (8, 8, 8), comm, period=(8, 8, 8))
    for _ in range(2):
        alone.step()
        among.step()
    difference = np.abs(among.sim.pack.active(among.sim.pack.u0) - alone.sim.pack.active(alone.sim.pack.u0))
    assert difference.max() < 1e-12  # the waves repeat to round-off, not to the bit


def test_messages_of_a_step_are_counted():
    comm = CountingComm(SurroundedComm((8, 8, 8)))
    box = Box("mhd", comm.comm.cells, (8, 8, 8), comm, period=(8, 8, 8))
    comm.traffic.reset()
    box.step()
    assert comm.traffic.messages == 2 * 26  # both stages fill ghost zones once
    offsets = {comm.comm.offset(peer) for peer in comm.traffic.by_peer}
    assert offsets == set(OFFSETS) - {(0, 0, 0)}
    corner = next(size for peer, size in comm.traffic.by_peer.items() if comm.comm.offset(peer) == (1, 1, 1))
    assert corner == 2 * DOUBLE * (5 * 2**3 + 3 * 2**3)  # two ghost layers: 8 cells of 5 variables, 8 faces of 3 components


def test_arrays_are_found_once():
    box = make_box()
    sizes, pack = list_arrays(box.sim), box.sim.pack
    assert sum("u0" in name for name in sizes) == 1
    assert pack.u0.nbytes <= sizes["pack.u0"] <= pack.u0.nbytes + 256  # with the lines around it
    assert not any("grav" in name for name in sizes)  # no gravity, no storage for it


def test_memory_report_names_the_limit():
    found = {"mhd": {"bytes_per_zone": 400.0, "start_bytes_per_zone": 300.0, "arrays": {"pack.u0": 52.0, "tiny": 0.1}}}
    text = memory_report(found)
    assert "limit 450" in text and "pack.u0" in text and "tiny" not in text


def test_blocks_that_do_not_fill_the_cube():
    with pytest.raises(CrmpiError, match="--block a divisor of 64"):
        block_shape(64, 48)
