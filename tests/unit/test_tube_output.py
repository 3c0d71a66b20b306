"""Snapshots of tubes hold positions, cross-sections and volumes, and are read back with them; yt
opens them."""

import warnings

import numpy as np
import pytest

from crmpi.analysis.draw.plots import plot
from crmpi.analysis.read.readers import open_snapshot
from crmpi.mesh.coordinates import Coordinates
from crmpi.output.directory import RunDirectory
from crmpi.parallel.comm import SerialComm
from crmpi.run.configuration import load_run
from crmpi.run.driver import run
from tests.tube_case import tube_run


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory):
    """The initial state of a logarithmic sphere of four blocks, dens = r."""
    folder = tmp_path_factory.mktemp("tube")
    mesh = {"geometry": "spherical", "spacing": "log"}
    sim = tube_run(
        lambda s: {"dens": s, "press": 1.0, "ecr": 0.1}, block=8, walls="outflow", mesh=mesh
    )
    source = sim.config.resolved() | {"time": {"end": 0.0}, "output": {"dir": str(folder)}}
    source["problem"].pop("name")
    problem = type(sim.problem)
    with open(folder / "log", "w") as stream:
        run(load_run(problem, source), problem, SerialComm(), stream=stream)
    return RunDirectory(folder).snapshots()[-1]


def test_positions_and_volumes_are_those_of_the_run(snapshot):
    sim = tube_run(
        lambda s: {"dens": s, "press": 1.0}, mesh={"geometry": "spherical", "spacing": "log"}
    )
    x = Coordinates(sim.tree, (0, 0, 0), sim.tree.cells)
    with open_snapshot(snapshot) as found:
        assert np.array_equal(found.centres(0), x.x1.ravel())
        assert np.array_equal(found.array("dens").ravel(), x.x1.ravel())
        assert np.array_equal(found.volumes(), x.volume.ravel())
        assert found.faces(0) == pytest.approx(0.5 * 4.0 ** (np.arange(33) / 32), rel=1e-14)
        assert np.diff(found.faces(0)).sum() == pytest.approx(1.5, rel=1e-14)
        assert found.profile("dens", 0).values == pytest.approx(x.x1.ravel(), rel=1e-14)
        shells = found.radial_profile("dens", nbins=2)
        inside = x.x1.ravel() < 1.0
        assert shells.values[0] == pytest.approx(
            np.average(x.x1.ravel()[inside], weights=x.volume.ravel()[inside]), rel=1e-14
        )


def test_plot_and_yt_read_it(snapshot, tmp_path):
    import yt

    import crmpi.yt

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for axis in (None, "x3"):  # x3 is missing, and its one cell lies at 0
            assert plot(snapshot, axis=axis, output=tmp_path / "tube.png").stat().st_size > 1000
    ds = crmpi.yt.load(snapshot)
    edges = 0.5 * 4.0 ** (np.arange(33) / 32)
    for opened in (ds, yt.load(str(snapshot))):  # positions come from the ratio of cell widths
        grids = opened.index.grids
        assert np.sort(np.concatenate([g.fcoords.d[:, 0] for g in grids])) == pytest.approx(
            0.5 * (edges[1:] + edges[:-1]), rel=1e-12
        )
        assert np.sort(np.concatenate([g.fwidth.d[:, 0] for g in grids])) == pytest.approx(
            np.diff(edges), rel=1e-12
        )
    volumes = 4.0 * np.pi / 3.0 * np.diff(edges**3)
    everything = ds.all_data()
    assert np.sort(everything["gas", "cell_volume"].to("code_length**3").d) == pytest.approx(
        volumes, rel=1e-12
    )
    mass = (volumes * 0.5 * 4.0 ** ((np.arange(32) + 0.5) / 32)).sum()
    assert float(everything["gas", "mass"].sum().to("code_mass")) == pytest.approx(mass, rel=1e-12)
    assert np.sort(ds.all_data()["athena_pp", "rho"].d) == pytest.approx(
        np.sort(0.5 * 4.0 ** ((np.arange(32) + 0.5) / 32)), rel=1e-12
    )


def test_xarray_has_its_positions(snapshot):
    pytest.importorskip("xarray")
    import crmpi

    with crmpi.open(snapshot) as opened, open_snapshot(snapshot) as found:
        assert opened.sizes["x1"] == 32
        assert opened.x1.attrs["units"] == "1"  # a run without units
        assert np.array_equal(opened.x1, found.centres(0))
        near = opened.dens.sel(x1=1.0, method="nearest")
        # dens = r, to half a cell
        assert float(near.squeeze()) == pytest.approx(1.0, rel=0.5 * np.log(4.0) / 32)
