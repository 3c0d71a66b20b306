"""Observables on randomly refined meshes: every leaf counts once, with its volume."""

import numpy as np
import pytest

from crmpi.analysis.measure.catalogue import measure
from crmpi.analysis.measure.columns import Composition, column, column_map, columns
from crmpi.analysis.measure.rays import Line, tilted_lines
from crmpi.analysis.read.readers import open_snapshot
from crmpi.errors import CrmpiError
from crmpi.mesh.leaves import close, split
from crmpi.refinement.regions import leaf_boxes
from crmpi.units import Units
from tests.columns_case import cube, refined_cube, write_gas

CM = Units("galactic").factor("cm")  # in code units
GRAMS = Units("galactic").cgs("mass")
BLOCKS = {"8": dict(block=8, seed=6, rounds=3), "4": dict(block=4, seed=4, rounds=2)}


@pytest.fixture(params=BLOCKS)
def tree(request):
    made = refined_cube(16, **BLOCKS[request.param])
    assert set(made.levels) >= {0, 1, 2}
    return made


def snapshot_of(tmp_path, tree, density, name="gas", **options):
    write_gas(tmp_path / f"{name}.athdf", tree, density, **options)
    return open_snapshot(tmp_path / f"{name}.athdf")


def wavy(x1, x2, x3):
    return 2.0 + np.sin(3.0 * x1) * np.cos(2.0 * x2 + x3)


def leaf_sum(snapshot, name):
    """Return the volume integral of a quantity, by hand: cell volumes fall by 8 from level to
    level."""
    size = np.prod(np.subtract(snapshot.upper, snapshot.lower) / snapshot.cells)
    return sum(
        snapshot.values(name, g).sum() * size / 8.0 ** snapshot.levels[g]
        for g in range(snapshot.nblock)
    )


def test_volumes_fill_the_box_and_positions_are_those_of_the_file(tmp_path, tree):
    snapshot = snapshot_of(tmp_path, tree, wavy)
    assert sum(
        np.sum(np.broadcast_to(c.volume, c.shape)) for c in snapshot.blocks()
    ) == pytest.approx(8.0, rel=1e-14)
    for cells in snapshot.blocks():
        for axis in range(3):
            assert np.array_equal(cells.faces(axis), snapshot._file[f"x{axis + 1}f"][cells.gid])
            assert np.allclose(
                cells.centres(axis), snapshot._file[f"x{axis + 1}v"][cells.gid], rtol=0, atol=1e-15
            )
        assert np.allclose(cells["dens"], wavy(cells.x1, cells.x2, cells.x3), rtol=1e-14)


@pytest.mark.parametrize("axis", (0, 1, 2))
def test_columns_through_a_uniform_sphere(tmp_path, tree, axis):
    """The chord of a ball of radius 0.7, as far as cells resolve its edge: two cells of level 0."""
    ball = lambda x1, x2, x3: np.where(x1**2 + x2**2 + x3**2 < 0.49, 1.0, 1e-12)  # noqa: E731
    snapshot = snapshot_of(tmp_path, tree, ball)
    uniform = snapshot_of(tmp_path, cube(16, 8), ball, name="uniform")
    whole = (
        Composition().hydrogen_fraction
        * Units("galactic").cgs("density")
        * Units("galactic").cgs("length")
        / 1.67262192369e-24
    )
    for b in (0.03, 0.3):
        found = column(snapshot, "H", b, axis) / whole
        assert found == pytest.approx(2.0 * np.sqrt(0.49 - b**2), abs=2.0 * 2.0 / 16)
        assert found == pytest.approx(column(uniform, "H", b, axis) / whole, abs=2.0 * 2.0 / 16)


def test_lines_in_any_direction_see_all_of_the_box(tmp_path, tree):
    snapshot = snapshot_of(tmp_path, tree, lambda x1, x2, x3: 1.0)
    lines = tilted_lines([0.0, 0.4], 12)
    found = columns(snapshot, ["H"], lines)
    uniform = columns(
        snapshot_of(tmp_path, cube(16, 8), lambda x1, x2, x3: 1.0, name="uniform"), ["H"], lines
    )
    assert np.allclose(found.values["H"], uniform.values["H"], rtol=1e-12)


@pytest.mark.parametrize("level", (0, 1, None))
def test_maps_hold_all_the_mass(tmp_path, tree, level):
    snapshot = snapshot_of(tmp_path, tree, wavy)
    atoms = leaf_sum(snapshot, "dens") * GRAMS * Composition().hydrogen_fraction / 1.67262192369e-24
    for axis in range(3):
        plane = snapshot.projection("dens", axis, level=level)
        area = np.prod([faces[1] - faces[0] for faces in plane.faces])
        assert plane.values.sum() * area == pytest.approx(leaf_sum(snapshot, "dens"), rel=1e-13)
        found = column_map(snapshot, "H", axis, level=level)
        assert found.values.sum() * area / CM**2 == pytest.approx(atoms, rel=1e-13)
        mean = snapshot.projection("temp", axis, weight="dens", level=level)
        assert np.allclose(mean.values, 1e4, rtol=1e-12)


