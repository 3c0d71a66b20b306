"""The benchmark measures what it says, on a small box."""

import llvmlite.binding as llvm
import numba
import numpy as np
import pytest

from crmpi.cli.bench import _keys
from crmpi.errors import CrmpiError
from crmpi.mesh.tree import OFFSETS
from crmpi.physics.integrators import RK3, VL2
from crmpi.tools.bench import measure, report
from crmpi.tools.bench.boxes import Box, block_shape
from crmpi.tools.bench.efficiency import layout
from crmpi.tools.bench.levels import levels_report, measure_levels, regrid_shares
from crmpi.tools.bench.limits import fluid_bytes, substep_bytes
from crmpi.tools.bench.machine import describe
from crmpi.tools.bench.memory import list_arrays, memory_report
from crmpi.tools.bench.predict import predict
from crmpi.tools.bench.traffic import CountingComm, SurroundedComm

DOUBLE = 8


def make_box(name="mhd", n=8, comm=None):
    return Box(name, (n,) * 3, (n,) * 3, comm)


def test_measure_and_report():
    results = measure(n=8, repetitions=1, configurations=("mhd", "two_moment"))
    assert results["mhd"]["zone_cycles_per_second"] > 0.0
    assert results["triad_bytes_per_second"] > 1e8  # slower than any memory of this century
    assert {"time step", "ghosts", "primitives", "fluid"} <= set(results["mhd"]["seconds"])
    assert results["mhd"]["substeps"] == 0 < results["two_moment"]["substeps"]
    assert (
        0.0 < results["two_moment"]["substep_seconds"] <= results["two_moment"]["transport_seconds"]
    )
    text = report(results)
    assert "mhd" in text and "GB/s" in text and "sub-steps per cycle" in text


def test_the_machine_is_the_one_that_kernels_are_compiled_for(monkeypatch):
    monkeypatch.setattr(numba.config, "CPU_NAME", "x86-64-v3")
    assert describe()["cpu_target"] == "x86-64-v3"
    monkeypatch.setattr(numba.config, "CPU_NAME", None)
    assert describe()["cpu_target"] == llvm.get_host_cpu_name()


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
    assert np.allclose(
        after.sum(axis=(2, 3, 4)), before.sum(axis=(2, 3, 4)), rtol=1e-12, atol=1e-10
    )
    assert not box.sim.fluid.ledger.counts.array.any()


def test_bytes_of_hand_counted_steps():
    assert fluid_bytes(5, magnetic=False, stages=VL2) == DOUBLE * (15 + 15 + 20)
    assert fluid_bytes(5, magnetic=True, stages=VL2) == DOUBLE * (24 + 27 + 32)
    assert fluid_bytes(5, magnetic=True, stages=RK3) == DOUBLE * (3 * 24 + 2 * 24 + 3 * 16)
    assert fluid_bytes(5, magnetic=True, stages=VL2, converts=True) == DOUBLE * (24 + 16 + 32)
    assert substep_bytes(2, 5) == DOUBLE * (9 + 13)


def test_a_rank_among_copies_of_itself_computes_what_one_periodic_box_does():
    alone = make_box("two_moment")
    comm = CountingComm(SurroundedComm((8, 8, 8)))
    among = Box("two_moment", comm.comm.cells, (8, 8, 8), comm, period=(8, 8, 8))
    for _ in range(2):
        alone.step()
        among.step()
    difference = np.abs(
        among.sim.pack.active(among.sim.pack.u0) - alone.sim.pack.active(alone.sim.pack.u0)
    )
    assert difference.max() < 1e-12  # the waves repeat to round-off, not to the bit


def test_messages_of_a_step_are_counted():
    comm = CountingComm(SurroundedComm((8, 8, 8)))
    box = Box("mhd", comm.comm.cells, (8, 8, 8), comm, period=(8, 8, 8))
    comm.traffic.reset()
    box.step()
    # both stages fill ghost zones once, and ask the neighbours for troubled cells
    assert comm.traffic.messages == 2 * 2 * 26
    assert comm.traffic.reductions == 2  # the time step, and whether all is finite
    offsets = {comm.comm.offset(peer) for peer in comm.traffic.by_peer}
    assert offsets == set(OFFSETS) - {(0, 0, 0)}
    corner = next(
        size for peer, size in comm.traffic.by_peer.items() if comm.comm.offset(peer) == (1, 1, 1)
    )
    # two ghost layers: 8 cells of 5 variables, 8 faces of 3 components
    assert corner == 2 * DOUBLE * (5 * 2**3 + 3 * 2**3)
    # and one number about troubled cells
    assert comm.traffic.numbers == 2 * 26
    assert comm.traffic.bytes == sum(comm.traffic.by_peer.values()) + 2 * 26 * DOUBLE


