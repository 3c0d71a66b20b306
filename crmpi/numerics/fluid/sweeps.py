"""All faces of one plane of cells along one axis: states inside cells, then Riemann problems.

Every cell is reconstructed once per axis. Its state at the lower face is used at once; the one at
the upper face waits for the neighbour: in the same row one element on (x1), in a buffer one row
(x2) or one plane on (x3). Rows are reconstructed one by one, into strips of several rows without
gaps; the Riemann problems, where most of the time goes, are then solved in one loop over the strip.
Without slopes the cells themselves are the states; they are copied once for all axes, to be without
gaps too.

Loops are as long as whole registers: what they write beyond the end of a row or a strip is
overwritten by the next one or never used. Rows may be those of several blocks
(`crmpi.numerics.rows.tiles`), one after the other.
"""

from typing import NamedTuple

from crmpi.constants import ECR
from crmpi.jit import device
from crmpi.numerics.fluid.convert import ask_for_state, planes_up
from crmpi.numerics.fluid.faces import (
    flag_faces,
    replace_flagged_rows,
    riemann_rows,
    scalar_rows,
    speed_rows,
    tracer_rows,
)
from crmpi.numerics.fluid.layout import FLUX, states_in_buffer, states_of_cells
from crmpi.numerics.fluid.reconstruct import reconstruct_rows
from crmpi.numerics.fluid.riemann import HLLE, LLF
from crmpi.numerics.fluid.shocks import blend_rows, weigh_faces
from crmpi.numerics.fluid.stage import (
    STRIP,
    face,
    first_scalar,
    if_given,
    number_of_variables,
    row_at,
    row_if,
    shift_if,
)
from crmpi.numerics.rows.memory import ask_rows, ask_rows_if, copy_rows
from crmpi.numerics.rows.rows import row, rows, shift, whole


class Strip(NamedTuple):
    """Some rows of the window: the first of them, its first cell in a buffer of planes, and their
    number."""

    first: int
    place: int
    count: int


@device
def _strip_at(plane, first, most):
    """Return the strip of up to `most` rows from row `first` on."""
    window = plane.window
    return Strip(first, first * window.n1, min(most, window.n2 - first))


@device
def solve_faces(scheme, stage, grid, axis, plane, scratch, shocked):
    """Solve the lower faces of a plane along an axis.

    ``shocked``: numbers of cells in strong shocks in the last plane and in this one.
    """
    if axis.stride == 0:
        return
    # of the lowest plane only the states at its upper x3-faces
    wanted = axis.normal != 2 or plane.k >= grid.ng3
    if not stage.first_order:
        _faces_of_states(scheme, stage, grid, axis, plane, scratch, wanted, shocked)
    elif wanted:
        _faces_of_cells(scheme, grid, axis, plane, scratch, shocked)
    if stage.correct_marked and wanted:
        _correct_faces(scheme, grid, axis, plane, scratch)


@device
def _faces_of_states(scheme, stage, grid, axis, plane, scratch, wanted, shocked):
    """Reconstruct the cells of a plane, and solve the faces if they are `wanted`."""
    window, first = plane.window, 0
    lower = rows(scratch.lower, 0, 0)
    while first < window.n2:
        lone = first < _first_row(axis)  # its states are wanted, not its faces
        strip = _strip_at(plane, first, 1 if lone else STRIP)
        below, upper = _waiting(scratch, axis, plane, strip.place)
        for r in range(strip.count):
            block, cell = row_at(grid, plane, first + r)
            if stage.convert:
                _ask_for_state(grid, axis, plane, first + r)
            elif axis.normal == 2:  # the next strip reads cells two planes above, as the first
                _ask_for_cells(grid, plane, first + r + STRIP, 2)
            reconstruct_rows(
                whole(window.n1),
                scheme.reconstruction,
                shift(block.w, cell),
                shift_if(block.bcc, cell),
                axis,
                block.nvar,
                shift(lower, r * window.n1),
                shift(upper, r * window.n1),
            )
        if wanted and not lone:
            sides = states_in_buffer(below), states_in_buffer(lower)
            _solve_strip(scheme, axis, plane, scratch, strip, sides, shocked)
        first += strip.count


