"""The bundles that the kernels of a fluid stage pass on."""

from typing import NamedTuple

import numpy as np

from crmpi.constants import NHYDRO
from crmpi.eos.gas import CosmicRayPopulations, CosmicRays
from crmpi.jit import choice, device
from crmpi.numerics.rows.rows import Register, Rows, row, rows, shift
from crmpi.numerics.rows.tiles import corner_of, make_window


class Scheme(NamedTuple):
    """What is compiled in: marker types of the solver and the reconstruction, the gas, the cosmic
    rays (or None), the `crmpi.numerics.fluid.shock_acceleration.Acceleration` at shocks (or None).
    """

    riemann: object
    reconstruction: object
    gas: object
    cr: object
    acceleration: object = None


class Stage(NamedTuple):
    """What changes from stage to stage."""

    dt: float
    first_order: bool  # donor cell instead of the scheme's reconstruction
    correct_marked: bool  # use first-order fluxes at the faces of marked cells
    find_troubled: bool  # mark cells whose new state is unphysical
    recorded: bool  # something of this stage lasts: sum what crosses the boundary of the mesh
    keep: float  # share of the state at the start of the step in the result
    convert: bool  # make the primitives that give the fluxes, plane by plane; else they are there
    dissipate: bool  # use HLLE at faces beside strong shocks
    seen: float  # share of a predictor's fluxes that the state which gives the fluxes has seen


class Fields(NamedTuple):
    """Pack arrays of one stage, to what `advance_blocks` calls their `registers`; magnetic ones may
    be None, gravity may have no components."""

    w: object  # primitives and cell-centred field that give the fluxes
    bcc: object
    bface: object  # face field of the same time
    u_in: object
    b_in: object
    u_out: object
    b_out: object
    grav: object
    marks: object
    valves: object  # bool array (nblock, 6, 3), see `crmpi.numerics.fluid.valves`
    u_first: object  # state at the start of the step
    b_first: object
    # mass flux of the predictor through lower faces, with passive scalars, else None
    early: object
    passive: int  # number of the first passive scalar, that of variables if there is none
    cells: object  # their shape, see `crmpi.numerics.rows.cells`
    # `crmpi.numerics.fluid.convert.Conversion` of the state that gives the fluxes to w and bcc, or
    # None where no stage converts: then nothing of it is compiled
    conversion: object


class Plane(NamedTuple):
    """Plane `k` of a layer of blocks, and the window of it that the buffers hold."""

    fields: Fields
    layer: object  # `crmpi.numerics.rows.tiles.Layer`
    window: object  # `crmpi.numerics.rows.tiles.Window`
    places: object  # of its rows, `crmpi.numerics.rows.tiles.find_rows`
    k: int


class Scratch(NamedTuple):
    """Buffers (slot, component, 1, 1, cells) of planes of the window and of strips of it, handed
    down like the `Fields`; components as in `crmpi.numerics.fluid.layout`."""

    faces: object  # planes, slot 2 axis + parity of the plane
    edges: object  # planes: electric field on edges, slot parity of the plane
    electric: object  # planes: electric field in cells, slot parity of the plane
    # planes: states at upper x3-faces or cells, slot parity of the plane; at upper x2-faces, slot 2
    plane: object
    upper: object  # strip: states at upper x1-faces
    lower: object  # strip: states at lower faces
    normal: object  # plane: field on the faces
    speeds: object  # strip: signal speeds
    shocks: object  # planes: how strong shocks along each axis are, slot parity of the plane
    known: object  # planes: what bounds scalars in cells, see `crmpi.numerics.fluid.passive`
    spare: object  # strip: other faces
    flags: object  # strip: which faces take them, or how much of them
    cells: object  # row of updated cells, as long as in the block
    places: object  # of the rows of a tile, `crmpi.numerics.rows.tiles.find_rows`
    # of every block of a layer, the slot or the row is its number there
    work: object  # (members, m1): work of gravity, summed over the rows of a block
    per_mass: object  # block: n/rho of the cosmic rays, and of the gas
    made: object  # two numbers: the plane up to which those are made


STRIP = 4  # rows in a strip


class Floors(NamedTuple):
    """Smallest density, gas pressure and cosmic-ray energy density."""

    dens: float
    press: float
    ecr: float


