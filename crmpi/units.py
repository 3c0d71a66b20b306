"""Units: a small algebra of unit expressions and the code units of a run.

A table of some forty units, all that this field writes in its papers, takes 1 ms to import where a
general units package takes 0.4-0.7 s on every rank, and makes every accepted spelling visible on
one screen. Constants are CODATA 2018 and IAU 2015 values in Gaussian cgs.

Magnetic fields are gauss outside and Heaviside-Lorentz inside the code: pressure is ``B^2/2`` in
code units and ``B^2/(8 pi)`` in gauss, hence ``B_code = B_gauss / sqrt(4 pi p)`` with ``p`` the
code unit of pressure in erg/cm^3. Temperature is in kelvin everywhere.
"""

import difflib
import functools
import math
import re
from typing import NamedTuple

from crmpi.constants import LIGHT_SPEED, SUPERNOVA_ENERGY
from crmpi.errors import CrmpiError

LONGEST = 200
"""Characters of the longest unit that is read."""

BASES = ("length", "mass", "time", "temperature", "magnetic_field")


class Quantity(NamedTuple):
    """`value` in cgs (gauss, kelvin) and the exponents of `BASES`."""

    value: float
    dims: tuple

    def __mul__(self, other):
        return Quantity(
            self.value * other.value,
            tuple(a + b for a, b in zip(self.dims, other.dims, strict=True)),
        )

    def __truediv__(self, other):
        return self * other**-1

    def __pow__(self, exponent):
        return Quantity(self.value**exponent, tuple(a * exponent for a in self.dims))


def _quantity(value, length=0, mass=0, time=0, temperature=0, magnetic_field=0):
    return Quantity(float(value), (length, mass, time, temperature, magnetic_field))


_SECOND = {"s": 1.0, "yr": 3.15576e7, "kyr": 3.15576e10, "Myr": 3.15576e13, "Gyr": 3.15576e16}
_CENTIMETRE = {
    "cm": 1.0,
    "m": 1e2,
    "km": 1e5,
    "au": 1.495978707e13,
    "pc": 3.0856775814913673e18,
    "Rsun": 6.957e10,
}
_CENTIMETRE |= {"kpc": 1e3 * _CENTIMETRE["pc"], "Mpc": 1e6 * _CENTIMETRE["pc"]}
_GRAM = {
    "g": 1.0,
    "kg": 1e3,
    "m_p": 1.67262192369e-24,
    "m_e": 9.1093837015e-28,
    "m_u": 1.66053906660e-24,
    "Msun": 1.988409870698051e33,
}
_ERG = {"erg": 1.0, "J": 1e7, "eV": 1.602176634e-12}
_ERG |= {
    "keV": 1e3 * _ERG["eV"],
    "MeV": 1e6 * _ERG["eV"],
    "GeV": 1e9 * _ERG["eV"],
    "TeV": 1e12 * _ERG["eV"],
}
_GAUSS = {"G": 1.0, "mG": 1e-3, "uG": 1e-6, "nG": 1e-9}

UNITS = (
    {name: _quantity(value, time=1) for name, value in _SECOND.items()}
    | {name: _quantity(value, length=1) for name, value in _CENTIMETRE.items()}
    | {name: _quantity(value, mass=1) for name, value in _GRAM.items()}
    | {name: _quantity(value, length=2, mass=1, time=-2) for name, value in _ERG.items()}
    | {name: _quantity(value, magnetic_field=1) for name, value in _GAUSS.items()}
    | {
        "K": _quantity(1, temperature=1),
        "Lsun": _quantity(3.828e33, length=2, mass=1, time=-3),
        "k_B": _quantity(1.380649e-16, length=2, mass=1, time=-2, temperature=-1),
        "c": _quantity(LIGHT_SPEED, length=1, time=-1),
        "grav": _quantity(6.67430e-8, length=3, mass=-1, time=-2),
        "sr": _quantity(1),
    }
)

