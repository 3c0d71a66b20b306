"""Entropy of gas whose pressure is small beside that of cosmic rays: carried with the mass.

The gas pressure is what the total energy leaves when kinetic, magnetic and cosmic-ray energy are
taken away. Where the cosmic-ray pressure P exceeds the gas pressure p many times, truncation errors
of the larger terms are as large as p: dense gas that expands into thin gas keeps the heat of the
first cells permanently. As long as nothing shocks the gas, n = p^(1/gamma) obeys the conservation
law that holds for cosmic rays (`crmpi.numerics.cr.compression`), n_t + div(n v) = 0, and n/rho is
carried with the mass. For this reason codes for flows with small internal energy evolve entropy or
internal energy too (Bryan et al. 1995, Comput. Phys. Commun. 89, 149; Ryu et al. 1993, ApJ 414, 1),
and choose.

Here a cell takes the pressure that the entropy makes if all of this holds:

- P > 10 p;
- the flow over the cell is not uniform: abs(q) > 0.001, q = -dx div v / c, c the sound speed of gas
  and cosmic rays. A contact that is only carried along mixes energies, which keeps its balance;
- it is no shock. A shock is where q > 0.05, or q > 0.003 and n/rho of the cosmic rays varies by
  less than q/100, as it does in a weak shock in a uniform medium. But where the density jumps by
  more than 8 from cell to cell there is a contact, since shocks in cosmic rays compress by 7.

All conditions set in linearly, until twice the number. What this changes in the energy of the gas
the cosmic rays lose or gain, to which it is little: E + e is kept to round-off.
"""

from crmpi.constants import DENS, ECR, ENER, MOM1, PRES
from crmpi.jit import device, kernel
from crmpi.numerics.cr.compression import (
    carried_out,
    converging_speed,
    extremes,
    masses_through,
    ramp,
    sound_square,
    spread,
)
from crmpi.numerics.fluid.health import pressure
from crmpi.numerics.power import power
from crmpi.numerics.rows.rows import in_order, load, row, separate, store, written

DOMINATED = 10.0  # P/p from which the entropy counts
MOVING = 0.001  # abs(q) from which it counts
SHOCK = 0.05  # q from which a cell is in a shock, whatever is around it
WEAK_SHOCK = 0.003  # the same in cosmic rays whose n/rho is uniform
UNIFORM = 0.01  # relative variation of their n/rho, in q, up to which it is uniform
CONTACT = 8.0  # ratio of densities in neighbouring cells from which there is a contact
_MOST_TAKEN = 0.5  # largest share of their energy that cosmic rays lose
_TINY = 1e-30


@device
def is_dominated(gas, cr, w, stretch, rate, i):
    """Return whether cosmic rays dominate a cell over which the flow is not uniform.

    Parameters
    ----------
    stretch : float
        dt div v
    rate : float
        dt over the smallest cell width
    """
    limit = MOVING * rate
    faint = cr.gm1 * load(row(w, ECR), i) > DOMINATED * load(row(w, PRES), i)
    moving = stretch * stretch * load(row(w, DENS), i) > limit * limit * sound_square(gas, cr, w, i)
    return faint and moving


@kernel
def entropy_row(n, gas, w, result):
    """Write n/rho = p^(1/gamma)/rho of the gas for `n` cells; `result`: a pointer."""
    separate()
    exponent = 1.0 / gas.gamma
    for i in range(n):
        number = power(load(row(w, PRES), i), exponent)
        store(result, i, number / load(row(w, DENS), i), 0)


@kernel
def entropy_energy_rows(n, laws, keep, states, fields, axes, lower, upper, moved):
    """Write the energy that `n` cells of a row lack for the gas pressure that n/rho carried with
    the mass makes, as far as cosmic rays dominate them.

    Parameters
    ----------
    laws : (Gas, CosmicRays)
    keep : float
        share of the state at the start of the step in the result of the stage
    states : (Rows, pointer, pointer, Rows, Rows, Rows)
        primitives of the fluxes, n/rho of the cosmic rays and of the gas in them, conserved state
        at the start of the stage, at that of the step, and at the end of the stage
    fields : (Rows, Rows, Rows)
        face field at the start of the stage, of the step, and at the end of the stage, or None
    lower, upper : Rows, one for each axis
        the faces below and above the cells
    moved : pointer
        energy density from the cosmic rays to the gas
    """
    separate()
    ordered = in_order(axes)
    strides = (axes[0].stride, axes[1].stride, axes[2].stride)
    for i in range(n):
        converging = converging_speed(laws[0], laws[1], states[0], axes, lower, upper, i)
        weight = _entropy_weight(laws, converging, states, i, strides)
        left = carried_out(states[2], i, strides, masses_through(axes, lower, upper, i))
        lacking = _entropy_energy(laws[0], keep, weight, left, states, i, fields, ordered)
        store(moved, i, lacking, 0)


