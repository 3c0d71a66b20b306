"""Riemann solvers: consistency, symmetry, exact contacts; the vectorisable power and tanh."""

import math

import numpy as np
import pytest

from crmpi.jit import kernel
from crmpi.numerics.fluid.riemann import (
    HLLC,
    HLLD,
    HLLE,
    LLF,
    SOLVERS,
    State,
    face_flux,
    signal_speeds,
)
from crmpi.numerics.fluid.riemann.base import conserved, fast_speed, physical_flux
from crmpi.numerics.power import power, tanh

ROUND = 1e-13  # some fifty operations on numbers of order one
GAMMA = 5.0 / 3.0


def state(dens, velocity, press, field=(0.0, 0.0)):
    """Return a gas `State`."""
    return State(dens, *velocity, press, GAMMA * press, press / (GAMMA - 1.0), *field)


def solve(solver, bn, lower, upper):
    return face_flux(solver, bn, signal_speeds(solver, bn, lower, upper), lower, upper)


def normal_field(name):
    return 0.7 if True in SOLVERS[name].fields else 0.0


def two_states(name):
    magnetic = normal_field(name) != 0.0
    lower = state(1.0, (0.3, -0.2, 0.5), 0.8, (0.4, -0.3) if magnetic else (0.0, 0.0))
    upper = state(0.4, (-0.1, 0.7, 0.1), 1.7, (-0.5, 0.2) if magnetic else (0.0, 0.0))
    return lower, upper


@pytest.mark.parametrize("name", SOLVERS)
@pytest.mark.parametrize("speed", [-9.0, -0.4, 0.0, 0.4, 9.0])
def test_uniform_state_gives_the_physical_flux(name, speed):
    bn = normal_field(name)
    s = state(1.3, (speed, -0.2, 0.5), 0.8, (0.4, -0.3) if bn else (0.0, 0.0))
    flux = solve(SOLVERS[name](), bn, s, s)
    expected = physical_flux(bn, s)
    assert np.allclose(flux[:7], expected, rtol=0.0, atol=ROUND * max(1.0, speed**2 * abs(speed)))
    assert flux.velocity == pytest.approx(speed, abs=ROUND)
    carried = (flux.from_lower + flux.from_upper) * flux.compression ** (4.0 / 3.0)
    assert carried == pytest.approx(speed, abs=ROUND * 10)


@pytest.mark.parametrize("name", SOLVERS)
def test_mirror_image(name):
    bn = normal_field(name)
    lower, upper = two_states(name)
    flux = solve(SOLVERS[name](), bn, lower, upper)
    mirrored = solve(
        SOLVERS[name](), -bn, upper._replace(vn=-upper.vn), lower._replace(vn=-lower.vn)
    )
    signs = np.array([-1, 1, -1, -1, -1, -1, -1])
    assert np.allclose(np.array(mirrored[:7]) * signs, flux[:7], rtol=0.0, atol=ROUND)
    assert mirrored.velocity == pytest.approx(-flux.velocity, abs=ROUND)


@pytest.mark.parametrize("name", SOLVERS)
def test_turning_the_transverse_axes(name):
    bn = normal_field(name)
    angle = 0.7

    def turn(a, b):
        return math.cos(angle) * a - math.sin(angle) * b, math.sin(angle) * a + math.cos(angle) * b

    def turned(s):
        vt1, vt2 = turn(s.vt1, s.vt2)
        bt1, bt2 = turn(s.bt1, s.bt2)
        return s._replace(vt1=vt1, vt2=vt2, bt1=bt1, bt2=bt2)

    lower, upper = two_states(name)
    flux = solve(SOLVERS[name](), bn, lower, upper)
    other = solve(SOLVERS[name](), bn, turned(lower), turned(upper))
    assert np.allclose(other[:2], flux[:2], rtol=0.0, atol=ROUND)
    assert np.allclose(other[2:4], turn(*flux[2:4]), rtol=0.0, atol=ROUND)
    assert other.ener == pytest.approx(flux.ener, abs=ROUND)
    assert np.allclose(other[5:7], turn(*flux[5:7]), rtol=0.0, atol=ROUND)


@pytest.mark.parametrize("solver", [HLLC(), HLLD()])
@pytest.mark.parametrize("speed", [-0.3, 0.0, 0.3])
def test_contacts_are_exact(solver, speed):
    """A density jump in pressure balance only moves: mass flux upwind, no other wave."""
    bn = 0.5 if isinstance(solver, HLLD) else 0.0
    lower = state(1.0, (speed, 0.0, 0.0), 0.8)
    upper = state(0.1, (speed, 0.0, 0.0), 0.8)
    flux = solve(solver, bn, lower, upper)
    upwind = lower if speed >= 0 else upper
    assert np.allclose(flux[:7], physical_flux(bn, upwind), rtol=0.0, atol=ROUND)


