"""The energy of the box changes by what its ledger says, to round-off: every solver, open and
closed boxes, tubes, gravity, floors."""

import pytest

from crmpi.constants import ENER
from crmpi.diagnostics import energy_ledger
from crmpi.diagnostics.energy_guard import EnergyGuard
from crmpi.errors import RunError
from crmpi.run import stepper
from crmpi.run.inline import run_to_end
from tests.stepping import SOLVERS as BARE
from tests.stepping import begin, step
from tests.unit.test_time_step import BOMB
from tests.unit.test_time_step import YAML as BOMB_YAML

SOLVERS = {
    solver: [*own, "transport.vmax=20"] if solver in ("two_moment", "alfven_regulated") else own
    for solver, own in BARE.items()
}

FLOW = """
from crmpi.api import Problem, np, par

class Flow(Problem):
    '''Gas, field and cosmic rays that vary everywhere and flow through all walls.'''
    class Params:
        speed: float = par(1.0, doc="of the flow")
        thin: float = par(0.5, doc="lowest density")
        along: int = par(0, doc="1, 2, 3: everything is along this axis, for tubes")
        heat: float = par(0.0, doc="heating rate of gas and cosmic rays")
        waves: float = par(0.0, doc="the same of Alfven waves")
    def wave(self, x, a, b, c):
        return np.sin(2 * np.pi * (a * x.x1 + b * x.x2 + c * x.x3) + a)
    def initial(self, x, p):
        v = [p.speed * (0.5 + self.wave(x, *k)) for k in ((1, 2, 1), (2, 1, 1), (1, 1, 2))]
        if p.along:
            flow = p.speed * (0.5 + self.wave(x, 1, 1, 1))
            v = [flow if a + 1 == p.along else 0.0 for a in range(3)]
        dens = p.thin + 1.0 + self.wave(x, 1, 1, 1)
        field = {f"b{a + 1}": b for a, b in enumerate((0.5, 0.3, 0.7)) if p.along in (0, a + 1)}
        press, ecr = 1.0 + 0.5 * self.wave(x, 2, 1, 0), 0.6 + 0.5 * self.wave(x, 1, 3, 1)
        return dict(dens=dens, press=press, ecr=ecr, vel1=v[0], vel2=v[1], vel3=v[2], **field)
    def inject(self, x, w, t, dt, p):
        waves = dict(ewp=p.waves * dt, ewm=2 * p.waves * dt) if p.waves else {}
        return dict(eth=p.heat * dt, ecr=p.heat * dt, mom1=0.1 * p.heat * dt) | waves
"""
ENDS = """
    def boundary_ix1(self, w, x, t, p):
        w.dens[...], w.vel1[...], w.press[...], w.ecr[...] = 1.0, 2.0, 1.0, 1.5
    def boundary_ox1(self, w, x, t, p):
        w.dens[...], w.press[...], w.ecr[...] = 1.0, 1.0, 0.01
"""
YAML = """
mesh: {cells: [16, 8, 8], block: [8, 8, 8]}
time: {end: 10}
units: {system: none}
"""
OUTFLOW = [
    f"mesh.boundaries.{face}={'user' if face[2] == '1' else 'outflow'}"
    for face in ("ix1", "ox1", "ix2", "ox2", "ix3", "ox3")
]
GRAVITY = ["gravity.uniform.g1=0.3", "gravity.uniform.g3=-1"]
LINE = [
    "mesh.cells=[32,1,1]",
    "mesh.block=[16,1,1]",
    "mesh.lower=[1,0,0]",
    "mesh.upper=[3,1,1]",
    "problem.along=1",
]
KAPPA = ["scattering.kappa_par=0.3", "scattering.kappa_perp=0.1"]


@pytest.fixture
def flow(tmp_path):
    """Return a function that begins the flow with more overrides."""

    def start(*overrides):
        folder = tmp_path / "flow"
        folder.mkdir()
        (folder / "problem.py").write_text(FLOW + ENDS if set(OUTFLOW) & set(overrides) else FLOW)
        (folder / "flow.yaml").write_text(YAML)
        return begin(str(folder), *overrides)

    return start


def balance(sim, row):
    """Return (energy of the box minus all terms of the ledger, largest term)."""
    names = {label.split(" ")[0]: value for label, value in row.items()}
    energies = [names[name] for name in energy_ledger.energies(sim)]
    terms = [column.term * names[column.name] for column in energy_ledger.terms(sim)]
    return sum(energies) - sum(terms), max(map(abs, [*energies, *terms]))


def mass_balance(row):
    """Return the mass of the box minus what came through its boundary and from floors."""
    return (
        row["mass [code]"] - row.get("boundary_mass [code]", 0.0) - row["floor_added_mass [code]"]
    )


