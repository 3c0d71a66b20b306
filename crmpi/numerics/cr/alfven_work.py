"""Pressure of Alfven waves on the gas: the force -grad P_w, and the work -P_w div v that the waves
do, P_w half their energy density.

Both are centred differences of one pressure and one velocity, those of the middle of the step. Then
v.grad P_w + P_w div v telescopes, and the sums of momentum and of the energy of gas and waves hold
to round-off.
"""

from typing import NamedTuple

from crmpi.constants import DENS, ENER, MOM1
from crmpi.jit import kernel
from crmpi.numerics.levels.between import apply_difference, write_flux


@kernel
def middle_pressure(u, waves, grid, axes, out):
    """Write P_w half a step on (nblock, 1, m3, m2, m1), active cells; `axes` of the whole step,
    ghosts of `u` valid."""
    for b in range(u.shape[0]):
        rho, plus, minus = (
            u[b, DENS].reshape(-1),
            u[b, waves[0]].reshape(-1),
            u[b, waves[1]].reshape(-1),
        )
        middle = out[b, 0].reshape(-1)
        for k in range(grid.ng3, grid.ng3 + grid.n3):
            for j in range(grid.ng2, grid.ng2 + grid.n2):
                row = (k * grid.m2 + j) * grid.m1
                for c in range(row + grid.ng1, row + grid.ng1 + grid.n1):
                    spread = 0.0
                    for axis in axes:
                        if axis.stride:
                            momentum, d = u[b, MOM1 + axis.normal].reshape(-1), axis.stride
                            spread += (
                                0.5
                                * axis.dtdx
                                * (momentum[c + d] / rho[c + d] - momentum[c - d] / rho[c - d])
                            )
                    middle[c] = 0.5 * (plus[c] + minus[c]) * max(1.0 - 0.25 * spread, 0.0)


@kernel
def middle_velocity(u, pressure, grid, axes, frozen_gas, out):
    """Write v half a step on (nblock, 3, m3, m2, m1), active cells and one layer around; ghosts of
    `pressure` valid."""
    r1, r2, r3 = (
        (1 if axes[0].stride else 0),
        (1 if axes[1].stride else 0),
        (1 if axes[2].stride else 0),
    )
    for b in range(u.shape[0]):
        rho, p = u[b, DENS].reshape(-1), pressure[b, 0].reshape(-1)
        for axis in axes:
            momentum, velocity, d = (
                u[b, MOM1 + axis.normal].reshape(-1),
                out[b, axis.normal].reshape(-1),
                axis.stride,
            )
            share = 0.0 if frozen_gas else 0.25 * axis.dtdx
            for k in range(grid.ng3 - r3, grid.ng3 + grid.n3 + r3):
                for j in range(grid.ng2 - r2, grid.ng2 + grid.n2 + r2):
                    row = (k * grid.m2 + j) * grid.m1
                    for c in range(row + grid.ng1 - r1, row + grid.ng1 + grid.n1 + r1):
                        velocity[c] = (
                            (momentum[c] - share * (p[c + d] - p[c - d])) / rho[c]
                            if rho[c] > 0.0
                            else 0.0
                        )


@kernel
def wave_work(u, waves, pressure, velocity, grid, axes, frozen_gas, totals):
    """Add the force of the waves on the gas and its work, in place on `u`; `totals` (nblock, 1):
    energy the waves lost.

    Frozen gas gains nothing; the waves lose the energy nevertheless. At a corner of three missing
    layers nothing is read: each difference is along one axis.
    """
    for b in range(u.shape[0]):
        plus, minus, energy = (
            u[b, waves[0]].reshape(-1),
            u[b, waves[1]].reshape(-1),
            u[b, ENER].reshape(-1),
        )
        p = pressure[b, 0].reshape(-1)
        given = 0.0
        for k in range(grid.ng3, grid.ng3 + grid.n3):
            for j in range(grid.ng2, grid.ng2 + grid.n2):
                row = (k * grid.m2 + j) * grid.m1
                for c in range(row + grid.ng1, row + grid.ng1 + grid.n1):
                    spread, work = 0.0, 0.0
                    for axis in axes:
                        if axis.stride:
                            d, v = axis.stride, velocity[b, axis.normal].reshape(-1)
                            spread += 0.5 * axis.dtdx * (v[c + d] - v[c - d])
                            if not frozen_gas:
                                push = -0.5 * axis.dtdx * (p[c + d] - p[c - d])
                                u[b, MOM1 + axis.normal].reshape(-1)[c] += push
                                work += push * v[c]
                    both = plus[c] + minus[c]
                    lost = p[c] * spread
                    kept = 1.0 - lost / both if both > 0.0 else 1.0
                    plus[c] *= kept
                    minus[c] *= kept
                    energy[c] += work
                    given += lost
        totals[b, 0] = given


class Pushes(NamedTuple):
    """Force and work of the wave pressure, fluxes of momentum and of energy: pressure and velocity
    of the middle of the step."""

    pressure: object
    velocity: object


@write_flux.option(Pushes)
def write_push(source, b, face, cells, plane, place):
    (a, _), (r, q) = face, place
    (i, j, k), (io, jo, ko) = cells
    p, po = source.pressure[b, 0, k, j, i], source.pressure[b, 0, ko, jo, io]
    v, vo = source.velocity[b, a, k, j, i], source.velocity[b, a, ko, jo, io]
    plane[0, 0, r, q] = 0.5 * (p + po)
    plane[1, 0, r, q] = 0.5 * (p * vo + po * v)


@apply_difference.option(Pushes)
def apply_push(source, u, cell, axis, inward, planes, place):
    (own, fine), (b, i, j, k), (r, q) = planes, cell, place
    u[b, MOM1 + axis, k, j, i] += inward * (fine[0, 0, r, q] - own[0, 0, r, q])
    u[b, ENER, k, j, i] += inward * (fine[1, 0, r, q] - own[1, 0, r, q])
