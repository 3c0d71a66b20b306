"""The point explosion: published constants, jump conditions, and what the profiles conserve."""

import numpy as np
import pytest

from crmpi.exact.sedov import Sedov, effective_gamma


@pytest.mark.parametrize(("gamma", "alpha"), [(1.4, 0.8511), (5 / 3, 0.4936)])
def test_published_energy_integrals(gamma, alpha):
    assert Sedov(gamma).alpha == pytest.approx(alpha, abs=6e-5)


@pytest.mark.parametrize(("share", "jump"), [(0.0, 4.0), (0.5, 5.5), (1.0, 7.0)])
def test_jump_of_a_mixture(share, jump):
    gamma = effective_gamma(share)
    assert Sedov(gamma).dens[-1] == pytest.approx(jump, rel=1e-12)
    assert Sedov(gamma).density(1.5, 1.0) == 1.0


@pytest.mark.parametrize("gamma", [1.2, 4 / 3, 5 / 3])
def test_mass_inside_is_the_mass_swept_up(gamma):
    blast = Sedov(gamma)
    xi3 = blast.xi**3
    mass = np.sum(0.5 * (blast.dens[1:] + blast.dens[:-1]) * np.diff(xi3))
    assert mass == pytest.approx(1.0, rel=1e-5)


def test_radius_of_its_own_momentum():
    """Integrate rho v of the profile at E = 2, rho = 3, t = 0.7 over shells."""
    blast, t = Sedov(1.4), 0.7
    shock = blast.radius(2.0, 3.0, t)
    r = np.linspace(0.0, shock, 4001)[1:]
    vel = 0.4 * r / t * np.interp(r / shock, blast.xi, blast.vel)
    momentum = np.trapezoid(
        4 * np.pi * r**2 * 3.0 * blast.density(np.minimum(r, shock * (1 - 1e-12)), shock) * vel, r
    )
    assert blast.radius_of_momentum(momentum, 3.0, t) == pytest.approx(shock, rel=1e-3)
