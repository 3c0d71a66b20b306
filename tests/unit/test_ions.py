"""Ion fractions: rates and cross-sections against other fits, equilibrium against closed forms and
published fractions, tables."""

import h5py
import numpy as np
import pytest
from scipy import interpolate

from crmpi.analysis.ions import IonTable, computed_table, ion_fraction, parse_ion
from crmpi.analysis.ions.background import Background, rahmati2013
from crmpi.analysis.ions.equilibrium import Gas
from crmpi.analysis.ions.names import ELEMENTS, USUAL
from crmpi.analysis.ions.rates import (
    collisional,
    cross_section,
    exchange,
    natural_spline,
    recombination,
)
from crmpi.analysis.ions.tables import LOWEST, write_table
from crmpi.errors import CrmpiError

HELIUM = 0.08


def gas(nh, temp, background="none", redshift=0.0, **options):
    nh, temp = np.broadcast_arrays(np.asarray(nh, float), np.asarray(temp, float))
    return Gas(nh.copy(), temp.copy(), Background(background, redshift), HELIUM, **options)


# ---------------------------------------------------------------------- names


@pytest.mark.parametrize("text", ["O VI", "OVI", "O6", "O_p5", " O VI "])
def test_an_ion_has_many_spellings(text):
    assert parse_ion(text).name == "O VI"


def test_elements_and_ions_that_are_not_there():
    assert parse_ion("H").charge is None
    for text, words in [
        ("oxygen", "is not the name"),
        ("O X", "has 8 electrons"),
        ("H IIII", "is not the name"),
        ("H3", "has 1 electrons"),
    ]:
        with pytest.raises(CrmpiError, match=words):
            parse_ion(text)


# ---------------------------------------------------------------------- rates


@pytest.mark.parametrize("temp", [1e3, 1e4, 1e5, 1e6])
def test_recombination_of_hydrogen_against_another_fit(temp):
    """Verner & Ferland 1996, ApJS 103, 467, table 1, H I; both fits claim better than 2%."""
    s0, s1 = np.sqrt(temp / 3.148), np.sqrt(temp / 7.036e5)
    other = 7.982e-11 / (s0 * (1 + s0) ** (1 - 0.748) * (1 + s1) ** (1 + 0.748))
    assert recombination("H", 0, np.array(temp)) == pytest.approx(other, rel=0.03)


@pytest.mark.parametrize(
    ("element", "electrons", "fit"),
    [
        ("H", 1, (13.6, 0, 2.91e-8, 0.232, 0.39)),
        ("He", 1, (54.4, 1, 2.05e-9, 0.265, 0.25)),
        ("O", 3, (138.1, 0, 1.95e-9, 0.36, 0.54)),
    ],
)
def test_ionisation_by_electrons_against_another_fit(element, electrons, fit):
    """Voronov 1997, ADNDT 65, 1, whose fits are good to some 10% (hydrogen, helium) and to 40%
    where measurements scatter."""
    edge, p, a, x, k = fit
    temp = np.logspace(np.log10(edge * 11604.5 / 10), np.log10(edge * 11604.5 * 3), 9)
    u = edge * 11604.5 / temp
    other = a * (1 + p * np.sqrt(u)) / (x + u) * u**k * np.exp(-u)
    assert collisional(element, electrons, temp) == pytest.approx(
        other, rel=0.5 if element == "O" else 0.12
    )


def test_the_spline_of_cross_sections():
    x, y = np.array([0.0, 0.2, 0.5, 0.6, 1.0]), np.array([0.0, 1.3, 2.2, 2.0, 1.1])
    at = np.linspace(0, 1, 57)
    assert natural_spline(x, y, at) == pytest.approx(
        interpolate.CubicSpline(x, y, bc_type="natural")(at), abs=1e-13
    )


@pytest.mark.parametrize(
    ("element", "electrons", "energy", "megabarn"),
    [("H", 1, 13.6, 6.30), ("He", 2, 24.6, 7.40), ("He", 1, 54.43, 1.58)],
)
def test_cross_sections_at_the_edge(element, electrons, energy, megabarn):
    """Osterbrock & Ferland 2006, table 2.7."""
    assert cross_section(element, electrons, np.array([energy]))[0] == pytest.approx(
        megabarn * 1e-18, rel=0.02
    )


