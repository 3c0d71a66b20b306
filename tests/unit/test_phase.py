"""Phase diagrams hold what the cells hold, and lines of the field follow it."""

import numpy as np
import pytest

from crmpi.analysis.draw import phase, streamlines
from crmpi.analysis.draw.plots import plot, snapshot_figure
from crmpi.analysis.draw.style import Options, length_unit
from crmpi.analysis.read.readers import open_snapshot
from crmpi.errors import CrmpiError
from tests.columns_case import refined_cube, write_gas
from tests.picture_case import SHAPES, faults
from tests.unit.test_plot import make_run


@pytest.fixture(scope="module")
def refined(tmp_path_factory):
    """A snapshot of a mesh of several levels, density 3 + x1 in code units."""
    made = tmp_path_factory.mktemp("gas") / "gas_00000.athdf"
    write_gas(
        made,
        refined_cube(16, block=8, seed=6),
        lambda x1, x2, x3: 3.0 + x1,
        lambda x1, x2, x3: 1e6 * (2.0 + x3),
        velocity=lambda *x: (1.0 + 0.0 * x[0], 0.0 * x[0], 0.0 * x[0]),
    )
    return made


@pytest.fixture(scope="module")
def tower(tmp_path_factory):
    return make_run(tmp_path_factory.mktemp("tower"), SHAPES["tower"])


@pytest.mark.parametrize("weight", ["dens", "volume"])
def test_bins_sum_up_to_what_the_cells_of_all_levels_hold(refined, weight):
    with open_snapshot(refined) as snapshot:
        found = phase.phase(snapshot, ["dens", "temp"], Options(weight=weight))
        box = np.prod([b - a for a, b in zip(snapshot.lower, snapshot.upper, strict=True)])
        middle = 3.0 + 0.5 * (snapshot.lower[0] + snapshot.upper[0])  # mean of 3 + x1
        unit = {"dens": "Msun", "volume": "kpc^3"}[weight]
        exact = box * (middle if weight == "dens" else 1.0) / snapshot.units.factor(unit)
        assert found.amounts.sum() == pytest.approx(exact, rel=1e-12)
        assert found.amounts.shape == phase.BINS[::-1]
        # mass is where its density is: no bin holds more than the box has at that density
        if weight == "volume":
            density = 0.5 * (found.edges[0][1:] + found.edges[0][:-1])
            factor = snapshot.shown_in("dens")[1]
            mean = (found.amounts.sum(axis=0) * density).sum() / found.amounts.sum() / factor
            assert mean == pytest.approx(middle, rel=0.01)  # a bin is a hundredth of the range


def test_axes_are_logarithmic_where_numbers_span_more_than_a_factor_of_five(refined):
    with open_snapshot(refined) as snapshot:
        found = phase.phase(snapshot, ["dens", "vel1"])
        assert found.logs[1] is False  # all cells have one velocity: it has a range none the less
        assert found.edges[1][0] < 1.0 * snapshot.shown_in("vel1")[1] < found.edges[1][-1]
        assert phase.phase(snapshot, ["dens", "temp"], Options(log=True)).logs == (True, True)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_diagrams_can_be_read(tower, count):
    with open_snapshot(tower / "snapshots/snapshot_00001.athdf") as snapshot:
        figure = phase.figure_of(
            [snapshot] * count, ["one"] * count, "t = 1 Myr", ["dens", "press"]
        )
    assert faults(figure) == []
    assert len([axes for axes in figure.axes if axes.get_title()]) == count


def test_lines_follow_the_field(refined):
    """A uniform flow along x1: every piece of every line is horizontal and inside of the box."""
    with open_snapshot(refined) as snapshot:
        figure = snapshot_figure(
            snapshot, ["dens"], axis=1, options=Options(streamlines="vel", outlines=True)
        )
        scale = length_unit(snapshot)[1]
        (lines,) = [
            c for c in figure.axes[0].collections if len(c.get_segments()) and c.get_path_effects()
        ][:1]
        points = np.concatenate(lines.get_segments())
        assert np.ptp(np.diff(np.stack(lines.get_segments()), axis=1)[..., 1]) < 1e-12
        assert points.min() >= snapshot.lower[0] * scale
        assert points.max() <= snapshot.upper[0] * scale
    assert faults(figure) == []


def test_lines_in_every_shape(tower):
    with open_snapshot(tower / "snapshots/snapshot_00001.athdf") as snapshot:
        for kind in ("slice", "projection"):
            figure = snapshot_figure(
                snapshot, ["dens", "pcr"], kind=kind, options=Options(streamlines="b")
            )
            assert faults(figure) == []


def test_mistakes(refined, tower, tmp_path):
    last = tower / "snapshots/snapshot_00001.athdf"
    line = make_run(tmp_path, SHAPES["line"]) / "snapshots/snapshot_00000.athdf"
    for path, options, message in (
        (last, {"fields": ["dens"], "kind": "phase"}, "over two quantities, such as dens temp"),
        (last, {"kind": "phase", "options": Options(weight="temp")}, "cannot be summed up"),
        (line, {"options": Options(streamlines="b")}, "is one-dimensional, there are no lines"),
    ):
        with pytest.raises(CrmpiError, match=message):
            plot(path, **options)
    with (
        open_snapshot(refined) as snapshot,
        pytest.raises(CrmpiError, match=r"has no 'b1', so --streamlines b has no lines"),
    ):
        streamlines.check(snapshot, "b")
