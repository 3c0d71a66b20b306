"""One stage of the fluid step: u_out = u_in - dt div F(w), b_out = b_in - dt curl E, with gravity and cosmic-ray work.

Blocks are marched in x3, one plane of cells at a time. Fluxes and edge fields live in buffers of two planes, this one and the last; the
cells of a plane are updated as soon as the faces above it are known, while everything is still in the cache. Rows are swept whole, from the
first allocated cell to the padding, so that loops run on full aligned vectors; what falls outside the faces needed is never used.

Sweeps along a missing axis are left out. Its fluxes and face velocities stay zero in the buffers, its stride and dt/dx are zero, and the
electric field on an edge is that of the faces along the one axis present.
"""

from crmpi.constants import AXES
from crmpi.jit import device, kernel
from crmpi.numerics.health import inspect_row, settle_row
from crmpi.numerics.induction import copy_row, edge_rows, electric_rows, induce_row
from crmpi.numerics.layout import ET1, ET2
from crmpi.numerics.rows import row, rows, shift
from crmpi.numerics.stage import block_of, face, first_scalar, shift_if, tracers
from crmpi.numerics.sweeps import faces_along_1, faces_along_2, faces_along_3
from crmpi.numerics.update import divergence_rows, gravity_rows, tracer_work_rows, work_rows


@kernel
def advance_blocks(scheme, stage, grid, axes, fields, scratch, health, selected):
    """Advance the blocks marked in `selected` (nblock,) by one stage; the bundles are those of `crmpi.numerics.stage`."""
    for b in range(fields.w.shape[0]):
        if selected[b]:
            report = _march(scheme, stage, grid, axes, block_of(fields, b), scratch, health.floors)
            health.troubled[b], health.settled[b], health.moved[b] = report


@device
def _march(scheme, stage, grid, axes, block, scratch, floors):
    """March through the planes of one block; return the numbers of troubled and of settled cells, and the energy density settled."""
    troubled, settled, moved = 0, 0, 0.0
    reach = 1 if grid.ng3 else 0
    for k in range(grid.ng3 - reach, grid.ng3 + grid.n3 + reach):
        if grid.ng1:
            faces_along_1(scheme, stage, grid, axes[0], block, scratch, k)
        if grid.ng2:
            faces_along_2(scheme, stage, grid, axes[1], block, scratch, k)
        if grid.ng3:
            faces_along_3(scheme, stage, grid, axes[2], block, scratch, k)
        _electric(grid, block.bcc, block, scratch, k)
        if k >= grid.ng3:
            _edges(grid, axes, block.bcc, scratch, k)
            _induce_3(grid, axes, block.b_in, block.b_out, scratch, k)
            if k - reach >= grid.ng3:
                report = _update_plane(scheme, stage, grid, axes, block, scratch, floors, k - reach)
                troubled, settled, moved = troubled + report[0], settled + report[1], moved + report[2]
    return troubled, settled, moved


@device
def _update_plane(scheme, stage, grid, axes, block, scratch, floors, k):
    """Update the cells of plane `k` and the faces around them; return what `_inspect` does, summed."""
    troubled, settled, moved = 0, 0, 0.0
    _induce_12(grid, axes, block.b_in, block.b_out, scratch, k)
    parity = k & 1
    above = (k + 1) & 1 if grid.ng3 else parity
    for j in range(grid.ng2, grid.ng2 + grid.n2):
        here = j * grid.m1 + grid.ng1
        cell = k * grid.m2 * grid.m1 + here
        lower = (face(scratch, 0, parity, here), face(scratch, 1, parity, here), face(scratch, 2, parity, here))
        upper = (
            face(scratch, 0, parity, here + axes[0].stride),
            face(scratch, 1, parity, here + axes[1].stride),
            face(scratch, 2, above, here),
        )
        w = shift(block.w, cell)
        new = shift(block.u_out, cell)
        divergence_rows(grid.n1, shift(block.u_in, cell), new, axes, lower, upper, block.nvar)
        _add_work(grid.n1, scheme.cr, w, new, axes, lower, upper)
        if block.heavy:
            gravity_rows(grid.n1, stage.dt, w, shift(block.grav, cell), new, axes, lower, upper)
        report = _inspect(scheme, stage, grid, axes, block, floors, cell)
        troubled, settled, moved = troubled + report[0], settled + report[1], moved + report[2]
    return troubled, settled, moved


@device
def _add_work(n, cr, w, new, axes, lower, upper):
    """Add the cosmic-ray work, if there are cosmic rays."""
    if cr is not None:
        work_rows(n, cr, w, new, axes, lower, upper)
        if tracers(cr) > 0:
            tracer_work_rows(n, cr, first_scalar(cr), w, new, axes, lower, upper)


@device
def _inspect(scheme, stage, grid, axes, block, floors, cell):
    """Mark the troubled cells of a row, and settle between gas and cosmic rays; return how many of each, and the energy density moved."""
    w = shift(block.w, cell)
    new = shift(block.u_out, cell)
    b = shift_if(block.b_out, cell)
    troubled = 0
    if stage.find_troubled:
        troubled = inspect_row(grid.n1, scheme.gas, scheme.cr, floors, new, b, axes, row(shift(block.marks, cell), 0))
    settled, moved = settle_row(grid.n1, scheme.gas, scheme.cr, floors, w, new, b, axes)
    return troubled, settled, moved


