"""Elements, their abundances in the Sun, and names of ions: "O VI", "OVI", "O_p5" and "O6" are the
same."""

import re
from typing import NamedTuple

from crmpi.errors import CrmpiError


class Element(NamedTuple):
    """Atomic number, and number of atoms per hydrogen atom in the Sun: 10^(A - 12), A of Asplund et
    al. 2009, ARA&A 47, 481, table 1."""

    number: int
    solar: float


ELEMENTS = {
    "H": Element(1, 1.0),
    "He": Element(2, 10.0 ** (10.93 - 12.0)),
    "C": Element(6, 10.0 ** (8.43 - 12.0)),
    "N": Element(7, 10.0 ** (7.83 - 12.0)),
    "O": Element(8, 10.0 ** (8.69 - 12.0)),
    "Ne": Element(10, 10.0 ** (7.93 - 12.0)),
    "Mg": Element(12, 10.0 ** (7.60 - 12.0)),
    "Si": Element(14, 10.0 ** (7.51 - 12.0)),
}
METALS = tuple(name for name in ELEMENTS if name not in ("H", "He"))

USUAL = ("H", "H I", "Mg II", "Si II", "Si III", "Si IV", "C II", "C III", "C IV", "N V", "O VI")
"""What columns are made of unless others are asked for."""

_ROMAN = (
    "I",
    "II",
    "III",
    "IV",
    "V",
    "VI",
    "VII",
    "VIII",
    "IX",
    "X",
    "XI",
    "XII",
    "XIII",
    "XIV",
    "XV",
)
_NAME = re.compile(
    r"\s*(?P<element>[A-Z][a-z]?)[\s_]*(?:(?P<roman>[IVX]+)|p(?P<charge>\d+)|(?P<stage>\d+))?\s*$"
)


class Ion(NamedTuple):
    """An ion; `charge` None stands for the element in all its ions."""

    element: str
    charge: int | None

    @property
    def name(self):
        """How it is written: "O VI"."""
        return self.element if self.charge is None else f"{self.element} {_ROMAN[self.charge]}"


def parse_ion(text):
    """Return the `Ion` of a name; a bare element ("H") is that element in all its ions.

    Raises
    ------
    CrmpiError
        the name cannot be read, or there is no such ion
    """
    if isinstance(text, Ion):
        return text
    match = _NAME.match(text)
    if match is None or (match["roman"] and match["roman"] not in _ROMAN):
        raise CrmpiError(
            f"'{text}' is not the name of an ion; write it like 'O VI', 'H I' or 'Mg II', or "
            "'H' for all hydrogen"
        )
    element, charge = match["element"], _charge(match)
    if element in ELEMENTS and charge is not None and not 0 <= charge <= ELEMENTS[element].number:
        raise CrmpiError(
            f"there is no ion '{text.strip()}': {element} has {ELEMENTS[element].number} "
            "electrons to lose"
        )
    return Ion(element, charge)


def require_known(element):
    """Raise CrmpiError unless the abundance of an element is known."""
    if element not in ELEMENTS:
        raise CrmpiError(
            f"there are no abundance and no rates for '{element}'; known are {', '.join(ELEMENTS)}"
        )


def _charge(match):
    if match["roman"]:
        return _ROMAN.index(match["roman"])
    if match["charge"]:
        return int(match["charge"])
    return int(match["stage"]) - 1 if match["stage"] else None
