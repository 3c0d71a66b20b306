"""The energy ledger as a guard: a change of the energy of the box that no term explains, or that
floors made, ends the run."""

import numpy as np

from crmpi.constants import ENER
from crmpi.errors import RunError
from crmpi.precision import REAL

LOOK_EVERY = 20  # steps between two looks: sums over all cells and ranks cost something
# between two looks, relative to the sum of the sizes of all terms
_ROUND_OFF = max(1e-9, 1e5 * float(np.finfo(REAL).eps))


def energy_columns(sim):
    """Return {ledger column: sign} of everything that changed the energy of the box."""
    signs = {"floor_added_energy": 1.0, "floor_added_ecr": 1.0} | sim.fluid.box.energy_signs()
    for module in (sim.transport, *sim.sources):
        if module is not None:
            signs |= module.energy_signs()
    return signs


class EnergyBooks:
    """Compares the energy of the box with the terms of its ledger, from look to look.

    Parameters
    ----------
    sim : crmpi.run.simulation.Simulation
        at its first state, or restored
    """

    def __init__(self, sim):
        self.sim = sim
        self.signs = energy_columns(sim)
        own = sim.transport.energies if sim.transport is not None else ()
        self.energies = [
            ENER,
            *(sim.pack.index[name] for name in ("ecr", *own) if name in sim.pack.index),
        ]
        self._box, self._terms = self._sums()

    def look(self):
        """Raise `RunError` on all ranks if the energy changed since the last look by what no term
        explains; collective."""
        box, terms = self._sums()
        before, earlier = self._box, self._terms
        self._box, self._terms = box, terms
        moved = {name: terms[name] - earlier[name] for name in terms}
        unexplained = (box - before) - sum(moved.values())
        sizes = abs(box) + abs(before) + sum(map(abs, terms.values()))
        if abs(unexplained) > _ROUND_OFF * sizes:
            change = (
                f"{box - before:.6g}, but its ledger leaves {unexplained:.6g} of it unexplained"
            )
            self._stop(f"the energy of the box changed by {change}", moved)
        floors = sum(moved[name] for name in moved if name.startswith("floor_"))
        rest = abs(before) + sum(
            abs(value) for name, value in moved.items() if not name.startswith("floor_")
        )
        share = self.sim.config.fluid.floors.energy_limit
        if floors > share * rest:
            self._stop(
                (
                    f"floors gave {floors:.6g} to a box of {before:.6g}, more than "
                    f"fluid.floors.energy_limit = {share:g} allows"
                ),
                moved,
            )

    def _sums(self):
        """Return the energy of the box, and {column: signed amount since the start of the run};
        collective."""
        sim, ledgers = self.sim, self.sim.ledgers()
        box = sim.pack.sums(sim.pack.u0, self.energies) * sim.pack.cell_volumes
        columns = [box, *(sign * ledgers[name] for name, sign in self.signs.items())]
        sums = sim.comm.block_sums(np.stack(columns, axis=1))
        return float(sums[0]), dict(zip(self.signs, map(float, sums[1:]), strict=True))

    def _stop(self, sentence, moved):
        largest = sorted(moved, key=lambda name: -abs(moved[name]))[:4]
        terms = ", ".join(f"{name} {moved[name]:+.6g}" for name in largest if moved[name])
        clock = self.sim.clock
        raise RunError(
            f"{sentence} (code units; last {LOOK_EVERY} steps; {terms or 'all terms are 0'}) at "
            f"t = {clock.time:.6g}, step {clock.step}; "
            "earlier output is intact; try a smaller time.cfl, fluid.reconstruction=donor or "
            "fluid.riemann=hlle",
            everywhere=True,
        )
