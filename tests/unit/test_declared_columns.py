"""Numbers of a run are declared: what a column is, what becomes of it over blocks and ranks, and
what is refused."""

import importlib
import math
import re
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from crmpi.diagnostics import energy_ledger
from crmpi.diagnostics.box_ledger import COLUMNS
from crmpi.diagnostics.columns import (
    Account,
    CellAccount,
    Column,
    Number,
    labelled,
    numbers,
    split_label,
)
from crmpi.diagnostics.energy_guard import EnergyGuard
from crmpi.diagnostics.floor_ledger import AMOUNTS, COUNTS
from crmpi.diagnostics.floors import FLOORS, counts_of_cells, is_limited
from crmpi.errors import CrmpiError, RunError
from crmpi.mesh.pack import make_grid
from crmpi.mesh.pool import Pool
from crmpi.parallel.comm import SerialComm
from crmpi.physics.base import source_classes
from crmpi.physics.cooling import SUPPORTED
from crmpi.transport import base as transport
from crmpi.units import Units
from tests.stepping import begin, step
from tests.unit.test_energy_ledger import ENDS, FLOW, GRAVITY, OUTFLOW, YAML

PACKAGE = Path(__file__).parents[2] / "crmpi"
DOCS = Path(__file__).parents[2] / "docs"
NONE = Units("none")
TWO = np.array([1.0, 3.0])  # of two blocks


def blocks(number):
    """Return the `Pool` of some blocks of one cell."""
    return Pool(make_grid((1, 1, 1), (1, 1, 1), (0, 0, 0), (1, 1, 1), 2), number)


def value(column, units=NONE):
    """Return the `Number` of one column."""
    return numbers([column], SerialComm(), units)[0]


def test_every_kind_over_two_blocks():
    columns = [
        Column("sum", "energy", "sum", TWO),
        Column("cells", "none", "count", np.array([2, 5])),
        Column("mean", "none", "mean", TWO, weight=np.array([1.0, 7.0])),
        Column("low", "none", "minimum", TWO),
        Column("high", "none", "maximum", TWO),
        Column("steps", "none", "number", 12),
    ]
    found = numbers(columns, SerialComm(), NONE)
    assert [number.value for number in found] == [4.0, 7.0, 0.5, 1.0, 3.0, 12]
    assert [number.unit for number in found] == ["code", "1", "1", "1", "1", "1"]


def test_a_mean_without_weights_has_its_empty_value():
    nothing = np.zeros(2)
    assert math.isnan(value(Column("mean", "none", "mean", nothing, weight=nothing)).value)
    assert value(Column("mean", "none", "mean", nothing, weight=nothing, empty=0.0)).value == 0.0


def test_extremes_tell_of_what_is_no_number():
    lost = np.array([math.nan, 1.0])
    assert math.isnan(value(Column("low", "none", "minimum", lost)).value)
    assert math.isnan(value(Column("high", "none", "maximum", lost[::-1])).value)


@pytest.mark.parametrize(
    "dimension, unit", [("energy", "erg"), ("mass", "Msun"), ("momentum", "Msun km/s")]
)
def test_units_follow_from_the_dimension(dimension, unit):
    units = Units("galactic")
    column = Column("x", dimension, "sum", np.full(2, units.factor(unit)))
    assert value(column, units) == Number("x", unit, 2.0)


def test_a_given_unit_is_kept():
    column = Column("speed", "none", "maximum", TWO, unit="km/s")
    assert value(column, Units("galactic")) == Number("speed", "km/s", 3.0)


def test_labels():
    assert labelled([Number("mass", "Msun", 2.0)]) == {"mass [Msun]": 2.0}
    assert split_label("mass flux [Msun/yr]") == ("mass flux", "Msun/yr")
    assert split_label("v", default="code") == ("v", "code")


@pytest.mark.parametrize(
    "words, options",
    [
        ("is of the kind 'average'; use one of sum, count", {"kind": "average"}),
        ("has the dimension 'heat'; use one of none, energy", {"dimension": "heat"}),
        ("has a unit in its name; declare its dimension", {"name": "x [erg]"}),
        ("counts cells, so its dimension is 'none' and not 'energy'", {"kind": "count"}),
        ("is a mean without a weight", {"kind": "mean", "values": TWO}),
        ("is a sum with a weight; only a mean has one", {"values": TWO, "weight": TWO}),
        ("has as many weights as values", {"kind": "mean", "values": TWO, "weight": TWO[:1]}),
        ("its values are an array (nblock,), one for each block", {"values": 1.0}),
        ("is a number, but its values are an array", {"kind": "number", "values": TWO}),
        ("only a sum of energy can be a term", {"dimension": "mass", "term": 1}),
        ("only a sum of energy can be a term", {"kind": "maximum", "term": 1}),
        ("has term = 2; use +1, -1, or 0", {"term": 2}),
    ],
)
def test_wrong_use_is_refused_in_a_sentence(words, options):
    with pytest.raises(CrmpiError, match=rf"column '.*' .*{re.escape(words)}"):
        Column(**{"name": "x", "dimension": "energy"} | options)


