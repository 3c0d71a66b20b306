"""Volumes of cells: one number for a Cartesian mesh, one per block on levels, an array along a
tube; kernels are compiled for each."""

from crmpi.jit import choice
from crmpi.types import BlockVolumes, EqualVolumes, TubeVolumes


@choice
def cell_volume(volumes, b, k, j, i):
    """Return the volume of a cell, array indices with ghosts."""


@cell_volume.option(EqualVolumes)
def equal_volume(volumes, b, k, j, i):
    return volumes.volume


@cell_volume.option(BlockVolumes)
def block_volume(volumes, b, k, j, i):
    return volumes.volume[b]


@cell_volume.option(TubeVolumes)
def tube_volume(volumes, b, k, j, i):
    return volumes.volume[b, i if volumes.axis == 0 else j if volumes.axis == 1 else k]
