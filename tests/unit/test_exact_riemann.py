"""Exact Riemann problems against published and recomputed numbers, and against the conservation
laws they solve."""

import numpy as np
import pytest

from crmpi.exact.mhd_shocks import MhdFan, MhdState
from crmpi.exact.riemann import Gammas, RiemannFan, State

FIVE_DIGITS = 1e-5

CR_TUBES = [  # left, right, (p*, v*, rho3, rho2, v_shock)
    (
        (1, 0, 66666, 133333),
        (0.2, 0, 267.2, 267.2),
        (53772.0, 444.672, 0.399994, 0.777709, 598.616),
    ),
    (
        (1, 0, 17.172, 34.344),
        (0.125, 0, 0.05, 0.05),
        (11.2540, 8.14571, 0.345641, 0.487513, 10.9545),
    ),
]


@pytest.mark.parametrize(("left", "right", "numbers"), CR_TUBES)
def test_cr_tube_numbers(left, right, numbers):
    fan = RiemannFan(State(*left), State(*right))
    found = (fan.total, fan.vel, fan.left_side.dens, fan.right_side.dens, -fan.right_side.head)
    np.testing.assert_allclose(found, numbers, rtol=FIVE_DIGITS)


def test_sod_numbers():
    """Toro (2009), table 4.2, test 1: all five digits printed there."""
    fan = RiemannFan(State(1, 0, 1), State(0.125, 0, 0.1), Gammas(gas=1.4))
    found = (fan.total, fan.vel, fan.left_side.dens, fan.right_side.dens)
    np.testing.assert_allclose(found, (0.30313, 0.92745, 0.42632, 0.26557), atol=5e-6)


def test_two_shocks_and_two_rarefactions_are_symmetric():
    for speed in (2.0, -0.5):
        fan = RiemannFan(State(1, speed, 1, 2), State(1, -speed, 1, 2))
        assert abs(fan.vel) < 1e-13
        assert fan.left_side.dens == pytest.approx(fan.right_side.dens, rel=1e-13)
        assert fan.left_side.shock == (speed > 0)


def test_mirror_image():
    left, right = State(1, 0.3, 1, 2), State(0.3, -0.2, 0.1, 0.2)
    xi = np.linspace(-3, 3, 101) + 1e-3
    dens, vel, *pressures = RiemannFan(left, right).sample(xi)
    mirrored = RiemannFan(right._replace(vel=0.2), left._replace(vel=-0.3)).sample(-xi)
    for a, b in zip((dens, -vel, *pressures), mirrored, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize(("left", "right", "numbers"), CR_TUBES)
def test_sampled_solution_conserves_mass_momentum_energy(left, right, numbers):
    """Between two rays far away, the change of the integrals is the difference of the constant
    fluxes there."""
    a, b = State(*left), State(*right)
    reach = 2 * max(numbers[1], numbers[4])
    edges = np.linspace(-reach, reach, 20001)
    xi, width = 0.5 * (edges[1:] + edges[:-1]), edges[1] - edges[0]
    dens, vel, press, pcr = RiemannFan(a, b).sample(xi)
    mass = np.sum(dens) * width - reach * (a.dens + b.dens)
    momentum = np.sum(dens * vel) * width - (a.press + a.pcr - b.press - b.pcr)
    energy = np.sum(0.5 * dens * vel**2 + 1.5 * press + 3 * pcr) * width - reach * sum(
        1.5 * s.press + 3 * s.pcr for s in (a, b)
    )
    quadrature = 10 * width / reach  # each jump is caught to one interval
    assert abs(mass) < quadrature * reach * a.dens
    assert abs(momentum) < quadrature * (a.press + a.pcr)
    assert abs(energy) < quadrature * reach * 3 * (a.press + a.pcr)


def test_vacuum_is_an_error():
    with pytest.raises(ValueError, match="vacuum"):
        RiemannFan(State(1, -20, 1), State(1, 20, 1))


def ryu_jones_2a():
    unit = 1 / np.sqrt(4 * np.pi)
    left = MhdState(1.08, np.array([1.2, 0.01, 0.5]), 0.95, np.array([3.6, 2]) * unit)
    right = MhdState(1.0, np.zeros(3), 1.0, np.array([4, 2]) * unit)
    return MhdFan(left, right, 2 * unit, 5 / 3, guess=(1.6, 1.4, 1.6, 0.3))


def test_ryu_jones_2a_has_the_published_states():
    """Ryu & Jones (1995), fig. 2a: densities and velocities between the seven waves, to the digits
    printed there."""
    fan = ryu_jones_2a()
    dens = [w.behind.dens for w in (*fan.left_waves, *reversed(fan.right_waves))]
    np.testing.assert_allclose(dens, (1.4903, 1.4903, 1.6343, 1.4735, 1.3090, 1.3090), atol=5e-5)
    np.testing.assert_allclose(fan.left_waves[0].behind.vel, (0.60588, 0.11235, 0.55686), atol=5e-6)
    np.testing.assert_allclose(fan.right_waves[2].behind.bt, (1.4126, 0.43772), atol=5e-5)


def test_mhd_shocks_satisfy_the_jump_conditions():
    fan = ryu_jones_2a()

    def flux(s):
        v, bx, bt = s.vel, fan.bx, s.bt
        b = np.array([bx, *bt])
        total = s.press + 0.5 * b @ b
        conserved = np.array(
            [s.dens, *(s.dens * v), s.press / (2 / 3) + 0.5 * s.dens * v @ v + 0.5 * b @ b, *bt]
        )
        momentum = s.dens * v[0] * v - bx * b + np.array([total, 0, 0])
        energy = (conserved[4] + total) * v[0] - bx * (b @ v)
        return conserved, np.array([s.dens * v[0], *momentum, energy, *(bt * v[0] - bx * v[1:])])

    for ahead, waves in ((fan.left, fan.left_waves), (fan.right, fan.right_waves)):
        before = ahead
        for wave in waves:
            (u0, f0), (u1, f1) = flux(before), flux(wave.behind)
            np.testing.assert_allclose(f1 - f0, wave.speed * (u1 - u0), atol=1e-12)
            before = wave.behind
