"""One stage of the fluid step on a tube, a one-dimensional mesh whose cross-section A and cell
widths change.

    u_out = u_in - dt/V [A F]            momentum: - dt/V [A (F - p)], p the pressure of gas and
                                         cosmic rays of the cell itself

The second form holds the push of the walls, p (A+ - A-)/V, and is exactly zero where the pressure
is uniform and nothing moves. Gas and field are along the tube: the field is B A = const, exerts no
force, and its energy never changes, so faces solve the Riemann problem of gas and cosmic rays
alone. A block is copied to a line, vectors with the component along the tube first: all axes are
bitwise identical.

States inside cells are reconstructed over the index: second order where widths change smoothly.
"""

import math
from typing import NamedTuple

from crmpi.constants import DENS, ECR, ENER, MOM1, PRES, VEL1
from crmpi.jit import device, kernel
from crmpi.numerics.cr.compression import (
    carried_out,
    compress_cell,
    per_mass_rows,
    sound_square,
)
from crmpi.numerics.fluid.faces import flag_faces, replace_flagged_rows
from crmpi.numerics.fluid.gas_entropy import entropy_energy, entropy_row, entropy_weight
from crmpi.numerics.fluid.health import inspect_row, pressure, settle_row
from crmpi.numerics.fluid.layout import FLUX, VFACE, states_in_buffer, states_of_cells
from crmpi.numerics.fluid.passive import bound_rows, carry_rows
from crmpi.numerics.fluid.reconstruct import natural, reconstruct_rows
from crmpi.numerics.fluid.riemann import LLF
from crmpi.numerics.fluid.shock_acceleration import accelerate_cell, shock_weight
from crmpi.numerics.fluid.stage import block_of, first_scalar, shift_if
from crmpi.numerics.fluid.sweeps import solve_rows
from crmpi.numerics.fluid.valves import has_valve, is_forbidden
from crmpi.numerics.levels.crossing import cross_line
from crmpi.numerics.rows.rows import in_order, moved, row, rows, shift
from crmpi.types import Axis


class Line(NamedTuple):
    """Buffers (1, ncomp, 1, 1, m) of one line: primitives, the state at the start of the stage,
    marks, states at both faces, speeds, two sets of faces, flags, n/rho of cosmic rays and gas.
    """

    cells: object
    old: object
    marks: object
    lower: object
    upper: object
    speeds: object
    faces: object
    spare: object
    flags: object
    per_mass: object


class Span(NamedTuple):
    """The line in a block: axis, stride, number of active cells, first active cell."""

    normal: int
    stride: int
    n: int
    first: int


@device
def span(grid, axis):
    """Return the `Span` of a tube along `axis`; along the other axes a block is one cell thick."""
    if axis == 0:
        return Span(0, 1, grid.n1, grid.ng1)
    if axis == 1:
        return Span(1, grid.m1, grid.n2, grid.ng2)
    return Span(2, grid.m1 * grid.m2, grid.n3, grid.ng3)


@kernel
def advance_tubes(scheme, stage, grid, axes, fields, tube, line, health, selected):
    """Advance the blocks marked in `selected` (nblock,) by one stage; the bundles are those of
    `crmpi.numerics.fluid.stage`."""
    for b in range(fields.w.shape[0]):
        if selected[b]:
            health.troubled[b] = 0
            health.settled[b] = 0
            health.moved[b] = 0.0
            health.crossing.amounts[b, :] = 0.0
            health.work[b] = 0.0
            solve_line(scheme, stage, fields, axes[tube.axis], line, b)
            close_ends(grid, axes, fields, tube, line, b)
            bound_line(stage, fields, axes[tube.axis], line, b)
            update_line(scheme, stage, grid, axes, fields, tube, line, health, b)
            inspect_line(scheme, stage, grid, axes, fields, tube, health, b)


@device
def copy_line(array, b, axis, line):
    """Copy the block to the line, components in the order of `natural`."""
    for v in range(array.shape[1]):
        source = array[b, natural(axis, v)].reshape(-1)
        for c in range(line.shape[4]):
            line[0, v, 0, 0, c] = source[c * axis.stride]


