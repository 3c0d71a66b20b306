"""The one view of cells: snapshots and running simulations are bitwise identical, on plain meshes
and tubes."""

import numpy as np
import pytest

from crmpi.analysis.read.cells import running
from crmpi.analysis.read.readers import open_snapshot
from crmpi.errors import CrmpiError
from crmpi.output.blockfile import BlockFileWriter
from crmpi.output.snapshot import write_snapshot
from crmpi.output.state import RunRecord
from crmpi.run.inline import run_to_end
from tests.output_case import make_case, make_tree
from tests.stepping import begin
from tests.tube_case import tube_run


def stored(sim, path):
    """Return the open snapshot of the present state of a simulation on one rank."""
    from crmpi.run.loop import state_of

    fluid = sim.config.fluid
    record = RunRecord(
        sim.tree,
        sim.units,
        fluid.gamma,
        fluid.gamma_cr if sim.pack.has_cr else 0.0,
        fluid.mu,
        sim.config.yaml(),
    )
    write_snapshot(path, state_of(sim), record, BlockFileWriter(sim.comm, sim.owner), "f8")
    return open_snapshot(path)


@pytest.fixture(scope="module")
def box():
    """A small run with field and a CR flux, several blocks."""
    sides = ("mesh.boundaries.ix2=periodic", "mesh.boundaries.ox2=periodic")
    sim = begin(
        "cr_streaming_wave", "mesh.cells=[16,4,1]", "mesh.block=[8,4,1]", "time.max_steps=2", *sides
    )
    run_to_end(sim)
    return sim


def tube():
    """A spherical tube of two blocks, cells in equal steps of ln r."""

    def initial(s):
        return {"dens": 1.0 / s, "press": 1.0 + s, "vel": s}

    mesh = {"geometry": "spherical", "spacing": "log"}
    return tube_run(initial, cells=16, block=8, mesh=mesh, fluid={"magnetic": False})


def same(a, b):
    return np.asarray(a).tobytes() == np.asarray(b).tobytes()


@pytest.mark.parametrize("which", ["box", "tube"])
def test_a_snapshot_and_the_running_simulation_give_the_same_bits(which, box, tmp_path):
    sim = box if which == "box" else tube()
    with stored(sim, tmp_path / "s.athdf") as snapshot:
        for live, file in zip(running(sim), snapshot.blocks(), strict=True):
            assert (live.gid, live.first, live.shape) == (file.gid, file.first, file.shape)
            names = ["dens", "press", "speed", "cs", "ekin"] + (
                ["pmag", "va", "beta", "fecr1", "pcr"] if which == "box" else []
            )
            for name in names:
                assert same(live[name], file[name]), name
                assert live[name].shape == live.shape
            for view in ("x1", "x2", "x3", "r", "volume"):
                assert same(getattr(live, view), getattr(file, view)), view
            for axis in range(3):
                assert same(live.faces(axis), file.faces(axis))
                assert same(live.widths[axis], file.widths[axis])
            for axis in live.facts.axes:
                assert same(live.area(axis), file.area(axis))
            assert live.facts.config == file.facts.config


def test_volumes_fill_the_mesh(box):
    total = sum(cells.integral(1.0) for cells in running(box))
    assert total == pytest.approx(np.prod(np.subtract(box.tree.upper, box.tree.lower)), rel=1e-14)
    shells = sum(cells.integral(1.0) for cells in running(tube()))
    assert shells == pytest.approx(4.0 / 3.0 * np.pi * (2.0**3 - 0.5**3), rel=1e-14)


def test_areas_and_faces_of_a_tube(tmp_path):
    for cells in running(tube()):
        assert cells.area(0) == pytest.approx(4.0 * np.pi * cells.faces(0) ** 2, rel=1e-14)
        assert cells.widths[0].ravel() == pytest.approx(np.diff(cells.faces(0)), rel=1e-14)
        beyond = cells.centres(0, beyond=1)
        assert np.all(np.diff(beyond) > 0.0) and same(beyond[1:-1], cells.centres(0))


def test_cells_match_the_slices_of_the_mesh(tmp_path):
    state, record, writer, _ = make_case(tree=make_tree((16, 8, 4), (8, 4, 4)))
    write_snapshot(tmp_path / "s.athdf", state, record, writer, "f8")
    with open_snapshot(tmp_path / "s.athdf") as snapshot:
        whole = snapshot.array("ecr")
        for cells in snapshot.blocks():
            i, j, k = cells.first
            n3, n2, n1 = cells.shape
            assert same(cells["ecr"], whole[k : k + n3, j : j + n2, i : i + n1])
            assert cells.x1.ravel() == pytest.approx(snapshot.centres(0)[i : i + n1], rel=1e-14)


def test_an_unknown_quantity_is_named(box, tmp_path):
    with (
        stored(box, tmp_path / "s.athdf") as snapshot,
        pytest.raises(CrmpiError, match="has no 'vorticity'; it has dens"),
    ):
        snapshot.cells_of(0)["vorticity"]
    with pytest.raises(CrmpiError, match="this run has no 'vorticity'"):
        next(running(box))["vorticity"]
