"""One stage of the fluid step: u_out = u_in - dt div F(w), b_out = b_in - dt curl E, with gravity
and cosmic-ray work.

Blocks are marched in x3, one plane of cells at a time, and on into the block above on the same rank
and level (`crmpi.mesh.stacks`). Fluxes and edge fields live in buffers of two planes, this one and
the last; the cells of a plane are updated as soon as the faces above it are known, while everything
is still in the cache. The buffers hold a window of each plane
(`crmpi.numerics.fluid.stage.Window`); elements of them are counted in its rows, elements of pack
arrays in those of the block.

Sweeps along a missing axis are left out. Its fluxes and face velocities stay zero in the buffers,
its stride and dt/dx are zero, and the electric field on an edge is that of the faces along the one
axis present.
"""

from crmpi.constants import AXES, ECR
from crmpi.jit import device, kernel
from crmpi.numerics.cr.compression import compress_rows, per_mass_rows
from crmpi.numerics.fluid.gas_entropy import entropy_energy_rows, entropy_row, transfer_rows
from crmpi.numerics.fluid.health import inspect_row, settle_row
from crmpi.numerics.fluid.induction import copy_row, edge_rows, electric_rows, induce_row
from crmpi.numerics.fluid.layout import ET1, ET2, FLUX
from crmpi.numerics.fluid.passive import bound_scalars, gauge_scalars
from crmpi.numerics.fluid.shock_acceleration import accelerate_row
from crmpi.numerics.fluid.shocks import mark_shocks
from crmpi.numerics.fluid.stage import block_of, face, first_scalar, shift_if, tracers, window_cell
from crmpi.numerics.fluid.sweeps import gather_cells, gather_faces, solve_faces
from crmpi.numerics.fluid.update import divergence_rows, gravity_rows, tracer_work_rows, work_rows
from crmpi.numerics.fluid.valves import close_valves, has_valve
from crmpi.numerics.levels.crossing import cross_rows, touches
from crmpi.numerics.levels.interfaces import keep_plane
from crmpi.numerics.rows.axes import axes_at
from crmpi.numerics.rows.memory import ask_rows, put_rows
from crmpi.numerics.rows.rows import row, rows, shift, whole


@kernel
def advance_blocks(scheme, stage, grid, axes, fields, scratch, health, stacks, kept=None):
    """Advance the blocks of `stacks` (`crmpi.mesh.stacks.Stacks`) by one stage; the bundles are
    those of `crmpi.numerics.fluid.stage`.

    ``kept``: `crmpi.numerics.levels.interfaces.Kept` on a refined mesh, else None.
    """
    for s in range(stacks.bottoms.size):
        _march(scheme, stage, grid, axes, fields, scratch, health, stacks, kept, s)


@device
def _march(scheme, stage, grid, axes, fields, scratch, health, stacks, kept, s):
    """March through the planes of stack `s`, from the ghost zone below its lowest block to that
    above its highest one."""
    reach = 1 if grid.ng3 else 0
    b, first = stacks.bottoms[s], grid.ng3 - reach
    below = b  # the block of the plane below
    shocked = (0, 0)  # cells in strong shocks in the last plane and in this one
    while b >= 0:
        block = block_of(fields, b)
        end = grid.ng3 + grid.n3 + (reach if stacks.above[b] < 0 else 0)
        for k in range(first, end):
            found = mark_shocks(scheme, grid, axes, block, scratch, k) if stage.dissipate else 0
            shocked = shocked[1], found
            gather_faces(block, scratch, grid, k)
            gauge_scalars(stage, grid, axes, block, scratch, k)
            if stage.first_order:
                gather_cells(block, scratch, grid, k)
            for axis in axes:
                solve_faces(scheme, stage, grid, axis, block, scratch, k, shocked)
                if axis.stride and has_valve(block.valves, axis.normal):
                    close_valves(grid, axis, block, scratch, k)
                bound_scalars(stage, grid, axis, block, scratch, k)
            _electric(grid, block.bcc, block, scratch, k)
            if k < grid.ng3:
                continue
            _edges(grid, axes, block.bcc, scratch, k)
            _end_faces(grid, axes, block, scratch, kept, k)
            last = k - reach
            if below != b:
                last = grid.ng3 + grid.n3 - 1
                _share_faces(stage, grid, axes, block_of(fields, below), scratch, kept, last + 1)
            if last >= grid.ng3:
                _update_block(scheme, stage, grid, axes, fields, scratch, health, below, last)
            below = b
        b, first = stacks.above[b], grid.ng3


@device
def _share_faces(stage, grid, axes, block, scratch, kept, k):
    """Give a block its upper faces, which are the lower ones of the block above it."""
    _end_faces(grid, axes, block, scratch, kept, k)
    if stage.first_order:  # the mass fluxes for the case that it is corrected without the other
        for axis in axes:
            bound_scalars(stage, grid, axis, block, scratch, k)


