"""Parallel efficiency: one rank alone, then all ranks with as many cells each, in turns."""

import math
import time
from statistics import median

import numpy as np

from crmpi.bench.boxes import Box, block_shape
from crmpi.bench.traffic import CountingComm
from crmpi.parallel.comm import SerialComm

_REST = 0.05  # seconds; waiting ranks sleep, for a rank that spins in a barrier takes memory bandwidth and clock rate from the one measured


def layout(nranks):
    """Return the ranks along x1, x2, x3, as equal as possible, most along x3: the cuts there are the cheapest to pack."""
    best = min(
        ((a, b, nranks // (a * b)) for a in _divisors(nranks) for b in _divisors(nranks // a)),
        key=lambda shape: (max(shape) / min(shape), shape),
    )
    return tuple(sorted(best))


def measure_efficiency(comm, n, configurations, pairs=5, steps=4):
    """Return {"efficiency": {name: {"efficiency", "best", "alone_seconds", "together_seconds", ...}}, ...}; collective.

    Wall seconds of `steps` steps, medians of `pairs` turns; "best" compares the fastest turn alone with the fastest together, which other
    users of the machine disturb less. Every rank has a cube of n**3 cells in one block.
    """
    block_shape(n, n)  # refuses what is too small
    shape = layout(comm.nranks)
    latency, bandwidth = measure_network(comm)
    found = {name: _efficiency(comm, name, n, shape, pairs, steps) for name in configurations}
    return {"ranks": comm.nranks, "layout": shape, "cells": [n] * 3, "efficiency": found, "latency": latency, "bandwidth": bandwidth}


def measure_network(comm, sizes=(8, 1 << 20), messages=200):
    """Return (latency in s, bandwidth in bytes/s) of messages between ranks 0 and 1, both ways at once; collective, two ranks or more.

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
    lines = [f"{results['ranks']} ranks, {shape}, {results['cells'][0]}^3 cells each; medians of wall seconds"]
    for name, found in results["efficiency"].items():
        lines.append(
            f"{name:12} efficiency {found['efficiency']:.3f} (turns from {min(found['turns']):.3f} to {max(found['turns']):.3f}; "
            f"fastest alone to fastest together {found['best']:.3f}); "
            f"{found['messages_per_step']:.0f} messages, {found['reductions_per_step']:.0f} reductions, "
            f"{found['bytes_per_zone']:.1f} bytes per zone sent per rank and step; {found['substeps_per_step']:.0f} sub-steps"
        )
    latency, bandwidth = results["latency"], results["bandwidth"]
    lines.append(f"messages between two ranks: latency {latency * 1e6:.2f} microseconds, bandwidth {bandwidth / 1e9:.1f} GB/s each way")
    return "\n".join(lines)


def _efficiency(comm, name, n, shape, pairs, steps):
    counting = CountingComm(comm)
    together = Box(name, [n * s for s in shape], (n,) * 3, counting, period=(n,) * 3, clock=time.perf_counter)
    alone = Box(name, *block_shape(n, n), SerialComm(), clock=time.perf_counter) if comm.rank == 0 else None
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
    if alone is not None:
        alone.step()
    times = []
    for _ in range(pairs):
        first = _alone(comm, alone, steps)
        comm.barrier()
        start = time.perf_counter()
        for _ in range(steps):
            together.step()
        comm.barrier()
        times.append((first, time.perf_counter() - start))
    turns = [first / second for first, second in times]
    best = min(t[0] for t in times) / min(t[1] for t in times)
    found = {"efficiency": median(turns), "best": best, "turns": turns, "alone_seconds": median(t[0] for t in times) / steps}
    return found | {"together_seconds": median(t[1] for t in times) / steps} | counts


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