DIMENSIONS = {
    "none": _quantity(1).dims,
    "length": (1, 0, 0, 0, 0),
    "time": (0, 0, 1, 0, 0),
    "mass": (0, 1, 0, 0, 0),
    "temperature": (0, 0, 0, 1, 0),
    "magnetic_field": (0, 0, 0, 0, 1),
    "velocity": (1, 0, -1, 0, 0),
    "acceleration": (1, 0, -2, 0, 0),
    "potential": (2, 0, -2, 0, 0),
    "rate": (0, 0, -1, 0, 0),
    "wavenumber": (-1, 0, 0, 0, 0),
    "area": (2, 0, 0, 0, 0),
    "volume": (3, 0, 0, 0, 0),
    "number_density": (-3, 0, 0, 0, 0),
    "column_density": (-2, 0, 0, 0, 0),
    "density": (-3, 1, 0, 0, 0),
    "surface_density": (-2, 1, 0, 0, 0),
    "momentum": (1, 1, -1, 0, 0),
    "momentum_density": (-2, 1, -1, 0, 0),
    "mass_rate": (0, 1, -1, 0, 0),
    "pressure": (-1, 1, -2, 0, 0),
    "energy": (2, 1, -2, 0, 0),
    "power": (2, 1, -3, 0, 0),
    "power_density": (-1, 1, -3, 0, 0),
    "energy_flux": (0, 1, -3, 0, 0),
    "entropy": (4, 1, -2, 0, 0),
    "diffusivity": (2, 0, -1, 0, 0),
    "vector_potential": (1, 0, 0, 0, 1),
    "cooling_rate": (5, 1, -3, 0, 0),
    "rate_per_area": (-2, 0, -1, 0, 0),
    "rate_per_volume": (-3, 0, -1, 0, 0),
    "source_density": (-3, 1, -1, 0, 0),
}
_SYNONYMS = {"energy_density": "pressure", "speed": "velocity"}
DIMENSIONS |= {name: DIMENSIONS[other] for name, other in _SYNONYMS.items()}

HISTORY_UNITS = {
    "none": "1",
    "energy": "erg",
    "mass": "Msun",
    "mass_rate": "Msun/yr",
    "momentum": "Msun km/s",
    "power": "erg/s",
    "diffusivity": "cm^2/s",
}
"""Units of the columns of the history, by dimension; in a dimensionless run all are code units."""

CONSTANTS = {
    "k_B": "k_B",
    "m_p": "m_p",
    "m_e": "m_e",
    "G": "grav",
    "c": "c",
    "eV": "eV",
    "Msun": "Msun",
    "yr": "yr",
    "Myr": "Myr",
    "pc": "pc",
    "kpc": "kpc",
    "erg": "erg",
    "sn_energy": f"{SUPERNOVA_ENERGY} erg",
}

_NUMBER = r"(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_TOKEN = re.compile(
    rf"\s*(?:(?P<number>{_NUMBER})"
    r"|(?P<name>[A-Za-z_]+)|(?P<power>\*\*|\^)|(?P<mark>[*/()+-]))"
)
_VALUE = re.compile(
    rf"\s*(?P<number>[+-]?(?:{_NUMBER}|inf|nan))"
    r"(?=$|[\s\[(/*A-Za-zµμ])\s*(?P<unit>.*?)\s*$"
)


def split_value(text):
    """Split '3e28 cm^2/s' into (3e28, 'cm^2/s'); the unit is '' for a plain number.

    Raises ValueError if `text` does not start with a number.
    """
    match = _VALUE.match(text)
    if match is None:
        raise ValueError("is not a number")
    return float(match["number"]), match["unit"]


@functools.lru_cache(maxsize=1024)
def parse_unit(text):
    """Return the `Quantity` of a unit expression: products (space or ``*``), quotients, powers
    (``^`` or ``**``), brackets, left to right.

    Raises ValueError with the end of a sentence if it cannot be read.
    """
    if len(text) > LONGEST:
        raise ValueError(f"has a unit of {len(text)} characters; {LONGEST} are enough")
    text = f"1{text}" if text.startswith("/") else text  # as in 3/Myr
    tokens = _tokens(text.replace("µ", "u").replace("μ", "u"))
    try:
        result = _product(tokens)
    except ArithmeticError:  # a division by zero, or a power that overflows
        result = _quantity(math.nan)
    if tokens and math.isfinite(result.value):
        raise ValueError(
            f"has the unit '{text}' that cannot be read at '{tokens[0][1]}'; write for example "
            "'cm^2/s'"
        )
    if not (0.0 < result.value < math.inf and all(map(math.isfinite, result.dims))):
        raise ValueError(
            f"has the unit '{text}', whose size is not a positive finite number; write for "
            "example 'cm^2/s'"
        )
    return result