@device
def _end_faces(grid, axes, block, scratch, kept, k):
    """Do what is left to do for the lower faces of plane `k` of a block, which may be the plane
    behind its last one."""
    _induce_3(grid, axes, block.bcc, block, scratch, k)
    if kept is not None:
        keep_plane(grid, axes, block, scratch, kept, k)


@device
def _update_block(scheme, stage, grid, axes, fields, scratch, health, b, k):
    """Update plane `k` of block `b`, and report in `health` what was found there."""
    if k == grid.ng3:
        clear_totals(health, scratch, b)
    found = _update_plane(scheme, stage, grid, axes, block_of(fields, b), scratch, health, k)
    health.troubled[b] += found[0]
    health.settled[b] += found[1]
    health.moved[b] += found[2]
    if k == grid.ng3 + grid.n3 - 1:
        for i in range(grid.n1):
            health.work[b] += scratch.work[0, 0, 0, 0, i]


@device
def clear_totals(health, scratch, b):
    """Set to zero what an earlier stage, or this one before its correction, added up for block
    `b`, and what is made once for a block."""
    health.troubled[b], health.settled[b], health.moved[b] = 0, 0, 0.0
    health.crossing.amounts[b, :] = 0.0
    health.work[b] = 0.0
    health.accelerated[b] = 0.0
    scratch.work[0, 0, 0, 0, :] = 0.0
    scratch.made[:] = 0


@device
def _update_plane(scheme, stage, grid, axes, block, scratch, health, k):
    """Update the cells of plane `k` and the faces around them; return what `_inspect` does, summed.

    A row is made in the cache and goes to memory whole, with zeros in its ghost cells, which are
    filled after every stage.
    """
    troubled, settled, moved = 0, 0, 0.0
    window, recorded = scratch.window, stage.recorded and touches(health.crossing, block.index)
    _induce_12(grid, axes, block.bcc, block, scratch, k)
    parity = k & 1
    above = (k + 1) & 1 if grid.ng3 else parity
    for j in range(grid.ng2, grid.ng2 + grid.n2):
        here, cell = _places(grid, window, k, j)
        local = axes_at(block.cells, axes, stage.dt, block.index, k, j, grid.ng1)
        lower = (
            face(scratch, 0, parity, here),
            face(scratch, 1, parity, here),
            face(scratch, 2, parity, here),
        )
        upper = (
            face(scratch, 0, parity, here + axes[0].stride),
            face(scratch, 1, parity, here + _row_stride(grid, window)),
            face(scratch, 2, above, here),
        )
        _ask_for_next_row(grid, window, block, cell, lower, upper)
        w = shift(block.w, cell)
        new = rows(scratch.cells, 0, grid.ng1)
        old = shift(block.u_in, cell)
        divergence_rows(grid.n1, scheme.cr, w, old, new, local, lower, upper, block.nvar)
        converging, dominated = _add_work(
            grid.n1, scheme.gas, scheme.cr, w, new, local, lower, upper
        )
        if converging > 0:
            _compress(
                grid, scheme.gas, scheme.cr, stage.keep, block, scratch, cell, local, (lower, upper)
            )
            health.accelerated[block.index] += _accelerate(
                grid.n1, scheme.acceleration, scheme, block, new, cell, local, (lower, upper)
            )
        if block.heavy:
            work = row(rows(scratch.work, 0, 0), 0)
            gravity_rows(
                grid.n1, stage.dt, w, shift(block.grav, cell), new, local, lower, upper, work
            )
        if dominated > 0:
            _carry_entropy(
                grid, scheme.gas, scheme.cr, stage.keep, block, scratch, cell, local, (lower, upper)
            )
        if recorded:
            cross_rows(
                grid, local, health.crossing, (block.index, k, j), lower, upper, FLUX, block.nvar
            )
        report = _inspect(scheme, stage, grid, local, block, health.floors, cell, new)
        put_rows(
            grid.m1, block.nvar, rows(scratch.cells, 0, 0), shift(block.u_out, cell - grid.ng1)
        )
        troubled, settled, moved = troubled + report[0], settled + report[1], moved + report[2]
    return troubled, settled, moved


@device
def _ask_for_next_row(grid, window, block, cell, lower, upper):
    """Ask for the state of the row above the one at element `cell`, and for those of its fluxes
    that this row does not need."""
    ask_rows(grid.n1, block.nvar, shift(block.u_in, cell + grid.m1))
    for faces in (lower[0], upper[1], lower[2], upper[2]):
        ask_rows(grid.n1, block.nvar, shift(faces, FLUX * faces.step + window.n1))