@kernel
def transfer_rows(n, moved, new):
    """Move energy from the cosmic rays to the gas of `n` cells."""
    separate()
    ener, ecr = row(new, ENER), row(new, ECR)
    new_ener, new_ecr = written(ener), written(ecr)
    for i in range(n):
        store(new_ener, i, load(ener, i) + load(moved, i), 0)
        store(new_ecr, i, load(ecr, i) - load(moved, i), 1)


@device
def _entropy_weight(laws, converging, states, i, strides):
    """Return the weight, 0 to 1, of the entropy in a cell.

    Parameters
    ----------
    converging : float
        velocity by which the flow converges over the cell, in sound speeds
    strides : (int, int, int)
        from a cell of the primitives to the next along each axis, 0 if the axis is missing
    """
    _, cr = laws
    w, rays = states[0], states[1]
    ratio = cr.gm1 * load(row(w, ECR), i) / (DOMINATED * load(row(w, PRES), i))
    varied = spread(rays, i, strides) / max(UNIFORM * converging, _TINY)
    weak = ramp(converging / WEAK_SHOCK) * ramp(3.0 - varied)
    calm = 1.0 - max(ramp(converging / SHOCK), weak)
    contact = ramp(_density_ratio(row(w, DENS), i, strides) / CONTACT)
    return ramp(ratio) * ramp(abs(converging) / MOVING) * max(calm, contact)


@device
def _density_ratio(dens, i, strides):
    """Return the ratio of the largest to the smallest density of a cell and its neighbours."""
    smallest, largest = extremes(dens, i, strides)
    return largest / smallest


@device
def _entropy_energy(gas, keep, weight, left, states, i, fields, ordered):
    """Return the energy density that a cell lacks, see `entropy_energy_rows`.

    A stage that blends its result with the start of the step must blend n, and the kinetic energy
    of a blend is not that of its parts: the energy moved is the one that makes the pressure of the
    blend right.

    Parameters
    ----------
    weight : float
        of the entropy in the cell
    left : float
        n that leaves the cell with the mass
    i : int
        the cell in the conserved states
    """
    start, first, new = states[3], states[4], states[5]
    number = _number(gas, pressure(gas, start, fields[0], ordered, i)) - left
    if keep > 0.0:
        kept = _number(gas, pressure(gas, first, fields[1], ordered, i))
        number = keep * kept + (1.0 - keep) * number
    known = _blended_pressure(gas, keep, (first, new), fields[1], fields[2], ordered, i)
    press = power(number, gas.gamma)
    press = press if number > 0.0 else known
    ecr = load(row(new, ECR), i)
    moved = weight * (press - known) * gas.igm1 / (1.0 - keep)
    moved = min(moved, _MOST_TAKEN * ecr)
    # without pressure the cell is troubled: first-order fluxes must correct its mass, too
    return moved if weight > 0.0 and known > 0.0 else 0.0


@device
def _number(gas, press):
    """Return p^(1/gamma), 0 where there is no pressure."""
    number = power(press, 1.0 / gas.gamma)
    return number if press > 0.0 else 0.0


@device
def _blended_pressure(gas, keep, states, b_first, b_new, ordered, i):
    """Return the gas pressure of the blend keep first + (1 - keep) new of two states and fields."""
    first, new = states
    dens, ener = _blend(keep, first, new, DENS, i), _blend(keep, first, new, ENER, i)
    x, y, z = ordered
    mx = _blend(keep, first, new, MOM1 + x.normal, i)
    my = _blend(keep, first, new, MOM1 + y.normal, i)
    mz = _blend(keep, first, new, MOM1 + z.normal, i)
    inner = ener - 0.5 * (mx * mx + my * my + mz * mz) / dens
    if b_new is not None:
        bx = _blended_field(keep, b_first, b_new, x, i)
        by = _blended_field(keep, b_first, b_new, y, i)
        bz = _blended_field(keep, b_first, b_new, z, i)
        inner -= 0.5 * (bx * bx + by * by + bz * bz)
    return gas.gm1 * inner


@device
def _blend(keep, first, new, v, i):
    """Return the blend of a variable."""
    return keep * load(row(first, v), i) + (1.0 - keep) * load(row(new, v), i)


@device
def _blended_field(keep, first, new, axis, i):
    """Return the blend of the field along an axis in a cell."""
    below = _blend(keep, first, new, axis.normal, i)
    above = _blend(keep, first, new, axis.normal, i + axis.stride)
    return 0.5 * (below + above)
