"""Kernels of cosmic-ray transport."""
