"""Snapshots: what is read back is what the pack held, and yt agrees."""

import h5py
import numpy as np
import pytest

from crmpi.analysis.draw.plots import plot
from crmpi.analysis.read.info import info
from crmpi.analysis.read.readers import open_snapshot
from crmpi.errors import CrmpiError
from crmpi.numerics.fluid.solenoidal import largest_divergence
from crmpi.output.snapshot import write_snapshot
from tests.output_case import make_case, make_tree, value

SHAPES = {
    "3d": make_tree(),
    "2d": make_tree((16, 8, 1), (8, 4, 1)),
    "1d": make_tree((32, 1, 1), (8, 1, 1)),
}


def write(path, precision="f8", **options):
    state, record, writer, _ = make_case(**options)
    write_snapshot(path, state, record, writer, precision)
    return state, record


@pytest.fixture(params=SHAPES.values(), ids=SHAPES)
def snapshot(request, tmp_path):
    write(tmp_path / "s.athdf", tree=request.param)
    with open_snapshot(tmp_path / "s.athdf") as opened:
        yield opened


def exact(snapshot, component):
    """Return what the test pack holds on the whole mesh, array (k, j, i)."""
    k, j, i = (np.arange(n) for n in snapshot.cells[::-1])
    return value(component, i[None, None, :], j[None, :, None], k[:, None, None])


def test_global_arrays_are_exact(snapshot):
    assert snapshot.names == [
        "dens",
        "vel1",
        "vel2",
        "vel3",
        "press",
        "ecr",
        "fcr",
        "b1",
        "b2",
        "b3",
    ]
    # fcr is the evolved density in u0, not the primitive
    components = [0, 1, 2, 3, 4, 5, 6.1, 0.3, 1.3, 2.3]
    for name, component in zip(snapshot.names, components, strict=True):
        assert snapshot.array(name).tobytes() == exact(snapshot, component).tobytes()


def test_clock_and_mesh(snapshot):
    assert (snapshot.time, snapshot.step) == (0.1 + 0.2, 7)
    for axis in range(3):
        faces = snapshot.faces(axis)
        assert (faces[0], faces[-1]) == (snapshot.lower[axis], snapshot.upper[axis])
        assert np.diff(faces) == pytest.approx(0.25, rel=1e-14)


def test_block_edges_join_exactly(tmp_path):
    write(tmp_path / "s.athdf")
    with h5py.File(tmp_path / "s.athdf") as file:
        places = file["LogicalLocations"][:]
        edges = {tuple(place): file["x1f"][gid] for gid, place in enumerate(places)}
    for (l1, l2, l3), faces in edges.items():
        if (l1 + 1, l2, l3) in edges:
            assert faces[-1] == edges[l1 + 1, l2, l3][0]


def test_slices_are_planes_of_the_array(snapshot):
    full = snapshot.array("ecr")
    for axis in snapshot.axes:
        for position in (
            snapshot.lower[axis],
            0.3 * snapshot.lower[axis] + 0.7 * snapshot.upper[axis],
            snapshot.upper[axis],
        ):
            plane = snapshot.slice("ecr", axis, position)
            index = int(np.argmin(abs(snapshot.centres(axis) - position)))
            assert plane.values.tolist() == np.take(full, index, axis=2 - axis).tolist()
            assert plane.position == snapshot.centres(axis)[index]


def test_profiles_are_means(snapshot):
    dens, ecr = snapshot.array("dens"), snapshot.array("ecr")
    for axis in snapshot.axes:
        others = tuple(2 - a for a in range(3) if a != axis)
        assert snapshot.profile("ecr", axis).values == pytest.approx(
            ecr.mean(axis=others), rel=1e-13
        )
        weighted = (dens * ecr).sum(axis=others) / dens.sum(axis=others)
        assert snapshot.profile("ecr", axis, weight="dens").values == pytest.approx(
            weighted, rel=1e-13
        )


def test_radial_profile_conserves_the_mean(snapshot):
    """A constant stays constant; shells of a 1-D mesh are its cells on both sides of the origin."""
    flat = snapshot.radial_profile("b1", weight="b1")
    assert flat.x[0] > 0 and np.all(np.diff(flat.x) > 0)
    assert np.all(flat.values >= snapshot.array("b1").min()) and np.all(
        flat.values <= snapshot.array("b1").max()
    )


