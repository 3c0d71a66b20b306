"""Speed on one core, by phase, beside the memory bandwidth of the same core in the same minute.

A cycle is what a run does per step: time step, both stages, ghost zones, primitives with floors,
transport, the search for cells that are not finite. Seconds are CPU seconds of the process; the
fastest repetition counts, so that other users of the machine disturb little.
"""

from crmpi.tools.bench.boxes import CONFIGURATIONS, Box, block_shape
from crmpi.tools.bench.limits import arithmetic, fluid_bytes, substep_bytes, triad
from crmpi.tools.bench.traffic import CountingComm, SurroundedComm

TWO_MOMENT_BYTES = substep_bytes(2, 5)


def measure(n=64, repetitions=8, configurations=tuple(CONFIGURATIONS), block=None):
    """Return {"triad_bytes_per_second": ..., "mhd": {"zone_cycles_per_second": ..., "seconds":
    {phase: ...}, ...}, ...} of a cube.

    Parameters
    ----------
    n : int
        cells along each axis
    repetitions : int
        cycles timed; the fastest counts
    configurations : sequence of str
        names in `CONFIGURATIONS`
    block : int, optional
        cells along each axis of a block; one block by default
    """
    cells, blocks = block_shape(n, block or n)
    results = {"cells": list(cells), "block": list(blocks)}
    results |= {
        "triad_bytes_per_second": triad(repetitions),
        "flops_per_second": arithmetic(repetitions),
    }
    for name in configurations:
        results[name] = measure_one(Box(name, cells, blocks), repetitions)
        results[name]["triad_fraction"] = triad_fraction(
            results[name], results["triad_bytes_per_second"]
        )
        results[name]["surrounded"] = surrounded(name, blocks, max(1, repetitions // 2))
    return results


def measure_one(box, repetitions):
    """Return the speed of a box: that of its fastest step, with the seconds of its phases."""
    box.step()  # compiles or loads the kernels
    found = {}
    for _ in range(repetitions):
        box.reset()
        seconds = box.timed_step()
        if not found or seconds < found["step_seconds"]:
            found = {"step_seconds": seconds, "seconds": dict(box.seconds)} | _transport(box)
    pack, fluid, zones = box.sim.pack, box.sim.fluid, box.sim.zones
    found["zone_cycles_per_second"] = zones / found["step_seconds"]
    found["bytes_per_zone_cycle"] = (
        fluid_bytes(pack.nvar, pack.magnetic, fluid.stages, converts=fluid.converts)
        + found["substeps"] * TWO_MOMENT_BYTES
    )
    return found


def triad_fraction(found, bandwidth):
    """Return the share of the memory bandwidth that the counted bytes took; see
    `crmpi.tools.bench.limits` for what is counted."""
    return found["bytes_per_zone_cycle"] * found["zone_cycles_per_second"] / bandwidth


def surrounded(name, block, repetitions):
    """Return the messages of a rank with one block and 26 neighbours, and what its step takes
    without a network."""
    comm = CountingComm(SurroundedComm(block))
    box = Box(name, comm.comm.cells, block, comm, period=block)
    box.step()
    comm.traffic.reset()
    seconds = min(box.timed_step() for _ in range(repetitions))
    traffic, zones = comm.traffic, block[0] * block[1] * block[2]
    by_offset = {
        ",".join(map(str, comm.comm.offset(peer))): size / repetitions
        for peer, size in sorted(traffic.by_peer.items())
    }
    return {
        "step_seconds": seconds,
        "messages_per_step": traffic.messages / repetitions,
        "numbers_per_step": traffic.numbers / repetitions,
        "reductions_per_step": traffic.reductions / repetitions,
        "bytes_per_zone": traffic.bytes / repetitions / zones,
        "bytes_by_offset": by_offset,
    }


def _transport(box):
    """Return the sub-steps of the step just made and their seconds, ghost zones included: without,
    and with, what surrounds them."""
    return {
        "substeps": box.substeps,
        "substep_seconds": box.substep_seconds,
        "transport_seconds": box.transport_seconds,
    }
