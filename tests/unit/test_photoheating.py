"""Metagalactic light on thin gas: rates, balance of heating and cooling, exact integration."""

import numpy as np
import pytest

from crmpi.analysis.ions.background import Background
from crmpi.analysis.ions.equilibrium import Gas
from crmpi.analysis.ions.rates import cross_section
from crmpi.errors import CrmpiError
from crmpi.params import make
from crmpi.physics.cooling import Cooling
from crmpi.physics.cooling_curve import read_table
from crmpi.physics.photoheating import EV, light_of, net_curve, primordial
from tests.unit.test_physics_cooling import MU, UNITS, X, cooling, gas, temperature

HELIUM = (1 - X) / (4 * X)
PER_CM3 = UNITS.factor("m_p/cm^3")


def test_rates_are_those_of_the_paper():
    """Haardt & Madau (2012), table 3, z = 0: 1/s and eV/s of H I, He I, He II."""
    light = light_of("hm12", 0.0)
    assert light.ionised == pytest.approx((2.28e-14, 1.24e-14, 5.55e-16), rel=0.03)
    assert np.array(light.heated) / EV == pytest.approx((8.89e-14, 1.12e-13, 1.14e-14), rel=0.03)


@pytest.mark.parametrize("name", ["hm12", "ks19"])
@pytest.mark.parametrize("redshift", [0.2, 0.45])
def test_rates_are_those_under_which_ions_are_counted(name, redshift):
    """The integral over the spectrum of `crmpi columns`; between redshifts of the table both
    are interpolated, one in the rates, the other in the spectrum."""
    light, spectrum = light_of(name, redshift), Background(name, redshift)
    edges = (("H", 1, 13.598), ("He", 2, 24.587), ("He", 1, 54.418))
    for (element, electrons, edge), rate, heat in zip(
        edges, light.ionised, light.heated, strict=True
    ):
        section = cross_section(element, electrons, spectrum.energy)
        spare = np.maximum(spectrum.energy - edge, 0.0)
        assert rate == pytest.approx(spectrum.rate(element, electrons), rel=2e-3)
        assert heat == pytest.approx(EV * spectrum.photons @ (section * spare), rel=2e-3)


def test_neutral_hydrogen_is_that_of_the_ions():
    """Two sets of coefficients, Hui & Gnedin (1997) here, Badnell (2006) and Dere (2007) there,
    agree to 20% at 1e4 to 1e5 K where little shields, in electrons to 3%."""
    nh, temp = (a.ravel() for a in np.meshgrid([1e-6, 1e-4, 1e-3], [1e4, 2e4, 5e4, 1e5]))
    ions = Gas(nh, temp, Background("hm12", 0.2), HELIUM)
    found = primordial(nh, temp, light_of("hm12", 0.2), HELIUM)
    assert nh * found.neutral == pytest.approx(ions.neutral_hydrogen, rel=0.2)
    assert found.electrons == pytest.approx(ions.electrons, rel=0.03)


def test_thin_gas_is_heated_once_per_recombination():
    """Where light ionises all but little, each recombination is followed by an ionisation, which
    leaves the mean spare energy of photons: n_e sum n_i alpha_i eps_i/Gamma_i. At 2e4 K and 1e-6
    cm^-3 collisions are below 1% of it; alpha of Hui & Gnedin (1997), spelled out."""
    light, temp, nh = light_of("hm12", 0.2), 2e4, 1e-6
    found = primordial(nh, temp, light, HELIUM)

    def hydrogenic(threshold):
        x = 2.0 * threshold / temp
        return 1.269e-13 * x**1.503 / (1.0 + (x / 0.522) ** 0.47) ** 1.923

    spare = [heat / rate for heat, rate in zip(light.heated, light.ionised, strict=True)]
    he2 = found.electrons * 2.0 * hydrogenic(631515.0 / 4.0)  # recombinations of He III
    he3_share = light.ionised[2] / (light.ionised[2] + he2)
    expected = hydrogenic(157807.0) * nh * spare[0]
    expected += HELIUM * nh * he3_share * 2.0 * hydrogenic(631515.0 / 4.0) * spare[2]
    expected += HELIUM * nh * (1 - he3_share) * 3.0e-14 * (570670.0 / temp) ** 0.654 * spare[1]
    assert found.heating == pytest.approx(found.electrons * expected, rel=0.03)


@pytest.mark.parametrize("nh", [1e-5, 1e-4])
@pytest.mark.parametrize("start", [1e4, 1e6])
def test_gas_comes_to_rest_where_heating_equals_cooling(nh, start):
    """From both sides, in one step or many, at the temperature where the sum of the rates of
    metal-free gas, looked for apart by bisection, changes its sign."""
    light = light_of("hm12", 0.2)

    def net(temp):
        found = primordial(nh, temp, light, HELIUM)
        dark = primordial(nh, temp, None, HELIUM)
        lam = np.interp(np.log10(temp), *read_table("gnat_sternberg2007", 0.001))
        return 10.0**lam * dark.electrons * nh * found.cooling / dark.cooling - found.heating

    low, high = 1e4, 1e5
    for _ in range(40):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if net(middle) < 0.0 else (low, middle)
    for parts in (1, 9):
        pack, mesh = gas(nh / X * PER_CM3, start)
        source = cooling(pack, mesh, background="hm12", metallicity=0.001, temp_floor=3e3)
        for _ in range(parts):
            source.apply(0.0, UNITS("1000 Gyr") / parts)
        # the curve is linear between temperatures 4.7% apart
        assert temperature(pack) == pytest.approx(low, rel=0.01)


