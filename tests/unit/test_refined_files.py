"""Files of refined meshes: snapshots as yt and ParaView see them, checkpoints, readers, and
observables during a run and after it."""

import os
from xml.etree import ElementTree

import h5py
import numpy as np
import pytest

import crmpi
from crmpi.analysis.measure.catalogue import measure
from crmpi.analysis.measure.stream import read_profiles
from crmpi.analysis.read.info import info
from crmpi.analysis.read.readers import open_snapshot
from crmpi.cli.main import main
from crmpi.errors import CrmpiError
from crmpi.output.checkpoint import read_checkpoint, read_leaves
from crmpi.output.history import read_history
from crmpi.parallel.comm import SerialComm
from crmpi.run import driver
from crmpi.run.configuration import configure
from crmpi.run.expectation import array_bytes, memory
from crmpi.run.rehearsal import rehearse
from crmpi.run.simulation import Simulation
from tests.columns_case import refined_cube, write_gas

NAMES = [
    "gamma_rays",
    "ionisation",
    "xray",
    "loading",
    "radial_profile",
    "profile",
    "phase",
    "xray_profile",
    "columns",
]
REGIONS = (
    "{level: 2, shape: sphere, center: [50,50,50], radius: 8}, {level: 1, lower: "
    "[0,-60,0], upper: [40,0,60]}"
)
WORDS = [
    "mesh.cells=[16,16,16]",
    "mesh.block=[8,8,8]",
    "mesh.lower=[-60,-60,-60]",
    "mesh.upper=[60,60,60]",
    f"mesh.refinement={{regions: [{REGIONS}]}}",
    "transport.solver=none",
    "injection.enabled=false",
    "output.history_interval=none",
    "output.precision=f8",
    f"observables.compute=[{','.join(NAMES)}]",
    "observables.profile.level=1",
    "observables.loading={radii: [25], heights: [20, 31]}",
    "observables.columns.impacts=[20]",
]


def run(folder, *more, restart=None):
    config, problem_class = configure("cgm_halo", [*WORDS, f"output.dir={folder}", *more])
    with open(os.devnull, "w") as quiet:
        return driver.run(config, problem_class, SerialComm(), restart=restart, stream=quiet)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("run")
    run(path, "time.max_steps=3")
    return path


@pytest.fixture
def path(folder):
    return sorted(folder.glob("snapshots/*.athdf"))[-1]


@pytest.fixture(scope="module")
def gas(tmp_path_factory):
    """A snapshot of a random tree with a linear density."""
    made = tmp_path_factory.mktemp("gas") / "gas_00000.athdf"
    tree = refined_cube(16, block=8, seed=6)
    write_gas(made, tree, lambda x1, x2, x3: 3.0 + x1 + 0.5 * x2 - 0.25 * x3, units="none")
    return made


def cell_of_place(blocks, x):
    """Return (gid, k, j, i) of the cell that holds a place; `blocks`: faces of each block (block, n
    + 1) along the three axes."""
    inside = np.all(
        [(f[:, 0] <= p) & (p < f[:, -1]) for f, p in zip(blocks, x, strict=True)], axis=0
    )
    (gid,) = np.flatnonzero(inside)
    i, j, k = (
        int(np.searchsorted(f[gid], p, side="right")) - 1 for f, p in zip(blocks, x, strict=True)
    )
    return gid, k, j, i


def test_the_mesh_of_a_snapshot(path):
    with h5py.File(path) as file:
        levels, places = file["Levels"][:], file["LogicalLocations"][:]
        assert file.attrs["MaxLevel"] == levels.max() == 2 and set(levels) == {0, 1, 2}
        assert len(levels) == file.attrs["NumMeshBlocks"] == file["prim"].shape[1]
        for axis in range(3):
            width = 60.0 / 2.0**levels
            assert np.allclose(file[f"x{axis + 1}f"][:, 0], -60.0 + places[:, axis] * width)
            assert np.allclose(file[f"x{axis + 1}f"][:, -1], -60.0 + (places[:, axis] + 1) * width)
    with open_snapshot(path) as snapshot:
        assert np.array_equal(snapshot.tree.leaves[:, 0], levels) and np.array_equal(
            snapshot.tree.leaves[:, 1:], places
        )
        history = read_history(path.parents[1] / "history.txt")
        mass = sum(cells.integral(cells["dens"]) for cells in snapshot.blocks())
        unit = (
            1.0 if history.units["mass"] == "code" else snapshot.units.factor(history.units["mass"])
        )
        assert mass == pytest.approx(history["mass"][-1] * unit, rel=1e-13)


