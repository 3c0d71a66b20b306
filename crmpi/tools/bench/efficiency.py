"""Parallel efficiency: one rank alone, all ranks side by side without a message, all ranks of one
run, in turns.

Side by side every rank has a box of its own: what is lost there is lost to the memory and the clock
that cores share, and to whatever else runs on them. The rest is lost to messages, and to waiting
for the slower rank at every exchange.
"""

import math
import time
from statistics import median

import numpy as np

from crmpi.parallel.comm import SerialComm
from crmpi.tools.bench.boxes import Box, block_shape
from crmpi.tools.bench.traffic import CountingComm

# seconds; waiting ranks sleep, for a rank that spins in a barrier takes memory bandwidth and clock
# rate from the one measured
_REST = 0.05


def layout(nranks):
    """Return the ranks along x1, x2, x3, as equal as possible, most along x3: the cuts there are
    the cheapest to pack."""
    best = min(
        ((a, b, nranks // (a * b)) for a in _divisors(nranks) for b in _divisors(nranks // a)),
        key=lambda shape: (max(shape) / min(shape), shape),
    )
    return tuple(sorted(best))


def measure_efficiency(comm, n, configurations, pairs=5, steps=4):
    """Return {"efficiency": {name: {"efficiency", "apart", "coupled", "best", "alone_seconds",
    ...}}, ...}; collective.

    Wall seconds of `steps` steps, medians of `pairs` turns: "efficiency" is alone/together, "apart"
    alone/side by side, "coupled" side by side/together; "best" compares the fastest turn alone with
    the fastest together, which other users of the machine disturb less. Every rank has a cube of
    n**3 cells in one block.
    """
    block_shape(n, n)  # refuses what is too small
    shape = layout(comm.nranks)
    latency, bandwidth = measure_network(comm)
    found = {name: _efficiency(comm, name, n, shape, pairs, steps) for name in configurations}
    return {
        "ranks": comm.nranks,
        "layout": shape,
        "cells": [n] * 3,
        "efficiency": found,
        "latency": latency,
        "bandwidth": bandwidth,
    }


def measure_network(comm, sizes=(8, 1 << 20), messages=200):
    """Return (latency in s, bandwidth in bytes/s) of messages between ranks 0 and 1, both ways at
    once; collective, two ranks or more.

    The latency is that of a message of 8 bytes; the bandwidth, each way, that of 1 MiB.
    """
    peers = [1 - comm.rank] if comm.rank < 2 else []
    seconds = []
    for size in sizes:
        buffers = [[np.zeros(size // 8) for _ in peers] for _ in range(2)]
        channel = comm.channel(peers, *buffers)
        comm.barrier()
        turns = []
        for _ in range(messages):
            start = time.perf_counter()
            channel.expect()
            channel.send()
            channel.receive()
            channel.finish()
            turns.append(time.perf_counter() - start)
        seconds.append(median(turns))
    return comm.bcast((seconds[0], sizes[1] / max(seconds[1] - seconds[0], 1e-9)))


def efficiency_report(results):
    """Return the results as lines of text."""
    shape = " x ".join(map(str, results["layout"]))
    lines = [
        (
            f"{results['ranks']} ranks, {shape}, {results['cells'][0]}^3 cells each; medians of "
            "wall seconds"
        )
    ]
    for name, found in results["efficiency"].items():
        lines.append(
            f"{name:12} efficiency {found['efficiency']:.3f} (turns from "
            f"{min(found['turns']):.3f} to {max(found['turns']):.3f}; "
            f"fastest alone to fastest together {found['best']:.3f}); {found['apart']:.3f} side "
            "by side without messages, "
            f"{found['coupled']:.3f} of that as one run; "
            f"{found['messages_per_step']:.0f} messages, {found['reductions_per_step']:.0f} "
            "reductions, "
            f"{found['bytes_per_zone']:.1f} bytes per zone sent per rank and step; "
            f"{found['substeps_per_step']:.0f} sub-steps"
        )
    latency, bandwidth = results["latency"], results["bandwidth"]
    lines.append(
        f"messages between two ranks: latency {latency * 1e6:.2f} microseconds, bandwidth "
        f"{bandwidth / 1e9:.1f} GB/s each way"
    )
    return "\n".join(lines)


def _efficiency(comm, name, n, shape, pairs, steps):
    counting = CountingComm(comm)
    together = Box(
        name, [n * s for s in shape], (n,) * 3, counting, period=(n,) * 3, clock=time.perf_counter
    )
    own = Box(name, *block_shape(n, n), SerialComm(), clock=time.perf_counter)
    together.step()
    counting.traffic.reset()
    together.reset()
    together.step()
    traffic, substeps = counting.traffic, together.substeps
    counts = {
        "messages_per_step": traffic.messages,
        "reductions_per_step": traffic.reductions,
        "bytes_per_zone": traffic.bytes / n**3,
        "substeps_per_step": substeps,
    }
    own.step()
    times = [
        (_alone(comm, own, steps), _all(comm, own, steps), _all(comm, together, steps))
        for _ in range(pairs)
    ]
    turns = [alone / coupled for alone, _, coupled in times]
    alone, apart, coupled = (list(column) for column in zip(*times, strict=True))
    return {
        "efficiency": median(turns),
        "apart": median(a / b for a, b, _ in times),
        "coupled": median(b / c for _, b, c in times),
        "best": min(alone) / min(coupled),
        "turns": turns,
        "alone_seconds": median(alone) / steps,
        "apart_seconds": median(apart) / steps,
        "together_seconds": median(coupled) / steps,
    } | counts


def _all(comm, box, steps):
    """Return the seconds until the last rank has made `steps` steps of its `box`."""
    comm.barrier()
    start = time.perf_counter()
    for _ in range(steps):
        box.step()
    comm.barrier()
    return time.perf_counter() - start


def _alone(comm, box, steps):
    """Return the seconds rank 0 takes by itself; the others sleep about as long."""
    seconds = 0.0
    if comm.rank == 0:
        start = time.perf_counter()
        box.step()
        comm.bcast((time.perf_counter() - start) * (steps + 1) + 2 * _REST)
        time.sleep(_REST)  # until the others are asleep
        start = time.perf_counter()
        for _ in range(steps):
            box.step()
        seconds = time.perf_counter() - start
    else:
        time.sleep(comm.bcast(None))
    return comm.bcast(seconds)


def _divisors(number):
    small = [d for d in range(1, math.isqrt(number) + 1) if number % d == 0]
    return small + [number // d for d in small]
