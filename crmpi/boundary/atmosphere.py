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
from typing import NamedTuple

from crmpi.constants import DENS, ECR, ENER, MOM1
from crmpi.jit import device, kernel
from crmpi.numerics.fluid.stage import rows_if, shift_if
from crmpi.numerics.rows.rows import load, row, rows, separate, store, written


@device
def is_fine(inside, outside, lift):
    """Return whether the mesh resolves the scale height; arguments as of `density_ratio`."""
    return abs(inside) < 0.5 and abs(outside) < 0.5 and abs(lift) < 0.25


@device
def density_ratio(inside, outside, lift):
    """Return rho[a+1] / rho[a] from y = g h rho / (2 p) of the two cells and what field and cosmic
    rays carry, over p.

    ``(1 + y[a] + lift) / (1 - y[a+1])`` balances pressure and weight. It is the second-order form
    of ``exp(y[a] + y[a+1] + lift)``, which takes over where the mesh does not resolve the scale
    height. A cell without a sensible pressure (y is NaN) is copied.
    """
    if is_fine(inside, outside, lift):
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
    `next_energy`. `q` and `grav` may be laid out in different ways.
    """
    axis, outward, edge = face
    stride = (1, q.shape[4], q.shape[4] * q.shape[3])[axis]
    across = (1, grav.shape[4], grav.shape[4] * grav.shape[3])[axis]
    for r in range(table.shape[0]):
        to_edge = (edge - table[r, 7 - axis]) * across
        for k in range(table[r, 5], table[r, 5] + table[r, 8]):
            for j in range(table[r, 6], table[r, 6] + table[r, 9]):
                place = (k * q.shape[3] + j) * q.shape[4] + table[r, 7]
                above = (k * grav.shape[3] + j) * grav.shape[4] + table[r, 7] + to_edge
                gravity = row(rows(grav, table[r, 0], above), axis)
                energy = row(rows(q, table[r, 0], place), component)
                energy_row(table[r, 10], -outward * stride, gravity, outward, energy)


@kernel
def energy_row(n, inward, gravity, outward, energy):
    """Fill `n` ghost cells of a row, `inward` from their neighbours inside; `gravity` is that of
    the outermost active cells."""
    separate()
    for i in range(n):
        falls = load(gravity, i) * outward > 0.0
        here, inner = load(energy, i + inward), load(energy, i + 2 * inward)
        store(energy, i, next_energy(here, inner, falls, True), 0)


@kernel
def turn_flux(q, component, grav, table, face):
    """Let no flux of cosmic rays through where gravity points out of the mesh: the image of a
    mirror, turned around.
    """
    axis, outward, edge = face
    for r in range(table.shape[0]):
        block = table[r, 0]
        for k in range(table[r, 5], table[r, 5] + table[r, 8]):
            for j in range(table[r, 6], table[r, 6] + table[r, 9]):
                for i in range(table[r, 7], table[r, 7] + table[r, 10]):
                    if is_falling(grav, block, (axis, outward, edge), k, j, i):
                        mk, mj, mi = placed(axis, 2 * edge + outward - (i, j, k)[axis], k, j, i)
                        q[block, component, k, j, i] = -q[block, component, mk, mj, mi]


class Layer(NamedTuple):
    """A ghost layer, in elements from its cells to others: the next one inside, the outermost
    active one, the image of a mirror; the distance of the layers, and steps to upper faces."""

    axis: int
    outward: int
    inward: int
    to_edge: int
    to_image: int
    width: float
    up: tuple


class Air(NamedTuple):
    """The gas of an atmosphere: gammas of gas and cosmic rays, whether there are any, and whether
    they move along the field."""

    gamma: float
    gamma_cr: float
    has_cr: bool
    moving: bool


@kernel
def extrapolate_hydrostatic(u, b, grav, table, grid, face, air, made):
    """Fill ghost layers, from the inside outward, with an atmosphere in balance.

    Velocities and concentrations are those of the cell inside, but the normal velocity is zero
    where it would send gas into the mesh, and that of a mirror where gravity points out of the
    mesh. The field through the boundary must be there already.

    Parameters
    ----------
    u, b, grav : arrays (nblock, nvar | 3 | 3, m3, m2, m1)
        no magnetic field: `b` is None
    table : rows with `inner_layer` as source
    face : (axis, outward, outermost active cell, distances of the two cells by row of `table`)
    air : Air
    made : array (1, 3, 1, 1, m1)
        scratch
    """
    axis, outward, edge, widths = face
    stride = (1, grid.m1, grid.m1 * grid.m2)[axis]
    # a missing axis has one face
    up = (
        1 if grid.ng1 else 0,
        grid.m1 if grid.ng2 else 0,
        grid.m1 * grid.m2 if grid.ng3 else 0,
    )
    scratch = rows(made, 0, 0)
    for r in range(table.shape[0]):
        block = table[r, 0]
        first = (table[r, 5], table[r, 6], table[r, 7])
        count = (table[r, 8], table[r, 9], table[r, 10])
        index = table[r, 7 - axis]
        layer = Layer(
            axis,
            outward,
            -outward * stride,
            (edge - index) * stride,
            (2 * edge + outward - 2 * index) * stride,
            widths[r],
            up,
        )
        if b is not None:
            extrapolate_faces(b, grav, block, (axis, outward, edge), first, count, grid)
        for k in range(first[0], first[0] + count[0]):
            for j in range(first[1], first[1] + count[1]):
                place = (k * grid.m2 + j) * grid.m1 + first[2]
                here, gravity = rows(u, block, place), rows(grav, block, place)
                field = shift_if(rows_if(b, block), place)
                states = here, field, gravity
                if balance_row(count[2], layer, air, states, scratch) > 0:
                    balance_coarse_cells(count[2], layer, air, states, scratch)
                rise_rows(count[2], u.shape[1], layer.inward, scratch, here)
                settle_row(count[2], layer, air, states, scratch)


RATIO, THERMAL, RAYS = range(3)
"""Rows of the scratch: density over that inside, thermal energy inside, energy of cosmic rays."""


@kernel
def balance_row(n, layer, air, states, made):
    """Fill the rows of the scratch for `n` cells, with the density ratio of a mesh that resolves
    the atmosphere; return in how many cells it does not."""
    separate()
    coarse = 0
    for i in range(n):
        thermal, rays, weights = balance(layer, air, states, i)
        inside, outside, lift = weights
        fine = is_fine(inside, outside, lift)
        store(row(made, RATIO), i, (1.0 + inside + lift) / (1.0 - outside), 0)
        store(row(made, THERMAL), i, thermal, 1)
        store(row(made, RAYS), i, rays, 2)
        coarse += 0 if fine else 1
    return coarse


@kernel
def balance_coarse_cells(n, layer, air, states, made):
    """Set the density ratio of `n` cells anew, cell by cell."""
    separate()
    for i in range(n):
        _, _, weights = balance(layer, air, states, i)
        store(row(made, RATIO), i, density_ratio(*weights), 0)


@device
def balance(layer, air, states, i):
    """Return thermal energy of the cell inside, energy of cosmic rays of the ghost cell, and the
    arguments of `density_ratio`."""
    u, b, grav = states
    s = i + layer.inward
    thermal = load(row(u, ENER), s) - motion(u, s) - field_energy(b, layer.up, s)
    pressure = (air.gamma - 1.0) * thermal
    carried = field_pressure(layer, b, s) - field_pressure(layer, b, i)
    rays = 0.0
    if air.has_cr:
        falls = load(row(grav, layer.axis), i + layer.to_edge) * layer.outward > 0.0
        here = load(row(u, ECR), s)
        rays = next_energy(here, load(row(u, ECR), s + layer.inward), falls, air.moving)
        carried += (air.gamma_cr - 1.0) * (here - rays)
    half = 0.5 * layer.outward * layer.width * load(row(u, DENS), s) / pressure
    gravity = row(grav, layer.axis)
    return thermal, rays, (half * load(gravity, s), half * load(gravity, i), carried / pressure)


@kernel
def rise_rows(n, nvar, inward, made, u):
    """Set all variables of `n` cells to those of the cells inside times the density ratio."""
    separate()
    ratio = row(made, RATIO)
    for v in range(nvar):
        for i in range(n):
            store(row(u, v), i, load(ratio, i) * load(row(u, v), i + inward), 0)


@kernel
def settle_row(n, layer, air, states, made):
    """Set cosmic rays, normal velocity and energy of `n` cells."""
    separate()
    u, b, grav = states
    if air.has_cr:
        for i in range(n):
            store(row(u, ECR), i, load(row(made, RAYS), i), 0)
    through = row(u, MOM1 + layer.axis)
    turned = written(through)
    for i in range(n):
        falls = load(row(grav, layer.axis), i + layer.to_edge) * layer.outward > 0.0
        image = i + layer.to_image
        speed = load(through, image) / load(row(u, DENS), image)
        momentum = load(through, i)
        back = momentum * layer.outward < 0.0
        momentum = 0.0 if back else momentum
        store(turned, i, -speed * load(row(u, DENS), i) if falls else momentum, 0)
    for i in range(n):
        inner = load(row(made, RATIO), i) * load(row(made, THERMAL), i) + motion(u, i)
        store(row(u, ENER), i, inner + field_energy(b, layer.up, i), 0)


@device
def motion(u, i):
    """Return rho v^2/2 of a cell of a row."""
    m1, m2, m3 = load(row(u, MOM1), i), load(row(u, MOM1 + 1), i), load(row(u, MOM1 + 2), i)
    return 0.5 * (m1 * m1 + m2 * m2 + m3 * m3) / load(row(u, DENS), i)


@device
def field_energy(b, up, i):
    """Return B^2/2 of a cell of a row from the means of its faces, 0 without a field."""
    if b is None:
        return 0.0
    b1 = 0.5 * (load(row(b, 0), i) + load(row(b, 0), i + up[0]))
    b2 = 0.5 * (load(row(b, 1), i) + load(row(b, 1), i + up[1]))
    b3 = 0.5 * (load(row(b, 2), i) + load(row(b, 2), i + up[2]))
    return 0.5 * (b1 * b1 + b2 * b2 + b3 * b3)


@device
def field_pressure(layer, b, i):
    """Return the pressure of the field along the boundary in a cell of a row."""
    if b is None:
        return 0.0
    faces = row(b, layer.axis)
    through = 0.5 * (load(faces, i) + load(faces, i + layer.up[layer.axis]))
    return field_energy(b, layer.up, i) - 0.5 * through * through


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
