"""Cosmic rays where the flow converges: adiabatic compression through shocks.

The energy of adiabatic cosmic rays obeys de/dt + div(e v) = -P div v. At a shock div v and P jump
together and the product has no limit of its own: what a scheme makes of it depends on how many
cells the shock takes, not on their width, and the error does not converge. Their number density n =
P^(1/gamma_cr) obeys a conservation law instead (Kudoh & Hanawa 2016, MNRAS 462, 4517, eq. 11), and
n/rho is carried with the mass: uniform ahead of a shock, it is uniform behind, P2 = P1
(rho2/rho1)^gamma_cr.

At a contact the reverse holds. There P is mixed with the gas pressure at constant sum,
which keeps the balance of pressures if *e* is mixed; a mixture of n is none of e. So a stage
computes both. The result is that of n where the flow converges over a cell by more than a small
part of the sound speed while n/rho varies less than that, as in a shock; it is that of e in smooth
flow and at contacts, and goes over from one to the other linearly. What this changes in e the gas
gains or loses: E + e is kept to round-off.
"""

import math

from crmpi.constants import DENS, ECR, ENER, PRES
from crmpi.jit import device, kernel
from crmpi.numerics.fluid.layout import FLUX, VFACE
from crmpi.numerics.fluid.reconstruct import PLM, interfaces
from crmpi.numerics.fluid.stage import first_scalar
from crmpi.numerics.power import power
from crmpi.numerics.rows.axes import amounts_through, outflow, steps_per_cell
from crmpi.numerics.rows.rows import load, row, separate, store, written

# variation of n/rho beyond which e begins to count, however strong the shock: a contact, or the
# edge of a source
MIXED = 0.4
# convergence over a cell, in sound speeds, from which n counts; from twice as much it counts in
# full
ONSET = 0.003


@device
def sound_square(gas, cr, w, i):
    """Return rho times the square of the sound speed of gas and cosmic rays."""
    return gas.gamma * load(row(w, PRES), i) + cr.gamma * cr.gm1 * load(row(w, ECR), i)


@device
def converges(stiffness, dens, stretch, crossings):
    """Return whether the flow converges by more than `ONSET`.

    Parameters
    ----------
    stiffness : float
        rho c^2
    stretch : float
        dt div v
    crossings : float
        dt over the smallest cell width
    """
    limit = ONSET * crossings
    return stretch < 0.0 and stretch * stretch * dens > limit * limit * stiffness


@device
def crossings(axes, i):
    """Return the time step over the smallest width of cell `i`."""
    first = steps_per_cell(axes[0], i)
    return max(first, max(steps_per_cell(axes[1], i), steps_per_cell(axes[2], i)))


@kernel
def per_mass_rows(n, cr, end, w, result):
    """Write n/rho of the cosmic rays ECR <= v < `end` for `n` cells."""
    separate()
    power_of = 1.0 / cr.gamma
    for v in range(ECR, end):
        for i in range(n):
            store(
                row(result, v - ECR),
                i,
                _number(cr, power_of, load(row(w, v), i)) / load(row(w, DENS), i),
                0,
            )


@kernel
def compress_rows(n, gas, cr, keep, states, new, axes, lower, upper):
    """Give `n` cells of a row, where the flow converges, the cosmic-ray energies that n/rho carried
    with the mass makes.

    Parameters
    ----------
    keep : float
        share of the state at the start of the step in the result of the stage
    states : (Rows, Rows, Rows, Rows)
        primitives of the fluxes, their n/rho, conserved state at the start of the stage and at that
        of the step
    new : Rows
        conserved state at the end of the stage, with fluxes and work; changed
    lower, upper : Rows, one for each axis
        the faces below and above the cells
    """
    separate()
    strides = (axes[0].stride, axes[1].stride, axes[2].stride)
    ener = written(row(new, ENER))
    for v in range(ECR, first_scalar(cr)):
        results = written(row(new, v)), ener
        for i in range(n):
            convergence = converging_speed(gas, cr, states[0], axes, lower, upper, i)
            masses = masses_through(axes, lower, upper, i)
            _compress_cell(cr, keep, v, convergence, states, i, new, results, strides, masses)


@device
def converging_speed(gas, cr, w, axes, lower, upper, i):
    """Return the velocity by which the flow converges over a cell, in sound speeds."""
    d1 = outflow(axes[0], i, load(row(lower[0], VFACE), i), load(row(upper[0], VFACE), i))
    d2 = outflow(axes[1], i, load(row(lower[1], VFACE), i), load(row(upper[1], VFACE), i))
    d3 = outflow(axes[2], i, load(row(lower[2], VFACE), i), load(row(upper[2], VFACE), i))
    sound = math.sqrt(sound_square(gas, cr, w, i) / load(row(w, DENS), i))
    return -((d1 + d2) + d3) / (crossings(axes, i) * sound)


