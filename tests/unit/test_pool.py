"""Arrays with one entry per block are made by the pool alone, and their memory survives a change of
the mesh."""

import re
from pathlib import Path

import numpy as np
import pytest

from crmpi.mesh.pack import make_grid
from crmpi.mesh.pool import Pool
from crmpi.precision import LINE
from tests.stepping import begin, step

PACKAGE = Path(__file__).parents[2] / "crmpi"
# tables of all blocks of the mesh, and what is read from files or written to them
TABLES = {
    "mesh/tree.py",
    "mesh/partition.py",
    "parallel/halo.py",
    "analysis/read/lazy.py",
    "analysis/streams/writing.py",
}
MADE = re.compile(r"\b(?:zeros|empty|ones|full)\(\s*\(?\s*(?:[\w(.]*, )?[\w.]*n_?block\b")
GRID = make_grid((4, 4, 1), (8, 8, 1), (0, 0, 0), (1, 1, 1), 2)


def makers():
    """Return {file: lines} of what makes arrays of blocks."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        name = path.relative_to(PACKAGE).as_posix()
        text = path.read_text()
        own = [m for m in MADE.finditer(text) if "tree.nblock" not in m.group()]
        if own and name not in TABLES:
            found[name] = [text.count("\n", 0, m.start()) + 1 for m in own]
    return found


def test_nobody_else_makes_arrays_of_blocks():
    assert set(makers()) == {"mesh/pool.py"}


def test_storage_knows_no_kernels():
    for name in ("pool.py", "pack.py"):
        text = (PACKAGE / "mesh" / name).read_text()
        assert "numerics" not in re.findall(r"^(?:from|import) crmpi\.(\w+)", text, re.MULTILINE)


def test_kinds():
    pool = Pool(GRID, 3)
    register, account = pool.register(2), pool.account("mine", 4, np.int64)
    assert register.shape == (3, 2, GRID.m3, GRID.m2, GRID.m1)
    assert register.ctypes.data % LINE == 0
    assert (account.shape, account.dtype) == ((4, 3), np.int64)
    assert np.shares_memory(pool.kept["mine"].array, account)
    assert not np.shares_memory(pool.kept["mine"].array, pool.account("mine", 4))
    assert pool.ages("since", 5).tolist() == [5, 5, 5]
    assert {name: kept.joined for name, kept in pool.kept.items()} == {
        "mine": "sum",
        "since": "minimum",
    }
    assert pool.numbers(2, dtype=bool, fill=True).all()
    assert pool.numbers().shape == (3,)
    assert Pool(GRID, 3).version != pool.version


@pytest.mark.parametrize("nblock", [3, 2])
def test_memory_is_taken_over_but_for_what_is_kept(nblock):
    pool = Pool(GRID, 3)
    field, register = pool.register(2), pool.register(2)
    field[...] = 1.0
    register[...] = 2.0
    later = Pool(GRID, nblock, pool.release((field,)))
    first, second = later.register(2), later.register(2)
    assert np.shares_memory(first, register)
    assert not np.shares_memory(second, field)
    assert not first.any()
    assert not second.any()
    assert field.all()
    assert first.ctypes.data % LINE == 0


def test_much_larger_memory_is_not_taken_over():
    pool = Pool(GRID, 8)
    register = pool.register(2)
    later = Pool(GRID, 1, pool.release(()))
    assert not np.shares_memory(later.register(2), register)


def test_a_run_hears_of_a_new_mesh_and_keeps_its_memory():
    region = "{name: moving_box, lower: [0, 0, 0], upper: [0.4, 0.3, 1], velocity: [30, 20, 0]}"
    refinement = f"{{max_level: 1, interval: 1, min_age: 0, criteria: [{region}]}}"
    sim = begin(
        "cr_box",
        "mesh.cells=[16,16,1]",
        "mesh.block=[4,4,1]",
        "transport.solver=none",
        f"mesh.refinement={refinement}",
    )
    sim.remesher.settle()
    heard = []
    sim.on_remesh(lambda: heard.append(sim.pack.pool.version))
    versions = {sim.pack.pool.version}
    for _ in range(40):
        before = sim.pack.w0
        step(sim)
        if sim.adapt():
            versions.add(sim.pack.pool.version)
            break
    assert versions > set(heard)
    assert len(heard) == 1
    taken = (sim.pack.u1, sim.pack.w0, sim.pack.u0, sim.pack.b0, sim.pack.b1, sim.pack.b2)
    assert any(np.shares_memory(array, before) for array in taken)
