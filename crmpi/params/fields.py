"""Declaring parameters: `par` makes one, `group` turns a class of them into a frozen dataclass."""

import dataclasses
import inspect
import types
import typing
from dataclasses import dataclass
from typing import Any, TypeVar

from crmpi.errors import CrmpiError
from crmpi.units import dims_of

_SCALARS = (float, int, bool, str)


class _Required:
    def __repr__(self):
        return "REQUIRED"


_T = TypeVar("_T")

REQUIRED = _Required()


@dataclass(frozen=True)
class SameAs:
    """A default that is the value of another parameter of the same group, declared before."""

    name: str


@dataclass(frozen=True)
class Par:
    """What `par` was told; see there."""

    default: Any
    unit: str | None
    bounds: tuple  # of ('>', 0) ...
    choices: Any  # a tuple, or what gives names that may change between runs
    doc: str
    length: int | None
    path: bool = False
    records: Any = None


def records(declared: Any, doc: str = "") -> Any:
    """Declare a list of groups, ``regions: tuple = records(Region)``: in YAML a list of mappings,
    empty by default.

    Parameters
    ----------
    declared : group class or crmpi.params.selector.Selector
        of each member of the list
    doc : str
    """
    return dataclasses.field(
        default=(), metadata={"par": Par((), None, (), None, doc, None, records=declared)}
    )


def par(
    default: Any = REQUIRED,
    *,
    unit: str | None = None,
    gt: float | None = None,
    ge: float | None = None,
    lt: float | None = None,
    le: float | None = None,
    choices: Any = None,
    doc: str = "",
    length: int | None = None,
    path: bool = False,
) -> Any:
    """Declare one parameter, as the right-hand side of an annotated class attribute.

    Parameters
    ----------
    default : value, string with unit, SameAs, None or REQUIRED
        None only for an optional type such as ``float | None``
    unit : str, optional
        a physical unit ('cm^2/s': a plain number is in that unit) or a dimension name ('length': a
        plain number is in code units)
    gt, ge, lt, le : float, optional
        allowed range, in `unit`; for lists, of each element
    choices : sequence or crmpi.plugins.registry.Registry, optional
        allowed values; for lists, of each element
    doc : str
        one line for the table of parameters
    length : int, optional
        number of elements of a list type such as ``tuple[float, ...]``
    path : bool
        the text names a file or folder: ``~`` and ``$VAR`` at the start of a run stand for what the
        shell means by them

    Examples
    --------
    >>> class Params:
    ...     kappa_par: float = par(3e28, unit="cm^2/s", ge=0, doc="diffusion along B")
    ...     mode: str = par("fast", choices=["fast", "slow"], doc="which one")
    ...     corner: tuple[float, float, float] = par((0, 0, 0), unit="length", doc="of the box")
    """
    bounds = tuple(
        (sign, bound)
        for sign, bound in ((">", gt), (">=", ge), ("<", lt), ("<=", le))
        if bound is not None
    )
    if isinstance(default, list):
        default = tuple(default)
    choices = tuple(choices) if isinstance(choices, (list, dict)) else choices
    declared = Par(default, unit, bounds, choices, doc, length, path)
    if default is REQUIRED:
        return dataclasses.field(metadata={"par": declared})
    # a factory leaves no class attribute behind, so that a parameter without a value in this run
    # can say so (see _no_value)
    return dataclasses.field(default_factory=lambda: default, metadata={"par": declared})


@dataclass(frozen=True)
class Spec:
    """One parameter as the loader sees it: the type read from the annotation, and what `par` was
    told.

    ``kind`` is float, int, bool, str or, for a nested group, its class. ``many`` marks a list,
    ``length`` its fixed length.
    """

    name: str
    kind: type
    optional: bool
    many: bool
    length: int | None
    par: Par | None

    @property
    def nested(self) -> bool:
        """Whether this is a group inside a group."""
        return self.par is None

    @property
    def type_name(self) -> str:
        """The type in words, for tables and messages."""
        if self.par is not None and self.par.records is not None:
            return "list of groups"
        word = (
            "group"
            if self.nested
            else {float: "number", int: "integer", bool: "true/false", str: "text"}[self.kind]
        )
        if self.many:
            word = f"list of {self.length} {word}s" if self.length else f"list of {word}s"
        return f"{word} or none" if self.optional else word


