"""Ideal gas and adiabatic cosmic-ray fluid: the constants kernels need. Kernels take None for
absent cosmic rays."""

from typing import NamedTuple


class Gas(NamedTuple):
    """Ideal gas: adiabatic index, gamma - 1 and 1/(gamma - 1)."""

    gamma: float
    gm1: float
    igm1: float


class CosmicRays(NamedTuple):
    """Relativistic fluid with pressure (gamma - 1) times its energy density."""

    gamma: float
    gm1: float


class CosmicRayPopulations(NamedTuple):
    """The same with `tracers` passive populations, whose energies follow that of the bulk."""

    gamma: float
    gm1: float
    tracers: int


def ideal_gas(gamma):
    """Return the `Gas` with adiabatic index `gamma`."""
    return Gas(float(gamma), gamma - 1.0, 1.0 / (gamma - 1.0))


def cosmic_rays(gamma, tracers=0):
    """Return the `CosmicRays` with adiabatic index `gamma`, or `CosmicRayPopulations` if there are
    tracers."""
    return (
        CosmicRayPopulations(float(gamma), gamma - 1.0, tracers)
        if tracers
        else CosmicRays(float(gamma), gamma - 1.0)
    )
