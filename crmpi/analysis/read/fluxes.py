"""Flux densities along a direction, as loading and profiles need them: of mass, of the energy of
gas and field, of cosmic rays."""

import numpy as np

VELOCITY = ("vel1", "vel2", "vel3")
FIELD = ("b1", "b2", "b3")
RELATIVE = ("fecr1", "fecr2", "fecr3")


def component(cells, names, normal):
    """Return the component of a vector along `normal`, three arrays that broadcast; None stands for
    0."""
    return sum(cells[name] * n for name, n in zip(names, normal, strict=True) if n is not None)


def along_axis(axis, sign=1.0):
    """Return the direction of an axis (0, 1, 2) as `component` takes it."""
    return tuple(sign if a == axis else None for a in range(3))


def outward(cells):
    """Return the direction away from the origin; axes with one cell do not count."""

    def compute():
        r = np.maximum(cells.r, 1e-300)
        return tuple(
            cells.position(axis) / r if axis in cells.facts.axes else None for axis in range(3)
        )

    return cells.remember("outward", compute)


def flux_names(observable):
    """Return the names of the fluxes that `flux_densities` gives, for an observable that knows what
    there is."""
    names = ["mass", "gas_energy"]
    if observable.has(*FIELD):
        names.append("poynting")
    if observable.has("ecr"):
        names.append("cr_advected")
        if has_relative(observable):
            names.append("cr_relative")
    return names


def has_relative(observable):
    """Return whether the flux relative to the gas is known: evolved, stored, computed by the
    running solver, or none at all."""
    return observable.has(*RELATIVE) or moves_with_gas(observable.facts)


def moves_with_gas(facts):
    """Return whether cosmic rays have no motion of their own in this run."""
    return facts.config.get("transport", {}).get("solver", "none") == "none"


def flux_densities(cells, normal, names):
    """Return {name: flux density along `normal`} for `names` of `flux_names`, code units.

    mass: rho v; gas_energy: v (rho v^2/2 + gamma/(gamma-1) P); poynting: v B^2 - B (v.B);
    cr_advected: v (e + P_cr);
    cr_relative: what cosmic rays carry beyond that.
    """
    vel = component(cells, VELOCITY, normal)
    densities = {
        "mass": lambda: cells["dens"] * vel,
        "gas_energy": lambda: (
            vel * (cells["ekin"] + cells.gamma / (cells.gamma - 1.0) * cells["press"])
        ),
        "poynting": lambda: _poynting(cells, vel, normal),
        "cr_advected": lambda: vel * (cells["ecr"] + cells["pcr"]),
        "cr_relative": lambda: (
            np.zeros(cells.shape)
            if moves_with_gas(cells.facts)
            else component(cells, RELATIVE, normal)
        ),
    }
    return {name: densities[name]() for name in names}


def _poynting(cells, vel, normal):
    work = sum(cells[v] * cells[b] for v, b in zip(VELOCITY, FIELD, strict=True))
    return vel * 2.0 * cells["pmag"] - component(cells, FIELD, normal) * work
