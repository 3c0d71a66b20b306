"""Changes of the state from outside a step: primitives of cells, given by a user between steps.

What stays as it is while one variable changes is the other primitives: a new density keeps
velocity, pressure, field, cosmic-ray energy and concentrations. Cells whose value does not change
keep their bits.
"""

import numpy as np

from crmpi.constants import DENS, ENER, MOM1, PRES, VEL1
from crmpi.errors import CrmpiError
from crmpi.model.problem import magnetic_energy, summation_order
from crmpi.output.snapshot import cell_variables, face_variables

_POSITIVE = ("dens", "press")


def changeable(pack):
    """Return {name: Variable} of what may be changed: the primitives of a snapshot without the
    field, which is stored on faces."""
    return {variable.name: variable for variable in cell_variables(pack)}


def require_changeable(name, pack, derived):
    """Raise CrmpiError unless the variable `name` may be changed; `derived`: as
    `crmpi.analysis.read.derived.DERIVED`."""
    known = changeable(pack)
    if name in known:
        return
    if name in (variable.name for variable in face_variables(pack)):
        raise CrmpiError(
            f"'{name}' cannot be changed in cells: the field is stored on faces, where its "
            "divergence is zero; it comes from vector_potential(self, x, p) of the problem"
        )
    follows = f"follows from {', '.join(derived[name].needs)}" if name in derived else "is unknown"
    raise CrmpiError(f"'{name}' {follows}; what can be changed: {', '.join(known)}")


def change(sim, b, name, values, where):
    """Set a primitive in the cells `where` (n3, n2, n1) of block `b` of a simulation.

    Parameters
    ----------
    sim : crmpi.run.simulation.Simulation
        its `changed` becomes true: ghost zones are made valid by `sim.take_changes()`
    b : int
    name : str
        a variable of `changeable`
    values : array (n3, n2, n1)
        code units; elsewhere it is ignored
    where : bool array (n3, n2, n1)

    Raises
    ------
    CrmpiError
        a value is not finite, or no gas has it; the block is as before
    """
    pack, gamma = sim.pack, sim.config.fluid.gamma
    variable = changeable(pack)[name]
    _require_possible(sim, b, name, values, where)
    u, w = pack.active(pack.u0)[b], pack.active(pack.w0)[b]
    target = w if variable.array == "w0" else u
    target[variable.component][where] = values[where]
    if variable.array == "w0" and variable.component <= PRES:
        _set_gas(pack, b, u, w, where, gamma)
    passive = range(pack.nvar - len(pack.scalars), pack.nvar)
    for v in passive if name == "dens" else {variable.component} & set(passive):
        u[v][where] = (w[DENS] * w[v])[where]
    if PRES < variable.component < passive.start:  # densities of energy, and fluxes
        u[variable.component][where] = values[where]
    sim.changed = True


def _set_gas(pack, b, u, w, where, gamma):
    """Set density, momentum and energy from the primitives of the gas."""
    u[DENS][where] = w[DENS][where]
    kinetic = np.zeros(where.shape)
    for axis in summation_order(pack.grid):
        momentum = w[DENS] * w[VEL1 + axis]
        u[MOM1 + axis][where] = momentum[where]
        kinetic += 0.5 * momentum * w[VEL1 + axis]
    energy = w[PRES] / (gamma - 1.0) + kinetic
    energy += magnetic_energy(pack, b) if pack.magnetic else 0.0
    u[ENER][where] = energy[where]


def _require_possible(sim, b, name, values, where):
    """Name the first value that no gas has."""
    wrong = ~np.isfinite(values)
    if name in _POSITIVE:
        wrong = wrong | (values <= 0.0)
    elif name.startswith("ecr"):
        wrong = wrong | (values < 0.0)
    wrong &= where
    if wrong.any():
        k, j, i = np.argwhere(wrong)[0]
        x = sim.positions[b]
        place = f"x1={x.x1.flat[i]:.6g}, x2={x.x2.flat[j]:.6g}, x3={x.x3.flat[k]:.6g}"
        need = "positive and finite" if name in _POSITIVE else "finite and not negative"
        need = need if name in _POSITIVE or name.startswith("ecr") else "finite"
        raise CrmpiError(
            f"'{name}' = {values[k, j, i]:.6g} at {place} (code units); it must be {need}"
        )
