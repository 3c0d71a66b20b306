"""Pictures can be printed: colours for everybody, a unit on every axis, vectors where vectors are
asked for, runs on common scales."""

import re

import matplotlib as mpl
import numpy as np
import pytest

from crmpi.analysis.draw import beside
from crmpi.analysis.draw.plots import history_figure, plot, run_figure, snapshot_figure
from crmpi.analysis.draw.style import STYLE, colours
from crmpi.analysis.read.readers import open_snapshot
from crmpi.errors import CrmpiError
from crmpi.output.history import read_history
from tests.unit.test_plot import SHAPES, make_run

# Machado, Oliveira & Fernandes 2009, severity 1, on linear RGB: how people without one sort of
# cones see
SIGHT = {
    "all": np.eye(3),
    "protanope": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deuteranope": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "tritanope": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
}
# of linear sRGB, IEC 61966-2-1
XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
JUST_NOTICEABLE = 2.3  # difference in CIELAB, Mahy et al. 1994
PURE = ("pure number", "ratio", "gas / magnetic pressure")


def lab(rgb, sight):
    """Return CIELAB of sRGB colours (n, 3) as they are seen."""
    rgb = np.asarray(rgb)[:, :3]
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    seen = np.clip(linear @ SIGHT[sight].T, 0.0, 1.0)
    t = seen @ XYZ.T / XYZ.sum(axis=1)
    x, y, z = np.where(t > (6 / 29) ** 3, np.cbrt(t), t / (3 * (6 / 29) ** 2) + 4 / 29).T
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)]).T


@pytest.mark.parametrize("sight", SIGHT)
@pytest.mark.parametrize("name", ["dens", "temp", "ecr", "pcr", "bmag"])
def test_sequential_maps_get_brighter_for_everybody(name, sight):
    cmap, _ = colours(name, np.array([1.0, 2.0]))
    seen = lab(cmap(np.linspace(0.0, 1.0, 64)), sight)
    assert (np.diff(seen[:, 0]) > 0.0).all()
    # sixteen steps can be told apart
    assert (np.linalg.norm(np.diff(seen[::4], axis=0), axis=1) > JUST_NOTICEABLE).all()


@pytest.mark.parametrize("sight", SIGHT)
def test_diverging_map_is_brightest_at_zero_and_its_signs_differ(sight):
    cmap, _ = colours("vel3", np.array([-1.0, 2.0]))
    seen = lab(cmap(np.linspace(-1.0, 1.0, 65) / 2 + 0.5), sight)
    assert (np.diff(seen[:33:4, 0]) > 0.0).all() and (np.diff(seen[32::4, 0]) < 0.0).all()
    outer = np.arange(0, 28)  # inwards to a tenth of the largest value
    assert (np.linalg.norm(seen[outer] - seen[64 - outer], axis=1) > JUST_NOTICEABLE).all()


@pytest.mark.parametrize("sight", SIGHT)
def test_lines_can_be_told_apart(sight):
    seen = lab(
        [mpl.colors.to_rgb(colour) for colour in STYLE["axes.prop_cycle"].by_key()["color"]], sight
    )
    for n, one in enumerate(seen):
        assert (np.linalg.norm(seen[n + 1 :] - one, axis=1) > JUST_NOTICEABLE).all()


def labels(figure):
    """Return the visible labels of all axes that show something, the bars of colours included."""
    figure.canvas.draw()
    shown = [axes for axes in figure.findobj(mpl.axes.Axes) if axes.get_visible() and axes.axison]
    return [
        text.replace("\n", " ")
        for axes in shown
        for text in (axes.get_xlabel(), axes.get_ylabel())
        if text
    ]


@pytest.mark.parametrize("tree", SHAPES.values(), ids=SHAPES)
def test_every_axis_has_a_unit(tmp_path, tree):
    make_run(tmp_path, tree)
    with mpl.rc_context(STYLE):
        figures = [run_figure(tmp_path)]
        figures.append(history_figure(read_history(tmp_path / "history.txt"), ["cr outflow"]))
        with open_snapshot(tmp_path / "snapshots/snapshot_00001.athdf") as snapshot:
            names = ["dens", "press", "vel1", "bmag", "temp", "beta", "pcr", "cs", "ekin"]
            kinds = ("profile", "radial", "slice")[: 2 if len(snapshot.axes) == 1 else 3]
            figures += [snapshot_figure(snapshot, names, kind=kind) for kind in kinds]
        for figure in figures:
            found = labels(figure)
            assert found
            for text in found:
                assert re.search(r"\[.+\]$", text) or text in PURE or text == "mass loading", text


def test_columns_without_units_say_so(tmp_path):
    make_run(tmp_path, units="none")
    history = read_history(tmp_path / "history.txt")
    history["another"] = history["mass loading"]
    history.units["another"] = "1"
    assert "pure number" in labels(history_figure(history, ["mass loading", "another"]))


