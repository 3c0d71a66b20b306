"""What ``crmpi run --dry-run`` tries: a run with one block, of which the problem sets the state.

It is the block of the finest cells nearest to the middle of the mesh. Steps may be shorter in hot
thin gas on coarser cells around it: limits of the time step are those of a block of each level.
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


def rehearse(config, problem_class, *, initial=True, block=None):
    """Assemble a run with one of its blocks alone, and set the initial state there; write nothing.

    Parameters
    ----------
    config : Config
    problem_class : subclass of Problem
    initial : bool
        whether the run begins with the initial state, and not with a checkpoint
    block : int, optional
        which of the leaves of the tree; default: that of the finest cells nearest to the middle

    Returns
    -------
    Simulation
        with blocks of at most `LARGEST` cells

    Raises
    ------
    CrmpiError
        whatever would end the run at its start
    """
    trial, tree = _trial(config)
    if block is None:
        block = middle_blocks(tree)[0]
    sim = Simulation(trial, problem_class, OneOfMany(block, tree.nblock))
    check_streams(config, facts_of(sim))
    sim.remesher.check()
    if initial:
        complaint = set_initial_state(sim.problem, sim.pack, sim.tree, config.fluid.gamma)
        if complaint is not None:
            raise CrmpiError(complaint)
    return sim


def shortest_limits(config, problem_class, sim):
    """Return the `Declaration` of everything that acts in a step, with the shortest limits in
    `sim`, which `rehearse` has made, and in the other `middle_blocks`."""
    found = [_declared(sim)]
    if _has_state(sim):
        for block in middle_blocks(sim.tree)[1:]:
            found.append(_declared(rehearse(config, problem_class, block=block)))
    return [
        first._replace(max_dt=min(one.max_dt for one in same))
        for first, same in zip(found[0], zip(*found, strict=True), strict=True)
    ]


def middle_blocks(tree):
    """Return of each level the block whose middle is nearest to that of the mesh, the finest level
    first."""
    level, places = tree.leaves[:, 0], tree.leaves[:, 1:4]
    wide = np.where(tree.missing, 1, 2 ** level[:, None]) * np.array(tree.lattice)
    away = (((places + 0.5) / wide - 0.5) ** 2).sum(axis=1)
    order = np.lexsort((away, -level))
    _, first = np.unique(-level[order], return_index=True)
    return order[first].tolist()


def rehearsed(sim, declared):
    """Return the lines that tell which operators act in a step of `sim`, in their order, with what
    `shortest_limits` has `declared`."""
    units = sim.units
    unit = "code units" if units.dimensionless else "Myr"
    scale = 1.0 if units.dimensionless else units.factor(unit)
    declared = [one._replace(max_dt=one.max_dt / scale) for one in declared]
    chosen = sim.config.time
    times = {Phase.AROUND_STEP: chosen.sources, Phase.AROUND_FLUID: chosen.transport}
    once = [phase for phase, number in times.items() if number == "once"]
    head = (
        f"operators, in the order of a step; limits of dt in {unit} at the start, the shortest of "
        "the middle block of each level:"
    )
    return [head, *table(declared, once)]


def _trial(config):
    """Return the configuration of a run with blocks small enough to try, and its tree."""
    mesh, trial = copy.copy(config.mesh), copy.copy(config)
    if math.prod(mesh.block) > LARGEST:
        object.__setattr__(mesh, "block", tuple(_divisor(n, 32) for n in mesh.block))
    trial.groups = config.groups | {"mesh": mesh}
    return trial, first_tree(root_of(mesh), mesh.refinement)


def _has_state(sim):
    return bool(sim.pack.active(sim.pack.u0)[:, DENS].all())


def _declared(sim):
    """Return what `sim` declares, in its state if there is one."""
    if _has_state(sim):
        sim.fluid.watch(np.zeros((0, 7), np.int64))  # ghost cells are empty
        sim.fluid.primitives(sim.pack.u0, sim.pack.b0)
    return sim.declared()


def _divisor(number, limit):
    """Return the largest divisor of `number` that does not exceed `limit`."""
    return max(n for n in range(1, min(number, limit) + 1) if number % n == 0)