def test_derived_quantities(snapshot):
    units = snapshot.units
    assert snapshot.array("pcr") == pytest.approx(snapshot.array("ecr") / 3, rel=1e-14)
    pmag = 0.5 * sum(snapshot.array(f"b{c}") ** 2 for c in (1, 2, 3))
    assert snapshot.array("beta") == pytest.approx(snapshot.array("press") / pmag, rel=1e-14)
    # erg for P = rho = 1
    per_particle = units.cgs("pressure") / (units.cgs("density") / (0.6 * 1.67262192369e-24))
    temp = snapshot.array("press") / snapshot.array("dens") * per_particle / 1.380649e-16
    assert snapshot.array("temp") == pytest.approx(temp, rel=1e-12)
    assert snapshot.shown_in("temp") == ("K", 1.0)


def test_unknown_quantity_lists_what_there_is(snapshot):
    with pytest.raises(CrmpiError, match=r"has no 'denss'; it has dens, vel1.* and, derived, pcr"):
        snapshot.slice("denss", 0)


def test_slice_outside(snapshot):
    with pytest.raises(CrmpiError, match=r"x1 = 99 is outside of .*, which reaches from 0 to"):
        snapshot.slice("dens", 0, 99.0)


def test_single_precision_is_rounded_double(tmp_path):
    state, _ = write(tmp_path / "s.athdf", precision="f4")
    with h5py.File(tmp_path / "s.athdf") as file:
        assert file["prim"].dtype == np.float32
        assert np.array_equal(file["prim"][0], state.pack.active(state.pack.w0)[:, 0].astype("f4"))


def test_hydro_without_cosmic_rays(tmp_path):
    write(tmp_path / "s.athdf", magnetic=False, fields=make_case()[0].pack.fields[:3], units="none")
    with open_snapshot(tmp_path / "s.athdf") as snapshot:
        assert snapshot.names == ["dens", "vel1", "vel2", "vel3", "press"]
        assert snapshot.units.dimensionless and snapshot.shown_in("dens") == ("", 1.0)


@pytest.mark.parametrize(
    "damage",
    [
        lambda p: p.write_bytes(p.read_bytes()[:3000]),
        lambda p: p.write_text("text"),
        lambda p: p.unlink(),
    ],
)
def test_unreadable_files(tmp_path, damage):
    path = tmp_path / "s.athdf"
    write(path)
    damage(path)
    with pytest.raises(CrmpiError, match=r"^cannot read .*s\.athdf: "):
        open_snapshot(path)


def test_sidecar_points_at_the_data(tmp_path):
    """Every hyperslab of the sidecar lies inside a data set of the shape it names."""
    from xml.etree import ElementTree

    write(tmp_path / "s.athdf")
    root = ElementTree.parse(tmp_path / "s.athdf.xdmf").getroot()
    slabs = [item for item in root.iter("DataItem") if item.get("ItemType") == "HyperSlab"]
    assert len(slabs) == 8 * (3 + 10)  # 8 blocks: 3 coordinates and 10 variables
    with h5py.File(tmp_path / "s.athdf") as file:
        for slab in slabs:
            where, source = slab
            name, _, dataset = source.text.partition(":/")
            assert name == "s.athdf"
            shape = tuple(int(n) for n in source.get("Dimensions").split())
            assert file[dataset].shape == shape
            start, stride, count = np.array(where.text.split(), int).reshape(3, -1)
            assert np.all(stride == 1) and np.all(start + count <= shape)
            assert tuple(int(n) for n in slab.get("Dimensions").split()) == tuple(
                count[-3:] if dataset in ("prim", "B") else count
            )


def test_a_mesh_of_one_cell_is_drawn_and_measured(tmp_path):
    """It is a run, of sources alone: it has profiles of one value, and no divergence of a field."""
    path = tmp_path / "s.athdf"
    state, _ = write(path, tree=make_tree((1, 1, 1), (1, 1, 1)))
    with open_snapshot(path) as snapshot:
        dens = snapshot.array("dens").ravel()
        assert snapshot.radial_profile("dens").values == pytest.approx(dens, rel=1e-15)
    for kind in (None, "profile", "radial", "slice"):
        assert plot(path, ["dens"], kind=kind, output=tmp_path / "s.png").stat().st_size > 1000
    with pytest.raises(CrmpiError, match="there is nothing to project"):
        plot(path, ["dens"], kind="projection", output=tmp_path / "s.png")
    pack = state.pack
    worst, largest = largest_divergence(pack.b0, pack.grid, pack.parts[0].axes(1.0))
    assert worst == 0.0 and largest > 0.0


