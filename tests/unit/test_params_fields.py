"""Declaring parameters."""

import dataclasses

import pytest

from crmpi.errors import CrmpiError
from crmpi.params import SameAs, Selector, group, make, par
from crmpi.params.fields import specs
from crmpi.units import Units


@group
class Inner:
    depth: float = par(2.0, unit="length", gt=0, doc="depth")


@group
class Outer:
    number: float = par(1.0, doc="a number")
    count: int = par(3, ge=1, doc="a count")
    flag: bool = par(False, doc="a flag")
    word: str = par("off", choices=("off", "on"), doc="a word")
    corner: tuple[float, float, float] = par((0, 0, 0), doc="three numbers")
    values: tuple[float, ...] = par((1.0,), doc="any number of numbers")
    maybe: float | None = par(None, doc="a number or none")
    twin: int = par(SameAs("count"), doc="like count")
    inner: Inner
    extra: Inner | None


def test_defaults_and_nested_groups():
    made = make(Outer)
    assert (made.number, made.count, made.flag, made.word) == (1.0, 3, False, "off")
    assert made.corner == (0.0, 0.0, 0.0)
    assert made.maybe is None
    assert made.twin == 3
    assert made.inner.depth == 2.0
    assert made.extra is None


def test_optional_group_exists_when_it_is_given():
    assert make(Outer, extra={"depth": 5}).extra.depth == 5.0
    assert make(Outer, extra=None).extra is None
    assert make(Outer, extra="none").extra is None


def test_groups_are_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        make(Outer).number = 2.0


def test_types_come_from_the_annotations():
    table = specs(Outer)
    assert table["corner"].length == 3
    assert table["values"].length is None
    assert table["maybe"].optional
    assert table["corner"].type_name == "list of 3 numbers"
    assert table["maybe"].type_name == "number or none"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"number": "1e-3"}, 1e-3),  # PyYAML reads 1e-3 as a string
        ({"number": "+.5E2"}, 50.0),
        ({"number": 2}, 2.0),
        ({"number": "inf"}, float("inf")),
        ({"number": ".inf"}, float("inf")),  # as yaml.safe_dump writes it
        ({"count": "1e6"}, 1000000),
        ({"flag": "on"}, True),
        ({"flag": False}, False),
        ({"word": "on"}, "on"),  # PyYAML reads on as True
        ({"maybe": "none"}, None),
        ({"maybe": "4"}, 4.0),
        ({"corner": ["1", 2, "3e0"]}, (1.0, 2.0, 3.0)),
        ({"values": []}, ()),
    ],
)
def test_conversion_by_declared_type(given, expected):
    (name,) = given
    value = getattr(make(Outer, **given), name)
    assert value == expected
    assert type(value) is type(expected)


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({"number": "fast"}, "'number' = 'fast' is not a number"),
        ({"number": True}, "must be a number, not true or false"),
        ({"number": "nan"}, "is not a number"),
        ({"number": None}, "must be a number"),
        ({"number": [1]}, "must be a single number"),
        ({"number": "3x"}, "'number' = '3x' is not a number"),
        ({"number": "3 kpc"}, "has dimension length; expected a plain number"),
        ({"count": 2.5}, "must be an integer"),
        ({"count": 0}, "'count' = 0 must be >= 1"),
        ({"flag": "maybe"}, "must be true or false"),
        ({"word": "of"}, "is not one of off, on; did you mean 'off'?"),
        ({"word": False}, "put it in quotes"),
        ({"corner": [1, 2]}, "has 2 elements; it must be a list of 3 numbers"),
        ({"corner": 1}, "must be a list of 3 numbers, in square brackets"),
        ({"inner": {"depth": -1}}, "'inner.depth' = -1 must be > 0"),
        ({"inner": 3}, "is a group; give its parameters one by one, inner.depth"),
        ({"number": {"x": 1}}, "unknown parameter 'number.x'"),
    ],
)
def test_wrong_values_name_key_value_and_remedy(given, complaint):
    with pytest.raises(CrmpiError) as caught:
        make(Outer, **given)
    assert complaint in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_physical_parameters():
    @group
    class Physical:
        kappa: float = par(3e28, unit="cm^2/s", ge=0, lt=1e32, doc="plain numbers are in cm^2/s")
        height: float = par("100 pc", unit="length", gt=0, doc="plain numbers are in code units")

    galactic = Units("galactic")
    made = make(Physical, galactic)
    assert made.kappa == pytest.approx(3e28 / (3.0856775814913673e21 * 1e5), rel=1e-13)
    assert made.height == pytest.approx(0.1, rel=1e-13)
    assert make(Physical, galactic, kappa="1 kpc^2/Myr").kappa == pytest.approx(977.7922, rel=1e-7)
    assert make(Physical, galactic, height=2).height == 2.0
    for wrong, complaint in [
        ({"kappa": "3 kpc"}, "has dimension length; expected diffusivity, for example cm^2/s"),
        # the range is in the declared unit
        ({"kappa": "1e4 kpc^2/s"}, "must be >= 0 and < 1e+32 cm^2/s"),
        ({"height": "3 yr"}, "has dimension time; expected length"),
    ]:
        with pytest.raises(CrmpiError) as caught:
            make(Physical, galactic, **wrong)
        assert complaint in str(caught.value)


def test_physical_default_has_no_value_in_a_dimensionless_run():
    @group
    class Physical:
        kappa: float = par(3e28, unit="cm^2/s", doc="physical default")
        zero: float = par(0.0, unit="cm^2/s", doc="zero is zero in any unit")
        cap: float = par(float("inf"), unit="cm^2/s", doc="so is infinity")

    made = make(Physical)
    assert made.zero == 0.0
    assert made.cap == float("inf")
    with pytest.raises(
        CrmpiError, match="'kappa' must be given: its default 3e\\+28 cm\\^2/s is physical"
    ):
        made.kappa  # noqa: B018
    with pytest.raises(AttributeError, match="no parameter 'kapa'"):
        made.kapa  # noqa: B018
    assert make(Physical, kappa=0.1).kappa == 0.1
    with pytest.raises(CrmpiError, match="this run is dimensionless"):
        make(Physical, kappa="3e28 cm^2/s")


def test_attribute_without_par_is_refused():
    class Params:
        speed: float = 1.0

    with pytest.raises(CrmpiError, match="speed must be declared as speed: type = par"):
        group(Params)


def test_unit_of_a_declaration_is_checked():
    class Params:
        speed: float = par(1.0, unit="km/sec", doc="typo")

    with pytest.raises(CrmpiError, match="unknown unit 'sec'"):
        group(Params)


def test_inherited_parameters():
    class Base:
        first: float = par(1.0, doc="first")

    class Params(Base):
        second: float = par(2.0, doc="second")

    made = make(Params, first=3)
    assert (made.first, made.second) == (3.0, 2.0)


def test_selector_merges_common_and_own_parameters():
    class Common:
        cfl: float = par(0.4, doc="common")

    class Fast:
        class Params:
            speed: float = par(9.0, doc="own")

    class Plain:
        """No parameters."""

    selector = Selector("solver", {"none": Plain, "fast": Fast}, "none", common=Common)
    made = make(selector.params("fast"), speed=4)
    assert (made.speed, made.cfl) == (4.0, 0.4)
    assert isinstance(made, Fast.Params)
    assert isinstance(made, Common)
    assert selector.owners("speed") == ["fast"]
    assert selector.owners("cfl") == ["none", "fast"]
