"""Fluxes and electric fields of a fluid stage at the boundaries of levels, in the planes of
`crmpi.numerics.levels.level_faces`.

Components: the fluxes of the conserved variables, `velocity` through the face (of the cosmic-ray
work), and the electric field along the rows and along the columns, on the edges of the faces.
"""

from crmpi.constants import AXES, DENS, ECR, ENER
from crmpi.jit import device, kernel
from crmpi.numerics.fluid.layout import FLUX, VFACE
from crmpi.numerics.fluid.stage import face, first_scalar
from crmpi.numerics.levels.level_faces import FAST, SLOW, cell_inside
from crmpi.numerics.rows.rows import load, row, rows

# components of a plane beyond the fluxes: velocity, electric field along rows and along columns
EXTRA = 3


@device
def keep_plane(grid, axes, block, scratch, kept, k):
    """Copy what was found on the faces of a block in plane `k` of cells to its planes.

    Called when fluxes and edge fields at the lower faces of the plane are complete; `k` may be the
    plane behind the last one.
    """
    slots = kept.slots[block.index]
    inside = k < grid.ng3 + grid.n3
    if inside:
        for side in range(2):
            if axes[0].stride and slots[side] >= 0:
                _keep_1(
                    grid,
                    axes,
                    block,
                    scratch,
                    kept.planes[slots[side]],
                    k,
                    grid.ng1 + side * grid.n1,
                )
            if axes[1].stride and slots[2 + side] >= 0:
                _keep_2(
                    grid,
                    axes,
                    block,
                    scratch,
                    kept.planes[slots[2 + side]],
                    k,
                    grid.ng2 + side * grid.n2,
                )
    elif axes[2].stride:  # the electric fields on the upper ends of the faces along x1 and x2
        for side in range(2):
            if axes[0].stride and slots[side] >= 0:
                _end_1(grid, block, scratch, kept.planes[slots[side]], k, grid.ng1 + side * grid.n1)
            if axes[1].stride and slots[2 + side] >= 0:
                _end_2(
                    grid, block, scratch, kept.planes[slots[2 + side]], k, grid.ng2 + side * grid.n2
                )
    if axes[2].stride:
        for side in range(2):
            if slots[4 + side] >= 0 and k == grid.ng3 + side * grid.n3:
                _keep_3(grid, axes, block, scratch, kept.planes[slots[4 + side]], k)


@device
def _at(grid, scratch, j, i):
    """Return the element of a cell in the buffers of a plane."""
    window = scratch.window
    return (j - window.first2) * window.n1 + i - window.first1


@device
def _copy_face(scratch, axis, block, parity, here, plane, r, q):
    """Copy the fluxes of one face."""
    source = face(scratch, axis, parity, here)
    for v in range(block.nvar):
        plane[v, 0, r, q] = load(row(source, FLUX + v), 0)
    plane[block.nvar, 0, r, q] = load(row(source, VFACE), 0)


@device
def _edge(scratch, parity, here, component):
    """Return the electric field on an edge."""
    return load(row(rows(scratch.edges, parity, here), component), 0)


@device
def _keep_1(grid, axes, block, scratch, plane, k, i):
    more = 1 if axes[1].stride else 0
    for j in range(grid.ng2, grid.ng2 + grid.n2 + more):
        here, r, q = _at(grid, scratch, j, i), k - grid.ng3, j - grid.ng2
        if block.bcc is not None:
            plane[block.nvar + 1, 0, r, q] = _edge(scratch, k & 1, here, 2)
        if j < grid.ng2 + grid.n2:
            _copy_face(scratch, 0, block, k & 1, here, plane, r, q)
            if block.bcc is not None:
                plane[block.nvar + 2, 0, r, q] = _edge(scratch, k & 1, here, 1)


@device
def _keep_2(grid, axes, block, scratch, plane, k, j):
    more = 1 if axes[0].stride else 0
    for i in range(grid.ng1, grid.ng1 + grid.n1 + more):
        here, r, q = _at(grid, scratch, j, i), k - grid.ng3, i - grid.ng1
        if block.bcc is not None:
            plane[block.nvar + 1, 0, r, q] = _edge(scratch, k & 1, here, 2)
        if i < grid.ng1 + grid.n1:
            _copy_face(scratch, 1, block, k & 1, here, plane, r, q)
            if block.bcc is not None:
                plane[block.nvar + 2, 0, r, q] = _edge(scratch, k & 1, here, 0)


