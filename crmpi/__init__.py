"""crmpi: cosmic-ray magnetohydrodynamics on blocks, under MPI, in Python."""

__version__ = "0.1.0"
