"""Tracers of other rigidities follow the bulk where nothing tells them apart, spread with their own
kappa, and leave the gas alone."""

import numpy as np
import pytest

from crmpi.api import Problem
from crmpi.constants import ECR
from crmpi.diagnostics.finite import first_lost, is_lost
from crmpi.errors import CrmpiError
from crmpi.mesh.pack import ECR_FIELD, HYDRO_FIELDS, Pack
from crmpi.parallel.comm import SerialComm
from crmpi.params import Selector, make
from crmpi.run.configuration import load_run
from crmpi.run.simulation import Simulation
from crmpi.scattering.base import KAPPA_PAR, KAPPA_PERP, ScatteringModel
from crmpi.transport.base import transport_solvers
from crmpi.transport.diffusion import AnisotropicDiffusion
from crmpi.transport.isotropic_diffusion import IsotropicDiffusion
from crmpi.transport.populations import Followers, PopulationParams, population_fields
from crmpi.transport.two_moment import TwoMoment
from tests.selection import in_full
from tests.transport_case import Fluid, Stage
from tests.verification.runs import order, run_problem

SAME = "transport.tracer_rigidities=[1]"  # the rigidity of the bulk


class SquareRoot(ScatteringModel):
    """kappa = R^(1/2)/30, the same everywhere; the bulk is at 1 GV."""

    def has_perpendicular(self):
        return False

    def kappa(self, pack, out, rigidity):
        out[:, KAPPA_PAR] = rigidity**0.5 / 30.0
        out[:, KAPPA_PERP] = 0.0


def with_tracers(solver_class, rigidities, **params):
    """Return the parameters of a solver with those that all solvers share."""
    given = {"tracer_rigidities": rigidities, "solver": solver_class.name} | params
    cls = Selector("solver", transport_solvers(), common=PopulationParams).params(solver_class.name)
    return cls(**given)


def follower_error(outcome):
    """Return the largest difference between tracer 1 and the bulk."""
    return np.abs(outcome.cells("ecr_1") - outcome.cells("ecr")).max()


@pytest.mark.parametrize(
    "target, cells, overrides",
    [
        # in a field, as other runs with tracers
        (
            "cr_shock_tube",
            (64, 1, 1),
            ["transport.solver=isotropic_diffusion", "problem.bx=0.5"],
        ),
        ("cr_diffusion", (64, 1, 1), ["problem.velocity=1", "time.max_steps=20"]),
        ("cr_ring", (16, 16, 1), ["time.max_steps=2"]),
        # its user boundary knows nothing of tracers
        ("cr_bottleneck", (64, 1, 1), ["time.max_steps=2", "time.dt_max=50"]),
        *in_full(
            (
                "cr_shock_tube",
                (1, 1, 64),
                [
                    "transport.solver=isotropic_diffusion",
                    "problem.axis=3",
                    "mesh.upper=[1,1,500]",
                    "mesh.boundaries={ix3: outflow, ox3: outflow}",
                    "fluid.riemann=hlle",
                ],
            ),
            (
                "cr_streaming",
                (64, 1, 1),
                [
                    "transport={solver: streaming_diffusion, tracer_rigidities: [1]}",
                    "time.max_steps=2",
                    "time.dt_max=0.1",
                ],
            ),
        ),
    ],
)
def test_tracer_of_the_same_rigidity_has_the_bits_of_the_bulk(target, cells, overrides):
    outcome = run_problem(target, SAME, *overrides, cells=cells)
    assert outcome.sim.clock.step >= 2
    assert np.ptp(outcome.cells("ecr")) > 0.1
    assert follower_error(outcome) == 0.0


@pytest.mark.parametrize(
    "solver", [*in_full("two_moment, vmax: 100, streaming: false"), "anisotropic_diffusion"]
)
def test_tracer_follows_a_sound_wave_at_second_order(solver):
    errors = []
    for n in (32, 64):
        transport = f"transport={{solver: {solver}, tracer_rigidities: [1]}}"
        outcome = run_problem("cr_sound_wave/diffusive", transport, cells=(n, 1, 1))
        exact = outcome.sim.problem.exact(
            outcome.positions(), outcome.sim.time, outcome.sim.problem.p
        )
        errors.append(np.abs(outcome.cells("ecr_1") - exact["ecr"]).mean())
    assert order(*errors) > 1.8


