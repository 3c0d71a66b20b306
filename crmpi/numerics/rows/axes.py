"""What an axis means for the row kernels of the fluid; they are compiled for each kind of axis.

`Axis` is that of equal boxes: dt/dx serves all cells. `TubeAxis` is that of a tube at a row of
cells, whose cross-sections, volumes and widths differ from cell to cell. ``i`` counts cells of the
row. On equal boxes each function is the one operation that stands in a scheme for them. Where the
two kinds only round in another order, the order is part of the results and stays as it is.
"""

import math

from crmpi.constants import ECR, MOM1, PRES
from crmpi.jit import choice
from crmpi.numerics.rows.rows import load, row
from crmpi.types import Axis, EqualVolumes, Tube, TubeAxis


@choice
def axes_at(cells, axes, dt, b, k, j, i):
    """Return the three axes for a row that begins at a cell (k, j, i) of block `b`, for a step
    `dt`."""


@axes_at.option(EqualVolumes)
def axes_of_boxes(cells, axes, dt, b, k, j, i):
    return axes


@axes_at.option(Tube)
def axes_of_tube(cells, axes, dt, b, k, j, i):
    c = i if cells.axis == 0 else j if cells.axis == 1 else k
    x, y, z = axes
    faces = dt, c, cells.area[b], cells.volume[b], cells.width[b]
    return (
        TubeAxis(x.stride, x.dtdx, x.normal, x.first, x.second, *faces),
        TubeAxis(y.stride, y.dtdx, y.normal, y.first, y.second, *faces),
        TubeAxis(z.stride, z.dtdx, z.normal, z.first, z.second, *faces),
    )


@choice
def outflow(axis, i, below, above):
    """Return the density that cell `i` loses in the step, from the fluxes through its two faces."""


@outflow.option(Axis)
def outflow_of_box(axis, i, below, above):
    return axis.dtdx * (above - below)


@outflow.option(TubeAxis)
def outflow_of_tube(axis, i, below, above):
    if axis.stride == 0:
        return 0.0
    c = axis.place + i
    return axis.dt / axis.volume[c] * (axis.area[c + 1] * above - axis.area[c] * below)


@choice
def wall_pressure(axis, cr, w, v, i):
    """Return the pressure that the walls of cell `i` hold for variable `v`: on a tube, of the
    momentum along it, the pressure of gas and cosmic rays of the cell; between equal faces it would
    cancel."""


@wall_pressure.option(Axis)
def no_wall_pressure(axis, cr, w, v, i):
    return 0.0


@wall_pressure.option(TubeAxis)
def wall_pressure_of_tube(axis, cr, w, v, i):
    if v != MOM1 + axis.normal:
        return 0.0
    press = load(row(w, PRES), i)  # added up as the states at faces are
    if cr is not None:
        press += cr.gm1 * load(row(w, ECR), i)
    return press


@choice
def outflow_past_walls(axis, i, held, below, above):
    """Return `outflow` of fluxes less what the walls hold, see `wall_pressure`."""


@outflow_past_walls.option(Axis)
def outflow_of_straight_box(axis, i, held, below, above):
    return axis.dtdx * (above - below)


@outflow_past_walls.option(TubeAxis)
def outflow_past_walls_of_tube(axis, i, held, below, above):
    if axis.stride == 0:
        return 0.0
    c = axis.place + i
    change = axis.area[c + 1] * (above - held) - axis.area[c] * (below - held)
    return axis.dt / axis.volume[c] * change


@choice
def amounts_through(axis, i, below, above):
    """Return the densities that the fluxes through the two faces of cell `i` carry in the step, one
    by one."""


@amounts_through.option(Axis)
def amounts_through_box(axis, i, below, above):
    return axis.dtdx * below, axis.dtdx * above


@amounts_through.option(TubeAxis)
def amounts_through_tube(axis, i, below, above):
    if axis.stride == 0:
        return 0.0, 0.0
    c = axis.place + i
    share = axis.dt / axis.volume[c]
    return share * axis.area[c] * below, share * axis.area[c + 1] * above


@choice
def mean_flux(axis, i, below, above):
    """Return the mean of the fluxes through the two faces of cell `i`; on a tube of what passes
    them, per mean area."""


@mean_flux.option(Axis)
def mean_flux_of_box(axis, i, below, above):
    return 0.5 * (below + above)


@mean_flux.option(TubeAxis)
def mean_flux_of_tube(axis, i, below, above):
    c = axis.place + i
    passing = 0.5 * (axis.area[c] * below + axis.area[c + 1] * above)
    return passing * (axis.width[c] / axis.volume[c])


@choice
def acts_along(axis):
    """Return whether gravity acts along an axis: on a tube only along it."""


@acts_along.option(Axis)
def acts_in_boxes(axis):
    return True


@acts_along.option(TubeAxis)
def acts_in_tube(axis):
    return axis.stride != 0


@choice
def impulse(axis, dt, content, acceleration):
    """Return dt times a content times an acceleration."""


@impulse.option(Axis)
def impulse_in_box(axis, dt, content, acceleration):
    return content * (dt * acceleration)


@impulse.option(TubeAxis)
def impulse_in_tube(axis, dt, content, acceleration):
    return dt * content * acceleration


@choice
def steps_per_cell(axis, i):
    """Return the time step over the width of cell `i`, 0 along a missing axis."""


@steps_per_cell.option(Axis)
def steps_per_box(axis, i):
    return axis.dtdx


@steps_per_cell.option(TubeAxis)
def steps_per_cell_of_tube(axis, i):
    return axis.dt / axis.width[axis.place + i] if axis.stride else 0.0


@choice
def crossing_rate(axis, i, speed):
    """Return how many cells of the width of cell `i` a signal crosses in a step of 1."""


@crossing_rate.option(Axis)
def crossing_rate_of_box(axis, i, speed):
    return speed * axis.dtdx


@crossing_rate.option(TubeAxis)
def crossing_rate_of_tube(axis, i, speed):
    return speed / axis.width[axis.place + i] if axis.stride else 0.0


@choice
def sound_speed(axis, stiffness, dens):
    """Return the sound speed without magnetic field; `stiffness`: rho c^2."""


@sound_speed.option(Axis)
def sound_speed_in_box(axis, stiffness, dens):
    return math.sqrt(stiffness * (1.0 / dens))


@sound_speed.option(TubeAxis)
def sound_speed_in_tube(axis, stiffness, dens):
    return math.sqrt(stiffness / dens)


@choice
def sum_weight(axis, i):
    """Return the weight of a density of cell `i` in sums over a block: 1, on a tube the volume."""


@sum_weight.option(Axis)
def sum_weight_of_box(axis, i):
    return 1.0


@sum_weight.option(TubeAxis)
def sum_weight_in_tube(axis, i):
    return axis.volume[axis.place + i]


@choice
def flux_weight(axis, i):
    """Return the weight of the flux through the lower face of cell `i` in sums of what enters a
    block in the step."""


@flux_weight.option(Axis)
def flux_weight_of_box(axis, i):
    return axis.dtdx


@flux_weight.option(TubeAxis)
def flux_weight_of_tube(axis, i):
    return axis.dt * axis.area[axis.place + i]
