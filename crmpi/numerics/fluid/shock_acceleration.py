"""Acceleration of cosmic rays at shocks: they get a share of the energy that is dissipated there.

Pfrommer et al. (2017, MNRAS 465, 4500, section 2.4) give cosmic rays a fixed share xi of the
dissipated energy, that beyond adiabatic compression. With the densities 1 ahead and r behind,

    D = E2 - e1 r^gamma - ecr1 r^gamma_cr,  e2 = e1 r^gamma + (1 - xi) D,  ecr2 = ecr1 r^gamma_cr +
    xi D,

E2 the internal energy of gas and cosmic rays that the conservation laws leave behind the shock.

A shock of a grid takes a few cells, and what is dissipated in one is compressed in the others. So
K = p/rho^gamma of the gas and of the cosmic rays is carried with the mass through a step, which
gives what adiabatic compression would have made of the cell; D is what the cell has beyond that.
The sums of rho K are linear in what each cell adds, so what leaves the shock does not depend on
how many cells it takes. A unit of energy at the density rho_i is worth (r/rho_i)^gamma behind the
shock in the gas and (r/rho_i)^gamma_cr in the cosmic rays: the share in the cell is the one that
makes xi of them behind, r the largest density within three cells. D has either sign in a cell.
"""

from typing import NamedTuple

from crmpi.constants import DENS, ECR, ENER, PRES, VEL1
from crmpi.jit import device, kernel
from crmpi.numerics.cr.compression import (
    ONSET,
    crossings,
    leaving_along,
    masses_through,
    ramp,
    sound_square,
)
from crmpi.numerics.fluid.health import pressure
from crmpi.numerics.fluid.layout import VFACE
from crmpi.numerics.power import power
from crmpi.numerics.rows.axes import outflow, sum_weight
from crmpi.numerics.rows.rows import in_order, load, row, separate, store

REACH = 3  # cells on either side that are searched for a shock; that many ghost zones are needed
STEEPNESS = 4.0  # the share counts in full from a jump of 1 + 1/STEEPNESS times the smallest


class Acceleration(NamedTuple):
    """Share of the dissipated energy that cosmic rays get, and the smallest relative jump of the
    sum of gas and cosmic-ray pressure over a shock that accelerates.
    """

    share: float
    jump: float


def make_acceleration(share, mach, gamma):
    """Return the `Acceleration` for a share and a smallest Mach number, or None for a share of 0.

    The jump is that of a gas with adiabatic index `gamma`, 2 gamma (M^2 - 1)/(gamma + 1).
    """
    return (
        Acceleration(share, 2.0 * gamma * (mach**2 - 1.0) / (gamma + 1.0)) if share > 0.0 else None
    )


@kernel
def accelerate_row(n, laws, states, new, fields, axes, faces):
    """Give the cosmic rays of `n` cells their share of what shocks dissipate; E + e is kept.

    Parameters
    ----------
    laws : (Acceleration, Gas, CosmicRays)
    states : (Rows, Rows)
        primitives of the fluxes, conserved state at the start of the stage
    new : Rows
        conserved state at the end of the stage, with fluxes and work; changed
    fields : (Rows, Rows)
        face field at the start and at the end of the stage, or None
    faces : (Rows, Rows), each one for each axis
        the faces below and above the cells

    Returns
    -------
    float
        energy density given to cosmic rays, summed over cells, on a tube times their volumes
    """
    separate()
    _, gas, _ = laws
    w, start = states
    lower, upper = faces
    ordered = in_order(axes)
    strides = (axes[0].stride, axes[1].stride, axes[2].stride)
    given = 0.0
    for i in range(n):
        stretch = 0.0
        for a in range(3):
            over, under = load(row(upper[a], VFACE), i), load(row(lower[a], VFACE), i)
            stretch += outflow(axes[a], i, under, over)
        weight = _shock_weight(laws, w, i, strides, -stretch / crossings(axes, i))
        if weight > 0.0:
            masses = masses_through(axes, lower, upper, i)
            before = pressure(gas, start, fields[0], ordered, i)
            after = pressure(gas, new, fields[1], ordered, i)
            press = (before, after)
            here = _accelerate_cell(laws, weight, states, i, new, strides, masses, press)
            given += sum_weight(axes[0], i) * here
    return given


@device
def _shock_weight(laws, w, i, strides, approach):
    """Return the weight, 0 to 1, by which a cell belongs to a shock that accelerates.

    Parameters
    ----------
    w : Rows
        primitives
    strides : (int, int, int)
        from a cell to the next along each axis, 0 if the axis is missing
    approach : float
        velocity by which the flow converges over the cell
    """
    acceleration, gas, cr = laws
    sound = sound_square(gas, cr, w, i) / load(row(w, DENS), i)
    limit = ONSET * ONSET * sound
    if approach <= 0.0 or approach * approach <= limit:
        return 0.0
    jump = 0.0
    for a in range(3):
        if strides[a]:
            jump = max(jump, _jump(cr, w, a, i, strides[a]))
    return ramp(1.0 + STEEPNESS * (jump / acceleration.jump - 1.0))