def test_rotational_discontinuity_is_exact():
    """An Alfven wave seen at rest passes HLLD without dissipation."""
    bn, dens = 1.0, 1.0
    lower = state(dens, (-bn, -0.6, 0.0), 0.5, (0.6, 0.0))
    upper = state(dens, (-bn, 0.0, -0.6), 0.5, (0.0, 0.6))
    flux = solve(HLLD(), bn, lower, upper)
    assert np.allclose(physical_flux(bn, lower), physical_flux(bn, upper), atol=ROUND)
    assert np.allclose(flux[:7], physical_flux(bn, lower), rtol=0.0, atol=ROUND)


def test_llf_is_the_mean_minus_half_the_jump():
    """F = (F_l + F_u)/2 - s (U_u - U_l)/2 with s the larger abs(v) + c_fast (Rusanov 1961)."""
    bn = 0.7
    lower, upper = two_states("llf")
    speed = max(abs(s.vn) + fast_speed(bn, s) for s in (lower, upper))
    mean = 0.5 * (np.array(physical_flux(bn, lower)) + physical_flux(bn, upper))
    jump = 0.5 * speed * (np.array(conserved(bn, upper)) - conserved(bn, lower))
    flux = solve(LLF(), bn, lower, upper)
    assert np.allclose(flux[:7], mean - jump, rtol=0.0, atol=ROUND)
    assert flux.velocity == pytest.approx(0.5 * (lower.vn + upper.vn), abs=ROUND)


@pytest.mark.parametrize("solver", [HLLE(), HLLD()])
@pytest.mark.parametrize("sign", [-1.0, 1.0])
def test_supersonic_flow_is_upwind(solver, sign):
    lower, upper = (s._replace(vn=9.0 * sign) for s in two_states("hlld"))
    flux = solve(solver, 0.7, lower, upper)
    expected = physical_flux(0.7, lower if sign > 0 else upper)
    assert np.allclose(flux[:7], expected, rtol=0.0, atol=1000 * ROUND)
    carried = (flux.from_lower, flux.from_upper) if sign > 0 else (flux.from_upper, flux.from_lower)
    assert carried == pytest.approx((9.0 * sign, 0.0), abs=100 * ROUND)


@pytest.mark.parametrize("sign", [-1.0, 1.0])
def test_supersonic_compression_along_a_strong_field_is_upwind(sign):
    """All signals go one way, but the estimate of the Alfven wave behind the fast one would cross
    the face: contact < abs(bn)/sqrt(rho*)."""
    bn = 2.0
    fast = state(1.0, (2.2 * sign, 0.3, -0.2), 0.05, (0.1, -0.2))
    slow = state(4.0, (1.2 * sign, -0.1, 0.4), 0.05, (-0.2, 0.1))
    lower, upper = (fast, slow) if sign > 0 else (slow, fast)
    slowest, contact, fastest = signal_speeds(HLLD(), bn, lower, upper)
    nearest = slowest if sign > 0 else -fastest
    assert nearest > 0.0
    star_dens = fast.dens * (fast.vn * sign - nearest) / (abs(contact) - nearest)
    assert abs(contact) < bn / math.sqrt(star_dens)
    flux = solve(HLLD(), bn, lower, upper)
    assert np.allclose(flux[:7], physical_flux(bn, fast), rtol=0.0, atol=100 * ROUND)


@kernel
def powers(x, y, out):
    """Evaluate `power` on an array."""
    for i in range(x.size):
        out[i] = power(x[i], y)


@pytest.mark.parametrize("y", [4.0 / 3.0, 5.0 / 3.0, -5.0 / 3.0, 1.0])
def test_power_is_accurate(y):
    x = np.exp(np.random.default_rng(1).uniform(-10.0, 10.0, 20000))
    out = np.empty_like(x)
    powers(x, y, out)
    exact = np.power(x.astype(np.longdouble), np.longdouble(y))
    assert float(np.abs(out / exact - 1).max()) < 1e-14


def test_power_of_one_and_of_nonsense():
    x = np.array([1.0, 0.0, -1.0, np.nan, np.inf])
    out = np.empty_like(x)
    powers(x, 4.0 / 3.0, out)
    assert out[0] == 1.0
    assert np.isnan(out[1:]).all()


@kernel
def tangents(x, out):
    """Evaluate `tanh` on an array."""
    for i in range(x.size):
        out[i] = tanh(x[i])


def test_tanh_is_accurate():
    x = np.concatenate([np.geomspace(1e-300, 1e-3, 500), np.geomspace(1e-3, 100.0, 5000), [np.inf]])
    out = np.empty_like(x)
    tangents(x, out)
    exact = np.tanh(x.astype(np.longdouble))
    assert float(np.abs(out / exact - 1).max()) < 4e-15
    tangents(np.array([0.0, np.nan]), out)
    assert out[0] == 0.0
    assert np.isnan(out[1])
