"""One-moment streaming and Alfven-wave losses: closed forms, the exchange with the gas,
independence of blocks and axes."""

import numpy as np
import pytest

from crmpi.constants import ECR, ENER, MOM1
from crmpi.errors import CrmpiError
from crmpi.exact.streaming import triangle_plateau
from crmpi.params import make
from crmpi.scattering.constant import ConstantScattering
from crmpi.transport.diffusion import AnisotropicDiffusion
from crmpi.transport.isotropic_diffusion import IsotropicDiffusion
from crmpi.transport.streaming_diffusion import StreamingDiffusion
from tests.transport_case import Stage


def constant(**kappa):
    return ConstantScattering(make(ConstantScattering.Params, **kappa))


def tube(count, lower, upper, axis=0, **ghosts):
    """Return a mesh along one axis with a uniform field along it; v_A = 1."""
    cells = [count if a == axis else 1 for a in range(3)]
    stage = Stage(cells, lower=(lower,) * 3, upper=(upper,) * 3, ng=3, **ghosts)
    stage.set_field(lambda *x: tuple(np.full_like(x[0], float(a == axis)) for a in range(3)))
    return stage


def triangle_run(count, length, end=0.5, axis=0, steps=20):
    """Return mesh and solver after the triangle of V7 has streamed until `end`."""
    stage = tube(count, -4.0, 4.0, axis, boundary="outflow")
    stage.set_energy(lambda *x: np.maximum(2.0 - np.abs(x[axis]), 0.0))
    solver = stage.solver(StreamingDiffusion, constant(), regularisation_length=length)
    for n in range(steps):
        solver.advance(end / steps, n * end / steps)
    return stage, solver


