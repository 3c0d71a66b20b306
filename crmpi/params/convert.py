"""From what the user wrote to a checked value in code units, guided by the declared type: nothing
is guessed."""

import difflib
import math
import os
import re
from typing import Any, NamedTuple

from crmpi.units import DIMENSIONS, dimension_name, dims_of, parse_unit, split_value

LARGEST = 1e100
"""The largest finite number of a parameter in code units."""

LONGEST = 100
"""Characters of a value that messages quote."""

_TRUE, _FALSE, _NONE = ("true", "yes", "on"), ("false", "no", "off"), ("none", "null", "~", "")


class Value(NamedTuple):
    """`code`: in code units, for the rooms. `plain`: in the user's units, of types that YAML can
    write."""

    code: Any
    plain: Any


# the default is physical and the run is dimensionless; compared by identity
UNSET = Value(None, None)


def convert(raw, spec, units):
    """Return the `Value` of `raw`, text or Python value, for the parameter `spec`.

    Raises ValueError with the end of a sentence that starts with the key and the value.
    """
    if is_none(raw) and (raw is None or spec.optional or spec.kind is not str):
        if spec.optional:
            return Value(None, None)
        raise ValueError(f"must be {_article(spec.type_name)}{expected_unit(spec)}")
    if hasattr(raw, "tolist"):
        raw = raw.tolist()
    if not spec.many:
        return _scalar(raw, spec, units)
    if not isinstance(raw, (list, tuple)):
        raise ValueError(f"must be a {spec.type_name}, in square brackets")
    if spec.length is not None and len(raw) != spec.length:
        many = "1 element" if len(raw) == 1 else f"{len(raw)} elements"
        raise ValueError(f"has {many}; it must be a {spec.type_name}")
    values = [_scalar(item, spec, units) for item in raw]
    return Value(tuple(value.code for value in values), [value.plain for value in values])


def convert_default(spec, units):
    """Return the `Value` of the default, or UNSET for a physical default in a dimensionless run."""
    default = spec.par.default
    items = default if isinstance(default, tuple) else (default,)
    if units.dimensionless and any(_is_physical(item, spec.par.unit) for item in items):
        return UNSET
    return convert(list(default) if isinstance(default, tuple) else default, spec, units)


def is_none(raw):
    """Return whether this is None, or a word for it."""
    return raw is None or (isinstance(raw, str) and raw.strip().lower() in _NONE)


def show(raw):
    """Return a value as it is quoted in messages, on one line and not too long."""
    text = _plain(raw)
    text = text.encode("unicode_escape").decode() if not text.isprintable() else text
    if len(text) > LONGEST:
        text = f"{text[: LONGEST - 20]}... ({len(text)} characters)"
    return f"'{text}'" if isinstance(raw, str) else text


def _plain(raw):
    """Return a value as YAML writes it: lists and groups in brackets, words without quotes."""
    if isinstance(raw, (list, tuple)):
        return "[" + ", ".join(map(_plain, raw[:LONGEST])) + "]"
    if isinstance(raw, dict):
        return "{" + ", ".join(f"{key}: {_plain(value)}" for key, value in raw.items()) + "}"
    return str(raw)


def closest(word, words, cutoff=0.6):
    """Return the one of `words` that is most like `word`, whatever the capitals, in a list; or an
    empty list."""
    folded = {other.casefold(): other for other in reversed(list(words))}
    near = difflib.get_close_matches(word.casefold(), folded, n=1, cutoff=cutoff)
    return [folded[name] for name in near]


def did_you_mean(word, words):
    """Return '; did you mean ...?' with the nearest of some words, '' if none is near."""
    close = closest(word, list(map(str, words)))
    return f"; did you mean '{close[0]}'?" if close else ""


def allowed(spec):
    """Return the range or the choices in words, '' if anything goes."""
    if spec.par.choices is not None:
        return f"one of {listed(spec.par.choices)}"
    return " and ".join(f"{sign} {bound:g}" for sign, bound in spec.par.bounds)


def listed(words):
    """Return words, or numbers, as a sentence lists them."""
    return ", ".join(map(str, words))


def expected_unit(spec):
    """Return ' (unit)' for messages: '' without a unit."""
    unit = spec.par.unit
    if unit in (None, "none"):
        return ""
    return f" ({unit} in code units, or with its unit)" if unit in DIMENSIONS else f" (in {unit})"


def _article(words):
    return ("an " if words[0] in "aeiou" else "a ") + words


def _is_physical(item, unit):
    """Whether a default only means something with physical units."""
    if isinstance(item, str):
        try:
            return unit is not None and bool(split_value(item)[1])
        except ValueError:
            return False
    physical_unit = unit is not None and any(dims_of(unit)) and unit not in DIMENSIONS
    return physical_unit and item is not None and item != 0 and math.isfinite(item)


