"""Patches on the grid: how much of space they fill, their sizes, and that blocks do not matter."""

import numpy as np
import pytest

from crmpi.errors import CrmpiError
from crmpi.params import make
from crmpi.scattering.patches import PatchField, PatchStatistics
from crmpi.scattering.patchy import Patchy
from crmpi.types import EOS
from crmpi.units import Units
from tests.transport_case import Stage, box

UNITS = Units("galactic")


class Mesh:
    """A periodic unit mesh."""

    def __init__(self, cells):
        self.cells, self.lower, self.upper = cells, (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)
        self.periodic = (True, True, True)


def whole(stage, values):
    """Return the active cells of all blocks on the whole mesh."""
    g, out = stage.pack.grid, np.zeros(stage.ghosts.cells[::-1])
    for b, first in enumerate(stage.pack.origins):
        out[box(first[::-1], (g.n3, g.n2, g.n1))] = stage.pack.active(values[:, None])[b, 0]
    return out


@pytest.mark.parametrize("cells", [(4096, 1, 1), (256, 256, 1), (48, 48, 48)])
def test_filling_within_its_scatter(cells):
    dimensions = sum(n > 1 for n in cells)
    largest = {1: 4e-3, 2: 0.03, 3: 0.1}[dimensions]
    shares, covered = 0.3, []
    for seed in range(6):
        field = PatchField(
            PatchStatistics(largest, largest, 0.5, shares, dimensions), Mesh(cells), seed
        )
        stage = Stage(cells)
        covered.append((whole(stage, field.largest_radius(stage.pack)) > 0).mean())
    number = (
        6
        * -np.log(1 - shares)
        / {1: 2, 2: np.pi, 3: 4 * np.pi / 3}[dimensions]
        / largest**dimensions
    )
    # of N independent patches, 4 sigma
    assert np.mean(covered) == pytest.approx(shares, abs=4 * shares / np.sqrt(number))


def test_every_block_shape_has_the_same_patches():
    statistics = PatchStatistics(0.04, 0.2, 0.5, 0.3, 3)
    field = PatchField(statistics, Mesh((16, 16, 16)), 3)
    maps = [
        whole(stage, field.largest_radius(stage.pack))
        for stage in (Stage((16, 16, 16)), Stage((16, 16, 16), (8, 4, 16)))
    ]
    assert np.array_equal(*maps)
    assert 0.1 < (maps[0] > 0).mean() < 0.6


def test_ghost_zones_continue_periodically():
    field = PatchField(PatchStatistics(0.1, 0.1, 0.5, 0.4, 2), Mesh((32, 32, 1)), 5)
    stage = Stage((32, 32, 1))
    radius = field.largest_radius(stage.pack)[0, 0]
    assert np.array_equal(radius[2:34, 1], radius[2:34, 33])
    assert np.array_equal(radius[34, 2:34], radius[2, 2:34])


def test_sizes_follow_their_distribution():
    statistics = PatchStatistics(1.0, 10.0, 0.5, 0.1, 3)
    radii = statistics.sizes((np.arange(100000) + 0.5) / 100000)
    assert radii.min() == pytest.approx(1.0, rel=1e-4) and radii.max() == pytest.approx(
        10.0, rel=1e-2
    )
    above = (radii > 2.0).mean()
    assert above == pytest.approx((2.0**-2.5 - 10.0**-2.5) / (1 - 10.0**-2.5), abs=1e-5)


def test_resolved_patches_scatter_only_those_that_fit():
    """With a weak field the orbits of high rigidity are larger than the patches, which then do
    nothing."""
    cells = (32, 32, 1)
    stage = Stage(cells)
    stage.pack.w0[:, 0] = 1.0
    stage.pack.w0[:, 4] = 1.0
    stage.pack.bcc[:, 0] = 1e-6 * UNITS.factor("uG")
    given = dict(
        mode="resolved",
        size_min="50 pc",
        size_max="50 pc",
        filling=0.3,
        kappa_strong="1e27 cm^2/s",
        kappa_weak="1e30 cm^2/s",
    )
    model = Patchy(make(Patchy.Params, UNITS, **given), UNITS, EOS(5 / 3, 4 / 3, 0.6), Mesh(cells))
    out = stage.pack.allocate(2)
    shares = []
    for rigidity in (1.0, 1e9):
        model.evaluate(stage.pack, out, rigidity)
        shares.append((stage.pack.active(out)[:, 0] < UNITS.to_code(1e28, "cm^2/s")).mean())
    assert 0.1 < shares[0] < 0.5
    assert shares[1] == 0.0


def test_patches_below_the_grid_are_refused():
    stage = Stage((32, 32, 1))
    model = Patchy(
        make(Patchy.Params, UNITS, mode="resolved", size_min="1 pc", size_max="10 pc"),
        UNITS,
        None,
        Mesh((32, 32, 1)),
    )
    with pytest.raises(CrmpiError, match=r"size_max = 10 pc is below the cell width 31\.2 pc"):
        model.check(stage.pack)


def test_resolved_patches_are_refused_on_a_tube():
    stage = Stage((32, 1, 1))
    stage.pack.metric.axis = 0
    model = Patchy(
        make(Patchy.Params, UNITS, mode="resolved", size_min="60 pc", size_max="90 pc"),
        UNITS,
        None,
        Mesh((32, 1, 1)),
    )
    with pytest.raises(CrmpiError, match="plain meshes"):
        model.check(stage.pack)
