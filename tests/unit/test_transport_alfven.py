"""Alfven-wave regulated transport: exchange in a cell against closed forms and scipy, waves in
motion, conservation, blocks, axes."""

import itertools

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from crmpi.constants import ECR, ENER, MOM1
from crmpi.errors import CrmpiError
from crmpi.numerics.cr.alfven_local import Cell, Matter, Transport, balance, exchange, implicit_step
from crmpi.parallel.comm import SerialComm
from crmpi.params import make
from crmpi.run.configuration import configure
from crmpi.run.simulation import Simulation
from crmpi.scattering.constant import ConstantScattering
from crmpi.transport.alfven_regulated import AlfvenRegulated
from tests.transport_case import Stage

FCR, EWP, EWM = ECR + 1, ECR + 2, ECR + 3
STILL = Transport(0.0, 0.0, 0.0, 0.0)
QUIET = Matter(va=0.0, force=0.0, growth=0.0, drag=0.0, linear=0.0, nonlinear=0.0, seed=0.0)


def march(cell, transport, matter, steps):
    """Return the cell after `steps` equal parts of the step that `matter` and `transport`
    describe."""
    part = matter._replace(
        **{
            name: getattr(matter, name) / steps
            for name in ("force", "growth", "drag", "linear", "nonlinear")
        }
    )
    for _ in range(steps):
        cell, _ = exchange(cell, Transport(*(x / steps for x in transport)), part)
    return cell


def orders(errors):
    return [np.log2(coarse / fine) for coarse, fine in itertools.pairwise(errors)]


# ------------------------------------------------------------------ one cell


def test_waves_grow_at_the_linear_rate_while_the_flux_is_inert():
    """d ln a/dt = +-v_A G (f -+ v_A h); `growth` is v_A G dt, `va` v_A gamma_cr."""
    matter = QUIET._replace(va=0.1, growth=2.0)
    errors = []
    for steps in (8, 16, 32):
        cell = march(Cell(1.0, 1.0, 1e-9, 1e-9, 0.0, 0.0), STILL, matter, steps)
        errors.append(abs(cell.plus / 1e-9 / np.exp(2.0 * 0.9) - 1.0))
        # third derivative of exp(-2.2 t)
        assert abs(cell.minus / 1e-9 / np.exp(-2.0 * 1.1) - 1.0) < 2.2**3 / steps**2
    assert errors[-1] < 1.8**3 / 32**2
    assert min(orders(errors)) > 1.8


def test_non_linear_damping_follows_its_closed_form():
    """a = a0/(1 + N a0 t), and the gas gets what is lost."""
    matter = QUIET._replace(nonlinear=4.0)
    errors = []
    for steps in (32, 64, 128):
        cell = march(Cell(1.0, 0.0, 0.5, 0.25, 0.0, 0.0), STILL, matter, steps)
        errors.append(abs(cell.plus - 0.5 / 3.0))
        assert cell.heat == pytest.approx(0.75 - cell.plus - cell.minus, rel=1e-13)
    assert min(orders(errors)) > 1.8


def test_strong_waves_make_the_flux_that_of_streaming():
    """f relaxes to v_A h (a+ - a-)/(a+ + a-) whatever the step."""
    matter = QUIET._replace(va=0.1, force=1e6)
    cell, _ = exchange(Cell(1.0, -3.0, 0.3, 0.1, 0.0, 0.0), STILL, matter)
    # what backward Euler leaves: (f - f_end)/x
    assert cell.f == pytest.approx(0.1 * 0.2 / 0.4, abs=3.05 / (1e6 * 0.4))


def rates(matter, transport):
    """Return the right-hand side of the equations of a cell for scipy, t in units of the step."""

    def right(_, y):
        e, f, plus, minus = y
        u = matter.va * e
        up, down = matter.growth * plus * (f - u), -matter.growth * minus * (f + u)
        lost = [matter.linear * a + matter.nonlinear * a * a for a in (plus, minus)]
        pull = matter.force * (plus * (f - u) + minus * (f + u)) + matter.drag * f
        gain = up + transport.plus - lost[0], down + transport.minus - lost[1]
        return [-transport.loss - up - down, transport.push - pull, *gain]

    return right


