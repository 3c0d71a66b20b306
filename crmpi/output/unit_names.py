"""Units as other programs spell them: unyt, pint and astropy.

All three read products with ``*`` and powers with ``**``. Names of which one of them knows nothing,
`m_p` or `Msun`, it learns by `define_in`; units in cgs they know without.
"""

import re
from typing import Any

from crmpi.units import BASES, UNITS, dims_of

_CGS = dict(zip(BASES, ("cm", "g", "s", "K", "G"), strict=True))


def portable(unit: str) -> str:
    """Return a unit, ``'Msun km/s'`` or ``'cm^2/s'``, as unyt, pint and astropy read it:
    ``'Msun*km/s'``, ``'cm**2/s'``."""
    text = unit.strip().replace("**", "^")
    text = re.sub(r"\s*([*/^()])\s*", r"\1", text)
    text = re.sub(r"(?<=[\w)])(?: +|(?=\())", "*", text)
    above, *below = text.split("/")
    if len(below) > 1 and "(" not in text:  # astropy reads one division only
        text = f"{above}/({'*'.join(below)})"
    return text.replace("^", "**")


def cgs_unit(dimension: str) -> str:
    """Return the unit of a dimension (or of a unit) in cgs with gauss and kelvin, such as
    ``'g/cm**3'``, ``'1'`` for a pure number."""
    powers = dict(zip(BASES, dims_of(dimension), strict=True))
    above = [_power(_CGS[name], power) for name, power in powers.items() if power > 0]
    below = [_power(_CGS[name], -power) for name, power in powers.items() if power < 0]
    divided = f"/({'*'.join(below)})" if len(below) > 1 else "".join(f"/{one}" for one in below)
    return ("*".join(above) or "1") + divided


def _power(name, power):
    return name if power == 1 else f"{name}**{power:g}"


def define_in(package: Any) -> Any:
    """Teach a units package the units of crmpi that it does not know.

    Parameters
    ----------
    package : module or registry
        the module `unyt` or `astropy.units`, or a `pint.UnitRegistry`

    Returns
    -------
    package
    """
    for name, quantity in UNITS.items():
        if not _knows(package, name):
            _define(package, name, quantity.value, cgs_unit(name))
    return package


def _knows(package, name):
    try:
        package.Unit(name)
    except Exception:  # each package has its own
        return False
    return True


def _define(package, name, value, cgs):
    if hasattr(package, "define_unit"):  # unyt
        package.define_unit(name, (value, cgs))
    elif hasattr(package, "def_unit"):  # astropy
        package.add_enabled_units([package.def_unit(name, value * package.Unit(cgs))])
    else:
        package.define(f"{name} = {value!r} * {cgs}")
