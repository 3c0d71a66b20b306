"""Unit algebra and code units, against numbers from the literature and by hand."""

import pickle

import pytest

from crmpi.errors import CrmpiError
from crmpi.units import CONSTANTS, DIMENSIONS, UNITS, Units, dimension_name, parse_unit, split_value

GALACTIC = Units("galactic")


@pytest.mark.parametrize(
    ("text", "dimension", "cgs"),
    [
        ("3e28 cm^2/s", "diffusivity", 3e28),
        ("100 Myr", "time", 100 * 3.15576e13),
        ("1 kpc", "length", 3.0856775814913673e21),
        ("15 1/Myr/kpc^2", "rate_per_area", 15 / 3.15576e13 / 3.0856775814913673e21**2),
        ("10 Msun/pc^2", "surface_density", 10 * 1.988409870698051e33 / 3.0856775814913673e18**2),
        ("1e51 erg", "energy", 1e51),
        ("1 m_p/cm^3", "density", 1.67262192369e-24),
        ("1 m_p cm^-3", "density", 1.67262192369e-24),
        ("0.2 keV", "energy", 0.2 * 1.602176634e-9),
        ("1 eV/cm**3", "pressure", 1.602176634e-12),
        ("2 (km/s)^2", "potential", 2e10),
        ("1e40 erg s^-1", "power", 1e40),
        ("1e4K", "temperature", 1e4),
        ("-200 km/s", "velocity", -2e7),
        (".5 µG", "magnetic_field", 0.5e-6),
    ],
)
def test_values_with_units(text, dimension, cgs):
    number, unit = split_value(text)
    quantity = parse_unit(unit)
    assert quantity.dims == DIMENSIONS[dimension]
    assert number * quantity.value == pytest.approx(cgs, rel=1e-14)
    if dimension != "magnetic_field":  # gauss is not Heaviside-Lorentz: tested below
        assert GALACTIC(text) * GALACTIC.cgs(dimension) == pytest.approx(cgs, rel=1e-13)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("3 kpp", "unknown unit 'kpp'; did you mean 'kpc'?"),
        ("3 cm2/s", "stray '2'; write powers as cm^2"),
        ("3 cm^x", "power that is not a number"),
        ("3 cm/", "cannot be read at 'its end'"),
        ("3 (cm", "')' is missing"),
        ("3 cm)", "cannot be read at ')'"),
        ("3 cm$", "cannot be read at '$'"),
        ("kpc", "is not a number"),
        ("10^4 K", "is not a number"),
        ("1,5 kpc", "is not a number"),
    ],
)
def test_unreadable_values_say_why(text, complaint):
    with pytest.raises(CrmpiError) as caught:
        GALACTIC(text)
    assert complaint in str(caught.value)


def test_galactic_system_is_kpc_kms_proton_mass():
    assert GALACTIC("100 pc") == pytest.approx(0.1, rel=1e-15)
    assert GALACTIC("1 km/s") == pytest.approx(1.0, rel=1e-15)
    assert GALACTIC("1 m_p/cm^3") == pytest.approx(1.0, rel=1e-15)
    # 1 kpc/(1 km/s), the factor of every galaxy paper
    assert GALACTIC.from_code(1.0, "Myr") == pytest.approx(977.7922, rel=1e-7)
    assert pytest.approx(4.30091e-6, rel=1e-5) == GALACTIC.G * GALACTIC.Msun  # kpc (km/s)^2 / Msun


def test_magnetic_pressure_of_a_microgauss():
    b = GALACTIC.to_code(1.0, "uG")
    assert 0.5 * b**2 * GALACTIC.cgs("pressure") == pytest.approx(
        1e-12 / (8 * 3.141592653589793), rel=1e-14
    )


def test_alfven_speed_of_a_microgauss_in_one_proton_per_cm3():
    # km/s, vA = 2.18 B_uG n^-1/2
    assert GALACTIC("1 uG") / GALACTIC("1 m_p/cm^3") ** 0.5 == pytest.approx(2.18, rel=1e-2)


def test_constants_in_code_units():
    assert GALACTIC.c == pytest.approx(299792.458, rel=1e-14)
    sound_speed = (5 / 3 * GALACTIC.k_B * 1e4 / GALACTIC.m_p) ** 0.5
    assert sound_speed == pytest.approx(11.73, rel=1e-3)  # km/s, hydrogen of mean weight 1 at 1e4 K
    assert GALACTIC.sn_energy * GALACTIC.cgs("energy") == pytest.approx(1e51, rel=1e-14)


def test_custom_system_and_round_trip():
    units = Units("custom", length="2 pc", velocity=1e5, density="1 m_p/cm^3")
    assert units("1 kpc") == pytest.approx(500.0, rel=1e-14)
    assert units.from_code(units.to_code(3e28, "cm^2/s"), "cm^2/s") == pytest.approx(
        3e28, rel=1e-14
    )
    again = pickle.loads(pickle.dumps(units))
    assert again.G == units.G
    assert again.cgs("magnetic_field") == units.cgs("magnetic_field")


def test_custom_system_needs_its_three_sizes():
    with pytest.raises(CrmpiError, match=r"units\.density"):
        Units("custom", length="1 pc", velocity="1 km/s")


def test_dimensionless_run_has_no_physical_units():
    units = Units("none")
    assert units.cgs("pressure") == 1.0
    assert units.to_code(3.0, "length") == 3.0
    with pytest.raises(CrmpiError, match="no meaning in a dimensionless run"):
        units.to_code(3.0, "kpc")
    with pytest.raises(CrmpiError, match=r"units\.k_B has no value"):
        units.k_B  # noqa: B018


def test_tables_are_consistent():
    assert all(parse_unit(name).value > 0 for name in UNITS)
    assert not set(UNITS) & set(DIMENSIONS)
    assert all(getattr(GALACTIC, name) > 0 for name in CONSTANTS)
    assert dimension_name((3, 0, -2, 0, 0)) == "length^3 time^-2"
