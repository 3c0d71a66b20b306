"""`crmpi.Simulation`: runs from Python are those of the command line, cells can be changed and
nothing else changes with them."""

import os
import signal

import numpy as np
import pandas
import pytest
import xarray

import crmpi
from crmpi.api import Problem, par
from crmpi.cli.main import main
from crmpi.errors import CrmpiError

SMALL = {"mesh.cells": [16, 16, 1], "mesh.block": [8, 8, 1]}
REFINED = {
    "mesh.cells": [32, 32, 1],
    "mesh.block": [8, 8, 1],
    "mesh.refinement": {"regions": [{"level": 1, "shape": "sphere", "radius": 0.13}]},
}


@pytest.fixture(autouse=True)
def empty_folder(tmp_path, monkeypatch):
    """Runs that are not asked to write leave their folder empty."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def blast(empty_folder):
    """Return a function that makes a small blast, which writes nothing."""

    def make(parameters=SMALL, **options):
        return crmpi.Simulation("blast", parameters, quiet=True, **options)

    yield make
    assert os.listdir(empty_folder) == []


def states(sim):
    return sim.state.pack.active(sim.state.pack.u0).copy()


def test_python_and_the_command_line_make_the_same_run(empty_folder):
    words = ["mesh.cells=[16,16,1]", "mesh.block=[8,8,1]", "time.max_steps=5", "output.dir=told"]
    assert main(["run", "blast", *words, "--quiet"]) == 0
    sim = crmpi.Simulation("blast", SMALL, quiet=True)
    result = sim.run(steps=5)
    assert (result.reason, result.exit_code) == ("reached time.max_steps", 0)
    told = crmpi.read_history("told/history.txt")
    assert sim.history.keys() == told.keys() and sim.history.units == told.units
    for name, column in told.items():
        assert np.array_equal(column, sim.history[name]), name
    again = crmpi.Simulation(restart="told", quiet=True)
    assert again.steps == 5 and np.array_equal(states(again), states(sim))
    assert sorted(os.listdir(empty_folder)) == ["told"]


def test_steps_one_by_one_are_those_of_a_run(blast):
    one, other = blast(), blast()
    one.step()
    one.step(3)
    other.run(steps=4)
    assert one.time == other.time and np.array_equal(states(one), states(other))
    assert len(one.history["step"]) == len(other.history["step"]) == 5


def test_runs_end_at_the_times_that_are_asked_for(blast):
    sim = blast()
    assert sim.run(until=0.01).reason == "reached t = 0.01"
    assert sim.time == 0.01
    sim.run(duration=0.005)
    assert sim.time == 0.01 + 0.005
    assert sim.run(until=sim.time).reason.startswith("reached")
    with pytest.raises(CrmpiError, match=r"until = 0\.001 lies before the present time, 0\.015"):
        sim.run(until=0.001)
    with pytest.raises(CrmpiError, match="'until' or 'duration', not both"):
        sim.run(until=1.0, duration=1.0)
    with pytest.raises(CrmpiError, match="this run is dimensionless"):
        sim.run(until="1 Myr")


def test_arrays_have_units_coordinates_and_the_values_of_the_cells(blast):
    sim = blast()
    dens = sim["dens"]
    assert isinstance(dens, xarray.DataArray) and dens.dims == ("x3", "x2", "x1")
    assert dens.attrs == {"units": "1", "long_name": "density"}
    assert dens.x1.values == pytest.approx((np.arange(16) + 0.5) / 16 - 0.5, abs=1e-15)
    press = sim["press"].isel(x3=0)
    radius = np.hypot(press.x1, press.x2)
    hot, cold = press.where(radius < 0.05).max(), press.where(radius > 0.3).max()
    assert float(hot / cold) == pytest.approx(100.0)
    assert "pmag" in sim and set(sim.names) == set(sim) and repr(sim).endswith("t = 0, step 0>")


def test_what_is_given_back_unchanged_keeps_every_bit(blast):
    sim = blast()
    sim.run(steps=2)
    before = states(sim)
    for name in ("dens", "vel1", "vel2", "press"):
        sim[name] = sim[name]
    assert not sim.state.changed and np.array_equal(states(sim), before)


def test_a_variable_changes_alone_where_it_is_changed(blast):
    sim = blast()
    sim.run(steps=2)
    before = {name: sim[name] for name in ("dens", "vel1", "vel2", "press", "b1", "b2")}
    kept, mass = states(sim), sim.history["mass"][-1]
    west = before["dens"].x1 < 0
    sim["dens"] = before["dens"].where(west, 2.0 * before["dens"])
    sim["dens"] = sim["dens"].values  # plain arrays will do
    for name, values in before.items():
        factor = np.where(west, 1.0, 2.0) if name == "dens" else 1.0
        np.testing.assert_allclose(sim[name], factor * values, rtol=1e-14, err_msg=name)
    own = np.stack([positions.x1 < 0 for positions in sim.state.positions])[:, None]
    unchanged = np.broadcast_to(own, kept.shape)
    assert np.array_equal(states(sim)[unchanged], kept[unchanged])
    sim.run(steps=1)
    added = float(before["dens"].where(~west).sum()) / 16**2
    assert sim.history["mass"][-1] == pytest.approx(mass + added, rel=1e-13)


def test_arithmetic_in_place_is_an_assignment(blast):
    sim = blast()
    dens = sim["dens"]
    sim["dens"] *= 2.0
    sim["press"] += 1.0
    assert np.array_equal(sim["dens"], 2.0 * dens)
    with pytest.raises(CrmpiError, match="a copy of cells, and a change of it would be lost"):
        sim["dens"][0, 0, 0] = 1.0
    with pytest.raises(CrmpiError, match="a copy of cells"):
        sim["dens"].loc[{"x1": slice(0, 1)}] = 1.0
    own = dens.copy()
    own[0, 0, 0] = 5.0
    sim["dens"] = own
    assert float(sim["dens"][0, 0, 0]) == 5.0


def test_refined_meshes_are_changed_in_their_finest_cells(blast):
    sim = blast(REFINED)
    sim.run(steps=1)
    assert sim.state.tree.max_level == 1 and sim["dens"].shape == (1, 64, 64)
    before = states(sim)
    sim["dens"] = sim["dens"]
    assert np.array_equal(states(sim), before)
    coarse = sim.array("dens", level=0)
    mass = float(coarse.sum()) / 32**2
    assert float(sim["dens"].sum()) / 64**2 == pytest.approx(mass, rel=1e-14)
    with pytest.raises(CrmpiError, match="array of level 0 cannot be given to 'dens'"):
        sim["dens"] = coarse
    sim["dens"] = sim["dens"] * xarray.where(sim["dens"].x1 > 0, 3.0, 1.0)
    west, east = (sim["dens"].isel(x1=half).sum() for half in (slice(32), slice(32, 64)))
    assert float(east / west) == pytest.approx(3.0, rel=1e-6)
    sim["press"] = 1.0  # a number fits every mesh
    sim.run(steps=1)


def test_blocks_are_changed_one_by_one(blast):
    sim = blast(REFINED)
    levels = [block.level for block in sim.blocks()]
    assert sorted(set(levels)) == [0, 1] and len(levels) == sim.state.tree.nblock
    for block in sim.blocks():
        block["dens"] = 1.0 + block["dens"].x1 ** 2 + 0.0 * block["dens"]
    dens = sim["dens"].isel(x3=0)
    fine = sim.array("dens").x1.values
    assert float(dens.max()) <= 1.0 + np.max(fine**2)
    assert float(dens[32, 32]) == pytest.approx(1.0 + fine[32] ** 2)
    block = sim.blocks()[0]
    sim.state.pack.pool.version = object()
    with pytest.raises(CrmpiError, match="the mesh has changed since"):
        block["dens"]


def test_every_step_may_look_change_and_stop(blast):
    sim, seen = blast(), []

    def hold(sim):
        seen.append((sim.steps, float(sim["press"].min())))
        sim["press"] = np.maximum(sim["press"], 0.2)
        return "enough" if sim.steps == 3 else None

    result = sim.run(steps=5, every_step=hold)
    assert result.reason == "enough" and [step for step, _ in seen] == [1, 2, 3]
    assert float(sim["press"].min()) == pytest.approx(0.2)
    assert sim.run(steps=2, every_step=lambda sim: True).reason == "every_step said so"
    with pytest.raises(ZeroDivisionError):
        sim.run(steps=1, every_step=lambda sim: 1 / 0)
    sim.run(steps=1)  # the state is that of a step
    assert sim.steps == 6


def test_a_signal_ends_the_run_and_not_the_state(blast):
    sim = blast()

    def interrupt(sim):
        if sim.steps == 1:
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(crmpi.Interrupted, match="received SIGINT") as stop:
        sim.run(steps=5, every_step=interrupt)
    assert stop.value.result.exit_code == 75 and sim.steps == 2
    sim.run(steps=1)
    assert sim.steps == 3


def test_folders_are_written_when_they_are_asked_for(empty_folder):
    parameters = SMALL | {"output.dir": empty_folder / "out", "output.snapshot_interval": 0.005}
    for _ in range(2):  # a cell of a notebook is run again
        sim = crmpi.Simulation("blast", parameters, quiet=True)
        assert len(sim.history) == 0
        sim.run(until=0.01)
    sim.step()
    sim.save()
    names = sorted(path.name for path in (empty_folder / "out/snapshots").glob("*.athdf"))
    assert names == [f"snapshot_{n:05d}.athdf" for n in range(4)]
    with crmpi.open(empty_folder / "out/snapshots/snapshot_00003.athdf") as saved:
        assert np.array_equal(saved.dens, sim["dens"])
    table = pandas.DataFrame(sim.history)
    assert list(table["step"]) == list(range(sim.steps + 1))
    assert sim.history.record()[-1].step == sim.steps and sim.history.units["mass"] == "code"
    sim.close()
    assert (empty_folder / "out/replaced-001").is_dir()
    assert not (empty_folder / "out/run.lock").exists()


class TwoHalves(Problem):
    """A problem without a file."""

    class Params:
        ratio: float = par(2.0, gt=0, doc="ratio of densities")

    def initial(self, x, p):
        return dict(dens=np.where(x.x1 < 0, 1.0, p.ratio), press=1.0)


GAS = {"fluid.cosmic_rays": False, "units.system": "none"}


def test_a_class_is_a_problem(blast):
    parameters = {"mesh": {"cells": (16, 16, 1)}, "problem.ratio": np.float64(3.0)} | GAS
    sim = crmpi.Simulation(TwoHalves, parameters, quiet=True)
    assert repr(sim).startswith("<Simulation two_halves: 16 x 16 x 1 cells")
    assert float(sim["dens"].max()) == 3.0 and sim.parameters["mesh"]["cells"] == [16, 16, 1]
    with pytest.raises(CrmpiError, match="needs an end"):
        sim.run()
    sim.run(steps=1)


def test_a_class_that_was_typed_into_an_interpreter_is_checked(blast):
    scope = {"Problem": Problem, "__name__": "notebook"}
    exec(
        "class Typed(Problem):\n    def start(self, x, p):\n        return dict(dens=1.0)\n", scope
    )
    with pytest.raises(CrmpiError, match=r"problem 'Typed', line 1: Typed has no method initial"):
        crmpi.Simulation(scope["Typed"], {"mesh.cells": [16, 16, 1]}, quiet=True)
    exec(
        "class Typed(Problem):\n    def initial(self, x, p):\n        return dict(dens=1)\n", scope
    )
    with pytest.raises(CrmpiError, match=r"initial.*press"):
        crmpi.Simulation(scope["Typed"], {"mesh.cells": [16, 16, 1]} | GAS, quiet=True)


IMPOSSIBLE = {
    "b1": (1.0, "the field is stored on faces"),
    "pmag": (1.0, "'pmag' follows from b1, b2, b3; what can be changed: dens"),
    "density": (1.0, "'density' is unknown; what can be changed: dens"),
    "dens": (-1.0, r"'dens' = -1 at x1=-0\.46875.*must be positive and finite"),
    "press": (np.nan, "'press' = nan at"),
    "vel1": (np.zeros(3), r"shape \(3,\) does not fit 'vel1', which has \(1, 16, 16\)"),
    "vel2": ("fast", "'vel2' = 'fast' is not a number with a unit"),
    "vel3": ("3 km/s", "'vel3' is given in km/s; it is in code units"),
}


@pytest.mark.parametrize("name", IMPOSSIBLE)
def test_what_cannot_be_set_is_refused(blast, name):
    value, sentence = IMPOSSIBLE[name]
    sim = blast()
    before = states(sim)
    with pytest.raises(CrmpiError, match=sentence):
        sim[name] = value
    assert np.array_equal(states(sim), before)


def test_arrays_of_other_cells_are_refused(blast):
    sim = blast()
    with pytest.raises(CrmpiError, match="the coordinates x1 of the array are not those"):
        sim["dens"] = sim["dens"].isel(x1=slice(None, None, -1))
    with pytest.raises(CrmpiError, match="has no dimension time"):
        sim["dens"] = sim["dens"].expand_dims("time")
    with pytest.raises(CrmpiError, match="levels are 0 to 0"):
        sim.array("dens", level=1)


def test_masked_cells_are_refused(blast):
    sim = blast()
    with pytest.raises(CrmpiError, match="'dens' has masked cells: give them values"):
        sim["dens"] = np.ma.masked_less(sim["dens"].values, 2.0)
    sim["dens"] = np.ma.masked_less(sim["dens"].values, 0.0)  # no cell is masked


@pytest.mark.parametrize("problem", [3, dict, ["blast"], CrmpiError])
def test_what_is_no_problem_is_said(problem):
    with pytest.raises(CrmpiError, match="is no problem: name one, a folder or a YAML file"):
        crmpi.Simulation(problem)


def test_steps_are_whole_numbers(blast):
    sim = blast()
    for n in ("a", 1.5, 0):
        with pytest.raises(CrmpiError, match="n must be an integer, 1 or more"):
            sim.step(n)
    for steps in ("a", 1.5, -1):
        with pytest.raises(CrmpiError, match="must be an integer that is not negative"):
            sim.run(steps=steps)
    sim.run(steps=np.int64(1))
    assert sim.steps == 1


def test_parameters_from_python_are_checked_like_those_of_a_file(blast):
    with pytest.raises(CrmpiError, match=r"parameters: unknown parameter 'mesh\.cell'; did you"):
        blast({"mesh.cell": 3})
    with pytest.raises(CrmpiError, match=r"parameters: 'mesh\.cells' = \[16, 16\] "):
        blast({"mesh.cells": [16, 16]})
    with pytest.raises(CrmpiError, match="there is no folder to write into"):
        blast().save()


def test_numbers_in_runs_with_units_say_theirs():
    mesh = {"mesh.cells": [8, 8, 16], "mesh.block": [8, 8, 16]}
    sim = crmpi.Simulation("galactic_wind", mesh, quiet=True)
    assert sim.time_unit == "Myr" and sim["dens"].attrs["units"] == "m_p/cm**3"
    assert sim["dens"].x3.attrs["units"] == "kpc" and float(sim["dens"].x3[-1]) < 3.0
    with pytest.raises(CrmpiError, match="until = 10 has no unit: write '10 Myr'"):
        sim.run(until=10)
    ecr = sim["ecr"]
    sim["ecr"] = ecr.copy(data=10.0 * ecr.values).assign_attrs(units="J/m^3")  # 10 erg/cm^3 each
    np.testing.assert_allclose(sim["ecr"], 100.0 * ecr, rtol=1e-14)
    kept = sim.state.pack.u0.copy()
    sim["dens"] = sim["dens"]  # its unit is spelled for other programs; the bits are the same
    np.testing.assert_array_equal(sim.state.pack.u0, kept)
    sim["temp"].min()
