"""Criteria of adaptive refinement: what a criterion is, and how their answers become a flag per
block.

A criterion gives an *indicator* for every cell, a dimensionless number that is large where smaller
cells are wanted. A block is refined where the largest indicator of its cells, and of those next to
it, is above ``refine``; it may be joined with its siblings where that is below ``derefine``. One
criterion is one file of `crmpi.refinement.criteria`.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from crmpi.errors import CrmpiError
from crmpi.params import Selector, group, par
from crmpi.plugins import REFINEMENT_CRITERIA

if TYPE_CHECKING:
    from crmpi.refinement.view import View
    from crmpi.types import EOS
    from crmpi.units import Units

REFINE, KEEP, DEREFINE = 1, 0, -1
"""Flags of blocks."""


@group
class CriterionParams:
    """Parameters of every criterion."""

    refine: float = par(1.0, gt=0, doc="a block is refined where the indicator exceeds this")
    derefine: float = par(
        0.5, ge=0, doc="a block may be derefined where the indicator stays below this"
    )
    max_level: int | None = par(
        None,
        ge=1,
        le=20,
        doc="highest level that this criterion makes; none: mesh.refinement.max_level",
    )

    def check(self) -> Iterator[tuple[str, str]]:
        """Hysteresis: what has just been refined must not be derefined at once."""
        if not self.derefine < self.refine:
            yield "derefine", "must be below 'refine'"


class Criterion:
    """Base class of criteria; a subclass with a `name` is registered under it.

    Parameters
    ----------
    params : Params of the class
        a member of ``mesh.refinement.criteria``, in code units
    units : crmpi.units.Units
    eos : crmpi.types.EOS

    Attributes
    ----------
    name, doc, reference : str
        value of ``name`` in YAML, one line for users, papers
    """

    name = ""
    doc = ""
    reference = ""

    class Params:
        """A criterion without parameters of its own."""

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        cls.Params = group(cls.Params)
        REFINEMENT_CRITERIA.add(cls)

    def __init__(self, params: Any, units: "Units", eos: "EOS") -> None:
        self.params, self.units, self.eos = params, units, eos

    def check(self, view: "View") -> None:
        """Raise `CrmpiError` if the run lacks what the criterion needs; called once."""

    def indicator(self, view: "View") -> np.ndarray:
        """Return the indicator (nblock, k, j, i) of all cells of a `crmpi.refinement.view.View`:
        numbers, or True where smaller cells are wanted and False where larger ones will do."""
        raise CrmpiError(f"criterion '{self.name}' defines no indicator", everywhere=True)


def criteria_classes() -> dict[str, type["Criterion"]]:
    """Return {name: class} of all criteria, sorted by name."""
    return REFINEMENT_CRITERIA.classes()


def criterion_selector() -> Selector:
    """Return the `Selector` of a member of ``mesh.refinement.criteria``."""
    return Selector("name", REFINEMENT_CRITERIA, common=CriterionParams, doc="which criterion")


def flags_of(criterion: "Criterion", view: "View", top: int) -> np.ndarray:
    """Return the flag of each block.

    Parameters
    ----------
    criterion : Criterion
    view : View
    top : int
        highest level of the run

    Returns
    -------
    int array (nblock,)
        of `REFINE`, `KEEP`, `DEREFINE`
    """
    indicator = np.asarray(criterion.indicator(view))
    if indicator.dtype.kind not in "biuf":
        raise CrmpiError(
            f"criterion '{criterion.name}': indicator() returns an array of {indicator.dtype}; it "
            "must be one of numbers, or of True and False"
        )
    if np.shape(indicator) != np.shape(view["dens"]):
        raise CrmpiError(
            f"criterion '{criterion.name}': indicator() returns the shape {np.shape(indicator)}; "
            f"it must be that of view['dens'], {np.shape(view['dens'])}"
        )
    if indicator.dtype == bool:
        indicator = np.where(indicator, np.inf, -np.inf)
    worst = np.nan_to_num(view.largest(indicator.astype(float, copy=False)), nan=np.inf)
    limit = top if criterion.params.max_level is None else min(top, criterion.params.max_level)
    refine = (worst > criterion.params.refine) & (view.levels < limit)
    derefine = (worst < criterion.params.derefine) | (view.levels > limit)
    return np.where(refine, REFINE, np.where(derefine, DEREFINE, KEEP))
