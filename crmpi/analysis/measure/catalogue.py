"""All observables by name, their parameters as the YAML group ``observables``, and how they are
measured on a snapshot."""

import functools
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from crmpi.analysis.measure.base import totals
from crmpi.analysis.measure.drive import Drive, DriveParams
from crmpi.errors import ConfigError, CrmpiError
from crmpi.params import group, par
from crmpi.plugins import OBSERVABLES


class _Common:
    """What is computed during a run, and how often."""

    compute: tuple[str, ...] = par(
        (), choices=OBSERVABLES, doc="computed during the run; crmpi observe lists them"
    )
    interval: float | None = par(
        None, unit="time", gt=0, doc="between profiles and diagrams; none: one at the end"
    )
    drive: DriveParams

    @classmethod
    def expand(cls, value):
        """Spell out ``observables: [gamma_rays, loading]``."""
        return {"compute": list(value) if isinstance(value, (list, tuple)) else [value]}


def observable_params():
    """Return the YAML group ``observables``: a group for each observable that there is now."""
    return _group_of(tuple(OBSERVABLES.items()))


@functools.cache
def _group_of(classes):
    nested = {name: cls.Params for name, cls in classes}
    return group(
        type(
            "ObservableParams",
            (_Common,),
            {"__annotations__": nested, "__doc__": _Common.__doc__, "__module__": __name__},
        )
    )


class Measured(NamedTuple):
    """Numbers of one observable: ``columns`` {'name [unit]': number or array over ``axes``},
    ``axes`` {'name [unit]': array}."""

    name: str
    columns: dict
    axes: dict


def make_observables(names, params, facts):
    """Return the observables `names`.

    Parameters
    ----------
    names : sequence of str
    params : the group `observable_params`
    facts : crmpi.analysis.read.cells.Facts

    Raises
    ------
    CrmpiError
        an unknown name, a variable that is not there, a surface outside of the box
    """
    classes = [OBSERVABLES.find(name) for name in names]
    drive = Drive(params.drive, facts) if names else None
    return [cls(getattr(params, cls.name), facts, drive) for cls in classes]


def results(observables, blocks, comm):
    """Return [Measured] of `observables` on the blocks (`Cells`) of this rank; collective, the same
    bits on all ranks."""
    if not observables:
        return []
    sums = totals(observables, blocks, comm)
    return [
        Measured(o.name, _columns(o, o.finish(part)), dict(o.axes))
        for o, part in zip(observables, sums, strict=True)
    ]


def _columns(observable, found):
    """Return what ``finish`` of an observable returned, which must be columns: numbers, or arrays
    over its axes."""
    shape, name = tuple(len(values) for values in observable.axes.values()), observable.name
    if not isinstance(found, Mapping):
        kind = "nothing" if found is None else f"a {type(found).__name__}"
        need = "it must return a dict of columns, {'name [unit]': number}"
        raise CrmpiError(f"observable '{name}': finish() returns {kind}; {need}", everywhere=True)
    for label, value in found.items():
        if np.asarray(value).dtype.kind not in "biuf":
            what = f"is {value!r}; it must be a number"
        elif np.shape(value) != shape:
            what = f"has the shape {np.shape(value)}; that of its axes is {shape}"
        else:
            continue
        raise CrmpiError(f"observable '{name}': finish(): '{label}' {what}", everywhere=True)
    return found


def measure(snapshot, names, overrides=()):
    """Return [Measured] of an open `Snapshot`.

    Parameters
    ----------
    snapshot : crmpi.analysis.read.readers.Snapshot
    names : sequence of str
    overrides : sequence of str
        'loading.heights=[1 kpc,2 kpc]', stronger than the parameters of the run

    Raises
    ------
    CrmpiError
        unknown names and parameters, missing variables, a snapshot with missing parts
    """
    from crmpi.parallel.comm import SerialComm

    if snapshot.missing:
        count = len(snapshot.missing)
        raise CrmpiError(
            f"{snapshot.path} lacks {count} of its parts, such as {snapshot.missing[0]}: sums "
            "over it would be wrong"
        )
    observables = make_observables(names, parameters(snapshot.facts, overrides), snapshot.facts)
    return results(observables, snapshot.blocks(), SerialComm())


def parameters(facts, overrides=()):
    """Return the group ``observables`` of a run, changed by `overrides` such as
    'loading.heights=[1,2]'."""
    from crmpi.params.core import UnitsParams
    from crmpi.params.loader import build
    from crmpi.params.source import read_sources

    given = {name: facts.config.get(name, {}) for name in ("units", "observables")}
    prefixed = [
        text if text.startswith("observables.") else f"observables.{text}" for text in overrides
    ]
    tree, errors, name = read_sources(given, prefixed)
    tree = {group: tree[group] for group in given if group in tree}
    try:
        return build(
            tree, {"units": UnitsParams, "observables": observable_params()}, name, errors
        ).observables
    except ConfigError as error:
        raise ConfigError(
            [message.replace("observables.", "") for message in error.messages], everywhere=True
        ) from None
