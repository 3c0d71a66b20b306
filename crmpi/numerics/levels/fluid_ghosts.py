"""Ghosts of the fluid beside a coarser level, block by block while a block is in the cache.

Faces are prolonged first, then the cells of a parent buffer become primitive variables, these are
prolonged, and with the field of the fine faces they become conserved variables.
"""

from crmpi.constants import DENS, ENER, MOM1, NHYDRO
from crmpi.jit import device, kernel
from crmpi.numerics.levels.prolongation import (
    fill_inner_faces,
    prolong_cells,
    prolong_outer_faces,
)
from crmpi.numerics.rows.rows import load, pointer, separate, store


@kernel
def prolong_blocks(coarse, fine, table, ratio, up, areas, gas):
    """Fill the ghosts beside coarser blocks.

    Parameters
    ----------
    coarse, fine : (u, b), arrays (nblock, nvar, m3, m2, m1) and (nblock, 3 or 0, m3, m2, m1)
        parent buffers, whose cells are primitive variables on return, and the pack
    table : int array (n, `PROLONG_COLUMNS`)
        rows of a block follow each other; a block has one buffer
    ratio : crmpi.numerics.levels.prolongation.Ratio
    up : tuple of 3 ints
        1, or 0 for a missing axis: from a face to the next along x1, x2, x3
    areas : array (nblock, 3)
        areas of the faces of each fine block
    gas : (float, float, int)
        gamma - 1, 1/(gamma - 1), and the first variable that is prolonged as a concentration
    """
    (cells, faces), (u, b) = coarse, fine
    begin = 0
    while begin < table.shape[0]:
        block, buffer, end = table[begin, 0], table[begin, 1], begin + 1
        while end < table.shape[0] and table[end, 0] == block:
            end += 1
        regions = table[begin:end]
        if b.shape[1]:
            for axis in range(3):
                prolong_outer_faces(faces, b, axis, regions, ratio)
            own = areas[block, 0], areas[block, 1], areas[block, 2]
            fill_inner_faces(b, regions, ratio, own)
        primitive_cells(cells, faces, (buffer, buffer + 1), up, gas[0], gas[2])
        prolong_cells(cells, u, 0, u.shape[1], regions, ratio)
        conserve_regions(u, b, regions, ratio, up, gas[1], gas[2])
        begin = end


@kernel
def primitive_cells(u, b, span, up, gm1, first_scalar):
    """Turn the conserved variables of all cells into primitives in place, scalars into
    concentrations.

    Cells that hold nothing (no density) are left alone. ``span``: first buffer, and the one after
    the last; ``b``: face field (nblock, 3 or 0, ...); ``up``, ``first_scalar`` as for
    `conserve_regions`; ``gm1``: gamma - 1.
    """
    separate()
    m1, m2, m3 = u.shape[4], u.shape[3], u.shape[2]
    step, nvar = m1 * m2 * m3, u.shape[1]
    steps = _field_steps(step, m1, m2, up)
    for block in range(span[0], span[1]):
        for k in range(m3 - up[2]):
            for j in range(m2 - up[1]):
                cell = (k * m2 + j) * m1
                w = pointer(u, block * nvar * step + cell)
                for v in range(max(first_scalar, NHYDRO), nvar):
                    _divide_row(m1, w, step, v)
                if b.shape[1]:
                    faces = pointer(b, block * 3 * step + cell)
                    _primitive_row(m1, w, step, gm1, faces, steps)
                else:
                    _primitive_row(m1, w, step, gm1, None, steps)


@device
def _field_steps(step, m1, m2, up):
    """Return the distances from a lower face along x1 to the upper faces along x1, x2, x3."""
    return up[0], step + up[1] * m1, 2 * step + up[2] * m1 * m2


@device
def _field_square(b, i, step, steps):
    """Return B^2 of a cell in a row from the means of its faces."""
    b1 = 0.5 * (load(b, i) + load(b, i + steps[0]))
    b2 = 0.5 * (load(b, i + step) + load(b, i + steps[1]))
    b3 = 0.5 * (load(b, i + 2 * step) + load(b, i + steps[2]))
    return b1 * b1 + b2 * b2 + b3 * b3


