"""The divergence of the magnetic field, which constrained transport keeps at round-off."""

from crmpi.jit import kernel


@kernel
def largest_divergence(b, grid, axes):
    """Return the largest |div B| of the active cells times the smallest cell width, and the largest
    |B| on a face.

    Parameters
    ----------
    b : array (nblock, 3, m3, m2, m1)
    axes : (Axis, Axis, Axis)
        for a time step of 1, so that ``dtdx`` is 1/dx
    """
    shortest = 1.0 / max(axes[0].dtdx, max(axes[1].dtdx, axes[2].dtdx))
    up1, up2, up3 = int(grid.ng1 > 0), int(grid.ng2 > 0), int(grid.ng3 > 0)
    worst, largest = 0.0, 0.0
    for block in range(b.shape[0]):
        f1, f2, f3 = b[block, 0], b[block, 1], b[block, 2]
        for k in range(grid.ng3, grid.ng3 + grid.n3):
            for j in range(grid.ng2, grid.ng2 + grid.n2):
                for i in range(grid.ng1, grid.ng1 + grid.n1):
                    d1 = axes[0].dtdx * (f1[k, j, i + up1] - f1[k, j, i])
                    d2 = axes[1].dtdx * (f2[k, j + up2, i] - f2[k, j, i])
                    d3 = axes[2].dtdx * (f3[k + up3, j, i] - f3[k, j, i])
                    worst = max(worst, abs(d1 + d2 + d3))
                    largest = max(largest, abs(f1[k, j, i]), abs(f2[k, j, i]), abs(f3[k, j, i]))
    if worst == 0.0:  # also of a mesh of one cell, which has no smallest width
        return worst, largest
    return worst * shortest, largest
