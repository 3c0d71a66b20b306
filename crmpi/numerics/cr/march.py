"""One stage of two-moment transport on all blocks: planes along x3, rows along x2, vectors along
x1.

Planes roll through small buffers that stay in the cache: the coupling and the faces of two planes,
no full flux arrays. They hold the planes of a tile of blocks (`crmpi.mesh.tiles`), from its lowest
layer of blocks to the highest. Plane k - 1 is updated as soon as the faces above it, which need the
coupling of plane k, are there:

    coupling of plane k -> x3-faces below plane k -> x1- and x2-faces of plane k -> update of plane
    k - 1

Each block reads its own cells and ghost zones, and writes its part of the buffers. Of what lies
between two blocks nothing is made twice: along x1 and x2 a block makes the coupling from the cell
before its first one to the cell before its last one, and its lower faces; the last block of the
tile makes the coupling up to the cell after its last one, and its upper faces.

Loops over coupling and faces are as long as whole registers. What they write beyond the end of a
row lies in the part of the next block, which comes later and overwrites it, or beyond the tile,
where rows of the buffers have room for it. The `moments` say what is advanced:
`crmpi.numerics.cr.moments.Moments`, cosmic rays, or `crmpi.numerics.cr.alfven.WaveMoments`, cosmic
rays with Alfven waves.
"""

from typing import NamedTuple

from crmpi.jit import choice, device, kernel
from crmpi.numerics.cr.accounts import always_summed, is_negative, raise_rows
from crmpi.numerics.cr.alfven import (
    WaveMoments,
    correct_wave_rows,
    predict_wave_rows,
    wave_coupling_rows,
    wave_face_rows,
)
from crmpi.numerics.cr.moments import (
    Moments,
    Run,
    correct_rows,
    coupling_rows,
    face_rows,
    predict_rows,
    signal_rows,
)
from crmpi.numerics.levels.crossing import cross_rows, touches
from crmpi.numerics.levels.level_faces import keep_row
from crmpi.numerics.rows.cells import entering
from crmpi.numerics.rows.memory import ask_rows
from crmpi.numerics.rows.rows import pointer, rows, shift, whole
from crmpi.numerics.rows.tiles import Window, corner_of, layer_of
from crmpi.precision import LANES

_STRIP = 512  # numbers in the rows of a call: what one loop writes for the next stays in the cache


class Predict(NamedTuple):
    """Half a step, from ``start`` to ``half``."""


class Correct(NamedTuple):
    """The whole step with the faces of ``half``: ``start`` is advanced in place."""


class Registers(NamedTuple):
    """Arrays (nblock, ncomp, m3, m2, m1): (e, f), or (e, f, a+, a-), at the start and at the half
    step, frozen coefficients, account."""

    start: object
    half: object
    frozen: object
    account: object


class Planes(NamedTuple):
    """Rolling buffers (slot, component, 1, n2, n1) of the planes of a tile: the coupling, slot
    k & 1, and the faces, slot 2 axis + (k & 1), see `plane_shape`; and one number (m1,) for each
    column of cells of the block that is updated."""

    coupling: object
    faces: object
    lowest: object


class Slab(NamedTuple):
    """Plane `k` of a layer of blocks, and whether the tile has one more layer above it."""

    layer: object  # `crmpi.numerics.rows.tiles.Layer`
    k: int
    more: bool


class Member(NamedTuple):
    """Plane `k` of a block of a layer."""

    index: int  # of the block
    above: int  # index of the block above it in the tile, itself if there is none
    k: int
    corner: int  # where its first allocated cell would lie in the buffers
    # faces more than cells along x1 and x2: 1 where the block is the last of the tile, else 0
    more1: int
    more2: int