@device
def _jump(cr, w, a, i, step):
    """Return the relative jump of pressure along an axis around a cell, as far as it is a shock's.

    With the differences of velocity and of 1/rho between the ends of a shock, and anywhere in
    between, the pressure differs by dv^2/d(1/rho). Where it differs by more, as in a steep gradient
    at rest, only that counts.
    """
    velocity = row(w, VEL1 + a)
    smallest, largest = _total(cr, w, i), _total(cr, w, i)
    slowest, fastest = load(velocity, i), load(velocity, i)
    thinnest, densest = load(row(w, DENS), i), load(row(w, DENS), i)
    for side in range(-REACH, REACH + 1):
        at = i + side * step
        total, speed, dens = _total(cr, w, at), load(velocity, at), load(row(w, DENS), at)
        smallest, largest = min(smallest, total), max(largest, total)
        slowest, fastest = min(slowest, speed), max(fastest, speed)
        thinnest, densest = min(thinnest, dens), max(densest, dens)
    rise, squeeze = largest - smallest, 1.0 / thinnest - 1.0 / densest
    push = (fastest - slowest) * (fastest - slowest)
    return (rise if push >= rise * squeeze else push / squeeze) / smallest


@device
def _total(cr, w, i):
    """Return the sum of gas and cosmic-ray pressure."""
    return load(row(w, PRES), i) + cr.gm1 * load(row(w, ECR), i)


@device
def _accelerate_cell(laws, weight, states, i, new, strides, masses, press):
    """Implement `accelerate_row` for one cell of this weight; return the energy density given.

    Parameters
    ----------
    masses : ((float, float), (float, float), (float, float))
        mass over the volume of the cell that passes the faces below and above
    press : (float, float)
        gas pressure of the cell at the start and at the end of the stage
    """
    acceleration, gas, cr = laws
    w, start = states
    dens, ecr = load(row(new, DENS), i), load(row(new, ECR), i)
    old = load(row(start, DENS), i)
    old_pcr = cr.gm1 * load(row(start, ECR), i)
    cold = _adiabatic(
        row(w, PRES), 1.0, gas.gamma, row(w, DENS), i, strides, masses, (old, press[0], dens)
    )
    calm = _adiabatic(
        row(w, ECR), cr.gm1, cr.gamma, row(w, DENS), i, strides, masses, (old, old_pcr, dens)
    )
    compressed = calm / cr.gm1
    dissipated = press[1] * gas.igm1 + ecr - cold * gas.igm1 - compressed
    share = _share_here(acceleration.share, gas, cr, _compression(gas, w, i, strides, dens))
    given = max(share * dissipated, -compressed)
    moved = weight * (compressed + given - ecr)
    store(row(new, ECR), i, ecr + moved, 0)
    store(row(new, ENER), i, load(row(new, ENER), i) - moved, 1)
    return weight * given


@device
def _adiabatic(p, factor, gamma, dens, i, strides, masses, cell):
    """Return the pressure of a cell whose K = p/rho^gamma is only carried with the mass.

    ``p``, times `factor` the pressure, and ``dens``: primitives; ``cell``: density and pressure of
    the cell at the start of the stage, density at its end.
    """
    old, press, new = cell
    content = press * power(old, 1.0 - gamma)
    for a in range(3):
        step = strides[a]
        if step:
            values = (
                _entropy(p, factor, gamma, dens, i - 2 * step),
                _entropy(p, factor, gamma, dens, i - step),
                _entropy(p, factor, gamma, dens, i),
                _entropy(p, factor, gamma, dens, i + step),
                _entropy(p, factor, gamma, dens, i + 2 * step),
            )
            content -= leaving_along(values, masses[a])
    return max(content, 0.0) * power(new, gamma - 1.0)


@device
def _entropy(p, factor, gamma, dens, i):
    """Return K = p/rho^gamma."""
    return factor * load(p, i) * power(load(dens, i), -gamma)


@device
def _compression(gas, w, i, strides, dens):
    """Return by how much the cell is still compressed: at most what a strong shock can."""
    largest = dens
    for a in range(3):
        for side in range(-REACH, REACH + 1):
            largest = max(largest, load(row(w, DENS), i + side * strides[a]))
    return min(largest / dens, (gas.gamma + 1.0) * gas.igm1)


@device
def _share_here(share, gas, cr, compression):
    """Return the share in the cell that makes `share` behind the shock."""
    worth = share * power(compression, gas.gamma - cr.gamma)
    return worth / (1.0 - share + worth)