@kernel
def solve_line(scheme, stage, fields, axis, line, b):
    """Fill the faces of the line."""
    m, nvar = line.cells.shape[4], fields.w.shape[1]
    along = Axis(1, 0.0, 0, 1, 2)
    copy_line(fields.w, b, axis, line.cells)
    cells, lower, upper, faces = (
        rows(line.cells, 0, 0),
        rows(line.lower, 0, 0),
        rows(line.upper, 0, 0),
        rows(line.faces, 0, 0),
    )
    speeds = rows(line.speeds, 0, 0)
    donors = states_of_cells(along, shift(cells, -1), None), states_of_cells(along, cells, None)
    sides = donors
    if not stage.first_order:
        reconstruct_rows(m, scheme.reconstruction, cells, None, along, nvar, lower, upper)
        sides = states_in_buffer(shift(upper, -1)), states_in_buffer(lower)
    solve_rows(scheme.riemann, scheme.gas, scheme.cr, sides, None, along, nvar, m, speeds, faces)
    if stage.correct_marked:
        copy_line(fields.marks, b, axis, line.marks)
        flags = row(rows(line.flags, 0, 0), 0)
        if flag_faces(m, row(rows(line.marks, 0, 0), 0), 1, flags) > 0:
            spare = rows(line.spare, 0, 0)
            solve_rows(LLF(), scheme.gas, scheme.cr, donors, None, along, nvar, m, speeds, spare)
            replace_flagged_rows(m, flags, FLUX + nvar, spare, faces)


@kernel
def close_ends(grid, axes, fields, tube, line, b):
    """Close the valves at the ends of the line; what crosses faces is numbered with the component
    along the tube first."""
    block, place = block_of(fields, b), span(grid, tube.axis)
    if not has_valve(block.valves, tube.axis):
        return
    faces = line.faces[0]
    for side in range(2):
        end, outward = place.first + side * place.n, 2 * side - 1
        inside, valve = (end - side) * place.stride, block.valves[2 * tube.axis + side]
        if is_forbidden(
            faces[FLUX + DENS, 0, 0, end] * outward, axes[tube.axis], block, inside, outward, valve
        ):
            for v in range(block.nvar):
                faces[FLUX + v, 0, 0, end] = faces[FLUX + v, 0, 0, end] if v == MOM1 else 0.0
            faces[VFACE, 0, 0, end] = 0.0


@kernel
def bound_line(stage, fields, axis, line, b):
    """Limit the fluxes of the passive scalars, as `crmpi.numerics.fluid.passive.bound_scalars`
    does."""
    m, nvar = line.cells.shape[4], fields.w.shape[1]
    if fields.passive == nvar:
        return
    early, faces, cells = (
        row(rows(fields.early, b, 0), 0),
        rows(line.faces, 0, 0),
        rows(line.cells, 0, 0),
    )
    span, n = (fields.passive, nvar), m - 3  # no active face is below the third cell
    if stage.first_order:
        carry_rows(n, 1, shift(cells, 2), span, shift(faces, 2), moved(early, 2))
    else:
        copy_line(fields.u_in, b, axis, line.old)
        old = rows(line.old, 0, 0)
        along, none = Axis(1, axis.dtdx, 0, 1, 2), Axis(0, 0.0, 1, 2, 0)
        bound_rows(
            n,
            along,
            (along, none, none),
            stage.seen,
            moved(early, 2),
            shift(cells, 2),
            shift(old, 2),
            span,
            shift(faces, 2),
        )


@kernel
def update_line(scheme, stage, grid, axes, fields, tube, line, health, b):
    """Update the active cells of a block from the faces of its line, and sum what crosses its
    ends."""
    place, axis = span(grid, tube.axis), tube.axis
    faces, area = line.faces[0, :, 0, 0], tube.area[b]
    along = Axis(place.stride, 0.0, axis, (axis + 1) % 3, (axis + 2) % 3)
    for v in range(fields.w.shape[1]):
        flux = faces[FLUX + v]
        old, new = (
            fields.u_in[b, natural(along, v)].reshape(-1),
            fields.u_out[b, natural(along, v)].reshape(-1),
        )
        for c in range(place.first, place.first + place.n):
            push = _pressure(scheme.cr, line.cells, c) if v == MOM1 else 0.0
            change = area[c + 1] * (flux[c + 1] - push) - area[c] * (flux[c] - push)
            new[c * place.stride] = old[c * place.stride] - stage.dt / tube.volume[b, c] * change
        if stage.booked:
            cross_line(health.crossing, b, place, axis, area, flux, stage.dt, natural(along, v))
    _add_work(scheme.cr, stage.dt, place, fields, tube, line, b)
    _compress(scheme.gas, scheme.cr, stage, place, fields, tube, line, b)
    health.accelerated[b] = _accelerate(
        scheme.acceleration, scheme, stage.dt, place, axes, fields, tube, line, b
    )
    if fields.grav.shape[1] > 0:
        health.work[b] = _add_gravity(stage.dt, place, fields, tube, line, b)
    _carry_entropy(scheme.gas, scheme.cr, stage, place, axes, fields, tube, line, b)


