"""The checked parameters of a run."""

import math

import yaml

from crmpi.params.fields import group, specs
from crmpi.params.selector import Selector
from crmpi.units import DIMENSIONS, Units

_WIDEST = 60  # characters of a value in the table of parameters that make a column wider


class Config:
    """All groups of a run as attributes, in code units: ``config.mesh.cells``,
    ``config.scattering.kappa_par``.

    Attributes
    ----------
    units : Units
        code units of the run (the YAML group ``units`` became this object)
    groups : dict
        name -> frozen dataclass
    source : str
        name of the file
    notes : list of str
        what the user gave and this run does not use; printed at the start
    """

    def __init__(self, units, groups, plain, source, *, given=(), notes=()):
        self.units = units
        self.groups = groups
        self.source = source
        self.notes = list(notes)
        self._plain = plain
        self._given = set(given)

    def __getattr__(self, name):
        try:
            return self.__dict__["groups"][name]
        except KeyError:
            raise AttributeError(f"there is no group '{name}' in the configuration") from None

    def resolved(self):
        """Return every parameter with its value, defaults included, in the user's units: nested,
        and ready for ``yaml.safe_dump``.

        Loading it again gives the same configuration.
        """
        return _copy(self._plain)

    def is_given(self, path):
        """Return whether the user gave the parameter of this dotted name."""
        return path in self._given

    def describe(self):
        """Return the table of all parameters: a star marks what was given, the last column is the
        value in code units where it differs."""
        rows = []
        for key, plain, code, unit in self._rows():
            unit = "" if self.units.dimensionless else unit
            rows.append(
                (
                    "*" if key in self._given else " ",
                    key,
                    _short(plain, unit),
                    _short_code(plain, code),
                )
            )
        # a list of regions may be longer than a line: it does not push the others away
        widths = [
            max((len(row[column]) for row in rows if len(row[column]) <= _WIDEST), default=0)
            for column in range(4)
        ]
        lines = [
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in rows
        ]
        return "\n".join([f"parameters ({self.source}; * given, others default)", *lines])

    def yaml(self):
        """Return `resolved` as the text of a YAML file."""
        return yaml.safe_dump(self.resolved(), sort_keys=False, default_flow_style=None, width=120)

    def state(self):
        """Return plain values from which `from_state` rebuilds this object on another rank, without
        reading or checking anything."""
        groups = {name: _values(made) for name, made in self.groups.items()}
        units = (self.units.system, self.units.length, self.units.velocity, self.units.density)
        return {
            "units": units, "groups": groups, "plain": self._plain, "source": self.source,
            "given": sorted(self._given), "notes": self.notes,
        }  # fmt: skip

    @classmethod
    def from_state(cls, state, groups):
        """Rebuild from `state`; `groups` are those given to `load`, core groups may be left out."""
        from crmpi.params.core import CORE

        declared = CORE | dict(groups)
        made = {
            name: make_group(_class_of(declared[name], values), values, name)
            for name, values in state["groups"].items()
        }
        system, *scales = state["units"]
        units = Units(system, *scales) if system == "custom" else Units(system)
        return cls(
            units, made, state["plain"], state["source"], given=state["given"], notes=state["notes"]
        )

    def _rows(self):
        def walk(node, code, path):
            known = specs(type(code)) if code is not None else {}
            for name, plain in node.items():
                value = getattr(code, name, None)
                if isinstance(plain, dict):
                    yield from walk(plain, value, f"{path}{name}.")
                else:
                    unit = (
                        known[name].par.unit if name in known and not known[name].nested else None
                    )
                    yield f"{path}{name}", plain, value, "" if unit in DIMENSIONS else unit or ""

        for name, node in self._plain.items():
            yield from walk(node, self.groups.get(name), f"{name}.")


def make_group(cls, values, path):
    """Return an instance of a group class with exactly `values`, already in code units; nested
    groups may be dictionaries.

    `path` is the dotted name of the group, for messages.
    """
    made = object.__new__(cls)
    object.__setattr__(made, "_path", path)
    for name, spec in specs(group(cls)).items():
        if name in values:
            value = values[name]
            if spec.nested and isinstance(value, dict):
                value = make_group(spec.kind, value, f"{path}.{name}")
            elif spec.par is not None and spec.par.records is not None:
                value = tuple(
                    _record(spec.par.records, item, f"{path}.{name}[{n}]")
                    for n, item in enumerate(value)
                )
            object.__setattr__(made, name, value)
    return made


def _record(declared, item, path):
    """Return a member of a list of groups, made of its values where it is not made yet."""
    return make_group(_class_of(declared, item), item, path) if isinstance(item, dict) else item


def _values(made):
    return {name: _plain_value(value) for name, value in vars(made).items() if name != "_path"}


def _plain_value(value):
    if hasattr(type(value), "__dataclass_fields__"):
        return _values(value)
    if isinstance(value, tuple) and any(
        hasattr(type(item), "__dataclass_fields__") for item in value
    ):
        return [_values(item) for item in value]
    return value


def _class_of(declared, values):
    return declared.params(values[declared.key]) if isinstance(declared, Selector) else declared


def _copy(node):
    if isinstance(node, dict):
        return {key: _copy(value) for key, value in node.items()}
    return [_copy(item) for item in node] if isinstance(node, list) else node


def _short(plain, unit=""):
    if isinstance(plain, dict):
        return "{" + ", ".join(f"{name}: {_short(value)}" for name, value in plain.items()) + "}"
    if isinstance(plain, list):
        return "[" + ", ".join(_short(item, unit) for item in plain) + "]"
    if plain is None:
        return "none"
    if isinstance(plain, bool):
        return str(plain).lower()
    return f"{plain:.10g} {unit}".rstrip() if isinstance(plain, float) else str(plain)


def _short_code(plain, code):
    """Return the value in code units as '= 0.1', or '' if it is what the user sees."""
    if isinstance(plain, list) and any(isinstance(item, dict) for item in plain):
        return ""
    plains, codes = (plain, code) if isinstance(plain, list) else ([plain], [code])
    if codes is None or all(p == c for p, c in zip(plains, codes, strict=True)):
        return ""
    numbers = [c for c in codes if isinstance(c, float) and math.isfinite(c)]
    return "= " + ", ".join(f"{number:.6g}" for number in numbers) if numbers else ""