@device
def _keep_3(grid, axes, block, scratch, plane, k):
    more1 = 1 if axes[0].stride else 0
    more2 = 1 if axes[1].stride else 0
    for j in range(grid.ng2, grid.ng2 + grid.n2 + more2):
        for i in range(grid.ng1, grid.ng1 + grid.n1 + more1):
            here, r, q = _at(grid, scratch, j, i), j - grid.ng2, i - grid.ng1
            inside1, inside2 = i < grid.ng1 + grid.n1, j < grid.ng2 + grid.n2
            if inside1 and inside2:
                _copy_face(scratch, 2, block, k & 1, here, plane, r, q)
            if block.bcc is not None and inside2:
                plane[block.nvar + 1, 0, r, q] = _edge(scratch, k & 1, here, 1)
            if block.bcc is not None and inside1:
                plane[block.nvar + 2, 0, r, q] = _edge(scratch, k & 1, here, 0)


@device
def _end_1(grid, block, scratch, plane, k, i):
    if block.bcc is not None:
        for j in range(grid.ng2, grid.ng2 + grid.n2):
            plane[block.nvar + 2, 0, grid.n3, j - grid.ng2] = _edge(
                scratch, k & 1, _at(grid, scratch, j, i), 1
            )


@device
def _end_2(grid, block, scratch, plane, k, j):
    if block.bcc is not None:
        for i in range(grid.ng1, grid.ng1 + grid.n1):
            plane[block.nvar + 2, 0, grid.n3, i - grid.ng1] = _edge(
                scratch, k & 1, _at(grid, scratch, j, i), 0
            )


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
    change : array (1, 3, m3, m2, m1)
        scratch: change of the electric field on the lower edges of cells
    b : array (nblock, 3, m3, m2, m1)
        field after the forward step of the stage
    """
    nvar = own.shape[1] - EXTRA
    t = 0
    while t < touched.shape[0]:
        block, begin = touched[t, 0], t
        change[...] = 0.0
        any_change = False
        while t < touched.shape[0] and touched[t, 0] == block:
            plane = touched[t, 1]
            any_change |= _find_changes(
                grid, axes, touched[t, 2], touched[t, 3], own[plane], fine[plane], nvar, change[0]
            )
            t += 1
        if any_change and t > begin:
            _induce(grid, axes, change[0], b[block])


@device
def _find_changes(grid, axes, a, side, own, fine, nvar, change):
    """Note the edges of one plane whose field is another one; edges in the corner of two planes may
    be in either."""
    n, first = (grid.n1, grid.n2, grid.n3), (grid.ng1, grid.ng2, grid.ng3)
    slow, fast = SLOW[a], FAST[a]
    more_slow = 1 if axes[slow].stride else 0
    more_fast = 1 if axes[fast].stride else 0
    found = False
    for along in range(2):  # the field along rows, then along columns
        component = slow if along == 0 else fast
        rows_, columns = (
            n[slow] + (0 if along == 0 else more_slow),
            n[fast] + (more_fast if along == 0 else 0),
        )
        for r in range(rows_):
            for q in range(columns):
                d = fine[nvar + 1 + along, 0, r, q] - own[nvar + 1 + along, 0, r, q]
                if d != 0.0:
                    found = True
                    edge = first[a] + side * n[a]
                    i = edge if a == 0 else first[0] + q
                    j = edge if a == 1 else first[1] + (q if a == 0 else r)
                    k = edge if a == 2 else first[2] + r
                    change[component, k, j, i] = d
    return found


@device
def _induce(grid, axes, change, b):
    """Advance all faces of a block by the change of the electric field on edges."""
    up1, up2, up3 = (
        (1 if axes[0].stride else 0),
        (1 if axes[1].stride else 0),
        (1 if axes[2].stride else 0),
    )
    for a in AXES:
        c1, c2 = (a + 1) % 3, (a + 2) % 3
        more1, more2, more3 = (up1 if a == 0 else 0), (up2 if a == 1 else 0), (up3 if a == 2 else 0)
        for k in range(grid.ng3, grid.ng3 + grid.n3 + more3):
            for j in range(grid.ng2, grid.ng2 + grid.n2 + more2):
                for i in range(grid.ng1, grid.ng1 + grid.n1 + more1):
                    k1, j1, i1 = (
                        k + (up3 if c1 == 2 else 0),
                        j + (up2 if c1 == 1 else 0),
                        i + (up1 if c1 == 0 else 0),
                    )
                    k2, j2, i2 = (
                        k + (up3 if c2 == 2 else 0),
                        j + (up2 if c2 == 1 else 0),
                        i + (up1 if c2 == 0 else 0),
                    )
                    turn_1 = axes[c1].dtdx * (change[c2, k1, j1, i1] - change[c2, k, j, i])
                    turn_2 = axes[c2].dtdx * (change[c1, k2, j2, i2] - change[c1, k, j, i])
                    b[a, k, j, i] += turn_2 - turn_1
