"""Scattering models: what sets the cosmic-ray diffusion coefficients. One model is one file."""
