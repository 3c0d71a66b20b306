"""What ``crmpi run --dry-run`` tries: a run with one block, of which the problem sets the state.

It is the block of the finest cells nearest to the middle of the mesh: there steps are short.
"""

import copy
import math

import numpy as np

from crmpi.analysis.read.cells import facts_of
from crmpi.analysis.streams.writing import check_streams
from crmpi.constants import DENS
from crmpi.errors import CrmpiError
from crmpi.model.problem import set_initial_state
from crmpi.parallel.comm import SerialComm
from crmpi.physics.operators import Phase, table
from crmpi.refinement.static import first_tree
from crmpi.run.expectation import root_of
from crmpi.run.simulation import Simulation

LARGEST = 64**3
"""Cells of the largest block that is tried whole; of larger ones at most 32 along each axis are."""


class OneOfMany(SerialComm):
    """One of as many ranks as there are blocks, which never talks to the others."""

    def __init__(self, rank, nranks):
        super().__init__()
        self.rank, self.nranks = rank, nranks

    def channel(self, peers, outgoing, incoming):
        """Return nothing: no message is ever sent."""


def rehearse(config, problem_class, *, initial=True):
    """Assemble a run with one of its blocks alone, and set the initial state there; write nothing.

    Parameters
    ----------
    config : Config
    problem_class : subclass of Problem
    initial : bool
        whether the run begins with the initial state, and not with a checkpoint

    Returns
    -------
    Simulation
        with blocks of at most `LARGEST` cells

    Raises
    ------
    CrmpiError
        whatever would end the run at its start
    """
    mesh, trial = copy.copy(config.mesh), copy.copy(config)
    if math.prod(mesh.block) > LARGEST:
        object.__setattr__(mesh, "block", tuple(_divisor(n, 32) for n in mesh.block))
    trial.groups = config.groups | {"mesh": mesh}
    tree = first_tree(root_of(mesh), mesh.refinement)
    sim = Simulation(trial, problem_class, OneOfMany(middle_of_finest(tree), tree.nblock))
    check_streams(config, facts_of(sim))
    sim.remesher.check()
    if initial:
        complaint = set_initial_state(sim.problem, sim.pack, sim.tree, config.fluid.gamma)
        if complaint is not None:
            raise CrmpiError(complaint)
    return sim


def middle_of_finest(tree):
    """Return the block of the finest level whose middle is nearest to that of the mesh."""
    level, places = tree.leaves[:, 0], tree.leaves[:, 1:4]
    wide = np.where(tree.missing, 1, 2 ** level[:, None]) * np.array(tree.lattice)
    away = (((places + 0.5) / wide - 0.5) ** 2).sum(axis=1)
    return int(np.lexsort((away, -level))[0])


def rehearsed(sim):
    """Return the lines that tell which operators act in a step of `sim`, in their order."""
    units = sim.units
    unit = "code units" if units.dimensionless else "Myr"
    scale = 1.0 if units.dimensionless else units.factor(unit)
    if sim.pack.active(sim.pack.u0)[:, DENS].all():  # else there is no state
        sim.fluid.watch(np.zeros((0, 7), np.int64))  # ghost cells are empty
        sim.fluid.primitives(sim.pack.u0, sim.pack.b0)
    declared = [one._replace(max_dt=one.max_dt / scale) for one in sim.declared()]
    chosen = sim.config.time
    times = {Phase.AROUND_STEP: chosen.sources, Phase.AROUND_FLUID: chosen.transport}
    once = [phase for phase, number in times.items() if number == "once"]
    head = (
        f"operators, in the order of a step; limits of dt in {unit}, those of a block of the "
        "finest cells at the start:"
    )
    return [head, *table(declared, once)]


def _divisor(number, limit):
    """Return the largest divisor of `number` that does not exceed `limit`."""
    return max(n for n in range(1, min(number, limit) + 1) if number % n == 0)
