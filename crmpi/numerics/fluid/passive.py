"""Fluxes of passive scalars: a new concentration lies between the smallest and the largest one
around it before.

A scalar is carried with the mass flux, m c_face. What a stage adds to the state w that gave the
fluxes is the flux m less what w contains already, a share h of the flux m0 of the predictor (0 with
Runge-Kutta stages):

    m c_face = h m0 c0 + g c + rest,   g = m - h m0

with c0, c the concentrations of the upwind cells, by the sign of m0 and of g, at the start of the
stage and in w. Without the rest a new concentration is a mean, weighted with mass, of those in w,
which are means of the old ones, as long as g takes less from a cell than is in it. The rest is
limited so that

- what flows in has a concentration between those of the cells around the face, and
- what stays behind in the upwind cell has one between those of the cell and its two neighbours
  along the axis.

The second holds if the rest, through all faces together, is no more than (1 - C)/C times the
distance to the limit, C the share of the mass of the cell that g takes away. Nothing is limited
where a profile is monotonic and C < 1/2.
"""

from crmpi.constants import DENS, VEL1
from crmpi.jit import device, kernel
from crmpi.numerics.fluid.layout import FLUX
from crmpi.numerics.fluid.stage import face, window_cell
from crmpi.numerics.rows.rows import load, row, separate, shift, store

_JUMP = 0.5  # mass that diffuses between cells in a step, over the difference of their densities
_MARGIN = 1.5  # by which more may leave a cell than its velocity implies


@device
def bound_scalars(stage, grid, axes, axis, block, scratch, k):
    """Limit the fluxes of the passive scalars through the lower faces of plane `k` along an axis;
    keep the mass flux of a predictor."""
    if block.passive == block.nvar or axis.stride == 0 or (axis.normal == 2 and k < grid.ng3):
        return
    window = scratch.window
    skip = 1 if grid.ng1 else 0  # the first column has no face below
    n = window.n1 - skip
    for r in range(1 if axis.normal == 1 else 0, window.n2):
        cell = window_cell(grid, window, k, r) + skip
        faces, early = (
            face(scratch, axis.normal, k & 1, r * window.n1 + skip),
            row(shift(block.early, cell), axis.normal),
        )
        span = (block.passive, block.nvar)
        if stage.first_order:
            carry_rows(n, axis.stride, shift(block.w, cell), span, faces, early)
        else:
            bound_rows(
                n,
                axis,
                axes,
                stage.seen,
                early,
                shift(block.w, cell),
                shift(block.u_in, cell),
                span,
                faces,
            )


@kernel
def carry_rows(n, stride, cells, span, faces, early):
    """Carry some scalars without slopes, whatever solvers the mass flux is a mixture of, and keep
    the mass flux in `early`."""
    separate()
    mass = row(faces, FLUX + DENS)
    for v in range(span[0], span[1]):
        flux, c = row(faces, FLUX + v), row(cells, v)
        for i in range(n):
            m = load(mass, i)
            store(flux, i, m * load(c, i - stride if m >= 0.0 else i), 0)
            store(early, i, m, 1)


@kernel
def bound_rows(n, axis, axes, seen, early, cells, old, span, faces):
    """Limit the fluxes of some scalars through the lower faces of `n` cells.

    Parameters
    ----------
    stride : int
        from a cell to the next across the faces
    slopes : (float, float, float)
        dt/dx along the axes, 0 along a missing one
    seen : float
        the share h of the module's text
    early : pointer
        mass flux of the predictor
    cells, old : Rows
        primitives that gave the fluxes, and the conserved state at the start of the stage
    span : (int, int)
        the first of the scalars and the one after the last
    faces : Rows
        see `crmpi.numerics.fluid.layout`
    """
    separate()
    stride, dtdx, mass = axis.stride, axis.dtdx, row(faces, FLUX + DENS)
    for v in range(span[0], span[1]):
        flux, c = row(faces, FLUX + v), row(cells, v)
        for i in range(n):
            m, m0 = load(mass, i), seen * load(early, i)
            first = i - stride if m0 >= 0.0 else i
            g = m - m0
            here = i - stride if g >= 0.0 else i
            ahead = i if g >= 0.0 else i - stride
            low, high = _smallest(axes, c, here), _largest(axes, c, here)
            fall, rise = load(c, here) - low, high - load(c, here)
            down, up = (
                load(c, here) - min(low, _smallest(axes, c, ahead)),
                max(high, _largest(axes, c, ahead)) - load(c, here),
            )
            own = abs(g) * dtdx / load(row(cells, DENS), here)
            leaving = _MARGIN * max((1.0 - seen) * _share(axes, cells, here), 2.0 * own)
            slack = max(1.0 - leaving, 0.0) / max(leaving, 1e-10)
            size, sign = abs(g), 1.0 if g >= 0.0 else -1.0
            base = m0 * (load(row(old, v), first) / load(row(old, DENS), first)) + g * load(c, here)
            rest = sign * (load(flux, i) - base)
            limited = min(max(rest, -size * min(down, slack * rise)), size * min(up, slack * fall))
            kept = load(flux, i) if limited == rest else base + sign * limited
            store(flux, i, kept if m != 0.0 else 0.0, 0)


@device
def _share(axes, cells, i):
    """Return an upper estimate of the mass that leaves a cell, over the mass in it: with the
    largest flux of it and its neighbours."""
    return (_flux(axes[0], cells, i) + _flux(axes[1], cells, i) + _flux(axes[2], cells, i)) / load(
        row(cells, DENS), i
    )


@device
def _flux(axis, cells, i):
    """Return what may leave a cell along an axis: the largest mass flux of it and its neighbours,
    and what a jump of density drives."""
    if axis.stride == 0:
        return 0.0
    dens, velocity = row(cells, DENS), row(cells, VEL1 + axis.normal)
    rho, below, above = load(dens, i), load(dens, i - axis.stride), load(dens, i + axis.stride)
    beside = max(
        below * abs(load(velocity, i - axis.stride)), above * abs(load(velocity, i + axis.stride))
    )
    jump = max(abs(below - rho), abs(above - rho))
    return axis.dtdx * max(rho * abs(load(velocity, i)), beside) + _JUMP * jump


@device
def _smallest(axes, c, i):
    """Return the smallest value of a cell and its neighbours along the axes."""
    first = min(load(c, i - axes[0].stride), load(c, i + axes[0].stride))
    second = min(load(c, i - axes[1].stride), load(c, i + axes[1].stride))
    third = min(load(c, i - axes[2].stride), load(c, i + axes[2].stride))
    return min(load(c, i), min(first, min(second, third)))


@device
def _largest(axes, c, i):
    """Return the largest value of a cell and its neighbours along the axes."""
    first = max(load(c, i - axes[0].stride), load(c, i + axes[0].stride))
    second = max(load(c, i - axes[1].stride), load(c, i + axes[1].stride))
    third = max(load(c, i - axes[2].stride), load(c, i + axes[2].stride))
    return max(load(c, i), max(first, max(second, third)))
