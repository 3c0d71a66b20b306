"""What floors and first-order fluxes did to the fluid: nothing is clipped without being counted."""

import numpy as np

from crmpi.diagnostics.columns import Account, CellAccount, Column
from crmpi.numerics.fluid.convert import Added, FloorTotals

COUNTS = (
    Column("dens", "none", "count", floor="density"),
    Column("press", "none", "count", floor="pressure"),
    Column("ecr", "none", "count", floor="cosmic-ray energy"),
    Column("nan", "none", "count", floor="not finite"),
    Column("entropy", "none", "count", floor="entropy"),
    Column("first_order", "none", "count", floor="first-order fluxes"),
)
AMOUNTS = (
    Column("mass", "mass", floor="density"),
    Column("energy", "energy", term=+1, floor="pressure"),
    Column("ecr", "energy", term=+1, floor="cosmic-ray energy"),
    Column("entropy", "energy", floor="entropy"),
)


class FloorLedger:
    """Counts and amounts since the start, per block, active cells only.

    Parameters
    ----------
    pack : crmpi.mesh.pack.Pack

    Attributes
    ----------
    counts : Account
        cells raised to the floors of density, pressure and cosmic-ray energy, cells that are not
        finite, cells where the entropy floor moved energy between cosmic rays and gas, cells redone
        with first-order fluxes; each half step counts
    amounts : CellAccount
        mass, gas energy and cosmic-ray energy added by floors; energy the entropy floor moved from
        cosmic rays to gas. Code units, integrated over volume; only what stays in the state
    added : crmpi.numerics.fluid.convert.Added
        sums of densities over cells (nblock,) that the floors added in the last conversion
    """

    def __init__(self, pack):
        self.counts = Account(COUNTS, pack.pool, "floor_", np.int64, "floors.counts")
        self.amounts = CellAccount(AMOUNTS, pack, "floor_added_", "floors.sums")
        self.added = Added(*(pack.pool.numbers() for _ in Added._fields))
        self._totals = FloorTotals(
            *(self.counts[name] for name in FloorTotals._fields[:-1]), self.added
        )

    def totals(self):
        """Return what `crmpi.numerics.fluid.convert.primitives` counts in, what it adds set to
        zero."""
        for densities in self.added:
            densities.fill(0.0)
        return self._totals

    def has_raised(self):
        """Return whether floors added anything in the last conversion."""
        return any(densities.any() for densities in self.added)

    def raised(self, lasts):
        """Record what floors added in the last conversion, of which the part `lasts` stays in the
        state."""
        for name, densities in self.added._asdict().items():
            self.amounts.add(name, lasts * densities)

    def filled(self):
        """Return the columns "floor_<name>" of counts and "floor_added_<name>" of amounts."""
        return self.counts.filled() + self.amounts.filled()
