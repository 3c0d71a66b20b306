"""All faces of one plane of cells, axis by axis: states inside cells, then Riemann problems.

Every cell is reconstructed once per axis. Its state at the lower face is used at once; the one at the upper face waits for the
neighbour: in the same row one element on (x1), in a row buffer (x2), in a plane buffer (x3).
"""

from crmpi.jit import device
from crmpi.numerics.faces import marked_faces, replace_marked_rows, riemann_rows, scalar_rows, speed_rows, tracer_rows
from crmpi.numerics.layout import FLUX
from crmpi.numerics.reconstruct import donor_rows, reconstruct_rows
from crmpi.numerics.riemann import LLF
from crmpi.numerics.rows import row, rows, shift
from crmpi.numerics.stage import STATE_LOWER, STATE_SPARE, STATE_UPPER, face, first_scalar, row_if, shift_if


@device
def faces_along_1(scheme, stage, grid, axis, block, scratch, k):
    """Solve the x1-faces of plane `k`, in the active rows and, for the edges, one more on each side."""
    reach = 1 if grid.ng2 else 0
    upper = rows(scratch.states, STATE_UPPER, 0)
    for j in range(grid.ng2 - reach, grid.ng2 + grid.n2 + reach):
        offset = (k * grid.m2 + j) * grid.m1
        lower = _reconstruct(scheme, stage, grid, axis, block, scratch, offset, upper)
        _solve(scheme, stage, grid, axis, block, scratch, offset, (shift(upper, -1), lower), face(scratch, 0, k & 1, j * grid.m1))


@device
def faces_along_2(scheme, stage, grid, axis, block, scratch, k):
    """Solve the x2-faces of plane `k`."""
    for j in range(grid.ng2 - 1, grid.ng2 + grid.n2 + 1):
        offset = (k * grid.m2 + j) * grid.m1
        below = rows(scratch.states, STATE_UPPER + ((j - 1) & 1), 0)
        upper = rows(scratch.states, STATE_UPPER + (j & 1), 0)
        lower = _reconstruct(scheme, stage, grid, axis, block, scratch, offset, upper)
        if j >= grid.ng2:
            _solve(scheme, stage, grid, axis, block, scratch, offset, (below, lower), face(scratch, 1, k & 1, j * grid.m1))


@device
def faces_along_3(scheme, stage, grid, axis, block, scratch, k):
    """Solve the x3-faces between planes `k` - 1 and `k`."""
    reach = 1 if grid.ng2 else 0
    for j in range(grid.ng2 - reach, grid.ng2 + grid.n2 + reach):
        offset = (k * grid.m2 + j) * grid.m1
        below = rows(scratch.plane, (k - 1) & 1, j * grid.m1)
        upper = rows(scratch.plane, k & 1, j * grid.m1)
        lower = _reconstruct(scheme, stage, grid, axis, block, scratch, offset, upper)
        if k >= grid.ng3:
            _solve(scheme, stage, grid, axis, block, scratch, offset, (below, lower), face(scratch, 2, k & 1, j * grid.m1))


@device
def _reconstruct(scheme, stage, grid, axis, block, scratch, offset, upper):
    """Write the states at the upper faces of the row of cells at `offset` to `upper`, and return those at the lower faces."""
    cells = shift(block.w, offset)
    field = shift_if(block.bcc, offset)
    if stage.first_order:
        donor_rows(grid.m1, cells, field, axis, block.nvar, upper)
        return upper
    lower = rows(scratch.states, STATE_LOWER, 0)
    reconstruct_rows(grid.m1, scheme.reconstruction, cells, field, axis, block.nvar, lower, upper)
    return lower


@device
def _solve(scheme, stage, grid, axis, block, scratch, offset, sides, faces):
    """Solve the lower faces of the row of cells at `offset`; `sides`: the states below and above them."""
    bn = row_if(block.bface, axis.normal, offset)
    speeds = rows(scratch.speeds, 0, 0)
    solve_rows(scheme.riemann, scheme.gas, scheme.cr, sides, bn, axis, block.nvar, grid.m1, speeds, faces)
    if stage.correct_marked:
        marks = row(shift(block.marks, offset), 0)
        if marked_faces(grid.m1, marks, axis.stride) > 0:
            spare = rows(scratch.spare, 0, 0)
            cells = _donor_states(grid, axis, block, scratch, offset)
            solve_rows(LLF(), scheme.gas, scheme.cr, cells, bn, axis, block.nvar, grid.m1, speeds, spare)
            replace_marked_rows(grid.m1, marks, axis.stride, FLUX + block.nvar, spare, faces)


@device
def solve_rows(solver, gas, cr, sides, bn, axis, nvar, n, speeds, faces):
    """Write all fluxes of a row of faces; `speeds` are rows for the signal speeds."""
    speed_rows(n, solver, gas, cr, sides, bn, speeds)
    riemann_rows(n, solver, gas, cr, sides, bn, axis, speeds, faces)
    first = first_scalar(cr)
    tracer_rows(n, sides, first, faces)
    if nvar > first:
        scalar_rows(n, sides, first, nvar, faces)


@device
def _donor_states(grid, axis, block, scratch, offset):
    """Return the cells below and above the faces of the row at `offset` as states."""
    below, above = rows(scratch.states, STATE_SPARE, 0), rows(scratch.states, STATE_LOWER, 0)
    before = offset - axis.stride
    donor_rows(grid.m1, shift(block.w, before), shift_if(block.bcc, before), axis, block.nvar, below)
    donor_rows(grid.m1, shift(block.w, offset), shift_if(block.bcc, offset), axis, block.nvar, above)
    return below, above