def test_tracer_pays_like_the_bulk_in_moving_gas():
    """What sets them apart is the momentum the gas took from the bulk first, of vmax^-2; f sets how
    fast signals are, so it is vmax^-1.

    Few cells near f = v_A h differ by much more than all others: it is the mean that falls.
    """
    errors = []
    for vmax in (30, 120):
        outcome = run_problem(
            "cr_box", SAME, f"transport.vmax={vmax}", "time.max_steps=2", cells=(8, 8, 8)
        )
        errors.append(
            np.abs(outcome.cells("ecr_1") - outcome.cells("ecr")).mean()
            / outcome.cells("ecr").mean()
        )
    assert errors[0] < 3e-5
    assert errors[1] < errors[0] / 4.0


def test_gas_and_bulk_do_not_feel_tracers():
    alone, crowded = (
        run_problem("cr_box", *tracers, "time.max_steps=2", cells=(8, 8, 8))
        for tracers in ((), (SAME,))
    )
    for name in ("dens", "vel1", "vel2", "vel3", "press", "ecr", "fcr", "b1", "b2", "b3"):
        assert np.array_equal(alone.cells(name), crowded.cells(name)), name
    assert crowded.history["ecr_1"][-1] > 0.0
    assert np.array_equal(alone.history["ecr"], crowded.history["ecr"])


@pytest.mark.parametrize(
    "solver, params",
    [
        (AnisotropicDiffusion, {}),
        (IsotropicDiffusion, {}),
        (TwoMoment, {"vmax": 100.0, "streaming": False}),
    ],
)
def test_every_rigidity_spreads_with_its_own_kappa(solver, params):
    rigidities = (2.0, 4.0)
    params = with_tracers(solver, rigidities, **params)
    stage = Stage(
        (256, 1, 1),
        lower=(-1, -1, -1),
        upper=(1, 1, 1),
        fields=solver.fields_for(params)[1:],
        boundary="outflow",
    )
    stage.set_field(lambda *x: (np.ones_like(x[0]), 0.0 * x[0], 0.0 * x[0]))
    for name in ("ecr", "ecr_1", "ecr_2"):
        stage.pack.u0[:, stage.pack.index[name]] = np.exp(-40.0 * stage.coordinates()[0] ** 2)
    stage.refresh()
    made = solver(
        params, stage.pack, SquareRoot(make(SquareRoot.Params)), stage.ghosts, Fluid(stage.pack)
    )
    time, steps = 0.2, 10
    for n in range(steps):
        made.advance(time / steps, n * time / steps)
    x = (np.arange(256) + 0.5) / 128.0 - 1.0
    for n, rigidity in enumerate((1.0, *rigidities)):
        width = 1.0 + 160.0 * time * rigidity**0.5 / 30.0
        found = stage.whole(made.populations[n].places[0]).ravel()
        # the peer's limit of V4
        assert np.abs(found - np.exp(-40.0 * x**2 / width) / np.sqrt(width)).mean() < 8e-5


def test_fields_come_in_the_order_of_populations():
    names = [
        field.name for field in TwoMoment.fields_for(with_tracers(TwoMoment, (3.0, 10.0), vmax=1.0))
    ]
    assert names == ["ecr", "ecr_1", "ecr_2", "fcr", "fcr_1", "fcr_2"]
    pack = Stage(
        (8, 1, 1),
        fields=population_fields(TwoMoment.fields, with_tracers(TwoMoment, (3.0,), vmax=1.0))[1:],
    ).pack
    assert pack.tracers == ("ecr_1",)
    assert Pack(pack.grid, [0], [[0, 0, 0]], (0, 0, 0), (*HYDRO_FIELDS, ECR_FIELD)).tracers == ()


def test_solver_none_refuses_tracers():
    with pytest.raises(
        CrmpiError,
        match=(
            r"transport\.solver = none carries no tracers; leave out "
            r"transport\.tracer_rigidities"
        ),
    ):
        run_problem("cr_sound_wave", SAME, cells=(8, 1, 1))


def test_negative_tracers_are_raised_and_counted():
    params = with_tracers(IsotropicDiffusion, (3.0,))
    stage = Stage((8, 1, 1), (4, 1, 1), fields=IsotropicDiffusion.fields_for(params)[1:])
    stage.set_energy(lambda *x: 1.0 + 0.0 * x[0])
    place = stage.pack.index["ecr_1"]
    stage.pack.active(stage.pack.u0)[1, place, 0, 0, 2:] = -1e-3
    solver = IsotropicDiffusion(
        params, stage.pack, SquareRoot(make(SquareRoot.Params)), stage.ghosts, Fluid(stage.pack)
    )
    solver.after_fluid(0.1)
    assert stage.whole(place).min() == 0.0
    assert solver.account["tracer_floored_cells"].tolist() == [0.0, 2.0]


