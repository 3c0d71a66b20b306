"""What blocks hold: sums of the conserved variables, of kinetic and of magnetic energy."""

from crmpi.constants import DENS, MOM1
from crmpi.jit import kernel
from crmpi.numerics.rows.rows import load, row, rows, separate
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
    volumes : of cells, see `crmpi.numerics.rows.volumes`
    lines : float64 array (nblock, nvar + 2, n3, n1)
        added to: volume integrals of the variables, of the kinetic and of the magnetic energy
    """
    nvar = u.shape[1]
    for b in range(u.shape[0]):
        for k in range(grid.n3):
            for j in range(grid.ng2, grid.ng2 + grid.n2):
                cell = (b, grid.ng3 + k, j)
                offset = (cell[1] * grid.m2 + j) * grid.m1 + grid.ng1
                state = rows(u, b, offset)
                for v in range(nvar):
                    _add_variable(row(state, v), cell, grid, volumes, lines[b, v, k])
                _add_kinetic(state, cell, grid, volumes, lines[b, nvar, k])
                if bcc.shape[1]:
                    field = rows(bcc, b, offset)
                    _add_magnetic(field, cell, grid, volumes, lines[b, nvar + 1, k])


@kernel
def _add_variable(values, cell, grid, volumes, line):
    separate()
    b, k, j = cell
    for i in range(grid.n1):
        line[i] += load(values, i) * cell_volume(volumes, b, k, j, grid.ng1 + i)


@kernel
def _add_kinetic(u, cell, grid, volumes, line):
    separate()
    b, k, j = cell
    m1, m2, m3, dens = row(u, MOM1), row(u, MOM1 + 1), row(u, MOM1 + 2), row(u, DENS)
    for i in range(grid.n1):
        square = load(m1, i) ** 2 + load(m2, i) ** 2 + load(m3, i) ** 2
        density = 0.5 * square / load(dens, i)
        line[i] += density * cell_volume(volumes, b, k, j, grid.ng1 + i)


@kernel
def _add_magnetic(bcc, cell, grid, volumes, line):
    separate()
    b, k, j = cell
    b1, b2, b3 = row(bcc, 0), row(bcc, 1), row(bcc, 2)
    for i in range(grid.n1):
        density = 0.5 * (load(b1, i) ** 2 + load(b2, i) ** 2 + load(b3, i) ** 2)
        line[i] += density * cell_volume(volumes, b, k, j, grid.ng1 + i)
