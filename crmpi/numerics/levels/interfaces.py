"""Fluxes and electric fields of a fluid stage at the boundaries of levels, in the planes of
`crmpi.numerics.levels.level_faces`.

Components: the fluxes of the conserved variables, `velocity` through the face (of the cosmic-ray
work), and the electric field along the rows and along the columns, on the edges of the faces.
"""

from crmpi.constants import DENS, ECR, ENER
from crmpi.jit import device, kernel
from crmpi.numerics.fluid.layout import FLUX, VFACE
from crmpi.numerics.fluid.stage import face, first_scalar
from crmpi.numerics.levels.level_faces import FAST, SLOW, cell_inside, shape_of
from crmpi.numerics.rows.memory import copy_numbers, copy_run
from crmpi.numerics.rows.rows import load, moved, pointer, row, rows, separate, store

# components of a plane beyond the fluxes: velocity, electric field along rows and along columns
EXTRA = 3


@device
def keep_plane(grid, axes, member, scratch, kept, k):
    """Copy what was found on the faces of a block, a `Member`, in plane `k` of cells to its planes.

    Called when fluxes and edge fields at the lower faces of the plane are complete; `k` may be the
    plane behind the last one.
    """
    slots, inside = kept.slots[member.block.index], k < grid.ng3 + grid.n3
    for side in range(2):
        if axes[0].stride and slots[side] >= 0:
            here = _at(member, grid.ng2, grid.ng1 + side * grid.n1)
            _keep_line(
                grid,
                axes,
                member,
                scratch,
                0,
                (kept.planes, slots[side]),
                (k & 1, here, k - grid.ng3),
                inside,
            )
        if axes[1].stride and slots[2 + side] >= 0:
            here = _at(member, grid.ng2 + side * grid.n2, grid.ng1)
            _keep_line(
                grid,
                axes,
                member,
                scratch,
                1,
                (kept.planes, slots[2 + side]),
                (k & 1, here, k - grid.ng3),
                inside,
            )
        if axes[2].stride and slots[4 + side] >= 0 and k == grid.ng3 + side * grid.n3:
            for r in range(grid.n2 + (1 if axes[1].stride else 0)):
                here = _at(member, grid.ng2 + r, grid.ng1)
                _keep_line(
                    grid,
                    axes,
                    member,
                    scratch,
                    2,
                    (kept.planes, slots[4 + side]),
                    (k & 1, here, r),
                    r < grid.n2,
                )


@device
def _at(member, j, i):
    """Return the element of a cell in the buffers of a plane."""
    return member.corner + j * member.width + i


@device
def _keep_line(grid, axes, member, scratch, axis, plane, place, inside):
    """Keep one row of the plane of a face along `axis`.

    Parameters
    ----------
    plane : (array, int)
        the planes, and which of them
    place : (int, int, int)
        parity of the plane of cells, element of the first face in its buffers, row of the plane
    inside : bool
        whether these are faces; else only the edges behind the last of them
    """
    parity, here, r = place
    stride = member.width if axis == 0 else 1
    n = grid.n2 if axis == 0 else grid.n1
    more = 1 if axes[FAST[axis]].stride else 0
    nvar, edges = member.block.nvar, rows(scratch.edges, parity, here)
    if inside:
        faces = face(scratch, axis, parity, here)
        for v in range(nvar):
            _copy_line(row(faces, FLUX + v), stride, _line(plane, v, r), n)
        _copy_line(row(faces, VFACE), stride, _line(plane, nvar, r), n)
    if member.block.bcc is not None:
        if inside:
            _copy_line(row(edges, SLOW[axis]), stride, _line(plane, nvar + 1, r), n + more)
        _copy_line(row(edges, FAST[axis]), stride, _line(plane, nvar + 2, r), n)


@device
def _line(plane, component, r):
    """Return a pointer to row `r` of a component of a plane."""
    planes, slot = plane
    return pointer(
        planes, ((slot * planes.shape[1] + component) * planes.shape[3] + r) * planes.shape[4]
    )


@device
def _copy_line(source, stride, target, n):
    """Copy `n` numbers that are `stride` apart."""
    if stride == 1:
        copy_run(source, target, n)
    else:
        for q in range(n):
            copy_numbers(moved(source, q * stride), moved(target, q), 1)


# ---------------------------------------------------------------------- corrections of the coarser
#   side


