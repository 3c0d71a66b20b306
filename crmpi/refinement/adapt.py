"""From flags of blocks to the leaves of the next mesh."""

import numpy as np

from crmpi.mesh.leaves import OFFSETS, Index, in_z_order, split
from crmpi.refinement.base import DEREFINE, REFINE


def next_leaves(tree, flags):
    """Return the leaves after refining and joining blocks; every block changes by one level at
    most.

    Refinement wins: a block is refined if it is flagged, or if it is needed to keep neighbours
    within one level of each other. Siblings are joined if all of them are flagged and no neighbour
    is in the way.

    Parameters
    ----------
    tree : BlockTree
    flags : int array (tree.nblock,)
        the same on every rank

    Returns
    -------
    int array (n, 4)
        `tree.leaves` itself if nothing changes
    """
    wanted = tree.levels + np.where(flags == REFINE, 1, 0)
    wanted = _raise_neighbours(tree, wanted)
    joined = _joinable(tree, wanted, flags)
    refined = wanted > tree.levels
    if not refined.any() and not joined.any():
        return tree.leaves
    kept = tree.leaves[~joined]
    parents = np.unique(_parents(tree, joined), axis=0)
    leaves = split(tree.roots, kept, refined[~joined])
    return in_z_order(tree.roots, np.concatenate([leaves, parents]))


def _raise_neighbours(tree, wanted):
    """Return the levels raised until neighbours differ by at most one."""
    while True:
        lowest = wanted.copy()
        for column in range(len(OFFSETS)):
            found = tree.neighbours[:, column]
            held = found >= 0
            np.maximum.at(lowest, found[held], wanted[held] - 1)
        if (lowest == wanted).all():
            return wanted
        wanted = lowest


def _joinable(tree, wanted, flags):
    """Return which blocks are joined with their siblings."""
    roots, levels = tree.roots, tree.levels
    candidate = (flags == DEREFINE) & (wanted == levels) & (levels > 0)
    joined = candidate & _whole_families(tree, candidate)
    while True:  # a neighbour of the parent must not be finer than the children are now
        leaves = tree.leaves[joined]
        blocked = np.zeros(len(tree.leaves), bool)
        mine = np.flatnonzero(joined)
        for offset in OFFSETS:
            places = leaves[:, 1:] + np.array(offset)
            found = tree.find(levels[mine], places)
            finer = found < -1  # REFINED
            blocked[mine[finer & ~_siblings(roots, leaves, places)]] = True
            held = found >= 0
            blocked[mine[held][wanted[found[held]] > levels[mine][held]]] = True
        again = joined & ~blocked
        again &= _whole_families(tree, again)
        if (again == joined).all():
            return joined
        joined = again


def _siblings(roots, leaves, places):
    """Return which places belong to the parent of a leaf."""
    present = ~np.array(roots.missing)
    return ((leaves[:, 1:] >> present) == (places >> present)).all(axis=1)


def _whole_families(tree, chosen):
    """Return which blocks have all their siblings in `chosen`."""
    parents = _parents(tree, np.ones(len(tree.leaves), bool))
    _, family, count = np.unique(parents[chosen], axis=0, return_inverse=True, return_counts=True)
    whole = np.zeros(len(tree.leaves), bool)
    whole[chosen] = count[family.ravel()] == len(tree.roots.children)
    return whole


def _parents(tree, chosen):
    """Return the places (level, lx) of the parents of blocks."""
    present = ~np.array(tree.missing)
    leaves = tree.leaves[chosen]
    return np.concatenate([leaves[:, :1] - 1, leaves[:, 1:] >> present], axis=1)


def sources_of(old, new):
    """Return for each block of `new` the kind of its source in `old` and the gid there.

    Returns
    -------
    kind : int array (new.nblock,)
        0 the block itself, +1 its parent (it was refined), -1 its first child (blocks were joined)
    source : int array (new.nblock,)
    """
    find = Index(old.roots, old.leaves).find
    found = find(new.levels, new.leaves[:, 1:])
    present = ~np.array(new.missing)
    children = find(new.levels + 1, new.leaves[:, 1:] << present)
    joined = found < 0
    source = np.where(joined, children, found)
    kind = np.where(joined, -1, np.where(old.levels[np.maximum(found, 0)] < new.levels, 1, 0))
    return kind, source
