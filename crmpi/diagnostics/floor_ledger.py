"""What floors and first-order fluxes did to the fluid: nothing is clipped in silence."""

import numpy as np

from crmpi.numerics.fluid.convert import AMOUNTS

# the first four as in `crmpi.numerics.fluid.convert`
_COUNTS = ("dens", "press", "ecr", "nan", "entropy", "first_order")
_AMOUNTS = ("mass", "energy", "ecr", "entropy")  # the first three as there


class FloorLedger:
    """Counts and amounts since the start, per block, active cells only.

    Attributes
    ----------
    counts : int array (nblock, 6)
        cells raised to the floors of density, pressure and cosmic-ray energy, cells that are not
        finite, cells where the entropy floor moved energy between cosmic rays and gas, cells redone
        with first-order fluxes; each half step counts
    amounts : array (nblock, 4)
        mass, gas energy and cosmic-ray energy added by floors; energy the entropy floor moved from
        cosmic rays to gas. Code units, integrated over volume; only what stays in the state
    count_names, amount_names : tuple of str
    """

    count_names = _COUNTS
    amount_names = _AMOUNTS

    def __init__(self, nblock, volumes):
        self.counts = np.zeros((nblock, len(_COUNTS)), np.int64)
        self._sums = np.zeros((nblock, len(_AMOUNTS)))
        self._volumes = volumes

    @property
    def amounts(self):
        """Amounts integrated over volume, array (nblock, 4)."""
        return self._sums * self._volumes[:, None]

    def count(self, name, cells):
        """Add `cells` (nblock,) to a count."""
        self.counts[:, _COUNTS.index(name)] += cells

    def add(self, name, densities):
        """Add a sum of densities over cells (nblock,) to an amount."""
        self._sums[:, _AMOUNTS.index(name)] += densities

    def raised(self, densities, lasts):
        """Add what floors added, sums of densities over cells (nblock, 3), of which the part
        `lasts` stays in the state."""
        self._sums[:, :AMOUNTS] += lasts * densities

    def columns(self):
        """Return {"floor_<name>": counts (nblock,), "floor_added_<name>": amounts (nblock,)} for
        the history."""
        counts = {f"floor_{name}": self.counts[:, n] for n, name in enumerate(_COUNTS)}
        return counts | {
            f"floor_added_{name}": self.amounts[:, n] for n, name in enumerate(_AMOUNTS)
        }

    def state(self):
        """Return the arrays, leading axis nblock, that a checkpoint writes and a restart writes
        back in place."""
        return {"counts": self.counts, "sums": self._sums}