@pytest.mark.parametrize("force, counts", [(3.0, (16, 32, 64)), (300.0, (256, 512, 1024))])
def test_exchange_converges_to_the_full_equations_at_second_order(force, counts):
    """Coarser steps are divided in the cell, and then do not show an order."""
    matter = Matter(va=0.1, force=force, growth=4.0, drag=0.2, linear=0.3, nonlinear=0.5, seed=0.0)
    transport = Transport(0.05, 0.4, 0.01, 0.02)
    start = [1.0, 1.0, 0.02, 0.1]
    exact = solve_ivp(
        rates(matter, transport), (0.0, 1.0), start, method="Radau", rtol=1e-11, atol=1e-13
    ).y[:, -1]
    errors = [
        np.abs(np.array(march(Cell(*start, 0.0, 0.0), transport, matter, steps)[:4]) - exact).max()
        for steps in counts
    ]
    assert min(orders(errors)) > 1.7
    assert errors[-1] < 1e-3


@pytest.mark.parametrize(
    "growth, force, nonlinear",
    list(itertools.product((0.0, 1.0, 1e4), (0.0, 1.0, 1e12), (0.0, 1e-3, 1e6))),
)
def test_any_step_keeps_waves_positive_and_energy_closed(growth, force, nonlinear):
    matter = Matter(
        va=0.02, force=force, growth=growth, drag=0.0, linear=0.1, nonlinear=nonlinear, seed=1e-12
    )
    for f, plus, minus in itertools.product((-2.0, 0.0, 0.01, 2.0), (0.0, 1e-12, 0.3), (0.0, 0.5)):
        cell, parts = exchange(
            Cell(1.0, f, plus, minus, 0.0, 0.0), Transport(0.1, 0.3, -0.05, 0.02), matter
        )
        assert min(cell.plus, cell.minus, cell.heat) >= 0.0 and 1 <= parts <= 64
        before = 1.0 - 0.1 + plus - 0.05 + minus + 0.02
        assert cell.e + cell.plus + cell.minus + cell.heat == pytest.approx(
            before, abs=4e-15 * max(1.0, cell.heat) * parts
        )


def test_balance_is_the_mirror_image_for_the_opposite_flux():
    matter = Matter(va=0.0, force=30.0, growth=5.0, drag=0.1, linear=0.2, nonlinear=0.7, seed=0.0)
    f, plus, minus = balance(1.0, matter, 2.0, 0.1, 0.3, 0.04)
    assert balance(1.0, matter, -2.0, 0.1, 0.04, 0.3) == (-f, minus, plus)


def test_one_implicit_step_solves_its_equations():
    matter = Matter(va=0.1, force=50.0, growth=9.0, drag=0.5, linear=0.2, nonlinear=0.7, seed=0.0)
    old, transport = Cell(1.0, 2.0, 1e-3, 0.2, 0.0, 0.0), Transport(0.0, 0.1, 0.0, 0.0)
    new = implicit_step(1.0, old, transport, matter)
    change = np.array([new.f - old.f, new.plus - old.plus, new.minus - old.minus])
    # v_A h is that of the old e
    expected = rates(matter, transport)(0.0, [old.e, new.f, new.plus, new.minus])[1:]
    assert change == pytest.approx(expected, rel=1e-8)


# ------------------------------------------------------------------ meshes

UNIT = {"light_speed": 100.0, "gyro_rate": 1e6, "nll_damping": 0.0, "wave_floor": 0.0}


def constant(**kappa):
    return ConstantScattering(make(ConstantScattering.Params, **kappa))


def stage_of(cells, block=None, field=(1.0, 0.0, 0.0), **ghosts):
    stage = Stage(cells, block, fields=AlfvenRegulated.fields, **ghosts)
    stage.set_field(lambda *x: tuple(np.full_like(x[0], b) for b in field))
    return stage


def packet_error(count, direction):
    """Return the L1 error of a wave packet of one kind after one crossing at v_A = 2, without
    cosmic rays."""
    stage = stage_of((count, 1, 1), field=(2.0, 0.0, 0.0))
    place = EWP if direction > 0 else EWM
    average = np.sinc(1.0 / count)
    stage.pack.u0[:, place] = 1.0 + 0.5 * average * np.sin(2.0 * np.pi * stage.coordinates()[0])
    stage.refresh()
    stage.solver(AlfvenRegulated, constant(), vmax=10.0, **UNIT).advance(0.3, 0.0)
    x = (np.arange(count) + 0.5) / count - direction * 0.6
    return np.abs(stage.whole(place).ravel() - 1.0 - 0.5 * average * np.sin(2.0 * np.pi * x)).mean()


