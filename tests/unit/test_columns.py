"""Columns: exact paths, a uniform sphere, shells, maps, spread, refusals."""

from types import SimpleNamespace

import numpy as np
import pytest

from crmpi.analysis.ions import computed_table
from crmpi.analysis.measure.columns import M_P, Composition, column, column_map, columns, profile
from crmpi.analysis.measure.rays import Line, axis_lines, shells, tilted_lines, trace
from crmpi.analysis.read.cells import running
from crmpi.analysis.read.readers import open_snapshot
from crmpi.cli.main import main
from crmpi.errors import CrmpiError
from crmpi.params import make
from crmpi.units import UNITS, Units
from tests.columns_case import cube, write_gas
from tests.observable_case import make_run, observe, uniform

KPC = UNITS["kpc"].value
RADIUS = 0.8
RHO = 1e-3  # m_p/cm^3


def ball(x1, x2, x3):
    return np.where(x1**2 + x2**2 + x3**2 < RADIUS**2, RHO, 1e-9)


def bell(x1, x2, x3):
    return RHO * np.exp(-(x1**2 + x2**2 + x3**2) / (2 * 0.2**2))


@pytest.fixture
def gas(tmp_path):
    """Return a function that writes a snapshot and opens it."""
    opened = []

    def write(*arguments, **options):
        path = tmp_path / f"gas_{len(opened)}.athdf"
        write_gas(path, *arguments, **options)
        opened.append(open_snapshot(path))
        return opened[-1]

    yield write
    for snapshot in opened:
        snapshot.close()


@pytest.mark.parametrize("n", [16, 32, 64])
@pytest.mark.parametrize("b", [0.0, 0.3, 0.6])
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_uniform_sphere_to_first_order_in_the_cell(gas, n, b, axis):
    """The centre of a cell on the line is at most half a diagonal off it, and each end of the chord
    at most half a cell off its place."""
    snapshot, width = gas(cube(n, min(n, 16)), ball), 2.0 / n
    exact = 2.0 * np.sqrt(RADIUS**2 - b**2)
    off = width / np.sqrt(2.0)
    chords = 2.0 * np.sqrt(RADIUS**2 - np.array([max(b - off, 0.0), b + off]) ** 2)
    measured = column(snapshot, "H", b, axis) / (0.76 * RHO * KPC)
    assert chords[1] - width < measured < chords[0] + width
    assert abs(measured - exact) < 3.0 * width


def test_a_smooth_sphere_is_exact_along_centres_of_cells(gas):
    snapshot = gas(cube(32, 16), bell)
    b = np.hypot(3 / 32, 1 / 32)
    line = Line(np.array([3 / 32, 1 / 32, 0.0]), np.eye(3)[2], b)
    exact = 0.76 * RHO * np.sqrt(2 * np.pi) * 0.2 * np.exp(-(b**2) / (2 * 0.2**2)) * KPC
    assert columns(snapshot, ["H"], [line]).values["H"][0] == pytest.approx(exact, rel=1e-6)


def test_a_line_in_any_direction_has_its_length_in_the_box():
    mesh = SimpleNamespace(
        cells_at=lambda level: (8, 4, 16), lower=(-1.0, -1.0, -1.0), upper=(1.0, 1.0, 1.0)
    )
    for line in tilted_lines([0.0, 0.5], 40):
        path = trace(mesh, line, "box")
        steps = np.abs(np.diff(path.cells, axis=0)).sum(axis=1)
        assert np.all(steps >= 1)
        with np.errstate(divide="ignore"):
            ends = np.sort(
                np.stack([(-1 - line.point) / line.direction, (1 - line.point) / line.direction]),
                axis=0,
            )
        assert path.lengths.sum() == pytest.approx(ends[1].min() - ends[0].max(), rel=1e-12)
        assert np.linalg.norm(line.point) == pytest.approx(line.impact, abs=1e-12)
        assert line.point @ line.direction == pytest.approx(0.0, abs=1e-12)


def test_shells_of_a_sphere_add_up_to_the_chord():
    faces = np.geomspace(0.1, 2.0, 40)
    for b in (0.1, 0.5, 1.9):
        assert shells(faces, b, "sphere").lengths.sum() == pytest.approx(
            2 * np.sqrt(4 - b**2), rel=1e-12
        )
    with pytest.raises(CrmpiError, match=r"sight line at 0\.05 is outside of the shells"):
        shells(faces, 0.05, "sphere")