def group(cls: type[_T]) -> type[_T]:
    """Turn a class of annotated `par` declarations into a frozen, keyword-only dataclass; nested
    groups need no `par`.

    Values are checked by the loader (`crmpi.params.load`), not by the constructor, which takes code
    units. Raises CrmpiError for an attribute that is not declared with `par`, and for a unit that
    cannot be read.
    """
    if not isinstance(cls, type):
        raise CrmpiError(
            "Params must be a class, with lines such as amplitude: float = par(0.1, doc=...)"
        )
    if is_group(cls):
        return cls
    for base in cls.__bases__:
        if base is not object:
            group(base)
    for name, annotation in _annotations(cls).items():
        value = cls.__dict__.get(name, dataclasses.MISSING)
        nested = _nested_class(annotation)
        if nested is not None and value is dataclasses.MISSING:
            optional = nested is not annotation
            setattr(
                cls, name, dataclasses.field(default_factory=(lambda: None) if optional else nested)
            )
        elif not (isinstance(value, dataclasses.Field) and "par" in value.metadata):
            raise CrmpiError(
                f"{cls.__qualname__}.{name} must be declared as {name}: type = par(default, "
                "doc=...)"
            )
        else:
            _check_unit(cls, name, value.metadata["par"].unit)
    dataclass(frozen=True, kw_only=True)(cls)
    cls.__getattr__ = _no_value  # type: ignore[attr-defined]
    specs(cls)  # refuses impossible types
    return cls


def is_group(cls: Any) -> bool:
    """Whether `cls` itself (not only a base) went through `group`."""
    return isinstance(cls, type) and cls.__dict__.get("__getattr__") is _no_value


def _annotations(cls):
    """Return {name: type}, where ``from __future__ import annotations`` made texts of the types,
    and keep it."""
    if "__dataclass_fields__" in cls.__dict__:
        raise CrmpiError(f"{cls.__qualname__} must be a plain class; remove @dataclass above it")
    try:
        annotations = inspect.get_annotations(cls, eval_str=True)
    except Exception as problem:  # an annotation is any expression
        raise CrmpiError(f"{cls.__qualname__} has a type that cannot be read: {problem}") from None
    for name, value in vars(cls).items():
        plain = isinstance(
            value, (dataclasses.Field, *_SCALARS, list, tuple, dict)
        ) and not name.startswith("_")
        if plain and name not in annotations:
            raise CrmpiError(
                f"{cls.__qualname__}.{name} has no type; declare it as {name}: type = "
                "par(default, doc=...)"
            )
    if annotations:
        cls.__annotations__ = annotations
    return annotations


def specs(cls: Any) -> dict[str, Spec]:
    """Return {name: Spec} of a group class, in the order of declaration, base classes first."""
    hints = typing.get_type_hints(cls)
    return {field.name: _spec(cls, field, hints[field.name]) for field in dataclasses.fields(cls)}


def _spec(cls, field, hint):
    declared = field.metadata.get("par")
    kind, optional = _strip_none(hint)
    if declared is None:
        return Spec(field.name, kind, optional, False, None, None)
    length, many = declared.length, False
    if declared.records is not None:
        return Spec(field.name, dict, False, True, None, declared)
    if typing.get_origin(kind) in (tuple, list):
        many = True
        kinds = [k for k in typing.get_args(kind) if k is not Ellipsis]
        if (
            length is None
            and typing.get_origin(kind) is tuple
            and Ellipsis not in typing.get_args(kind)
        ):
            length = len(kinds)
        kind = kinds[0]
    if kind not in _SCALARS:
        raise CrmpiError(
            f"{cls.__qualname__}.{field.name}: the type must be float, int, bool, str, a tuple "
            "of these, or a group"
        )
    return Spec(field.name, kind, optional, many, length, declared)


def _strip_none(hint):
    if typing.get_origin(hint) in (types.UnionType, typing.Union):
        rest = [arg for arg in typing.get_args(hint) if arg is not type(None)]
        return rest[0], len(rest) < len(typing.get_args(hint))
    return hint, False


def _nested_class(annotation):
    kind, _ = _strip_none(annotation)
    return kind if is_group(kind) else None


def _check_unit(cls, name, unit):
    try:
        dims_of(unit)
    except (TypeError, AttributeError):
        raise CrmpiError(
            f"{cls.__qualname__}.{name} has the unit {unit!r}; it must be a text such as 'kpc'"
        ) from None
    except ValueError as problem:
        raise CrmpiError(f"{cls.__qualname__}.{name} {problem}") from None


def _no_value(self, name):
    """Refuse the use of a parameter whose default is physical in a dimensionless run."""
    declared = type(self).__dataclass_fields__.get(name)
    if declared is None:
        raise AttributeError(f"{type(self).__qualname__} has no parameter '{name}'")
    declared = declared.metadata["par"]
    value = (
        declared.default
        if isinstance(declared.default, str)
        else f"{declared.default} {declared.unit}"
    )
    path = self.__dict__.get("_path")
    key = f"{path}.{name}" if path else name
    raise CrmpiError(
        f"'{key}' must be given: its default {value} is physical, and units.system is none",
        everywhere=True,
    )
