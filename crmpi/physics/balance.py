"""Heat that balances cooling layer by layer: what a plane of constant x3 radiates is spread evenly
over its volume.

Idealised atmospheres need a heating that keeps them from collapsing as a whole while single clouds
may cool (McCourt et al. 2012, MNRAS 419, 3319; Butsky et al. 2020, ApJ 903, 77).
"""

import math

import numpy as np

from crmpi.constants import ENER
from crmpi.mesh.coordinates import level_mesh

# energies are counted in 2^-30 of the largest: sums over up to 2^23 cells of a layer are then exact
_BITS = 30


def spread_over_layers(pack, mesh, comm, radiated):
    """Give the mean of `radiated` in each layer to the cells of the layer; return what each block
    got.

    Parameters
    ----------
    pack, mesh, comm
        blocks of this rank, whole mesh (no tube), communicator of the run
    radiated : array (nblock, n3, n2, n1)
        energy densities lost by active cells, not negative

    Returns
    -------
    array (nblock,)
        energy per cell volume, summed over the cells of a block

    Notes
    ----- Energies become multiples of one unit before they are added. Sums are exact then, and the
      heat is bitwise identical for any blocks.

    On a refined mesh layers are those of the finest level. A coarser cell lies in several of them:
    it radiates evenly in all, and gains the mean of what their cells gain.
    """
    unit = math.ldexp(comm.max(float(radiated.max(initial=0.0))), -_BITS)
    if unit == 0.0:
        return pack.pool.numbers()
    finest = _finest(mesh)
    layers = pack.pool.numbers(finest.cells[2])
    for b, (span, repeat, area) in enumerate(_places(pack, finest)):
        sums = np.rint(radiated[b].astype(float) / unit).sum(axis=(1, 2))
        layers[b, span] = np.repeat(sums * area, repeat)
    heat = comm.block_sums(layers) * (unit / (finest.cells[0] * finest.cells[1]))
    energy, given = pack.active(pack.u0)[:, ENER], pack.pool.numbers()
    for b, (span, repeat, _) in enumerate(_places(pack, finest)):
        own = heat[span] if repeat == 1 else heat[span].reshape(-1, repeat).mean(axis=1)
        energy[b] += own[:, None, None]
        given[b] = own.sum() * (pack.grid.n1 * pack.grid.n2)
    return given


def _finest(mesh):
    """Return the mesh as the blocks of its finest level see it."""
    return level_mesh(mesh, getattr(mesh, "max_level", 0))


def _places(pack, finest):
    """Yield of each block its layers of the mesh `finest`, how many of them a cell fills, and the
    area of a cell in theirs."""
    for b in range(pack.nblock):
        coarser = getattr(finest, "level", 0) - int(pack.levels[b])
        wide = [1 if cells == 1 else 1 << coarser for cells in finest.cells]
        first = int(pack.origins[b, 2]) * wide[2]
        yield slice(first, first + pack.grid.n3 * wide[2]), wide[2], wide[0] * wide[1]