@pytest.mark.parametrize("direction", [1, -1])
def test_waves_run_along_the_field_at_the_alfven_speed(direction):
    errors = [packet_error(count, direction) for count in (32, 64, 128)]
    assert min(orders(errors)) > 1.8


def gaussian(axis):
    """Return e of V4 where waves of fixed energy scatter: v_A is so small that cosmic rays leave
    them as they are."""
    cells = [128 if a == axis else 1 for a in range(3)]
    stage = Stage(
        cells, lower=(-1,) * 3, upper=(1,) * 3, fields=AlfvenRegulated.fields, boundary="outflow"
    )
    stage.set_field(lambda *x: tuple(np.full_like(x[0], float(a == axis)) for a in range(3)))
    stage.pack.u0[:, 0] = 1e12
    rate = 0.1875 * np.pi * UNIT["gyro_rate"] / 0.5 / UNIT["light_speed"] ** 2  # G at B = 1
    stage.pack.u0[:, EWP] = 20.0 / (3.0 * rate)  # 1/kappa = 3 G (a+ + a-) = 30
    stage.pack.u0[:, EWM] = 10.0 / (3.0 * rate)
    x = stage.coordinates()[axis]
    stage.pack.u0[:, FCR] = 80.0 / 30.0 * x * np.exp(-40.0 * x**2)
    stage.set_energy(lambda *x: np.exp(-40.0 * x[axis] ** 2))
    stage.solver(AlfvenRegulated, constant(), vmax=100.0, **UNIT).advance(0.2, 0.0)
    return stage.whole(ECR).ravel()


def test_waves_of_fixed_energy_are_a_diffusion_coefficient_on_all_axes():
    profiles = [gaussian(axis) for axis in range(3)]
    x = (np.arange(128) + 0.5) / 64.0 - 1.0
    width = 1.0 + 160.0 * 0.2 / 30.0
    # V4, half the cells
    assert np.abs(profiles[0] - np.exp(-40.0 * x**2 / width) / np.sqrt(width)).mean() < 4 * 8e-5
    assert np.array_equal(profiles[0], profiles[1])
    assert np.array_equal(profiles[0], profiles[2])


def test_scattering_in_the_gas_adds_to_that_of_waves():
    """Without waves `extrinsic` is plain diffusion with kappa_par."""
    stage = stage_of((64, 1, 1), field=(1e-8, 0.0, 0.0))
    stage.set_energy(lambda x1, x2, x3: 1.0 + 0.5 * np.cos(2.0 * np.pi * x1))
    stage.solver(
        AlfvenRegulated, constant(kappa_par=0.1), vmax=100.0, extrinsic=True, **UNIT
    ).advance(0.1, 0.0)
    height = stage.whole(ECR).max() - 1.0
    assert height == pytest.approx(0.5 * np.exp(-0.1 * 0.1 * (2.0 * np.pi) ** 2), rel=5e-3)


def weave(x1, x2, x3):
    wave = 2.0 * np.pi
    return 1.0 + 0.3 * np.sin(wave * x2), 0.5 * np.cos(wave * x3), 0.7 * np.sin(wave * x1)


def box(block=(12, 12, 12), frozen=False, steps=3):
    """Return mesh, solver and state before some steps in a periodic box with moving gas and waves
    that matter."""
    stage = Stage((12, 12, 12), block, fields=AlfvenRegulated.fields)
    x1, x2, x3 = stage.coordinates()
    wave = 2.0 * np.pi
    stage.pack.u0[:, 0] = 1.0 + 0.4 * np.cos(wave * x1)
    stage.pack.u0[:, MOM1] = 0.3 * np.sin(wave * x3)
    stage.pack.u0[:, MOM1 + 1] = -0.2 * np.cos(wave * x2)
    stage.pack.u0[:, EWP] = 0.1 + 0.05 * np.sin(wave * x1)
    stage.pack.u0[:, EWM] = 0.1 + 0.05 * np.sin(wave * x2)
    stage.set_field(weave)
    stage.set_energy(lambda x1, x2, x3: 1.0 + 0.5 * np.sin(wave * (x1 + x2)) * np.cos(wave * x3))
    before = {v: stage.whole(v) for v in range(EWM + 1)}
    params = UNIT | {"nll_damping": 1.0, "wave_floor": 1e-6}
    solver = stage.solver(
        AlfvenRegulated, constant(kappa_perp=0.01), frozen=frozen, vmax=20.0, **params
    )
    for n in range(steps):
        solver.advance(0.01, 0.01 * n)
    return stage, solver, before


