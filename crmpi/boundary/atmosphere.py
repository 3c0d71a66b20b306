"""Kernels of the hydrostatic boundary: an atmosphere of gas, field and cosmic rays in balance
beyond the mesh.

With cells a (inside) and a+1 (outside) a distance h apart, g the outward acceleration, p = rho c^2
the gas pressure, P that of the cosmic rays and M that of the field along the boundary, the balance
is::

    (p + P + M)[a+1] - (p + P + M)[a] = h (rho[a] g[a] + rho[a+1] g[a+1]) / 2

The temperature c^2 is that of the cell inside. Every part of the pressure goes on as it does
inside, or the slopes of the last cell would be cut off and the balance lost: the field and the
energy of the cosmic rays go on linearly, within limits. The gas carries the rest of the weight.
"""

import math

from crmpi.boundary.kernels import kinetic_energy, magnetic_energy
from crmpi.constants import DENS, ECR, ENER, MOM1
from crmpi.jit import device, kernel


@device
def density_ratio(inside, outside, lift):
    """Return rho[a+1] / rho[a] from y = g h rho / (2 p) of the two cells and what field and cosmic
    rays carry, over p.

    ``(1 + y[a] + lift) / (1 - y[a+1])`` balances pressure and weight. It is the second-order form
    of ``exp(y[a] + y[a+1] + lift)``, which takes over where the mesh does not resolve the scale
    height. A cell without a sensible pressure (y is NaN) is copied.
    """
    if abs(inside) < 0.5 and abs(outside) < 0.5 and abs(lift) < 0.25:
        return (1.0 + inside + lift) / (1.0 - outside)
    total = inside + outside + lift
    return math.exp(min(total, 1.0)) if total == total else 1.0


@device
def placed(axis, index, k, j, i):
    """Return the indices of a cell with that along `axis` replaced."""
    return (
        index if axis == 2 else k,
        index if axis == 1 else j,
        index if axis == 0 else i,
    )


@device
def pressure_along(b, axis, block, k, j, i, grid):
    """Return the pressure of the field along the boundary in a cell."""
    if b.shape[1] == 0:
        return 0.0
    up = (int(grid.ng1 > 0), int(grid.ng2 > 0), int(grid.ng3 > 0))[axis]
    ku, ju, iu = placed(axis, (i, j, k)[axis] + up, k, j, i)
    through = 0.5 * (b[block, axis, k, j, i] + b[block, axis, ku, ju, iu])
    return magnetic_energy(b, block, k, j, i, grid) - 0.5 * through * through


@device
def next_field(here, inner, falls):
    """Return the field along the boundary on the next face outward: linear, and never stronger
    upwards nor weaker downwards.

    It depends on the faces of one line alone: blocks that share a face get identical bits.
    """
    factor = 2.0 - inner / here if here != 0.0 else 1.0
    return here * (min(max(factor, 1.0), 1.5) if falls else min(max(factor, 0.5), 1.0))


@device
def next_energy(here, inner, falls, moving):
    """Return e of cosmic rays in the next cell outward: linear, without an influx.

    Upwards it falls to zero at most and never rises: what has come so far leaves. Where gravity
    points out of the mesh it may rise, or cosmic rays of the fluid step alone would not be in
    balance; those that are `moving` along the field find no gradient there.
    """
    linear = 2.0 * here - inner
    if falls:
        return here if moving else min(max(linear, here), 2.0 * here)
    return min(max(linear, 0.0), here)


@kernel
def extrapolate_energy(q, component, grav, table, face):
    """Fill the ghost layers of a register of cosmic-ray energy that moves along the field; see
    `next_energy`.
    """
    axis, outward, edge = face
    for row in range(table.shape[0]):
        block = table[row, 0]
        for k in range(table[row, 5], table[row, 5] + table[row, 8]):
            for j in range(table[row, 6], table[row, 6] + table[row, 9]):
                for i in range(table[row, 7], table[row, 7] + table[row, 10]):
                    index = (i, j, k)[axis]
                    s = placed(axis, index - outward, k, j, i)
                    t = placed(axis, index - 2 * outward, k, j, i)
                    falls = is_falling(grav, block, (axis, outward, edge), k, j, i)
                    here = q[block, component, s[0], s[1], s[2]]
                    inner = q[block, component, t[0], t[1], t[2]]
                    q[block, component, k, j, i] = next_energy(here, inner, falls, True)


@kernel
def turn_flux(q, component, grav, table, face):
    """Let no flux of cosmic rays through where gravity points out of the mesh: the image of a
    mirror, turned around.
    """
    axis, outward, edge = face
    for row in range(table.shape[0]):
        block = table[row, 0]
        for k in range(table[row, 5], table[row, 5] + table[row, 8]):
            for j in range(table[row, 6], table[row, 6] + table[row, 9]):
                for i in range(table[row, 7], table[row, 7] + table[row, 10]):
                    if is_falling(grav, block, (axis, outward, edge), k, j, i):
                        mk, mj, mi = placed(axis, 2 * edge + outward - (i, j, k)[axis], k, j, i)
                        q[block, component, k, j, i] = -q[block, component, mk, mj, mi]


