"""One stage of the fluid step: u_out = u_in - dt div F(w), b_out = b_in - dt curl E, with gravity
and cosmic-ray work.

Tiles of blocks (`crmpi.mesh.tiles`) are marched in x3, one plane of cells at a time, from the
lowest layer of blocks to the highest. Fluxes and edge fields live in buffers of two planes, this
one and the last; the cells of a plane are updated as soon as the faces above it are known, while
everything is still in the cache. The buffers hold a window of each plane
(`crmpi.numerics.rows.tiles.Window`); elements of them are counted in its rows, elements of pack
arrays in those of the block.

Sweeps along a missing axis are left out. Its fluxes and face velocities stay zero in the buffers,
its stride and dt/dx are zero, and the electric field on an edge is that of the faces along the one
axis present.
"""

from crmpi.constants import AXES
from crmpi.jit import device, kernel
from crmpi.numerics.fluid.convert import convert_planes, planes_up
from crmpi.numerics.fluid.cosmic_rays import accelerate, add_work, carry_entropy, compress
from crmpi.numerics.fluid.health import inspect_row, settle_row
from crmpi.numerics.fluid.induction import copy_row, edge_rows, electric_rows, induce_row
from crmpi.numerics.fluid.layout import ET1, ET2, FLUX
from crmpi.numerics.fluid.passive import bound_scalars, gauge_scalars
from crmpi.numerics.fluid.shocks import mark_shocks
from crmpi.numerics.fluid.stage import (
    block_of,
    face,
    member_of,
    plane_of,
    row_at,
    shift_if,
)
from crmpi.numerics.fluid.sweeps import gather_cells, gather_faces, solve_faces
from crmpi.numerics.fluid.update import divergence_rows, gravity_rows
from crmpi.numerics.fluid.valves import close_valves, has_valve
from crmpi.numerics.levels.crossing import cross_rows, touches
from crmpi.numerics.levels.interfaces import keep_plane
from crmpi.numerics.rows.axes import axes_at
from crmpi.numerics.rows.memory import ask_rows, put_rows
from crmpi.numerics.rows.rows import pointer, registers, row, rows, shift, whole
from crmpi.numerics.rows.tiles import find_rows, layer_of, make_window

_AT_HAND = 1000  # cells of a window whose fluxes are still in the second-level cache


@kernel
def advance_blocks(scheme, stage, grid, axes, fields, scratch, health, tiles, kept=None):
    """Advance the blocks of `tiles` (`crmpi.mesh.tiles.Tiles`) by one stage; the bundles are those
    of `crmpi.numerics.fluid.stage`.

    ``kept``: `crmpi.numerics.levels.interfaces.Kept` on a refined mesh, else None.
    """
    lean, buffers = registers(fields), registers(scratch)
    for t in range(tiles.first.size):
        _march(scheme, stage, grid, axes, lean, buffers, health, tiles, kept, t)


@device
def _march(scheme, stage, grid, axes, fields, scratch, health, tiles, kept, t):
    """March through the planes of tile `t`, from the ghost zone below its lowest blocks to that
    above its highest ones."""
    reach = 1 if grid.ng3 else 0
    layers, lowest = tiles.shape[t, 2], layer_of(tiles, t, 0)
    find_rows(grid, make_window(grid, 1, lowest.deep), lowest, scratch.places)
    shocked = (0, 0)  # cells in strong shocks in the last plane and in this one
    for number in range(layers):
        layer = layer_of(tiles, t, number)
        first = grid.ng3 - (reach if number == 0 else 0)
        end = grid.ng3 + grid.n3 + (reach if number == layers - 1 else 0)
        converted = 0
        for k in range(first, end):
            plane = plane_of(grid, fields, scratch, layer, k)
            if stage.convert:
                wanted = k + planes_up(grid) if k < end - 1 else grid.n3 + 2 * grid.ng3
                convert_planes(scheme, grid, axes, plane, fields.conversion, converted, wanted)
                converted = wanted
            found = mark_shocks(scheme, grid, axes, plane, scratch) if stage.dissipate else 0
            shocked = shocked[1], found
            _solve(scheme, stage, grid, axes, plane, scratch, shocked)
            if k < grid.ng3:
                continue
            _edges(grid, axes, fields.bcc, plane, scratch)
            _end_faces(grid, axes, plane, scratch, kept)
            below, last = layer, k - reach
            if number > 0 and last < grid.ng3:  # the highest plane of the layer below
                below, last = layer_of(tiles, t, number - 1), grid.ng3 + grid.n3 - 1
                upper = plane_of(grid, fields, scratch, below, last + 1)
                _share_faces(stage, grid, axes, upper, scratch, kept)
            if last >= grid.ng3:
                done = plane_of(grid, fields, scratch, below, last)
                for member in range(done.layer.deep):
                    _update_block(scheme, stage, grid, axes, done, scratch, health, member)


