"""An initial state that floors would replace by another one is refused: most often code units in
which the default floors lie above the gas."""

import numpy as np

from crmpi.constants import DENS, ENER

_FLOORS = {"dens": ("density", "mass", DENS), "press": ("pressure", "energy", ENER)}


def complaint(sim):
    """Return a sentence about the floor that gave the box more than
    ``fluid.floors.energy_limit`` of its mass or energy in the first conversion to primitives, or
    None; collective.

    Parameters
    ----------
    sim : crmpi.run.simulation.Simulation
        at its first state, whose floors have acted
    """
    pack, added, floors = sim.pack, sim.fluid.ledger.added, sim.config.fluid.floors
    weights = pack.cell_volumes
    given = [getattr(added, amount) * weights for _, amount, _ in _FLOORS.values()]
    present = [pack.sums(pack.u0, slice(v, v + 1)) * weights for _, _, v in _FLOORS.values()]
    sums = sim.comm.block_sums(np.stack([*given, *present], axis=1))
    for n, (name, (quantity, amount, _)) in enumerate(_FLOORS.items()):
        gained, whole = sums[n], sums[n + len(_FLOORS)]
        if gained > floors.energy_limit * max(whole - gained, 0.0):
            return (
                f"the {quantity} of the initial state lies below 'fluid.floors.{name}' = "
                f"{getattr(floors, name):.6g} (code units), which would make "
                f"{100.0 * gained / whole:.3g}% of the {amount} in the box; lower this floor, or "
                "choose code units near the numbers of the gas"
            )
    return None