HEAT, CELLS = Column("heat", "energy", term=-1), Column("cells", "none", "count")


def test_an_account_adds_up_by_name():
    account = Account((HEAT, CELLS), blocks(2), "my_")
    account.add("heat", TWO)
    account["heat"] += TWO
    account["cells"][1] = 4
    assert [(c.name, c.term, c.values.tolist()) for c in account.filled()] == [
        ("my_heat", -1, [2.0, 6.0]),
        ("my_cells", 0, [0.0, 4.0]),
    ]
    account.array[...] = np.array([[5.0, 6.0], [7.0, 8.0]])  # as a restart does
    assert account["heat"].tolist() == [5.0, 7.0]


def test_kernels_get_columns_by_name():
    class Totals(NamedTuple):
        cells: object
        heat: object

    account = Account((HEAT, CELLS), blocks(3))
    totals = account.of(Totals)
    totals.heat[2] += 1.0
    assert account["heat"].tolist() == [0.0, 0.0, 1.0]
    assert totals.heat.flags.c_contiguous and not account["cells"].any()


def test_what_an_account_does_not_have_is_refused():
    account = Account((HEAT, CELLS), blocks(2))
    with pytest.raises(CrmpiError, match="the account has no column 'work'; it has heat, cells"):
        account.add("work", TWO)
    with pytest.raises(CrmpiError, match="the account has no column"):
        account[:, 0] += TWO
    with pytest.raises(CrmpiError, match=r"'heat' is not declared: write Column\('heat', dim"):
        Account(("heat",), blocks(2))
    with pytest.raises(CrmpiError, match="column 'm' is a maximum: an account adds up sums and"):
        Account((Column("m", "none", "maximum"),), blocks(2))


class Levels(NamedTuple):
    """Two blocks of a plane, of levels 0 and 1; a cell of level 0 has the volume 0.3."""

    pool: Pool = blocks(2)
    cell_shares: np.ndarray = np.array([1.0, 0.25])
    cell_volumes: np.ndarray = np.array([0.3, 0.075])


def test_sums_of_densities_add_up_over_levels():
    account = CellAccount((HEAT,), Levels())
    account.add("heat", np.array([2.0, 8.0]))
    assert account["heat"].tolist() == [0.6, 0.6]
    account.array[0] += account.array[1]  # blocks that are joined
    account.array[1] = 0.0
    assert account["heat"].tolist() == [1.2, 0.0]
    with pytest.raises(CrmpiError, match="the amounts of 'heat' are read only; use add"):
        account["heat"] = 1.0


# ---------------------------------------------------------------- all that is declared


def declared():
    """Return {name in the history: column} of what fluid, sources and solvers declare."""
    found = [(f"floor_{c.name}", c) for c in COUNTS]
    found += [(f"floor_added_{c.name}", c) for c in AMOUNTS] + [(c.name, c) for c in COLUMNS]
    for name, source in source_classes().items():
        found += [(f"{name}_{c.name}", c) for c in source.columns]
    found += [("cooling_supported", SUPPORTED)]
    shared = (transport._BOUNDARY, transport._BARE, transport._TRACERS)
    solvers = [cls.columns for cls in transport.transport_solvers().values()]
    found += [(f"cr_{c.name}", c) for columns in (*solvers, shared) for c in columns]
    return dict(found)


def test_floors_are_listed_where_they_are_counted():
    """The list of floors and the declared columns name each other."""
    listed = {name: floor.name for floor in FLOORS for name in floor.columns}
    assert listed == {name: column.floor for name, column in declared().items() if column.floor}
    assert len({floor.name for floor in FLOORS}) == len(FLOORS)


