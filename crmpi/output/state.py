"""What the writers of this room are told: the state of a run at one time, and facts about the run
that every file repeats."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from crmpi.mesh.pack import Pack


class SimState(NamedTuple):
    """A run at one time, as the loop hands it to the writers.

    time, dt : code units; `dt` is the length of the last step, 0 before the first
    time_compensation : the Kahan term of `time`
    pack : storage of this rank's blocks, primitives valid
    blocks : more per-block arrays to checkpoint, first axis over this rank's blocks (ledgers,
        solver registers)
    scalars : more numbers to checkpoint, equal on all ranks
    flux : function that returns the energy flux of cosmic rays relative to the gas (nblock, 3, m3,
        m2, m1) for snapshots; None: not wanted
    """

    time: float
    step: int
    dt: float
    pack: Pack
    time_compensation: float = 0.0
    blocks: dict[str, np.ndarray] = {}
    scalars: dict[str, float] = {}
    flux: Callable | None = None


@dataclass(frozen=True)
class RunRecord:
    """Facts about a run that every file repeats.

    tree : the `BlockTree`
    units : the `Units` of the run
    gamma, gamma_cr : adiabatic indices; `gamma_cr` is 0 without cosmic rays
    mu : mean molecular weight, for temperatures
    config : resolved configuration as YAML
    provenance : versions, host, command (`crmpi.output.provenance.collect`)
    run_id : distinguishes this start of the run from any other one
    source : source of the problem, JSON (`crmpi.model.source`)
    """

    tree: object
    units: object
    gamma: float
    gamma_cr: float = 0.0
    mu: float = 1.0
    config: str = ""
    provenance: dict[str, str] = field(default_factory=dict)
    run_id: str = "0"
    source: str = "null"