@device
def _divide_row(n, w, step, v):
    """Divide a variable by the density."""
    for i in range(n):
        dens, value = load(w, i + DENS * step), load(w, i + v * step)
        store(w, i + v * step, value / dens if dens > 0.0 else value, 0)


@device
def _primitive_row(n, w, step, gm1, b, steps):
    """Turn the momentum and the energy of a row into velocity and pressure."""
    for i in range(n):
        dens, energy = load(w, i + DENS * step), load(w, i + ENER * step)
        m1, m2, m3 = (
            load(w, i + MOM1 * step),
            load(w, i + (MOM1 + 1) * step),
            load(w, i + (MOM1 + 2) * step),
        )
        v1, v2, v3 = m1 / dens, m2 / dens, m3 / dens
        outer = (dens * v1**2 + dens * v2**2) + dens * v3**2
        if b is not None:
            outer += _field_square(b, i, step, steps)
        holds = dens > 0.0
        store(w, i + MOM1 * step, v1 if holds else m1, 1)
        store(w, i + (MOM1 + 1) * step, v2 if holds else m2, 2)
        store(w, i + (MOM1 + 2) * step, v3 if holds else m3, 3)
        store(w, i + ENER * step, gm1 * (energy - 0.5 * outer) if holds else energy, 4)


@kernel
def conserve_regions(fine, b, table, ratio, up, igm1, first_scalar):
    """Turn primitives in fine regions into conserved variables, with the magnetic energy of the
    fine field.

    Parameters
    ----------
    fine : array (nblock, nvar, m3, m2, m1)
        primitives on entry, conserved on return; variables below `first_scalar` beyond the
        hydrodynamic ones are energy densities and stay, scalars are concentrations on entry
    b : array (nblock, 3 or 0, m3, m2, m1)
        fine face field
    up : tuple of 3 ints
        1, or 0 for a missing axis: from a face to the next along x1, x2, x3
    igm1 : float
        1/(gamma - 1)
    """
    separate()
    m1, m2, m3 = fine.shape[4], fine.shape[3], fine.shape[2]
    step, to_scalar, nvar = m1 * m2 * m3, max(first_scalar, NHYDRO), fine.shape[1]
    steps = _field_steps(step, m1, m2, up)
    for row in range(table.shape[0]):
        for k in range(table[row, 2], table[row, 2] + ratio.r3 * table[row, 8]):
            for j in range(table[row, 3], table[row, 3] + ratio.r2 * table[row, 9]):
                cell, n = (k * m2 + j) * m1 + table[row, 4], ratio.r1 * table[row, 10]
                u = pointer(fine, table[row, 0] * nvar * step + cell)
                if b.shape[1]:
                    faces = pointer(b, table[row, 0] * 3 * step + cell)
                    _conserve_row(n, u, step, igm1, faces, steps)
                else:
                    _conserve_row(n, u, step, igm1, None, steps)
                for v in range(to_scalar, nvar):
                    _multiply_row(n, u, step, v)


@device
def _conserve_row(n, u, step, igm1, b, steps):
    """Turn the velocity and the pressure of `n` cells, whose variables are `step` apart, into
    momentum and energy.

    ``steps``: from a lower face along x1 to the upper ones.
    """
    for i in range(n):
        dens = load(u, i + DENS * step)
        v1, v2, v3 = (
            load(u, i + MOM1 * step),
            load(u, i + (MOM1 + 1) * step),
            load(u, i + (MOM1 + 2) * step),
        )
        speed2 = (v1**2 + v2**2) + v3**2
        energy = load(u, i + ENER * step) * igm1 + 0.5 * dens * speed2
        if b is not None:
            energy += 0.5 * _field_square(b, i, step, steps)
        store(u, i + MOM1 * step, v1 * dens, 1)
        store(u, i + (MOM1 + 1) * step, v2 * dens, 2)
        store(u, i + (MOM1 + 2) * step, v3 * dens, 3)
        store(u, i + ENER * step, energy, 4)


@device
def _multiply_row(n, u, step, v):
    """Multiply a variable by the density."""
    for i in range(n):
        store(u, i + v * step, load(u, i + v * step) * load(u, i + DENS * step), 5)
