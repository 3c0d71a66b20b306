"""The tree of a run with static refinement."""

from crmpi.errors import CrmpiError
from crmpi.mesh.leaves import refine
from crmpi.refinement.regions import region_levels


def asked_blocks(root, params):
    """Return how many blocks the regions of `params` ask for by themselves, without those that 2:1
    adds."""
    wanted = lambda leaves: region_levels(params.regions, root, leaves)  # noqa: E731
    return len(refine(root.roots, root.leaves, wanted, closed=False))


def first_tree(root, params):
    """Return the tree with the regions of `params` refined, neighbours differing by one level at
    most.

    Parameters
    ----------
    root : BlockTree
        the mesh without refinement
    params : RefinementParams

    Raises
    ------
    CrmpiError
        if that takes more blocks than ``mesh.refinement.max_blocks``
    """
    if not params.regions:
        return root

    def wanted(leaves):
        if len(leaves) > params.max_blocks:  # before the next level multiplies them by eight
            raise CrmpiError(
                f"'mesh.refinement.regions' take {len(leaves)} blocks or more, and "
                f"'mesh.refinement.max_blocks' = {params.max_blocks}; "
                "make the regions smaller, lower their level, or raise it",
                everywhere=True,
            )
        return region_levels(params.regions, root, leaves)

    leaves = refine(root.roots, root.leaves, wanted)
    wanted(leaves)  # 2:1 has added blocks
    return root.with_leaves(leaves)
