"""Cells that fell below all others in a super-step gain what they lack from the cells around them.

Nothing is exchanged between levels: ghosts of another level count as being at the bound.
"""

from crmpi.jit import device, kernel


@device
def is_foreign(foreign, b, k, j, i):
    """Return whether a cell is of another level; ``foreign`` None on a uniform mesh."""
    if foreign is None:
        return False
    return foreign[b, k, j, i]


@kernel
def extremes(e, grid, foreign=None):
    """Return the smallest and the largest value of the active cells and of one layer of ghosts.

    ``foreign``: bool array (nblock, m3, m2, m1) of the ghosts that hold cells of another level,
    which are left out, or None.
    """
    r1, r2, r3 = min(grid.ng1, 1), min(grid.ng2, 1), min(grid.ng3, 1)
    smallest = largest = e[0, 0, grid.ng3, grid.ng2, grid.ng1]
    for b in range(e.shape[0]):
        for k in range(grid.ng3 - r3, grid.ng3 + grid.n3 + r3):
            for j in range(grid.ng2 - r2, grid.ng2 + grid.n2 + r2):
                for i in range(grid.ng1 - r1, grid.ng1 + grid.n1 + r1):
                    if is_foreign(foreign, b, k, j, i):
                        continue
                    smallest = min(smallest, e[b, 0, k, j, i])
                    largest = max(largest, e[b, 0, k, j, i])
    return smallest, largest


@device
def sum_around(values, i, strides):
    """Return the sum over the 26 cells around cell `i` and the cell itself; cells repeat where an
    axis is missing."""
    s1, s2, s3 = strides
    total = 0.0
    for d3 in (-s3, 0, s3):
        for d2 in (-s2, 0, s2):
            for d1 in (-s1, 0, s1):
                total += values[i + (d1 + d2 + d3)]
    return total


@device
def excess_around(values, i, strides, bound):
    """Return the same sum of what is above `bound`."""
    s1, s2, s3 = strides
    total = 0.0
    for d3 in (-s3, 0, s3):
        for d2 in (-s2, 0, s2):
            for d1 in (-s1, 0, s1):
                total += max(values[i + (d1 + d2 + d3)] - bound, 0.0)
    return total


@kernel
def request_shares(e, bound, mesh, shares):
    """Write for every cell the fraction of the energy above `bound` in the cells around that lifts
    it to `bound`; 0 for cells above."""
    for b in range(e.shape[0]):
        x, share = e[b, 0].reshape(-1), shares[b, 0].reshape(-1)
        for i in range(mesh.margin, mesh.size - mesh.margin):
            share[i] = 0.0
            if x[i] < bound:
                spare = excess_around(x, i, mesh.strides, bound)
                share[i] = (bound - x[i]) / spare if spare > 0.0 else 0.0


@kernel
def grant_shares(e, bound, noise, mesh, grid, shares, moved):
    """Lift cells below `bound` to it at the expense of the cells around; add the energy each block
    received to `moved` (nblock,).

    A cell that lacks less than `noise`, the rounding error of e, gets it for nothing: in uniform
    surroundings no cell has energy to spare.
    """
    volume = mesh.widths[0] * mesh.widths[1] * mesh.widths[2]
    for b in range(e.shape[0]):
        x, share = e[b, 0].reshape(-1), shares[b, 0].reshape(-1)
        for k in range(grid.ng3, grid.ng3 + grid.n3):
            for j in range(grid.ng2, grid.ng2 + grid.n2):
                first = (k * grid.m2 + j) * grid.m1 + grid.ng1
                for i in range(first, first + grid.n1):
                    if share[i] > 0.0:
                        moved[b] += (bound - x[i]) * volume
                        x[i] = bound
                    elif x[i] > bound:
                        x[i] -= (x[i] - bound) * sum_around(share, i, mesh.strides)
                    if x[i] < bound and bound - x[i] < noise:
                        x[i] = bound
