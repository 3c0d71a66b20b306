"""Momentum of the cosmic-ray flux when the fluid step carries the flux along and turns the field.

The flux f along B holds the momentum density G = f b/vmax^2. The fluid step advects the scalar f
and changes the direction b, which does not conserve the sum of G by itself. The gas takes the
difference between what G became and what plain advection makes of it,

    dm = -[G_new - (G_old - dt div(v G_old))],

so that the sum of rho v + f b/vmax^2 stays the same to round-off, whatever the field does.
"""

import math
from typing import NamedTuple

from crmpi.constants import AXES, DENS, ECR, ENER, MOM1, VEL1
from crmpi.jit import device, kernel
from crmpi.numerics.levels.between import apply_difference, write_flux
from crmpi.numerics.rows.rows import load, row, rows, separate, store, written


@device
def _direction(b1, b2, b3):
    """Return the unit vector along a field, zero without field."""
    size = math.sqrt(b1 * b1 + b2 * b2 + b3 * b3)
    scale = 1.0 / (size if size > 0.0 else 1.0)
    return scale * b1, scale * b2, scale * b3


@kernel
def directed_flux(u, bcc, fcr, out):
    """Write f b (nblock, 3, m3, m2, m1) of all cells, ghosts included; `fcr` is the place of f in
    `u`."""
    for b in range(u.shape[0]):
        for k in range(u.shape[2]):
            for j in range(u.shape[3]):
                for i in range(u.shape[4]):
                    n1, n2, n3 = _direction(
                        bcc[b, 0, k, j, i], bcc[b, 1, k, j, i], bcc[b, 2, k, j, i]
                    )
                    f = u[b, fcr, k, j, i]
                    out[b, 0, k, j, i], out[b, 1, k, j, i], out[b, 2, k, j, i] = (
                        f * n1,
                        f * n2,
                        f * n3,
                    )


@device
def _outflow(axis, velocity, old, i):
    """Return one axis' part of dt div(v G) of one component in a cell: donor cell, with the mean
    velocity of two cells at their face."""
    d, v, here = axis.stride, load(velocity, i), load(old, i)
    v_low = 0.5 * (load(velocity, i - d) + v)
    v_up = 0.5 * (v + load(velocity, i + d))
    below, above = load(old, i - d), load(old, i + d)
    return axis.dtdx * (
        v_up * (here if v_up > 0.0 else above) - v_low * (below if v_low > 0.0 else here)
    )


@device
def _work(gain, momentum, dens):
    """Return the kinetic energy that comes with a gain of momentum."""
    return 0.5 * gain * (2.0 * momentum + gain) / dens


@kernel
def settle_momentum(u, w, bcc, old, fcr, ivmax2, grid, axes, line):
    """Give the gas the momentum that the fluid step took from or gave to f b, and take the work
    from e; E + e stays the same.

    Parameters
    ----------
    u : array (nblock, nvar, m3, m2, m1)
        conserved state after the fluid step; active cells are changed in place
    w, bcc : arrays
        primitives and cell-centred field of the same state, ghosts valid
    old : array (nblock, 3, m3, m2, m1)
        `directed_flux` before the fluid step, ghosts valid
    fcr : int
        place of f in `u`
    ivmax2 : float
        1/vmax^2
    grid : Grid
    axes : tuple of crmpi.numerics.rows.rows.Axis
        of the fluid step's dt
    line : array (1, 3, 1, 1, m1)
        scratch
    """
    advected = rows(line, 0, 0)
    for b in range(u.shape[0]):
        for k in range(grid.ng3, grid.ng3 + grid.n3):
            for j in range(grid.ng2, grid.ng2 + grid.n2):
                offset = (k * grid.m2 + j) * grid.m1 + grid.ng1
                advect_rows(grid.n1, axes, rows(w, b, offset), rows(old, b, offset), advected)
                settle_row(grid.n1, rows(u, b, offset), rows(bcc, b, offset), advected, fcr, ivmax2)


@kernel
def advect_rows(n, axes, w, old, advected):
    """Write what plain advection makes of f b in `n` cells."""
    separate()
    v1, v2, v3 = row(w, VEL1), row(w, VEL1 + 1), row(w, VEL1 + 2)
    for c in AXES:
        q, target = row(old, c), row(advected, c)
        for i in range(n):
            carried = (_outflow(axes[0], v1, q, i) + _outflow(axes[1], v2, q, i)) + _outflow(
                axes[2], v3, q, i
            )
            store(target, i, load(q, i) - carried, 0)


@kernel
def settle_row(n, u, bcc, advected, fcr, ivmax2):
    """Implement `settle_momentum` for `n` cells."""
    separate()
    flux, dens, ener, ecr = row(u, fcr), row(u, DENS), row(u, ENER), row(u, ECR)
    new1, new2, new3 = (
        written(row(u, MOM1)),
        written(row(u, MOM1 + 1)),
        written(row(u, MOM1 + 2)),
    )
    new_ener, new_ecr = written(ener), written(ecr)
    for i in range(n):
        n1, n2, n3 = _direction(load(row(bcc, 0), i), load(row(bcc, 1), i), load(row(bcc, 2), i))
        f, rho = load(flux, i), load(dens, i)
        m1, m2, m3 = load(row(u, MOM1), i), load(row(u, MOM1 + 1), i), load(row(u, MOM1 + 2), i)
        gain1 = ivmax2 * (load(row(advected, 0), i) - f * n1)
        gain2 = ivmax2 * (load(row(advected, 1), i) - f * n2)
        gain3 = ivmax2 * (load(row(advected, 2), i) - f * n3)
        work = _work(gain1, m1, rho) + _work(gain2, m2, rho) + _work(gain3, m3, rho)
        store(new1, i, m1 + gain1, 0)
        store(new2, i, m2 + gain2, 1)
        store(new3, i, m3 + gain3, 2)
        store(new_ener, i, load(ener, i) + work, 3)
        store(new_ecr, i, load(ecr, i) - work, 4)


class DonorFluxes(NamedTuple):
    """The fluxes of f b of `advect_rows`: primitives, f b before the fluid step, 1/vmax^2."""

    w: object
    old: object
    ivmax2: float


@write_flux.option(DonorFluxes)
def write_donor_flux(source, b, face, cells, plane, place):
    (a, side), (r, q) = face, place
    (i, j, k), (io, jo, ko) = cells
    v = 0.5 * (source.w[b, VEL1 + a, k, j, i] + source.w[b, VEL1 + a, ko, jo, io])
    inside = (v > 0.0) == (side == 1)  # it flows out of the block
    for c in range(3):
        carried = source.old[b, c, k, j, i] if inside else source.old[b, c, ko, jo, io]
        plane[c, 0, r, q] = v * carried


@apply_difference.option(DonorFluxes)
def settle_donor_flux(source, u, cell, axis, inward, planes, place):
    """The gas gains the momentum and e loses the work, as in `settle_row`."""
    (own, fine), (b, i, j, k), (r, q) = planes, cell, place
    factor, work = inward * source.ivmax2, 0.0
    for c in range(3):
        gain = factor * (fine[c, 0, r, q] - own[c, 0, r, q])
        work += _work(gain, u[b, MOM1 + c, k, j, i], u[b, DENS, k, j, i])
        u[b, MOM1 + c, k, j, i] += gain
    u[b, ENER, k, j, i] += work
    u[b, ECR, k, j, i] -= work