@device
def _ask_for_state(grid, axis, plane, r):
    """Ask for row `r` of the window in the plane that is converted next, once a plane: when the
    x1-faces are made, long before, or requests would come too fast for memory."""
    if axis.normal == 0:
        number, cell = plane.places[r, 0], plane.places[r, 1]
        block = plane.layer.blocks[plane.layer.first + number]
        coming = cell + (plane.k + planes_up(grid)) * grid.m2 * grid.m1
        ask_for_state(grid, plane.window.n1, plane.fields.conversion, block, coming)


@device
def _ask_for_cells(grid, plane, r, planes):
    """Ask for row `r` of the window so many planes above this one, and for the field on the faces
    of the plane above it; beyond the last row follow those of the next plane."""
    n1, n2 = plane.window.n1, plane.window.n2
    beyond = 1 if r >= n2 else 0
    block, cell = row_at(grid, plane, min(r - beyond * n2, n2 - 1))
    above = cell + (planes + beyond) * grid.m2 * grid.m1
    ask_rows(n1, block.nvar, shift(block.w, above))
    ask_rows_if(n1, 3, shift_if(block.bcc, above))
    ask_rows_if(n1, 3, shift_if(block.bface, cell + (1 + beyond) * grid.m2 * grid.m1))


@device
def _waiting(scratch, axis, plane, place):
    """Return where the states at upper faces are: those of the cells below a strip, and those of
    its own cells."""
    if axis.normal == 0:
        upper = rows(scratch.upper, 0, 0)
        return shift(upper, -1), upper
    if axis.normal == 1:
        upper = rows(scratch.plane, 2, place)
        return shift(upper, -plane.window.n1), upper
    return rows(scratch.plane, (plane.k - 1) & 1, place), rows(scratch.plane, plane.k & 1, place)


@device
def gather_faces(grid, plane, scratch):
    """Copy the field on the lower faces of a plane to a buffer without gaps."""
    window = plane.window
    for r in range(window.n2):
        block, cell = row_at(grid, plane, r)
        there = rows(scratch.normal, 0, r * window.n1)
        _copy_field(whole(window.n1), shift_if(block.bface, cell), there)


@device
def _normal_field(axis, bface, scratch, strip):
    """Return the pointer to the normal field on the faces of a strip, or None."""
    return if_given(bface, row(rows(scratch.normal, 0, strip.place), axis.normal))


@device
def _solve_strip(scheme, axis, plane, scratch, strip, sides, shocked):
    """Solve the faces of a strip, with HLLE as far as strong shocks require it; `sides`: the
    `StateRows` below and above."""
    weights, spare, speeds = (
        row(rows(scratch.flags, 0, 0), 0),
        rows(scratch.spare, 0, 0),
        rows(scratch.speeds, 0, 0),
    )
    bn = _normal_field(axis, plane.fields.bface, scratch, strip)
    faces = face(scratch, axis.normal, plane.k & 1, strip.place)
    n, gas, cr = strip.count * plane.window.n1, scheme.gas, scheme.cr
    nvar = number_of_variables(plane.fields)
    solve_rows(scheme.riemann, gas, cr, sides, bn, axis, nvar, whole(n), speeds, faces)
    if weigh_faces(n, axis, scratch, shocked, plane, strip.place) > 0:
        solve_rows(HLLE(), gas, cr, sides, bn, axis, nvar, whole(n), speeds, spare)
        blend_rows(n, weights, FLUX + nvar, spare, faces)


