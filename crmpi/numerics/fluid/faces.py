"""Fluxes through one row of faces, from the states on both sides."""

from crmpi.constants import DENS, ECR, ENER, MOM1
from crmpi.jit import device, kernel
from crmpi.numerics.fluid.layout import (
    ET1,
    ET2,
    FLUX,
    FROM_LOWER,
    FROM_UPPER,
    LEAN,
    SQUEEZE,
    VFACE,
)
from crmpi.numerics.fluid.riemann import State, face_flux, signal_speeds
from crmpi.numerics.fluid.stage import tracers
from crmpi.numerics.power import power
from crmpi.numerics.rows.rows import load, row, separate, store, written

# of LEAN, per cell width travelled in a step (Gardiner & Stone 2005)
_UPWIND_SHARPNESS = 2048.0


@device
def load_state(gas, cr, bn, states, i):
    """Return the `State` at face `i`; gas and cosmic rays are added up here."""
    press = load(states.press, i)
    stiffness = gas.gamma * press
    eint = press * gas.igm1
    if cr is not None:
        ecr = load(row(states.others, ECR), i)
        pcr = cr.gm1 * ecr
        press += pcr
        stiffness += cr.gamma * pcr
        eint += ecr
    if bn is None:
        bt1 = 0.0
        bt2 = 0.0
    else:
        bt1 = load(states.bt1, i)
        bt2 = load(states.bt2, i)
    return State(
        load(states.dens, i),
        load(states.vn, i),
        load(states.vt1, i),
        load(states.vt2, i),
        press,
        stiffness,
        eint,
        bt1,
        bt2,
    )


@kernel
def speed_rows(n, solver, gas, cr, sides, bn, speeds):
    """Write the `signal_speeds` at `n` faces; arguments as of `riemann_rows`."""
    separate()
    lower, upper = sides
    for i in range(n):
        b = 0.0 if bn is None else load(bn, i)
        slowest, contact, fastest = signal_speeds(
            solver, b, load_state(gas, cr, bn, lower, i), load_state(gas, cr, bn, upper, i)
        )
        store(row(speeds, 0), i, slowest, 0)
        store(row(speeds, 1), i, contact, 1)
        store(row(speeds, 2), i, fastest, 2)


@kernel
def riemann_rows(n, solver, gas, cr, sides, bn, axis, speeds, faces):
    """Solve `n` Riemann problems and write fluxes, face velocity, electric field and upwind side.

    Parameters
    ----------
    sides : (StateRows, StateRows)
        states below and above the faces
    bn : pointer or None
        normal magnetic field on the faces
    speeds : Rows
        signal speeds from `speed_rows`
    faces : Rows
        result, see `crmpi.numerics.fluid.layout`
    """
    separate()
    lower, upper = sides
    for i in range(n):
        l = load_state(gas, cr, bn, lower, i)
        u = load_state(gas, cr, bn, upper, i)
        waves = load(row(speeds, 0), i), load(row(speeds, 1), i), load(row(speeds, 2), i)
        f = face_flux(solver, 0.0 if bn is None else load(bn, i), waves, l, u)
        ener = f.ener
        if cr is not None:
            below = load(row(lower.others, ECR), i)
            above = load(row(upper.others, ECR), i)
            squeeze = power(f.compression, cr.gamma)
            carried = (f.from_lower * below + f.from_upper * above) * squeeze
            ener -= carried
            store(row(faces, FLUX + ECR), i, carried, 8)
            store(row(faces, VFACE), i, f.velocity, 9)
            if tracers(cr) > 0:
                store(row(faces, FROM_LOWER), i, f.from_lower, 10)
                store(row(faces, FROM_UPPER), i, f.from_upper, 11)
                store(row(faces, SQUEEZE), i, squeeze, 12)
        store(row(faces, FLUX + DENS), i, f.dens, 0)
        store(row(faces, FLUX + MOM1 + axis.normal), i, f.momn, 1)
        store(row(faces, FLUX + MOM1 + axis.first), i, f.mom1, 2)
        store(row(faces, FLUX + MOM1 + axis.second), i, f.mom2, 3)
        store(row(faces, FLUX + ENER), i, ener, 4)
        if bn is not None:
            lean = _UPWIND_SHARPNESS * axis.dtdx * f.dens / (l.dens + u.dens)
            lean = max(min(lean, 1.0), -1.0)
            store(row(faces, ET1), i, f.bt2, 5)
            store(row(faces, ET2), i, -f.bt1, 6)
            store(row(faces, LEAN), i, lean, 7)


@kernel
def tracer_rows(n, sides, end, faces):
    """Carry the energies ECR < v < `end` of passive populations exactly like that of the bulk."""
    separate()
    lower, upper = sides
    from_lower, from_upper, squeeze = (
        row(faces, FROM_LOWER),
        row(faces, FROM_UPPER),
        row(faces, SQUEEZE),
    )
    for v in range(ECR + 1, end):
        below = row(lower.others, v)
        above = row(upper.others, v)
        flux = row(faces, FLUX + v)
        for i in range(n):
            carried = (
                load(from_lower, i) * load(below, i) + load(from_upper, i) * load(above, i)
            ) * load(squeeze, i)
            store(flux, i, carried, 0)


@kernel
def scalar_rows(n, sides, first, nvar, faces):
    """Carry the scalars `first` <= v < `nvar` with the mass flux, upwind."""
    separate()
    lower, upper = sides
    mass = row(faces, FLUX + DENS)
    for v in range(first, nvar):
        below = row(lower.others, v)
        above = row(upper.others, v)
        flux = row(faces, FLUX + v)
        for i in range(n):
            m = load(mass, i)
            l = load(below, i)
            u = load(above, i)
            store(flux, i, m * (l if m >= 0.0 else u), 0)


@kernel
def flag_faces(n, marks, stride, flags):
    """Write 1 in `flags` for each of `n` faces with a marked cell (mark > 0) below or above, else
    0; return how many have one."""
    separate()
    count = 0
    for i in range(n):
        flagged = load(marks, i) + load(marks, i - stride) > 0.0
        store(flags, i, 1.0 if flagged else 0.0, 0)
        count += 1 if flagged else 0
    return count


@kernel
def replace_flagged_rows(n, flags, nface, spare, faces):
    """Copy `spare` over `faces` where they are flagged."""
    separate()
    for q in range(nface):
        source, target = row(spare, q), row(faces, q)
        result = written(target)
        for i in range(n):
            new, old = load(source, i), load(target, i)
            store(result, i, new if load(flags, i) > 0.0 else old, 0)
