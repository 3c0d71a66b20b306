"""Units in files and data sets as unyt, pint and astropy read them."""

import numpy as np
import pytest

from crmpi.output.history import HistoryFile, read_history
from crmpi.output.unit_names import cgs_unit, define_in, portable
from crmpi.units import DIMENSIONS, HISTORY_UNITS, UNITS, parse_unit

SPELLED = {
    "m_p/cm^3": "m_p/cm**3",
    "Msun km/s": "Msun*km/s",
    "cm^2/s": "cm**2/s",
    "1/Myr/kpc^2": "1/(Myr*kpc**2)",
    "erg/(cm^2 s)": "erg/(cm**2*s)",
    "K": "K",
    "1": "1",
    "code": "code",
}
IN_USE = [*SPELLED, *HISTORY_UNITS.values(), *(name for name in UNITS if name != "sr")]
IN_USE.remove("code")


def unyt():
    return pytest.importorskip("unyt")


def pint():
    return pytest.importorskip("pint").UnitRegistry()


def astropy():
    return pytest.importorskip("astropy.units")


def in_cgs(package, unit, cgs):
    """Return the size of a unit in cgs, as the package has it."""
    if hasattr(package, "unyt_quantity"):
        return float(package.unyt_quantity(1.0, unit).to(cgs))
    if hasattr(package, "def_unit"):
        return package.Unit(unit).to(package.Unit(cgs))
    return package.Quantity(1.0, unit).to(cgs).magnitude


@pytest.mark.parametrize("unit", SPELLED)
def test_spelling(unit):
    assert portable(unit) == SPELLED[unit] == portable(SPELLED[unit])


@pytest.mark.parametrize("make", [unyt, pint, astropy])
def test_packages_read_units_in_cgs_without_help(make):
    package = make()
    for dimension in DIMENSIONS:
        package.Unit(cgs_unit(dimension))


@pytest.mark.parametrize("make", [unyt, pint, astropy])
def test_packages_know_the_units_once_told(make):
    """Sizes agree to the digits of the constants that a package has of its own (G to 1e-4)."""
    package = define_in(make())
    for unit in IN_USE:
        size = in_cgs(package, portable(unit), cgs_unit(unit))
        assert size == pytest.approx(parse_unit(unit).value, rel=1e-3), unit


def test_history_of_older_spelling_goes_on(tmp_path):
    """Units that an earlier version wrote with ^ and blanks are the same columns."""
    path = tmp_path / "history.txt"
    old = "# crmpi history, one row per time; columns: [number]name[unit]\n"
    path.write_text(f"{old}# [1]time[Myr] [2]step[1] [3]kappa[cm^2/s]\n0 0 1\n1 1 2\n2 2 3\n")
    HistoryFile(path, restart_step=1).write({"time [Myr]": 2.0, "step [1]": 2, "kappa [cm^2/s]": 5})
    history = read_history(path)
    assert np.array_equal(history["kappa"], [1.0, 2.0, 5.0])
    assert history.units["kappa"] == "cm**2/s"
    assert [file.name for file in tmp_path.iterdir()] == ["history.txt"]