@pytest.mark.parametrize(
    "cells", [(8, 1, 1), (1, 8, 1), (1, 1, 8), (8, 4, 1), (8, 1, 4), (1, 4, 8)]
)
def test_yt_finds_all_cells_of_a_mesh_that_lacks_axes(tmp_path, cells):
    """The cells are 0.25 wide along all axes, of one cell too, where yt's own reader finds none."""
    yt = pytest.importorskip("yt")
    from crmpi.yt import load

    yt.set_log_level("error")
    write(tmp_path / "s.athdf", tree=make_tree(cells, [max(1, n // 2) for n in cells]))
    ds = load(tmp_path / "s.athdf")
    data = ds.all_data()
    volume = 0.25**3
    assert data["gas", "cell_volume"].to_value("code_length**3") == pytest.approx(
        np.full(np.prod(cells), volume), rel=1e-13
    )
    with open_snapshot(tmp_path / "s.athdf") as snapshot:
        mass = snapshot.array("dens").sum() * volume
    assert float(data.sum(("gas", "cell_mass")).to("code_mass")) == pytest.approx(mass, rel=1e-12)
    for axis, name in enumerate("xyz"):
        cut = ds.slice(name, ds.domain_center[axis])
        assert len(cut["gas", "density"]) == np.prod(cells) // cells[axis]


def test_yt_reads_density_and_cosmic_rays(tmp_path):
    yt = pytest.importorskip("yt")
    from crmpi.yt import load

    yt.set_log_level("error")
    write(tmp_path / "s.athdf")
    plain = yt.load(str(tmp_path / "s.athdf"))
    assert plain.domain_dimensions.tolist() == [16, 8, 4]
    ds = load(tmp_path / "s.athdf")
    with open_snapshot(tmp_path / "s.athdf") as snapshot:
        units = snapshot.units
        fields = {
            ("gas", "density"): (snapshot.array("dens"), units.cgs("density"), "g/cm**3"),
            ("gas", "cosmic_ray_pressure"): (
                snapshot.array("pcr"),
                units.cgs("pressure"),
                "erg/cm**3",
            ),
            ("gas", "cosmic_ray_energy_density"): (
                snapshot.array("ecr"),
                units.cgs("pressure"),
                "erg/cm**3",
            ),
            ("gas", "velocity_x"): (snapshot.array("vel1"), units.cgs("velocity"), "cm/s"),
            ("gas", "magnetic_field_z"): (
                snapshot.array("b3"),
                units.cgs("magnetic_field"),
                "gauss",
            ),
        }
        grid = ds.covering_grid(0, ds.domain_left_edge, ds.domain_dimensions)
        for field, (array, scale, unit) in fields.items():
            assert grid[field].to_value(unit) == pytest.approx(array.T * scale, rel=1e-12)
        plane = ds.slice("y", ds.quan(0.3, "code_length"))
        for name, ours in (("density", "dens"), ("cosmic_ray_pressure", "pcr")):
            # yt draws z to the right
            image = plane.to_frb(ds.domain_width[2], (4, 16), height=ds.domain_width[0])[
                "gas", name
            ]
            expected = snapshot.slice(ours, 1, 0.3).values.T * units.cgs(
                "density" if ours == "dens" else "pressure"
            )
            assert image.to_value("g/cm**3" if ours == "dens" else "erg/cm**3") == pytest.approx(
                expected, rel=1e-12
            )
        assert ds.current_time.to_value("Myr") == pytest.approx(
            snapshot.time * units.cgs("time") / 3.15576e13, rel=1e-6
        )


def test_info_finds_every_change_of_a_snapshot(tmp_path):
    path = tmp_path / "s.athdf"
    write(path)
    assert "snapshot" in info(path)
    with h5py.File(path, "r") as file:
        attributes, datasets = list(file.attrs), list(file)
    assert {"Time", "gamma", "length_cm"} <= set(attributes) and {
        "prim",
        "B",
        "x1f",
        "config",
    } <= set(datasets)
    deletions = [lambda file, name=name: file.attrs.__delitem__(name) for name in attributes]
    deletions += [lambda file, name=name: file.__delitem__(name) for name in datasets]
    edits = [
        lambda file, name=name: file.attrs.__setitem__(name, 3 * file.attrs[name])
        for name in ("Time", "gamma", "length_cm")
    ]
    edits += [
        lambda file, name=name: file[name].__setitem__(..., file[name][...] + 1)
        for name in ("x1f", "prim", "B", "prim.crc32")
    ]
    good = path.read_bytes()
    for change in deletions + edits:
        path.write_bytes(good)
        with h5py.File(path, "r+") as file:
            change(file)
        with pytest.raises(CrmpiError, match=r"^cannot (read|trust) .*s\.athdf: "):
            info(path)
