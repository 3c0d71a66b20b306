"""One geometry: positions are written once, cells of every kind have the same metric, and nobody
asks which kind they are but where the kernels of a kind are chosen."""

import re
from pathlib import Path

import numpy as np
import pytest

from crmpi.mesh import BlockTree, make_pack
from crmpi.mesh.coordinates import Coordinates
from crmpi.mesh.geometry import Cartesian, TubeGeometry, even_places, geometry_of
from crmpi.mesh.leaves import refine
from crmpi.mesh.metric import EvenCells, TubeCells

PACKAGE = Path(__file__).parents[2] / "crmpi"
SPHERE = TubeGeometry("spherical", "log", (8, 1, 1), (1.0, 0.0, 0.0), (16.0, 1.0, 1.0))


def sphere_pack(block=4):
    ends = (1.0, 0.0, 0.0), (16.0, 1.0, 1.0), (False, True, True)
    tree = BlockTree((8, 1, 1), (block, 1, 1), *ends, SPHERE)
    return make_pack(tree, range(tree.nblock))


ROOMS = (
    "mesh",
    "parallel",
    "boundary",
    "diagnostics",
    "physics",
    "transport",
    "scattering",
    "refinement",
    "model",
    "output",
    "analysis",
    "run",
)


def places_of(pattern, rooms):
    """Return the files of some rooms in which a pattern is found."""
    return {
        path.relative_to(PACKAGE).as_posix()
        for room in rooms
        for path in (PACKAGE / room).rglob("*.py")
        if re.search(pattern, path.read_text())
    }


def test_nobody_asks_for_a_tube():
    assert places_of(r"\b(tube|geometry) is (not )?None|pack\.tube\b", ROOMS) == set()


def test_code_is_chosen_by_the_kind_of_cells_in_one_place():
    assert places_of(r"TubeCells: ", ROOMS) == {"transport/diffusion_cells.py"}


def test_kernels_of_the_fluid_do_not_distinguish_kinds_of_cells():
    kinds = r"\b(Tube|TubeAxis|EqualVolumes)\b"
    assert places_of(kinds, ["numerics/fluid", "numerics/cr", "numerics/levels"]) == set()


def test_positions_on_cartesian_axes_stand_once():
    rooms = ("mesh", "model", "refinement", "scattering", "boundary", "analysis/read")
    assert places_of(r"(\+ 0\.5|\+ offset)\) \* ", rooms) == {"mesh/geometry.py"}


def test_positions_of_blocks_and_of_the_mesh_are_bitwise_identical():
    tree = BlockTree((12, 8, 1), (4, 4, 1), (-1.0, 0.3, 0.0), (0.7, 1.0, 1.0))
    pack = make_pack(tree, range(tree.nblock))
    whole = Coordinates(tree, (0, 0, 0), tree.cells)
    for b in range(pack.nblock):
        x1, x2, _ = pack.coords(b)
        i, j, _ = pack.origins[b]
        assert np.array_equal(x1, whole.x1.ravel()[i : i + 4])
        assert np.array_equal(x2, whole.x2.ravel()[j : j + 4])
    assert np.array_equal(whole.x1.ravel(), even_places(-1.0, 1.7 / 12, np.arange(12)))


def test_a_mesh_without_a_word_is_cartesian():
    assert isinstance(BlockTree((4, 4, 4), (4, 4, 4)).geometry, Cartesian)
    tree = BlockTree((4, 4, 4), (4, 4, 4))
    assert geometry_of(tree) is tree.geometry
    assert isinstance(make_pack(tree, [0]).metric, EvenCells)


def test_cells_of_a_sphere():
    """Volumes are 4 pi/3 (r+^3 - r-^3), areas 4 pi r^2; faces are equally far apart in ln r."""
    pack, faces = sphere_pack(), 16.0 ** (np.arange(9) / 8)
    assert isinstance(pack.metric, TubeCells)
    metric, ghosts = pack.metric, pack.grid.ng1
    volumes = 4.0 * np.pi / 3.0 * np.diff(faces**3)
    found = metric.cells.volume[:, ghosts : ghosts + 4].ravel()
    assert found == pytest.approx(volumes, rel=1e-12)
    area = metric.cells.area[:, ghosts : ghosts + 5]
    assert area[0] == pytest.approx(4.0 * np.pi * faces[:5] ** 2, rel=1e-12)
    pack.u0[:, 0] = 1.0
    total = (pack.sums(pack.u0, [0]) * pack.cell_volumes).sum()
    assert total == pytest.approx(4.0 * np.pi / 3.0 * (16.0**3 - 1.0), rel=1e-12)


def test_a_uniform_field_on_a_sphere_becomes_that_of_a_constant_flux():
    pack = sphere_pack()
    faces = np.full((1, 1, 5), 3.0)
    pack.metric.weaken(faces, 1, 0)
    assert faces.ravel() == pytest.approx(3.0 / 16.0 ** (np.arange(4, 9) / 4), rel=1e-12)
    assert not pack.metric.turns


def test_integrals_on_both_kinds():
    ends = (1.0, 0.0, 0.0), (16.0, 1.0, 1.0), (False, True, True)
    x = Coordinates(BlockTree((8, 1, 1), (8, 1, 1), *ends, SPHERE), (0, 0, 0), (8, 1, 1))
    assert x.integral(1.0) == pytest.approx(4.0 * np.pi / 3.0 * (16.0**3 - 1.0), rel=1e-12)
    middle = 16.0 ** (4.5 / 8)
    assert x.plane_integral(2.0, x1=middle) == pytest.approx(8.0 * np.pi * middle**2, rel=1e-12)
    box = Coordinates(BlockTree((4, 2, 1), (4, 2, 1)), (0, 0, 0), (4, 2, 1))
    assert box.integral(3.0) == pytest.approx(3.0)
    assert box.plane_integral(3.0, x1=0.1) == pytest.approx(3.0)


def test_widths_and_volumes_on_levels():
    root = BlockTree((8, 8, 1), (4, 4, 1))
    first = lambda leaves: (leaves[:, 1:] == 0).all(axis=1).astype(int)  # noqa: E731
    tree = root.with_leaves(refine(root.roots, root.leaves, first))
    pack = make_pack(tree, range(tree.nblock))
    assert pack.widths(0) == pytest.approx(0.125 * 0.5**pack.levels)
    assert pack.widths(2) == pytest.approx(1.0)
    assert pack.cell_volumes == pytest.approx(0.125**2 * 0.25**pack.levels)
    assert np.array_equal(pack.volumes.volume, pack.cell_volumes)
