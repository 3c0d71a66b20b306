"""The disk cache of kernels: hits in a new process, keyed by source, never a reason to fail; and the hot loops are vectorised."""

import os
import platform
import re
import subprocess
import sys
from pathlib import Path

import numba
import pytest
from numba import types

from crmpi import jit
from crmpi.eos.gas import CosmicRays, Gas
from crmpi.numerics.faces import riemann_rows
from crmpi.numerics.riemann import HLLD
from crmpi.numerics.rows import Axis, Rows

ROOT = Path(jit.__file__).parent.parent

STEP = """
import numpy as np
from crmpi.numerics import convert, godunov, signals
from tests.fluid_case import Case
case = Case((8, 1, 1), magnetic=False, cosmic_rays=False)
w = np.ones((5, 1, 1, 8))
case.start(w)
case.step(0.01)
case.fluid.max_dt(0.3)
kernels = (convert.primitives, godunov.advance_blocks, signals.fastest_rate)
print(sum(k.stats.cache_hits.total() for k in kernels), sum(k.stats.cache_misses.total() for k in kernels))
"""

SMALL = """
import sys
import numpy as np
from tests.unit.test_fluid_riemann import powers
x, out = np.full(3, 8.0), np.empty(3)
powers(x, 4.0 / 3.0, out)
assert abs(out[1] / 16.0 - 1.0) < 1e-13
print(powers.stats.cache_hits.total() if hasattr(powers._cache, "_cache_file") else "uncached")
"""


def start(code, folder):
    """Start a Python process with the kernel cache below `folder`."""
    env = dict(os.environ, CRMPI_CACHE_DIR=str(folder), NUMBA_NUM_THREADS="1")
    env["PYTHONPATH"] = os.pathsep.join([str(ROOT), env.get("PYTHONPATH", "")])
    return subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def finish(process):
    """Wait for a process; return the words it printed."""
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    return out.split()


def test_second_process_compiles_nothing():
    folder = jit.cache_folder()
    if folder is None:
        pytest.skip("no writable cache folder on this machine")
    finish(start(STEP, folder.parent))
    assert finish(start(STEP, folder.parent)) == ["3", "0"]


def test_processes_that_start_together_compile_once(tmp_path):
    together = [start(SMALL, tmp_path) for _ in range(3)]
    assert sorted(finish(process) for process in together) == [["0"], ["1"], ["1"]]


def test_without_writable_folder_kernels_still_run(tmp_path):
    file = tmp_path / "file"
    file.write_text("not a folder")
    assert finish(start(SMALL, file)) == ["uncached"]


def test_hash_follows_imports(tmp_path, monkeypatch):
    """An edit of a callee changes the hash of its callers, and of nobody else."""
    files = {
        "caller": "from crmpi.callee import f\n",
        "callee": "import crmpi.deep.inner\nf = 1\n",
        "other": "import math\n",
        "deep/__init__": "",
        "deep/inner": "x = 1\n",
    }
    for name, text in files.items():
        path = tmp_path / f"{name}.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    monkeypatch.setattr(jit, "_PACKAGE", tmp_path)

    def hashes():
        jit._imports.cache_clear()
        jit.source_hash.cache_clear()
        return {name: jit.source_hash(str(tmp_path / f"{name}.py")) for name in ("caller", "callee", "other")}

    before = hashes()
    assert len(set(before.values())) == 3
    (tmp_path / "deep/inner.py").write_text("x = 2\n")
    after = hashes()
    monkeypatch.undo()
    jit._imports.cache_clear()
    jit.source_hash.cache_clear()
    assert after["caller"] != before["caller"] and after["callee"] != before["callee"]
    assert after["other"] == before["other"]


def test_index_keeps_entries_of_other_processes(tmp_path):
    """Two writers with their own view of the same index: data files never share a name."""
    one, two = (jit._SharedIndex(str(tmp_path), "kernel", "stamp") for _ in range(2))
    one.save("first", b"code 1")
    two.save("second", b"code 2")
    assert one.load("first") == b"code 1" and one.load("second") == b"code 2"
    Path(tmp_path, one._load_index()["first"]).write_bytes(b"")  # a truncated file is a miss, not an error
    assert one.load("first") is None


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the instructions looked for are those of x86_64")
@pytest.mark.parametrize("cosmic_rays", [False, True])
def test_hot_loop_is_vectorised(cosmic_rays):
    """The five-wave solver works on whole registers: packed square roots and products, with and without cosmic rays."""
    pointer = types.CPointer(types.float64)
    rows = types.NamedTuple((pointer, types.int64), Rows)
    gas = types.NamedUniTuple(types.float64, 3, Gas)
    cr = types.NamedUniTuple(types.float64, 2, CosmicRays) if cosmic_rays else types.none
    axis = types.NamedTuple((types.int64, types.float64, types.int64, types.int64, types.int64), Axis)
    signature = (types.int64, types.NamedTuple((), HLLD), gas, cr, types.UniTuple(rows, 2), pointer, axis, rows, rows)
    uncached = numba.njit(**jit._OPTIONS)(riemann_rows.py_func)  # code from the cache cannot be inspected
    uncached.compile(signature)
    code = uncached.inspect_asm(signature)
    packed = re.findall(r"\s(v?sqrtpd|v?mulpd)\s[^\n]*%[xyz]mm", code)
    assert sum("sqrt" in word for word in packed) >= 2
    assert sum("mul" in word for word in packed) >= 60
