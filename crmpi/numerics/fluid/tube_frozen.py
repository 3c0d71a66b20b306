"""Cosmic rays and scalars carried by a gas that does not change, on a tube."""

from crmpi.constants import DENS, NHYDRO, VEL1
from crmpi.jit import device, kernel
from crmpi.numerics.fluid.reconstruct import interfaces
from crmpi.numerics.fluid.stage import first_scalar
from crmpi.numerics.fluid.tube import span


@kernel
def advect_frozen_on_tube(scheme, dt, grid, tube, w, u_in, u_out):
    """Write q_t + div(q v) = 0 for all scalars and e_t + div(e v) = -P div v for the cosmic rays:
    u_out from u_in and fluxes of `w`.

    Upwind fluxes of states reconstructed over the index; the velocity at a face is the mean of both
    cells.
    """
    place, cr = span(grid, tube.axis), scheme.cr
    for b in range(w.shape[0]):
        area = tube.area[b]
        for v in range(NHYDRO, w.shape[1]):
            old, new = u_in[b, v].reshape(-1), u_out[b, v].reshape(-1)
            for c in range(place.first, place.first + place.n):
                here = c * place.stride
                below, slow = _face_flux(scheme, w[b], v, tube.axis, place.stride, here)
                above, fast = _face_flux(
                    scheme, w[b], v, tube.axis, place.stride, here + place.stride
                )
                net = area[c + 1] * above - area[c] * below
                if cr is not None and v < first_scalar(cr):
                    net += (
                        cr.gm1 * w[b, v].reshape(-1)[here] * (area[c + 1] * fast - area[c] * slow)
                    )
                new[here] = old[here] - dt / tube.volume[b, c] * net


@device
def _face_flux(scheme, w, v, axis, stride, here):
    """Return the flux per area through the lower face of a cell, and the velocity there."""
    velocity = w[VEL1 + axis].reshape(-1)
    speed = 0.5 * (velocity[here - stride] + velocity[here])
    up = here - stride if speed >= 0.0 else here
    lower, upper = interfaces(
        scheme.reconstruction,
        _density(scheme.cr, w, v, up - 2 * stride),
        _density(scheme.cr, w, v, up - stride),
        _density(scheme.cr, w, v, up),
        _density(scheme.cr, w, v, up + stride),
        _density(scheme.cr, w, v, up + 2 * stride),
    )
    return speed * (upper if speed >= 0.0 else lower), speed


@device
def _density(cr, w, v, here):
    """Return the conserved density of a variable: scalars are stored per mass."""
    if v < first_scalar(cr):
        return w[v].reshape(-1)[here]
    return w[v].reshape(-1)[here] * w[DENS].reshape(-1)[here]
