"""Passive scalars: concentrations stay within their range, masses are kept, the gas does not feel
them; files and observables."""

from pathlib import Path

import numpy as np
import pytest

from crmpi.analysis.read.readers import open_snapshot
from crmpi.cli.main import main as cli
from crmpi.constants import DENS, ECR, PRES, VEL1
from crmpi.output.history import read_history
from crmpi.physics.integrators import INTEGRATORS
from tests.fluid_case import Case
from tests.observable_case import make_run, observe, uniform
from tests.selection import in_full
from tests.stepping import begin, step

ENDS = "boundaries: {ix1: inflow, ox1: outflow}"
CORNER = "{lower: [0,0,0], upper: [.4,.4,.4], level: 1}"
PROBLEM = Path(__file__).parents[1] / "problems" / "coloured_gas"

BOXES = [(64, 1, 1), (24, 20, 1), (16, 1, 20), (12, 10, 8)]
SCALAR = ECR + 1


def violent(cells, mach, seed=2):
    """Return random primitives: density contrasts of 100, flows of this Mach number, concentrations
    0 or 1, and 0.3 or 0.5."""
    rng = np.random.default_rng(seed)
    w = np.ones((SCALAR + 2, *cells[::-1]))
    w[DENS] = 10.0 ** rng.uniform(-1.0, 1.0, w.shape[1:])
    w[VEL1 : VEL1 + 3] = mach * rng.uniform(-1.0, 1.0, (3, *w.shape[1:]))
    w[PRES], w[ECR] = w[DENS], 0.1
    w[SCALAR] = rng.random(w.shape[1:]) < 0.3
    w[SCALAR + 1] = 0.3 + 0.2 * w[SCALAR]
    return w


@pytest.mark.parametrize("mach", [1.0, 20.0])
@pytest.mark.parametrize("cells", BOXES)
@pytest.mark.parametrize(
    ("integrator", "method"),
    [("vl2", "plm"), ("rk3", "ppm"), *in_full(("vl2", "ppm"), ("rk3", "plm"))],
)
def test_concentrations_stay_within_their_range(integrator, method, cells, mach):
    case = Case(cells, scalars=2, integrator=integrator, reconstruction=method, magnetic=False)
    case.start(violent(cells, mach))
    before = case.gather(case.pack.u0)[SCALAR:].sum(axis=(1, 2, 3))
    for _ in range(30):
        case.step(case.fluid.max_dt(0.3))
        first, second = case.primitives()[SCALAR:]
        assert first.min() >= -1e-14
        assert first.max() <= 1.0 + 1e-13
        assert second.min() >= 0.3 - 1e-13
        assert second.max() <= 0.5 + 1e-13
    after = case.gather(case.pack.u0)[SCALAR:].sum(axis=(1, 2, 3))
    assert np.abs(after / before - 1.0).max() < 1e-13
    assert case.fluid.ledger.counts["dens"].sum() == 0


def test_a_smooth_concentration_has_the_order_of_the_scheme():
    """A wave carried once through the box along its diagonal: mean errors fall by four where cells
    are halved."""
    errors = []
    for n in (16, 32, 64):
        case = Case((n, n, 1), scalars=1, magnetic=False)
        place = (np.arange(n) + 0.5) / n
        wave = 0.5 + 0.5 * np.sin(2 * np.pi * place) * np.cos(2 * np.pi * place[:, None])
        w = np.ones((SCALAR + 1, 1, n, n))
        w[VEL1 + 2], w[ECR], w[SCALAR, 0] = 0.0, 0.1, wave
        case.start(w)
        case.run(case.pack.grid.dx1 * n)
        errors.append(np.abs(case.primitives()[SCALAR, 0] - wave).mean())
    orders = np.log2(np.array(errors[:-1]) / errors[1:])
    assert (orders > 1.8).all()
    assert errors[-1] < 2.1e-3  # 1.9e-3 without bounds