@device
def _electric(grid, bcc, block, scratch, k):
    """Write the electric field in the cells of plane `k`."""
    if bcc is None:
        return
    reach = 1 if grid.ng2 else 0
    for j in range(grid.ng2 - reach, grid.ng2 + grid.n2 + reach):
        cell = (k * grid.m2 + j) * grid.m1
        electric_rows(grid.m1, shift(block.w, cell), shift(bcc, cell), rows(scratch.electric, k & 1, j * grid.m1))


@device
def _edges(grid, axes, bcc, scratch, k):
    """Write the electric field on the edges of plane `k`, at its lower x3-faces for the fields along x1 and x2."""
    if bcc is None:
        return
    reach = 1 if grid.ng2 else 0
    parity = k & 1
    for c in AXES:
        a = (c + 1) % 3
        b = (c + 2) % 3
        for j in range(grid.ng2, grid.ng2 + grid.n2 + reach):
            here = j * grid.m1
            edge = row(rows(scratch.edges, parity, here), c)
            if axes[a].stride and axes[b].stride:
                a_faces = (_face_below(scratch, axes, a, b, parity, here), face(scratch, a, parity, here))
                b_faces = (_face_below(scratch, axes, b, a, parity, here), face(scratch, b, parity, here))
                edge_rows(grid.m1, a_faces, b_faces, _cells(axes, scratch, k, here, c), edge)
            elif axes[a].stride:
                copy_row(grid.m1, row(face(scratch, a, parity, here), ET2), edge)
            elif axes[b].stride:
                copy_row(grid.m1, row(face(scratch, b, parity, here), ET1), edge)


@device
def _cells(axes, scratch, k, here, c):
    """Return the pointers to the electric field along `c` in the cells (0), (-a), (-b), (-a-b) around an edge; see `edge_rows`."""
    a, b = (c + 1) % 3, (c + 2) % 3
    plane_a, back_a = _one_below(axes[a])
    plane_b, back_b = _one_below(axes[b])
    return (
        row(rows(scratch.electric, k & 1, here), c),
        row(rows(scratch.electric, (k - plane_a) & 1, here - back_a), c),
        row(rows(scratch.electric, (k - plane_b) & 1, here - back_b), c),
        row(rows(scratch.electric, (k - plane_a - plane_b) & 1, here - back_a - back_b), c),
    )


@device
def _one_below(axis):
    """Return one cell down along an axis as (planes, elements within a plane)."""
    return (1, 0) if axis.normal == 2 else (0, axis.stride)


@device
def _face_below(scratch, axes, axis, down, parity, here):
    """Return the faces along `axis` one cell below `here` along the axis `down`: x3 is the other plane."""
    if down == 2:
        return face(scratch, axis, 1 - parity, here)
    return face(scratch, axis, parity, here - axes[down].stride)


@device
def _induce_12(grid, axes, old, new, scratch, k):
    """Advance the x1- and x2-faces of plane `k`."""
    if old is None:
        return
    more1 = 1 if grid.ng1 else 0
    more2 = 1 if grid.ng2 else 0
    parity = k & 1
    above = 1 - parity if grid.ng3 else parity
    for j in range(grid.ng2, grid.ng2 + grid.n2 + more2):
        here = j * grid.m1 + grid.ng1
        cell = k * grid.m2 * grid.m1 + here
        e = rows(scratch.edges, parity, here)
        e_above = rows(scratch.edges, above, here)
        e3 = row(e, 2)
        along_1 = (e3, row(shift(e, axes[0].stride), 2))
        along_2 = (e3, row(shift(e, axes[1].stride), 2))
        if j < grid.ng2 + grid.n2:
            along_3 = (row(e, 1), row(e_above, 1))
            b1_old, b1_new = row(shift(old, cell), 0), row(shift(new, cell), 0)
            induce_row(grid.n1 + more1, b1_old, b1_new, along_2, axes[1].dtdx, along_3, axes[2].dtdx)
        along_3 = (row(e, 0), row(e_above, 0))
        induce_row(grid.n1, row(shift(old, cell), 1), row(shift(new, cell), 1), along_3, axes[2].dtdx, along_1, axes[0].dtdx)


@device
def _induce_3(grid, axes, old, new, scratch, k):
    """Advance the lower x3-faces of plane `k`."""
    if old is None:
        return
    for j in range(grid.ng2, grid.ng2 + grid.n2):
        here = j * grid.m1 + grid.ng1
        cell = k * grid.m2 * grid.m1 + here
        e = rows(scratch.edges, k & 1, here)
        along_1 = (row(e, 1), row(shift(e, axes[0].stride), 1))
        along_2 = (row(e, 0), row(shift(e, axes[1].stride), 0))
        induce_row(grid.n1, row(shift(old, cell), 2), row(shift(new, cell), 2), along_1, axes[0].dtdx, along_2, axes[1].dtdx)