def closes(sim, count=4):
    """Check that the ledger closes over some steps; return the last row of the history."""
    first = sim.history_row()
    start, _ = balance(sim, first)
    step(sim, count)
    row = sim.history_row()
    assert abs(mass_balance(row) - mass_balance(first)) < 1e-13 * count * (
        row["mass [code]"] + abs(row.get("boundary_mass [code]", 0.0))
    )
    end, scale = balance(sim, row)
    assert abs(end - start) < 1e-13 * count * scale, {
        name: row[name] for name in row if "energy" in name or "ecr" in name
    }
    return row


@pytest.mark.parametrize("integrator", ["vl2", "rk3"])
@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("open_box", [False, True])
def test_ledger_closes(flow, solver, integrator, open_box):
    walls = OUTFLOW if open_box else []
    own = KAPPA
    row = closes(
        flow(
            *SOLVERS[solver],
            *walls,
            *own,
            *GRAVITY,
            "problem.heat=0.2",
            f"fluid.integrator={integrator}",
        )
    )
    assert abs(row["gravity_work [code]"]) > 1e-6 and ("boundary_energy [code]" in row) == open_box
    assert not open_box or abs(row["boundary_ecr [code]"]) > 1e-6


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("walls", [[], OUTFLOW])
def test_ledger_closes_at_frozen_gas(flow, solver, walls):
    closes(flow(*SOLVERS[solver], *walls, *KAPPA, "fluid.frozen=true", "problem.heat=0.2"))


@pytest.mark.parametrize(
    "solver", ["none", "isotropic_diffusion", "anisotropic_diffusion", "two_moment"]
)
@pytest.mark.parametrize(
    "shape", ["geometry=spherical", "spacing=log", "geometry=flux_tube mesh.tube_height=1"]
)
def test_ledger_closes_on_tubes(flow, solver, shape):
    row = closes(
        flow(
            *SOLVERS[solver],
            *LINE,
            *OUTFLOW,
            *KAPPA,
            *f"mesh.{shape}".split(),
            "gravity.uniform.g1=-1",
            "problem.heat=0.2",
        )
    )
    assert abs(row["gravity_work [code]"]) > 1e-6


@pytest.mark.parametrize("solver", SOLVERS)
def test_ledger_closes_where_floors_act_and_fluxes_are_redone(flow, solver):
    rough = [
        "problem.speed=30",
        "problem.thin=0.01",
        "fluid.floors.press=0.8",
        "fluid.floors.dens=0.1",
        "fluid.floors.ecr=0.05",
    ]
    row = closes(flow(*SOLVERS[solver], *OUTFLOW, *KAPPA, *rough, "time.cfl=0.4"), 6)
    assert row["floor_added_energy [code]"] > 0.0
    assert row["floor_first_order [1]"] > 0


CORNERS = (
    "mesh.refinement={fluid_levels: %d, regions: ["
    "{level: 2, lower: [0,0,0], upper: [0.2,0.2,0.2]}, "
    "{level: 1, lower: [0.6,0.4,0.4], upper: [1,1,1]}]}"
)


@pytest.mark.parametrize(
    ("solver", "integrator", "apart", "block"),
    [
        ("none", "vl2", 0, 4),
        ("none", "vl2", 1, 4),
        ("none", "rk3", 2, 4),
        ("two_moment", "vl2", 2, 4),
        ("streaming_diffusion", "rk3", 1, 8),
    ],
)
def test_ledger_closes_where_levels_step_apart(flow, solver, integrator, apart, block):
    """Levels meet at open walls, floors act, fluxes are redone and replaced, gravity works."""
    mesh = ["mesh.cells=[16,16,16]", f"mesh.block={[block] * 3}", "mesh.upper=[1,1,1]"]
    rough = ["problem.speed=8", "problem.thin=0.01", "fluid.floors.press=0.5", "time.cfl=0.4"]
    sim = flow(
        *SOLVERS[solver],
        *OUTFLOW,
        *KAPPA,
        *GRAVITY,
        *mesh,
        CORNERS % apart,
        *rough,
        "fluid.floors.dens=0.1",
        f"fluid.integrator={integrator}",
    )
    row = closes(sim, 3)
    assert sim.tree.max_level == 2 and abs(row["gravity_work [code]"]) > 1e-6
    assert row["floor_added_energy [code]"] > 0.0 and row["floor_first_order [1]"] > 0


def test_waves_that_a_problem_injects_are_in_the_ledger(flow):
    row = closes(
        flow(*SOLVERS["alfven_regulated"], *KAPPA, "problem.heat=0.1", "problem.waves=0.05")
    )
    assert row["problem_ecr [code]"] > 0.0


@pytest.mark.parametrize("kind", ["reflect", "diode", "hydrostatic"])
@pytest.mark.parametrize(
    "solver", ["none", "anisotropic_diffusion", "two_moment", "alfven_regulated"]
)
def test_ledger_closes_with_other_walls(flow, kind, solver):
    walls = [wall.replace("outflow", kind) for wall in OUTFLOW if "3" in wall]
    row = closes(flow(*SOLVERS[solver], *walls, *KAPPA, *GRAVITY))
    if kind == "reflect":
        assert (
            abs(
                row["boundary_energy [code]"]
                + row["boundary_ecr [code]"]
                + row.get("cr_boundary [code]", 0.0)
            )
            < 1e-13
        )


