"""Cores, threads and memory, and its pages, of the ranks of this launch, or of those that would fit
here."""

import os
import platform
import re
from pathlib import Path
from typing import NamedTuple

from crmpi.tools.doctor.findings import NOTE, OK, Finding

_ENOUGH = 0.5e9
"""Bytes below which a rank has no room for Python, compiled kernels and a block."""


class Place(NamedTuple):
    """Where a process runs: the name of the node, the cores it may use, and the bytes of memory
    that all processes on the node have together."""

    node: str
    cores: frozenset
    memory: float


def place():
    """Return the `Place` of this process."""
    if hasattr(os, "sched_getaffinity"):
        cores = frozenset(os.sched_getaffinity(0))
    else:
        cores = frozenset(range(os.cpu_count() or 1))
    return Place(platform.node(), cores, memory())


def memory(proc=Path("/proc"), groups=Path("/sys/fs/cgroup"), environment=os.environ):
    """Return the bytes that processes on this node may use: the memory of the node, or less where
    a control group or Slurm sets a limit."""
    limits = [_total(proc)]
    for line in _text(proc / "self" / "cgroup").splitlines():
        _, kinds, path = line.split(":", 2)
        if kinds == "":
            limits += _limits_above(groups, path, "memory.max")
        elif "memory" in kinds.split(","):
            limits += _limits_above(groups / "memory", path, "memory.limit_in_bytes")
    if environment.get("SLURM_MEM_PER_NODE", "").isdigit():
        limits.append(int(environment["SLURM_MEM_PER_NODE"]) * 2.0**20)
    return min((limit for limit in limits if limit > 0), default=0.0)


def _total(proc):
    for line in _text(proc / "meminfo").splitlines():
        if line.startswith("MemTotal:"):
            return float(line.split()[1]) * 1024
    return 0.0


def _limits_above(root, path, name):
    """Return the limits of a control group and of those it lies in."""
    folder = root / path.lstrip("/")
    texts = [_text(each / name).strip() for each in (folder, *folder.parents)]
    return [float(text) for text in texts if text.isdigit()]


def _text(path):
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        return ""


def check_threads():
    """One thread per rank is what crmpi is made for."""
    cores = len(place().cores)
    threads = os.environ.get("OMP_NUM_THREADS")
    plural = "s" if cores > 1 else ""
    found = f"{cores} core{plural} usable, OMP_NUM_THREADS is {threads or 'not set'}"
    if threads == "1":
        yield Finding("threads", OK, found)
    else:
        remedy = (
            "export OMP_NUM_THREADS=1: ranks, not threads, share the work, and every rank "
            "starts faster"
        )
        yield Finding("threads", NOTE, found, remedy)


def check_pages(setting=Path("/sys/kernel/mm/transparent_hugepage/enabled")):
    """Whether large arrays can lie in huge pages (`crmpi.mesh.pages`)."""
    found = re.search(r"\[(\w+)\]", _text(setting))
    if found is None:
        yield Finding("huge pages", NOTE, "this system does not say whether it has any")
    elif found[1] == "never":
        remedy = f"steps are some percent faster with 'madvise' in {setting}"
        yield Finding("huge pages", NOTE, "never", remedy)
    else:
        yield Finding("huge pages", OK, found[1])


def check_memory():
    """What each rank would have with one rank on every core."""
    here = place()
    yield share(here.memory, len(here.cores), "with a rank on every core")


def share(total, ranks, where):
    """Return the `Finding` about the memory of a rank."""
    if not total:
        return Finding("memory", NOTE, "this system does not say how much there is")
    found = f"{total / ranks / 1e9:.1f} GB for a rank {where} ({total / 1e9:.0f} GB in all)"
    if total / ranks < _ENOUGH:
        remedy = "fewer ranks per node, or more memory: a rank takes 0.3 GB before its first block"
        return Finding("memory", NOTE, found, remedy)
    return Finding("memory", OK, found)


def check_ranks(comm):
    """How the ranks of `comm` are spread over nodes and cores, and the memory of each; collective,
    rank 0 alone has findings."""
    places = comm.allgather_object(place())
    if comm.rank != 0:
        return
    nodes = {}
    for each in places:
        nodes.setdefault(each.node, []).append(each)
    counts = sorted(len(found) for found in nodes.values())
    plural = "s" if len(nodes) > 1 else ""
    spread = f"{counts[0]}" if counts[0] == counts[-1] else f"{counts[0]} to {counts[-1]}"
    found = f"{len(places)} on {len(nodes)} node{plural}, {spread} on each"
    crowded = [
        (node, len(ranks), len(cores))
        for node, ranks in nodes.items()
        if len(cores := frozenset().union(*(each.cores for each in ranks))) < len(ranks)
    ]
    if crowded:
        node, ranks, cores = crowded[0]
        found += f"; on {node} {ranks} ranks share {cores} core{'s' if cores > 1 else ''}"
        remedy = (
            "each rank needs a core of its own: fewer ranks per node, --cpus-per-task=1 for srun, "
            "--bind-to core for mpirun"
        )
        yield Finding("ranks", NOTE, found, remedy)
    else:
        yield Finding("ranks", OK, f"{found}, a core or more for each")
    tightest = min(nodes.values(), key=lambda ranks: ranks[0].memory / len(ranks))
    yield share(tightest[0].memory, len(tightest), f"on {tightest[0].node}, the tightest node")
