"""What the recipes of the pages make does what the pages say: a Riemann solver, a source, a
scattering model, an observable, hooks of a problem."""

import os
import subprocess
import sys

import numpy as np
import pytest

from crmpi.api import par
from crmpi.constants import DENS, ENER, MOM1
from crmpi.run.stepper import advance
from crmpi.units import Units
from tests.observable_case import make_run, uniform
from tests.recipes.isolation import execute, isolated
from tests.recipes.pages import ROOT, blocks

GALACTIC = Units("galactic")
ROUND_OFF = 1e-13
OPEN = ("ox1", "ix2", "ox2", "ix3", "ox3")


ELSEWHERE = ("docs/plugins.md", "docs/tutorials/")
"""Their examples are run by tests/unit/test_plugins.py and test_tutorials.py."""


def recipe(word):
    """Return the only block of Python in which a word occurs."""
    (block,) = [
        block
        for block in blocks("python")
        if word in block.text and not block.page.startswith(ELSEWHERE)
    ]
    return block


def test_riemann_solver_gives_the_flux_of_a_uniform_state():
    isolated(_riemann_solver)


def _riemann_solver():
    from crmpi.numerics.fluid.riemann import State, face_flux, signal_speeds
    from crmpi.numerics.fluid.riemann.base import physical_flux

    solver = execute(recipe("@face_flux.option"))["MySolver"]()
    state = State(1.3, 0.4, -0.2, 0.5, 0.8, 4.0 / 3.0, 1.2, 0.4, -0.3)
    flux = face_flux(solver, 0.7, signal_speeds(solver, 0.7, state, state), state, state)
    assert np.allclose(flux[:7], physical_flux(0.7, state), rtol=0.0, atol=ROUND_OFF)
    # by hand: mass dens vn; momentum dens vn^2 + press + (bt^2 - bn^2)/2
    assert flux.dens == pytest.approx(1.3 * 0.4, rel=ROUND_OFF)
    momentum = 1.3 * 0.4**2 + 0.8 + 0.5 * (0.4**2 + 0.3**2 - 0.7**2)
    assert flux.momn == pytest.approx(momentum, rel=ROUND_OFF)


RUN = """
import sys
import crmpi.numerics.fluid.riemann as riemann
sys.path.insert(0, sys.argv[1])
from my_solver import MySolver
riemann.SOLVERS["my_solver"] = MySolver
from tests.verification.runs import run_problem
sims = [run_problem("shock_tube/brio_wu", f"fluid.riemann={name}", cells=(64, 1, 1)).sim
        for name in ("my_solver", "hlle")]
print((sims[0].pack.u0 == sims[1].pack.u0).all(), sims[0].clock.step > 10)
"""


@pytest.mark.full
def test_riemann_solver_runs_a_shock_tube(tmp_path):
    """The solver of the page is HLLE under another name: bitwise identical."""
    (tmp_path / "my_solver.py").write_text(recipe("@face_flux.option").text)
    environment = os.environ | {"PYTHONPATH": str(ROOT), "CRMPI_CACHE_DIR": str(tmp_path / "c")}
    words = [sys.executable, "-c", RUN, str(tmp_path)]
    done = subprocess.run(words, capture_output=True, text=True, env=environment, timeout=600)
    assert done.stdout.split() == ["True", "True"], done.stderr


def test_source_takes_momentum_and_gives_heat():
    isolated(_source)


def _source():
    """Momentum falls as exp(-rate t) and the lost kinetic energy becomes heat: total energy is
    kept."""
    execute(recipe("(Source)"))
    state = uniform(vel=(100.0, 0.0, 0.0))
    sim = make_run(state, drag={"enabled": True, "rate": "50 1/Myr"}, fluid={"cosmic_rays": False})
    before = sim.pack.active(sim.pack.u0).copy()
    dt = GALACTIC.to_code(1e-3, "Myr")
    advance(sim, dt)
    after = sim.pack.active(sim.pack.u0)
    left = np.exp(-0.05)
    assert np.allclose(after[:, MOM1] / before[:, MOM1], left, rtol=1e-9)
    assert np.allclose(after[:, ENER], before[:, ENER], rtol=1e-12)
    (source,) = [source for source in sim.sources if source.name == "drag"]
    kinetic = 0.5 * 1e-3 * 100.0**2 * 8.0**3
    ledger = source.account["heated"].sum()
    assert ledger == pytest.approx((1.0 - left**2) * kinetic, rel=1e-9)


def test_observable_is_the_mass_of_cold_gas():
    isolated(_observable)


def _observable():
    execute(recipe("(Observable)"))
    name, sim = "cold_gas", make_run(uniform(dens=1.0, temp=5e3))
    mass = 8.0**3 * GALACTIC.from_code(1.0, "Msun")  # a box of (8 kpc)^3 with 1 m_p/cm^3
    (value,) = _observed(sim, name).values()
    assert value == pytest.approx(mass, rel=1e-12)
    (value,) = _observed(make_run(uniform(dens=1.0, temp=2e4)), name).values()
    assert value == 0.0


def _observed(sim, name):
    """Return the columns of an observable that was registered after the groups were made."""
    from crmpi.analysis.measure.catalogue import results
    from crmpi.analysis.read.cells import facts_of, running
    from crmpi.params import make
    from crmpi.plugins import OBSERVABLES

    facts, cls = facts_of(sim), OBSERVABLES[name]
    (measured,) = results(
        [cls(make(cls.Params, facts.units), facts, None)], running(sim, facts), sim.comm
    )
    return measured.columns


def test_history_hook_has_the_columns_of_a_uniform_flow():
    isolated(_history)


def _history():
    """A box of (8 kpc)^3 with 1e-3 m_p/cm^3 at 1e4 K that moves with 30 and 40 km/s."""
    hook = execute(recipe("def history"))["history"]
    state = uniform(dens=1e-3, temp=1e4, vel=(0.0, 30.0, -40.0))
    sim = make_run(state, hooks={"history": hook})
    row = {name.split(" ")[0]: value for name, value in sim.history_row().items()}
    outflow = GALACTIC.from_code(1e-3 * -40.0 * 8.0**2, "Msun/yr")
    assert row["outflow"] == pytest.approx(outflow, rel=1e-12)
    assert row["cold_mass"] == pytest.approx(1e-3 * 8.0**3, rel=1e-12)
    assert row["vel3_mean"] == pytest.approx(-40.0, rel=1e-12)
    assert row["temp_min"] == pytest.approx(1e4, rel=1e-12)
    assert row["speed_max"] == pytest.approx(40.0, rel=1e-12)


def test_inflow_hook_fills_the_ghost_zones():
    isolated(_inflow)


def _inflow():
    hook = execute(recipe("def inflow_ix1"))["inflow_ix1"]

    class Params:
        k: float = par(0.5, doc="wave number")

    sim = make_run(
        uniform(),
        hooks={"inflow_ix1": hook, "Params": Params},
        mesh={"boundaries": {"ix1": "inflow", **dict.fromkeys(OPEN, "outflow")}},
    )
    grid = sim.pack.grid
    active = slice(grid.ng3, grid.ng3 + grid.n3), slice(grid.ng2, grid.ng2 + grid.n2)
    dens, vel1 = (sim.pack.w0[0, component][active][:, :, : grid.ng1] for component in (DENS, MOM1))
    assert np.all(dens == 1.0)
    assert np.all(vel1 == 2.0)
