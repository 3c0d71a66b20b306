"""The time step is that of the state which the fluid meets, whatever the first half of the sources
and of the transport did."""

import numpy as np
import pytest

from crmpi.constants import DENS, ECR, ENER
from crmpi.errors import RunError
from crmpi.run.stepper import advance
from tests.stepping import begin, step

BOMB = """
from crmpi.api import Problem, np, par

class Bomb(Problem):
    '''Heat in the first half of the first step, in 124 of the 64^2 cells of the unit square.'''
    class Params:
        e: float = par(1e4, doc="energy density")
        ecr: float = par(0.1, doc="energy density of cosmic rays everywhere")
    def initial(self, x, p):
        return dict(dens=1.0, press=0.6, ecr=p.ecr, b1=0.1)
    def inject(self, x, w, t, dt, p):
        return dict(eth=p.e * (x.r < 0.1) * (t == 0.0))
"""
YAML = """
mesh: {cells: [64, 64, 1], lower: [-0.5, -0.5, -0.5], upper: [0.5, 0.5, 0.5]}
time: {end: 0.003, cfl: 0.3}
units: {system: none}
"""
RELEASED = 1e4 * 124 / 64**2
SHELL = """
from crmpi.api import Problem, np, par

class Shell(Problem):
    '''Dense gas full of cosmic rays beside gas thinner by 1e6.'''
    class Params:
        thin: float = par(1e-6, doc="density beside")
    def initial(self, x, p):
        inside = abs(x.x1) < 0.25
        dens = np.where(inside, 1.0, p.thin)
        return dict(dens=dens, press=1e-6, ecr=np.where(inside, 1.0, 1e-9), b1=1e-6)
"""
SUPERNOVAE = [
    "mesh.cells=[16,16,16]",
    "mesh.lower=[-50 pc,-50 pc,-50 pc]",
    "mesh.upper=[50 pc,50 pc,50 pc]",
    "units.system=galactic",
    "injection.enabled=true",
    "injection.mode=central",
    "injection.sampling=discrete",
    "injection.rate=2000",
    "injection.radius=10 pc",
    "injection.seed=3",
]
GAS = """
from crmpi.api import Problem, np, par

class Gas(Problem):
    '''Uniform gas.'''
    class Params:
        temp: float = par(1e4, unit="K", doc="temperature")
    def initial(self, x, p):
        dens = self.units.m_p / self.units.factor("cm^3")
        press = dens * self.units.k_B * p.temp / (0.6 * self.units.m_p)
        return dict(dens=dens, press=press, ecr=1e-3 * dens, b1=1e-3)
"""


@pytest.fixture
def problem(tmp_path):
    """Return a function that writes a problem and returns its folder."""

    def write(name, text, yaml=YAML):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "problem.py").write_text(text)
        (folder / f"{name}.yaml").write_text(yaml)
        return str(folder)

    return write


def energy(sim):
    """Return the energy of gas, field and cosmic rays in the box."""
    active, grid = sim.pack.active(sim.pack.u0), sim.pack.grid
    return float(active[:, [ENER, ECR]].sum()) * grid.dx1 * grid.dx2 * grid.dx3


def floored(sim):
    """Return the mass and the energies that floors added so far, in absolute numbers."""
    amounts = sim.fluid.ledger.amounts
    return sum(float(abs(amounts[name]).sum()) for name in ("mass", "energy", "ecr"))


@pytest.mark.parametrize("size", [1.0, 1e2, 1e6])
@pytest.mark.parametrize("transport", ["none", "two_moment", "isotropic_diffusion"])
def test_release_of_heat_in_the_first_half_of_a_step(problem, transport, size):
    more = ["transport.vmax=3000"] if transport == "two_moment" else []
    end = 0.003 / np.sqrt(size)  # a few crossing times of a cell, whatever the size
    sim = begin(
        problem("bomb", BOMB),
        f"transport.solver={transport}",
        f"problem.e={1e4 * size}",
        f"time.end={end}",
        *more,
    )
    before = energy(sim)
    advance(sim, end)
    assert energy(sim) - before == pytest.approx(RELEASED * size, rel=1e-12)
    assert sim.parts > 1 and floored(sim) == 0


def test_parts_of_a_step_are_as_good_as_short_steps(problem):
    """The same release, once in a step of 0.003, once in steps short enough from the start."""
    folder = problem("bomb", BOMB)
    long, short = begin(folder), begin(folder, "time.dt_max=2e-5")
    advance(long, 0.003)
    while short.time < 0.003 * (1 - 1e-9):
        step(short)
    found, wanted = (sim.pack.active(sim.pack.u0)[0, DENS, 0] for sim in (long, short))
    assert np.abs(found - wanted).mean() < 0.03 * np.abs(wanted - 1.0).mean()


@pytest.mark.parametrize("temp", ["1e4 K", "1e6 K"])
def test_supernovae_in_cold_and_hot_gas(problem, temp):
    sim = begin(
        problem("gas", GAS), *SUPERNOVAE, f"problem.temp={temp}", "time.cfl=0.3", "time.end=2 kyr"
    )
    before, number, most = energy(sim), 0, 0
    while sim.time < 2.0 * sim.units.factor("kyr"):
        step(sim)
        most = max(most, sim.parts)
    number = round(float(sim.sources[0].account["supernovae"].sum()))
    assert number >= 2 and most > 10
    released = number * 1e51 * sim.units.factor("erg")
    assert energy(sim) - before == pytest.approx(released, rel=1e-9)
    assert floored(sim) == 0


def test_cosmic_rays_that_reach_thin_gas_shorten_the_fluid_step(problem):
    sim = begin(
        problem("shell", SHELL), "transport.solver=isotropic_diffusion", "scattering.kappa_par=1"
    )
    before = energy(sim)
    step(sim)
    assert sim.parts > 10
    assert energy(sim) == pytest.approx(before, rel=1e-12)
    assert floored(sim) == 0


def test_nothing_is_looked_at_twice_where_nothing_changed(problem, monkeypatch):
    """Without sources and transport one look at the state per step is enough."""
    sim = begin("orszag_tang", "mesh.cells=[16,16,1]", "mesh.block=[16,16,1]")
    looks = []
    max_dt = sim.fluid.max_dt
    monkeypatch.setattr(sim.fluid, "max_dt", lambda cfl: looks.append(cfl) or max_dt(cfl))
    step(sim, 3)
    assert len(looks) == 3 and sim.parts == 1


def test_a_step_beyond_all_bounds_ends_in_one_sentence(problem):
    sim = begin(problem("bomb", BOMB), "problem.e=1e18")
    with pytest.raises(RunError, match=r"inside step 1 at t = 0: set time.dt_max"):
        advance(sim, 0.003)


def test_a_step_that_nothing_limits_is_refused():
    still = ["fluid.frozen=true", "mesh.cells=[16,1,1]", "mesh.block=[16,1,1]", "time.end=.inf"]
    sim = begin("cr_diffusion", *still)
    with pytest.raises(RunError, match=r"nothing limits the time step.*time\.dt_max"):
        step(sim)