@device
def _pressure(cr, cells, c):
    """Return the pressure of gas and cosmic rays, added up as the states at faces are."""
    press = cells[0, PRES, 0, 0, c]
    if cr is not None:
        press += cr.gm1 * cells[0, ECR, 0, 0, c]
    return press


@device
def _add_work(cr, dt, place, fields, tube, line, b):
    """Move the work dt P div v from the cosmic rays to the gas: the same number in both, so their
    sum is kept. Tracers act on nobody."""
    if cr is not None:
        velocity, area, ener = (
            line.faces[0, VFACE, 0, 0],
            tube.area[b],
            fields.u_out[b, ENER].reshape(-1),
        )
        for v in range(ECR, first_scalar(cr)):
            energy = fields.u_out[b, v].reshape(-1)
            for c in range(place.first, place.first + place.n):
                stretch = (
                    dt / tube.volume[b, c] * (area[c + 1] * velocity[c + 1] - area[c] * velocity[c])
                )
                work = cr.gm1 * line.cells[0, v, 0, 0, c] * stretch
                energy[c * place.stride] -= work
                ener[c * place.stride] += work if v == ECR else 0.0


@device
def _compress(gas, cr, stage, place, fields, tube, line, b):
    """Do as `crmpi.numerics.cr.compression.compress_rows` on a tube."""
    if cr is not None:
        faces, area, cells = line.faces[0, :, 0, 0], tube.area[b], rows(line.cells, 0, 0)
        per_mass = rows(line.per_mass, 0, 0)
        per_mass_rows(line.cells.shape[4], cr, first_scalar(cr), cells, per_mass)
        states = (cells, per_mass, rows(fields.u_in, b, 0), rows(fields.u_first, b, 0))
        for c in range(place.first, place.first + place.n):
            share = stage.dt / tube.volume[b, c]
            stretch = share * (area[c + 1] * faces[VFACE, c + 1] - area[c] * faces[VFACE, c])
            dens, rate = line.cells[0, DENS, 0, 0, c], stage.dt / tube.width[b, c]
            convergence = -stretch / (rate * math.sqrt(sound_square(gas, cr, cells, c) / dens))
            masses, places = _masses(share, area, faces, c), (c, c * place.stride)
            for v in range(ECR, first_scalar(cr)):
                compress_cell(
                    cr,
                    stage.keep,
                    v,
                    convergence,
                    states,
                    places,
                    rows(fields.u_out, b, 0),
                    (1, 0, 0),
                    masses,
                )


@device
def _carry_entropy(gas, cr, stage, place, axes, fields, tube, line, b):
    """Do as `crmpi.numerics.fluid.gas_entropy.entropy_energy_rows` on a tube; n/rho of the cosmic
    rays is made already."""
    if cr is not None:
        area, velocity, cells = tube.area[b], line.faces[0, VFACE, 0, 0], rows(line.cells, 0, 0)
        block, laws, ordered = block_of(fields, b), (gas, cr), in_order(axes)
        per_mass, along = rows(line.per_mass, 0, 0), (1, 0, 0)
        rays, entropy = row(per_mass, 0), row(per_mass, first_scalar(cr) - ECR)
        entropy_row(line.cells.shape[4], gas, cells, entropy)
        states = (cells, rays, entropy, block.u_in, block.u_first, block.u_out)
        ener, ecr = fields.u_out[b, ENER].reshape(-1), fields.u_out[b, ECR].reshape(-1)
        field = (block.b_in, block.b_first, block.b_out)
        for c in range(place.first, place.first + place.n):
            share = tube.width[b, c] / tube.volume[b, c]
            speed = share * (area[c + 1] * velocity[c + 1] - area[c] * velocity[c])
            sound = math.sqrt(sound_square(gas, cr, cells, c) / line.cells[0, DENS, 0, 0, c])
            weight = entropy_weight(laws, -speed / sound, states, c, along)
            if weight > 0.0:
                here, faces = c * place.stride, line.faces[0, :, 0, 0]
                masses = _masses(stage.dt / tube.volume[b, c], area, faces, c)
                left = carried_out(entropy, c, along, masses)
                lacking = entropy_energy(
                    gas, stage.keep, weight, left, states, here, field, ordered
                )
                ener[here] += lacking
                ecr[here] -= lacking


@device
def _masses(share, area, faces, c):
    """Return the masses over the volume of a cell that pass its faces below and above, for each
    axis; `share`: dt over the volume."""
    mass = share * area[c] * faces[FLUX + DENS, c], share * area[c + 1] * faces[FLUX + DENS, c + 1]
    return mass, (0.0, 0.0), (0.0, 0.0)


