"""Cooling: tables and their conventions, the exact integration, floor, heating, ledger."""

from types import SimpleNamespace

import numpy as np
import pytest

from crmpi.constants import DENS, ENER, MOM1
from crmpi.errors import CrmpiError
from crmpi.mesh.pack import Pack, make_grid
from crmpi.params import make
from crmpi.physics.base import source_classes
from crmpi.physics.cooling import Cooling
from crmpi.physics.cooling_curve import (
    TABLES,
    cooled,
    cooling_function,
    make_curve,
    power_law_curve,
    read_table,
)
from crmpi.types import EOS
from crmpi.units import Units

UNITS = Units("galactic")
GAS = EOS(gamma=5 / 3, gamma_cr=4 / 3, mu=0.6)
MU, X = 0.6, 0.76


def gas(dens, temp, cells=(4, 3, 2), velocity=0.0):
    """Return a pack of uniform gas: density in m_p/cm^3, temperature in K; and its mesh."""
    mesh = SimpleNamespace(cells=cells, lower=(0, 0, 0), upper=(1, 1, 1), periodic=(True,) * 3)
    pack = Pack(make_grid(cells, cells, mesh.lower, mesh.upper, 2), [0], [[0, 0, 0]], mesh.lower)
    pack.u0[:, DENS] = dens
    pack.u0[:, MOM1] = dens * velocity
    pack.bcc[:, 0] = 3.0
    pack.u0[:, ENER] = (
        dens * temp * UNITS.k_B / (MU * UNITS.m_p) / (GAS.gamma - 1)
        + 0.5 * dens * velocity**2
        + 4.5
    )
    return pack, mesh


def temperature(pack):
    """Return T [K] of the active cells."""
    u, b = pack.active(pack.u0)[0], pack.active(pack.bcc)[0]
    eth = u[ENER] - 0.5 * u[MOM1] ** 2 / u[DENS] - 0.5 * b[0] ** 2
    return eth * (GAS.gamma - 1) / u[DENS] * MU * UNITS.m_p / UNITS.k_B


def cooling(pack, mesh, **values):
    return Cooling(make(Cooling.Params, UNITS, enabled=True, **values), pack, GAS, UNITS, mesh)


def curve_of(table, metallicity=1.0):
    return make_curve(*read_table(table, metallicity))


def test_registered_by_its_group():
    assert source_classes()["cooling"] is Cooling


def test_solar_value_at_a_million_kelvin():
    assert 1e-22 / 2 < cooling_function(1e6, curve_of("gnat_sternberg2007")) < 1e-22 * 2
    assert 1e-22 / 2.5 < cooling_function(1e6, curve_of("schure2009")) < 1e-22 * 2.5


@pytest.mark.parametrize("table", TABLES)
def test_hot_end_is_free_free_emission(table):
    """Rybicki & Lightman (1979), eq. 5.15b: 1.4e-27 sqrt(T) g n_e sum(Z^2 n_i), g = 1.2; lines of
    metals may add half as much at 1e8 K."""
    ne_per_nh, ions = 1.2, 1.4
    free_free = 1.4e-27 * 1e4 * 1.2 * ions * (ne_per_nh if TABLES[table] == "n_H^2" else 1.0)
    assert 0.9 * free_free < cooling_function(1e8, curve_of(table)) < 1.5 * free_free


def test_tables_agree_once_they_have_one_convention():
    temps = np.geomspace(1e6, 1e8, 30)
    gnat, schure = (
        [cooling_function(t, curve_of(name)) for t in temps]
        for name in ("gnat_sternberg2007", "schure2009")
    )
    ratio = np.array(schure) / (1.2 * np.array(gnat))
    assert ratio.max() < 2.0 and ratio.min() > 0.5


def test_metallicity_between_columns_and_outside():
    solar, half = (cooling_function(3e5, curve_of("gnat_sternberg2007", z)) for z in (1.0, 0.1))
    between = cooling_function(3e5, curve_of("gnat_sternberg2007", 0.55))
    # linear in Z at the knots, power law between them
    assert between == pytest.approx(0.5 * (solar + half), rel=1e-3)
    with pytest.raises(CrmpiError, match="covers"):
        read_table("schure2009", 0.1)


def test_lookup_is_continuous_across_knots():
    curve = curve_of("schure2009")
    for temp in curve.temp[1:]:
        below, above = (cooling_function(temp * factor, curve) for factor in (1 - 1e-12, 1 + 1e-12))
        assert below == pytest.approx(above, rel=1e-9)
    assert cooling_function(0.9 * curve.temp[0], curve) == 0.0


