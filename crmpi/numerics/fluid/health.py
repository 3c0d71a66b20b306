"""Is the new state physical? Marks for first-order flux correction, and the exchange
of energy between gas and cosmic rays."""

import math

from crmpi.constants import DENS, ECR, ENER, MOM1, PRES
from crmpi.jit import device, kernel
from crmpi.numerics.power import power
from crmpi.numerics.rows.axes import sum_weight
from crmpi.numerics.rows.rows import in_order, load, row, separate, store

_ENTROPY_KEPT = 0.5  # part of the neighbourhood's smallest p/rho**gamma that a step may leave


@device
def pressure(gas, u, b, ordered, i):
    """Return the gas pressure of the conserved state `u` with the face field `b` (or None);
    ``ordered``: the axes `in_order`."""
    x, y, z = ordered
    mx = load(row(u, MOM1 + x.normal), i)
    my = load(row(u, MOM1 + y.normal), i)
    mz = load(row(u, MOM1 + z.normal), i)
    inner = load(row(u, ENER), i) - 0.5 * (mx * mx + my * my + mz * mz) / load(row(u, DENS), i)
    if b is not None:
        bx = 0.5 * (load(row(b, x.normal), i) + load(row(b, x.normal), i + x.stride))
        by = 0.5 * (load(row(b, y.normal), i) + load(row(b, y.normal), i + y.stride))
        bz = 0.5 * (load(row(b, z.normal), i) + load(row(b, z.normal), i + z.stride))
        inner -= 0.5 * (bx * bx + by * by + bz * bz)
    return gas.gm1 * inner


@kernel
def inspect_row(n, gas, cr, floors, u, b, axes, marks):
    """Write 1 in `marks` where density, pressure or cosmic-ray energy is below its floor or not a
    number, else 0; return how many."""
    separate()
    ordered = in_order(axes)
    count = 0
    for i in range(n):
        good = (
            load(row(u, DENS), i) >= floors.dens and pressure(gas, u, b, ordered, i) >= floors.press
        )
        if cr is not None:
            good = good and load(row(u, ECR), i) >= floors.ecr
        store(marks, i, 0.0 if good else 1.0, 0)
        count += 0 if good else 1
    return count


@device
def settle_row(n, gas, cr, floors, w, u, b, axes):
    """Exchange energy between gas and cosmic rays where truncation errors of their sum have
    consumed one of them; the sum is kept.

    Where cosmic rays dominate, errors of the total energy are errors of the gas. A step may not
    leave a gas pressure below half of K rho**gamma, K the smallest p/rho**gamma of the old state in
    the cell and its neighbours (entropy only grows along the flow): what is missing is taken from
    the cosmic rays, as far as they have it. Cosmic rays below their floor are refilled from gas
    pressure above that limit.

    Returns
    -------
    int, float
        number of cells settled, energy density moved from cosmic rays to gas, on a tube times the
        volumes of cells
    """
    if cr is None:
        return 0, 0.0
    if _count_doubtful(n, gas, floors, w, u, b, axes) == 0:
        return 0, 0.0
    return _settle_cells(n, gas, floors, w, u, b, axes)


@kernel
def _count_doubtful(n, gas, floors, w, u, b, axes):
    """Return the number of cells that lost half of their gas pressure or lack cosmic rays."""
    separate()
    ordered = in_order(axes)
    count = 0
    for i in range(n):
        warm = pressure(gas, u, b, ordered, i) >= _ENTROPY_KEPT * load(row(w, PRES), i)
        count += 0 if warm and load(row(u, ECR), i) >= floors.ecr else 1
    return count


@kernel
def _settle_cells(n, gas, floors, w, u, b, axes):
    """Implement `settle_row`."""
    separate()
    ordered = in_order(axes)
    ener = row(u, ENER)
    ecr = row(u, ECR)
    cells = 0
    heat = 0.0
    for i in range(n):
        limit = (
            _ENTROPY_KEPT
            * _smallest_entropy(gas, w, axes, i)
            * power(load(row(u, DENS), i), gas.gamma)
        )
        gas_needs = (limit - pressure(gas, u, b, ordered, i)) * gas.igm1
        rays_need = floors.ecr - load(ecr, i)
        moved = 0.0
        if gas_needs > 0.0:
            moved = min(gas_needs, max(-rays_need, 0.0))
        elif rays_need > 0.0:
            moved = -min(rays_need, -gas_needs)
        if moved != 0.0:
            store(ener, i, load(ener, i) + moved, 0)
            store(ecr, i, load(ecr, i) - moved, 1)
            cells += 1
            heat += moved * sum_weight(axes[0], i)
    return cells, heat


@device
def _smallest_entropy(gas, w, axes, i):
    """Return the smallest p/rho**gamma in the cell and its neighbours along the axes present."""
    smallest = math.inf
    for a in range(3):
        for side in range(-1, 2):
            at = i + side * axes[a].stride
            entropy = load(row(w, PRES), at) * power(load(row(w, DENS), at), -gas.gamma)
            smallest = min(smallest, entropy)
    return smallest
