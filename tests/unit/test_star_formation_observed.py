"""What observables make of a run with star formation."""

import math

import numpy as np
import pytest

from crmpi.analysis.measure.discs import kennicutt
from crmpi.errors import CrmpiError
from tests.observable_case import make_run, observe, uniform

M_P, MSUN, YEAR, KPC = 1.67262192369e-24, 1.988409870698051e33, 3.15576e7, 3.0856775814913673e21
STARS = {
    "cooling": {"enabled": True},
    "star_formation": {"enabled": True, "efficiency": 0.02, "mass_per_supernova": "50 Msun"},
}


def rate_density(dens):
    """Return 0.02 rho/t_ff in g/s/cm^3 at a density in m_p/cm^3."""
    return 0.02 * M_P * dens**1.5 * math.sqrt(32.0 * 6.67430e-8 * M_P / (3.0 * math.pi))


def slab(x):
    """Return gas that is dense in the middle, |x3| < 1 kpc, and too hot for stars below."""
    state = uniform(dens=20.0, temp=1e4)(x)
    thick = np.where(np.abs(x.x3) < 1.0, 1.0, 1e-3)
    hot = np.where(x.x3 < 0.0, 10.0, 1.0)
    return state | {"dens": state["dens"] * thick, "press": state["press"] * thick * hot}


def test_the_rate_is_that_of_the_dense_and_cold_gas():
    """The upper half of the slab: 8 x 8 x 1 kpc^3."""
    sim = make_run(slab, **STARS)
    measured = observe(sim, "gamma_rays", "cr_budget")
    rate = rate_density(20.0) * 64.0 * KPC**3 / MSUN * YEAR
    assert measured["sfr [Msun/yr]"] == pytest.approx(rate, rel=1e-10)
    power = rate * MSUN / YEAR / (50.0 * MSUN) * 1e50
    assert measured["cr_power [erg/s]"] == pytest.approx(power, rel=1e-10)


@pytest.mark.parametrize("block", [(32, 32, 8), (16, 8, 8)])
def test_surface_densities_of_a_slab(block):
    """Rings of a slab have its columns; sorting parts of cells into rings costs 2%."""
    sim = make_run(slab, cells=(32, 32, 8), block=block, **STARS)
    found = observe(
        sim, "kennicutt_schmidt", kennicutt_schmidt__outer="3 kpc", kennicutt_schmidt__bins=3
    )
    gas = (20.0 * 1.0 + 0.02 * 3.0) * M_P * KPC / (MSUN / (1e-3 * KPC) ** 2)
    assert found["R [kpc]"] == pytest.approx([0.5, 1.5, 2.5], rel=1e-12)
    assert found["gas [Msun/pc^2]"] == pytest.approx(gas, rel=0.02)
    rate = rate_density(20.0) * KPC / MSUN * YEAR * KPC**2
    assert found["sfr [Msun/yr/kpc^2]"] == pytest.approx(rate, rel=0.02)
    assert found["relation [Msun/yr/kpc^2]"] == pytest.approx(kennicutt(found["gas [Msun/pc^2]"]))


def halves(x):
    """Return cold gas that is four times denser where x1 > 0."""
    state = uniform(dens=5.0, temp=1e4)(x)
    dense = np.where(x.x1 > 0.0, 4.0, 1.0)
    return state | {"dens": state["dens"] * dense, "press": state["press"] * dense}


def test_the_average_of_a_disc_is_held_against_the_relation():
    """Half of the disc has columns of 20, half of 5 m_p/cm^3 over 8 kpc: the relation is that of
    their mean, whose star formation is the mean of both. Parts of cells at the rim cost 2%."""
    stars = STARS | {"star_formation": STARS["star_formation"] | {"threshold": "1 m_p/cm^3"}}
    stars |= {"composition": {"X": 0.7}}
    sim = make_run(halves, cells=(32, 32, 4), block=(16, 32, 4), **stars)
    found = observe(sim, "disc_average", disc_average__radius="3 kpc")
    gas = 12.5 * 8.0 * M_P * KPC / (MSUN / (1e-3 * KPC) ** 2)
    assert found["disc_gas [Msun/pc^2]"] == pytest.approx(gas, rel=0.02)
    rate = 4.0 * (rate_density(20.0) + rate_density(5.0)) * KPC / MSUN * YEAR * KPC**2
    assert found["disc_sfr [Msun/yr/kpc^2]"] == pytest.approx(rate, rel=0.02)
    ratio = rate / (2.5e-4 * gas**1.4)
    assert found["disc_sfr/relation"] == pytest.approx(ratio, rel=0.02)
    assert found["disc_sfr/relation_H"] == pytest.approx(ratio / 0.7**1.4, rel=0.02)


def test_a_disc_without_cold_gas_has_no_ratio():
    sim = make_run(halves, **STARS)
    found = observe(sim, "disc_average", disc_average__temp_max="5e3 K")
    assert found["disc_gas [Msun/pc^2]"] == 0.0
    assert math.isnan(found["disc_sfr/relation"]) and math.isnan(found["disc_sfr/relation_H"])


def test_the_relation_is_that_of_the_paper():
    """2.5e-4 at 1 Msun/pc^2 and 6.3e-3 at 10."""
    assert kennicutt(np.array([1.0, 10.0])) == pytest.approx([2.5e-4, 6.28e-3], rel=1e-3)


def test_it_needs_star_formation():
    sim = make_run(uniform())
    with pytest.raises(CrmpiError, match=r"kennicutt_schmidt.*needs star formation"):
        observe(sim, "kennicutt_schmidt")
