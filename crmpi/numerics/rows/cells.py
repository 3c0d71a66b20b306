"""What the shape of cells means for kernels; they are compiled for each kind of cells.

`EqualVolumes` stands for equal boxes, of which the `Axis` holds dt/dx; `Tube` for cells between the
cross-sections of a tube. ``b`` is the block, ``c`` the index of a cell along the axis, ghosts
included. On a Cartesian mesh each function is the one operation that stands in a scheme for equal
boxes.
"""

from crmpi.jit import choice
from crmpi.types import Axis, EqualVolumes, Tube


@choice
def net_outflow(cells, axis, b, c, below, above):
    """Return what leaves a cell through its two faces along an axis, from the fluxes per area:
    with `over_volume` the density lost in the time step of the `axis`."""


@net_outflow.option(EqualVolumes)
def outflow_of_box(cells, axis, b, c, below, above):
    return axis.dtdx * (above - below)


@net_outflow.option(Tube)
def outflow_of_tube(cells, axis, b, c, below, above):
    return cells.area[b, c + 1] * above - cells.area[b, c] * below


@choice
def over_volume(cells, dt, b, k, j, i, outflow):
    """Return the density lost in `dt` of a sum of `net_outflow` over the axes."""


@over_volume.option(EqualVolumes)
def outflow_over_box(cells, dt, b, k, j, i, outflow):
    return outflow


@over_volume.option(Tube)
def outflow_over_tube(cells, dt, b, k, j, i, outflow):
    return dt / cells.volume[b, i if cells.axis == 0 else j if cells.axis == 1 else k] * outflow


@choice
def sum_weight(cells, b, k, j, i):
    """Return the weight of a density of a cell in sums over a block: 1, on a tube the volume."""


@sum_weight.option(EqualVolumes)
def sum_weight_of_box(cells, b, k, j, i):
    return 1.0


@sum_weight.option(Tube)
def sum_weight_in_tube(cells, b, k, j, i):
    return cells.volume[b, i if cells.axis == 0 else j if cells.axis == 1 else k]


@choice
def turning(cells, field):
    """Return the field of cells as far as it can turn and exert a force: on a tube none, None."""


@turning.option(EqualVolumes)
def turning_in_boxes(cells, field):
    return field


@turning.option(Tube)
def turning_in_tube(cells, field):
    return None


@choice
def crossings(cells, axis, b, c, speed):
    """Return how many cells a signal of this speed crosses in the time step of the `axis`, which is
    1 on a tube."""


@crossings.option(EqualVolumes)
def crossings_of_box(cells, axis, b, c, speed):
    return speed * axis.dtdx


@crossings.option(Tube)
def crossings_of_tube(cells, axis, b, c, speed):
    return speed / cells.width[b, c]


@choice
def over_distance(cells, width, b, i, d, value):
    """Return ``value`` at the lower face of cell `i` (an index into a block, `d` from a cell to the
    next) over the distance of the two cells beside it, on a tube times the area of the face."""


@over_distance.option(EqualVolumes)
def over_distance_of_boxes(cells, width, b, i, d, value):
    return value / width


@over_distance.option(Tube)
def over_distance_on_tube(cells, width, b, i, d, value):
    return cells.area[b, i // d] / cells.gap[b, i // d] * value


@choice
def over_extent(cells, width, b, i, d, value):
    """Return a sum of `over_distance` of the two faces of cell `i` over what turns it into a rate:
    the width of the cell, on a tube its volume."""


@over_extent.option(EqualVolumes)
def over_extent_of_box(cells, width, b, i, d, value):
    return value / width


@over_extent.option(Tube)
def over_extent_on_tube(cells, width, b, i, d, value):
    return value / cells.volume[b, i // d]


@choice
def central_slope(cells, half, b, i, d, difference):
    """Return the slope in cell `i` from the difference of its two neighbours; `half`: 0.5 over the
    width of cells."""


@central_slope.option(EqualVolumes)
def central_slope_of_boxes(cells, half, b, i, d, difference):
    return half * difference


@central_slope.option(Tube)
def central_slope_on_tube(cells, half, b, i, d, difference):
    if d == 0:
        return 0.0
    return difference / (cells.gap[b, i // d] + cells.gap[b, i // d + 1])


@choice
def mean_slope(cells, half, b, i, d, below, above):
    """Return the mean of the slopes at the two faces of cell `i` from the differences across
    them; `half`: 0.5 over the width of cells."""


@mean_slope.option(EqualVolumes)
def mean_slope_of_box(cells, half, b, i, d, below, above):
    return half * (below + above)


@mean_slope.option(Tube)
def mean_slope_on_tube(cells, half, b, i, d, below, above):
    if d == 0:
        return 0.0
    return 0.5 * (below / cells.gap[b, i // d] + above / cells.gap[b, i // d + 1])


@choice
def distance_below(cells, width, b, i, d):
    """Return the distance between the centres of cell `i` and of the one below it."""


@distance_below.option(EqualVolumes)
def distance_of_boxes(cells, width, b, i, d):
    return width


@distance_below.option(Tube)
def distance_on_tube(cells, width, b, i, d):
    return cells.gap[b, i // d]


@choice
def through_face(cells, b, i, d, value):
    """Return what passes the lower face of cell `i`, on a tube, or its value per area."""


@through_face.option(EqualVolumes)
def per_area_of_box(cells, b, i, d, value):
    return value


@through_face.option(Tube)
def through_face_of_tube(cells, b, i, d, value):
    if d == 0:
        return 0.0
    return cells.area[b, i // d] * value


@choice
def gained(cells, factor, dt, b, i, d, difference):
    """Return the density that cell `i` gains in `dt` from a difference of `through_face`;
    `factor`: dt over the width of cells."""


@gained.option(EqualVolumes)
def gained_of_box(cells, factor, dt, b, i, d, difference):
    return factor * difference


@gained.option(Tube)
def gained_of_tube(cells, factor, dt, b, i, d, difference):
    if d == 0:
        return 0.0
    return dt / cells.volume[b, i // d] * difference


@choice
def spread(cells, factor, b, i, d, difference):
    """Return a difference of sums of `over_distance` as a rate of cell `i`; `factor`: 1 over the
    width of cells."""


@spread.option(EqualVolumes)
def spread_of_box(cells, factor, b, i, d, difference):
    return factor * difference


@spread.option(Tube)
def spread_of_tube(cells, factor, b, i, d, difference):
    if d == 0:
        return 0.0
    return difference / cells.volume[b, i // d]


@choice
def entering(cells, dt, axis):
    """Return the `Axis` with which fluxes, on a tube through whole faces, add up to what enters a
    block in `dt`: densities summed over cells, on a tube amounts."""


@entering.option(EqualVolumes)
def entering_boxes(cells, dt, axis):
    return axis


@entering.option(Tube)
def entering_tube(cells, dt, axis):
    return Axis(axis.stride, dt, axis.normal, axis.first, axis.second)


@choice
def widest_opening(cells, axis, b, i, below, above):
    """Return the larger of two sizes at the faces of cell `i`, over its width; on a tube times the
    area of the face over the volume. `axis` for a time step of 1."""


@widest_opening.option(EqualVolumes)
def widest_opening_of_box(cells, axis, b, i, below, above):
    return axis.dtdx * max(below, above)


@widest_opening.option(Tube)
def widest_opening_on_tube(cells, axis, b, i, below, above):
    if axis.stride == 0:
        return 0.0
    c = i // axis.stride
    return max(below * cells.area[b, c], above * cells.area[b, c + 1]) / cells.volume[b, c]