def test_yt_opens_it_as_a_refined_mesh(path):
    pytest.importorskip("yt").set_log_level(50)
    import crmpi.yt

    ds = crmpi.yt.load(path)
    data = ds.all_data()
    with open_snapshot(path) as snapshot:
        assert ds.index.max_level == snapshot.max_level == 2
        mass = sum(cells.integral(cells["dens"]) for cells in snapshot.blocks())
        assert float(data.sum(("gas", "cell_mass")).to("code_mass")) == pytest.approx(
            mass, rel=1e-12
        )
        cut = ds.slice("z", ds.quan(0.1, "code_length"))
        x, y = (np.array(cut[name].to("code_length")) for name in "xy")
        dens = np.array(cut["gas", "density"].to("code_density"))
        plane = snapshot.slice("dens", 2, 0.1)
        ends = map(snapshot.ends, range(snapshot.nblock))
        assert len(x) == 64 * sum(1 for low, high in ends if low[2] <= 0.1 < high[2])
        i, j = (
            np.searchsorted(faces, at) - 1 for faces, at in zip(plane.faces, (x, y), strict=True)
        )
        assert np.allclose(plane.values[j, i], dens, rtol=1e-12)
        lines = ds.proj(("gas", "density"), "x")
        column, area = (np.array(lines[name]) for name in (("gas", "density"), "pdx"))
        ours = snapshot.projection("dens", 0)
        i, j = (
            np.searchsorted(f, np.array(lines[a].to("code_length"))) - 1
            for f, a in zip(ours.faces, ("px", "py"), strict=True)
        )
        factor = snapshot.units.cgs("surface_density")
        assert len(area) and np.allclose(column, ours.values[j, i] * factor, rtol=1e-12)


def test_the_side_car_describes_every_block(path):
    root = ElementTree.parse(f"{path}.xdmf").getroot()
    blocks = root.findall("./Domain/Grid/Grid")
    with h5py.File(path) as file, open_snapshot(path) as snapshot:
        assert len(blocks) == snapshot.nblock
        for gid, block in enumerate(blocks):
            faces = [read_item(item, file) for item in block.find("Geometry")]
            counts = [int(n) for n in block.find("Topology").attrib["NumberOfElements"].split()]
            assert counts == [f.size for f in faces[::-1]]
            assert np.allclose(
                [f.ravel()[[0, -1]] for f in faces], np.transpose(snapshot.ends(gid))
            )
            for attribute in block.findall("Attribute"):
                if attribute.attrib["Name"] == "rho":
                    assert np.array_equal(
                        read_item(attribute.find("DataItem"), file), snapshot.values("dens", gid)
                    )


def read_item(item, file):
    """Return the array that a hyperslab of a side car takes out of the file."""
    selection, source = item.findall("DataItem")
    start, stride, count = np.array(selection.text.split(), int).reshape(3, -1)
    dataset = file[source.text.split(":")[1]]
    assert (
        list(dataset.shape) == [int(n) for n in source.attrib["Dimensions"].split()]
        and (stride == 1).all()
    )
    values = dataset[tuple(slice(a, a + n) for a, n in zip(start, count, strict=True))]
    return values.reshape([int(n) for n in item.attrib["Dimensions"].split()])


def test_checkpoints_hold_the_tree_and_a_restart_goes_on(folder, tmp_path):
    """Stopped after one step and continued: the files of the run that never stopped."""
    with open_snapshot(sorted(folder.glob("snapshots/*.athdf"))[-1]) as snapshot:
        leaves = snapshot.tree.leaves
    last = sorted(folder.glob("checkpoints/*.h5"))[-1]
    assert np.array_equal(read_leaves(last), leaves) and read_leaves(last).dtype.kind == "i"
    run(tmp_path, "time.max_steps=1")
    run(tmp_path, "time.max_steps=3", restart=sorted(tmp_path.glob("checkpoints/*.h5"))[-1])
    one, other = (
        read_checkpoint(sorted(place.glob("checkpoints/*.h5"))[-1]) for place in (folder, tmp_path)
    )
    assert one.u0.tobytes() == other.u0.tobytes() and one.step == other.step == 3
    assert all(a.tobytes() == b.tobytes() for a, b in zip(one.faces, other.faces, strict=True))
    assert (folder / "history.txt").read_text() == (tmp_path / "history.txt").read_text()


