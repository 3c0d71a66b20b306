"""Which rank owns which block."""

import numpy as np

from crmpi.errors import CrmpiError
from crmpi.mesh.groups import steps_of
from crmpi.mesh.tree import FINER

# work of a block beyond its cells: averages and prolongation; replaced fluxes
_BESIDE_COARSER, _BESIDE_FINER = 0.5, 0.1


def block_costs(tree, apart=0):
    """Return the modelled work of each block (nblock,) for `partition`; all equal on a mesh of one
    level. The `apart` finest levels make two steps each for one of the next coarser level."""
    cost = np.ones(tree.nblock)
    if tree.max_level:
        found = tree.neighbours
        coarser = (found >= 0) & (tree.levels[np.maximum(found, 0)] < tree.levels[:, None])
        cost += _BESIDE_COARSER * coarser.any(axis=1) + _BESIDE_FINER * (found == FINER).any(axis=1)
        cost *= steps_of(tree.levels, tree.max_level, apart)
    return cost


def partition(tree, nranks, cost=None):
    """Cut the Z-curve of blocks into `nranks` contiguous pieces of nearly equal cost.

    A block goes to the rank in whose share of the total cost its middle lies; with equal costs the
    numbers of blocks per rank differ by at most one.

    Parameters
    ----------
    tree : BlockTree
    nranks : int
    cost : array (nblock,), optional
        positive relative cost of each block; equal by default

    Returns
    -------
    int64 array (nblock,)
        rank of each block, ascending; every rank owns at least one block

    Raises
    ------
    CrmpiError
        if there are more ranks than blocks
    """
    nblock = tree.nblock
    if nranks > nblock:
        raise CrmpiError(
            f"{nranks} ranks cannot share {nblock} block{'s' if nblock > 1 else ''}: start at "
            f"most {nblock} "
            f"rank{'s' if nblock > 1 else ''}, or make mesh.block smaller than {list(tree.block)}",
            everywhere=True,
        )
    cost = np.ones(nblock) if cost is None else np.asarray(cost, dtype=float)
    middle = np.cumsum(cost) - 0.5 * cost
    first = np.searchsorted(middle, cost.sum() * np.arange(nranks) / nranks)
    # every rank gets a block, however uneven the costs: first[r] - r never falls, and leaves a
    # block for each rank that follows
    ranks = np.arange(nranks)
    first = np.minimum(np.maximum.accumulate(first - ranks), nblock - nranks) + ranks
    return np.searchsorted(first, np.arange(nblock), side="right").astype(np.int64) - 1
