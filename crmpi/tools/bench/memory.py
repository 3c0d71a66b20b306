"""Memory per cell: the measured peak of stepping, and the arrays it is made of."""

import gc
import resource
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from crmpi.tools.bench.boxes import Box, block_shape
from crmpi.tools.bench.traffic import SurroundedComm

LIMITS = {"mhd": 450, "two_moment": 650}
"""Bytes per cell that a run on blocks of 64^3 may take."""

_WARM = 8  # rows and planes of the box that loads kernels and libraries before memory is measured
_STEPS = 2
_STATUS = Path("/proc/self/status")
_RESET = Path("/proc/self/clear_refs")


def measure_memory(n, block, configurations):
    """Return {name: `memory_of` it}, each measured in a process of its own."""
    results = {}
    for name in configurations:
        with ProcessPoolExecutor(1, get_context("spawn")) as fresh:
            results[name] = fresh.submit(memory_of, name, n, block).result()
    return results


def memory_of(name, n, block):
    """Return the memory of one configuration: peak resident size of this process beyond that of a
    tiny box, per cell.

    {"bytes_per_zone": of two steps, "start_bytes_per_zone": of setting the initial state, "arrays":
    {name: bytes per cell}}. A single block has 26 neighbours on other ranks, so that the buffers of
    messages are there.
    """
    # rows as long as those that are measured: kernels may depend on them
    small = _surrounded(name, (block, _WARM, _WARM))
    small.step()
    del small
    gc.collect()
    before = resident()
    reset_peak()
    box = _box(name, n, block)
    gc.collect()
    start = peak() - before
    reset_peak()
    for _ in range(_STEPS):
        box.step()
    stepping = peak() - before
    arrays = {name: size / n**3 for name, size in list_arrays(box.sim).items()}
    return {
        "bytes_per_zone": stepping / n**3,
        "start_bytes_per_zone": start / n**3,
        "arrays": arrays,
    }


def _box(name, n, block):
    """Return a box of n**3 cells per rank."""
    cells, blocks = block_shape(n, block)
    return _surrounded(name, blocks) if n == block else Box(name, cells, blocks)


def _surrounded(name, cells):
    """Return a box of one block of so many `cells` along each axis, with 26 neighbours."""
    comm = SurroundedComm(cells)
    return Box(name, comm.cells, cells, comm, period=cells)


def memory_report(results):
    """Return the results as lines of text."""
    lines = []
    for name, found in results.items():
        limit = f", limit {LIMITS[name]}" if name in LIMITS else ""
        lines.append(
            f"{name}: {found['bytes_per_zone']:.0f} bytes per zone at the peak of a step{limit}; "
            f"{found['start_bytes_per_zone']:.0f} at the start; arrays "
            f"{sum(found['arrays'].values()):.0f}"
        )
        lines += [
            f"  {array:40}{size:9.2f}" for array, size in found["arrays"].items() if size >= 0.5
        ]
    return "\n".join(lines)


def list_arrays(sim):
    """Return {name: bytes} of the arrays that a simulation holds, largest first; views count once,
    under the shortest name."""
    found, seen = {}, set()
    _collect(sim, "sim", found, seen)
    return dict(sorted(found.values(), key=lambda item: -item[1]))


def _collect(thing, name, found, seen):
    """Add the memory behind `thing` to `found`, {id of the owner of the memory: (name, bytes)};
    breadth first gives short names."""
    waiting = [(thing, name)]
    while waiting:
        thing, name = waiting.pop(0)
        if id(thing) in seen:
            continue
        seen.add(id(thing))
        if isinstance(thing, np.ndarray):
            owner = _owner(thing)
            found.setdefault(id(owner), (name.removeprefix("sim."), owner.nbytes))
        elif isinstance(thing, dict):
            waiting += [(value, f"{name}[{key}]") for key, value in thing.items()]
        elif hasattr(thing, "_fields"):
            waiting += [
                (value, f"{name}.{field}")
                for field, value in zip(thing._fields, thing, strict=True)
            ]
        elif isinstance(thing, list | tuple):
            waiting += [(value, f"{name}[{number}]") for number, value in enumerate(thing)]
        elif type(thing).__module__.startswith("crmpi.") and hasattr(thing, "__dict__"):
            waiting += [(value, f"{name}.{attribute}") for attribute, value in vars(thing).items()]


def _owner(array):
    """Return the array that owns the memory of a view."""
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array


def resident():
    """Return the resident bytes of this process."""
    return _kilobytes("VmRSS")


def peak():
    """Return the largest resident bytes since `reset_peak`, or since the start where the system
    cannot forget."""
    return _kilobytes("VmHWM")


def reset_peak():
    """Begin a new search for the peak."""
    try:
        _RESET.write_text("5")
    except OSError:
        gc.collect()


def _kilobytes(key):
    if _STATUS.exists():
        return next(
            int(line.split()[1]) * 1024
            for line in _STATUS.read_text().splitlines()
            if line.startswith(key)
        )
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
