"""Operators: what acts on the state in a step, and the phases of a step in which it acts.

Sources, transport, fluid and refinement declare here when they act, which variables they change,
which columns of the history they fill, and how long a step they allow. ``crmpi.run.stepper`` goes
through the phases; ``crmpi run --dry-run`` prints the declarations in this order.
"""

import math
from enum import Enum
from typing import Any, NamedTuple


class Phase(Enum):
    """When an operator acts, in the order of a step; the value describes it.

    With ``time.sources: once`` what acts around the step does so on one side of it, in turns; with
    ``time.transport: once`` what acts around the fluid.
    """

    AROUND_STEP = "half a step before transport and fluid, and after them in mirrored order"
    AROUND_FLUID = "half a step before the fluid and after it"
    FLUID = "in the stages of the fluid"
    AFTER_FLUID = "right after the fluid"
    AFTER_STEP = "after the step"


_ONCE = {
    Phase.AROUND_STEP: "a whole step before transport and fluid, or after them, in turns",
    Phase.AROUND_FLUID: "a whole step before the fluid, or after it, in turns",
}


class Declaration(NamedTuple):
    """What an operator declares.

    ``fields``: names of the variables that it may change, ``b`` for the field on faces.
    ``columns``: names of the columns of the history that it adds to. ``limit``: what bounds the
    time step, in words, '' for nothing. ``max_dt``: that bound in the present state of this rank.
    """

    name: str
    phases: tuple
    fields: tuple
    columns: tuple = ()
    limit: str = ""
    max_dt: float = math.inf


class Operator:
    """Base class of what acts on the state in a step.

    Attributes
    ----------
    name : str
        as in the YAML file
    phases : tuple of Phase
        when it acts
    changes : tuple of str or None
        names of the variables of ``u0`` that it may change, those of the bulk standing for those of
        tracers, too; None: any
    limit : str
        what bounds the time step, see `max_dt`, in words; '' for nothing
    """

    name: str = ""
    phases: tuple[Phase, ...] = ()
    changes: tuple[str, ...] | None = None
    limit: str = ""
    pack: Any
    ledger: Any  # called or iterated over: the columns of what it has done since the start

    def max_dt(self, cfl: float) -> float:
        """Return the longest time step that the present state of this rank allows, code units;
        `cfl` is ``time.cfl``."""
        return math.inf

    def declared(self, cfl: float) -> Declaration:
        """Return the `Declaration` of this operator."""
        fields = tuple(
            field.name
            for field in self.pack.fields
            if self.changes is None or field.bulk in self.changes
        )
        columns = tuple(column.name for column in self.ledger())
        return Declaration(self.name, self.phases, fields, columns, self.limit, self.max_dt(cfl))


def longest_step(operators, cfl):
    """Return the longest time step that all operators allow on this rank."""
    return min((operator.max_dt(cfl) for operator in operators), default=math.inf)


def table(declarations, once=()):
    """Return the lines of a table of `Declaration`s, in the order of a step; `once`: the phases in
    which operators act once a step."""
    order = list(Phase)
    lines = []
    for one in sorted(declarations, key=lambda one: order.index(one.phases[0])):
        when = [_ONCE[phase] if phase in once else phase.value for phase in one.phases]
        lines.append(f"  {one.name}: {', '.join(when)}")
        if one.limit:
            bound = f"{one.max_dt:.4g}, " if math.isfinite(one.max_dt) else ""
            lines.append(f"    limit of dt: {bound}{one.limit}")
        lines.append(f"    fields: {', '.join(one.fields)}")
        if one.columns:
            lines.append(f"    columns: {', '.join(one.columns)}")
    return lines