@device
def masses_through(axes, lower, upper, i):
    """Return the masses that pass the faces of a cell below and above along each axis, over the
    volume of the cell."""
    return (
        _mass(axes[0], lower[0], upper[0], i),
        _mass(axes[1], lower[1], upper[1], i),
        _mass(axes[2], lower[2], upper[2], i),
    )


@device
def _mass(axis, lower, upper, i):
    """Return the mass that passes the faces of a cell below and above, over the volume of the
    cell."""
    below, above = load(row(lower, FLUX + DENS), i), load(row(upper, FLUX + DENS), i)
    return amounts_through(axis, i, below, above)


@device
def _compress_cell(cr, keep, v, convergence, states, i, new, results, strides, masses):
    """Implement `compress_rows` for the energy `v` of one cell.

    Parameters
    ----------
    convergence : float
        velocity by which the flow converges over the cell, in sound speeds
    results : (pointer, pointer)
        the rows of the energy and of the gas energy in `new`, to write to
    strides : (int, int, int)
        from a cell to the next along each axis, 0 if the axis is missing
    masses : ((float, float), (float, float), (float, float))
        mass over the volume of the cell that passes the faces below and above
    """
    _, per_mass, start, kept = states
    leaving = carried_out(row(per_mass, v - ECR), i, strides, masses)
    allowed = min(convergence, MIXED)
    weight = ramp(convergence / ONSET) * ramp(3.0 - spread(row(per_mass, 0), i, strides) / allowed)
    number = _number(cr, 1.0 / cr.gamma, load(row(start, v), i)) - leaving
    before = load(row(new, v), i)
    after = before + weight * (_energy(cr, keep, number, load(row(kept, v), i)) - before)
    after = after if weight > 0.0 else before
    store(results[0], i, after, 0)
    if v == ECR:
        store(results[1], i, load(row(new, ENER), i) - (after - before), 1)


@device
def ramp(x):
    """Return 0 up to x = 1, 1 from x = 2, linear between."""
    return max(0.0, min(1.0, x - 1.0))


@device
def _energy(cr, keep, number, kept):
    """Return the energy density of cosmic rays of this number density.

    A stage that blends its result with the start of the step must blend numbers, not energies: the
    energy returned is that which makes of the blend of energies that of the numbers.
    """
    if keep > 0.0:
        number = keep * _number(cr, 1.0 / cr.gamma, kept) + (1.0 - keep) * number
    energy = power(number, cr.gamma) / cr.gm1
    energy = energy if number > 0.0 else 0.0
    return max((energy - keep * kept) / (1.0 - keep), 0.0)


@device
def _number(cr, exponent, energy):
    """Return the number density P^exponent of an energy density, exponent = 1/gamma_cr; 0 where
    there are no cosmic rays."""
    number = power(cr.gm1 * energy, exponent)
    return number if energy > 0.0 else 0.0


@device
def carried_out(s, i, strides, masses):
    """Return the number density that leaves a cell with the mass: s = n/rho, reconstructed with
    `PLM` whatever the scheme takes."""
    total = 0.0
    for a in range(3):
        step = strides[a]
        near = load(s, i - step), load(s, i), load(s, i + step)
        total += leaving_along((load(s, i - 2 * step), *near, load(s, i + 2 * step)), masses[a])
    return total


@device
def leaving_along(values, masses):
    """Return what leaves a cell with the mass along an axis; `values`: what a unit of mass carries,
    in five cells around it."""
    below2, below, here, above, above2 = values
    mass_below, mass_above = masses
    lower, upper = interfaces(PLM(), here, below, here, above, here)
    _, under = interfaces(PLM(), here, below2, below, here, here)
    over, _ = interfaces(PLM(), here, here, above, above2, here)
    gained = mass_below * (under if mass_below >= 0.0 else lower)
    return mass_above * (upper if mass_above >= 0.0 else over) - gained


@device
def extremes(s, i, strides):
    """Return the smallest and the largest value in a cell and its neighbours."""
    smallest, largest = load(s, i), load(s, i)
    for a in range(3):
        below, above = load(s, i - strides[a]), load(s, i + strides[a])
        smallest = min(smallest, min(below, above))
        largest = max(largest, max(below, above))
    return smallest, largest


@device
def spread(s, i, strides):
    """Return the relative variation of s = n/rho over a cell and its neighbours."""
    smallest, largest = extremes(s, i, strides)
    return (largest - smallest) / largest
