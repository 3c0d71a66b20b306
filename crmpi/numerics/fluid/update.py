"""Rows of cells: flux divergence, cosmic-ray work, gravity."""

from crmpi.constants import AXES, DENS, ECR, ENER, MOM1, VEL1
from crmpi.jit import kernel
from crmpi.numerics.cr.compression import converges, crossings, sound_square
from crmpi.numerics.fluid.gas_entropy import is_dominated
from crmpi.numerics.fluid.layout import FLUX, VFACE
from crmpi.numerics.rows.axes import (
    acts_along,
    impulse,
    mean_flux,
    outflow,
    outflow_past_walls,
    sum_weight,
    wall_pressure,
)
from crmpi.numerics.rows.rows import load, row, separate, store, written


@kernel
def divergence_rows(n, cr, cells, u_in, u_out, axes, lower, upper, nvar):
    """Write u_out = u_in - dt div F for `n` cells.

    `cells`: the primitives of the fluxes; `lower`, `upper`: the faces (Rows, one per axis) below
    and above the cells.
    """
    separate()
    for v in range(nvar):
        q = FLUX + v
        below1, below2, below3 = row(lower[0], q), row(lower[1], q), row(lower[2], q)
        above1, above2, above3 = row(upper[0], q), row(upper[1], q), row(upper[2], q)
        source = row(u_in, v)
        target = row(u_out, v)
        for i in range(n):
            held1 = wall_pressure(axes[0], cr, cells, v, i)
            held2 = wall_pressure(axes[1], cr, cells, v, i)
            held3 = wall_pressure(axes[2], cr, cells, v, i)
            d1 = outflow_past_walls(axes[0], i, held1, load(below1, i), load(above1, i))
            d2 = outflow_past_walls(axes[1], i, held2, load(below2, i), load(above2, i))
            d3 = outflow_past_walls(axes[2], i, held3, load(below3, i), load(above3, i))
            store(target, i, load(source, i) - ((d1 + d2) + d3), 0)


@kernel
def work_rows(n, gas, cr, cells, u_out, axes, lower, upper):
    """Move the work dt P div v from the cosmic rays to the gas: the same number in both, so their
    sum is kept.

    Return the number of cells for `crmpi.numerics.cr.compression`, those where the flow converges,
    and of those for `crmpi.numerics.fluid.gas_entropy`.
    """
    separate()
    below1, below2, below3 = row(lower[0], VFACE), row(lower[1], VFACE), row(lower[2], VFACE)
    above1, above2, above3 = row(upper[0], VFACE), row(upper[1], VFACE), row(upper[2], VFACE)
    dens = row(cells, DENS)
    old = row(cells, ECR)
    ener = row(u_out, ENER)
    ecr = row(u_out, ECR)
    new_ener, new_ecr = written(ener), written(ecr)
    converging, dominated = 0, 0
    for i in range(n):
        d1 = outflow(axes[0], i, load(below1, i), load(above1, i))
        d2 = outflow(axes[1], i, load(below2, i), load(above2, i))
        d3 = outflow(axes[2], i, load(below3, i), load(above3, i))
        rate = crossings(axes, i)
        stretch = (d1 + d2) + d3
        work = cr.gm1 * load(old, i) * stretch
        store(new_ener, i, load(ener, i) + work, 0)
        store(new_ecr, i, load(ecr, i) - work, 1)
        converging += (
            1 if converges(sound_square(gas, cr, cells, i), load(dens, i), stretch, rate) else 0
        )
        dominated += 1 if is_dominated(gas, cr, cells, stretch, rate, i) else 0
    return converging, dominated


@kernel
def tracer_work_rows(n, cr, end, cells, u_out, axes, lower, upper):
    """Take the work dt P div v from the passive populations ECR < v < `end`; the gas does not feel
    them."""
    separate()
    below1, below2, below3 = row(lower[0], VFACE), row(lower[1], VFACE), row(lower[2], VFACE)
    above1, above2, above3 = row(upper[0], VFACE), row(upper[1], VFACE), row(upper[2], VFACE)
    for v in range(ECR + 1, end):
        old = row(cells, v)
        energy = row(u_out, v)
        new = written(energy)
        for i in range(n):
            d1 = outflow(axes[0], i, load(below1, i), load(above1, i))
            d2 = outflow(axes[1], i, load(below2, i), load(above2, i))
            d3 = outflow(axes[2], i, load(below3, i), load(above3, i))
            store(new, i, load(energy, i) - cr.gm1 * load(old, i) * ((d1 + d2) + d3), 0)


@kernel
def gravity_rows(n, dt, cells, grav, u_out, axes, lower, upper, done):
    """Add the static acceleration: dt rho g to the momentum, and to the energy the work on the mass
    that crossed the faces.

    The mean of the two mass fluxes makes the energy given to the gas consistent with the potential
    energy it lost; along a missing axis nothing crosses faces and the work is rho v g. It is added
    to `done` as well, a row that sums it over the rows of a block.
    """
    separate()
    dens = row(cells, DENS)
    ener = row(u_out, ENER)
    new_ener, more_done = written(ener), written(done)
    for a in AXES:
        if not acts_along(axes[a]):
            continue
        g = row(grav, a)
        momentum = row(u_out, MOM1 + a)
        new_momentum = written(momentum)
        velocity = row(cells, VEL1 + a)
        below = row(lower[a], FLUX + DENS)
        above = row(upper[a], FLUX + DENS)
        present = axes[a].stride != 0
        for i in range(n):
            rho = load(dens, i)
            crossed = mean_flux(axes[a], i, load(below, i), load(above, i))
            mass_flux = crossed if present else rho * load(velocity, i)
            push = impulse(axes[a], dt, rho, load(g, i))
            store(new_momentum, i, load(momentum, i) + push, 0)
            work = impulse(axes[a], dt, mass_flux, load(g, i))
            store(new_ener, i, load(ener, i) + work, 1)
            store(more_done, i, load(done, i) + work * sum_weight(axes[a], i), 2)