@kernel
def extrapolate_hydrostatic(u, b, grav, table, grid, face, eos):
    """Fill ghost layers, from the inside outward, with an atmosphere in balance.

    Velocities and concentrations are those of the cell inside, but the normal velocity is zero
    where it would send gas into the mesh, and that of a mirror where gravity points out of the
    mesh. The field through the boundary must be there already.

    Parameters
    ----------
    u, b, grav : arrays (nblock, nvar | 3 or 0 | 3, m3, m2, m1)
    table : rows with `inner_layer` as source
    face : (axis, outward, outermost active cell, distances of the two cells by row of `table`,
        whether `u` holds ECR, whether cosmic rays move along the field)
    eos : (gamma, gamma_cr)
    """
    for row in range(table.shape[0]):
        block = table[row, 0]
        first = (table[row, 5], table[row, 6], table[row, 7])
        count = (table[row, 8], table[row, 9], table[row, 10])
        if b.shape[1]:
            extrapolate_faces(b, grav, block, face, first, count, grid)
        for k in range(first[0], first[0] + count[0]):
            for j in range(first[1], first[1] + count[1]):
                for i in range(first[2], first[2] + count[2]):
                    extrapolate_cell(u, b, grav, grid, face, eos, row, block, (k, j, i))


@device
def is_falling(grav, block, face, k, j, i):
    """Return whether gravity points out of the mesh in the outermost active cell of a column."""
    ak, aj, ai = placed(face[0], face[2], k, j, i)
    return grav[block, face[0], ak, aj, ai] * face[1] > 0.0


@device
def extrapolate_faces(b, grav, block, face, first, count, grid):
    """Set the field along the boundary on the faces of a layer, see `next_field`."""
    axis, outward, ghosts = face[0], face[1], (grid.ng1, grid.ng2, grid.ng3)
    for t in range(3):
        if t == axis:
            continue
        more = 1 if ghosts[t] else 0
        last = first[2 - t] + count[2 - t] - 1
        for k in range(first[0], first[0] + count[0] + (more if t == 2 else 0)):
            for j in range(first[1], first[1] + count[1] + (more if t == 1 else 0)):
                for i in range(first[2], first[2] + count[2] + (more if t == 0 else 0)):
                    index = (i, j, k)[axis]
                    sk, sj, si = placed(axis, index - outward, k, j, i)
                    tk, tj, ti = placed(axis, index - 2 * outward, k, j, i)
                    ck, cj, ci = placed(t, min((i, j, k)[t], last), k, j, i)
                    falls = is_falling(grav, block, face, ck, cj, ci)
                    b[block, t, k, j, i] = next_field(
                        b[block, t, sk, sj, si], b[block, t, tk, tj, ti], falls
                    )


@device
def extrapolate_cell(u, b, grav, grid, face, eos, row, block, here):
    """Fill a ghost cell; its field must be there."""
    axis, outward, edge, widths, has_cr, moving = face
    k, j, i = here
    index = (i, j, k)[axis]
    sk, sj, si = placed(axis, index - outward, k, j, i)
    tk, tj, ti = placed(axis, index - 2 * outward, k, j, i)
    falls = is_falling(grav, block, face, k, j, i)
    thermal = (
        u[block, ENER, sk, sj, si]
        - kinetic_energy(u, block, sk, sj, si)
        - magnetic_energy(b, block, sk, sj, si, grid)
    )
    pressure = (eos[0] - 1.0) * thermal
    carried = pressure_along(b, axis, block, sk, sj, si, grid)
    carried -= pressure_along(b, axis, block, k, j, i, grid)
    energy = 0.0
    if has_cr:
        energy = next_energy(u[block, ECR, sk, sj, si], u[block, ECR, tk, tj, ti], falls, moving)
        carried += (eos[1] - 1.0) * (u[block, ECR, sk, sj, si] - energy)
    half = 0.5 * outward * widths[row] * u[block, DENS, sk, sj, si] / pressure
    ratio = density_ratio(
        half * grav[block, axis, sk, sj, si], half * grav[block, axis, k, j, i], carried / pressure
    )
    for v in range(u.shape[1]):
        u[block, v, k, j, i] = ratio * u[block, v, sk, sj, si]
    if has_cr:
        u[block, ECR, k, j, i] = energy
    if falls:
        mk, mj, mi = placed(axis, 2 * edge + outward - index, k, j, i)
        speed = u[block, MOM1 + axis, mk, mj, mi] / u[block, DENS, mk, mj, mi]
        u[block, MOM1 + axis, k, j, i] = -speed * u[block, DENS, k, j, i]
    elif u[block, MOM1 + axis, k, j, i] * outward < 0.0:
        u[block, MOM1 + axis, k, j, i] = 0.0
    inner = ratio * thermal + kinetic_energy(u, block, k, j, i)
    u[block, ENER, k, j, i] = inner + magnetic_energy(b, block, k, j, i, grid)