class Half:
    """A source that takes half of `ecr` on the left and adds 3 on the right."""

    leads_tracers = True

    def __init__(self, pack):
        self.bulk = pack.active(pack.u0)[:, ECR]

    def apply(self, time, dt):
        self.bulk[..., :4] *= 0.5
        self.bulk[..., 4:] += 3.0


def test_sources_do_to_tracers_what_they_do_to_the_bulk():
    stage = Stage(
        (8, 1, 1), fields=TwoMoment.fields_for(with_tracers(TwoMoment, (3.0,), vmax=1.0))[1:]
    )
    pack = stage.pack
    for name, value in {"ecr": 2.0, "ecr_1": 10.0, "fcr": 4.0, "fcr_1": 6.0}.items():
        pack.u0[:, pack.index[name]] = value
    Followers(pack).apply(Half(pack), 0.0, 1.0)
    assert stage.whole(pack.index["ecr_1"]).ravel().tolist() == [5.0] * 4 + [13.0] * 4
    assert stage.whole(pack.index["fcr_1"]).ravel().tolist() == [3.0] * 4 + [6.0] * 4
    # the source itself sees to the bulk's flux
    assert np.all(stage.whole(pack.index["fcr"]) == 4.0)


class Colours(Problem):
    """Tracer 1 starts, is injected and is held at the boundary as the problem says, tracer 2 like
    the bulk."""

    name = "colours"

    def initial(self, x, p):
        return {"dens": 1.0, "press": 1.0, "ecr": 1.0, "ecr_1": 7.0 + 0.0 * x.x1}

    def inject(self, x, w, t, dt, p):
        return {"ecr": 0.5 + 0.0 * x.x1, "ecr_1": 0.25 + 0.0 * x.x1}

    def boundary_ix1(self, w, x, t, p):
        w.ecr *= 4.0
        w.ecr_1 = 5.0


def test_a_problem_may_treat_tracers_by_name():
    config = load_run(
        Colours,
        {
            "mesh": {"cells": [8, 1, 1], "boundaries": {"ix1": "user", "ox1": "outflow"}},
            "time": {"end": 1.0},
            "units": {"system": "none"},
            "fluid": {"frozen": True},
            "transport": {"solver": "isotropic_diffusion", "tracer_rigidities": [3, 10]},
        },
    )
    sim = Simulation(config, Colours, SerialComm())
    sim.initialise()
    u, index = sim.pack.u0[0, :, 0, 0], sim.pack.index
    assert [u[index[name], 2] for name in ("ecr", "ecr_1", "ecr_2")] == [1.0, 7.0, 1.0]
    assert [u[index[name], 0] for name in ("ecr", "ecr_1", "ecr_2")] == [4.0, 5.0, 4.0]
    register = sim.pack.u0[:, index["ecr_1"] : index["ecr_2"] + 1].copy()
    sim.ghosts.fill_cells(register, sim.pack.fields[4:6], 0.0)
    assert register[0, :, 0, 0, 0].tolist() == [5.0, 4.0]
    for source in sim.sources:
        sim.followers.apply(source, 0.0, 1.0)
    assert [u[index[name], 2] for name in ("ecr", "ecr_1", "ecr_2")] == [1.5, 7.25, 1.5]


@pytest.mark.parametrize("solver", ["two_moment, vmax: 20", "anisotropic_diffusion"])
def test_tracers_follow_on_a_tube(solver):
    config = f"transport={{solver: {solver}, tracer_rigidities: [1]}}"
    geometry = "mesh={geometry: flux_tube, spacing: uniform, tube_height: 0.5}"
    outcome = run_problem(
        "cr_sound_wave/diffusive",
        config,
        geometry,
        "mesh.boundaries={ix1: outflow, ox1: outflow}",
        "time.max_steps=5",
        "problem.amplitude=1e-3",
        cells=(32, 1, 1),
    )
    assert np.ptp(outcome.cells("ecr")) > 1e-4
    assert follower_error(outcome) < 1e-6


def test_tracer_that_is_not_a_number_is_found():
    sim = run_problem("cr_diffusion", SAME, "time.max_steps=1", cells=(16, 1, 1)).sim
    assert not is_lost(sim.pack, sim.fluid.ledger)
    sim.pack.active(sim.pack.u0)[0, sim.pack.index["ecr_1"], 0, 0, 3] = np.nan
    assert is_lost(sim.pack, sim.fluid.ledger)
    assert first_lost(sim.pack, sim.positions, 0).startswith("ecr_1 at x1=")
