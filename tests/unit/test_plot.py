"""Pictures and descriptions: every kind of file gives one, in every format, and mistakes are
told."""

import numpy as np
import pytest

from crmpi.analysis.draw.panels import thinned
from crmpi.analysis.draw.plots import plot, snapshot_figure, telling_columns
from crmpi.analysis.draw.style import colours, label, use_log
from crmpi.analysis.read.info import info
from crmpi.analysis.read.readers import open_snapshot
from crmpi.diagnostics.columns import Number
from crmpi.errors import CrmpiError
from crmpi.output.history import Columns
from crmpi.output.writer import OutputWriter
from tests.output_case import Params, make_case, make_tree

SHAPES = {
    "3d": make_tree(),
    "2d": make_tree((16, 8, 1), (8, 4, 1)),
    "1d": make_tree((32, 1, 1), (8, 1, 1)),
}
MAGIC = {".png": b"\x89PNG", ".pdf": b"%PDF", ".svg": b"<?xml"}


def make_run(folder, tree=None, units="galactic"):
    """Write a finished run of four steps into `folder`."""
    state, record, writer, owner = make_case(tree=tree, units=units)
    columns = [Number("mass loading", "1", 0.1), Number("cr outflow", "erg/s", 1e40)]
    output = OutputWriter(
        Params(str(folder)), writer.comm, owner, record, lambda s: columns, lambda line: None
    )
    output.begin()
    for step in range(5):
        state = state._replace(time=0.25 * step, step=step)
        output.write_due(state)
    output.finalize(state)
    return folder


@pytest.mark.parametrize("tree", SHAPES.values(), ids=SHAPES)
def test_run_page(tmp_path, tree):
    picture = plot(make_run(tmp_path, tree))
    assert picture == tmp_path / "summary.png"
    assert picture.read_bytes().startswith(MAGIC[".png"])


@pytest.mark.parametrize("suffix", MAGIC)
def test_formats(tmp_path, suffix):
    make_run(tmp_path, SHAPES["2d"])
    picture = plot(
        tmp_path / "snapshots/snapshot_00001.athdf", ["pcr"], output=tmp_path / f"new/p{suffix}"
    )
    assert picture.read_bytes().startswith(MAGIC[suffix])


def test_slice_shows_the_numbers_in_units(tmp_path):
    make_run(tmp_path)
    with open_snapshot(tmp_path / "snapshots/snapshot_00000.athdf") as snapshot:
        figure = snapshot_figure(snapshot, ["press", "vel3"], axis=2, position=0.3)
        image = figure.axes[0].images[0]
        expected = snapshot.slice("press", 2, 0.3).values * snapshot.units.cgs("pressure")
        assert np.asarray(image.get_array()) == pytest.approx(expected, rel=1e-12)
        assert image.get_extent() == [0.0, 4.0, 0.0, 2.0]
        assert figure.axes[0].get_xlabel() == "$x_1$ [kpc]"
        assert any(
            "erg/cm" in axes.get_ylabel() + axes.get_xlabel()
            for axes in figure.findobj(type(figure.axes[0]))
        )


@pytest.mark.parametrize("kind", ["slice", "profile", "radial"])
def test_kinds(tmp_path, kind):
    make_run(tmp_path)
    assert plot(tmp_path / "snapshots/snapshot_00001.athdf", ["dens", "temp"], kind=kind).exists()


def test_history(tmp_path):
    make_run(tmp_path, units="none")
    assert plot(tmp_path / "history.txt") == tmp_path / "history.png"
    with pytest.raises(CrmpiError, match="no column 'mass'; it has time, step, dt, mass loading"):
        plot(tmp_path / "history.txt", ["mass"])


