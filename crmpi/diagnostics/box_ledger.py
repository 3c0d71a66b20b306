"""What crossed the boundary of the mesh and what gravity did: terms of the balance of the box."""

import numpy as np

COLUMNS = (
    "boundary_mass",
    "boundary_energy",
    "boundary_ecr",
    "gravity_work",
    "frozen_exchange",
    "shock_acceleration",
)


def is_energy_of_rays(field):
    """Tell whether a variable is an energy density of the cosmic rays or of their waves, and part
    of the energy of the box."""
    return field.unit == "pressure" and field.name != "ener" and not field.population


class BoxLedger:
    """Amounts since the start, per block, integrated over volume, code units; what the box gained
    counts positive.

    ``boundary_mass``, ``boundary_energy`` (gas and field), ``boundary_ecr`` (cosmic rays with their
    waves): carried by the fluid step through the outer faces of the mesh. ``gravity_work``: of the
    static acceleration on the gas. ``frozen_exchange``: where the gas is kept as it is, all that
    its flow did to the cosmic rays, less what sources would have given to the gas.
    ``shock_acceleration``: given by the gas to the cosmic rays at shocks; their sum does not
    change.

    Parameters
    ----------
    nblock : int
    volumes : array (nblock,)
        of cells, by block
    used : sequence of str
        columns that this run can fill
    """

    def __init__(self, nblock, volumes, used):
        self.used = tuple(used)
        self._sums = np.zeros((nblock, len(COLUMNS)))
        self._volumes = volumes

    def add(self, name, densities):
        """Add a sum of densities over cells (nblock,) to an amount."""
        self._sums[:, COLUMNS.index(name)] += densities

    def columns(self):
        """Return {name: amounts (nblock,)} for the history."""
        return {name: self._sums[:, COLUMNS.index(name)] * self._volumes for name in self.used}

    def energy_signs(self):
        """Return {name: +1} of the columns that change the energy of the box."""
        return {
            name: 1.0 for name in self.used if name not in ("boundary_mass", "shock_acceleration")
        }

    def state(self):
        """Return the arrays, leading axis nblock, that a checkpoint writes and a restart writes
        back in place."""
        return {"sums": self._sums}