@device
def _accelerate(acceleration, scheme, dt, place, axes, fields, tube, line, b):
    """Do as `crmpi.numerics.fluid.shock_acceleration.accelerate_row` on a tube; what is given is
    weighted with the volume."""
    given = 0.0
    if acceleration is not None:
        faces, area, cells, block = (
            line.faces[0, :, 0, 0],
            tube.area[b],
            rows(line.cells, 0, 0),
            block_of(fields, b),
        )
        gas, ordered, strides = scheme.gas, in_order(axes), (1, 0, 0)
        laws, states = (acceleration, gas, scheme.cr), (cells, block.u_in)
        for c in range(place.first, place.first + place.n):
            here, volume = c * place.stride, tube.volume[b, c]
            stretch = (area[c + 1] * faces[VFACE, c + 1] - area[c] * faces[VFACE, c]) / volume
            weight = shock_weight(laws, cells, c, strides, -stretch * tube.width[b, c])
            if weight > 0.0:
                masses = _masses(dt / volume, area, faces, c)
                before = pressure(gas, block.u_in, block.b_in, ordered, here)
                press = before, pressure(gas, block.u_out, block.b_out, ordered, here)
                given += volume * accelerate_cell(
                    laws, weight, states, (c, here), block.u_out, strides, masses, press
                )
    return given


@device
def _add_gravity(dt, place, fields, tube, line, b):
    """Add the static acceleration; its work is that on the mass which crossed the faces, the mean
    of the two. Return the sum of it."""
    done = 0.0
    mass, area, grav = (
        line.faces[0, FLUX + DENS, 0, 0],
        tube.area[b],
        fields.grav[b, tube.axis].reshape(-1),
    )
    momentum, ener = (
        fields.u_out[b, MOM1 + tube.axis].reshape(-1),
        fields.u_out[b, ENER].reshape(-1),
    )
    for c in range(place.first, place.first + place.n):
        here = c * place.stride
        crossed = (
            0.5
            * (area[c] * mass[c] + area[c + 1] * mass[c + 1])
            * (tube.width[b, c] / tube.volume[b, c])
        )
        momentum[here] += dt * line.cells[0, DENS, 0, 0, c] * grav[here]
        work = dt * crossed * grav[here]
        ener[here] += work
        done += work * tube.volume[b, c]
    return done


@kernel
def inspect_line(scheme, stage, grid, axes, fields, tube, health, b):
    """Mark the troubled cells of a block, and settle between gas and cosmic rays; what moves is
    weighted with the volume."""
    block, place = block_of(fields, b), span(grid, tube.axis)
    for c in range(place.first, place.first + place.n):
        here = c * place.stride
        new, field, w = shift(block.u_out, here), shift_if(block.b_out, here), shift(block.w, here)
        if stage.find_troubled:
            marks = row(shift(block.marks, here), 0)
            health.troubled[b] += inspect_row(
                1, scheme.gas, scheme.cr, health.floors, new, field, axes, marks
            )
        cells, moved = settle_row(1, scheme.gas, scheme.cr, health.floors, w, new, field, axes)
        health.settled[b] += cells
        health.moved[b] += moved * tube.volume[b, c]


@kernel
def fastest_on_tube(gas, cr, grid, tube, w, ghosts):
    """Return the largest (abs(v) + c)/width of active cells and of those in the boxes `ghosts`.

    c is the sound speed of gas and cosmic rays; boxes are those of
    `crmpi.numerics.fluid.signals.fastest_rate_in_boxes`.
    """
    best = 0.0
    place = span(grid, tube.axis)
    for b in range(w.shape[0]):
        best = max(best, _fastest_on_line(gas, cr, place.stride, tube, w, b, place.first, place.n))
    for box in range(ghosts.shape[0]):
        block, first, n = ghosts[box, 0], ghosts[box, 3 - tube.axis], ghosts[box, 6 - tube.axis]
        best = max(best, _fastest_on_line(gas, cr, place.stride, tube, w, block, first, n))
    return best


@device
def _fastest_on_line(gas, cr, stride, tube, w, b, first, n):
    """Return the largest (abs(v) + c)/width of `n` cells of block `b`."""
    best = 0.0
    dens, press, velocity = (
        w[b, DENS].reshape(-1),
        w[b, PRES].reshape(-1),
        w[b, VEL1 + tube.axis].reshape(-1),
    )
    for c in range(first, first + n):
        here = c * stride
        stiffness = gas.gamma * press[here]
        if cr is not None:
            stiffness += cr.gamma * cr.gm1 * w[b, ECR].reshape(-1)[here]
        sound = math.sqrt(stiffness / dens[here])
        best = max(best, (abs(velocity[here]) + sound) / tube.width[b, c])
    return best
