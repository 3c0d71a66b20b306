"""Which layer of a block fills which ghost layer at a physical boundary.

Layers are counted outward from the boundary: layer 0 is next to it. The result is a table of
regions as in `crmpi.mesh.regions`, with whole layers, transverse ghosts included, as boxes.
"""

from typing import NamedTuple

import numpy as np

from crmpi.mesh.regions import COPY_COLUMNS, axis_shape, full_span

SIDES = ("ix1", "ox1", "ix2", "ox2", "ix3", "ox3")
"""Names of the faces of the mesh: inner and outer along x1, x2, x3."""


class Face(NamedTuple):
    """A face of the mesh and the blocks of this rank (by place in the pack) that touch it;
    ``outward`` is -1 or +1."""

    name: str
    axis: int
    outward: int
    blocks: list


def edge_layer(grid, kind, face, layer):
    """Outflow: every ghost layer copies the outermost active layer."""
    return _active_layer(grid, kind, face, 0, on_wall=True)


def mirror_layer(grid, kind, face, layer):
    """Reflection: ghost layer l mirrors active layer l; faces mirror about the wall face, which
    stays as it is."""
    return _active_layer(grid, kind, face, layer, on_wall=False)


def inner_layer(grid, kind, face, layer):
    """Extrapolation: every ghost layer follows from the layer next to it on the inside."""
    return edge_layer(grid, kind, face, 0) + face.outward * layer


def layer_table(grid, face, kind, source):
    """Return the table (rows of `COPY_COLUMNS`) that fills the ghost layers at `face`, per block
    from the inside outward.

    Parameters
    ----------
    grid : Grid
    face : Face
    kind : CELLS or 0, 1, 2
        cells, or the faces of an axis
    source : function (grid, kind, face, layer) -> int
        index along the axis of the layer to copy: `edge_layer`, `mirror_layer` or `inner_layer`
    """
    _, g = axis_shape(grid, face.axis)
    place = 2 - face.axis  # tables are ordered k, j, i
    extents = [full_span(grid, kind, axis) for axis in (2, 1, 0)]
    extents[place] = 1
    rows = []
    for block in face.blocks:
        for layer in range(g):
            origin, destination = [0, 0, 0], [0, 0, 0]
            origin[place] = source(grid, kind, face, layer)
            destination[place] = _ghost_layer(grid, kind, face, layer)
            rows.append([block, block, *origin, *destination, *extents])
    return np.array(rows, dtype=np.int64).reshape(-1, COPY_COLUMNS)


def ghost_boxes(grid, face):
    """Return the ghost cells at `face` without transverse ghosts: rows of block, first k j i,
    numbers k j i."""
    first, count = [grid.ng3, grid.ng2, grid.ng1], [grid.n3, grid.n2, grid.n1]
    n, g = axis_shape(grid, face.axis)
    place = 2 - face.axis
    first[place] = 0 if face.outward < 0 else g + n
    count[place] = g
    return np.array([[block, *first, *count] for block in face.blocks], dtype=np.int64).reshape(
        -1, 7
    )


def open_end(grid, face):
    """Return the rows of `ghost_boxes`, each with the axis, which way is outward, and the index of
    the boundary's face along the axis."""
    n, g = axis_shape(grid, face.axis)
    boxes = ghost_boxes(grid, face)
    return np.hstack(
        [
            boxes,
            np.tile([face.axis, face.outward, g if face.outward < 0 else g + n], (len(boxes), 1)),
        ]
    )


def field_at_wall(b, face, grid):
    """Return the largest field through the faces of the boundary, and the largest on any face next
    to it."""
    n, g = axis_shape(grid, face.axis)
    wall, cell = (g, g) if face.outward < 0 else (g + n, g + n - 1)
    through, strongest = 0.0, 0.0
    for axis in range(3):
        active = [slice(ng, ng + count) for count, ng in (axis_shape(grid, a) for a in (2, 1, 0))]
        active[2 - face.axis] = wall if axis == face.axis else cell
        largest = float(np.abs(b[(face.blocks, axis, *active)]).max(initial=0.0))
        through = largest if axis == face.axis else through
        strongest = max(strongest, largest)
    return through, strongest


def _ghost_layer(grid, kind, face, layer):
    return _active_layer(grid, kind, face, 0, on_wall=True) + face.outward * (layer + 1)


def _active_layer(grid, kind, face, layer, on_wall):
    """Return the index of the active `layer` counted inward; of the faces of the axis, count the
    one on the wall or not."""
    n, g = axis_shape(grid, face.axis)
    if kind == face.axis:
        depth = layer if on_wall else layer + 1
        return g + depth if face.outward < 0 else g + n - depth
    return g + layer if face.outward < 0 else g + n - 1 - layer