@device
def _solve(scheme, stage, grid, axes, plane, scratch, shocked):
    """Solve the lower faces of a plane, and write the electric field in its cells."""
    gather_faces(grid, plane, scratch)
    early = plane.fields.early
    gauge_scalars(early, stage, grid, axes, plane, scratch)
    if stage.first_order:
        gather_cells(grid, plane, scratch)
    for axis in axes:
        solve_faces(scheme, stage, grid, axis, plane, scratch, shocked)
        if axis.stride and has_valve(plane, axis.normal):
            close_valves(grid, axis, plane, scratch)
        bound_scalars(early, stage, grid, axis, plane, scratch)
    _electric(grid, plane.fields.bcc, plane, scratch)


@device
def _share_faces(stage, grid, axes, plane, scratch, kept):
    """Give the blocks of a layer their upper faces, the lower ones of its plane of ghost cells
    `plane`, which those of the blocks above them are."""
    _end_faces(grid, axes, plane, scratch, kept)
    if stage.first_order:  # the mass fluxes for the case that it is corrected without the other
        for axis in axes:
            bound_scalars(plane.fields.early, stage, grid, axis, plane, scratch)


@device
def _end_faces(grid, axes, plane, scratch, kept):
    """Do what is left to do for the lower faces of a plane, which may be the one behind the last
    one of its layer."""
    for number in range(plane.layer.deep):
        member = member_of(grid, plane, number)
        _induce_3(grid, axes, member.block.bcc, member, scratch, plane.k)
        if kept is not None:
            keep_plane(grid, axes, member, scratch, kept, plane.k)


@device
def _update_block(scheme, stage, grid, axes, plane, scratch, health, number):
    """Update a plane of block `number` of its layer, and report in `health` what was found
    there."""
    member = member_of(grid, plane, number)
    b = member.block.index
    if plane.k == grid.ng3:
        clear_totals(health, scratch, b, number)
    found = _update_plane(scheme, stage, grid, axes, plane, member, scratch, health)
    health.troubled[b] += found[0]
    health.settled[b] += found[1]
    health.moved[b] += found[2]
    if plane.k == grid.ng3 + grid.n3 - 1:
        for i in range(grid.n1):
            health.work[b] += scratch.work[number, i]


@device
def clear_totals(health, scratch, b, number):
    """Set to zero what an earlier stage, or this one before its correction, added up for block
    `b`, and what is made once for a block, the one with this number in its layer."""
    health.troubled[b], health.settled[b], health.moved[b] = 0, 0, 0.0
    health.crossing.amounts[b, :] = 0.0
    health.work[b] = 0.0
    health.accelerated[b] = 0.0
    scratch.work[number, :] = 0.0
    scratch.made[number, :] = 0