@pytest.mark.parametrize("element", list(ELEMENTS))
def test_every_ion_has_its_rates(element):
    """A cross-section begins at the edge and goes on across the edges of inner shells; rates are
    positive and finite."""
    temp = np.logspace(3, 9, 50)
    for electrons in range(1, ELEMENTS[element].number + 1):
        up, down = (
            collisional(element, electrons, temp[temp > 2e4]),
            recombination(element, electrons - 1, temp),
        )
        assert (
            np.all(np.isfinite(up))
            and up[-1] > 0
            and np.all(down > 0)
            and np.all(np.isfinite(down))
        )
        energy = np.geomspace(5.0, 5000.0, 4000)
        sigma = cross_section(element, electrons, energy)
        lit = np.flatnonzero(sigma > 0)
        assert np.array_equal(lit, np.arange(lit[0], len(energy)))
        assert collisional(element, electrons, np.array([energy[lit[0]] * 11604.5]))[0] > 0


def test_exchange_stays_at_its_ends_beyond_the_range_of_the_fit():
    for temp in (1e5, 1e8):
        assert exchange("take", "C", 4, np.array(temp)) == pytest.approx(
            float(exchange("take", "C", 4, np.array(1e5))), rel=1e-12
        )
    assert exchange("lose", "Si", 13, np.array(2e3)) < 1e-5 * exchange(
        "lose", "Si", 13, np.array(3e4)
    )


# ---------------------------------------------------------------------- light


@pytest.mark.parametrize(("redshift", "published"), [(0.0, 0.228e-13), (0.4, 0.102e-12)])
def test_rate_of_hydrogen_in_the_background(redshift, published):
    """Haardt & Madau 2012, table 3."""
    assert Background("hm12", redshift).rate("H", 1) == pytest.approx(published, rel=0.02)


def test_self_shielding_begins_where_rahmati_says():
    """Rahmati et al. 2013, table 2, Haardt & Madau 2012 at z = 0: mean cross-section 2.68e-18 cm^2,
    density 5.1e-4 cm^-3, both rounded."""
    light = Background("hm12", 0.0)
    assert light.mean_cross_section() == pytest.approx(2.68e-18, rel=0.01)
    at_threshold = rahmati2013(5.1e-4, 1e4, light.rate("H", 1), light.mean_cross_section())
    assert at_threshold == pytest.approx(0.98 * 2**-2.28 + 0.02 * 2**-0.84, rel=0.03)


def test_the_shielding_column_dims_hydrogen_as_much_as_wanted():
    light, nh, temp = Background("hm12", 0.2), np.logspace(-4, 0, 9), np.full(9, 1e4)
    dimmed = light.rate("H", 1, light.shielding_column(nh, temp)) / light.rate("H", 1)
    wanted = rahmati2013(nh, temp, light.rate("H", 1), light.mean_cross_section())
    assert dimmed == pytest.approx(wanted, rel=0.02)
    assert light.rate("O", 3, 1e18) > 0.9 * light.rate("O", 3)  # hard light passes


def test_backgrounds_are_named():
    with pytest.raises(CrmpiError, match="no ultraviolet background 'fg09'; known are hm12, ks19"):
        Background("fg09", 0.2)
    with pytest.raises(CrmpiError, match="redshifts 0 to 1, not 3"):
        Background("hm12", 3.0)


# ---------------------------------------------------------------------- equilibrium


def test_shares_add_up_to_one():
    some = gas(np.logspace(-6, 2, 9), np.logspace(3, 8, 9), "hm12", 0.2)
    for element in ELEMENTS:
        assert some.fractions(element).sum(axis=0) == pytest.approx(1.0, rel=1e-12)


def test_collisions_alone_give_the_ratio_of_the_rates():
    temp = np.logspace(3.8, 7, 20)
    shares = gas(1e-3, temp).fractions("H")
    assert shares[0] / shares[1] == pytest.approx(
        recombination("H", 0, temp) / collisional("H", 1, temp), rel=1e-9
    )


def test_thin_photo_ionised_hydrogen():
    """n(H I)/n(H II) = alpha n_e/Gamma where collisions are rare, and n_e is that of all hydrogen
    and helium, ionised."""
    light, nh, temp = Background("hm12", 0.2), 1e-5, 1e4
    share = gas(nh, temp, "hm12", 0.2, shielded=False).fractions("H")[0]
    thin = recombination("H", 0, np.array(temp)) * nh * (1 + 2 * HELIUM) / light.rate("H", 1)
    assert share == pytest.approx(thin, rel=0.02)


def test_electrons_are_those_that_hydrogen_and_helium_gave():
    some = gas(np.logspace(-6, 1, 8), np.logspace(3.5, 6, 8), "hm12", 0.2)
    helium = some.fractions("He")
    freed = some.ionised_hydrogen + some.nh * HELIUM * (helium[1] + 2 * helium[2])
    assert some.electrons == pytest.approx(freed, rel=1e-9)


# ---------------------------------------------------------------------- tables