def test_vector_files_hold_lines_and_letters(tmp_path):
    make_run(tmp_path)
    path = tmp_path / "snapshots/snapshot_00001.athdf"
    lines = plot(path, ["dens", "pcr"], kind="profile", output=tmp_path / "lines.svg").read_text()
    assert "<image" not in lines and "<text" in lines and "density" in lines
    images = plot(path, ["dens", "pcr"], output=tmp_path / "images.svg").read_text()
    # two slices and their bars of colours; axes and letters are vectors
    assert images.count("<image") == 4
    assert "density" in images
    document = plot(path, ["dens"], kind="profile", output=tmp_path / "lines.pdf").read_bytes()
    # the font is in the file, as TrueType
    assert b"/FontFile2" in document and b"/Type3" not in document
    assert b"/Subtype /Image" not in document


@pytest.fixture
def two(tmp_path):
    """Return the folders of two runs."""
    return make_run(tmp_path / "one"), make_run(tmp_path / "two")


def test_runs_share_their_scale_of_colours(two, tmp_path):
    with h5_of(two[1]) as file:
        file["prim"][0] *= 5.0
    with (
        open_snapshot(two[0] / "snapshots/snapshot_00001.athdf") as one,
        open_snapshot(two[1] / "snapshots/snapshot_00001.athdf") as other,
    ):
        figure = beside.slices([one, other], ["one", "two"], ["dens", "vel1"], 1, None)
        images = [axes.images[0] for axes in figure.axes if axes.images]
        values = [np.asarray(image.get_array()) for image in images[:2]]
    assert values[1] == pytest.approx(5.0 * values[0])
    assert images[0].get_clim() == images[1].get_clim() == (values[0].min(), values[1].max())
    assert (
        images[2].get_clim() == images[3].get_clim()
        and images[2].get_clim() != images[0].get_clim()
    )


def h5_of(folder):
    import h5py

    return h5py.File(folder / "snapshots/snapshot_00001.athdf", "r+")


def test_lines_of_runs_are_those_of_each(two):
    with h5_of(two[1]) as file:
        file["prim"][0] *= 5.0
    with (
        open_snapshot(two[0] / "snapshots/snapshot_00001.athdf") as one,
        open_snapshot(two[1] / "snapshots/snapshot_00001.athdf") as other,
    ):
        axes = beside.profiles([one, other], ["one", "two"], ["dens"], 2, False).axes[0]
        first, second = axes.get_lines()
        assert second.get_ydata() == pytest.approx(5.0 * first.get_ydata())
        assert first.get_ydata() == pytest.approx(
            one.profile("dens", 2).values * one.shown_in("dens")[1]
        )
        assert (axes.get_xlabel(), first.get_linestyle(), second.get_linestyle()) == (
            "$x_3$ [kpc]",
            "-",
            "--",
        )
        assert [text.get_text().split(",")[0] for text in axes.get_legend().get_texts()] == [
            "one",
            "two",
        ]


def test_pictures_of_several_runs(two, tmp_path):
    one, other = two
    assert plot(one, ["dens"], others=[other]) == one / "beside.png"
    assert (
        plot(one, kind="radial", others=[other], output=tmp_path / "r.svg")
        .read_text()
        .count("<image")
        == 0
    )
    history = plot(
        one / "history.txt",
        ["mass loading"],
        others=[other / "history.txt"],
        output=tmp_path / "h.svg",
    ).read_text()
    assert ">two<" in history and "mass loading" in history
    words = ["mass lo*"], tmp_path / "f.svg"
    of_folders = plot(one, words[0], others=[other], output=words[1]).read_text()
    assert of_folders.count("<g id=") == history.count("<g id=") and ">two<" in of_folders
    slices = plot(one, ["dens"], axis="x2", others=[other], output=tmp_path / "s.svg").read_text()
    assert slices.count("<image") > 0
    assert beside.names_of([one, one / "snapshots/snapshot_00001.athdf"]) == [
        "one/one",
        "one/snapshot_00001.athdf",
    ]
    flat, bare = (
        make_run(tmp_path / "flat", SHAPES["2d"]),
        make_run(tmp_path / "bare", units="none"),
    )
    for first, fields, second, message in (
        (one, ["dens"], bare, "one of them has no physical units"),
        (one, ["dens"], flat, "different numbers of dimensions"),
        (one, ["dens"], tmp_path, "has no snapshots"),
        (one, ["dens"], other / "history.txt", "files of one sort"),
        (one / "history.txt", None, other / "history.txt", "which columns"),
        (one / "history.txt", ["mass"], other / "history.txt", "has no column 'mass'"),
    ):
        with pytest.raises(CrmpiError, match=message):
            plot(first, fields, others=[second])