def plateau_error(count, length):
    """Return the relative error of the height of the plateau at t = 0.5."""
    e = triangle_run(count, length)[0].whole(ECR).ravel()
    return e[count // 2] / triangle_plateau(0.5)[0] - 1.0


def test_plateau_is_too_high_by_what_the_regularisation_predicts():
    """The flux of a plateau rises linearly, so tanh(L g/e) = x/x_m; what keeps its energy lifts the
    middle by (ln 2 - 1/2) x_m/L."""
    for length in (8.0, 16.0):
        predicted = (np.log(2.0) - 0.5) * triangle_plateau(0.5)[1] / length
        assert plateau_error(128, length) == pytest.approx(predicted, rel=0.1)


def test_streaming_makes_no_new_extrema():
    stage, solver = triangle_run(128, 32.0)
    e = stage.whole(ECR).ravel()
    assert e.min() == 0.0
    assert e.max() < 2.0
    # one maximum, no wiggles
    assert np.abs(np.diff(e)).sum() == pytest.approx(2.0 * e.max(), rel=1e-9)
    assert {c.name: c.values for c in solver.history()}["cr_stages"] > 3


def test_triangle_is_alike_on_all_axes():
    profiles = [triangle_run(64, 8.0, 0.1, axis, 4)[0].whole(ECR).ravel() for axis in range(3)]
    assert np.array_equal(profiles[0], profiles[1])
    assert np.array_equal(profiles[0], profiles[2])


def weave(x1, x2, x3):
    """Return a field periodic on the unit cube, constant along its own axis as a divergence-free
    field may be."""
    wave = 2.0 * np.pi
    return 1.0 + 0.3 * np.sin(wave * x2), 0.5 * np.cos(wave * x3), 0.7 * np.sin(wave * x1)


def box(solver_class, block=(12, 12, 12), frozen=False, **params):
    """Return mesh and solver after some steps in a periodic box with moving gas, and the state
    before."""
    stage = Stage((12, 12, 12), block, ng=3)
    x1, _, x3 = stage.coordinates()
    wave = 2.0 * np.pi
    stage.pack.u0[:, 0] = 1.0 + 0.4 * np.cos(wave * x1)
    stage.pack.u0[:, MOM1] = 0.3 * np.sin(wave * x3)
    stage.set_field(weave)
    stage.set_energy(lambda x1, x2, x3: 1.0 + 0.5 * np.sin(wave * (x1 + x2)) * np.cos(wave * x3))
    before = {v: stage.whole(v) for v in range(ECR + 1)}
    solver = stage.solver(
        solver_class, constant(kappa_par=0.05, kappa_perp=0.01), frozen=frozen, **params
    )
    for n in range(3):
        solver.advance(0.01, 0.01 * n)
    return stage, solver, before


LOSING = [
    (StreamingDiffusion, {}),
    (AnisotropicDiffusion, {"alfven_losses": 1.0}),
    (IsotropicDiffusion, {"alfven_losses": 1.0}),
]


@pytest.mark.parametrize("solver_class, params", LOSING)
def test_gas_gains_what_cosmic_rays_lose(solver_class, params):
    stage, solver, before = box(solver_class, **params)
    gained = stage.whole(ENER) - before[ENER]
    assert gained.min() >= 0.0
    assert gained.sum() > 1e-3 * before[ECR].sum()
    total = stage.whole(ENER).sum() + stage.whole(ECR).sum()
    assert total == pytest.approx(before[ENER].sum() + before[ECR].sum(), rel=1e-14)
    assert all(np.array_equal(stage.whole(v), before[v]) for v in range(ENER))
    assert solver.account["heat"].sum() == pytest.approx(gained.sum() / 12.0**3, rel=1e-10)
    assert not [column for column in solver.ledger() if column.term]
    assert stage.whole(ECR).min() >= before[ECR].min()


@pytest.mark.parametrize("solver_class, params", LOSING)
def test_frozen_gas_takes_nothing_but_cosmic_rays_pay(solver_class, params):
    stage, solver, before = box(solver_class, frozen=True, **params)
    assert all(np.array_equal(stage.whole(v), before[v]) for v in range(ECR))
    lost = (before[ECR] - stage.whole(ECR)).sum() / 12.0**3
    assert lost == pytest.approx(solver.account["heat"].sum(), rel=1e-10)
    assert [(c.name, c.term) for c in solver.ledger() if c.term] == [("cr_heat", -1)]


@pytest.mark.parametrize("block", [(6, 12, 12), (4, 6, 3)])
@pytest.mark.parametrize("solver_class, params", LOSING[:2])
def test_blocks_do_not_change_a_bit(solver_class, params, block):
    whole, parts = box(solver_class, **params)[0], box(solver_class, block, **params)[0]
    assert all(np.array_equal(whole.whole(v), parts.whole(v)) for v in range(ECR + 1))


def test_without_streaming_it_is_anisotropic_diffusion():
    plain = box(AnisotropicDiffusion)[0]
    idle = box(StreamingDiffusion, f_stream=0.0, max_stages=15)[0]
    assert np.array_equal(plain.whole(ECR), idle.whole(ECR))
    assert np.array_equal(plain.whole(ENER), idle.whole(ENER))


def test_no_field_no_streaming():
    stage = Stage((8, 8, 1), ng=3)
    stage.set_energy(lambda x1, x2, x3: 1.0 + x1)
    before = stage.whole(ECR)
    stage.solver(StreamingDiffusion, constant()).advance(0.1, 0.0)
    assert np.array_equal(stage.whole(ECR), before)


def test_losses_of_a_steady_gradient_are_those_of_the_formula():
    """e = 2 - x pays (gamma_cr - 1) v_A |e_x| = 1/3 per time away from the walls, where diffusion
    does nothing."""
    stage = tube(64, 0.0, 1.0, boundary="outflow")
    stage.set_energy(lambda x1, x2, x3: 2.0 - x1)
    before = stage.whole(ECR).ravel()
    stage.solver(AnisotropicDiffusion, constant(), alfven_losses=1.0).advance(0.03, 0.0)
    change = (stage.whole(ECR).ravel() - before)[8:-8]
    # an exponential decay, second order in 0.01 / e
    assert change == pytest.approx(-0.01, rel=0.01)


@pytest.mark.parametrize(("f_stream", "heat"), [(0.5, 1 / 6), (1.0, 1 / 3), (4.0, 1 / 3)])
def test_waves_at_the_alfven_speed_heat_however_fast_cosmic_rays_stream(f_stream, heat):
    """e = 2 - x with v_A = 1: the gas gains min(f_stream, 1) v_A |P_x|, e changes by gamma_cr
    f_stream |e_x| - heat per time."""
    stage = tube(64, 0.0, 1.0, boundary="outflow")
    stage.set_energy(lambda x1, x2, x3: 2.0 - x1)
    gas, before, time = stage.whole(ENER).ravel(), stage.whole(ECR).ravel(), 1e-3
    stage.solver(
        StreamingDiffusion, constant(), frozen=False, f_stream=f_stream, regularisation_length=20.0
    ).advance(time, 0.0)
    inner = slice(16, -16)
    assert (stage.whole(ENER).ravel() - gas)[inner] == pytest.approx(heat * time, rel=1e-3)
    assert (stage.whole(ECR).ravel() - before)[inner] == pytest.approx(
        (4 / 3 * f_stream - heat) * time, rel=5e-3
    )


def test_losses_need_a_field():
    stage = Stage((8, 1, 1))
    stage.pack.magnetic = False
    with pytest.raises(CrmpiError, match=r"alfven_losses.*fluid\.magnetic"):
        stage.solver(IsotropicDiffusion, constant(kappa_par=1.0), alfven_losses=1.0)


def test_regularisation_length_is_the_longest_side_by_default():
    stage = Stage((8, 16, 1), (4, 4, 1), lower=(0, 0, 0), upper=(1, 4, 9), ng=3)
    assert stage.solver(StreamingDiffusion, constant()).law.length == pytest.approx(4.0)
