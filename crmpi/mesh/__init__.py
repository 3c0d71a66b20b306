"""Blocks: where they are, who their neighbours are, and the arrays that hold them."""