def plane_shape(grid, wide, deep):
    """Return (n2, n1), rows and numbers in a row that `Planes` need for tiles of at most so many
    blocks along x1 and x2. The first active cells of rows lie on cache lines."""
    last = -(-(grid.n1 + 2) // LANES) * LANES  # of the last block, with what comes after it
    n1 = -(-((wide - 1) * grid.n1 + last) // LANES) * LANES
    return deep * grid.n2 + 2, LANES + n1


@kernel
def march(stage, moments, grid, axes, registers, planes, crossing, tiles, kept=None):
    """Advance the blocks of `tiles` (`crmpi.mesh.tiles.Tiles`) by one stage; the whole step adds to
    `crossing` what comes in through the boundary of the mesh.

    The whole step begins with the tile that the half step ended with: what it left in the cache is
    still there.

    ``kept``: `crmpi.numerics.levels.level_faces.Kept` where fluxes beside another level are wanted,
    else None.
    """
    reach, top = 1 if grid.ng3 else 0, grid.ng3 + grid.n3
    count = tiles.first.size
    for s in range(count):
        t = count - 1 - s if lasts(stage) else s
        layers = tiles.shape[t, 2]
        for number in range(layers):
            layer, more = layer_of(tiles, t, number), number < layers - 1
            first = grid.ng3 - (reach if number == 0 else 0)
            for k in range(first, top + (0 if more else reach)):
                slab = Slab(layer, k, more)
                couple(stage, moments, grid, axes, registers, planes, slab)
                if k < grid.ng3:
                    continue
                solve_slab(stage, moments, grid, axes, registers, planes, slab)
                done = Slab(layer, k - reach, more)
                if number > 0 and done.k < grid.ng3:
                    done = Slab(layer_of(tiles, t, number - 1), top - 1, True)
                if done.k >= grid.ng3:
                    buffers = planes, crossing, kept
                    update_slab(stage, moments, grid, axes, registers, buffers, done)


@kernel
def couple(stage, moments, grid, axes, registers, planes, slab):
    """Fill the coupling of a plane: the active cells and one more all around."""
    strides = (axes[0].stride, axes[1].stride, axes[2].stride)
    for number in range(slab.layer.wide * slab.layer.deep):
        member = member_of(grid, planes, slab, number)
        j, i = grid.ng2 - (1 if grid.ng2 else 0), grid.ng1 - (1 if grid.ng1 else 0)
        offset, place = places(grid, planes, member, j, i)
        n = whole(grid.n1 + 2 * member.more1)
        run = run_of(grid, planes, grid.n2 + 2 * member.more2, n)
        cells = driving_cells(stage, registers, member.index, offset)
        frozen = rows(registers.frozen, member.index, offset)
        out = rows(planes.coupling, member.k & 1, place)
        fill_coupling(moments, run, cells, frozen, strides, (member.index, offset), out)
        b = block_ahead(grid, member)
        ask_ahead(grid, member, driving_cells(stage, registers, b, 0), registers.start.shape[1])


@kernel
def solve_slab(stage, moments, grid, axes, registers, planes, slab):
    """Solve the x3-faces below a plane and, if it is active, its x1- and x2-faces.

    While they are made, a third of the frozen coefficients of later planes is asked for with every
    axis: more at a time is more than memory takes requests.
    """
    active = slab.k < grid.ng3 + grid.n3
    for axis in axes:
        if axis.stride and (active or axis.normal == 2):
            for number in range(slab.layer.wide * slab.layer.deep):
                member = member_of(grid, planes, slab, number)
                solve_block(stage, moments, grid, axis, registers, planes, member)
                frozen = rows(registers.frozen, block_ahead(grid, member), 0)
                for v in range(axis.normal, registers.frozen.shape[1], 3):
                    ask_ahead(grid, member, shift(frozen, v * frozen.step), 1)


@device
def solve_block(stage, moments, grid, axis, registers, planes, member):
    """Solve the lower faces along an axis of a plane of a block, and the upper ones of its last
    cells at the end of the tile."""
    width, parity = planes.faces.shape[4], member.k & 1
    n = whole(grid.n1 + (member.more1 if axis.normal == 0 else 0))
    j, end = grid.ng2, grid.ng2 + grid.n2 + (member.more2 if axis.normal == 1 else 0)
    while j < end:
        run = run_of(grid, planes, min(max(_STRIP // grid.m1, 1), end - j), n)
        offset, place = places(grid, planes, member, j, grid.ng1)
        here = rows(planes.coupling, parity, place)
        below = (
            rows(planes.coupling, parity ^ 1, place)
            if axis.normal == 2
            else shift(here, -1 if axis.normal == 0 else -width)
        )
        cells = driving_cells(stage, registers, member.index, offset)
        out = rows(planes.faces, 2 * axis.normal + parity, place)
        frozen, at = rows(registers.frozen, member.index, offset), (member.index, offset)
        solve_faces(moments, run, axis, cells, frozen, (below, here), at, out)
        j += run.count


@kernel
def update_slab(stage, moments, grid, axes, registers, buffers, slab):
    """Update the active cells of a plane; `buffers`: the `Planes`, the `Crossing` and the
    `Kept`."""
    for number in range(slab.layer.wide * slab.layer.deep):
        member = member_of(grid, buffers[0], slab, number)
        update_block(stage, moments, grid, axes, registers, buffers, member)


@device
def update_block(stage, moments, grid, axes, registers, buffers, member):
    """Update the active cells of a plane of a block."""
    planes, crossing, kept = buffers
    b, k = member.index, member.k
    offset, place = places(grid, planes, member, grid.ng2, grid.ng1)
    run = run_of(grid, planes, grid.n2, filled(grid))
    around, lowest = faces_around(grid, planes, k, place), pointer(planes.lowest, 0)
    update_rows(stage, run, moments, axes, registers, b, offset, around, lowest)
    ask_for_update(stage, moments, run, registers, b, offset + grid.m2 * grid.m1)
    recorded = lasts(stage) and touches(crossing, b)
    for j in range(grid.ng2, grid.ng2 + grid.n2):
        _, place = places(grid, planes, member, j, grid.ng1)
        faces = faces_around(grid, planes, k, place)
        lower, upper = (
            (faces[0][0], faces[1][0], faces[2][0]),
            (faces[0][1], faces[1][1], faces[2][1]),
        )
        keep_row(grid, axes, kept, (b, k, j), lower, upper, 0)
        if recorded:
            inward = (
                entering(moments.cells, moments.dt, axes[0]),
                entering(moments.cells, moments.dt, axes[1]),
                entering(moments.cells, moments.dt, axes[2]),
            )
            count = crossing.amounts.shape[1]
            cross_rows(grid, inward, crossing, (b, k, j), lower, upper, 0, count)


@device
def member_of(grid, planes, slab, number):
    """Return block `number` of the layer of a plane."""
    layer = slab.layer
    place, blocks = layer.first + number, layer.wide * layer.deep
    window = Window(planes.faces.shape[4], planes.faces.shape[3], LANES, 1 if grid.ng2 else 0)
    return Member(
        layer.blocks[place],
        layer.blocks[place + (blocks if slab.more else 0)],
        slab.k,
        corner_of(grid, window, layer, number),
        1 if grid.ng1 and number % layer.wide == layer.wide - 1 else 0,
        1 if grid.ng2 and number // layer.wide == layer.deep - 1 else 0,
    )


@device
def places(grid, planes, member, j, i):
    """Return the elements of cell (j, i) of a plane of a block in the block and in the buffers."""
    offset = (member.k * grid.m2 + j) * grid.m1 + i
    return offset, member.corner + j * planes.faces.shape[4] + i


@device
def run_of(grid, planes, count, length):
    """Return the `Run` of so many rows of this length."""
    return Run(count, length, grid.m1, planes.faces.shape[4] - grid.m1)


@device
def filled(grid):
    """Return how many cells of a row are updated: those that fill its last register too, where the
    row has room for them behind its active cells. Ghost cells are filled after every stage."""
    n = whole(grid.n1)
    return n if grid.ng1 + n <= grid.m1 else grid.n1


@device
def leaves(grid, member):
    """Return whether the plane is the last one of a block with another one above it in the tile:
    the planes after it are the first ones of that block."""
    return member.k == grid.ng3 + grid.n3 - 1 and member.above != member.index


@device
def block_ahead(grid, member):
    """Return the index of the block of which `ask_ahead` asks for planes."""
    return member.above if leaves(grid, member) else member.index


@device
def ask_ahead(grid, member, cells, count):
    """Ask for `count` variables in the plane of cells that is needed after the next one of a block,
    or in the first four of the block above it; `cells`: rows at the first allocated cell of
    `block_ahead`.

    A plane of a small block is a short run in memory, and those of many blocks and variables take
    turns: too little for a processor to guess what comes next.
    """
    leaving = leaves(grid, member)
    k, planes = grid.ng3 - 2 if leaving else member.k + 2, 4 if leaving else 1
    n = (planes * grid.m2 - 2) * grid.m1  # without the outermost rows of ghosts
    ask_rows(n, count, shift(cells, (k * grid.m2 + 1) * grid.m1))


@device
def faces_around(grid, planes, k, place):
    """Return (lower, upper) of each axis for the row of cells at `place` of plane `k`."""
    faces1 = rows(planes.faces, k & 1, place)
    faces2 = rows(planes.faces, 2 + (k & 1), place)
    above = (k + 1) & 1 if grid.ng3 else k & 1
    return (
        (faces1, shift(faces1, 1 if grid.ng1 else 0)),
        (faces2, shift(faces2, planes.faces.shape[4] if grid.ng2 else 0)),
        (rows(planes.faces, 4 + (k & 1), place), rows(planes.faces, 4 + above, place)),
    )


@choice
def lasts(stage):
    """Return whether what the stage adds stays in the state."""


@lasts.option(Predict)
def half_a_step_is_forgotten(stage):
    return False


@lasts.option(Correct)
def whole_step_stays(stage):
    return True


@choice
def driving_cells(stage, registers, b, offset):
    """Return the row of cells whose faces and coupling drive the stage."""


@driving_cells.option(Predict)
def start_drives(stage, registers, b, offset):
    return rows(registers.start, b, offset)


@driving_cells.option(Correct)
def half_drives(stage, registers, b, offset):
    return rows(registers.half, b, offset)


@choice
def update_rows(stage, run, moments, axes, registers, b, offset, faces, lowest):
    """Update a `Run` of cells; `lowest` is scratch for as many numbers as it is long."""


@update_rows.option(Predict)
def predict_row(stage, run, moments, axes, registers, b, offset, faces, lowest):
    start, half = rows(registers.start, b, offset), rows(registers.half, b, offset)
    frozen = rows(registers.frozen, b, offset)
    predict(moments, run, axes, start, frozen, faces, (b, offset), half)


@update_rows.option(Correct)
def correct_row(stage, run, moments, axes, registers, b, offset, faces, lowest):
    cells = rows(registers.start, b, offset), rows(registers.half, b, offset)
    frozen, account = rows(registers.frozen, b, offset), rows(registers.account, b, offset)
    correct(moments, run, axes, cells, frozen, faces, (b, offset), account, lowest)


@choice
def ask_for_update(stage, moments, run, registers, b, offset):
    """Ask for a `Run` of cells of which only the update has need."""


@ask_for_update.option(Predict)
def ask_for_half(stage, moments, run, registers, b, offset):
    half = rows(registers.half, b, offset)
    ask_rows(run.count * run.step, registers.half.shape[1], half)


@ask_for_update.option(Correct)
def ask_for_start(stage, moments, run, registers, b, offset):
    start, account = rows(registers.start, b, offset), rows(registers.account, b, offset)
    ask_rows(run.count * run.step, registers.start.shape[1], start)
    ask_rows(run.count * run.step, always_summed(moments), account)


@choice
def fill_coupling(moments, run, cells, frozen, strides, at, out):
    """Fill the coupling of a `Run` of cells."""


@fill_coupling.option(Moments)
def streaming_coupling(moments, run, cells, frozen, strides, at, out):
    coupling_rows(run, moments, cells, frozen, strides, at, out)


@fill_coupling.option(WaveMoments)
def wave_coupling(moments, run, cells, frozen, strides, at, out):
    wave_coupling_rows(run, moments, cells, frozen, out)


@choice
def solve_faces(moments, run, axis, cells, frozen, coupling, at, out):
    """Solve a `Run` of lower faces along an axis."""


@solve_faces.option(Moments)
def faces_of_moments(moments, run, axis, cells, frozen, coupling, at, out):
    signal_rows(run, moments, axis, cells, frozen, coupling, at, out)
    face_rows(run, moments, axis, cells, frozen, at, out)


@solve_faces.option(WaveMoments)
def faces_with_waves(moments, run, axis, cells, frozen, coupling, at, out):
    wave_face_rows(run, moments, axis, cells, frozen, coupling, out)


@choice
def predict(moments, run, axes, start, frozen, faces, at, half):
    """Advance a `Run` of cells by half a step, from `start` to `half`."""


@predict.option(Moments)
def predict_moments(moments, run, axes, start, frozen, faces, at, half):
    predict_rows(run, moments, axes, start, frozen, faces, at, half)


@predict.option(WaveMoments)
def predict_with_waves(moments, run, axes, start, frozen, faces, at, half):
    predict_wave_rows(run, moments, axes, start, frozen, faces, at, half)


@choice
def correct(moments, run, axes, cells, frozen, faces, at, account, lowest):
    """Advance a `Run` of cells by the whole step in place; `cells`: (start, half)."""


@correct.option(Moments)
def correct_moments(moments, run, axes, cells, frozen, faces, at, account, lowest):
    correct_rows(run, moments, axes, cells, frozen, faces, at, account, lowest)
    if is_negative(run.length, lowest):
        raise_rows(run, cells[0], account)


@correct.option(WaveMoments)
def correct_with_waves(moments, run, axes, cells, frozen, faces, at, account, lowest):
    correct_wave_rows(run, moments, axes, cells, frozen, faces, at, account)