@pytest.mark.parametrize("shape", ["[32,1,1]", "[1,32,1]", "[16,16,1]", "[1,16,16]", "[16,1,16]"])
def test_ledger_closes_in_fewer_dimensions(flow, shape):
    closes(
        flow(
            *SOLVERS["two_moment"], *OUTFLOW, *GRAVITY, f"mesh.cells={shape}", f"mesh.block={shape}"
        )
    )


@pytest.mark.parametrize("axis", [1, 2, 3])
def test_fluxes_through_open_ends_are_those_of_the_states_there(tmp_path, axis):
    """Uniform gas between two open ends: rho v in and out cancels; where the inner end is a wall
    the outer one drains rho v t."""
    folder = tmp_path / "stream"
    folder.mkdir()
    (folder / "problem.py").write_text(STREAM)
    (folder / "stream.yaml").write_text(YAML)
    cells = ["16" if a + 1 == axis else "8" for a in range(3)]
    shape = f"[{','.join(cells)}]"
    sides = [
        f"mesh.boundaries.{end}x{axis}={kind}" for end, kind in (("i", "reflect"), ("o", "outflow"))
    ]
    sim = begin(
        str(folder), f"mesh.cells={shape}", "mesh.block=[8,8,8]", f"problem.axis={axis}", *sides
    )
    step(sim, 3)
    came = {name: float(sim.fluid.box[name].sum()) for name in sim.fluid.box.used}
    dens, speed, press, ecr = 2.0, 3.0, 1.0, 0.6
    assert came["boundary_mass"] == pytest.approx(-dens * speed * sim.time, rel=1e-12)
    assert came["boundary_energy"] == pytest.approx(
        -speed * (2.5 * press + 0.5 * dens * speed**2 + ecr / 3) * sim.time, rel=1e-12
    )
    assert came["boundary_ecr"] == pytest.approx(-speed * ecr * sim.time, rel=1e-12)


STREAM = """
from crmpi.api import Problem, par

class Stream(Problem):
    class Params:
        axis: int = par(1, doc="of the flow")
    def initial(self, x, p):
        return {"dens": 2.0, "press": 1.0, "ecr": 0.6, f"vel{p.axis}": 3.0}
"""


def test_energy_from_nowhere_ends_the_run(flow):
    sim = flow(*SOLVERS["two_moment"], *OUTFLOW, *KAPPA)
    guard = EnergyGuard(sim)
    step(sim)
    guard.check()
    sim.pack.active(sim.pack.u0)[0, ENER, 3, 3, 3] += 1e-3
    step(sim)
    with pytest.raises(
        RunError, match=r"its ledger leaves 9\.76\d*e-07 of it unexplained .*boundary_energy [+-]"
    ):
        guard.check()  # 1e-3 in one of 1024 cells of a box of volume 1
    guard.check()


def test_energy_that_floors_make_ends_the_run(flow):
    sim = flow("fluid.floors.press=0.4", "problem.speed=3")
    guard = EnergyGuard(sim)
    sim.pack.active(sim.pack.u0)[:, ENER] *= 0.5
    sim.refresh()
    with pytest.raises(RunError):
        guard.check()
    # far below the floors, as a step too long leaves it
    sim.pack.active(sim.pack.u0)[:, ENER] *= 1e-3
    broken = EnergyGuard(sim)
    sim.refresh()
    with pytest.raises(
        RunError, match=r"floors gave .* more than fluid.floors.energy_limit = 0.1 allows"
    ):
        broken.check()


def test_a_run_ends_where_a_step_makes_energy(flow, monkeypatch):
    """The loop of a run looks every 20 steps."""
    advance = stepper.advance

    def lie(sim, dt):
        advance(sim, dt)
        sim.pack.u0[0, ENER] *= 1.0 + 1e-6

    monkeypatch.setattr(stepper, "advance", lie)
    sim = flow("time.max_steps=30")
    with pytest.raises(
        RunError,
        match=r"its ledger leaves .* step 20; earlier output is intact; try a smaller time.cfl",
    ):
        run_to_end(sim)


def test_a_run_ends_where_an_unstable_step_makes_floors_act(tmp_path, monkeypatch):
    """The release of heat of `test_time_step`, with the fluid not told of it: floors would add 5e18
    to a box of 303."""
    folder = tmp_path / "bomb"
    folder.mkdir()
    (folder / "problem.py").write_text(BOMB)
    (folder / "bomb.yaml").write_text(BOMB_YAML)
    monkeypatch.setattr(stepper, "parts", lambda sim, time, dt, changed: [(time, dt)])
    with pytest.raises(
        RunError,
        match=r"floors gave .* to a box of .*, more than fluid.floors.energy_limit = 0.1 allows",
    ):
        run_to_end(begin(str(folder)))
