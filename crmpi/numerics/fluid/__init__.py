"""Kernels of the fluid step."""
