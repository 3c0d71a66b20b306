"""Heat that balances cooling layer by layer: what a plane of constant x3 radiates is spread evenly over its volume.

Idealised atmospheres need a heating that keeps them from collapsing as a whole while single clouds may cool (McCourt et al. 2012,
MNRAS 419, 3319; Butsky et al. 2020, ApJ 903, 77).
"""

import math

import numpy as np

from crmpi.constants import ENER

_BITS = 30  # energies are counted in 2^-30 of the largest: sums over up to 2^23 cells of a layer are then exact


def spread_over_layers(pack, mesh, comm, radiated):
    """Give the mean of `radiated` in each layer to the cells of the layer; return what each block got.

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
    -----
    Energies become multiples of one unit before they are added. Sums are exact then, and the heat has the same bits for any blocks.
    """
    unit = math.ldexp(comm.max(float(radiated.max(initial=0.0))), -_BITS)
    if unit == 0.0:
        return np.zeros(pack.nblock)
    layers = np.zeros((pack.nblock, mesh.cells[2]))
    first, count = pack.origins[:, 2], pack.grid.n3
    for b in range(pack.nblock):
        layers[b, first[b] : first[b] + count] = np.rint(radiated[b].astype(float) / unit).sum(axis=(1, 2))
    heat = comm.block_sums(layers) * (unit / (mesh.cells[0] * mesh.cells[1]))
    energy = pack.active(pack.u0)[:, ENER]
    for b in range(pack.nblock):
        energy[b] += heat[first[b] : first[b] + count, None, None]
    area = pack.grid.n1 * pack.grid.n2
    return np.array([heat[k : k + count].sum() * area for k in first])