@device
def _update_plane(scheme, stage, grid, axes, plane, member, scratch, health):
    """Update the cells of a plane of a block and the faces around them; return what `_inspect`
    does, summed.

    A row is made in the cache and goes to memory whole, with zeros in its ghost cells, which are
    filled after every stage.
    """
    troubled, settled, moved = 0, 0, 0.0
    block, k = member.block, plane.k
    recorded = stage.recorded and touches(health.crossing, block.index)
    _induce_12(grid, axes, block.bcc, member, scratch, k)
    parity = k & 1
    above = (k + 1) & 1 if grid.ng3 else parity
    for j in range(grid.ng2, grid.ng2 + grid.n2):
        here, cell = _places(grid, member, k, j)
        local = axes_at(block.cells, axes, stage.dt, block.index, k, j, grid.ng1)
        lower = (
            face(scratch, 0, parity, here),
            face(scratch, 1, parity, here),
            face(scratch, 2, parity, here),
        )
        upper = (
            face(scratch, 0, parity, here + axes[0].stride),
            face(scratch, 1, parity, here + _row_stride(grid, member.width)),
            face(scratch, 2, above, here),
        )
        _ask_for_next_row(grid, plane, member, j, lower, upper)
        w = shift(block.w, cell)
        new = rows(scratch.cells, 0, grid.ng1)
        old = shift(block.u_in, cell)
        divergence_rows(grid.n1, scheme.cr, w, old, new, local, lower, upper, block.nvar)
        converging, dominated = add_work(
            grid.n1, scheme.gas, scheme.cr, w, new, local, lower, upper
        )
        shared = stage.keep, scratch, local, (lower, upper)
        if converging > 0:
            compress(grid, scheme.gas, scheme.cr, member, cell, shared)
            health.accelerated[block.index] += accelerate(
                grid.n1, scheme.acceleration, scheme, block, new, cell, local, (lower, upper)
            )
        if block.heavy:
            work = pointer(scratch.work, member.number * grid.m1)
            gravity_rows(
                grid.n1, stage.dt, w, shift(block.grav, cell), new, local, lower, upper, work
            )
        if dominated > 0:
            carry_entropy(grid, scheme.gas, scheme.cr, member, cell, shared)
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
def _ask_for_next_row(grid, plane, member, j, lower, upper):
    """Ask for the state of the row that is updated after row `j` of a block, and, unless they are
    at hand, for those of the fluxes of the row above it that this row does not need."""
    layer, k, number = plane.layer, plane.k, member.number
    j += 1
    if j == grid.ng2 + grid.n2:  # the next block, or the next plane
        j, number = grid.ng2, number + 1
        if number == layer.deep:
            k, number = k + 1, 0
    block = block_of(plane.fields, layer.blocks[layer.first + number])
    ask_rows(grid.n1, block.nvar, shift(block.u_in, (k * grid.m2 + j) * grid.m1 + grid.ng1))
    if plane.window.n1 * plane.window.n2 > _AT_HAND:
        for faces in (lower[0], upper[1], lower[2], upper[2]):
            ask_rows(grid.n1, block.nvar, shift(faces, FLUX * faces.step + member.width))


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
def _electric(grid, bcc, plane, scratch):
    """Write the electric field in the cells of a plane."""
    if bcc is None:
        return
    window = plane.window
    for r in range(window.n2):
        block, cell = row_at(grid, plane, r)
        electric_rows(
            whole(window.n1),
            shift(block.w, cell),
            shift(block.bcc, cell),
            rows(scratch.electric, plane.k & 1, r * window.n1),
        )


@device
def _edges(grid, axes, bcc, plane, scratch):
    """Write the electric field on the edges of a plane, at its lower x3-faces for the fields along
    x1 and x2."""
    if bcc is None:
        return
    window = plane.window
    parity = plane.k & 1
    # from a cell to the one below it; along x3 that is in the other plane
    back = (axes[0].stride, _row_stride(grid, window.n1), 0)
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
def _row_stride(grid, width):
    """Return the distance in a buffer from a cell to its upper neighbour along x2, 0 if the axis is
    missing."""
    return width if grid.ng2 else 0


@device
def _places(grid, member, k, j):
    """Return the element of the first active cell of row `j` of plane `k` in the buffers and in the
    block."""
    here = member.corner + j * member.width + grid.ng1
    return here, (k * grid.m2 + j) * grid.m1 + grid.ng1


@device
def _induce_12(grid, axes, bcc, member, scratch, k):
    """Advance the x1- and x2-faces of plane `k` of a block, unless the field does not change."""
    if bcc is None:
        return
    old, new = member.block.b_in, member.block.b_out
    more1 = 1 if grid.ng1 else 0
    more2 = 1 if grid.ng2 else 0
    parity = k & 1
    above = 1 - parity if grid.ng3 else parity
    for j in range(grid.ng2, grid.ng2 + grid.n2 + more2):
        here, cell = _places(grid, member, k, j)
        e = rows(scratch.edges, parity, here)
        e_above = rows(scratch.edges, above, here)
        e3 = row(e, 2)
        along_1 = (e3, row(shift(e, axes[0].stride), 2))
        along_2 = (e3, row(shift(e, _row_stride(grid, member.width)), 2))
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
def _induce_3(grid, axes, bcc, member, scratch, k):
    """Advance the lower x3-faces of plane `k` of a block, unless the field does not change."""
    if bcc is None:
        return
    old, new = member.block.b_in, member.block.b_out
    for j in range(grid.ng2, grid.ng2 + grid.n2):
        here, cell = _places(grid, member, k, j)
        e = rows(scratch.edges, k & 1, here)
        along_1 = (row(e, 1), row(shift(e, axes[0].stride), 1))
        along_2 = (row(e, 0), row(shift(e, _row_stride(grid, member.width)), 0))
        induce_row(
            grid.n1,
            row(shift(old, cell), 2),
            row(shift(new, cell), 2),
            along_1,
            axes[0].dtdx,
            along_2,
            axes[1].dtdx,
        )
