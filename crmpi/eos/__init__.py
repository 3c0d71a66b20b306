"""Equations of state: what kernels know about the gas and about the cosmic-ray fluid."""
