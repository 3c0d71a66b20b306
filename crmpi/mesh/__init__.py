"""Blocks: where they are, who their neighbours are, and the arrays that hold them."""

from crmpi.mesh.pack import Pack, make_pack
from crmpi.mesh.partition import partition
from crmpi.mesh.tree import BlockTree, Location

__all__ = ["BlockTree", "Location", "Pack", "make_pack", "partition"]
