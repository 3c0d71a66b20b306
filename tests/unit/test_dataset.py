"""crmpi.open: lazy xarray data sets of snapshots, runs and histories."""

import pickle

import numpy as np
import pytest

import crmpi
from crmpi.analysis.read import dataset
from crmpi.analysis.read.readers import Snapshot, open_snapshot
from crmpi.errors import CrmpiError

pytest.importorskip("xarray")
FACTS = ["mesh.cells=[8,8,32]", "mesh.block=[8,8,8]", "time.max_steps=4"]
FACTS += ["output.snapshot_interval=1e-3 Myr", "output.history_interval=1e-3 Myr"]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Return the folder of a short wind with several snapshots."""
    folder = tmp_path_factory.mktemp("runs") / "wind"
    run_with_files("galactic_wind", folder)
    return folder


def run_with_files(problem, folder):
    import os

    from crmpi.parallel.comm import SerialComm
    from crmpi.run import driver
    from crmpi.run.configuration import configure

    config, problem_class = configure(problem, [*FACTS, f"output.dir={folder}"])
    with open(os.devnull, "w") as quiet:
        driver.run(config, problem_class, SerialComm(), stream=quiet)


def last_snapshot(run):
    return sorted(run.glob("**/*.athdf"))[-1]


def test_values_units_and_coordinates(run):
    path = last_snapshot(run)
    with crmpi.open(path) as opened, open_snapshot(path) as snapshot:
        for name in ("dens", "ecr", "temp", "bmag"):
            unit, factor = snapshot.shown_in(name)
            assert opened[name].attrs["units"] == unit.replace("^", "**")
            in_cgs = opened[name].attrs["cgs_factor"] / snapshot.units.cgs(snapshot.dimension(name))
            assert in_cgs * factor == pytest.approx(1.0, rel=1e-14)
            assert np.array_equal(opened[name].values, factor * snapshot.array(name))
        assert opened.dens.dims == ("x3", "x2", "x1")
        length = 1.0 / snapshot.units.factor("kpc")
        assert opened.x3.attrs["units"] == "kpc" and np.allclose(
            opened.x3, snapshot.centres(2) * length, rtol=1e-15
        )
        assert float(opened.time) == pytest.approx(snapshot.time / snapshot.units.factor("Myr"))
        assert "galactic_wind" in opened.attrs["config"]


def test_parts_are_those_of_the_whole(run):
    with crmpi.open(last_snapshot(run)) as opened:
        whole = opened.press.values
        assert np.array_equal(opened.press.isel(x3=17).values, whole[17])
        assert np.array_equal(
            opened.press.isel(x3=slice(5, 20, 3), x1=-1).values, whole[5:20:3, :, -1]
        )
        assert np.array_equal(
            opened.press.isel(x3=[20, 3, 9], x2=slice(6, 1, -2)).values,
            whole[[20, 3, 9]][:, 6:1:-2],
        )
        assert float(opened.press[3, 4, 5]) == whole[3, 4, 5]


def test_only_blocks_that_are_asked_for_are_read(run, monkeypatch):
    asked = []
    values = Snapshot.values
    monkeypatch.setattr(
        Snapshot,
        "values",
        lambda self, name, gid, where=...: asked.append(gid) or values(self, name, gid, where),
    )
    with crmpi.open(last_snapshot(run)) as opened:
        assert not asked
        opened.dens.isel(x3=slice(9, 12)).load()
    assert len(asked) == 1  # of four blocks along x3


def test_a_run_is_a_data_set_along_time(run):
    with crmpi.open(run) as opened:
        files = sorted(run.glob("**/*.athdf"))
        assert opened.sizes["time"] == len(files) > 2 and (np.diff(opened.time) > 0.0).all()
        with crmpi.open(files[1]) as second:
            assert np.array_equal(opened.dens.isel(time=1).values, second.dens.values)
        assert opened.ecr.isel(x1=0, x2=0).shape == (len(files), 32)


def test_history(run):
    opened = crmpi.open(run / "history.txt")
    assert opened.time.attrs["units"] == "Myr" and opened["mass"].dims == ("time",)
    assert opened["mass"].attrs["units"]


def test_what_cannot_be_opened_is_named(tmp_path, monkeypatch):
    with pytest.raises(CrmpiError, match="holds no snapshots"):
        crmpi.open(tmp_path)
    with pytest.raises(CrmpiError, match="there is no"):
        crmpi.open(tmp_path / "nothing.athdf")
    monkeypatch.setitem(__import__("sys").modules, "xarray", None)
    with pytest.raises(CrmpiError, match=r"pip install 'crmpi\[xarray\]'"):
        dataset.open_dataset(tmp_path)


@pytest.mark.parametrize("along_time", [False, True])
def test_what_xarray_does_with_data_sets_works(run, along_time):
    """Operations that copy or pickle a lazy array: each gives the values of the same operation on
    an array in memory."""
    pytest.importorskip("scipy")
    path = run if along_time else last_snapshot(run)
    with crmpi.open(path) as opened:
        lazy, loaded = opened.dens, opened.dens.copy(data=opened.dens.values)
        pickled = pickle.loads(pickle.dumps(opened))
        assert np.array_equal(pickled.dens.values, loaded.values)
        pickled.close()
        copied = opened.copy(deep=True)
        assert np.array_equal(copied.dens.values, loaded.values)
        for work in (
            lambda a: a.where(a.x3 > 0, drop=True),
            lambda a: a.sortby("x3", ascending=False),
            lambda a: a.interp(x3=0.1),
            lambda a: a.sel(x3=0.0, method="nearest").mean("x1"),
            lambda a: a.rolling(x3=3).mean().dropna("x3"),
            lambda a: a.groupby("x3").mean(),
        ):
            assert np.array_equal(work(lazy).values, work(loaded).values, equal_nan=True)


def test_a_closed_data_set_opens_its_files_again(run):
    opened = crmpi.open(last_snapshot(run))
    before = opened.press.values
    opened.close()
    assert np.array_equal(crmpi.open(last_snapshot(run)).press.values, before)
    assert np.array_equal(opened.press.isel(x3=3).values, before[3])
    opened.close()