def test_one_step_equals_many_and_follows_the_rates():
    """Cooling and heating cells: 1 step, 40 steps, and 4000 midpoint steps along the curve."""
    table = read_table("gnat_sternberg2007", 0.3)
    curve = net_curve(
        table[0],
        10.0 ** table[1],
        10.0 ** read_table("gnat_sternberg2007", 0.001)[1],
        light_of("hm12", 0.2),
        X,
        0.0,
    )
    for nh, start, span in ((1e-4, 1e5, "400 Myr"), (1e-5, 1e4, "2 Gyr"), (1e-3, 2e6, "2 Gyr")):
        ends = []
        for parts in (1, 40):
            pack, mesh = gas(nh / X * PER_CM3, start)
            source = cooling(pack, mesh, background="hm12", metallicity=0.3, temp_floor=3e3)
            for _ in range(parts):
                source.apply(0.0, UNITS(span) / parts)
            ends.append(temperature(pack)[0, 0, 0])
        assert ends[0] == pytest.approx(ends[1], rel=1e-9)

        row = int(np.rint((np.log10(nh) - curve.first) * curve.per_step))  # knots at these n_H

        def slope(temp, row=row, nh=nh):
            lam = np.interp(temp, curve.temp, curve.net[row])
            return -lam * nh * nh * (1 + X) / (2 * X) * (MU * X / (1.5 * 1.380649e-16 * nh))

        temp, dt = start, UNITS(span) / UNITS.factor("s") / 4000
        for _ in range(4000):
            temp += dt * slope(temp + 0.5 * dt * slope(temp))
        assert ends[0] == pytest.approx(temp, rel=1e-3)


def test_light_leaves_dense_and_hot_gas_alone():
    """Shielded, or ionised by collisions. Electrons are those of hydrogen and helium then, which
    below 1e5 K are up to 4% fewer than the table is used with otherwise."""
    for nh, temp in ((10.0, 1e5), (1e-4, 3e6)):
        ends = []
        for name in ("none", "hm12"):
            pack, mesh = gas(nh / X * PER_CM3, temp)
            source = cooling(pack, mesh, background=name, metallicity=0.3)
            source.apply(0.0, 0.02 * UNITS(f"{1e-5 / nh * temp / 1e4:g} Gyr"))
            ends.append(temperature(pack)[0, 0, 0])
        assert temp > 1.0001 * ends[1]
        assert ends[1] == pytest.approx(ends[0], rel=0.01)


def test_heat_of_light_is_in_the_books():
    for start, name in ((1e4, "cooling_heated"), (1e6, "cooling_radiated")):
        pack, mesh = gas(1e-4 / X * PER_CM3, start)
        source = cooling(pack, mesh, background="hm12", metallicity=0.3)
        before = pack.active(pack.u0)[:, 4].sum()
        source.apply(0.0, UNITS("100 Myr"))
        ledger = {column.name: column.values.sum() for column in source.ledger()}
        gained = (pack.active(pack.u0)[:, 4].sum() - before) * pack.cell_volumes
        assert ledger[name] == pytest.approx(abs(gained), rel=1e-9)
        assert sum(ledger.values()) == pytest.approx(ledger[name], rel=1e-12)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"heating": 1e-26}, "replaces heating"),
        ({"table": "schure2009"}, "table=gnat_sternberg2007"),
        ({"low_temp": "koyama_inutsuka2002"}, "low_temp=none"),
        ({"redshift": 3.0}, "redshift"),
        ({"background": "fg20"}, "hm12"),
    ],
)
def test_refused(given, words):
    with pytest.raises(CrmpiError, match=words):
        make(Cooling.Params, UNITS, **({"enabled": True, "background": "hm12"} | given))


def test_dense_gas_has_its_effective_temperature_in_the_disc_alone():
    """A box of 1 kpc about (0.5, 0.5, 0.5) kpc: the disc reaches to R = 0.5 and |x3| = 0.6."""
    pack, mesh = gas(1.0, 3e5)
    given = {"dense_temp": 5e4, "dense_above": 0.01, "dense_radius": 0.5, "dense_height": 0.6}
    source = cooling(pack, mesh, temp_floor=1e4, **given)
    source.apply(0.0, UNITS("100 Gyr"))
    x1, x2, x3 = np.meshgrid(*pack.coords(0), indexing="ij")
    within = ((np.hypot(x1, x2) < 0.5) & (x3 < 0.6)).T
    assert 0 < within.sum() < within.size
    assert temperature(pack) == pytest.approx(np.where(within, 5e4, 1e4), rel=1e-9)
