"""The energy ledger: the one place that defines what the energy of the box is made of, and that
lists and sums all that changes it.

A term is a declared `Column` with ``term`` = +1 or -1, wherever it is computed:

- floors of the fluid (`floor_ledger`)
- what the fluid step carried through the boundary of the mesh, work of gravity, and what frozen
  gas does not gain (`box_ledger`)
- the transport solver: through the boundary, floors, heat that frozen gas does not gain
- sources and what a problem injects

Corrections of fluxes between levels of refinement conserve energy and are no terms. `EnergyGuard`
and the summary of a run read what is below and nothing else.
"""

from typing import NamedTuple

import numpy as np

GAS, RAYS = "ener", "ecr"  # gas with magnetic field; cosmic rays


class Balance(NamedTuple):
    """Energy of the box, and {term: signed amount since the start}; code units, all ranks."""

    box: float
    terms: dict


def energies(sim):
    """Return the names of the variables whose sum is the energy of the box."""
    own = sim.transport.energies if sim.transport is not None else ()
    return [name for name in (GAS, RAYS, *own) if name in sim.pack.index]


def terms(sim):
    """Return the columns of the ledger that change the energy of the box, with values."""
    return [column for column in sim.ledger() if column.term]


def balance(sim):
    """Return the `Balance` of the present state; collective."""
    pack, found = sim.pack, terms(sim)
    places = [pack.index[name] for name in energies(sim)]
    box = pack.sums(pack.u0, places) * pack.cell_volumes
    columns = [box, *(column.term * column.values for column in found)]
    sums = sim.comm.block_sums(np.stack(columns, axis=1)).tolist()
    names = [column.name for column in found]
    return Balance(sums[0], dict(zip(names, sums[1:], strict=True)))
