"""Weak scaling to many ranks from what one rank can measure. docs/performance.md states the
assumptions."""

import math

from crmpi.tools.bench.boxes import Box, block_shape
from crmpi.tools.bench.efficiency import layout
from crmpi.tools.bench.speed import measure_one, surrounded
from crmpi.tools.bench.traffic import NUMBER

LATENCY = 2e-6
BANDWIDTH = 1e10
"""Of a rank, if none is given: seconds per message and bytes per second each way; a rank of a full
node shares its network card."""


def measure_rank(name, n, repetitions=6):
    """Return what `predict` needs of one configuration: seconds of a step alone and with 26
    neighbours, and the messages."""
    cells, block = block_shape(n, n)
    alone = measure_one(Box(name, cells, block), repetitions)
    return {
        "step_seconds": alone["step_seconds"],
        "surrounded": surrounded(name, block, repetitions),
    }


def predict(rank, ranks, latency=LATENCY, bandwidth=BANDWIDTH):
    """Return the expected step of `ranks` ranks: {"layout", "messages", "bytes", "pack", "network",
    "reduce", "efficiency"}, seconds.

    Parameters
    ----------
    rank : dict
        from `measure_rank`
    ranks : int
    latency, bandwidth : float
        seconds per message, bytes per second
    """
    shape, full = layout(ranks), rank["surrounded"]
    exchanges = full["messages_per_step"] / 26
    remote = [size for key, size in full["bytes_by_offset"].items() if is_remote(key, shape)]
    peers = math.prod(min(s, 3) for s in shape) - 1
    packing = max(full["step_seconds"] - rank["step_seconds"], 0.0)
    pack = packing * sum(remote) / sum(full["bytes_by_offset"].values())
    sent = sum(remote) + NUMBER * full["numbers_per_step"] / 26 * peers
    network = exchanges * peers * latency + sent / bandwidth
    reduce = full["reductions_per_step"] * math.ceil(math.log2(ranks)) * latency
    total = rank["step_seconds"] + pack + network + reduce
    found = {
        "layout": shape,
        "messages": exchanges * peers,
        "bytes": sent,
        "pack": pack,
        "network": network,
        "reduce": reduce,
    }
    return found | {"seconds": total, "efficiency": rank["step_seconds"] / total}


def is_remote(offset, shape):
    """Return whether the neighbour at `offset` ('1,0,-1') is another rank: along an axis with one
    rank it is the box itself."""
    return any(int(o) != 0 and s > 1 for o, s in zip(offset.split(","), shape, strict=True))


def prediction_report(name, n, rank, ranks, latency, bandwidth):
    """Return the table of one configuration as lines of text."""
    lines = [
        f"{name}: {n}^3 cells per rank, step of one rank {rank['step_seconds'] * 1e3:.1f} ms; "
        f"latency {latency * 1e6:.1f} microseconds, bandwidth {bandwidth / 1e9:.1f} GB/s, "
        "nothing overlapped",
        (
            f"{'ranks':>8} {'layout':>14} {'messages':>9} {'MB sent':>8} {'packing':>9} "
            f"{'network':>9} {'reduce':>9} {'efficiency':>10}"
        ),
    ]
    for number in ranks:
        p = predict(rank, number, latency, bandwidth)
        shape = "x".join(map(str, p["layout"]))
        lines.append(
            f"{number:8d} {shape:>14} {p['messages']:9.0f} {p['bytes'] / 1e6:8.2f} "
            f"{p['pack'] * 1e3:6.2f} ms {p['network'] * 1e3:6.2f} ms "
            f"{p['reduce'] * 1e3:6.2f} ms {p['efficiency']:10.3f}"
        )
    return "\n".join(lines)