def test_a_map_is_the_column_along_its_lines(tmp_path, tree):
    """Along centres of cells of the finest level, lines and the map of that level see the same
    cells."""
    snapshot = snapshot_of(tmp_path, tree, wavy)
    found = column_map(snapshot, "H", 2)
    x1, x2 = (0.5 * (faces[1:] + faces[:-1]) for faces in found.faces)
    places = [(3, 5), (17, 40), (60, 21)]
    lines = [Line(np.array([x1[i], x2[j], 0.0]), np.array([0.0, 0.0, 1.0]), 0.0) for j, i in places]
    values = columns(snapshot, ["H"], lines).values["H"]
    assert np.allclose(values, [found.values[place] for place in places], rtol=1e-12)


def table(snapshot, name, *overrides):
    (found,) = measure(snapshot, [name], overrides)
    return found.axes | found.columns


@pytest.mark.parametrize("level", (0, 1, 3))
@pytest.mark.parametrize("axis", (0, 1, 2))
def test_profile_of_a_linear_field(tmp_path, tree, axis, level):
    """Layers of level 0 have the mean of what is linear, whatever blocks they hold; finer ones hold
    the volume of the box."""
    linear = lambda *x: 3.0 + 2.0 * x[axis]  # noqa: E731
    snapshot = snapshot_of(tmp_path, tree, linear, units="none")
    found = table(snapshot, "profile", f"profile.axis=x{axis + 1}", f"profile.level={level}")
    x = found[f"x{axis + 1} [code]"]
    n = 16 * 2**level
    assert np.allclose(found["volume [code]"], 8.0 / n, rtol=1e-13)
    assert np.allclose(x, -1.0 + (np.arange(n) + 0.5) * 2.0 / n, rtol=0, atol=1e-14)
    dens = found["dens [code]"]
    assert (dens * found["volume [code]"]).sum() == pytest.approx(
        leaf_sum(snapshot, "dens"), rel=1e-13
    )
    if level == 0:
        assert np.allclose(dens, 3.0 + 2.0 * x, rtol=1e-13)
        layers = snapshot.profile("dens", axis)  # as thick as the largest cells there
        assert len(layers.x) >= 16 and np.allclose(layers.values, 3.0 + 2.0 * layers.x, rtol=1e-13)
    else:
        # half a cell of level 0 times the slope
        assert np.abs(dens - 3.0 - 2.0 * x).max() <= 2.0 / 16


def test_radial_profiles_and_phase_diagrams_count_everything(tmp_path, tree):
    snapshot = snapshot_of(
        tmp_path, tree, wavy, temperature=lambda x1, x2, x3: 10.0 ** (5.0 + x1 + x2)
    )
    units = snapshot.units
    mass, volume = leaf_sum(snapshot, "dens"), 8.0
    phase = table(snapshot, "phase")
    assert phase["mass [Msun]"].sum() * units.factor("Msun") == pytest.approx(mass, rel=1e-13)
    assert phase["volume [kpc^3]"].sum() * units.factor("kpc^3") == pytest.approx(volume, rel=1e-13)
    shells = table(
        snapshot, "radial_profile", f"radial_profile.outer={np.sqrt(3.0) / units.factor('kpc')} kpc"
    )
    assert shells["volume [kpc^3]"].sum() * units.factor("kpc^3") == pytest.approx(
        volume, rel=1e-13
    )
    dens = shells["dens [m_p/cm^3]"] * units.factor("m_p/cm^3")
    assert np.nansum(dens * shells["volume [kpc^3]"]) * units.factor("kpc^3") == pytest.approx(
        mass, rel=1e-13
    )
    found = snapshot.radial_profile("dens", nbins=8)
    assert len(found.x) == 8 and np.all((found.values > 1.0) & (found.values < 3.0))


@pytest.mark.parametrize("axis", (0, 1, 2))
def test_planes_between_any_levels(tmp_path, tree, axis):
    """A flux that is linear along the normal is interpolated exactly, also where a coarse layer
    lies beside a fine one."""
    velocity = lambda *_: [1.0 if a == axis else 0.0 for a in range(3)]  # noqa: E731
    snapshot = snapshot_of(
        tmp_path, tree, lambda *x: 3.0 + 2.0 * x[axis], units="none", velocity=velocity
    )
    heights = np.array([0.05, 0.25, 0.26, 0.31, 0.4, 0.49, 0.5, 0.51, 0.745, 0.76, 0.88])
    for midplane in (-0.95, 0.05):
        words = [
            f"loading.heights={(heights + 0.001).tolist()}",
            f"loading.axis=x{axis + 1}",
            f"loading.midplane={midplane}",
        ]
        found = table(snapshot, "loading", *words)
        rates = [value for label, value in found.items() if label.startswith("mass_out_")]
        places = [[midplane + s * (h + 0.001) for s in (-1, 1)] for h in heights]
        inside = [[place for place in both if abs(place) < 1.0] for both in places]
        exact = [
            4.0 * sum((3.0 + 2.0 * place) for place in both if place > midplane) for both in inside
        ]
        assert np.allclose(rates, exact, rtol=1e-12)


