"""One stage of two-moment transport on all blocks: planes along x3, rows along x2, vectors along
x1.

Planes roll through small buffers that stay in the cache, on from a block into the one above it
(`crmpi.mesh.tiles`): the coupling and the faces of two planes, no full flux arrays. Plane k - 1 is
updated as soon as the faces above it, which need the coupling of plane k, are there:

    coupling of plane k -> x3-faces below plane k -> x1- and x2-faces of plane k -> update of plane
    k - 1

Loops over coupling and faces are as long as whole registers; what they write beyond the end of a
row is overwritten by the next one or never used. The `moments` say what is advanced:
`crmpi.numerics.cr.moments.Moments`, cosmic rays, or `crmpi.numerics.cr.alfven.WaveMoments`, cosmic
rays with Alfven waves.
"""

from typing import NamedTuple

from crmpi.jit import choice, device, kernel
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
from crmpi.numerics.rows.rows import rows, shift, whole

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
    """Rolling buffers (slot, component, 1, m2, m1): the coupling, slot k & 1, and the faces, slot 2
    axis + (k & 1)."""

    coupling: object
    faces: object


@kernel
def march(stage, moments, grid, axes, registers, planes, crossing, tiles, kept=None):
    """Advance the blocks of `tiles` (`crmpi.mesh.tiles.Tiles`), one block wide along x1 and x2, by
    one stage; the whole step adds to `crossing` what comes in through the boundary of the mesh.

    The whole step begins with the tile that the half step ended with: what it left in the cache is
    still there.

    ``kept``: `crmpi.numerics.levels.level_faces.Kept` where fluxes beside another level are wanted,
    else None.
    """
    deep = 1 if grid.ng3 else 0
    count = tiles.first.size
    for t in range(count):
        tile = count - 1 - t if lasts(stage) else t
        lowest, layers, first = tiles.first[tile], tiles.shape[tile, 2], grid.ng3 - deep
        below = tiles.blocks[lowest]  # the block of the plane below
        for layer in range(layers):
            b = tiles.blocks[lowest + layer]
            for k in range(first, grid.ng3 + grid.n3 + (deep if layer == layers - 1 else 0)):
                couple(stage, moments, grid, axes, registers, planes, b, k)
                if k < grid.ng3:
                    continue
                solve_plane(stage, moments, grid, axes, registers, planes, b, k)
                last = k - deep if below == b else grid.ng3 + grid.n3 - 1
                if last >= grid.ng3:
                    buffers = planes, crossing, kept
                    update_plane(stage, moments, grid, axes, registers, buffers, below, last)
                below = b
            first = grid.ng3


@kernel
def couple(stage, moments, grid, axes, registers, planes, b, k):
    """Fill the coupling of plane `k`: the active cells and one more all around."""
    strides = (axes[0].stride, axes[1].stride, axes[2].stride)
    wide = 1 if grid.ng2 else 0
    place = (grid.ng2 - wide) * grid.m1 + grid.ng1 - axes[0].stride
    offset = k * grid.m2 * grid.m1 + place
    cells = driving_cells(stage, registers, b, offset)
    run = Run(grid.n2 + 2 * wide, whole(grid.n1 + 2 * axes[0].stride), grid.m1)
    frozen, out = rows(registers.frozen, b, offset), rows(planes.coupling, k & 1, place)
    fill_coupling(moments, run, cells, frozen, strides, (b, offset), out)


@kernel
def solve_plane(stage, moments, grid, axes, registers, planes, b, k):
    """Solve the x3-faces below plane `k` and, if it is active, its x1- and x2-faces."""
    active = k < grid.ng3 + grid.n3
    for axis in axes:
        if axis.stride and (active or axis.normal == 2):
            n = whole(grid.n1 + (1 if axis.normal == 0 else 0))
            j, end = grid.ng2, grid.ng2 + grid.n2 + (1 if axis.normal == 1 else 0)
            while j < end:
                run = Run(min(max(_STRIP // grid.m1, 1), end - j), n, grid.m1)
                place = j * grid.m1 + grid.ng1
                offset = k * grid.m2 * grid.m1 + place
                here = rows(planes.coupling, k & 1, place)
                below = (
                    rows(planes.coupling, (k - 1) & 1, place)
                    if axis.normal == 2
                    else shift(here, -axis.stride)
                )
                cells = driving_cells(stage, registers, b, offset)
                out = rows(planes.faces, 2 * axis.normal + (k & 1), place)
                frozen = rows(registers.frozen, b, offset)
                solve_faces(moments, run, axis, cells, frozen, (below, here), (b, offset), out)
                j += run.count


@kernel
def update_plane(stage, moments, grid, axes, registers, buffers, b, k):
    """Update the active cells of plane `k`; `buffers`: the `Planes`, the `Crossing` and the
    `Kept`."""
    planes, crossing, kept = buffers
    place = grid.ng2 * grid.m1 + grid.ng1
    offset = k * grid.m2 * grid.m1 + place
    faces = faces_around(grid, axes, planes, k, place)
    run = Run(grid.n2, grid.n1, grid.m1)
    update_rows(stage, run, moments, axes, registers, b, offset, faces)
    recorded = lasts(stage) and touches(crossing, b)
    for j in range(grid.ng2, grid.ng2 + grid.n2):
        faces = faces_around(grid, axes, planes, k, j * grid.m1 + grid.ng1)
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
def faces_around(grid, axes, planes, k, place):
    """Return (lower, upper) of each axis for the row of cells at `place` of plane `k`."""
    faces1 = rows(planes.faces, k & 1, place)
    faces2 = rows(planes.faces, 2 + (k & 1), place)
    above = (k + 1) & 1 if grid.ng3 else k & 1
    return (
        (faces1, shift(faces1, axes[0].stride)),
        (faces2, shift(faces2, axes[1].stride)),
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
def update_rows(stage, run, moments, axes, registers, b, offset, faces):
    """Update a `Run` of cells."""


@update_rows.option(Predict)
def predict_row(stage, run, moments, axes, registers, b, offset, faces):
    start, half = rows(registers.start, b, offset), rows(registers.half, b, offset)
    frozen = rows(registers.frozen, b, offset)
    predict(moments, run, axes, start, frozen, faces, (b, offset), half)


@update_rows.option(Correct)
def correct_row(stage, run, moments, axes, registers, b, offset, faces):
    cells = rows(registers.start, b, offset), rows(registers.half, b, offset)
    frozen, account = rows(registers.frozen, b, offset), rows(registers.account, b, offset)
    correct(moments, run, axes, cells, frozen, faces, (b, offset), account)


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
def correct(moments, run, axes, cells, frozen, faces, at, account):
    """Advance a `Run` of cells by the whole step in place; `cells`: (start, half)."""


@correct.option(Moments)
def correct_moments(moments, run, axes, cells, frozen, faces, at, account):
    correct_rows(run, moments, axes, cells, frozen, faces, at, account)


@correct.option(WaveMoments)
def correct_with_waves(moments, run, axes, cells, frozen, faces, at, account):
    correct_wave_rows(run, moments, axes, cells, frozen, faces, at, account)