def test_a_table_agrees_with_the_equilibrium_it_is_made_from():
    """A share that goes like exp(-E/T) bends by E/T over a unit of ln T: steps of h = 0.0576 miss
    it by h^2/8 E/T, 4% for E/T = 100."""
    rng = np.random.default_rng(1)
    temp, nh = 10 ** rng.uniform(3.5, 7, 2000), 10 ** rng.uniform(-6, 0, 2000)
    table, exact = computed_table(0.2), Gas(nh, temp, Background("hm12", 0.2), 0.25 * 0.24 / 0.76)
    for name in USUAL[1:]:
        ion = parse_ion(name)
        shares = exact.fractions(ion.element)[ion.charge]
        much = shares > 1e-3
        assert np.max(np.abs(table.fraction(name, temp, nh) / shares - 1)[much]) < 0.05


def test_values_outside_are_counted_and_refused():
    table = computed_table(0.2)
    temp = np.array([1e2, 1e4, 1e10, np.nan, 1e4])
    nh = np.array([1e-3, 1e-3, 1e-3, 1e-3, 1e-12])
    assert table.outside(temp, nh).tolist() == [True, False, True, True, True]
    with pytest.raises(
        CrmpiError,
        match=r"4 of 5 values are outside of the ion table, which is valid for 1e\+03 to 1e\+09 K",
    ):
        ion_fraction("O VI", temp, nh)
    assert ion_fraction("O VI", 3e5, 1e-3) == table.fraction("O VI", 3e5, 1e-3)


def test_a_table_is_written_and_read_in_the_layout_of_trident(tmp_path):
    tables = {z: computed_table(z) for z in (0.0, 0.2)}
    write_table(tmp_path / "ions.h5", tables)
    with h5py.File(tmp_path / "ions.h5") as file:
        assert file["O"].shape == (
            9,
            len(file["O"].attrs["Parameter1"]),
            2,
            len(file["O"].attrs["Temperature"]),
        )
    for z in (0.0, 0.2):
        again = IonTable.read(tmp_path / "ions.h5", z)
        assert again.fraction("O VI", 3e5, 1e-4) == pytest.approx(
            float(tables[z].fraction("O VI", 3e5, 1e-4)), rel=1e-12
        )
    between = [float(table.fraction("H I", 1e4, 1e-4)) for table in tables.values()]
    assert IonTable.read(tmp_path / "ions.h5", 0.1).fraction("H I", 1e4, 1e-4) == pytest.approx(
        np.sqrt(between[0] * between[1]), rel=1e-9
    )


@pytest.fixture
def own(tmp_path):
    """Return a function that writes a table of one element with two ions, and its path."""

    def write(values, name="O", temp=(1e4, 1e5, 1e6), **attributes):
        path = tmp_path / "own.h5"
        with h5py.File(path, "w") as file:
            data = file.create_dataset(name, data=values)
            for key, axis in (
                {"Parameter1": [-4.0, 0.0], "Temperature": temp} | attributes
            ).items():
                data.attrs[key] = np.array(axis, float)
        return path

    return write


def test_a_table_without_redshift_and_with_temperatures_in_kelvin(own):
    values = np.log10(
        np.array([[[0.1, 0.2, 0.4], [0.1, 0.2, 0.4]], [[0.9, 0.8, 0.6], [0.9, 0.8, 0.6]]])
    )
    table = IonTable.read(own(values))
    assert table.fraction("O I", np.sqrt(1e11), 1e-2) == pytest.approx(np.sqrt(0.2 * 0.4), rel=1e-9)
    assert table.fraction("O II", 1e4, [1e-4, 1.0]) == pytest.approx(0.9, rel=1e-9)
    with pytest.raises(CrmpiError, match="has 2 ions of O; O VI is not one of them"):
        table.fraction("O VI", 1e5, 1e-2)
    with pytest.raises(CrmpiError, match="has no 'C', only O"):
        table.fraction("C IV", 1e5, 1e-2)


def test_none_stays_none(own):
    table = IonTable.read(own(np.full((2, 2, 3), LOWEST)))
    assert table.fraction("O I", 1e5, 1e-2) == 0.0


def test_tables_that_cannot_be_read(own, tmp_path):
    with pytest.raises(CrmpiError, match="no such file"):
        IonTable.read(tmp_path / "nothing.h5")
    (tmp_path / "text.h5").write_text("not HDF5")
    with pytest.raises(CrmpiError, match="not an HDF5 file"):
        IonTable.read(tmp_path / "text.h5")
    with pytest.raises(CrmpiError, match="do not give its shape"):
        IonTable.read(own(np.zeros((2, 3, 3))))
    with pytest.raises(CrmpiError, match=r"redshifts 0 to 0\.1, not 0\.2"):
        IonTable.read(own(np.zeros((2, 2, 2, 3)), Parameter2=(0.0, 0.1)), 0.2)
