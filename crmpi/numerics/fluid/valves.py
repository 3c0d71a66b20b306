"""Valves: faces on the boundary of the mesh through which gas may go one way only, or not at all.

Where the solution of a Riemann problem moves mass the forbidden way, the face becomes a wall: no
mass, energy, cosmic rays or scalars cross it, and it pushes with the momentum flux of the Riemann
problem. The field sees the cell inside at rest normal to the wall. Whatever the states, the scheme
and the solver, the mass flux through a valve never has the wrong sign.
"""

from crmpi.constants import DENS, ENER, MOM1, VEL1
from crmpi.jit import device, kernel
from crmpi.numerics.fluid.layout import ET1, ET2, FLUX, LEAN, VFACE
from crmpi.numerics.fluid.stage import face, row_at
from crmpi.numerics.rows.rows import load, row, shift

IN, OUT, FALL = range(3)  # may gas come in; may it go out; may it go out where gravity pulls it out


@device
def has_valve(plane, axis):
    """Return whether a face on the boundary of the mesh along `axis` is a valve, of any block of
    the layer."""
    layer = plane.layer
    for number in range(layer.deep):
        if _is_valve(plane.fields.valves[layer.blocks[layer.first + number]], axis):
            return True
    return False


@device
def _is_valve(valves, axis):
    """Return whether one of both faces of a block along `axis` is a valve."""
    for side in range(2):
        for way in range(3):
            if not valves[2 * axis + side, way]:
                return True
    return False


@kernel
def close_valves(grid, axis, plane, scratch):
    """Close the valves among the lower faces of a plane along an axis."""
    window = plane.window
    for r in range(window.n2):
        block, cell = row_at(grid, plane, r)
        if _is_valve(block.valves, axis.normal):
            for i in range(window.n1):
                faces = face(scratch, axis.normal, plane.k & 1, r * window.n1 + i)
                _close_valve(grid, axis, block, cell + i, faces)


@device
def _close_valve(grid, axis, block, cell, faces):
    """Close the lower face of a cell, the first one of `faces`, if it is a valve on the boundary of
    the mesh."""
    n, first = ((grid.n1, grid.ng1), (grid.n2, grid.ng2), (grid.n3, grid.ng3))[axis.normal]
    index = (cell % grid.m1, cell // grid.m1 % grid.m2, cell // (grid.m1 * grid.m2))[axis.normal]
    for side in range(2):
        if index == first + side * n:
            outward, inside = 2 * side - 1, cell - side * axis.stride
            mass, valve = row(faces, FLUX + DENS)[0], block.valves[2 * axis.normal + side]
            if is_forbidden(mass * outward, axis, block, inside, outward, valve):
                close_face(axis, block, cell, inside, faces)


@device
def is_forbidden(mass, axis, block, inside, outward, valve):
    """Return whether a mass flux, counted outward, goes the forbidden way; `inside`: the active
    cell next to the face.
    """
    if mass < 0.0:
        return not valve[IN]
    falls = block.heavy and load(row(block.grav, axis.normal), inside) * outward > 0.0
    return not valve[OUT] or (falls and not valve[FALL])


@device
def close_face(axis, block, cell, inside, faces):
    """Make a wall of a face; `inside`: the active cell next to it, `cell`: the one above it."""
    for v in range(block.nvar):
        if v != MOM1 + axis.normal:
            row(faces, FLUX + v)[0] = 0.0
    row(faces, VFACE)[0] = 0.0
    hold_field(block.bcc, block.bface, axis, shift(block.w, inside), cell, inside, faces)


@device
def hold_field(bcc, bface, axis, w, cell, inside, faces):
    """Let the field at a closed face be that of the cell inside, at rest normal to the wall;
    nothing without a field.
    """
    if bcc is None:
        return
    field = shift(bcc, inside)
    bn = load(row(bface, axis.normal), cell)
    v1, v2 = load(row(w, VEL1 + axis.first), 0), load(row(w, VEL1 + axis.second), 0)
    b1, b2 = load(row(field, axis.first), 0), load(row(field, axis.second), 0)
    row(faces, FLUX + MOM1 + axis.first)[0] = -bn * b1
    row(faces, FLUX + MOM1 + axis.second)[0] = -bn * b2
    row(faces, FLUX + ENER)[0] = -bn * (v1 * b1 + v2 * b2)
    row(faces, ET1)[0] = -bn * v2
    row(faces, ET2)[0] = bn * v1
    row(faces, LEAN)[0] = 0.0