def test_the_same_bits_for_every_choice_of_blocks(gas):
    one, many = gas(cube(16, 16), bell), gas(cube(16, 4), bell)
    lines = [*axis_lines([0.1, 0.5], 1, 5), *tilted_lines([0.2], 5)]
    for ion in ("H", "H I"):
        a, b = (columns(snapshot, [ion], lines).values[ion] for snapshot in (one, many))
        assert a.tobytes() == b.tobytes()
        for axis in range(3):
            assert (
                column_map(one, ion, axis).values.tobytes()
                == column_map(many, ion, axis).values.tobytes()
            )


def test_a_map_holds_all_atoms(gas):
    snapshot = gas(cube(16, 8), bell)
    for axis in range(3):
        sheet = column_map(snapshot, "H", axis)
        atoms = sheet.values.sum() * (2 / 16 * KPC) ** 2
        exact = (
            0.76
            * snapshot.array("dens").sum()
            * snapshot.units.cgs("density")
            / M_P
            * (2 / 16 * KPC) ** 3
        )
        assert atoms == pytest.approx(exact, rel=1e-12)


def test_ions_follow_table_metallicity_and_sun(gas):
    snapshot = gas(cube(8), lambda x1, x2, x3: RHO, temperature=3e5)
    table = computed_table(0.0, "none")
    composition = make(Composition, metallicity=0.5)
    lines = axis_lines([0.3], 2, 1)
    found = columns(snapshot, ["H", "O VI", "O"], lines, table, composition).values
    assert found["O"] / found["H"] == pytest.approx(0.5 * 10 ** (8.69 - 12), rel=1e-12)
    assert found["O VI"][0] / found["O"][0] == pytest.approx(
        float(table.fraction("O VI", 3e5, 0.76 * RHO)), rel=1e-9
    )


def test_spread_over_lines(gas):
    snapshot = gas(cube(16, 8), lambda x1, x2, x3: RHO * (2.0 + np.sign(x1)))
    found = profile(snapshot, ["H"], [0.5], axes=(2,), count=8)
    b, median, low, high = found.spread("H")
    unit = 0.76 * RHO * 2 * KPC
    assert (b[0], low[0] / unit, high[0] / unit) == pytest.approx((0.5, 1.0, 3.0), rel=1e-6)
    assert unit <= median[0] <= 3 * unit


def test_cells_outside_of_the_table_are_counted(gas):
    snapshot = gas(
        cube(8), lambda x1, x2, x3: RHO, temperature=lambda x1, x2, x3: np.where(x3 > 0, 1e10, 1e6)
    )
    found = columns(snapshot, ["O VI"], axis_lines([0.3], 2, 3))
    assert (found.outside, found.crossed) == (12, 24)
    assert "12 of 24 cells are outside of the ion table" in found.warning()
    assert columns(snapshot, ["H"], axis_lines([0.3], 2, 3)).warning() == ""


def test_bad_input_is_named(gas):
    snapshot = gas(cube(8), lambda x1, x2, x3: RHO)
    with pytest.raises(
        CrmpiError, match=r"sight line through .* misses the box .* smaller impact parameter"
    ) as refused:
        column(snapshot, "H", 1.5)
    assert f"of {snapshot.path};" in str(refused.value)
    with pytest.raises(CrmpiError, match="'Fe'"):
        column(snapshot, "Fe II", 0.5)
    snapshot.names.remove("press")
    with pytest.raises(CrmpiError, match=r"has no temperature \(it follows from dens and press\)"):
        column(snapshot, "O VI", 0.5)
    assert column(snapshot, "H", 0.5) > 0
    with pytest.raises(CrmpiError, match="dimensionless"):
        column(gas(cube(8), lambda x1, x2, x3: RHO, units="none"), "H", 0.5)


def test_a_hole_in_the_gas_is_refused(gas):
    snapshot = gas(cube(8), lambda x1, x2, x3: np.where(x3 > 0.5, np.nan, RHO))
    with pytest.raises(CrmpiError, match="hold no number"):
        column(snapshot, "H", 0.5)