def test_arrays_are_found_once():
    box = make_box()
    sizes, pack = list_arrays(box.sim), box.sim.pack
    assert sum("u0" in name for name in sizes) == 1
    assert pack.u0.nbytes <= sizes["pack.u0"] <= pack.u0.nbytes + 256  # with the lines around it
    assert not any("grav" in name for name in sizes)  # no gravity, no storage for it


def test_memory_report_names_the_limit():
    found = {
        "mhd": {
            "bytes_per_zone": 400.0,
            "start_bytes_per_zone": 300.0,
            "arrays": {"pack.u0": 52.0, "tiny": 0.1},
        }
    }
    text = memory_report(found)
    assert "limit 450" in text and "pack.u0" in text and "tiny" not in text


def test_blocks_that_do_not_fill_the_cube():
    with pytest.raises(CrmpiError, match="--block a divisor of 64"):
        block_shape(64, 48)


# ------------------------------------------------------------------ many ranks, from a rank
#   invented for the purpose

FACE, EDGE, CORNER = 1000, 100, 10
RANK = {
    "step_seconds": 0.05,
    "surrounded": {
        "numbers_per_step": 0.0,
        "step_seconds": 0.06,
        "messages_per_step": 52.0,
        "reductions_per_step": 4.0,
        "bytes_by_offset": {
            ",".join(map(str, o)): (0, FACE, EDGE, CORNER)[sum(map(abs, o))]
            for o in OFFSETS
            if any(o)
        },
    },
}
ALL_BYTES = 6 * FACE + 12 * EDGE + 8 * CORNER


def test_layouts_are_as_cubic_as_possible():
    assert [layout(ranks) for ranks in (1, 2, 8, 12, 1000, 7)] == [
        (1, 1, 1),
        (1, 1, 2),
        (2, 2, 2),
        (2, 2, 3),
        (10, 10, 10),
        (1, 1, 7),
    ]


def test_one_rank_is_perfect():
    alone = predict(RANK, 1)
    assert alone["efficiency"] == 1.0 and alone["messages"] == 0 and alone["bytes"] == 0


def test_two_ranks_send_what_leaves_through_their_two_faces():
    two = predict(RANK, 2)
    # all neighbours above and below are the other rank
    assert two["bytes"] == 2 * (FACE + 4 * EDGE + 4 * CORNER)
    assert two["messages"] == 2  # one per exchange, for all regions travel together


def test_a_thousand_ranks_by_hand():
    latency, bandwidth = 1e-5, 1e6
    p = predict(RANK, 1000, latency, bandwidth)
    assert p["messages"] == 52 and p["bytes"] == ALL_BYTES
    network = 52 * latency + ALL_BYTES / bandwidth
    reduce = 4 * 10 * latency  # 2^10 > 1000
    assert p["efficiency"] == pytest.approx(0.05 / (0.06 + network + reduce))


def test_more_ranks_are_never_more_efficient():
    shares = [predict(RANK, 8**power)["efficiency"] for power in range(6)]
    assert shares == sorted(shares, reverse=True)


def test_prediction_keys():
    assert _keys(["ranks=1,10", "latency=1e-6"]) == {"ranks": [1, 10], "latency": 1e-6}
    for word in ("ranks=many", "speed=3", "ranks"):
        with pytest.raises(CrmpiError, match="ranks=N,N"):
            _keys([word])
    with pytest.raises(CrmpiError, match="positive"):
        _keys(["ranks=1", "bandwidth=-1"])
    with pytest.raises(CrmpiError, match="needs ranks"):
        _keys(["latency=1e-6"])


def test_three_levels_beside_a_uniform_mesh():
    found = measure_levels(names=("mhd",), blocks=(6,), repetitions=1, whole=8)
    case = found["rates"]["mhd 6"]
    assert case["blocks"] == [64 - 8, 64 - 8, 64]  # the middle 2^3 of 4^3 blocks, twice
    assert case["substeps"] == [0, 0]
    assert case["ratio"] == pytest.approx(case["rates"][1] / case["rates"][0])
    uniform, refined = case["phases"]
    assert "flux correction" in refined and "flux correction" not in uniform
    for phases in (uniform, refined):
        whole = phases.pop("all")
        assert sum(phases.values()) == pytest.approx(whole, rel=0.1)
    assert all(seconds > 0.0 for seconds in found["regrid"].values())
    text = levels_report(found)
    assert "3 levels" in text and "flux correction" in text and "a check of the mesh" in text


def test_share_of_looks_at_the_mesh():
    """Ten steps of 0.3 cells are 3 of the 16 cells of a block: 3 of 16 looks change the mesh."""
    shares = regrid_shares({"steps": 10.0, "look": 1.0, "change": 5.0}, 16)
    assert shares == pytest.approx([1.0 / 11.0, 5.0 / 15.0, 1.75 / 11.75])
