"""The energy ledger as a guard: a change of the energy of the box that no term explains, or that
floors made, ends the run."""

import numpy as np

from crmpi.diagnostics import energy_ledger
from crmpi.diagnostics.floors import is_limited
from crmpi.errors import RunError
from crmpi.precision import REAL

CHECK_EVERY = 20  # steps between two checks: sums over all cells and ranks cost something
# between two checks, relative to the sum of the sizes of all terms
_ROUND_OFF = max(1e-9, 1e5 * float(np.finfo(REAL).eps))


class EnergyGuard:
    """Compares the energy of the box with the terms of its ledger, from check to check.

    Parameters
    ----------
    sim : crmpi.run.simulation.Simulation
        at its first state, or restored
    blame : callable, optional
        takes what floors gave to each block of this rank (nblock,) and returns a clause that names
        the place, or ''; called by all ranks when floors end the run
    """

    def __init__(self, sim, blame=None):
        self.sim, self.blame = sim, blame
        self._floors = {column.name for column in energy_ledger.terms(sim) if is_limited(column)}
        self.begin()

    def begin(self):
        """Take the present state as the reference, for instance after cells were changed by hand;
        collective."""
        self._last = energy_ledger.balance(self.sim)

    def check(self):
        """Raise `RunError` on all ranks if the energy changed since the last check by what no term
        explains; collective."""
        (before, earlier), self._last = self._last, energy_ledger.balance(self.sim)
        box, terms = self._last
        moved = {name: terms[name] - earlier[name] for name in terms}
        unexplained = (box - before) - sum(moved.values())
        sizes = abs(box) + abs(before) + sum(map(abs, terms.values()))
        if abs(unexplained) > _ROUND_OFF * sizes:
            change = (
                f"{box - before:.6g}, but its ledger leaves {unexplained:.6g} of it unexplained"
            )
            self._stop(f"the energy of the box changed by {change}", moved)
        floors = sum(moved[name] for name in moved if name in self._floors)
        rest = abs(before) + sum(
            abs(value) for name, value in moved.items() if name not in self._floors
        )
        share = self.sim.config.fluid.floors.energy_limit
        if floors > share * rest:
            self._stop(
                (
                    f"floors gave {floors:.6g} to a box of {before:.6g}, more than "
                    f"fluid.floors.energy_limit = {share:g} allows"
                ),
                moved,
                self._place(),
            )

    def _place(self):
        """Return a clause on where floors supplied most energy since the start, or ''."""
        if self.blame is None:
            return ""
        columns = energy_ledger.terms(self.sim)
        given = sum(column.values for column in columns if column.name in self._floors)
        clause = self.blame(given)
        return f"; {clause}" if clause else ""

    def _stop(self, sentence, moved, place=""):
        largest = sorted(moved, key=lambda name: -abs(moved[name]))[:4]
        terms = ", ".join(f"{name} {moved[name]:+.6g}" for name in largest if moved[name])
        clock = self.sim.clock
        raise RunError(
            f"{sentence} (code units; last {CHECK_EVERY} steps; {terms or 'all terms are 0'}) at "
            f"t = {clock.time:.6g}, step {clock.step}{place}; "
            "earlier output is intact; try a smaller time.cfl, fluid.reconstruction=donor or "
            "fluid.riemann=hlle",
            everywhere=True,
        )
