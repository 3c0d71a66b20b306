"""Pictures of refined meshes: outlines of blocks, projections."""

import numpy as np
import pytest
from matplotlib.collections import LineCollection

from crmpi.analysis.draw.plots import plot, snapshot_figure
from crmpi.analysis.draw.style import Options
from crmpi.analysis.read.readers import open_snapshot
from crmpi.cli.main import main
from crmpi.errors import CrmpiError
from tests.columns_case import refined_cube, write_gas
from tests.picture_case import faults


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    made = tmp_path_factory.mktemp("gas") / "gas_00000.athdf"
    tree = refined_cube(16, block=8, seed=6)
    write_gas(
        made,
        tree,
        lambda x1, x2, x3: 3.0 + x1,
        lambda x1, x2, x3: 1e6 * (2.0 + x3),
        velocity=lambda *x: (1.0, x[1], 0.0),
    )
    return made


def test_outlines_are_the_blocks_that_the_plane_cuts(path):
    with open_snapshot(path) as snapshot:
        figure = snapshot_figure(snapshot, ["dens"], 1, 0.1, options=Options(outlines=True))
        lines = [c for c in figure.axes[0].collections if isinstance(c, LineCollection)]
        cut = [
            (low, high)
            for low, high in map(snapshot.ends, range(snapshot.nblock))
            if low[1] <= 0.1 < high[1]
        ]
        drawn = {
            tuple(np.round([*line.min(axis=0), *line.max(axis=0)], 9))
            for line in lines[-1].get_segments()
        }
        assert drawn == {
            tuple(np.round([low[0], low[2], high[0], high[2]], 9)) for low, high in cut
        }
        assert not snapshot_figure(snapshot, ["dens"], 1).axes[0].collections
        assert not faults(figure)


def test_a_projection_is_the_column_and_the_mean_by_mass(path):
    """Density is integrated over 2 kpc; temperature, linear along the line, has its middle
    value."""
    with open_snapshot(path) as snapshot:
        figure = snapshot_figure(snapshot, ["dens", "temp", "vel2"], 2, kind="projection")
        images = [axes.get_images()[0].get_array() for axes in figure.axes if axes.get_images()]
        x = snapshot.centres(0, 2)
        exact = 2.0 * (3.0 + x) / snapshot.units.factor("Msun/pc^2")
        exact_coarse = np.abs(images[0] - exact[None, :]).max()
        # half a cell of level 0 times the slope
        assert exact_coarse <= 2.0 * 0.5 * 0.125 / snapshot.units.factor("Msun/pc^2")
        assert np.allclose(images[0].mean(), exact.mean(), rtol=1e-12)
        # cells of two levels beside one another differ in density by 2%
        assert np.allclose(images[1], 2e6, rtol=0.01)
        assert (images[0] * images[1]).sum() / images[0].sum() == pytest.approx(2e6, rel=1e-12)
        labels = [axes.get_ylabel() for axes in figure.axes if not axes.get_images()]
        assert (
            "integral" in labels[0]
            and "odot$/pc" in labels[0]
            and "mean by mass" in labels[1].replace("\n", " ")
        )
        assert not faults(figure)


def test_the_command_and_what_it_refuses(path, tmp_path, capsys):
    words = [
        "plot",
        str(path),
        "dens",
        "--projection",
        "--axis",
        "x1",
        "--outlines",
        "-o",
        str(tmp_path / "a.svg"),
    ]
    assert main(words) == 0 and (tmp_path / "a.svg").exists()
    assert main([*words[:4], "--position", "0", "-o", str(tmp_path / "b.png")]) != 0
    assert "leave out --position" in capsys.readouterr().err
    with pytest.raises(CrmpiError, match="slice, projection, profile, radial"):
        plot(path, kind="cube")
