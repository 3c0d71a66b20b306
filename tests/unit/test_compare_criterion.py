"""The criterion of exclusion and the data it is used on."""

import math

import numpy as np
import pytest

from crmpi.compare import data as published
from crmpi.compare.tension import Criterion, Data, binomial_tail, judge, pulls
from crmpi.constraints.cgm import in_cgs
from crmpi.constraints.cos_halos import read_cos_halos
from crmpi.constraints.haloes import HaloParams, circular_velocities
from crmpi.params import make
from crmpi.units import Units

CRITERION = make(Criterion, Units("none"))


def data(values, kinds, error=0.0):
    """Return Data at 50 kpc."""
    n = len(values)
    return Data(
        np.full(n, 50.0),
        np.array(values, float),
        np.full(n, error),
        np.array(kinds),
        np.full(n, "x"),
    )


def test_limits_are_respected():
    three = data([14.0, 14.0, 14.0], ["measured", "lower", "upper"])
    above, below = pulls(three, 15.0, 0.0, CRITERION), pulls(three, 13.0, 0.0, CRITERION)
    assert above == pytest.approx([2.0, 0.0, 2.0])  # 1 dex over the scatter of 0.5
    assert below == pytest.approx([-2.0, -2.0, 0.0])


def test_errors_add_in_squares():
    assert pulls(
        data([0.0], ["measured"], error=1.2), np.array([1.3]), 0.0, CRITERION
    ) == pytest.approx([1.0])
    assert pulls(data([0.0], ["measured"]), np.sqrt([1.25]), 1.0, CRITERION) == pytest.approx([1.0])


def test_a_model_that_says_nothing_is_not_safe():
    assert abs(pulls(data([14.0], ["measured"]), np.array([8.0]), 30.0, CRITERION)[0]) > 5.0


@pytest.mark.parametrize(("n", "p"), [(10, 0.3), (44, 0.0455)])
def test_binomial_tail_against_a_count(n, p):
    outcomes = np.array([math.comb(n, j) * p**j * (1 - p) ** (n - j) for j in range(n + 1)])
    assert binomial_tail(0, n, p) == pytest.approx(1.0)
    assert binomial_tail(3, n, p) == pytest.approx(1.0 - outcomes[:3].sum(), rel=1e-12)


def test_a_right_model_is_kept_and_a_wrong_one_is_not():
    values = 14.0 + CRITERION.scatter * np.random.default_rng(1).standard_normal(40)
    forty = data(values, ["measured"] * 40)
    right, wrong = (
        judge(forty, np.full(40, 14.0), 0.0, CRITERION),
        judge(forty, np.full(40, 12.5), 0.0, CRITERION),
    )
    assert right.state == "ok"
    assert wrong.state == "excluded"
    assert wrong.violated > 25  # 1.5 dex are 3 sigma
    assert wrong.offset == pytest.approx(-1.5, abs=0.3)
    assert "the model is low by" in wrong.reason


def test_false_alarms_are_as_rare_as_stated():
    random = np.random.default_rng(2)
    draws = CRITERION.scatter * random.standard_normal((2000, 30))
    states = [
        judge(data(draw, ["measured"] * 30), np.zeros(30), 0.0, CRITERION).state for draw in draws
    ]
    expected = 2000 * CRITERION.significance
    assert states.count("excluded") <= expected + 5.0 * math.sqrt(expected)


def test_nothing_at_all_is_a_violation_where_something_is_seen():
    verdict = judge(data([13.0] * 3, ["lower"] * 3), np.full(3, -np.inf), 0.0, CRITERION)
    assert verdict.state == "excluded"
    assert "low without bound" in verdict.reason


def test_without_prediction_there_is_no_verdict():
    assert judge(data([13.0], ["measured"]), np.array([np.nan]), 0.0, CRITERION).state == "untested"
    assert (
        judge(
            data([13.0], ["upper"]),
            np.array([12.0]),
            0.0,
            make(Criterion, Units("none"), min_data=2),
        ).reason
        == "only 1 data"
    )


def test_one_datum_excludes_by_its_distance():
    one = data([0.0], ["upper"])._replace(scatter=0.1)
    # three sigma
    assert judge(one, np.array([0.3]), 0.0, CRITERION).chance == pytest.approx(2.7e-3, rel=0.01)
    assert judge(one, np.array([0.3]), 0.0, CRITERION).state == "ok"
    assert judge(one, np.array([0.4]), 0.0, CRITERION).state == "excluded"


def test_a_datum_is_uncertain_below_its_bound():
    limits = data([30.0] * 3, ["lower"] * 3)._replace(uncertain_below=np.array([28.0, 28.0, 29.5]))
    verdict = judge(limits, np.full(3, 28.5), 0.0, CRITERION)
    assert (verdict.violated, verdict.count) == (2, 2)
    assert judge(limits, np.full(3, 27.0), 0.0, CRITERION).state == "untested"


def test_columns_of_cos_halos_keep_their_flags():
    rows = read_cos_halos()
    found = published.columns(rows)
    assert set(found) == set(published.IONS.values())
    for key, ion in published.IONS.items():
        flags = rows["nhi_flag" if key == "HI" else f"flag_{key}"]
        assert [(found[ion].kind == kind).sum() for kind in ("measured", "lower", "upper")] == [
            (flags == f).sum() for f in (1, 2, 3)
        ]
    assert (found["O VI"].error[found["O VI"].kind != "measured"] == 0.0).all()


def test_only_galaxies_of_like_mass():
    rows = published.near(read_cos_halos(), 12.0, 0.3)
    assert 5 < len(rows) < 44
    assert abs(rows["log_mhalo_msun"] - 12.0).max() <= 0.3


def test_bounds_on_kappa_leave_out_upper_limits_of_star_formation():
    rows = read_cos_halos()
    bounds = published.kappa_bounds(rows)
    assert not set(bounds.name) & set(rows["system"][rows["sfr_is_upper_limit"] == 1])
    assert set(bounds.kind) == {"lower"}


def test_bounds_on_kappa_are_for_a_column_of_hydrogen():
    """Edot/(12 pi rho r vc^2) with rho r = m_p N_H/(pi X), by hand: 1 Msun/yr, 1e19 cm^-2, 200
    km/s."""
    rows = read_cos_halos()
    bounds = published.kappa_bounds(rows)
    power = 0.1 * 1e51 / (100.0 * 3.15576e7)  # erg/s: a tenth of 1e51 erg per 100 Msun
    by_hand = power / (12.0 * np.pi * 1.67262e-24 * 1e19 / (np.pi * 0.76) * 2e7**2)
    assert bounds.hydrogen == 19.0
    chosen = rows[[list(rows["system"]).index(name) for name in bounds.name]]
    vc = circular_velocities(chosen, in_cgs(HaloParams))
    assert 10.0**bounds.value == pytest.approx(
        by_hand * chosen["sfr_msun_yr"] * (2e7 / vc) ** 2, rel=1e-3
    )


def test_share_of_gamma_rays_above_a_gev():
    energy = np.geomspace(0.1, 100.0, 20001)
    flux = energy ** (1.0 - published.GAMMA["index"])
    whole, part = (
        np.trapezoid(flux, energy),
        np.trapezoid(flux[energy >= 1.0], energy[energy >= 1.0]),
    )
    assert published.share_above_gev() == pytest.approx(part / whole, rel=1e-3)
    assert 10.0 ** published.gamma_ratio().value[0] < published.CALORIMETRIC