@pytest.mark.parametrize("integrator", INTEGRATORS)
def test_the_gas_does_not_feel_them(integrator):
    cells, results = (16, 12, 1), []
    for scalars in (0, 2):
        case = Case(cells, (8, 6, 1), scalars=scalars, integrator=integrator)
        w = violent(cells, 3.0)[: SCALAR + scalars]
        case.start(w, np.full((3, *cells[::-1]), 0.3))
        for _ in range(8):
            case.step(0.3 / 16)
        results.append((case.gather(case.pack.u0)[:SCALAR], case.gather(case.pack.b0)))
    assert all(np.array_equal(one, other) for one, other in zip(*results, strict=True))


def test_blocks_do_not_matter():
    cells, results = (16, 12, 8), []
    for block in (cells, (8, 6, 4)):
        case = Case(cells, block, scalars=2, magnetic=False)
        case.start(violent(cells, 5.0))
        for _ in range(4):
            case.step(0.004)
        results.append(case.gather(case.pack.u0))
    assert np.array_equal(*results)


def run(*words):
    return begin(str(PROBLEM), *words)


def ranges(sim):
    w = sim.pack.active(sim.pack.w0)
    return [
        (w[:, sim.pack.index[name]].min(), w[:, sim.pack.index[name]].max())
        for name in ("colour", "metals")
    ]


SETUPS = {
    "3-D": ["mesh.cells=[12,12,12]", "mesh.block=[6,12,6]"],
    "solver": ["transport={solver: two_moment, vmax: 20}"],
    "refined": ["mesh.refinement={regions: [{lower: [0,0,0], upper: [.4,.4,1], level: 1}]}"],
    "refined 3-D": [
        "mesh={cells: [16,16,16], block: [8,8,8]}",
        f"mesh.refinement={{regions: [{CORNER}]}}",
    ],
    "tube": [
        (
            "mesh={cells: [48,1,1], block: [16,1,1], lower: [0.2,0,0], geometry: spherical, "
            "boundaries: {ix1: reflect, ox1: outflow}}"
        )
    ],
    "inflow": ["mesh.boundaries={ix1: user, ox1: outflow}"],
    "wind": [
        f"mesh={{{ENDS}, inflow: {{ix1: {{dens: 1, press: 0.6, vel1: 2, scalars: [0.25, 0.4]}}}}}}"
    ],
}


@pytest.mark.parametrize("name", SETUPS)
def test_runs_of_every_kind_stay_within_the_range(name):
    """Also between levels, on tubes and with what flows in: 0.25 and 0.4 lie within the ranges of
    the start."""
    extra = {"tube": ["problem.speed=0.5"], "refined": ["transport.solver=none"]}.get(
        name.split()[0], []
    )
    sim = run(*SETUPS[name], *extra)
    sums = sim.history_row()
    step(sim, 25)
    (low, high), (low_metals, high_metals) = ranges(sim)
    assert low > -1e-14
    assert high < 1.0 + 1e-12
    assert low_metals > 0.3 - 1e-12
    assert high_metals < 0.5 + 1e-12
    after = sim.history_row()
    if name in ("3-D", "solver", "refined", "refined 3-D"):
        for column in ("mass_colour [code]", "mass_metals [code]"):
            assert after[column] == pytest.approx(sums[column], rel=1e-13)
    if name in ("inflow", "wind"):  # the column next to the boundary is filled with what flows in
        cells = sim.pack.active(sim.pack.w0)[:, sim.pack.index["colour"]]
        assert cells[0, 0, 0, 0] == pytest.approx(0.25, rel=0.05)


def test_frozen_gas_carries_them_and_keeps_their_mass():
    sim = run("fluid.frozen=true", "problem.speed=1.0")
    before = sim.history_row()["mass_colour [code]"]
    start = sim.pack.active(sim.pack.u0)[:, sim.pack.index["colour"]].copy()
    step(sim, 10)
    assert sim.history_row()["mass_colour [code]"] == pytest.approx(before, rel=1e-13)
    assert np.abs(sim.pack.active(sim.pack.u0)[:, sim.pack.index["colour"]] - start).max() > 0.1


def test_what_is_injected_is_mass_of_the_scalar():
    sim = run("problem.rate=0.5", "problem.speed=0")
    before = sim.history_row()
    step(sim, 4)
    after = sim.history_row()
    assert after["mass_colour [code]"] - before["mass_colour [code]"] == pytest.approx(
        0.5 * sim.time, rel=1e-12
    )
    assert after["mass [code]"] == pytest.approx(before["mass [code]"], rel=1e-14)
    assert after["mass_metals [code]"] == pytest.approx(before["mass_metals [code]"], rel=1e-13)


