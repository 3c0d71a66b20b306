"""Two-moment transport at frozen and at free gas: closed forms, conservation, independence of
blocks and axes."""

import itertools
import math

import numpy as np
import pytest

from crmpi.constants import ECR, ENER, MOM1
from crmpi.exact.streaming import triangle, triangle_plateau
from crmpi.numerics.cr.moments import Moments, scatter, slowness
from crmpi.params import make
from crmpi.scattering.constant import ConstantScattering
from crmpi.transport.moments import FCR_FIELD
from crmpi.transport.two_moment import TwoMoment
from crmpi.types import EqualVolumes
from tests.transport_case import Stage

FCR = ECR + 1


def constant(**kappa):
    return ConstantScattering(make(ConstantScattering.Params, **kappa))


def tube(count, lower, upper, axis=0, **ghosts):
    """Return a mesh along one axis with a uniform field along it."""
    cells = [count if a == axis else 1 for a in range(3)]
    stage = Stage(cells, lower=(lower,) * 3, upper=(upper,) * 3, fields=(FCR_FIELD,), **ghosts)
    stage.set_field(lambda *x: tuple(np.full_like(x[0], float(a == axis)) for a in range(3)))
    return stage


def gaussian(axis):
    stage = tube(256, -1.0, 1.0, axis, boundary="outflow")
    stage.set_energy(lambda *x: np.exp(-40.0 * x[axis] ** 2))
    stage.solver(TwoMoment, constant(kappa_par=1 / 30), vmax=100.0, streaming=False).advance(
        0.2, 0.0
    )
    return stage.whole(ECR).ravel()


def test_gaussian_is_alike_on_all_axes():
    profiles = [gaussian(axis) for axis in range(3)]
    x = (np.arange(256) + 0.5) / 128.0 - 1.0
    width = 1.0 + 160.0 * 0.2 / 30.0
    # half of the peer's limit
    assert np.abs(profiles[0] - np.exp(-40.0 * x**2 / width) / np.sqrt(width)).mean() < 4e-5
    assert np.array_equal(profiles[0], profiles[1])
    assert np.array_equal(profiles[0], profiles[2])


def telegraph_error(count):
    """Return the L1 error of the decaying sine mode of V5, sigma = 10, vmax = 100, at t = 0.5."""
    k, sigma, vmax = 2.0 * np.pi, 10.0, 100.0
    s = max(np.roots([1.0 / vmax**2, sigma, k**2 / 3.0]).real)
    average = np.sinc(1.0 / count)  # mean of the mode over a cell
    stage = tube(count, 0.0, 1.0)
    stage.pack.u0[:, FCR] = -0.5 * s / k * average * np.sin(k * stage.coordinates()[0])
    stage.set_energy(lambda x1, x2, x3: 2.0 + 0.5 * average * np.cos(k * x1))
    stage.solver(
        TwoMoment, constant(kappa_par=1.0 / (3.0 * sigma)), vmax=vmax, streaming=False
    ).advance(0.5, 0.0)
    x = (np.arange(count) + 0.5) / count
    return np.abs(
        stage.whole(ECR).ravel() - 2.0 - 0.5 * average * np.cos(k * x) * np.exp(0.5 * s)
    ).mean()


def test_telegraph_mode_converges_at_second_order():
    errors = [telegraph_error(count) for count in (32, 64, 128)]
    assert all(np.log2(coarse / fine) > 2.0 for coarse, fine in itertools.pairwise(errors))


def test_without_scattering_signals_move_at_vmax_over_sqrt3():
    stage = tube(256, -1.0, 1.0, boundary="outflow")
    stage.set_energy(lambda x1, x2, x3: np.where(x1 < 0.0, 2.0, 1.0))
    stage.solver(TwoMoment, constant(kappa_par=1e12), vmax=np.sqrt(3.0), streaming=False).advance(
        0.5, 0.0
    )
    x = (np.arange(256) + 0.5) / 128.0 - 1.0
    front = np.interp(-1.25, -stage.whole(ECR).ravel(), x)  # half-way from 1.5 to 1
    assert front == pytest.approx(0.5, abs=2.0 / 128.0)


def test_streaming_triangle_has_the_plateau_of_the_closed_form():
    stage = tube(256, -4.0, 4.0, boundary="outflow")
    stage.set_energy(lambda x1, x2, x3: np.maximum(2.0 - np.abs(x1), 0.0))
    solver = stage.solver(TwoMoment, constant(), vmax=100.0)
    time = 0.0
    for end in (0.05, 0.1, 0.2, 0.5, 1.0):
        solver.advance(end - time, time)
        time = end
        assert stage.whole(ECR).ravel()[128] == pytest.approx(triangle_plateau(end)[0], rel=1.5e-3)
    x = (np.arange(256) + 0.5) / 32.0 - 4.0
    assert np.abs(stage.whole(ECR).ravel() - triangle(x, 1.0)).mean() < 3e-3
    assert solver.account["floored"][0] < 1e-9 * 4.0


