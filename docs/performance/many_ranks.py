"""What a rank of many needs besides its cells, measured on one process that plays rank 0 of N:
block tree, tables of the ghost exchange, imports, an answer of every rank.

  python docs/performance/many_ranks.py [blocks per axis ...]      default 10 22 46: 1000 to 97,336

docs/scaling.md has the numbers and what was decided by them.
"""

import collections
import os
import pickle
import subprocess
import sys
import tempfile
import time
import tracemalloc

import numpy as np

from crmpi.mesh.pack import make_pack
from crmpi.mesh.partition import partition
from crmpi.mesh.tree import BlockTree
from crmpi.parallel.comm import SerialComm
from crmpi.parallel.halo import Halo
from crmpi.run import driver
from crmpi.run.configuration import configure
from crmpi.types import Field

BLOCK = 16
IMPORTS = """
import sys, os, time
began, cpu = time.perf_counter(), time.process_time()
import {modules}
files = [f for m in list(sys.modules.values()) if (f := getattr(m, "__file__", None))]
size = sum(os.path.getsize(f) for f in files if os.path.exists(f))
print(len(files), size / 1e6, time.process_time() - cpu)
"""
RUN = "crmpi.cli.main, crmpi.cli.run, crmpi.run.driver"


QUIET = ["output.history_interval=1e8", "time.end=1e8", "mesh.cells=[16,8,1]", "mesh.block=[8,8,1]"]
RUNS = {
    "MHD": ["fluid.cosmic_rays=false", "transport.solver=none"],
    "two-moment": ["transport.solver=two_moment"],
    "isotropic diffusion": ["transport.solver=isotropic_diffusion"],
    "anisotropic diffusion": ["transport.solver=anisotropic_diffusion"],
    "streaming": ["transport.solver=streaming_diffusion"],
}
WAITS = ("min", "max", "any", "maxima", "bcast", "allgather_object", "block_sums", "first")


class Counting(SerialComm):
    """Counts the calls in which every rank waits for all others, by name."""

    def __init__(self):
        self.calls = collections.Counter()


def _counted(name):
    def call(self, *arguments, **keywords):
        self.calls[name] += 1
        return getattr(SerialComm, name)(self, *arguments, **keywords)

    return call


for _name in WAITS:
    setattr(Counting, _name, _counted(_name))


class OneOf(SerialComm):
    """Rank 0 of `nranks`; nothing is sent."""

    def __init__(self, nranks):
        self.nranks = nranks


def main():
    """Print all tables."""
    counts = [int(word) for word in sys.argv[1:]] or [10, 22, 46]
    print("blocks = ranks | tree s | tree MB | partition s | exchange s | peak MB | kept MB")
    for count in counts:
        print(" | ".join(map(str, layout(count))))
    for modules in ("numpy", "numba", "h5py", RUN):
        done = subprocess.run(
            [sys.executable, "-c", IMPORTS.format(modules=modules)], capture_output=True, text=True
        )
        print(f"import {modules}: files, MB, CPU s: {done.stdout.strip() or done.stderr}")
    for number in (10**3, 10**4, 10**5):
        print(f"allgather of one small object on {number} ranks: {unpickling(number)}")
    waits()


def waits():
    """Print the collective calls of starting and stepping, of a row of the history and of files."""
    for name, words in RUNS.items():
        few, many = calls(21, words), calls(41, words)
        step = {call: number / 20 for call, number in (many - few).items()}
        print(f"{name}: start and end {dict(few)}, per step {step}")
    rows = calls(41, [*RUNS["MHD"], "output.history_interval=none"])
    print(f"MHD with 41 rows of history: {dict(rows)}")
    files = calls(41, [*RUNS["MHD"], "output.checkpoint_interval=1e-9"])
    print(f"MHD with 41 checkpoints: {dict(files)}")


def calls(steps, words):
    """Return the collective calls of a run of `cr_box`, by name."""
    comm = Counting()
    with tempfile.TemporaryDirectory() as folder, open(os.devnull, "w") as quiet:
        words = [f"time.max_steps={steps}", f"output.dir={folder}", *QUIET, *words]
        driver.run(*configure("cr_box", words), comm, stream=quiet)
    return comm.calls


def layout(count):
    """Return what the tree and the exchange of count^3 blocks, one per rank, take on rank 0."""
    cells = (count * BLOCK,) * 3
    tracemalloc.start()
    began = time.process_time()
    tree = BlockTree(cells, (BLOCK,) * 3)
    built = time.process_time()
    size = tracemalloc.get_traced_memory()[0] / 1e6
    owner = partition(tree, tree.nblock)
    dealt = time.process_time()
    comm = OneOf(tree.nblock)
    fields = [Field(name, 1) for name in ("dens", "mom1", "mom2", "mom3", "ener")]
    pack = make_pack(tree, np.flatnonzero(owner == 0), fields, 2, magnetic=True)
    before = tracemalloc.get_traced_memory()[0]
    tracemalloc.reset_peak()
    start = time.process_time()
    halo = Halo(comm, tree, owner, pack)
    done = time.process_time()
    now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(halo.peers) == 26 or count < 3
    seconds = [round(s, 3) for s in (built - began, dealt - built, done - start)]
    memory = [round(b / 1e6, 1) for b in (peak - before, now - before)]
    return [tree.nblock, seconds[0], round(size, 1), *seconds[1:], *memory]


def unpickling(number):
    """Return the seconds and MB of the answers of `number` ranks to `allgather_object`."""
    small = (np.zeros((0, 4), dtype=int), np.zeros(0))
    texts = [pickle.dumps(small) for _ in range(number)]
    began = time.process_time()
    kept = [pickle.loads(text) for text in texts]
    seconds = time.process_time() - began
    return f"{seconds:.3f} s, {len(kept) * len(texts[0]) / 1e6:.1f} MB"


if __name__ == "__main__":
    main()
