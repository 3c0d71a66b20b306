"""What blocks hold: sums of the conserved variables, of kinetic and of magnetic energy."""

from crmpi.constants import DENS, MOM1
from crmpi.jit import kernel
from crmpi.numerics.rows.volumes import cell_volume


@kernel
def add_contents(u, bcc, grid, volumes, lines):
    """Add what is in the active cells up along x2, in double precision.

    Lines along x1 stay apart: their sums do not wait for one another, and the error of a sum over
    all of them grows with the number of cells along an axis, not with that of all cells.

    Parameters
    ----------
    u : array (nblock, nvar, m3, m2, m1)
        conserved
    bcc : array (nblock, 3 or 0, m3, m2, m1)
        field in the centres of cells
    volumes : EqualVolumes, BlockVolumes or TubeVolumes
    lines : float64 array (nblock, nvar + 2, n3, n1)
        added to: volume integrals of the variables, of the kinetic and of the magnetic energy
    """
    nvar = u.shape[1]
    for b in range(u.shape[0]):
        for k in range(grid.n3):
            for j in range(grid.ng2, grid.ng2 + grid.n2):
                cell = (b, grid.ng3 + k, j)
                for v in range(nvar):
                    _add_variable(u, v, cell, grid, volumes, lines[b, v, k])
                _add_kinetic(u, cell, grid, volumes, lines[b, nvar, k])
                if bcc.shape[1]:
                    _add_magnetic(bcc, cell, grid, volumes, lines[b, nvar + 1, k])


@kernel
def _add_variable(u, v, cell, grid, volumes, line):
    b, k, j = cell
    for i in range(grid.n1):
        at = grid.ng1 + i
        line[i] += u[b, v, k, j, at] * cell_volume(volumes, b, k, j, at)


@kernel
def _add_kinetic(u, cell, grid, volumes, line):
    b, k, j = cell
    for i in range(grid.n1):
        at = grid.ng1 + i
        m1, m2, m3 = u[b, MOM1, k, j, at], u[b, MOM1 + 1, k, j, at], u[b, MOM1 + 2, k, j, at]
        density = 0.5 * (m1 * m1 + m2 * m2 + m3 * m3) / u[b, DENS, k, j, at]
        line[i] += density * cell_volume(volumes, b, k, j, at)


@kernel
def _add_magnetic(bcc, cell, grid, volumes, line):
    b, k, j = cell
    for i in range(grid.n1):
        at = grid.ng1 + i
        b1, b2, b3 = bcc[b, 0, k, j, at], bcc[b, 1, k, j, at], bcc[b, 2, k, j, at]
        density = 0.5 * (b1 * b1 + b2 * b2 + b3 * b3)
        line[i] += density * cell_volume(volumes, b, k, j, at)
