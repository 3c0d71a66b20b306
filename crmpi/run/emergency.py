"""What a run leaves when its state breaks: the block in which that happened, and a sentence that
names the cell."""

from typing import NamedTuple

import numpy as np

from crmpi.constants import ENER
from crmpi.diagnostics.finite import first_lost, lost_cells, place
from crmpi.errors import RunError


class Emergency:
    """Finds the offending block of all ranks and writes it.

    Parameters
    ----------
    sim : crmpi.run.simulation.Simulation
    write : callable
        ``write(row, reason)`` writes a block of this rank and returns the path of the file, None if
        there is no folder
    """

    def __init__(self, sim, write=lambda _row, _reason: None):
        self.sim, self.write = sim, write

    def lost(self):
        """Return a clause on the cells that are not numbers: the first one of the block that has
        most of them; collective."""
        sim = self.sim
        counts = lost_cells(sim.pack)

        def words(row):
            return f"{first_lost(sim.pack, sim.positions, row)}, {counts[row]} cells of this block"

        return self._clause(counts, words, "not a number") or "in a ghost zone"

    def floored(self, amounts):
        """Return a clause on floors, '' where there are none: the cell of lowest pressure of the
        block that they gave most to; collective.

        Parameters
        ----------
        amounts : array (nblock,)
            what floors gave to each block of this rank
        """
        sim = self.sim

        def words(row):
            press = sim.pack.active(sim.pack.w0)[row, ENER]
            cell = np.unravel_index(np.argmin(press), press.shape)
            lowest = f"pressure {press[cell]:.3g} at {place(sim.pack, sim.positions, row, cell)}"
            return f"most of it, {amounts[row]:.6g}, in the block with {lowest}"

        return self._clause(np.asarray(amounts), words, "floors")

    def _clause(self, amounts, words, reason):
        """Choose the block with the largest amount, write it, and return what its rank says."""
        sim = self.sim
        mine = _worst(sim.pack.gids, amounts)
        found = sim.comm.allgather_object(mine)
        worst = max(range(len(found)), key=lambda rank: found[rank].order)
        if not found[worst].amount > 0:
            return ""
        text = None
        if sim.comm.rank == worst:
            text = words(mine.row)
            text += self._written(mine.row, f"{reason}: {text}")
        return sim.comm.bcast(text, root=worst)

    def _written(self, row, reason):
        try:
            path = self.write(row, reason)
            return f"; this block is in {path}" if path else ""
        except RunError as error:
            return f"; {error}"


class _Worst(NamedTuple):
    amount: float
    gid: int
    row: int

    @property
    def order(self):
        """The largest amount; of equal ones the first block."""
        return self.amount, -self.gid


def _worst(gids, amounts):
    rows = range(len(gids))
    found = (_Worst(float(amounts[row]), int(gids[row]), row) for row in rows)
    return max(found, key=lambda one: one.order, default=_Worst(0.0, 0, -1))
