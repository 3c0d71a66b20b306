"""Pictures can be read whatever the shape of the box: nothing overlaps, nothing is cut off, images
are to scale and large."""

from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest

from crmpi.analysis.draw import beside, figures, sweeps
from crmpi.analysis.draw.column_maps import figure_of as maps_figure
from crmpi.analysis.draw.plots import chosen_columns, history_figure, run_figure, snapshot_figure
from crmpi.analysis.draw.report import Table
from crmpi.analysis.draw.style import STYLE, Options, set_scale
from crmpi.analysis.measure.catalogue import Measured
from crmpi.analysis.measure.columns import Map
from crmpi.analysis.read.readers import open_snapshot
from crmpi.cli.main import main
from crmpi.compare.data import near
from crmpi.compare.figures import draw_columns, draw_transport
from crmpi.compare.measure import Seen
from crmpi.compare.verdicts import all_data
from crmpi.constraints.cos_halos import read_cos_halos
from crmpi.errors import CrmpiError
from crmpi.output.history import Columns
from tests.picture_case import SHAPES, faults, share_of_page
from tests.unit.test_plot import make_run

NAMES = ["dens", "press", "vel1", "bmag", "pcr"]


@pytest.fixture(scope="module", params=SHAPES)
def run(request, tmp_path_factory):
    """The folder of a run whose box has one of the shapes."""
    return make_run(tmp_path_factory.mktemp(request.param.replace(" ", "_")), SHAPES[request.param])


@pytest.fixture(autouse=True)
def style():
    with mpl.rc_context(STYLE):
        yield


def last(run):
    return open_snapshot(run / "snapshots/snapshot_00001.athdf")


def assert_to_scale(figure, snapshot, axis):
    """Images have the shape of their box, up to ten to one, and at least .3 inches."""
    width, height = (snapshot.upper[a] - snapshot.lower[a] for a in range(3) if a != axis)
    shape = min(max(height / width, 0.1), 10.0)
    images = [axes for axes in figure.axes if axes.images]
    assert images
    for axes in images:
        box = axes.get_window_extent()
        assert box.height / box.width == pytest.approx(shape, rel=1e-6)
        assert min(box.width, box.height) > 0.3 * figure.dpi


@pytest.mark.parametrize("count", [1, 5])
def test_snapshots(run, count):
    with last(run) as snapshot:
        figure = snapshot_figure(snapshot, NAMES[:count])
        assert faults(figure) == []
        if len(snapshot.axes) > 1:
            assert_to_scale(
                figure, snapshot, next((a for a in (2, 1) if a not in snapshot.axes), 1)
            )
    assert share_of_page(figure) > 0.2


def test_page_on_a_run(run):
    figure = run_figure(run)
    assert faults(figure) == []
    assert share_of_page(figure) > 0.2


@pytest.mark.parametrize(
    "names", [["a", "b"], ["transport.preset=butsky_quinn2018_stream", "b", "c", "d"]]
)
def test_runs_beside_one_another(run, names):
    with last(run) as one:
        snapshots = [one] * len(names)
        if len(one.axes) == 1:
            assert faults(beside.profiles(snapshots, names, NAMES, 0, False)) == []
            return
        axis = next((a for a in (2, 1) if a not in one.axes), 1)
        count = 5 - len(names)
        figure = beside.slices(snapshots, names, NAMES[:count], axis, None)
        assert faults(figure) == []
        assert_to_scale(figure, one, axis)
        bars = [axes for axes in figure.axes if not axes.images]
        assert len(bars) == count  # one bar for one scale of colours


@pytest.mark.parametrize("axis", [0, 2])
def test_maps_of_columns(run, axis):
    """Bars are as long as maps."""
    with last(run) as snapshot:
        over = [a for a in range(3) if a != axis]
        faces = [np.linspace(snapshot.lower[a], snapshot.upper[a], 5) for a in over]
        found = {
            ion: Map(10.0 ** (12.0 + np.random.default_rng(n).random((4, 4))), over, faces, 0)
            for n, ion in enumerate(("H I", "O VI", "C IV"))
        }
        figure = maps_figure(found, 1.0, "t = 1 Myr")
    assert faults(figure) == []
    for one, bar in zip(figure.axes[::2], figure.axes[1::2], strict=True):
        a, b = one.get_window_extent(), bar.get_window_extent()
        assert b.height == pytest.approx(a.height) or b.width == pytest.approx(a.width)


def test_boxes_of_different_shape_beside_one_another(tmp_path):
    cube, tower = (make_run(tmp_path / name, SHAPES[name]) for name in ("cube", "tower"))
    with last(cube) as one, last(tower) as other:
        figure = beside.slices([one, other], ["cube", "tower"], ["dens"], 1, None)
    boxes = [axes.get_window_extent() for axes in figure.axes if axes.images]
    assert [box.height / box.width for box in boxes] == pytest.approx([1.0, 8.0])
    assert faults(figure) == []


