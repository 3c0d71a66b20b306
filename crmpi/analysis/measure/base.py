"""The seam of the observables: sums over blocks, then numbers. One subject is one file of this
folder, listed in `catalogue`.

An observable adds up a fixed number of sums in every block (`partial`) and makes its numbers of the
totals (`finish`). It knows nothing of ranks, files or ghosts, so the same object serves a running
simulation and a snapshot. ``docs/observables.md`` shows how to add one.
"""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from crmpi.analysis.read.derived import available
from crmpi.errors import CrmpiError
from crmpi.params import group
from crmpi.plugins import OBSERVABLES

if TYPE_CHECKING:
    from crmpi.analysis.measure.drive import Drive
    from crmpi.analysis.read.cells import Cells, Facts
    from crmpi.parallel.comm import MpiComm, SerialComm


class Observable:
    """Base class; a subclass with a `name` is registered under it.

    Parameters
    ----------
    params : Params of the class
        its group ``observables.<name>``, in code units
    facts : crmpi.analysis.read.cells.Facts
    drive : crmpi.analysis.measure.drive.Drive
        star formation and the power of the sources of cosmic rays, as far as they are known

    Attributes
    ----------
    name, doc, reference : str
        word on the command line, one line for users, papers
    needs : tuple of str
        variables and derived quantities without which it makes no sense
    physical : bool
        it needs physical units
    arrays : bool
        `finish` returns arrays over `axes`, not numbers
    axes : dict
        {label: array}: what the arrays that `finish` returns run over, in the order of their axes;
        empty for plain numbers
    """

    name = ""
    doc = ""
    reference = ""
    needs: tuple[str, ...] = ()
    physical = False
    arrays = False

    class Params:
        """An observable without parameters."""

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        cls.Params = group(cls.Params)
        OBSERVABLES.add(cls)

    def __init__(self, params: Any, facts: "Facts", drive: "Drive | None") -> None:
        self.params, self.facts, self.drive = params, facts, drive
        self.axes: dict[str, np.ndarray] = {}
        self._require(facts)
        self.setup()

    def setup(self) -> None:
        """Prepare bins and coefficients; raise `CrmpiError` for parameters that do not fit the
        mesh."""

    def partial(self, cells: "Cells") -> np.ndarray:
        """Return the sums over one block, a 1-D array of always the same length; `cells` is a
        `Cells`."""
        raise CrmpiError(f"observable '{self.name}' defines no partial", everywhere=True)

    def finish(self, sums: np.ndarray) -> dict[str, Any]:
        """Return {'column [unit]': number or array over `axes`} from the sums over all blocks."""
        raise CrmpiError(f"observable '{self.name}' defines no finish", everywhere=True)

    def has(self, *names: str) -> bool:
        """Return whether all these quantities can be had."""
        return set(names) <= {*self.facts.names, *available(self.facts.names, self.facts.units)}

    def shown(self, value: Any, unit: str) -> Any:
        """Return `value` (code units) in a unit; as it is in a dimensionless run."""
        return value if self.facts.units.dimensionless else value / self.facts.units.factor(unit)

    def label(self, name: str, unit: str) -> str:
        """Return 'name [unit]', with [code] in a dimensionless run."""
        return f"{name} [{'code' if self.facts.units.dimensionless else unit}]"

    def refuse(self, sentence: str) -> NoReturn:
        """Raise `CrmpiError` about this observable, on all ranks alike."""
        raise CrmpiError(
            f"observable '{self.name}' of {self.facts.where} {sentence}", everywhere=True
        )

    def _require(self, facts):
        if self.physical and facts.units.dimensionless:
            self.refuse("needs physical units; set units.system to 'galactic' or 'custom'")
        missing = [name for name in self.needs if not self.has(name)]
        if "temp" in missing and facts.units.dimensionless:
            self.refuse(
                "needs the temperature, which a dimensionless run does not have; set "
                "units.system to 'galactic' or 'custom'"
            )
        if missing:
            hint = "; set fluid.cosmic_rays to true" if "ecr" in missing or "pcr" in missing else ""
            count = f"{len(missing)} of {len(self.needs)} are not there"
            self.refuse(
                f"needs {', '.join(missing)}: {count}{hint}; it has {', '.join(facts.names)}"
            )


def totals(
    observables: Sequence["Observable"], blocks: Iterable["Cells"], comm: "SerialComm | MpiComm"
) -> list[np.ndarray]:
    """Return the sums over all blocks for each of `observables`, bitwise identical for every
    number of ranks; collective.

    Parameters
    ----------
    observables : sequence of Observable
    blocks : iterable of Cells
        of this rank
    comm : communicator
    """
    rows = [[_part(observable, cells) for observable in observables] for cells in blocks]
    lengths = comm.bcast([len(part) for part in rows[0]] if rows else None)
    for row in rows:
        for observable, part, length in zip(observables, row, lengths, strict=True):
            if len(part) != length:
                raise CrmpiError(
                    f"observable '{observable.name}': partial() returns {len(part)} sums of one "
                    f"block and {length} of another; it must be of the same length for all blocks"
                )
    table = np.array([np.concatenate(row) for row in rows], dtype=float).reshape(
        len(rows), sum(lengths)
    )
    sums = comm.block_sums(table)
    return np.split(sums, np.cumsum(lengths)[:-1])


def _part(observable, cells):
    """Return the sums of one block."""
    part = observable.partial(cells)
    if np.ndim(part) != 1:
        raise CrmpiError(
            f"observable '{observable.name}': partial() returns the shape {np.shape(part)}; it "
            "must be a list of sums, of the same length for all blocks"
        )
    return part
