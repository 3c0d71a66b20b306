"""Operators declare when they act, what they change and how long a step they allow; a step without
troubled cells asks all ranks as seldom as it can."""

import os

import numpy as np
import pytest

from crmpi.cli.main import main
from crmpi.parallel.comm import SerialComm
from crmpi.physics.operators import Operator, Phase, longest_step
from crmpi.run import driver, stepper
from crmpi.run.configuration import configure
from crmpi.run.time_step import stable_dt
from tests.stepping import SOLVERS, begin, step

SMALL = ["mesh.cells=[8,8,1]", "mesh.block=[8,8,1]"]
WIND = ["galactic_wind", "mesh.cells=[8,8,32]", "mesh.block=[8,8,32]", "injection.rate=1e4"]


class Counting(SerialComm):
    """Counts the calls in which every rank waits for all others."""

    def __init__(self):
        self.calls = 0


def _counted(name):
    def call(self, *arguments):
        self.calls += 1
        return getattr(SerialComm, name)(self, *arguments)

    return call


_REDUCTIONS = ("min", "max", "any", "maxima", "block_sums", "first")
_GATHERS = ("bcast", "allgather_object", "gather_rows", "barrier")
for _name in (*_REDUCTIONS, *_GATHERS):
    setattr(Counting, _name, _counted(_name))


def calls_of(folder, count, *overrides):
    """Return the collective calls of a run of `count` steps without output."""
    comm = Counting()
    words = [*SMALL, f"time.max_steps={count}", f"output.dir={folder}/{count}"]
    words += ["output.history_interval=1e8", "time.end=1e8", *overrides]
    config, problem_class = configure("cr_box", words)
    with open(os.devnull, "w") as quiet:
        driver.run(config, problem_class, comm, stream=quiet)
    return comm.calls


# of a step: its length, and one question after it; two per sub-cycle and one more for the length
# that the fluid meets, with transport; every 20 steps the energy ledger, every 10 the validity
@pytest.mark.parametrize(
    ("overrides", "calls"),
    [
        (["fluid.cosmic_rays=false", "transport.solver=none"], 2),
        (["fluid.cosmic_rays=false", "transport.solver=none", "fluid.integrator=rk3"], 2),
        (["transport.solver=two_moment"], 5),
        (["transport.solver=isotropic_diffusion"], 7),
    ],
)
def test_collective_calls_of_a_step(tmp_path, overrides, calls):
    made = calls_of(tmp_path, 41, *overrides) - calls_of(tmp_path, 21, *overrides)
    assert made == 20 * calls + 2 + 1


@pytest.mark.parametrize("integrator", ["vl2", "rk3"])
def test_a_stage_makes_no_collective_call(monkeypatch, integrator):
    sim = begin("cr_box", *SMALL, "transport.solver=none", f"fluid.integrator={integrator}")
    sim.comm = sim.ghosts.comm = Counting()
    stepper.fluid(sim, 0.0, 1e-3)
    assert sim.comm.calls == 0


def changed(sim, act):
    """Return the names of the fields that `act` changes in active cells."""
    before, faces = sim.pack.u0.copy(), sim.pack.b0.copy()
    act()
    differs = (sim.pack.active(sim.pack.u0) != sim.pack.active(before)).any(axis=(0, 2, 3, 4))
    names, place = set(), 0
    for field in sim.pack.fields:
        if differs[place : place + field.ncomp].any():
            names.add(field.name)
        place += field.ncomp
    return names | ({"b"} if (sim.pack.b0 != faces).any() else set())


def fields_of(sim, operator):
    return set(operator.declared(sim.config.time.cfl).fields)


@pytest.mark.parametrize("solver", SOLVERS)
def test_transport_changes_what_it_declares(solver):
    sim = begin("cr_box", *SMALL, *SOLVERS[solver])
    step(sim)
    moved = changed(sim, lambda: sim.transport.advance(1e-3, sim.time))
    assert moved <= fields_of(sim, sim.transport)
    assert ("ecr" in moved) == (solver != "none")


def test_sources_change_what_they_declare():
    sim = begin(*WIND, "transport.tracer_rigidities=[3]")
    assert [source.name for source in sim.sources] == ["cooling", "injection", "losses"]
    for source in sim.sources:
        found = changed(sim, lambda s=source: sim.followers.apply(s, 0.0, 1.0))
        assert found
        assert found <= fields_of(sim, source)


def test_phases_of_a_step(monkeypatch):
    """Sources around everything, transport around the fluid, the settling right after it."""
    sim = begin(*WIND, "transport.solver=two_moment", "time.sources=twice", "time.transport=twice")
    seen = []
    for source in sim.sources:
        monkeypatch.setattr(source, "apply", lambda _t, _dt, name=source.name: seen.append(name))
    monkeypatch.setattr(sim.transport, "advance", lambda _dt, _time, phase: seen.append(phase.name))
    monkeypatch.setattr(sim.transport, "after_fluid", lambda _dt: seen.append("after_fluid"))
    monkeypatch.setattr(stepper, "fluid", lambda *_, **__: seen.append("fluid"))
    stepper.advance(sim, 0.5 * stable_dt(sim))
    names = [source.name for source in sim.sources]
    inner = ["AROUND_FLUID", "fluid", "after_fluid", "AFTER_FLUID"]
    assert seen == [*names, *inner, *names[::-1]]


def test_any_operator_may_limit_the_step():
    class Slow(Operator):
        phases = (Phase.AROUND_STEP,)

        def max_dt(self, cfl):
            return 1e-5 * cfl

    sim = begin("cr_box", *SMALL, "time.cfl=0.25")
    free = stable_dt(sim)
    sim.operators = (Slow(), *sim.operators)
    assert stable_dt(sim) == 0.25e-5 < free
    assert longest_step([], 0.3) == np.inf


def test_dry_run_lists_the_operators(capsys):
    assert main(["run", *WIND, "transport.solver=two_moment", "--dry-run"]) == 0
    lines = capsys.readouterr().out.splitlines()
    start = next(n for n, line in enumerate(lines) if line.startswith("operators, "))
    end = next(n for n, line in enumerate(lines) if line.startswith("work: "))
    listed = [line for line in lines[start + 1 : end] if not line.startswith("    ")]
    names = [line.split(":")[0].strip() for line in listed]
    assert names == ["cooling", "injection", "losses", "two_moment", "fluid", "gravity"]
    text = "\n".join(lines[start:])
    assert "cooling: a whole step before transport and fluid, or after them, in turns" in text
    assert "right after the fluid" in text
    assert "limit of dt: " in text
    assert "fields: dens, mom, ener, ecr, fcr, b" in text
    assert "columns: cooling_radiated, cooling_heated" in text