@pytest.mark.parametrize("slope", [-2 / 3, 0.0, 0.5, 1.0, 3.0])
def test_power_law_cooling_has_its_closed_form(slope):
    """dT/dt = -T^slope from T = 1e6 in units where Lambda(1e6) = 1: T^(1-slope) falls linearly in
    time."""
    curve = power_law_curve(1.0, 1e6, slope)
    for times in (1e-9, 0.1, 0.5):  # in initial cooling times T/Lambda
        exact = np.exp(-times) if slope == 1.0 else (1 - (1 - slope) * times) ** (1 / (1 - slope))
        assert cooled(1e6, times * 1e6, curve) == pytest.approx(1e6 * exact, rel=1e-12)


def test_one_step_equals_many():
    rng = np.random.default_rng(2)
    for table in TABLES:
        curve = curve_of(table)
        for temp in rng.uniform(4.3, 9.0, 200):
            amount = rng.uniform(0, 3) * 10**temp / cooling_function(10**temp, curve)
            one = cooled(10**temp, amount, curve)
            two = cooled(cooled(10**temp, 0.5 * amount, curve), 0.5 * amount, curve)
            assert one == pytest.approx(two, rel=1e-12)


def test_rate_of_a_parcel_and_its_ledger():
    """One short step radiates n_e n_H Lambda dt, with the number densities of fully ionised gas."""
    pack, mesh = gas(dens=2.0, temp=1e6, velocity=100.0)
    source = cooling(pack, mesh)
    before = temperature(pack)
    dt = UNITS("1 kyr")
    source.apply(0.0, dt)
    n_h, n_e = 2.0 * X, 2.0 * 0.5 * (1 + X)
    emitted = n_e * n_h * cooling_function(1e6, source.curve) * UNITS.from_code(dt, "s")  # erg/cm^3
    fall = (before - temperature(pack)) / before
    eth = 2.0 * 1e6 / MU * 1.380649e-16 * 1.5
    # the change of Lambda over the step is of the order of `fall`
    assert np.allclose(fall, emitted / eth, rtol=1e-3)
    radiated = UNITS.from_code(source.account["radiated"][0], "erg/cm^3 kpc^3")
    assert radiated == pytest.approx(emitted, rel=1e-3)


def test_conventions_differ_by_the_electron_fraction():
    pack, mesh = gas(1.0, 1e6)
    gnat, schure = (
        cooling(pack, mesh, table=name).const.rate for name in ("gnat_sternberg2007", "schure2009")
    )
    assert gnat / schure == pytest.approx(0.5 * (1 + X) / X, rel=1e-12)


def test_floor_holds_and_is_counted():
    pack, mesh = gas(100.0, 1e5)
    source = cooling(pack, mesh, temp_floor=2e4)
    source.apply(0.0, UNITS("1 Gyr"))
    assert np.allclose(temperature(pack), 2e4, rtol=1e-10)
    assert source.account["floored"][0] == 0.0
    cold, _ = gas(1.0, 1e3)
    source = cooling(cold, mesh)
    source.apply(0.0, UNITS("1 yr"))
    assert np.allclose(temperature(cold), 1e4, rtol=1e-10)
    assert source.account["floored"][0] == pytest.approx(
        9e3 / MU * UNITS.k_B / UNITS.m_p * 1.5, rel=1e-9
    )


@pytest.mark.parametrize("start", [2e4, 1e6])
@pytest.mark.parametrize("step", ["1 Myr", "30 Myr"])
def test_heating_finds_the_equilibrium(start, step):
    """n_e n_H Lambda = n_H Gamma; Lambda is linear on pieces as wide as 1.6% of T, on which it
    changes by 20% at most, so that its curvature is 1% of it at most."""
    gamma_h = 2e-25
    pack, mesh = gas(0.003, start, cells=(1, 1, 1))
    source = cooling(pack, mesh, heating=gamma_h, temp_floor=1e4)
    for _ in range(int(UNITS("3 Gyr") / UNITS(step))):
        source.apply(0.0, UNITS(step))
    balance = (
        0.5 * (1 + X) * 0.003 * cooling_function(float(temperature(pack)[0, 0, 0]), source.curve)
    )
    assert balance == pytest.approx(gamma_h, rel=0.01)