@kernel
def replace_fluxes(cr, dt, grid, axes, touched, planes, u, cells, work):
    """Replace the fluxes of a stage through faces that finer blocks share, in the cells next to
    them.

    Parameters
    ----------
    cr : crmpi.eos.gas.CosmicRays, CosmicRayPopulations or None
    dt : float
        duration of the stage
    touched : int array (n, 4)
        block, plane, axis of the face, side 0 or 1
    planes : (own, fine), arrays (nplane, nvar + EXTRA, 1, rows, columns)
        what the coarser side has used, and the means of what the finer side has found
    u : array (nblock, nvar, m3, m2, m1)
        state after the forward step of the stage
    cells : (w, grav), arrays
        primitives of the fluxes, static acceleration (no components: none)
    work : array (nblock,)
        energy density that gravity gave, summed over cells; added to
    """
    (own, fine), (w, grav) = planes, cells
    nvar = u.shape[1]
    n, first = (grid.n1, grid.n2, grid.n3), (grid.ng1, grid.ng2, grid.ng3)
    for t in range(touched.shape[0]):
        block, plane, a, side = touched[t, 0], touched[t, 1], touched[t, 2], touched[t, 3]
        slow, fast = SLOW[a], FAST[a]
        sign = 1.0 - 2.0 * side
        for r in range(n[slow]):
            for q in range(n[fast]):
                i, j, k = cell_inside(first, n, a, side, r, q)
                for v in range(nvar):
                    change = axes[a].dtdx * (fine[plane, v, 0, r, q] - own[plane, v, 0, r, q])
                    u[block, v, k, j, i] += sign * change
                if cr is not None:
                    squeezed = axes[a].dtdx * (
                        fine[plane, nvar, 0, r, q] - own[plane, nvar, 0, r, q]
                    )
                    exchanged = -sign * cr.gm1 * w[block, ECR, k, j, i] * squeezed
                    u[block, ENER, k, j, i] += exchanged
                    u[block, ECR, k, j, i] -= exchanged
                    for v in range(ECR + 1, first_scalar(cr)):
                        u[block, v, k, j, i] += sign * cr.gm1 * w[block, v, k, j, i] * squeezed
                if grav.shape[1] > 0:
                    crossed = 0.5 * (fine[plane, DENS, 0, r, q] - own[plane, DENS, 0, r, q])
                    gained = dt * grav[block, a, k, j, i] * crossed
                    u[block, ENER, k, j, i] += gained
                    work[block] += gained


@kernel
def replace_electric(grid, axes, touched, own, fine, change, b):
    """Replace the electric field on edges that finer blocks share, in the faces around them.

    Parameters
    ----------
    touched : int array (n, 4)
        block, plane, axis, side of all planes that may differ; rows of a block follow each other
    own, fine : as for `replace_fluxes`
    change : (array (1, 3, m3, m2, m1), bool array (m3, m2))
        scratch: change of the electric field on the lower edges of cells, and which rows have any;
        zero on entry and on return
    b : array (nblock, 3, m3, m2, m1)
        field after the forward step of the stage
    """
    nvar = own.shape[1] - EXTRA
    t = 0
    while t < touched.shape[0]:
        block, found = touched[t, 0], False
        while t < touched.shape[0] and touched[t, 0] == block:
            plane, a, side = touched[t, 1], touched[t, 2], touched[t, 3]
            found |= _find_changes(grid, axes, a, side, own[plane], fine[plane], nvar, change)
            t += 1
        if found:
            _induce(grid, axes, change, b, block)
            _clear_changes(change)


@device
def _find_changes(grid, axes, a, side, own, fine, nvar, change):
    """Note the edges of one plane whose field is another one; edges in the corner of two planes may
    be in either.
    """
    n, first = shape_of(grid)
    slow, fast = SLOW[a], FAST[a]
    more_slow = 1 if axes[slow].stride else 0
    more_fast = 1 if axes[fast].stride else 0
    edges, marks = change
    found = False
    for along in range(2):  # the field along rows, then along columns
        component = slow if along == 0 else fast
        rows_ = n[slow] + (0 if along == 0 else more_slow)
        columns = n[fast] + (more_fast if along == 0 else 0)
        for r in range(rows_):
            for q in range(columns):
                d = fine[nvar + 1 + along, 0, r, q] - own[nvar + 1 + along, 0, r, q]
                if d != 0.0:
                    found = True
                    edge = first[a] + side * n[a]
                    i = edge if a == 0 else first[0] + q
                    j = edge if a == 1 else first[1] + (q if a == 0 else r)
                    k = edge if a == 2 else first[2] + r
                    edges[0, component, k, j, i] = d
                    marks[k, j] = True
    return found


@device
def _clear_changes(change):
    """Set to zero what `_find_changes` has noted."""
    edges, marks = change
    for k in range(marks.shape[0]):
        for j in range(marks.shape[1]):
            if marks[k, j]:
                marks[k, j] = False
                for component in range(3):
                    for i in range(edges.shape[4]):
                        edges[0, component, k, j, i] = 0.0


@device
def _induce(grid, axes, change, b, block):
    """Advance the faces of a block by the change of the electric field on edges, in the rows beside
    any.
    """
    n, first = shape_of(grid)
    edges, marks = change
    up = 1 if axes[0].stride else 0, 1 if axes[1].stride else 0, 1 if axes[2].stride else 0
    for k in range(first[2], first[2] + n[2] + up[2]):
        for j in range(first[1], first[1] + n[1] + up[1]):
            last2, last3 = j == first[1] + n[1], k == first[2] + n[2]
            beside = marks[k, j] or (not last3 and marks[k + up[2], j])
            if beside or (not last2 and marks[k, j + up[1]]):
                cell = (k * grid.m2 + j) * grid.m1 + first[0]
                field, turned = rows(b, block, cell), rows(edges, 0, cell)
                if not last2 and not last3:
                    turn_row(n[0] + up[0], axes, 0, turned, row(field, 0))
                if not last3:
                    turn_row(n[0], axes, 1, turned, row(field, 1))
                if not last2:
                    turn_row(n[0], axes, 2, turned, row(field, 2))


@kernel
def turn_row(n, axes, a, change, b):
    """Advance the `n` faces of a row along axis `a` by the change of the electric field on their
    edges.
    """
    separate()
    one, two = axes[(a + 1) % 3], axes[(a + 2) % 3]
    across_1, across_2 = row(change, two.normal), row(change, one.normal)
    for i in range(n):
        turn_1 = one.dtdx * (load(across_1, i + one.stride) - load(across_1, i))
        turn_2 = two.dtdx * (load(across_2, i + two.stride) - load(across_2, i))
        store(b, i, load(b, i) + (turn_2 - turn_1), 0)