def test_observables_during_and_after_are_bitwise_identical(folder, path):
    history = read_history(folder / "history.txt")
    with open_snapshot(path) as snapshot:
        found = measure(snapshot, NAMES)
        (row,) = np.flatnonzero(history["step"] == snapshot.step)
    numbers = {
        label.split(" [")[0]: value
        for one in found
        if not one.axes
        for label, value in one.columns.items()
    }
    assert len(numbers) > 15
    for name, value in numbers.items():
        assert np.array_equal(history[name][row], value, equal_nan=True), name
    for one in (one for one in found if one.axes):
        written = read_profiles(folder, one.name)
        for label, values in (one.axes | one.columns).items():
            assert written[label][-1].tobytes() == np.asarray(values).tobytes(), label


def test_observables_follow_a_mesh_that_changes(tmp_path):
    """The last row of the history has the bits of the last snapshot, on the mesh that there is
    then."""
    criteria = (
        "{max_level: 2, interval: 2, min_age: 2, criteria: [{name: gradient, variable: "
        "press, refine: 0.2, derefine: 0.1}]}"
    )
    config, problem_class = configure(
        "blast",
        [
            "mesh.cells=[32,32,1]",
            "mesh.block=[8,8,1]",
            "transport.solver=none",
            f"mesh.refinement={criteria}",
            "time.max_steps=12",
            "observables.compute=[loading, profile]",
            "observables.loading={heights: [0.1, 0.2], radii: [0.2], axis: x1}",
            "observables.profile.level=2",
            "output.precision=f8",
            f"output.dir={tmp_path}",
        ],
    )
    with open(os.devnull, "w") as quiet:
        driver.run(config, problem_class, SerialComm(), stream=quiet)
    history = read_history(tmp_path / "history.txt")
    assert len(set(history["blocks"])) > 1 and history["levels"][-1] == 3
    with open_snapshot(sorted(tmp_path.glob("snapshots/*.athdf"))[-1]) as snapshot:
        assert snapshot.nblock == history["blocks"][-1]
        loading, profile = measure(snapshot, ["loading", "profile"])
    for label, value in loading.columns.items():
        assert history[label.split(" [")[0]][-1] == value, label
    written = read_profiles(tmp_path, "profile")
    for label, values in (profile.axes | profile.columns).items():
        assert written[label][-1].tobytes() == np.asarray(values).tobytes(), label


def test_slices_show_the_cells_that_the_plane_cuts(gas):
    with open_snapshot(gas) as snapshot, h5py.File(gas) as file:
        blocks = [file[f"x{axis + 1}f"][:] for axis in range(3)]
        for axis, position in ((0, 0.2), (1, -0.41), (2, 0.0)):
            plane = snapshot.slice("dens", axis, position)
            middles = [0.5 * (faces[1:] + faces[:-1]) for faces in plane.faces]
            rng = np.random.default_rng(axis)
            for _ in range(30):
                i, j = (rng.integers(len(m)) for m in middles)
                x = np.empty(3)
                x[list(plane.axes)], x[axis] = (middles[0][i], middles[1][j]), position
                gid, *inside = cell_of_place(blocks, x)
                assert plane.values[j, i] == snapshot.values("dens", gid)[tuple(inside)]
            area = (plane.blocks[:, 1] - plane.blocks[:, 0]) * (
                plane.blocks[:, 3] - plane.blocks[:, 2]
            )
            assert area.sum() == pytest.approx(4.0, rel=1e-14)
            coarse = snapshot.slice("dens", axis, position, level=0)
            assert coarse.values.shape == (16, 16) and coarse.values.mean() == pytest.approx(
                plane.values.mean(), rel=1e-13
            )


