"""What a run leaves when its state breaks: the block, and a sentence that names the cell."""

import io

import numpy as np
import pytest

from crmpi.analysis.read.info import info
from crmpi.analysis.read.readers import open_snapshot
from crmpi.cli.configuration import configure
from crmpi.constants import ENER
from crmpi.errors import RunError
from crmpi.run import driver, stepper

LEVELS = (
    "mesh.cells=[32,32,1]",
    "mesh.block=[8,8,1]",
    "mesh.refinement={regions: [{level: 1, shape: sphere, radius: 0.1}]}",
    "time.max_steps=3",
    "output.history_interval=none",
)


def broken_run(serial, folder, monkeypatch, spoil, *words):
    """Run `blast`, let `spoil(sim)` act behind its second step, and return the sentence at its
    end."""
    advance = stepper.advance

    def watched(sim, dt):
        advance(sim, dt)
        if sim.clock.step == 1:
            spoil(sim)

    monkeypatch.setattr(stepper, "advance", watched)
    words = [*LEVELS, f"output.dir={folder}", *words]
    config, problem_class, _ = configure(serial, "blast", words)
    with pytest.raises(RunError) as caught:
        driver.run(config, problem_class, serial, stream=io.StringIO())
    return str(caught.value)


def test_a_cell_that_is_not_a_number_leaves_its_block(serial, tmp_path, monkeypatch):
    spoiled = {}

    def spoil(sim):
        row = int(np.argmax(sim.pack.levels))  # a fine block
        spoiled["gid"] = int(sim.pack.gids[row])
        spoiled["x1"] = sim.positions[row].x1.flat[3]
        spoiled["dens"] = sim.pack.active(sim.pack.w0)[row, 0].copy()
        sim.pack.active(sim.pack.u0)[row, ENER, 0, 2, 3] = np.nan
        sim.refresh()

    said = broken_run(serial, tmp_path / "run", monkeypatch, spoil)
    gid = spoiled["gid"]
    assert "not a number after step 2" in said
    assert f"ener at x1={spoiled['x1']:.6g}" in said
    assert f"(cell 3, 2, 0 of block {gid}, level 1), 1 cells of this block" in said
    path = tmp_path / "run" / "emergency" / f"step_00002_block_{gid:05d}.athdf"
    assert f"this block is in {path}" in said
    with open_snapshot(path) as snapshot:
        assert not snapshot.damage()
        assert snapshot.cells == snapshot.block == (8, 8, 1)
        assert snapshot.nblock == 1
        assert snapshot.reason.startswith("not a number: ener at x1=")
        assert snapshot.centres(0)[3] == pytest.approx(spoiled["x1"], rel=1e-12)
        press = snapshot.array("press")
        assert np.argwhere(~np.isfinite(press)).tolist() == [[0, 2, 3]]
        assert np.array_equal(snapshot.array("dens"), spoiled["dens"])
    assert "EMERGENCY  not a number" in info(path)


def test_a_storm_of_floors_names_the_block_that_got_most(serial, tmp_path, monkeypatch):
    found = {}

    def spoil(sim):
        row = int(np.flatnonzero(sim.pack.levels == 0)[-1])
        found["gid"] = int(sim.pack.gids[row])
        given = np.zeros(sim.pack.nblock)
        given[[0, row]] = 0.1, 1.0
        sim.fluid.ledger.amounts.add("energy", given)

    words = ["time.max_steps=2", "fluid.floors.energy_limit=1e-6"]
    # the energy appears in the ledger alone: the guard must not complain about that first
    monkeypatch.setattr("crmpi.diagnostics.energy_guard._ROUND_OFF", np.inf)
    said = broken_run(serial, tmp_path / "run", monkeypatch, spoil, *words)
    assert "fluid.floors.energy_limit = 1e-06 allows" in said
    assert f"of block {found['gid']}, level 0)" in said
    path = tmp_path / "run" / "emergency" / f"step_00002_block_{found['gid']:05d}.athdf"
    with open_snapshot(path) as snapshot:
        assert snapshot.reason.startswith("floors: most of it")
