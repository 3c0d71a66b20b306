"""Kernels of the physical boundaries: one body for all axes and sides, driven by tables of layers.

Rows are `crmpi.mesh.regions.COPY_COLUMNS`: source and destination lie in the same block. ENER holds
magnetic energy and the field of a ghost cell differs from that of its source, so energies are moved
without it.
"""

from crmpi.constants import DENS, ENER, MOM1
from crmpi.jit import device, kernel


@device
def magnetic_energy(b, block, k, j, i, grid):
    """Return B^2/2 of a cell from the means of its faces; 0 without magnetic field (`b` has no
    components)."""
    if b.shape[1] == 0:
        return 0.0
    # a missing axis has one face
    up1, up2, up3 = int(grid.ng1 > 0), int(grid.ng2 > 0), int(grid.ng3 > 0)
    b1 = 0.5 * (b[block, 0, k, j, i] + b[block, 0, k, j, i + up1])
    b2 = 0.5 * (b[block, 1, k, j, i] + b[block, 1, k, j + up2, i])
    b3 = 0.5 * (b[block, 2, k, j, i] + b[block, 2, k + up3, j, i])
    return 0.5 * (b1 * b1 + b2 * b2 + b3 * b3)


@kernel
def mirror_layers(array, first, last, table, images):
    """Fill ghost layers of the components first <= c < last with the mirror image of the layers of
    `table`.

    ``images`` (ncomp, 2): the component that the image of each is made from, and its sign.
    """
    for row in range(table.shape[0]):
        block = table[row, 0]
        sk, sj, si = table[row, 2], table[row, 3], table[row, 4]
        dk, dj, di = table[row, 5], table[row, 6], table[row, 7]
        for c in range(first, last):
            source, sign = images[c, 0], images[c, 1]
            for k in range(table[row, 8]):
                for j in range(table[row, 9]):
                    for i in range(table[row, 10]):
                        array[block, c, dk + k, dj + j, di + i] = (
                            sign * array[block, source, sk + k, sj + j, si + i]
                        )


@kernel
def spread_flux(b, table, axis, area):
    """Weaken the field that ghost faces along a tube took from other faces, so that B A is the same
    there; ``area`` (nblock, m)."""
    for row in range(table.shape[0]):
        block = table[row, 0]
        source, target = table[row, 4 - axis], table[row, 7 - axis]
        ratio = area[block, source] / area[block, target] if area[block, target] > 0.0 else 0.0
        b[block, axis, table[row, 5], table[row, 6], table[row, 7]] *= ratio


@kernel
def match_magnetic_energy(u, b, table, grid):
    """Exchange the magnetic energy that ENER brought from the source cell for that of the ghost
    cell's own field."""
    for row in range(table.shape[0]):
        block = table[row, 0]
        sk, sj, si = table[row, 2], table[row, 3], table[row, 4]
        dk, dj, di = table[row, 5], table[row, 6], table[row, 7]
        for k in range(table[row, 8]):
            for j in range(table[row, 9]):
                for i in range(table[row, 10]):
                    brought = magnetic_energy(b, block, sk + k, sj + j, si + i, grid)
                    own = magnetic_energy(b, block, dk + k, dj + j, di + i, grid)
                    u[block, ENER, dk + k, dj + j, di + i] += own - brought


@kernel
def stop_inflow(u, table, axis, outward):
    """Where a ghost cell would send gas into the mesh, set its normal velocity to zero and take out
    its energy."""
    for row in range(table.shape[0]):
        block = table[row, 0]
        dk, dj, di = table[row, 5], table[row, 6], table[row, 7]
        for k in range(dk, dk + table[row, 8]):
            for j in range(dj, dj + table[row, 9]):
                for i in range(di, di + table[row, 10]):
                    momentum = u[block, MOM1 + axis, k, j, i]
                    if momentum * outward < 0.0:
                        u[block, ENER, k, j, i] -= (
                            0.5 * momentum * momentum / u[block, DENS, k, j, i]
                        )
                        u[block, MOM1 + axis, k, j, i] = 0.0