@pytest.mark.parametrize(("f_stream", "heat"), [(0.5, 1 / 6), (1.0, 1 / 3), (4.0, 1 / 3)])
def test_waves_at_the_alfven_speed_heat_however_fast_cosmic_rays_stream(f_stream, heat):
    """e = 2 - x with v_A = 1 streams with f = gamma_cr f_stream e: the gas gains min(f_stream, 1)
    v_A |P_x| per time."""
    stage = tube(64, 0.0, 1.0, boundary="outflow")
    stage.set_energy(lambda x1, x2, x3: 2.0 - x1)
    before = stage.whole(ECR).ravel()
    stage.pack.u0[:, FCR] = 4 / 3 * f_stream * stage.pack.u0[:, ECR]
    solver = stage.solver(TwoMoment, constant(), frozen=False, vmax=1000.0, f_stream=f_stream)
    gas, time = stage.whole(ENER).ravel(), 1e-4
    solver.advance(time, 0.0)
    inner = slice(16, -16)
    assert (stage.whole(ENER).ravel() - gas)[inner] == pytest.approx(heat * time, rel=0.01)
    assert (stage.whole(ECR).ravel() - before)[inner] == pytest.approx(
        (4 / 3 * f_stream - heat) * time, rel=0.01
    )


def weave(x1, x2, x3):
    """Return a field periodic on the unit cube, constant along its own axis as a divergence-free
    field may be."""
    wave = 2.0 * np.pi
    return 1.0 + 0.3 * np.sin(wave * x2), 0.5 * np.cos(wave * x3), 0.7 * np.sin(wave * x1)


def box(block=(12, 12, 12), frozen=False, steps=3, kappa_perp=0.01):
    """Return mesh and solver after some steps of streaming and diffusion in a periodic box with
    moving gas."""
    stage = Stage((12, 12, 12), block, fields=(FCR_FIELD,))
    x1, _, x3 = stage.coordinates()
    wave = 2.0 * np.pi
    stage.pack.u0[:, 0] = 1.0 + 0.4 * np.cos(wave * x1)
    stage.pack.u0[:, MOM1] = 0.3 * np.sin(wave * x3)
    stage.pack.u0[:, MOM1 + 1] = -0.2
    stage.set_field(weave)
    stage.set_energy(lambda x1, x2, x3: 1.0 + 0.5 * np.sin(wave * (x1 + x2)) * np.cos(wave * x3))
    before = {v: stage.whole(v) for v in range(FCR + 1)}
    solver = stage.solver(
        TwoMoment, constant(kappa_par=0.05, kappa_perp=kappa_perp), frozen=frozen, vmax=20.0
    )
    for n in range(steps):
        solver.advance(0.01, 0.01 * n)
    return stage, solver, before


def test_momentum_and_energy_are_kept():
    stage, _, before = box()
    field = np.array([stage.pack.active(stage.pack.bcc)[0, a] for a in range(3)])
    unit = field / np.sqrt((field**2).sum(axis=0))
    for a in range(3):  # momentum of gas and cosmic rays, in every cell
        change = (
            stage.whole(MOM1 + a)
            - before[MOM1 + a]
            + unit[a] * (stage.whole(FCR) - before[FCR]) / 20.0**2
        )
        assert np.abs(change).max() < 1e-16
    total = stage.whole(ENER).sum() + stage.whole(ECR).sum()
    assert total == pytest.approx(before[ENER].sum() + before[ECR].sum(), rel=1e-14)
    assert np.abs(stage.whole(MOM1) - before[MOM1]).max() > 1e-5


def test_ledger_tells_what_the_gas_took():
    stage, solver, before = box()
    ledger = {column.name: column.values.sum() for column in solver.ledger()}
    volume = 12.0**-3
    assert ledger["cr_heat"] > 0.0
    assert ledger["cr_floored"] == 0.0
    assert volume * (stage.whole(ENER) - before[ENER]).sum() == pytest.approx(
        ledger["cr_heat"] + ledger["cr_work"], rel=1e-10
    )
    history = {column.name: column.values for column in solver.history()}
    assert history["cr_substeps"] > 1
    assert 0.0 < history["cr_splitting"] < 10.0