def _tokens(text):
    tokens, position = [], 0
    text = text.rstrip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise ValueError(
                f"has the unit '{text}' that cannot be read at '{text[position:].strip()}'; "
                "write for example 'cm^2/s'"
            )
        tokens.append((match.lastgroup, match[match.lastgroup]))
        position = match.end()
    return tokens


def _product(tokens):
    result = _power(tokens)
    while tokens and tokens[0][1] not in (")", "+", "-"):
        if tokens[0][0] == "number":
            raise ValueError(f"has a unit with a stray '{tokens[0][1]}'; write powers as cm^2")
        operator = tokens.pop(0)[1] if tokens[0][1] in ("*", "/") else "*"
        factor = _power(tokens)
        result = result / factor if operator == "/" else result * factor
    return result


def _power(tokens):
    base = _atom(tokens)
    if tokens and tokens[0][0] == "power":
        tokens.pop(0)
        return base ** _exponent(tokens)
    return base


def _exponent(tokens):
    if tokens and tokens[0][1] == "(":
        tokens.pop(0)
        exponent = _exponent(tokens)
        if tokens and tokens[0][1] == "/":
            tokens.pop(0)
            exponent /= _exponent(tokens)
        _expect(tokens, ")")
        return exponent
    sign = 1.0
    if tokens and tokens[0][1] in ("+", "-"):
        sign = -1.0 if tokens.pop(0)[1] == "-" else 1.0
    if not tokens or tokens[0][0] != "number":
        raise ValueError("has a unit with a power that is not a number; write for example 'cm^-3'")
    return sign * float(tokens.pop(0)[1])


def _atom(tokens):
    kind, text = tokens.pop(0) if tokens else ("end", "its end")
    if text == "(":
        inside = _product(tokens)
        _expect(tokens, ")")
        return inside
    if kind == "number":
        return _quantity(float(text))
    if kind != "name":
        raise ValueError(f"has a unit that cannot be read at '{text}'; write for example 'cm^2/s'")
    if text not in UNITS:
        close = _close_unit(text)
        hint = f"did you mean '{close}'?" if close else f"known are {', '.join(UNITS)}"
        raise ValueError(f"has the unknown unit '{text}'; {hint}")
    return UNITS[text]


_WORDS = {
    "sec": "s",
    "second": "s",
    "year": "yr",
    "parsec": "pc",
    "gauss": "G",
    "kelvin": "K",
    "gram": "g",
    "joule": "J",
}


def _close_unit(text):
    """Return the unit that `text` probably means, or None: first one that differs in capitals alone
    (myr is Myr, not yr)."""
    word = text.casefold()
    if word.removesuffix("s") in _WORDS:
        return _WORDS[word.removesuffix("s")]
    folded = {name.casefold(): name for name in reversed(UNITS)}
    close = [word] if word in folded else difflib.get_close_matches(word, folded, n=1, cutoff=0.5)
    return folded[close[0]] if close else None


def _expect(tokens, mark):
    if not tokens or tokens.pop(0)[1] != mark:
        raise ValueError(f"has a unit where a '{mark}' is missing")


def dimension_name(dims):
    """Return the name of a dimension: 'diffusivity', or its formula 'length^2/time' if it has no
    name."""
    for name, exponents in DIMENSIONS.items():
        if all(abs(a - b) < 1e-12 for a, b in zip(exponents, dims, strict=True)):
            return "no dimension" if name == "none" else name
    return " ".join(
        base if power == 1 else f"{base}^{power:g}"
        for base, power in zip(BASES, dims, strict=True)
        if power
    )


def dims_of(unit):
    """Return the exponents of `BASES` of a unit expression or of a dimension name; None and ''
    count as 'none'."""
    return DIMENSIONS[unit or "none"] if (unit or "none") in DIMENSIONS else parse_unit(unit).dims


PRESETS = {"galactic": ("kpc", "km/s", "m_p/cm^3")}


