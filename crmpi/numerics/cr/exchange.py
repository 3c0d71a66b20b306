"""Exchange of energy and momentum between gas and cosmic rays after two-moment sub-steps."""

import math
from typing import NamedTuple

from crmpi.constants import DENS, ENER, MOM1
from crmpi.jit import kernel
from crmpi.numerics.cr.moments import ENERGY, FLUX, HEAT, MADE
from crmpi.numerics.rows.rows import load, row, rows, separate, store, written
from crmpi.numerics.rows.volumes import cell_volume

WORK = 0  # component of a register that is no longer needed: it takes the work


class Exchanged(NamedTuple):
    """Sums over the cells of each block (nblock,): energies times `volumes`, and a number of
    cells."""

    heat: object
    work: object
    floored: object  # energy made by floors
    floored_cells: object


@kernel
def exchange_with_gas(u, bcc, registers, places, ivmax2, grid, own, gas, volumes, totals):
    """Write the register back to `u`; unless the gas is frozen it takes momentum, work and heat, so
    that sums are kept.

    Kept are the momentum density rho v + b f/vmax^2 and the energy E + e: the gas takes dm =
    -(change of f)/vmax^2 b and, from e, the energy w = (m1^2 - m0^2)/(2 rho); heat was taken from e
    in the sub-steps. `totals`: an `Exchanged`. `places`: of e and f in `u`; `gas`: whether it is
    frozen, and whether e and f are passive: then they lose the work, but the gas gains nothing.
    ``own``: the `Grid` with the layout of the registers, `grid` has that of `u` and `bcc`.
    ``registers.half`` and the account are used up.
    """
    for b in range(u.shape[0]):
        heat = work = made = count = 0.0
        for k in range(grid.ng3, grid.ng3 + grid.n3):
            for j in range(grid.ng2, grid.ng2 + grid.n2):
                offset = (k * grid.m2 + j) * grid.m1 + grid.ng1
                place = (k * own.m2 + j) * own.m1 + own.ng1
                account, spent = rows(registers.account, b, place), rows(registers.half, b, place)
                q, state, field = (
                    rows(registers.start, b, place),
                    rows(u, b, offset),
                    rows(bcc, b, offset),
                )
                exchange_row(grid.n1, state, field, q, account, spent, places, ivmax2, gas)
                for i in range(grid.n1):  # sums in the order of cells
                    volume, created = (
                        cell_volume(volumes, b, k, j, grid.ng1 + i),
                        load(row(account, MADE), i),
                    )
                    heat += volume * load(row(account, HEAT), i)
                    work += volume * load(row(spent, WORK), i)
                    made += volume * created
                    count += created > 0.0
        totals.heat[b], totals.work[b] = heat, work
        totals.floored[b], totals.floored_cells[b] = made, count


@kernel
def exchange_row(n, u, bcc, q, account, spent, places, ivmax2, gas):
    """Implement `exchange_with_gas` in a row of cells; the work is written to `spent`, what floors
    added to `account`."""
    separate()
    ecr, fcr, energy, flux = row(u, places[0]), row(u, places[1]), row(q, ENERGY), row(q, FLUX)
    m1, m2, m3, ener = row(u, MOM1), row(u, MOM1 + 1), row(u, MOM1 + 2), row(u, ENER)
    new1, new2, new3, new_ener = written(m1), written(m2), written(m3), written(ener)
    made, new_f = row(account, MADE), written(fcr)
    sum_made = written(made)
    frozen, passive = gas
    transferred, gained = 0.0 if frozen else ivmax2, 0.0 if frozen or passive else 1.0
    for i in range(n):
        b1, b2, b3 = load(row(bcc, 0), i), load(row(bcc, 1), i), load(row(bcc, 2), i)
        size = math.sqrt(b1 * b1 + b2 * b2 + b3 * b3)
        f = load(flux, i)
        # without a field the components below are zero
        dm = -(f - load(fcr, i)) * transferred / (size if size > 0.0 else 1.0)
        d1, d2, d3 = dm * b1, dm * b2, dm * b3
        p1, p2, p3 = load(m1, i), load(m2, i), load(m3, i)
        w = (
            0.5
            * (d1 * (2.0 * p1 + d1) + d2 * (2.0 * p2 + d2) + d3 * (2.0 * p3 + d3))
            / load(row(u, DENS), i)
        )
        e = load(energy, i) - w
        store(new1, i, p1 + gained * d1, 0)
        store(new2, i, p2 + gained * d2, 1)
        store(new3, i, p3 + gained * d3, 2)
        store(new_ener, i, load(ener, i) + gained * (w + load(row(account, HEAT), i)), 3)
        store(ecr, i, max(e, 0.0), 4)
        store(new_f, i, f, 5)
        store(sum_made, i, load(made, i) + max(-e, 0.0), 6)
        store(row(spent, WORK), i, w, 7)