@pytest.mark.parametrize(("dens", "start"), [(0.003, 1e4), (0.003, 1e6), (1e-4, 2e4), (0.03, 3e5)])
def test_one_heated_step_equals_many_and_follows_the_rates(dens, start):
    """Heated and cooled cells: 1 step, 30 steps, and 6000 midpoint steps along the cooling
    function, which has the curvature of its pieces, 1%, and no pieces."""
    given, span = {"heating": 1e-25, "heating_cutoff": 1e5, "temp_floor": 1e4}, UNITS("60 Myr")
    ends, heated = [], []
    for parts in (1, 30):
        pack, mesh = gas(dens, start, cells=(1, 1, 1))
        source = cooling(pack, mesh, **given)
        for _ in range(parts):
            source.apply(0.0, span / parts)
        ends.append(temperature(pack)[0, 0, 0])
        heated.append(source.account["heated"][0])
    assert ends[0] == pytest.approx(ends[1], rel=1e-9)
    assert heated[0] == pytest.approx(heated[1], rel=1e-3)

    seconds, nh = span / UNITS.factor("s") / 6000, X * dens / UNITS.factor("m_p/cm^3")
    to_kelvin = (GAS.gamma - 1) * MU * X / (1.380649e-16 * nh)

    def slope(temp):
        lam = cooling_function(temp, source.curve) * 0.5 * (1 + X) / X * nh**2
        return to_kelvin * (1e-25 * nh * np.exp(-temp / 1e5) - lam)

    temp = start
    for _ in range(6000):
        temp = max(temp + seconds * slope(temp + 0.5 * seconds * slope(temp)), 1e4)
    assert ends[0] == pytest.approx(temp, rel=0.01)


def test_energy_is_that_of_the_ledger():
    pack, mesh = gas(0.1, 3e5, velocity=30.0)
    source = cooling(pack, mesh, heating=1e-26, heating_cutoff=1e5)
    before = pack.active(pack.u0)[0, ENER].sum()
    source.apply(0.0, UNITS("20 Myr"))
    change = (pack.active(pack.u0)[0, ENER].sum() - before) / 24
    ledger = {column.name: column.values[0] for column in source.ledger()}
    assert change == pytest.approx(
        ledger["cooling_heated"] + ledger["cooling_floored"] - ledger["cooling_radiated"], rel=1e-12
    )
    assert ledger["cooling_heated"] > 0.0


def test_neutral_extension_cools_below_the_table():
    pack, mesh = gas(10.0, 9e3)
    source = cooling(pack, mesh, low_temp="koyama_inutsuka2002", temp_floor=50.0)
    assert np.array_equal(source.curve.temp, np.sort(source.curve.temp))
    source.apply(0.0, UNITS("100 Myr"))
    assert np.allclose(temperature(pack), 50.0, rtol=1e-8)


def test_refused_without_physical_units():
    pack, mesh = gas(1.0, 1e5)
    with pytest.raises(CrmpiError, match=r"units\.system"):
        Cooling(make(Cooling.Params, Units("none"), enabled=True), pack, GAS, Units("none"), mesh)


def test_dense_gas_has_an_effective_temperature():
    """From `dense_above` on the lowest temperature rises with the density to `dense_temp`; what
    that takes is in a column of its own, and gas that is thin cools to `temp_floor`."""
    given = {"temp_floor": 1e4, "dense_temp": 5e4, "dense_above": 0.1}
    for dens, lowest in ((0.05, 1e4), (0.3, 3e4), (2.0, 5e4)):
        for start in (5e3, 3e5):
            pack, mesh = gas(dens, start)
            source = cooling(pack, mesh, **given)
            source.apply(0.0, UNITS("100 Gyr"))
            assert temperature(pack) == pytest.approx(lowest, rel=1e-9)
            ledger = {column.name: column.values.sum() for column in source.ledger()}
            per_kelvin = dens * UNITS.k_B / (MU * UNITS.m_p) / (GAS.gamma - 1)  # in the box
            floored, supported = (1e4 - 5e3, lowest - 1e4) if start < 1e4 else (0.0, 0.0)
            assert ledger["cooling_floored"] == pytest.approx(floored * per_kelvin, rel=1e-9)
            assert ledger["cooling_supported"] == pytest.approx(supported * per_kelvin, rel=1e-9)
            spent = ledger["cooling_radiated"] - floored * per_kelvin - supported * per_kelvin
            assert spent == pytest.approx((start - lowest) * per_kelvin, rel=1e-9)
    assert {c.name: c.term for c in source.ledger()}["cooling_supported"] == 1
    assert "supported" not in cooling(*gas(1.0, 1e6)).account
