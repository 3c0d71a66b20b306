"""What cosmic rays do in a row of cells that the stage of the fluid updates: work, compression and
acceleration at shocks, and the entropy of gas that they dominate. Without cosmic rays nothing is
compiled."""

from crmpi.constants import ECR
from crmpi.jit import device
from crmpi.numerics.cr.compression import compress_rows, per_mass_rows
from crmpi.numerics.fluid.gas_entropy import entropy_energy_rows, entropy_row, transfer_rows
from crmpi.numerics.fluid.shock_acceleration import accelerate_row
from crmpi.numerics.fluid.stage import first_scalar, shift_if, tracers
from crmpi.numerics.fluid.update import tracer_work_rows, work_rows
from crmpi.numerics.rows.rows import row, rows, shift

_REACH = 2  # cells on either side whose n/rho tells what is carried out of one


@device
def add_work(n, gas, cr, w, new, axes, lower, upper):
    """Add the cosmic-ray work, if there are cosmic rays; return the number of cells where the flow
    converges, and of those whose gas cosmic rays dominate."""
    found = 0, 0
    if cr is not None:
        found = work_rows(n, gas, cr, w, new, axes, lower, upper)
        if tracers(cr) > 0:
            tracer_work_rows(n, cr, first_scalar(cr), w, new, axes, lower, upper)
    return found


@device
def compress(grid, gas, cr, member, cell, shared):
    """Compress the cosmic rays of the row of a block at element `cell`; `shared`: the share of the
    start in the result, the `Scratch`, the axes, the faces below and above."""
    if cr is not None:
        keep, scratch, axes, faces = shared
        block = member.block
        _make_per_mass(grid, cr, member, cell, scratch)
        states = (
            shift(block.w, cell),
            rows(scratch.per_mass, member.number, cell),
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
def _make_per_mass(grid, cr, member, cell, scratch):
    """Make n/rho of the cosmic rays around the plane of a `cell`, unless an earlier row needed
    it."""
    first, count = _cells_to_make(grid, scratch.made, member.number, 0, cell)
    per_mass = rows(scratch.per_mass, member.number, first)
    per_mass_rows(count, cr, first_scalar(cr), shift(member.block.w, first), per_mass)


@device
def _make_entropy(grid, gas, member, cell, scratch, place):
    """Make n/rho of the gas around the plane of a `cell`, unless an earlier row needed it."""
    first, count = _cells_to_make(grid, scratch.made, member.number, 1, cell)
    per_mass = row(rows(scratch.per_mass, member.number, first), place)
    entropy_row(count, gas, shift(member.block.w, first), per_mass)


@device
def _cells_to_make(grid, made, number, kind, cell):
    """Return the first cell that a row at element `cell` of a block needs and that is not `made`,
    and how many there are: whole planes, up to the highest one whose slopes count."""
    area = grid.m1 * grid.m2
    k, reach = cell // area, _REACH if grid.ng3 else 0
    first, end = max(made[number, kind], k - reach), k + reach + 1
    made[number, kind] = end
    return first * area, max(end - first, 0) * area


@device
def carry_entropy(grid, gas, cr, member, cell, shared):
    """Carry the entropy of the gas of the row at element `cell`; arguments as for `compress`."""
    if cr is not None:
        keep, scratch, axes, faces = shared
        block, number = member.block, member.number
        place, new = first_scalar(cr) - ECR, rows(scratch.cells, 0, grid.ng1)
        _make_per_mass(grid, cr, member, cell, scratch)
        _make_entropy(grid, gas, member, cell, scratch, place)
        states = (
            shift(block.w, cell),
            row(rows(scratch.per_mass, number, cell), 0),
            row(rows(scratch.per_mass, number, cell), place),
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
def accelerate(n, acceleration, scheme, block, new, cell, axes, faces):
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