def test_resampled_arrays_keep_the_integral(gas):
    with open_snapshot(gas) as snapshot:
        mass = sum(cells.integral(cells["dens"]) for cells in snapshot.blocks())
        for level in (0, 1, 2):
            whole = snapshot.array("dens", level)
            assert whole.shape == (16 * 2**level,) * 3 and whole.sum() * (
                2.0 / len(whole)
            ) ** 3 == pytest.approx(mass, rel=1e-13)
        x = snapshot.centres(0)
        exact = 3.0 + x + 0.5 * x[:, None] - 0.25 * x[:, None, None]
        assert np.allclose(snapshot.array("dens"), exact, rtol=1e-13)
        with pytest.raises(CrmpiError, match="level = 21 is not possible"):
            snapshot.array("dens", 21)


def test_xarray_by_level_and_resampled(gas):
    pytest.importorskip("xarray")
    with open_snapshot(gas) as snapshot:
        for level in (0, 1, 2):
            opened = crmpi.open(gas, level=level)
            whole = snapshot.array("dens", level)
            assert np.allclose(opened.dens.values, whole, rtol=1e-14)
            assert np.allclose(opened.dens[3, 2:9, ::3].values, whole[3, 2:9, ::3], rtol=1e-14)
            assert opened.x2.size == 16 * 2**level
            own = crmpi.open(gas, level=level, resample=False).dens.values
            cells = 512 * int((snapshot.levels == level).sum())
            assert np.isfinite(own).sum() == cells and np.allclose(
                own[np.isfinite(own)], whole[np.isfinite(own)], rtol=1e-14
            )
        with pytest.raises(CrmpiError, match="level = -1 is not possible"):
            crmpi.open(gas, level=-1)


def test_info_counts_blocks_and_cells_of_each_level(folder):
    """By hand: of 8 blocks of level 0 two are refined, and of one of these one child: 6, 15 and 8
    blocks of 512 cells."""
    for path in (*folder.glob("snapshots/*1.athdf"), *folder.glob("checkpoints/*.h5")):
        text = [" ".join(line.split()) for line in info(path).splitlines()]
        assert (
            "14848 cells in 29 blocks of 8 x 8 x 8; all on level 2 there would be 262144 "
            "cells, "
            "17.7 times as many"
        ) in text
        for row in (
            "0 6 3072 16 x 16 x 16 75%",
            "1 15 7680 32 x 32 x 32 23.4%",
            "2 8 4096 64 x 64 x 64 1.56%",
        ):
            assert row in text


@pytest.mark.parametrize(
    ("corner", "asked", "added"), [("-0.1,-0.1,0", 40, 0), ("0.01,0.01,0", 22, 9)]
)
def test_a_dry_run_counts_what_regions_and_2_to_1_take(capsys, corner, asked, added):
    """By hand: 16 blocks of level 0; around the origin 4 and 4 are refined, in a corner 1 and 1,
    and for 2:1 its 3 neighbours."""
    region = f"mesh.refinement={{regions: [{{level: 2, lower: [{corner}], upper: [0.1,0.1,0]}}]}}"
    words = [
        "run",
        "blast",
        "mesh.cells=[32,32,1]",
        "mesh.block=[8,8,1]",
        "transport.solver=none",
        region,
        "--dry-run",
    ]
    assert main(words) == 0
    lines = capsys.readouterr().out.splitlines()
    assert f"  regions need {asked} blocks, 2:1 between neighbours adds {added}" in lines
    assert (
        f"mesh: {64 * (asked + added)} cells in {asked + added} blocks of 8 x 8 x 1"
        in "\n".join(lines)
    )
    assert f"a step: {64 * (asked + added)} zone updates in 2 stages" in "\n".join(lines)


def test_the_memory_of_a_run_is_estimated(tmp_path):
    """What one block with its own messages takes bounds what blocks of a serial run take, without
    being much more."""
    config, problem_class = configure("cgm_halo", [*WORDS, f"output.dir={tmp_path}"])
    trial = rehearse(config, problem_class)
    whole = Simulation(config, problem_class, SerialComm())
    (own, shared), total = memory(trial), array_bytes(whole)
    assert (
        trial.pack.nblock == 1 and total < 1.05 * (own * whole.tree.nblock + shared) < 1.6 * total
    )
    pack = whole.pack.u0.nbytes + whole.pack.u1.nbytes
    assert pack < array_bytes(whole.pack) < array_bytes(whole)