def test_long_labels_beside_long_numbers(tmp_path):
    """A label on two lines beside numbers such as 10^-15 is on the page."""
    run = make_run(tmp_path, SHAPES["cube"])
    with last(run) as snapshot:
        figure = beside.profiles(
            [snapshot], ["a"], ["fcr", "pcr"], 2, False, Options({"": (1e-16, 1e-3)}, log=True)
        )
        assert faults(figure) == []
        assert (
            faults(
                snapshot_figure(
                    snapshot,
                    ["fcr", "pcr"],
                    kind="radial",
                    options=Options({"": (1e-16, 1e-3)}, log=True),
                )
            )
            == []
        )


def test_faults_are_seen():
    figure = mpl.figure.Figure((2.0, 2.0))
    axes = figure.add_axes((0.0, 0.5, 0.5, 0.5))
    axes.imshow(np.ones((2, 2)))
    figure.text(0.5, 0.1, "one")
    figure.text(0.51, 0.1, "two")
    figure.text(0.95, 0.3, "three")
    figure.text(0.1, 0.8, "four")
    said = faults(figure)
    assert (
        "'one' is on 'two'" in said
        and "'three' is cut off" in said
        and "'four' is on an image" in said
    )


def history(count):
    """A history of `count` energies from 1e-21 to 1, and what runs write besides."""
    time = np.linspace(0.0, 1.0, 9)
    arrays = {"time": time, "step": time, "dt": time} | {
        f"energy_of_sort_{n}": 1e-21 ** (n / count) * (1.0 + time) for n in range(count)
    }
    arrays |= {
        "floor_added_energy": time,
        "losses_lost": time,
        "mass": 4.2e10 * (1.0 + 1e-4 * time),
        "mdot": 1e-9 * time,
    }
    units = dict.fromkeys(arrays, "erg") | {"time": "Myr", "mass": "Msun", "mdot": "Msun/yr"}
    return Columns(arrays, units)


@pytest.mark.parametrize("count", [1, 4, 20])
def test_histories(count):
    figure = history_figure(history(count))
    assert faults(figure) == []
    for axes in figure.axes:
        assert len(axes.get_lines()) <= 7
        low, high = axes.get_ylim()
        assert axes.get_yscale() == "linear" or low >= 0.9e-8 * high / 2.0  # eight decades at most
        legend = axes.get_legend()
        if legend:
            # beside the panel, on no line
            assert legend.get_window_extent().x0 >= axes.get_window_extent().x1


def test_columns_are_chosen_by_name():
    columns = history(3)
    assert chosen_columns(columns, ["losses_lost", "energy*"]) == [
        "losses_lost",
        *(f"energy_of_sort_{n}" for n in range(3)),
    ]
    assert not {"floor_added_energy", "losses_lost"} & set(chosen_columns(columns))
    with pytest.raises(CrmpiError, match=r"no column 'enegy\*'"):
        chosen_columns(columns, ["enegy*"])


def diagram():
    """A phase diagram with a few filled bins, as haloes have."""
    values = np.zeros((48, 32))
    values[20:26, 18:21] = np.random.default_rng(1).random((6, 3)) + 0.1
    values[30, 10] = 3.0
    return Measured(
        "phase",
        {"mass [Msun]": 1e5 * values, "volume [kpc^3]": values},
        {"dens [m_p/cm^3]": np.geomspace(1e-8, 1e4, 48), "temp [K]": np.geomspace(10, 1e9, 32)},
    )


def lines_of_ions():
    radius = np.array([20.0, 50.0, 100.0])
    values = {
        f"N {ion}{edge} [1/cm^2]": 10.0 ** (12 + n) / radius
        for n, ion in enumerate(
            ("H", "HI", "MgII", "SiII", "SiIII", "SiIV", "CII", "CIII", "CIV", "NV", "OVI")
        )
        for edge in ("", "_16", "_84")
    }
    return Measured("columns", values, {"impact [kpc]": radius})


def tables(*measured):
    return [
        Table(
            Path("runs/halo/snapshots/snapshot_00001.athdf"), ("time [Myr]", 100.0), list(measured)
        )
    ]


@pytest.mark.parametrize(
    "what", [[diagram], [lines_of_ions], [diagram, lines_of_ions]], ids=["diagram", "lines", "both"]
)
def test_what_observe_draws(what):
    figure = figures.figure_of(tables(*(make() for make in what)))
    assert faults(figure) == []
    assert all(
        min(axes.get_window_extent().width, axes.get_window_extent().height) > 0.1 * figure.dpi
        for axes in figure.axes
    )
    assert all(len(axes.get_lines()) <= 7 for axes in figure.axes)


def test_lines_below_the_panel_are_called_so():
    values = {"N H [1/cm^2]": np.array([1e20, 1e19]), "N MgII [1/cm^2]": np.array([1e3, 1e2])}
    figure = figures.figure_of(
        tables(Measured("columns", values, {"impact [kpc]": np.array([20.0, 50.0])}))
    )
    assert [text.get_text() for text in figure.axes[0].get_legend().get_texts()] == [
        "N H",
        "N MgII (below)",
    ]
    assert faults(figure) == []