@pytest.mark.parametrize("floor", FLOORS, ids=lambda floor: floor.name)
def test_a_floor_acts_where_its_list_says(floor):
    module, parts = floor.where, []
    while not (PACKAGE.parent / f"{module.replace('.', '/')}.py").is_file():
        module, _, part = module.rpartition(".")
        parts.append(part)
    found = importlib.import_module(module)
    for part in reversed(parts):
        found = getattr(found, part)
    assert callable(found) or hasattr(found, "py_func")


def test_docs_show_the_list_of_floors():
    text = (DOCS / "fluid.md").read_text()
    for floor in FLOORS:
        where = floor.where.rpartition(".")[0].removesuffix(".TransportSolver")
        file = where.removesuffix(".Fluid").replace(".", "/") + ".py"
        columns = ", ".join(f"`{name}`" for name in floor.columns)
        key = f"`{floor.parameter}`" if floor.parameter else ""
        assert f"| {floor.name} | {key} | `{file}` | {floor.does} | {columns} |" in text


def test_docs_show_the_terms_of_the_energy_ledger():
    text = (DOCS / "fluid.md").read_text()
    shown = set(re.findall(r"`(\w+)`", text)) | {"problem_eth", "problem_ecr"}
    groups = tuple(f"{name}_" for name in source_classes())
    terms = [name for name, column in declared().items() if column.term]
    assert [name for name in terms if name not in shown and not name.startswith(groups)] == []


def test_accounts_are_never_read_by_position():
    wrong = re.compile(r"account\[:, \d|account\[b, \d|\.index\(\"heat\"")
    found = [path.name for path in PACKAGE.rglob("*.py") if wrong.search(path.read_text())]
    assert found == []


# ---------------------------------------------------------------- the energy ledger as a guard


@pytest.fixture
def flow(tmp_path):
    """Return a function that begins the flow of `test_energy_ledger` with more overrides."""

    def start(*overrides):
        folder = tmp_path / "flow"
        folder.mkdir()
        ends = ENDS if set(OUTFLOW) & set(overrides) else ""
        (folder / "problem.py").write_text(FLOW + ends)
        (folder / "flow.yaml").write_text(YAML)
        return begin(str(folder), *overrides)

    return start


@pytest.mark.parametrize(
    "term",
    [
        "boundary_energy",
        "boundary_ecr",
        "cr_boundary",
        "gravity_work",
        "problem_eth",
        "problem_ecr",
    ],
)
def test_the_guard_misses_any_term(flow, monkeypatch, term):
    solver = ["transport.solver=isotropic_diffusion", "scattering.kappa_par=0.3"]
    sim = flow(*OUTFLOW, *GRAVITY, *solver, "problem.heat=0.2")
    complete = energy_ledger.terms
    guard, lacking = EnergyGuard(sim), EnergyGuard(sim)
    assert term in {column.name for column in complete(sim)}
    step(sim, 2)
    guard.check()
    monkeypatch.setattr(
        energy_ledger, "terms", lambda sim: [c for c in complete(sim) if c.name != term]
    )
    with pytest.raises(RunError, match=r"its ledger leaves .* of it unexplained"):
        lacking.check()


def test_only_floors_of_the_fluid_count_towards_their_limit(flow):
    sim = flow("transport={solver: two_moment, vmax: 20}")
    names = {column.name for column in energy_ledger.terms(sim) if is_limited(column)}
    assert names == {"floor_added_energy", "floor_added_ecr"}
    counted = [column.name for column in counts_of_cells(sim.ledger())]
    kinds = ("dens", "press", "ecr", "nan", "entropy", "first_order")
    assert counted == [f"floor_{kind}" for kind in kinds] + ["cr_floored_cells"]


MOVING = "{name: moving_box, lower: [0, 0.3, 0.3], upper: [0.3, 0.6, 0.6], velocity: [20, 7, 0]}"


def test_the_ledger_closes_over_changes_of_the_mesh(flow):
    """Blocks are refined and joined where gas falls and flows out."""
    adapt = f"mesh.refinement={{max_level: 1, interval: 1, min_age: 0, criteria: [{MOVING}]}}"
    plane = ["mesh.cells=[32,32,1]", "mesh.block=[8,8,1]"]
    sim = flow(*OUTFLOW[:4], *plane, GRAVITY[0], adapt, "transport.solver=none")
    sim.remesher.settle()
    guard, changes = EnergyGuard(sim), 0
    for _ in range(12):
        step(sim)
        changes += sim.adapt()
        guard.check()
    assert changes >= 2
    before = energy_ledger.balance(sim)
    assert abs(before.terms["gravity_work"]) > 1e-5
    assert abs(before.terms["boundary_energy"]) > 1e-5