class Units:
    """Code units of a run, fixed by a length, a velocity and a mass density.

    Parameters
    ----------
    system : str
        'galactic' (1 kpc, 1 km/s, 1 m_p/cm^3; the unit of time is 0.978 Gyr), 'none'
        (dimensionless) or 'custom'
    length, velocity, density : str or float, only with 'custom'
        size of the code units: a value with unit ('8.5 kpc'), or a number in cgs

    Attributes
    ----------
    k_B, m_p, m_e, G, c, eV, Msun, yr, Myr, pc, kpc, erg, sn_energy : float
        constants and common units in code units (``sn_energy`` is 1e51 erg); there are none in a
        dimensionless run

    Examples
    --------
    >>> units = Units("galactic")
    >>> units("100 pc")
    0.1
    >>> round(units.from_code(1.0, "Myr"), 1)
    977.8
    """

    def __init__(self, system="galactic", length=None, velocity=None, density=None):
        self.system = system
        given = (length, velocity, density)
        if system == "custom":
            if None in given:
                raise CrmpiError(
                    "units.system = 'custom' needs units.length, units.velocity and units.density"
                )
            self.length, self.velocity, self.density = (_in_cgs(value) for value in given)
        elif system in PRESETS:
            self.length, self.velocity, self.density = (
                parse_unit(unit).value for unit in PRESETS[system]
            )
        elif system == "none":
            self.length = self.velocity = self.density = 1.0
        else:
            raise CrmpiError(
                f"'units.system' = '{system}' is not one of {['none', *PRESETS, 'custom']}"
            )
        pressure = self.density * self.velocity**2
        gauss = 1.0 if system == "none" else math.sqrt(4 * math.pi * pressure)
        self._base = (
            self.length,
            self.density * self.length**3,
            self.length / self.velocity,
            1.0,
            gauss,
        )
        self._factors = {}  # of units asked for so far: a history asks for a few, in every block
        if system != "none":
            for name, unit in CONSTANTS.items():
                setattr(self, name, self.factor(unit))

    @property
    def dimensionless(self):
        """Whether the run has no physical scale."""
        return self.system == "none"

    def cgs(self, dimension):
        """Return the code unit of a dimension ('pressure', or any unit of it) in cgs (gauss,
        kelvin); 1 in a dimensionless run."""
        return math.prod(
            base**power for base, power in zip(self._base, dims_of(dimension), strict=True)
        )

    def factor(self, unit):
        """Return one `unit` in code units; 1 for a dimension name. Raises CrmpiError for a physical
        unit in a dimensionless run."""
        if unit is None or unit in DIMENSIONS:
            return 1.0
        if unit in self._factors:
            return self._factors[unit]
        quantity = parse_unit(unit)
        if self.dimensionless and quantity.dims != DIMENSIONS["none"]:
            raise CrmpiError(
                f"the unit '{unit}' has no meaning in a dimensionless run; set units.system to "
                "'galactic' or 'custom'"
            )
        self._factors[unit] = quantity.value / self.cgs(unit)
        return self._factors[unit]

    def to_code(self, value, unit):
        """Convert `value` (number or array) from `unit` to code units."""
        return value * self._known_factor(unit)

    def from_code(self, value, unit):
        """Convert `value` (number or array) from code units to `unit`."""
        return value / self._known_factor(unit)

    def _known_factor(self, unit):
        try:
            return self.factor(unit)
        except ValueError as problem:
            raise CrmpiError(f"the unit '{unit}' {problem}") from None

    def __call__(self, text):
        """Return a value with unit, '100 pc', in code units; numbers are returned as they are."""
        if not isinstance(text, str):
            return text
        try:
            value, unit = split_value(text)
            return value * self.factor(unit or None)
        except ValueError as problem:
            raise CrmpiError(f"'{text}' {problem}") from None

    def __getattr__(self, name):
        if name in CONSTANTS:
            raise CrmpiError(
                f"units.{name} has no value in a dimensionless run; set units.system to "
                "'galactic' or 'custom'"
            )
        raise AttributeError(name)

    def __repr__(self):
        if self.system != "custom":
            return f"Units({self.system!r})"
        return (
            f"Units('custom', length={self.length!r}, velocity={self.velocity!r}, "
            f"density={self.density!r})"
        )


def _in_cgs(value):
    if not isinstance(value, str):
        return float(value)
    try:
        number, unit = split_value(value)
        return number * parse_unit(unit or "1").value
    except ValueError as problem:
        raise CrmpiError(f"'{value}' {problem}") from None