class Health(NamedTuple):
    """Where a stage reports its troubles, one entry per block."""

    floors: Floors
    troubled: object  # number of cells marked
    settled: object  # number of cells where energy moved between gas and cosmic rays
    moved: object  # energy density moved from cosmic rays to gas there, summed over cells
    crossing: object  # `crmpi.numerics.levels.crossing.Crossing` of all variables
    work: object  # energy density that gravity gave to the gas, summed over cells
    accelerated: object  # energy density that shocks gave to cosmic rays, summed over cells


class Block(NamedTuple):
    """The `Fields` of one block as `Rows` at its first allocated cell."""

    w: object
    bcc: object
    bface: object
    u_in: object
    b_in: object
    u_out: object
    b_out: object
    grav: object
    marks: object
    valves: object
    u_first: object
    b_first: object
    early: object
    passive: int
    cells: object
    nvar: int
    heavy: bool  # there is gravity
    index: int


class Member(NamedTuple):
    """A block of a layer, and where it lies in the buffers of a plane: its cell (j, i) at element
    `corner + j width + i`."""

    block: Block
    number: int  # in the layer
    corner: int
    width: int


@choice
def tracers(cr):
    """Return the number of passive cosmic-ray populations; their energies follow that of the
    bulk."""


@tracers.option(CosmicRays)
def no_tracers(cr):
    return 0


@tracers.option(CosmicRayPopulations)
def some_tracers(cr):
    return cr.tracers


@device
def first_scalar(cr):
    """Return the number of the first scalar, which follows the energies of the cosmic rays if there
    are any."""
    return NHYDRO if cr is None else NHYDRO + 1 + tracers(cr)


@device
def number_of_variables(fields):
    """Return the number of variables of a state."""
    return fields.w.ncomp


@device
def block_of(fields, b):
    """Return block `b` of the fields."""
    return Block(
        rows(fields.w, b, 0),
        rows_if(fields.bcc, b),
        rows_if(fields.bface, b),
        rows(fields.u_in, b, 0),
        rows_if(fields.b_in, b),
        rows(fields.u_out, b, 0),
        rows_if(fields.b_out, b),
        rows(fields.grav, b, 0),
        rows(fields.marks, b, 0),
        fields.valves[b],
        rows(fields.u_first, b, 0),
        rows_if(fields.b_first, b),
        rows_if(fields.early, b),
        fields.passive,
        fields.cells,
        number_of_variables(fields),
        fields.grav.ncomp > 0,
        b,
    )


@choice
def rows_if(array, block):
    """Return the rows at the first cell of a block, or None for an absent array."""


@rows_if.option(Register)
@rows_if.option(np.ndarray)
def rows_of_array(array, block):
    return rows(array, block, 0)


@rows_if.option(type(None))
def no_rows_of_array(array, block):
    return None


@choice
def shift_if(r, distance):
    """Return the rows `distance` further on, or None for absent rows."""


@shift_if.option(Rows)
def shift_rows(r, distance):
    return shift(r, distance)


@shift_if.option(type(None))
def shift_no_rows(r, distance):
    return None


@choice
def row_if(r, variable, distance):
    """Return the pointer to a variable `distance` further on, or None for absent rows."""


@row_if.option(Rows)
def row_of_rows(r, variable, distance):
    return row(shift(r, distance), variable)


@row_if.option(type(None))
def row_of_no_rows(r, variable, distance):
    return None


@choice
def if_given(field, value):
    """Return `value` if there is a `field`, an array or rows, else None."""


@if_given.option(Rows)
@if_given.option(Register)
def value_with_field(field, value):
    return value


@if_given.option(type(None))
def none_without_field(field, value):
    return None


@device
def plane_of(grid, fields, scratch, layer, k):
    """Return plane `k` of a layer of the tile whose rows were found for `scratch`."""
    window = make_window(grid, layer.wide, layer.deep)
    return Plane(fields, layer, window, scratch.places, k)


@device
def member_of(grid, plane, number):
    """Return block `number` of the layer of a plane."""
    window, layer = plane.window, plane.layer
    block = block_of(plane.fields, layer.blocks[layer.first + number])
    return Member(block, number, corner_of(grid, window, layer, number), window.n1)


@device
def row_at(grid, plane, r):
    """Return the block of row `r` of the window, and the element of it at which the row begins."""
    layer, number = plane.layer, plane.places[r, 0]
    block = block_of(plane.fields, layer.blocks[layer.first + number])
    return block, plane.k * grid.m2 * grid.m1 + plane.places[r, 1]


@device
def face(scratch, axis, parity, offset):
    """Return the faces along `axis` number 0, 1, 2 in the plane of this parity."""
    return rows(scratch.faces, 2 * axis + parity, offset)