@device
def _add_work(n, gas, cr, w, new, axes, lower, upper):
    """Add the cosmic-ray work, if there are cosmic rays; return the number of cells where the flow
    converges, and of those whose gas cosmic rays dominate."""
    found = 0, 0
    if cr is not None:
        found = work_rows(n, gas, cr, w, new, axes, lower, upper)
        if tracers(cr) > 0:
            tracer_work_rows(n, cr, first_scalar(cr), w, new, axes, lower, upper)
    return found


@device
def _compress(grid, gas, cr, keep, block, scratch, cell, axes, faces):
    """Compress the cosmic rays of the row at element `cell`."""
    if cr is not None:
        _make_per_mass(grid, cr, block, scratch)
        states = (
            shift(block.w, cell),
            rows(scratch.per_mass, 0, cell),
            shift(block.u_in, cell),
            shift(block.u_first, cell),
        )
        compress_rows(
            grid.n1,
            gas,
            cr,
            keep,
            states,
            rows(scratch.cells, 0, grid.ng1),
            axes,
            faces[0],
            faces[1],
        )


@device
def _make_per_mass(grid, cr, block, scratch):
    """Make n/rho of the cosmic rays, unless an earlier row of the block has needed it."""
    if scratch.made[0] == 0:
        scratch.made[0] = 1
        cells = grid.m1 * grid.m2 * (grid.n3 + 2 * grid.ng3)
        per_mass_rows(cells, cr, first_scalar(cr), block.w, rows(scratch.per_mass, 0, 0))


@device
def _carry_entropy(grid, gas, cr, keep, block, scratch, cell, axes, faces):
    """Carry the entropy of the gas of the row at element `cell`; n/rho of the gas is made when the
    first row of a block needs it."""
    if cr is not None:
        place, new = first_scalar(cr) - ECR, rows(scratch.cells, 0, grid.ng1)
        _make_per_mass(grid, cr, block, scratch)
        if scratch.made[1] == 0:
            scratch.made[1] = 1
            cells = grid.m1 * grid.m2 * (grid.n3 + 2 * grid.ng3)
            entropy_row(cells, gas, block.w, row(rows(scratch.per_mass, 0, 0), place))
        states = (
            shift(block.w, cell),
            row(rows(scratch.per_mass, 0, cell), 0),
            row(rows(scratch.per_mass, 0, cell), place),
            shift(block.u_in, cell),
            shift(block.u_first, cell),
            new,
        )
        fields = (
            shift_if(block.b_in, cell),
            shift_if(block.b_first, cell),
            shift_if(block.b_out, cell),
        )
        moved, laws = row(rows(scratch.flags, 0, 0), 0), (gas, cr)
        entropy_energy_rows(grid.n1, laws, keep, states, fields, axes, faces[0], faces[1], moved)
        transfer_rows(grid.n1, moved, new)


@device
def _accelerate(n, acceleration, scheme, block, new, cell, axes, faces):
    """Give the cosmic rays of the row at element `cell` their share of what shocks dissipate;
    return its sum."""
    given = 0.0
    if acceleration is not None:
        laws, states = (
            (acceleration, scheme.gas, scheme.cr),
            (shift(block.w, cell), shift(block.u_in, cell)),
        )
        fields = (shift_if(block.b_in, cell), shift_if(block.b_out, cell))
        given = accelerate_row(n, laws, states, new, fields, axes, faces)
    return given


@device
def _inspect(scheme, stage, grid, axes, block, floors, cell, new):
    """Mark the troubled cells of the row `new` of updated cells, and settle between gas and cosmic
    rays.

    Return how many there are of each, and the energy density moved.
    """
    w = shift(block.w, cell)
    b = shift_if(block.b_out, cell)
    troubled = 0
    if stage.find_troubled:
        troubled = inspect_row(
            grid.n1, scheme.gas, scheme.cr, floors, new, b, axes, row(shift(block.marks, cell), 0)
        )
    settled, moved = settle_row(grid.n1, scheme.gas, scheme.cr, floors, w, new, b, axes)
    return troubled, settled, moved


@device
def _electric(grid, bcc, block, scratch, k):
    """Write the electric field in the cells of plane `k`."""
    if bcc is None:
        return
    window = scratch.window
    for j in range(window.n2):
        cell = window_cell(grid, window, k, j)
        electric_rows(
            whole(window.n1),
            shift(block.w, cell),
            shift(bcc, cell),
            rows(scratch.electric, k & 1, j * window.n1),
        )