def test_files_hold_concentrations_and_a_restart_continues(tmp_path, capsys):
    words = [str(PROBLEM), "time.end=0.1", f"output.dir={tmp_path / 'whole'}"]
    assert cli(["run", *words]) == 0
    half = [str(PROBLEM), "time.end=0.1", "time.max_steps=4", f"output.dir={tmp_path / 'half'}"]
    assert cli(["run", *half]) == 0
    assert cli(["run", "--restart", str(tmp_path / "half"), "time.max_steps=none"]) == 0
    capsys.readouterr()
    snapshots = [
        sorted((tmp_path / name / "snapshots").glob("*.athdf"))[-1] for name in ("whole", "half")
    ]
    with open_snapshot(snapshots[0]) as one, open_snapshot(snapshots[1]) as other:
        colour = one.array("colour")
        assert np.array_equal(colour, other.array("colour"))
        assert colour.max() <= 1.0 + 1e-12
        assert one.array("metals").min() >= 0.3 - 1e-12
        mass = (colour * one.array("dens")).sum() / 256
    history = read_history(tmp_path / "whole" / "history.txt")
    assert history["mass_colour"][-1] == pytest.approx(mass, rel=1e-12)
    assert history.units["mass_colour"] == "code"
    assert cli(["info", str(snapshots[0])]) == 0
    assert "colour" in capsys.readouterr().out
    picture = tmp_path / "colour.png"
    assert cli(["plot", str(tmp_path / "whole"), "colour", "--output", str(picture)]) == 0
    assert picture.stat().st_size > 10_000
    assert (
        cli(["run", "--restart", str(tmp_path / "half"), "time.end=0.2", "scalars=[colour]"]) == 2
    )
    assert "scalars.names" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["scalars=[colour, dens]"], "'dens', which is a variable of the code"),
        (["scalars=[colour, pcr]"], "'pcr', which is a variable of the code"),
        (["scalars=[colour, ecr_1]"], "'ecr_1', which is a variable of the code"),
        (["scalars=[colour, colour]"], "'colour' twice"),
        (["scalars=[Colour]"], "lower-case letter"),
        (["scalars=[" + "c" * 30 + "]"], "at most 20 characters"),
        (["scalars=[colour]"], "returns the unknown variable 'metals'"),
        (["scalars=none"], "returns the unknown variable 'colour'"),
        (
            [f"mesh={{{ENDS}, inflow: {{ix1: {{dens: 1, press: 1, scalars: [1]}}}}}}"],
            "one concentration for each",
        ),
    ],
)
def test_what_cannot_be_is_refused_in_one_sentence(words, sentence, capsys):
    assert cli(["run", str(PROBLEM), *words, "--dry-run"]) == 2
    said = capsys.readouterr().err
    assert sentence in said
    assert "Traceback" not in said
    assert len(said.strip().splitlines()) == 1


@pytest.mark.parametrize(("name", "value"), [("metallicity", 0.6), ("metals", 0.6 * 0.0134)])
def test_observables_see_the_metals_that_gas_carries(name, value):
    """Uniform gas with 0.6 solar metals: columns and X-rays of a run that is told 0.6 by the
    parameter."""
    words = {"columns__impacts": "[1.0]", "columns__ions": "[O VI]", "columns__lines": 2}
    told = make_run(uniform())
    wanted = observe(
        told, "columns", "xray", **words, columns__metallicity=0.6, xray__metallicity=0.6
    )
    default = observe(told, "columns", "xray", **words)
    sim = make_run(lambda x: uniform()(x) | {name: value}, scalars=[name])
    found = observe(sim, "columns", "xray", **words)
    for label, values in wanted.items():
        assert np.asarray(found[label]) == pytest.approx(np.asarray(values), rel=1e-12)
    assert wanted["N_OVI [1/cm^2]"] == pytest.approx(2.0 * default["N_OVI [1/cm^2]"], rel=1e-12)