def test_command(gas, tmp_path, capsys):
    snapshot = gas(cube(8), bell)
    table = tmp_path / "columns.csv"
    words = [
        "columns",
        str(snapshot.path),
        "H",
        "O VI",
        "--impact",
        "100 pc",
        "0.5",
        "--lines",
        "4",
        "--output",
        str(table),
    ]
    assert main(words) == 0
    out = capsys.readouterr().out
    assert "O VI" in out and "log10" in out
    rows = table.read_text().splitlines()
    assert rows[0].startswith("impact_kpc,H,H_16,H_84,O VI") and len(rows) == 3
    assert float(rows[1].split(",")[0]) == pytest.approx(0.1)
    picture = tmp_path / "maps.pdf"
    words = ["columns", str(snapshot.path), "H", "C IV", "--axis", "x2", "--map", str(picture)]
    assert main(words) == 0 and picture.read_bytes().startswith(b"%PDF")
    assert main([*words[:-3], "all", *words[-2:]]) == 2
    assert main([*words[:-1], "maps.gif"]) == 2
    assert main(["columns", str(snapshot.path), "Oo VI"]) == 2
    assert main(["columns", str(snapshot.path), "H", "--impact", "7"]) == 2
    assert main(["columns", str(snapshot.path), "H", "--impact", "7 s"]) == 2


# ---------------------------------------------------------------------- the same as an observable


def hot_cloud(x):
    r2 = x.x1**2 + x.x2**2 + x.x3**2
    units = Units("galactic")
    dens = 1e-3 / (1.0 + r2)
    press = dens * 3e5 * (1.0 + 0.2 * r2) * units.k_B / (0.6 * units.m_p)
    return uniform()(x) | {"dens": dens, "press": press}


@pytest.mark.parametrize("axis", ["x2", "any"])
def test_a_running_simulation_gives_the_columns_of_its_snapshot(axis):
    sim = make_run(hot_cloud, cells=(16, 16, 16), block=(8, 8, 8))
    given = {
        "columns__ions": "[H, 'O VI']",
        "columns__impacts": "[1, 2.5]",
        "columns__axis": axis,
        "columns__lines": 5,
    }
    found = observe(sim, "columns", **given)
    whole = make_run(hot_cloud, cells=(16, 16, 16))
    other = observe(whole, "columns", **given)
    assert found["impact [kpc]"].tolist() == [1.0, 2.5]
    assert found["outside_table [1]"].tolist() == [0.0, 0.0]
    lines = tilted_lines([1.0, 2.5], 5) if axis == "any" else axis_lines([1.0, 2.5], 1, 5)
    expected = columns(SnapshotOf(sim), ["H", "O VI"], lines)
    for name, ion in (("N_H", "H"), ("N_OVI", "O VI")):
        marks = expected.spread(ion)[1:]
        for label, mark in zip(("", "_16", "_84"), marks, strict=True):
            assert found[f"{name}{label} [1/cm^2]"] == pytest.approx(mark, rel=1e-12)
            assert other[f"{name}{label} [1/cm^2]"] == pytest.approx(mark, rel=1e-12)


class SnapshotOf:
    """What `columns` asks of a snapshot, of a simulation."""

    geometry, is_tube, max_level, path = "cartesian", False, 0, "this"

    def __init__(self, sim):
        self._blocks = {block.gid: block for block in running(sim)}
        facts = next(iter(self._blocks.values())).facts
        self.units, self.names, self.cells, self.block, self.lower, self.upper = (
            facts.units, facts.names, facts.cells, facts.block, facts.lower, facts.upper,
        )  # fmt: skip
        self.cells_at = facts.cells_at
        self.levels = np.array([b.level for _, b in sorted(self._blocks.items())])
        self.locations = np.array(
            [np.array(b.first) // np.array(facts.block) for _, b in sorted(self._blocks.items())]
        )

    def values(self, name, gid):
        return self._blocks[gid][name]


def test_observable_refuses_what_it_cannot_do():
    sim = make_run(hot_cloud)
    with pytest.raises(CrmpiError, match=r"needs distances: columns\.impacts="):
        observe(sim, "columns")
    with pytest.raises(CrmpiError, match="misses the box"):
        observe(sim, "columns", columns__impacts="[20]")
    with pytest.raises(CrmpiError, match="'oxygen' is not the name of an ion"):
        observe(sim, "columns", columns__impacts="[1]", columns__ions="[oxygen]")


def test_observable_on_a_spherical_mesh():
    radius = 4.0
    mesh = {
        "geometry": "spherical",
        "cells": [16, 1, 1],
        "block": [8, 1, 1],
        "lower": [1.0, 0, 0],
        "upper": [radius, 1, 1],
    }
    sim = make_run(uniform(), mesh=mesh, fluid={"magnetic": False})
    found = observe(sim, "columns", columns__ions="[H]", columns__impacts="[2]")
    exact = 2 * np.sqrt(radius**2 - 4) * KPC * 0.76 * 1e-3
    assert found["N_H [1/cm^2]"] == pytest.approx(exact, rel=1e-12)