@device
def _edges(grid, axes, bcc, scratch, k):
    """Write the electric field on the edges of plane `k`, at its lower x3-faces for the fields
    along x1 and x2."""
    if bcc is None:
        return
    window = scratch.window
    parity = k & 1
    # from a cell to the one below it; along x3 that is in the other plane
    back = (axes[0].stride, _row_stride(grid, window), 0)
    here = back[1]  # the first row has no row below it, and the loops run over all others
    n = whole(window.n1 * window.n2 - here)
    for c in AXES:
        a = (c + 1) % 3
        b = (c + 2) % 3
        edge = row(rows(scratch.edges, parity, here), c)
        if axes[a].stride and axes[b].stride:
            a_faces = (
                _face_below(scratch, a, b, back, parity, here),
                face(scratch, a, parity, here),
            )
            b_faces = (
                _face_below(scratch, b, a, back, parity, here),
                face(scratch, b, parity, here),
            )
            edge_rows(n, a_faces, b_faces, _cells(scratch, back, parity, here, c), edge)
        elif axes[a].stride:
            copy_row(n, row(face(scratch, a, parity, here), ET2), edge)
        elif axes[b].stride:
            copy_row(n, row(face(scratch, b, parity, here), ET1), edge)


@device
def _cells(scratch, back, parity, here, c):
    """Return the pointers to the electric field along `c` in the cells (0), (-a), (-b), (-a-b)
    around an edge; see `edge_rows`."""
    a, b = (c + 1) % 3, (c + 2) % 3
    plane_a = 1 if a == 2 else 0
    plane_b = 1 if b == 2 else 0
    return (
        row(rows(scratch.electric, parity, here), c),
        row(rows(scratch.electric, parity ^ plane_a, here - back[a]), c),
        row(rows(scratch.electric, parity ^ plane_b, here - back[b]), c),
        row(rows(scratch.electric, parity ^ plane_a ^ plane_b, here - back[a] - back[b]), c),
    )


@device
def _face_below(scratch, axis, down, back, parity, here):
    """Return the faces along `axis` one cell below `here` along the axis `down`."""
    return face(scratch, axis, 1 - parity if down == 2 else parity, here - back[down])


@device
def _row_stride(grid, window):
    """Return the distance in a buffer from a cell to its upper neighbour along x2, 0 if the axis is
    missing."""
    return window.n1 if grid.ng2 else 0


@device
def _places(grid, window, k, j):
    """Return the element of the first active cell of row `j` of plane `k` in the buffers and in the
    block."""
    here = (j - window.first2) * window.n1 + grid.ng1 - window.first1
    return here, (k * grid.m2 + j) * grid.m1 + grid.ng1


@device
def _induce_12(grid, axes, bcc, block, scratch, k):
    """Advance the x1- and x2-faces of plane `k`, unless the field does not change."""
    if bcc is None:
        return
    old, new = block.b_in, block.b_out
    more1 = 1 if grid.ng1 else 0
    more2 = 1 if grid.ng2 else 0
    parity = k & 1
    above = 1 - parity if grid.ng3 else parity
    for j in range(grid.ng2, grid.ng2 + grid.n2 + more2):
        here, cell = _places(grid, scratch.window, k, j)
        e = rows(scratch.edges, parity, here)
        e_above = rows(scratch.edges, above, here)
        e3 = row(e, 2)
        along_1 = (e3, row(shift(e, axes[0].stride), 2))
        along_2 = (e3, row(shift(e, _row_stride(grid, scratch.window)), 2))
        if j < grid.ng2 + grid.n2:
            along_3 = (row(e, 1), row(e_above, 1))
            b1_old, b1_new = row(shift(old, cell), 0), row(shift(new, cell), 0)
            induce_row(
                grid.n1 + more1, b1_old, b1_new, along_2, axes[1].dtdx, along_3, axes[2].dtdx
            )
        along_3 = (row(e, 0), row(e_above, 0))
        induce_row(
            grid.n1,
            row(shift(old, cell), 1),
            row(shift(new, cell), 1),
            along_3,
            axes[2].dtdx,
            along_1,
            axes[0].dtdx,
        )


@device
def _induce_3(grid, axes, bcc, block, scratch, k):
    """Advance the lower x3-faces of plane `k`, unless the field does not change."""
    if bcc is None:
        return
    old, new = block.b_in, block.b_out
    for j in range(grid.ng2, grid.ng2 + grid.n2):
        here, cell = _places(grid, scratch.window, k, j)
        e = rows(scratch.edges, k & 1, here)
        along_1 = (row(e, 1), row(shift(e, axes[0].stride), 1))
        along_2 = (row(e, 0), row(shift(e, _row_stride(grid, scratch.window)), 0))
        induce_row(
            grid.n1,
            row(shift(old, cell), 2),
            row(shift(new, cell), 2),
            along_1,
            axes[0].dtdx,
            along_2,
            axes[1].dtdx,
        )
