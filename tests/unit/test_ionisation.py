"""Ionisation balance of hydrogen and helium: rates against other data, limits by hand,
smoothness."""

import numpy as np
import pytest

from crmpi.analysis.ions.rates import collisional, recombination
from crmpi.eos import ionisation
from crmpi.eos.ionisation import neutral_helium, neutral_hydrogen


@pytest.mark.parametrize(("temp", "alpha"), [(5e3, 6.82e-13), (1e4, 4.18e-13), (2e4, 2.51e-13)])
def test_recombination_of_hydrogen(temp, alpha):
    """Osterbrock & Ferland 2006, table 2.1, case A."""
    assert ionisation.hydrogen_recombination(temp) == pytest.approx(alpha, rel=0.04)


def test_rates_agree_with_other_fits():
    """Badnell 2006 and Dere 2007, which the ions of the circumgalactic gas use; the cross-sections
    of 1967 and 2007 differ by a quarter."""
    temp = np.logspace(3.9, 4.6, 8)
    assert ionisation.hydrogen_recombination(temp) == pytest.approx(
        recombination("H", 0, temp), rel=0.03
    )
    assert ionisation.hydrogen_collisions(temp) == pytest.approx(collisional("H", 1, temp), rel=0.3)
    assert ionisation.helium_recombination(temp) == pytest.approx(
        recombination("He", 1, temp), rel=0.06
    )
    assert ionisation.helium_collisions(temp) == pytest.approx(collisional("He", 2, temp), rel=0.2)


def test_collisions_alone_make_half_neutral_gas_at_15600_kelvin():
    """Whatever the density: alpha = beta. Gnat & Sternberg 2007 and Bryans et al. 2009 have it at
    1.5e4 to 1.6e4 K."""
    temp = np.linspace(1e4, 3e4, 20001)
    for nh in (1e-4, 1.0):
        half = temp[np.argmin(np.abs(neutral_hydrogen(nh, temp) - 0.5))]
        assert half == pytest.approx(1.55e4, rel=0.02)


def test_cosmic_rays_alone():
    """x^2/(1 - x) = zeta/(alpha n) = 1e-16/6.97e-13 where no electron is fast enough: x =
    0.0119."""
    hydrogen = neutral_hydrogen(1.0, 5e3, 1e-16)
    helium = neutral_helium(1.0, 5e3, hydrogen, 1e-16)
    assert 1.0 - hydrogen == pytest.approx(0.0119, rel=0.01)
    assert 0.0 < 1.0 - helium < 0.05


def test_light_alone_ionises_thin_gas():
    """1 - x = alpha n/zeta to first order, far above the balance of collisions."""
    assert neutral_hydrogen(1e-6, 1e4, 2.28e-14) == pytest.approx(1.885e-5, rel=0.01)


def test_balance_is_smooth_and_falls_with_temperature_and_rate():
    temp = np.logspace(1, 8, 701)
    for nh in (1e-6, 1e-2, 1.0, 1e3):
        hydrogen = neutral_hydrogen(nh, temp, 1e-16)
        helium = neutral_helium(nh, temp, hydrogen, 1e-16)
        assert np.all(np.diff(hydrogen) <= 0.0)
        assert np.all((helium > 0.0) & (helium <= 1.0))
        assert np.abs(np.diff(hydrogen)).max() < 0.08  # steps of 2.3% in temperature
        assert np.all(neutral_hydrogen(nh, temp, 1e-15) <= hydrogen)


def test_nothing_ionises_nothing_recombines():
    assert neutral_hydrogen(1.0, 10.0, 0.0) == 1.0
    assert neutral_helium(1.0, 10.0, 1.0, 0.0) == 1.0
