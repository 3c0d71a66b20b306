"""Numerics: jitted kernels on packs of blocks and plain algorithms; no MPI, no files, no
parameters."""