def test_momentum_and_energy_are_kept():
    stage, solver, before = box()
    field = np.array([stage.pack.active(stage.pack.bcc)[0, a] for a in range(3)])
    unit = field / np.sqrt((field**2).sum(axis=0))
    for a in range(3):
        change = (
            stage.whole(MOM1 + a)
            - before[MOM1 + a]
            + unit[a] * (stage.whole(FCR) - before[FCR]) / 20.0**2
        )
        assert abs(change.sum()) < 1e-13
        assert np.abs(change).max() > 1e-5  # the waves push
    total, was = (
        sum(state[v].sum() for v in (ENER, ECR, EWP, EWM))
        for state in ({v: stage.whole(v) for v in before}, before)
    )
    assert total == pytest.approx(was, rel=1e-14)
    ledger = {column.name: column.values.sum() for column in solver.ledger()}
    assert (
        ledger["cr_heat"] > 0.0 and ledger["cr_floored"] == 0.0 and ledger["cr_fast_cells"] == 0.0
    )


def test_frozen_gas_takes_nothing_but_heat_is_lost():
    stage, solver, before = box(frozen=True)
    assert all(np.array_equal(stage.whole(v), before[v]) for v in range(ECR))
    change = sum((stage.whole(v) - before[v]).sum() for v in (ECR, EWP, EWM)) / 12.0**3
    terms = {c.name: c.term * c.values.sum() for c in solver.ledger()}
    lost = sum(terms[f"cr_{name}"] for name in ("heat", "wave_work", "floored"))
    assert change == pytest.approx(lost, rel=1e-11)
    assert change < 0.0


@pytest.mark.parametrize("block", [(6, 12, 12), (4, 6, 3)])
def test_blocks_do_not_change_a_bit(block):
    whole, parts = box()[0], box(block)[0]
    assert all(np.array_equal(whole.whole(v), parts.whole(v)) for v in range(EWM + 1))


def test_alfven_speeds_beyond_signals_are_counted():
    stage = stage_of((8, 1, 1), field=(6.0, 0.0, 0.0))
    solver = stage.solver(AlfvenRegulated, constant(), vmax=10.0, **UNIT)
    solver.advance(0.01, 0.0)
    assert solver.account["fast_cells"].sum() == 8


def test_a_field_is_needed_and_tracers_and_tubes_are_refused():
    words = [
        "transport={solver: alfven_regulated, vmax: 10, light_speed: 100, gyro_rate: 1}",
        "mesh.cells=[8,1,1]",
        "mesh.block=[8,1,1]",
    ]
    sentences = {
        "fluid.magnetic=false": "fluid.magnetic",
        "transport.tracer_rigidities=[3]": "carries no tracers",
        "mesh={geometry: spherical, lower: [1, -0.5, -0.5], upper: [2, 0.5, 0.5]}": (
            "does not run on a tube"
        ),
    }
    for more, sentence in sentences.items():
        config, problem_class = configure("cr_streaming", [*words, more])
        with pytest.raises(CrmpiError, match=sentence):
            Simulation(config, problem_class, SerialComm()).initialise()


def test_scattering_rate_in_physical_units():
    """nu = (3 pi/16) Omega a/e_B with Omega = 0.00898734 s^-1 at 1 uG and 1 GV: a/e_B = 1e-6 gives
    kappa = c^2/(3 nu) = 5.66e28 cm^2/s."""
    config, _ = configure(
        "galactic_wind", ["transport={solver: alfven_regulated, vmax: 3000 km/s}"]
    )
    units = config.units
    params = config.transport
    stage = stage_of((8, 1, 1), field=(units("1 uG"), 0.0, 0.0))
    stage.pack.u0[:, 0] = 1e3  # v_A << c
    stage.refresh()
    fluid = stage.solver(AlfvenRegulated, constant(), vmax=1.0, **UNIT).fluid
    solver = AlfvenRegulated(params, stage.pack, constant(), stage.ghosts, fluid)
    solver.freeze(solver.populations[0])
    growth = solver.registers.frozen[0, 5, 0, 0, 4]
    kappa = 1.0 / (3.0 * growth * 1e-6 * 0.5 * units("1 uG") ** 2)
    assert units.from_code(kappa, "cm^2/s") == pytest.approx(
        2.99792458e10**2 / (3.0 * 3.0 * np.pi / 16.0 * 0.00898734e-6), rel=1e-6
    )
