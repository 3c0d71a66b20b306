"""Momentum of the cosmic-ray flux when the fluid step carries the flux along and turns the field.

The flux f along B holds the momentum density G = f b/vmax^2. The fluid step advects the scalar f and changes the direction b, which
does not conserve the sum of G by itself. The gas takes the difference between what G became and what plain advection makes of it,

    dm = -[G_new - (G_old - dt div(v G_old))],

so that the sum of rho v + f b/vmax^2 stays the same to round-off, whatever the field does.
"""

import math

from crmpi.constants import DENS, ECR, ENER, MOM1, VEL1
from crmpi.jit import device, kernel


@device
def _direction(bcc, b, k, j, i):
    """Return the unit vector along the cell-centred field, zero without field."""
    b1, b2, b3 = bcc[b, 0, k, j, i], bcc[b, 1, k, j, i], bcc[b, 2, k, j, i]
    size = math.sqrt(b1 * b1 + b2 * b2 + b3 * b3)
    scale = 1.0 / size if size > 0.0 else 0.0
    return scale * b1, scale * b2, scale * b3


@kernel
def directed_flux(u, bcc, fcr, out):
    """Write f b (nblock, 3, m3, m2, m1) of all cells, ghosts included; `fcr` is the place of f in `u`."""
    for b in range(u.shape[0]):
        for k in range(u.shape[2]):
            for j in range(u.shape[3]):
                for i in range(u.shape[4]):
                    n1, n2, n3 = _direction(bcc, b, k, j, i)
                    f = u[b, fcr, k, j, i]
                    out[b, 0, k, j, i], out[b, 1, k, j, i], out[b, 2, k, j, i] = f * n1, f * n2, f * n3


@device
def _outflow(w, old, b, component, cell, axes):
    """Return dt div(v G) of one component in a cell: donor cell, with the mean velocity of the two cells at a face."""
    k, j, i = cell
    total = 0.0
    for a in range(3):
        if axes[a].stride == 0:
            continue
        d1, d2, d3 = int(a == 0), int(a == 1), int(a == 2)
        here, velocity = old[b, component, k, j, i], w[b, VEL1 + a, k, j, i]
        v_low = 0.5 * (w[b, VEL1 + a, k - d3, j - d2, i - d1] + velocity)
        v_up = 0.5 * (velocity + w[b, VEL1 + a, k + d3, j + d2, i + d1])
        low = v_low * (old[b, component, k - d3, j - d2, i - d1] if v_low > 0.0 else here)
        up = v_up * (here if v_up > 0.0 else old[b, component, k + d3, j + d2, i + d1])
        total += axes[a].dtdx * (up - low)
    return total


@kernel
def settle_momentum(u, w, bcc, old, fcr, ivmax2, grid, axes):
    """Give the gas the momentum that the fluid step took from or gave to f b, and take the work from e; E + e stays the same.

    Parameters
    ----------
    u : array (nblock, nvar, m3, m2, m1)
        conserved state after the fluid step; active cells are changed in place
    w, bcc : arrays
        primitives and cell-centred field of the same state, ghosts valid
    old : array (nblock, 3, m3, m2, m1)
        `directed_flux` before the fluid step, ghosts valid
    fcr : int
        place of f in `u`
    ivmax2 : float
        1/vmax^2
    grid : Grid
    axes : tuple of crmpi.numerics.rows.Axis
        of the fluid step's dt
    """
    for b in range(u.shape[0]):
        for k in range(grid.ng3, grid.ng3 + grid.n3):
            for j in range(grid.ng2, grid.ng2 + grid.n2):
                for i in range(grid.ng1, grid.ng1 + grid.n1):
                    direction = _direction(bcc, b, k, j, i)
                    work = 0.0
                    for c in range(3):
                        now = u[b, fcr, k, j, i] * direction[c]
                        gain = ivmax2 * (old[b, c, k, j, i] - _outflow(w, old, b, c, (k, j, i), axes) - now)
                        momentum = u[b, MOM1 + c, k, j, i]
                        work += 0.5 * gain * (2.0 * momentum + gain) / u[b, DENS, k, j, i]
                        u[b, MOM1 + c, k, j, i] = momentum + gain
                    u[b, ENER, k, j, i] += work
                    u[b, ECR, k, j, i] -= work
