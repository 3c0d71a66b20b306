"""What the shape of cells means for kernels; they are compiled for each kind of cells.

`EqualVolumes` stands for equal boxes, of which the `Axis` holds dt/dx; `Tube` for cells between the
cross-sections of a tube. ``b`` is the block, ``c`` the index of a cell along the axis, ghosts
included. On a Cartesian mesh each function is the one operation that stands in a scheme for equal
boxes.
"""

from crmpi.jit import choice
from crmpi.types import EqualVolumes, Tube


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
def crossings(cells, axis, b, c, speed):
    """Return how many cells a signal of this speed crosses in the time step of the `axis`, which is
    1 on a tube."""


@crossings.option(EqualVolumes)
def crossings_of_box(cells, axis, b, c, speed):
    return speed * axis.dtdx


@crossings.option(Tube)
def crossings_of_tube(cells, axis, b, c, speed):
    return speed / cells.width[b, c]
