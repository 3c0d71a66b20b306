"""Kernels between levels of refinement."""