@device
def gather_cells(grid, plane, scratch):
    """Copy the cells of a plane to a buffer, where their rows follow each other without gaps."""
    window, n = plane.window, whole(plane.window.n1)
    for r in range(window.n2):
        block, cell = row_at(grid, plane, r)
        there = rows(scratch.plane, plane.k & 1, r * window.n1)
        copy_rows(n, block.nvar, shift(block.w, cell), there)
        _copy_field(n, shift_if(block.bcc, cell), shift(there, block.nvar * there.step))


@device
def _copy_field(n, source, target):
    """Copy the three rows of a field, if there is one."""
    if source is not None:
        copy_rows(n, 3, source, target)


@device
def _gathered(axis, plane, scratch, parity, place):
    """Return the `StateRows` that are the cells gathered from a plane of this parity."""
    cells = rows(scratch.plane, parity, place)
    behind = number_of_variables(plane.fields) * cells.step
    return states_of_cells(axis, cells, if_given(plane.fields.bcc, shift(cells, behind)))


@device
def _faces_of_cells(scheme, grid, axis, plane, scratch, shocked):
    """Solve the faces of a plane without slopes; `gather_cells` has seen the plane and the one
    below."""
    window, parity = plane.window, plane.k & 1
    below, step = (
        (parity ^ 1, 0) if axis.normal == 2 else (parity, 1 if axis.normal == 0 else window.n1)
    )
    first = _first_row(axis)
    while first < window.n2:
        strip = _strip_at(plane, first, STRIP)
        sides = (
            _gathered(axis, plane, scratch, below, strip.place - step),
            _gathered(axis, plane, scratch, parity, strip.place),
        )
        if axis.normal == 2:
            for r in range(strip.count):
                _ask_for_cells(grid, plane, first + r, 1)
        _solve_strip(scheme, axis, plane, scratch, strip, sides, shocked)
        first += strip.count


@device
def _correct_faces(scheme, grid, axis, plane, scratch):
    """Solve the faces of a plane once more, with the most diffusive fluxes, where the cell below or
    above is marked."""
    window = plane.window
    flags, spare = row(rows(scratch.flags, 0, 0), 0), rows(scratch.spare, 0, 0)
    for r in range(_first_row(axis), window.n2):
        block, cell = row_at(grid, plane, r)
        if flag_faces(window.n1, row(shift(block.marks, cell), 0), axis.stride, flags) > 0:
            _solve_cells(LLF(), scheme, window.n1, axis, block, scratch, cell, spare)
            faces = face(scratch, axis.normal, plane.k & 1, r * window.n1)
            replace_flagged_rows(window.n1, flags, FLUX + block.nvar, spare, faces)


@device
def _solve_cells(solver, scheme, n, axis, block, scratch, cell, faces):
    """Solve the lower faces of `n` cells without slopes."""
    before = cell - axis.stride
    sides = (
        states_of_cells(axis, shift(block.w, before), shift_if(block.bcc, before)),
        states_of_cells(axis, shift(block.w, cell), shift_if(block.bcc, cell)),
    )
    bn = row_if(block.bface, axis.normal, cell)
    solve_rows(
        solver,
        scheme.gas,
        scheme.cr,
        sides,
        bn,
        axis,
        block.nvar,
        whole(n),
        rows(scratch.speeds, 0, 0),
        faces,
    )


@device
def _first_row(axis):
    """Return the first row of the window that has faces: along x2 they need the row below."""
    return 1 if axis.normal == 1 else 0


@device
def solve_rows(solver, gas, cr, sides, bn, axis, nvar, n, speeds, faces):
    """Write all fluxes of a row of faces; `sides`: the `StateRows` below and above them, `speeds`:
    rows for the signal speeds."""
    speed_rows(n, solver, gas, cr, sides, bn, speeds)
    riemann_rows(n, solver, gas, cr, sides, bn, axis, speeds, faces)
    first = first_scalar(cr)
    if first > ECR + 1:
        tracer_rows(n, sides, first, faces)
    if nvar > first:
        scalar_rows(n, sides, first, nvar, faces)