def test_frozen_gas_takes_nothing_but_cosmic_rays_pay():
    stage, _, before = box(frozen=True)
    assert all(np.array_equal(stage.whole(v), before[v]) for v in range(ECR))
    assert stage.whole(ECR).sum() < before[ECR].sum()


@pytest.mark.parametrize("block", [(6, 12, 12), (4, 6, 3)])
def test_blocks_do_not_change_a_bit(block):
    whole, parts = box()[0], box(block)[0]
    assert all(np.array_equal(whole.whole(v), parts.whole(v)) for v in range(FCR + 1))


def test_no_field_no_transport():
    stage = Stage((8, 8, 1), fields=(FCR_FIELD,))
    stage.set_energy(lambda x1, x2, x3: 1.0 + x1)
    before = stage.whole(ECR)
    stage.solver(TwoMoment, constant(kappa_par=1.0), vmax=10.0).advance(0.1, 0.0)
    assert np.array_equal(stage.whole(ECR), before)


@pytest.mark.parametrize(
    "count, end", [(256, 300.0), pytest.param(512, 1500.0, marks=pytest.mark.full)]
)
def test_bottleneck_keeps_its_plateau_and_empties_behind_the_cloud(count, end):
    """V8: e = 3 up to the density peak, e vA^(4/3) = const behind it, where e = 0.646."""
    stage = tube(count, 0.0, 1000.0, boundary="outflow", lower_x1=3.0)
    x = stage.coordinates()[0]
    stage.pack.u0[:, 0] = 0.1 + 0.9 * (1.0 + np.tanh((x - 200.0) / 25.0)) * (
        1.0 + np.tanh((200.0 - x) / 25.0)
    )
    stage.set_energy(lambda x1, x2, x3: np.full_like(x1, 1e-6))
    stage.solver(TwoMoment, constant(), vmax=100.0).advance(end, 0.0)
    profile = stage.whole(ECR).ravel()
    assert profile[: count // 6] == pytest.approx(3.0, rel=1e-3)
    assert profile[count // 2] == pytest.approx(0.646, abs=0.014)


CONSTANTS = Moments(2.0, 4.0, 0.25, (1.0, 0.0), 0.1, 4.0 / 3.0, 0.1, (1.0,) * 3, EqualVolumes(1.0))
"""With c = 2, gamma_cr = 4/3 and a time step of 0.1."""


def slowness_of(g, e, f, vstream, kappa):
    return slowness(CONSTANTS, g, e, f, vstream, kappa)


def test_slowness_is_that_of_its_definition():
    draws = np.random.default_rng(7).uniform(0.1, 2.0, (200, 5))
    for g, e, f, vstream, kappa in draws * [1.0, 1.0, -1.0, 1.0, 1.0]:  # f down the gradient
        h = vstream * 4.0 / 3.0 * e
        a = min(max(1.0 - h * abs(f) / (kappa * g + h) ** 2, 0.0), 1.0)
        s = g / (kappa * g + h)
        if a > 0.0:  # a is a difference: its error is that of 1
            wanted = 1.0 / a, (2.0 * s) ** 2 / (2.0 * a * a)
            assert slowness_of(g, e, f, vstream, kappa) == pytest.approx(wanted, rel=4e-15 / a)
            assert slowness_of(-g, e, -f, vstream, kappa) == slowness_of(g, e, f, vstream, kappa)
        assert slowness_of(g, e, -f, vstream, kappa)[0] == pytest.approx(1.0, rel=1e-15)


def test_slowness_without_cosmic_rays_or_gradient():
    free, damped = slowness_of(1.0, 0.0, 0.5, 1.0, 0.0)
    assert free == pytest.approx(1.0)
    assert damped > 1e30, "nothing is held back more than what has nothing to stream with"
    assert slowness_of(0.0, 0.0, 0.5, 0.0, 0.0) == (pytest.approx(1.0), 0.0)
    assert slowness_of(0.0, 1.0, 0.5, 1.0, 0.1) == (pytest.approx(1.0), 0.0)
    free, damped = slowness_of(1.0, 1.0, -10.0, 1.0, 0.0)
    assert free >= 1e11  # e streams: signals stand still before scattering
    assert math.isfinite(free)


@pytest.mark.parametrize(("kappa", "r"), [(0.0, 0.0), (4.0, 10.0 / 11.0), (math.inf, 1.0)])
def test_optical_depth_of_a_step(kappa, r):
    """x = c^2 dt/kappa where nothing streams: 0.1 for kappa = 4."""
    found, speed = scatter(CONSTANTS, -3.0, 1.0, 0.0, kappa)
    assert found == pytest.approx(r, rel=1e-15, abs=1e-100)
    assert math.copysign(1.0, speed) == -1.0
