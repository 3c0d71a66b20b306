"""Criteria of adaptive refinement; one file each."""