def test_spheres_cut_any_levels(tmp_path, tree):
    """rho v ~ 1/r^2 through any sphere is the same rate."""

    def velocity(x1, x2, x3):
        r3 = (x1**2 + x2**2 + x3**2) ** 1.5
        return x1 / r3, x2 / r3, x3 / r3

    snapshot = snapshot_of(tmp_path, tree, lambda *x: 1.0, units="none", velocity=velocity)
    found = table(snapshot, "loading", "loading.radii=[0.4, 0.55, 0.7]")
    assert np.allclose(
        [found[f"mass_r{r} [code]"] for r in (0.4, 0.55, 0.7)], 4.0 * np.pi, rtol=1e-12
    )


def test_light_of_a_uniform_box(tmp_path, tree):
    """Gamma rays and X-rays are volume sums: what a uniform mesh has, exactly; so is the brightness
    of every ring."""
    made = [
        snapshot_of(tmp_path, t, lambda *x: 1e-3, name, temperature=1e7, ecr=0.4)
        for t, name in ((tree, "a"), (cube(16, 8), "b"))
    ]
    for snapshot in made:
        snapshot.facts.config["losses"] = {"enabled": True}
    for name in ("gamma_rays", "xray", "xray_profile", "ionisation", "columns"):
        words = ["columns.impacts=[0.2, 0.4]"] if name == "columns" else []
        refined, uniform = (table(snapshot, name, *words) for snapshot in made)
        for label, values in uniform.items():
            assert np.allclose(refined[label], values, rtol=1e-12) or label.startswith("outside"), (
                label
            )


def test_the_mass_column_of_a_halo(tmp_path, tree):
    from crmpi.constraints.simulated import column_map as mass_columns

    snapshot = snapshot_of(tmp_path, tree, wavy)
    for axis in range(3):
        found, radius = mass_columns(snapshot, axis)
        assert found.shape == radius.shape == (64, 64)
        assert found.sum() * (2.0 / 64) ** 2 == pytest.approx(leaf_sum(snapshot, "dens"), rel=1e-13)


def test_layers_are_as_thick_as_the_largest_cells_there(tmp_path):
    """A slab that is refined across the whole box shows its cells; beside it there are those of
    level 0."""
    root = cube(16, 4)
    leaves = split(root.roots, root.leaves, root.leaves[:, 3] == 1)
    snapshot = snapshot_of(
        tmp_path, root.with_leaves(leaves), lambda x1, x2, x3: 2.0 + x3, units="none"
    )
    found = snapshot.profile("dens", 2)
    width = np.array([0.125] * 4 + [0.0625] * 8 + [0.125] * 8)
    assert np.allclose(found.x, -1.0 + np.cumsum(width) - 0.5 * width) and np.allclose(
        found.values, 2.0 + found.x, rtol=1e-13
    )
    assert len(snapshot.profile("dens", 0).x) == 16


def test_shells_are_thinner_where_cells_are_smaller(tmp_path):
    """Around the origin on level 2 of 16^3: shells of a quarter there, the mean density of a linear
    function of the radius."""
    root = cube(16, 2)
    leaves = root.leaves
    for _ in range(2):
        low, high = leaf_boxes(root, leaves)
        leaves = close(
            root.roots, split(root.roots, leaves, (np.abs(0.5 * (low + high)) < 0.25).all(axis=1))
        )
    snapshot = snapshot_of(
        tmp_path,
        root.with_leaves(leaves),
        lambda x1, x2, x3: 1.0 + np.sqrt(x1**2 + x2**2 + x3**2),
        units="none",
    )
    found = snapshot.radial_profile("dens")
    thickness = np.sqrt(3.0) / 8
    inner = found.x < 0.2
    assert (
        inner.sum() == 4
        and np.allclose(np.diff(found.x)[:3], thickness / 4)
        and np.allclose(np.diff(found.x)[-2:], thickness)
    )
    assert np.abs(found.values - 1.0 - found.x).max() < 0.5 * thickness
    assert np.abs(found.values - 1.0 - found.x)[inner].max() < 0.5 * thickness / 4


def test_a_mesh_that_does_not_fit_is_refused(tmp_path, tree):
    snapshot = snapshot_of(tmp_path, tree, wavy)
    with pytest.raises(
        CrmpiError,
        match=r"16777216 x 16777216 x 16777216 cells of level 20 of .* choose a lower level",
    ):
        snapshot.array("dens", 20)