def test_data_fill_a_diagram():
    """The range of the data, 11 x 11 bins, is most of the frame; all 48 x 32 bins were shown
    before, .08 of it."""
    figure = figures.figure_of(tables(diagram()))
    axes = figure.axes[0]
    (x, y), (low, high) = axes.get_xlim(), axes.get_ylim()
    shown = np.log(x / y) / np.log(1e-12) * 47 * np.log(low / high) / np.log(1e-8) * 31
    assert 11 * 11 / shown > 0.7


@pytest.mark.parametrize("size", [(6.0, 4.0), (12.0, 12.0)])
def test_size_of_the_page(run, size):
    options = Options(size=size)
    with last(run) as snapshot:
        figure = snapshot_figure(snapshot, ["dens"], options=options)
        assert tuple(figure.get_size_inches()) == size
        assert faults(figure) == []
    with pytest.raises(CrmpiError, match="too small"):
        run_figure(run, options=Options(size=(1.0, 1.0)))


def test_limits_scales_and_colours(run):
    options = Options({"dens": (1e-3, 7.0), "": (1.0, 2.0)}, log=True, cmap="magma")
    with last(run) as snapshot:
        figure = snapshot_figure(snapshot, ["dens", "press"], options=options)
        shown = [
            axes.images[0] if axes.images else axes
            for axes in figure.axes
            if axes.images or axes.get_lines()
        ]
    if len(snapshot.axes) > 1:
        assert [image.get_clim() for image in shown] == [(1e-3, 7.0), (1.0, 2.0)]
        assert {image.get_cmap().name for image in shown} == {"magma"} and isinstance(
            shown[0].norm, mpl.colors.LogNorm
        )
    else:
        assert [axes.get_ylim() for axes in shown] == [(1e-3, 7.0), (1.0, 2.0)]
        assert {axes.get_yscale() for axes in shown} == {"log"}


def test_no_axis_shows_rounding_errors():
    axes = mpl.figure.Figure().subplots()
    set_scale(axes, ["vel1"], np.array([-1e-21, 2e-21]), minimum=1e-9)
    assert axes.get_ylim() == (-1e-9, 1e-9)
    axes = mpl.figure.Figure().subplots()
    set_scale(axes, ["pcr"], np.array([1e-21, 1e-3, 1.0]))
    assert axes.get_ylim()[0] >= 0.5e-8


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--limits", "1"], "--limits 1 is not of the form two numbers, or NAME=LOW,HIGH"),
        (["--limits", "2", "1"], "first must be smaller"),
        (["--limits", "temp=1,2"], "the picture has no 'temp'"),
        (["--cmap", "rainbowish"], "is not a colour map"),
        (["--size", "0", "4"], "inches, between 0 and 200"),
        (["vel1", "--log"], None),
    ],
)
def test_mistakes_in_options(tmp_path, capsys, words, message):
    make_run(tmp_path, SHAPES["square"])
    fields = ["dens"] if words[0].startswith("--") else []
    status = main(["plot", str(tmp_path / "snapshots/snapshot_00001.athdf"), *fields, *words])
    assert (status != 0) == (message is not None)
    assert message is None or message in capsys.readouterr().err


def test_columns_of_the_history_of_a_folder(tmp_path):
    make_run(tmp_path)
    assert main(["plot", str(tmp_path), "mass loading", "--output", str(tmp_path / "h.svg")]) == 0
    assert "time [" in (tmp_path / "h.svg").read_text()


@pytest.mark.parametrize("count", [1, 3, 15])
def test_figures_of_a_comparison(count):
    labels = [f"[24,24,24], transport_number_{n}" for n in range(count)]
    places = np.array([10.0, 80.0, 155.0])
    columns = {ion: (np.array([13.0, 12.0, 11.0]),) * 3 for ion in ("H", "H I", "O VI", "N V")}
    profiles = {"pcr": np.array([1.0, 0.1, 0.01]), "pgas": np.ones(3), "kappa": np.full(3, 1e29)}
    seen = {
        label: Seen(places, profiles, places, columns, {"L_gamma/L_SF": 1e-6}, {})
        for label in labels
    }
    data = all_data(near(read_cos_halos(), 12.0, 0.5))
    for figure in (draw_columns(seen, data, ["H I", "O VI", "N V"]), draw_transport(seen, data)):
        assert faults(figure) == []


@pytest.mark.parametrize("count", [1, 4, 15])
def test_figures_of_a_sweep(tmp_path, count):
    labels = [f"transport_number_{n}" for n in range(count)]
    results = {
        label: {"mass_loading": 0.1 * n, "cr_loading [1]": 1e-3} for n, label in enumerate(labels)
    }
    figure = sweeps.figure_of(
        ["mass_loading", "cr_loading", "mdot"], results, dict.fromkeys(labels, history(1))
    )
    assert faults(figure) == []