def test_mistakes(tmp_path):
    make_run(tmp_path)
    path = tmp_path / "snapshots/snapshot_00000.athdf"
    for options, message in (
        ({"axis": "z"}, "not one of x1, x2, x3"),
        ({"kind": "volume"}, "not one of slice, projection, profile, radial"),
        ({"output": "x.gif"}, "must end in one of .png"),
        ({"fields": ["pressure"]}, "has no 'pressure'"),
    ):
        with pytest.raises(CrmpiError, match=message):
            plot(path, **options)
    with pytest.raises(CrmpiError, match="is not a crmpi snapshot"):
        plot(tmp_path / "checkpoints/checkpoint_00000.h5")
    with pytest.raises(CrmpiError, match="has no snapshots"):
        plot(tmp_path / "checkpoints")


def test_scales():
    assert (
        use_log(np.array([1.0, 100.0]))
        and not use_log(np.array([1.0, 2.0]))
        and not use_log(np.array([0.0, 100.0]))
    )
    cmap, norm = colours("vel1", np.array([[-1.0, 3.0]]))
    assert (cmap.name, norm.vmin, norm.vmax) == ("RdBu_r", -3.0, 3.0)
    # a file of which all parts are missing
    assert colours("dens", np.full((2, 2), np.nan))[0].name == "viridis"
    assert (
        label("vel3", "km/s") == "$v_3$ [km/s]"
        and label("dens", "m_p/cm^3") == r"density [$m_\mathrm{p}$/cm$^{3}$]"
    )


def test_a_long_curve_keeps_its_peaks():
    """100,000 points become 4000 at most, with every extreme, the ends, and gaps where all is
    missing."""
    x = np.arange(100_000.0)
    y = np.sin(0.001 * x)
    y[12_345], y[54_321], y[70_000:80_000] = 7.0, -8.0, np.nan
    few, values = thinned(x, y)
    assert len(few) <= 4002 and few[0] == 0 and few[-1] == 99_999 and np.all(np.diff(few) > 0)
    assert values[few == 12_345] == 7.0 and values[few == 54_321] == -8.0
    assert np.isnan(values[(few > 70_100) & (few < 79_900)]).all()
    assert values.tolist()[:50] == y[few.astype(int)].tolist()[:50]
    assert thinned(x[:9], y[:9])[0] is not None and len(thinned(x[:9], y[:9])[0]) == 9


def test_telling_columns():
    """The mass loading first, then rates, then energies; never what is zero throughout, never two
    units in one panel."""

    def chosen(*names, units=None):
        arrays = {
            name: np.zeros(3) if name == "mom3" else np.ones(3)
            for name in ("time", "step", "dt", *names)
        }
        return telling_columns(Columns(arrays, dict.fromkeys(arrays, "1") | (units or {})))

    assert chosen("mass", "ekin", "cr loading", "mass loading") == ["cr loading", "mass loading"]
    assert chosen("mass", "mass outflow", "cr outflow", units={"cr outflow": "erg/s"}) == [
        "mass outflow"
    ]
    assert chosen("mass", "mom3", "ekin", "ener", "ecr(r<10kpc)", "floor_added_ecr") == [
        "ekin",
        "ener",
        "ecr(r<10kpc)",
    ]
    assert chosen("mom3", "number of clouds") == ["number of clouds"]
    assert chosen() == []


def test_info(tmp_path):
    make_run(tmp_path)
    text = info(tmp_path)
    assert "snapshots: 2, checkpoints: 1" in text
    assert (
        "mass loading" in text and "8 blocks of 4 x 4 x 4" in text and "cells: [16, 8, 4]" in text
    )
    with open_snapshot(tmp_path / "snapshots/snapshot_00001.athdf") as snapshot:
        low, high = snapshot.extrema("dens")
    assert f"dens     {low:14.6e} {high:14.6e} m_p/cm^3" in text
    assert "all checksums right" in info(tmp_path / "checkpoints/checkpoint_00000.h5")
    with pytest.raises(CrmpiError, match="not the folder of a run"):
        info(tmp_path / "snapshots")
    with pytest.raises(CrmpiError, match="no such file"):
        info(tmp_path / "nothing")
