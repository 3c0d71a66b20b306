"""Strong shocks, and how far the faces beside them are solved with HLLE.

Solvers that resolve contacts and shear do not damp disturbances along a shock that moves along an
axis of the mesh: cells in its layer decouple into odd and even ones, or grow a carbuncle (Quirk
1994, Int. J. Numer. Meth. Fluids 18, 555). Faces transverse to a strong shock, whose normal is at
right angles to that of the shock, therefore take the flux of HLLE, as Quirk advises; those the
shock moves through, and all others, keep that of the scheme.

A shock along an axis is strong where over two cells the flow converges at a speed D and the
pressure jumps, both by much: min(rho D^2, |jump of p + P|) > `ONSET` (lower of both pressures +
B^2/2). Faces change over from one flux to the other linearly until twice that, so that fluxes
depend continuously on cells.
"""

from crmpi.constants import AXES, DENS, ECR, MOM1, PRES
from crmpi.jit import device, kernel
from crmpi.numerics.fluid.stage import row_at, shift_if
from crmpi.numerics.rows.rows import (
    in_order,
    load,
    row,
    rows,
    separate,
    shift,
    store,
    whole,
    written,
)

ONSET = 1.0  # a shock of Mach 1.7 in gas of gamma = 5/3, if it is two cells wide


@device
def mark_shocks(scheme, grid, axes, plane, scratch):
    """Write how strong shocks are in a plane; return the number of cells in them.

    Nothing is written if there are none.
    """
    window, found = plane.window, 0
    for r in range(window.n2):
        block, cell = row_at(grid, plane, r)
        cells = shift(block.w, cell)
        if count_jumps(window.n1, scheme.cr, cells, axes) > 0:
            found += count_rows(window.n1, scheme.cr, cells, shift_if(block.bcc, cell), axes)
    if found > 0:
        for r in range(window.n2):
            block, cell = row_at(grid, plane, r)
            strengths = rows(scratch.shocks, plane.k & 1, r * window.n1)
            cells, field = shift(block.w, cell), shift_if(block.bcc, cell)
            strength_rows(window.n1, scheme.cr, cells, field, axes, strengths)
    return found


@device
def weigh_faces(n, axis, scratch, shocked, plane, place):
    """Write the weights of HLLE at `n` faces of a plane, from element `place` of the window on.

    ``shocked``: numbers of cells in strong shocks in the last plane and in this one. Return how
    many weights are above zero.
    """
    if shocked[1] == 0 and (axis.normal != 2 or shocked[0] == 0):
        return 0
    here = rows(scratch.shocks, plane.k & 1, place)
    below = here
    if axis.normal == 2:
        below = rows(scratch.shocks, (plane.k - 1) & 1, place)
        below, here = here if shocked[0] == 0 else below, below if shocked[1] == 0 else here
    else:
        below = shift(here, -1 if axis.normal == 0 else -plane.window.n1)
    return weight_rows(n, axis, below, here, row(rows(scratch.flags, 0, 0), 0))


@device
def _jump(cr, cells, normal, stride, magnetic, i):
    """Return what of a jump along an axis a shock makes, and the pressure that it is measured by.

    Nothing jumps along a missing axis, whose stride is zero.
    """
    before, behind = _pressure(cr, cells, i - stride), _pressure(cr, cells, i + stride)
    velocity = row(cells, MOM1 + normal)
    convergence = max(load(velocity, i - stride) - load(velocity, i + stride), 0.0)
    dynamic = load(row(cells, DENS), i) * convergence * convergence
    return min(dynamic, abs(behind - before)), ONSET * (min(before, behind) + magnetic)


@device
def _pressure(cr, cells, i):
    """Return the pressure of gas and cosmic rays."""
    press = load(row(cells, PRES), i)
    return press if cr is None else press + cr.gm1 * load(row(cells, ECR), i)


@device
def _magnetic(field, order, i):
    """Return the magnetic pressure; squares are added in the order of the axes."""
    if field is None:
        return 0.0
    a = load(row(field, order[0].normal), i)
    b = load(row(field, order[1].normal), i)
    c = load(row(field, order[2].normal), i)
    return 0.5 * ((a * a + b * b) + c * c)


@kernel
def count_jumps(n, cr, cells, axes):
    """Return how many of `n` cells of a row have such jumps of the pressure beside them that they
    may be in strong shocks: most rows have none, and this takes a third of what `count_rows`
    does."""
    separate()
    found = 0
    for i in range(whole(n)):
        jumps_1 = _jumps(cr, cells, axes[0].stride, i)
        jumps_2 = _jumps(cr, cells, axes[1].stride, i)
        jumps_3 = _jumps(cr, cells, axes[2].stride, i)
        found += 1 if (jumps_1 or jumps_2 or jumps_3) and i < n else 0
    return found


@device
def _jumps(cr, cells, stride, i):
    """Return whether the pressure jumps along an axis as it does in a strong shock without
    field."""
    before, behind = _pressure(cr, cells, i - stride), _pressure(cr, cells, i + stride)
    return abs(behind - before) > ONSET * min(before, behind)


@kernel
def count_rows(n, cr, cells, field, axes):
    """Return how many of `n` cells of a row are in strong shocks."""
    separate()
    order = in_order(axes)
    found = 0
    for i in range(whole(n)):
        magnetic = _magnetic(field, order, i)
        jump_1, limit_1 = _jump(cr, cells, 0, axes[0].stride, magnetic, i)
        jump_2, limit_2 = _jump(cr, cells, 1, axes[1].stride, magnetic, i)
        jump_3, limit_3 = _jump(cr, cells, 2, axes[2].stride, magnetic, i)
        excess = max(jump_1 - limit_1, max(jump_2 - limit_2, jump_3 - limit_3))
        found += 1 if excess > 0.0 and i < n else 0
    return found


@kernel
def strength_rows(n, cr, cells, field, axes, strengths):
    """Write the weights of HLLE, 0 to 1, that shocks along each axis require beside `n` cells."""
    separate()
    order = in_order(axes)
    for a in AXES:
        strength = row(strengths, a)
        for i in range(n):
            jump, limit = _jump(cr, cells, a, axes[a].stride, _magnetic(field, order, i), i)
            store(strength, i, max(min((jump - limit) / limit, 1.0), 0.0), 0)


@kernel
def weight_rows(n, axis, below, here, weights):
    """Write the weights of HLLE at faces between two rows of cells.

    They are the largest that a shock along another axis than that of the faces requires.
    """
    separate()
    count = 0
    for i in range(n):
        first = max(load(row(below, axis.first), i), load(row(here, axis.first), i))
        second = max(load(row(below, axis.second), i), load(row(here, axis.second), i))
        weight = max(first, second)
        store(weights, i, weight, 0)
        count += 1 if weight > 0.0 else 0
    return count


@kernel
def blend_rows(n, weights, nface, spare, faces):
    """Move `faces` towards `spare` by their weights; where these are zero they stay as they are."""
    separate()
    for q in range(nface):
        source, target = row(spare, q), row(faces, q)
        result = written(target)
        for i in range(n):
            weight, old = load(weights, i), load(target, i)
            new = old + weight * (load(source, i) - old)
            store(result, i, new if weight > 0.0 else old, 0)