def _scalar(raw, spec, units):
    if isinstance(raw, (list, tuple, dict)):
        raise ValueError(
            f"must be a single {spec.type_name.removesuffix(' or none').split(' of ')[-1]}"
        )
    value = {bool: _boolean, int: _integer, float: _number, str: _word}[spec.kind](raw, spec, units)
    if spec.par.choices is not None and value.code not in spec.par.choices:
        raise ValueError(f"is not one of {listed(spec.par.choices)}")
    return value


def _boolean(raw, spec, units):
    word = str(raw).strip().lower()
    if word not in _TRUE + _FALSE:
        raise ValueError("must be true or false")
    return Value(word in _TRUE, word in _TRUE)


def _word(raw, spec, units):
    if isinstance(raw, bool):  # from Python: yaml.safe_load turns an unquoted off into False
        raise ValueError("must be a text; put it in quotes")
    return Value(expand_path(str(raw)) if spec.par.path else str(raw), str(raw))


def expand_path(text):
    """Return a path with ``~`` and ``$VAR`` replaced as a shell does; ValueError with the end of a
    sentence if that cannot be."""
    if "\0" in text:
        raise ValueError("has a NUL character in it; no path can")
    if not text.strip():
        raise ValueError("is empty; write . for the current folder")
    names = re.findall(r"\$(?:(\w+)|\{(\w+)\})", text)
    unknown = next(
        (plain or braced for plain, braced in names if (plain or braced) not in os.environ), None
    )
    if unknown is not None:
        raise ValueError(f"names the environment variable {unknown}, which is not set")
    path = os.path.expanduser(os.path.expandvars(text))
    if path.startswith("~"):
        raise ValueError(
            f"begins with the home folder of a user who is not known here; write ./{path} for a "
            "folder of that name"
        )
    return path


def _integer(raw, spec, units):
    number, unit = _split(raw)
    if unit or not math.isfinite(number) or number != int(number):
        raise ValueError("must be an integer")
    if abs(number) > 2**53:
        raise ValueError("is too large for an integer")
    _check_range(number, spec)
    return Value(int(number), int(number))


def _number(raw, spec, units):
    number, text = _split(raw)
    unit = spec.par.unit or "none"
    if math.isnan(number):
        raise ValueError("is not a number")
    if not text:
        code = number if unit in DIMENSIONS or units.dimensionless else units.to_code(number, unit)
        _check_range(number, spec)
        _require_size(code)
        return Value(code, number)
    try:
        quantity = parse_unit(text)
    except ValueError:
        if unit == "none":  # '3x': no unit is expected here, so this is rather a slip in the number
            raise ValueError("is not a number") from None
        raise
    if quantity.dims != dims_of(unit):
        raise ValueError(
            f"has dimension {dimension_name(quantity.dims)}; expected {_expected_dimension(unit)}"
        )
    if units.dimensionless and any(quantity.dims):
        raise ValueError(
            "has a unit, but this run is dimensionless (units.system is none); write a plain "
            "number in code units"
        )
    code = number * units.factor(text)
    _check_range(code / units.factor(unit), spec)
    _require_size(code)
    return Value(code, " ".join(str(raw).split()))


def _split(raw):
    if isinstance(raw, bool):
        raise ValueError("must be a number, not true or false")
    if isinstance(raw, int) and abs(raw) > 2**1000:
        raise ValueError("is too large for a number")
    if isinstance(raw, (int, float)):
        return float(raw), ""
    number, unit = split_value(
        str(raw).strip().lower().lstrip(".") if ".inf" in str(raw) else str(raw)
    )
    if math.isinf(number) and "inf" not in str(raw).lower():
        raise ValueError("is too large for a number")
    return number, unit


def _expected_dimension(unit):
    if unit in DIMENSIONS:
        return unit if unit != "none" else "a plain number"
    name = dimension_name(dims_of(unit))
    return f"{unit}" if name in ("no dimension", unit) else f"{name}, for example {unit}"


_HOLDS = {
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
}


def _require_size(code):
    """Refuse numbers whose squares and products could not be held."""
    if LARGEST < abs(code) < math.inf:
        raise ValueError(f"is too large; in code units it must be below {LARGEST:g}")


def _check_range(number, spec):
    if not all(_HOLDS[sign](number, bound) for sign, bound in spec.par.bounds):
        unit = f" {spec.par.unit}" if spec.par.unit and spec.par.unit not in DIMENSIONS else ""
        raise ValueError(f"must be {allowed(spec)}{unit}")
