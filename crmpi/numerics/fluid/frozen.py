"""Cosmic rays and scalars carried by a gas that does not change."""

from crmpi.constants import AXES, DENS, NHYDRO, VEL1
from crmpi.jit import device, kernel
from crmpi.numerics.fluid.reconstruct import interfaces
from crmpi.numerics.fluid.stage import first_scalar
from crmpi.numerics.rows.cells import crossings, net_outflow, over_volume


@kernel
def advect_frozen(method, cr, cells, dt, axes, grid, w, u_in, u_out):
    """Write f_t + div(f v) = 0 for all scalars and e_t + div(e v) = -P div v for the cosmic rays:
    u_out from u_in and fluxes of `w`.

    Upwind fluxes of states reconstructed by `method` over the index; the velocity at a face is the
    mean of both cells. ``cells``: see `crmpi.numerics.rows.cells`.
    """
    for b in range(w.shape[0]):
        for k in range(grid.ng3, grid.ng3 + grid.n3):
            for j in range(grid.ng2, grid.ng2 + grid.n2):
                for i in range(grid.ng1, grid.ng1 + grid.n1):
                    for v in range(NHYDRO, w.shape[1]):
                        net = _outflow(method, cr, cells, axes, b, w[b], v, k, j, i)
                        u_out[b, v, k, j, i] = u_in[b, v, k, j, i] - over_volume(
                            cells, dt, b, k, j, i, net
                        )


@device
def _outflow(method, cr, cells, axes, b, w, v, k, j, i):
    """Return what leaves a cell, with the work of the cosmic rays, as `net_outflow` does."""
    net = 0.0
    stretch = 0.0
    for a in AXES:
        if axes[a].stride:
            below, velocity_below = _face_flux(method, cr, axes[a].normal, w, v, k, j, i)
            above, velocity_above = _face_flux(
                method, cr, axes[a].normal, w, v, *_moved(axes[a].normal, k, j, i, 1)
            )
            place = i if a == 0 else j if a == 1 else k
            net += net_outflow(cells, axes[a], b, place, below, above)
            stretch += net_outflow(cells, axes[a], b, place, velocity_below, velocity_above)
    if cr is not None and v < first_scalar(cr):
        net += cr.gm1 * w[v, k, j, i] * stretch
    return net


@device
def _face_flux(method, cr, axis, w, v, k, j, i):
    """Return the flux through the lower face of a cell along an axis, and the velocity there."""
    k1, j1, i1 = _moved(axis, k, j, i, -1)
    velocity = 0.5 * (w[VEL1 + axis, k1, j1, i1] + w[VEL1 + axis, k, j, i])
    if velocity >= 0.0:
        k, j, i = k1, j1, i1
    lower, upper = interfaces(
        method,
        _density(cr, w, v, *_moved(axis, k, j, i, -2)),
        _density(cr, w, v, *_moved(axis, k, j, i, -1)),
        _density(cr, w, v, k, j, i),
        _density(cr, w, v, *_moved(axis, k, j, i, 1)),
        _density(cr, w, v, *_moved(axis, k, j, i, 2)),
    )
    return velocity * (upper if velocity >= 0.0 else lower), velocity


@device
def _density(cr, w, v, k, j, i):
    """Return the conserved density of a variable: scalars are stored per mass."""
    if v < first_scalar(cr):
        return w[v, k, j, i]
    return w[v, k, j, i] * w[DENS, k, j, i]


@device
def _moved(axis, k, j, i, cells):
    """Return the indices `cells` further along an axis."""
    return (
        k + cells if axis == 2 else k,
        j + cells if axis == 1 else j,
        i + cells if axis == 0 else i,
    )


@kernel
def fastest_flow(cells, axes, w, boxes):
    """Return the largest abs(v_a)/dx_a in boxes of cells; `axes` for a time step of 1.

    Boxes are those of `crmpi.numerics.fluid.signals.fastest_rate_in_boxes`.
    """
    best = 0.0
    for box in range(boxes.shape[0]):
        b, first_k, first_j, first_i = boxes[box, 0], boxes[box, 1], boxes[box, 2], boxes[box, 3]
        for k in range(first_k, first_k + boxes[box, 4]):
            for j in range(first_j, first_j + boxes[box, 5]):
                for i in range(first_i, first_i + boxes[box, 6]):
                    for a in AXES:
                        if axes[a].stride:
                            place = i if a == 0 else j if a == 1 else k
                            speed = abs(w[b, VEL1 + a, k, j, i])
                            best = max(best, crossings(cells, axes[a], b, place, speed))
    return best
