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

from typing import NamedTuple

from crmpi.constants import DENS, VEL1
from crmpi.jit import device, kernel
from crmpi.numerics.fluid.layout import FLUX
from crmpi.numerics.fluid.stage import face, row_at
from crmpi.numerics.rows.rows import load, row, rows, separate, shift, store, whole

_JUMP = 0.5  # mass that diffuses between cells in a step, over the difference of their densities
_MARGIN = 1.5  # by which more may leave a cell than its velocity implies


# what is known of a cell: the share of its mass that may leave it, and of every scalar the smallest
# and the largest value of the cell and its neighbours
SHARE, RANGES = 0, 1


class Sides(NamedTuple):
    """Rows of the cells below and above some faces: primitives, the conserved state at the start of
    the stage, and what `gauge_scalars` wrote."""

    cells: tuple
    old: tuple
    known: tuple


@device
def gauge_scalars(early, stage, grid, axes, plane, scratch):
    """Write what bounds the fluxes of scalars for the cells of a plane; every cell is asked six
    times. ``early``: that of the `crmpi.numerics.fluid.stage.Fields`; None compiles nothing."""
    if early is not None:
        if stage.first_order:
            return
        window = plane.window
        for r in range(window.n2):
            block, cell = row_at(grid, plane, r)
            known = rows(scratch.known, plane.k & 1, r * window.n1)
            span = (block.passive, block.nvar)
            gauge_rows(whole(window.n1), axes, shift(block.w, cell), span, known)


@kernel
def gauge_rows(n, axes, cells, span, known):
    """Do as `gauge_scalars` for `n` cells of a row."""
    separate()
    share = row(known, SHARE)
    for i in range(n):
        store(share, i, _share(axes, cells, i), 0)
    for v in range(span[0], span[1]):
        c, place = row(cells, v), RANGES + 2 * (v - span[0])
        low, high = row(known, place), row(known, place + 1)
        for i in range(n):
            store(low, i, _smallest(axes, c, i), 0)
            store(high, i, _largest(axes, c, i), 1)


@device
def bound_scalars(early, stage, grid, axis, plane, scratch):
    """Limit the fluxes of the passive scalars through the lower faces of a plane along an axis;
    keep the mass flux of a predictor. ``early`` as for `gauge_scalars`."""
    if early is not None:
        lowest = axis.normal == 2 and plane.k < grid.ng3
        if axis.stride == 0 or lowest:
            return
        for r in range(1 if axis.normal == 1 else 0, plane.window.n2):
            _bound_row(stage, grid, axis, plane, scratch, r)


@device
def _bound_row(stage, grid, axis, plane, scratch, r):
    """Do as `bound_scalars` for row `r` of the window."""
    block, cell = row_at(grid, plane, r)
    skip = plane.window.reach1  # the first column has no face below
    cell, place, n = cell + skip, r * plane.window.n1 + skip, plane.window.n1 - skip
    faces = face(scratch, axis.normal, plane.k & 1, place)
    early = row(shift(block.early, cell), axis.normal)
    span = (block.passive, block.nvar)
    if stage.first_order:
        carry_rows(n, axis.stride, shift(block.w, cell), span, faces, early)
    else:
        below = cell - axis.stride
        sides = Sides(
            (shift(block.w, below), shift(block.w, cell)),
            (shift(block.u_in, below), shift(block.u_in, cell)),
            (_known_below(scratch, axis, plane, place), rows(scratch.known, plane.k & 1, place)),
        )
        bound_rows(n, axis.dtdx, stage.seen, early, sides, span, faces)


@device
def _known_below(scratch, axis, plane, place):
    """Return what is known of the cells below those at `place` of a plane."""
    if axis.normal == 2:
        return rows(scratch.known, (plane.k - 1) & 1, place)
    return rows(scratch.known, plane.k & 1, place - (1 if axis.normal == 0 else plane.window.n1))


@kernel
def carry_rows(n, stride, cells, span, faces, early):
    """Carry some scalars without slopes, whatever solvers the mass flux is a mixture of, and keep
    the mass flux in `early`."""
    separate()
    mass = row(faces, FLUX + DENS)
    for v in range(span[0], span[1]):
        flux, c = row(faces, FLUX + v), row(cells, v)
        for i in range(n):
            m, below, above = load(mass, i), load(c, i - stride), load(c, i)
            store(flux, i, m * (below if m >= 0.0 else above), 0)
            store(early, i, m, 1)


@kernel
def bound_rows(n, dtdx, seen, early, sides, span, faces):
    """Limit the fluxes of some scalars through the lower faces of `n` cells.

    Both sides are read and one is picked: reading the upwind one would be a gather.

    Parameters
    ----------
    dtdx : float
        dt/dx along the axis
    seen : float
        the share h of the module's text
    early : pointer
        mass flux of the predictor
    sides : Sides
    span : (int, int)
        the first of the scalars and the one after the last
    faces : Rows
        see `crmpi.numerics.fluid.layout`
    """
    separate()
    mass = row(faces, FLUX + DENS)
    for v in range(span[0], span[1]):
        flux, place = row(faces, FLUX + v), RANGES + 2 * (v - span[0])
        for i in range(n):
            m, m0 = load(mass, i), seen * load(early, i)
            g = m - m0
            c, _ = _upwind(sides.cells, v, i, g)
            low, beyond_low = _upwind(sides.known, place, i, g)
            high, beyond_high = _upwind(sides.known, place + 1, i, g)
            dens, _ = _upwind(sides.cells, DENS, i, g)
            share, _ = _upwind(sides.known, SHARE, i, g)
            old, _ = _upwind(sides.old, v, i, m0)
            old_dens, _ = _upwind(sides.old, DENS, i, m0)
            fall, rise = c - low, high - c
            down, up = c - min(low, beyond_low), max(high, beyond_high) - c
            own = abs(g) * dtdx / dens
            leaving = _MARGIN * max((1.0 - seen) * share, 2.0 * own)
            slack = max(1.0 - leaving, 0.0) / max(leaving, 1e-10)
            size, sign = abs(g), 1.0 if g >= 0.0 else -1.0
            base = m0 * (old / old_dens) + g * c
            rest = sign * (load(flux, i) - base)
            limited = min(max(rest, -size * min(down, slack * rise)), size * min(up, slack * fall))
            kept = load(flux, i) if limited == rest else base + sign * limited
            store(flux, i, kept if m != 0.0 else 0.0, 0)


@device
def _upwind(sides, v, i, flux):
    """Return variable `v` of the cell that a flux leaves, and of the one it enters."""
    below, above = load(row(sides[0], v), i), load(row(sides[1], v), i)
    return (below, above) if flux >= 0.0 else (above, below)


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
