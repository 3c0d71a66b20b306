"""Quantities that follow from the variables of a snapshot, and how each one is called and shown."""

from typing import NamedTuple

import numpy as np

from crmpi.constants import SOLAR_METALS
from crmpi.errors import CrmpiError


class Derived(NamedTuple):
    """``compute(facts, *needs)`` returns the quantity in code units from the arrays named in
    `needs`; `facts` is the snapshot."""

    dimension: str
    needs: tuple[str, ...]
    compute: object


def _temperature(facts, dens, press):
    """Return the temperature in K: P = rho k_B T / (mu m_p)."""
    units = facts.units
    return facts.mu * units.m_p / units.k_B * press / dens


def has_metallicity(names):
    """Return whether a run carries its metals along: as the passive scalar `metallicity`, solar
    units, or `metals`, a share of the mass."""
    return "metallicity" in names or "metals" in names


def _along_field(_facts, flux, component, strength):
    """Return a component of the vector of this length along the field; zero where there is no
    field."""
    return flux * component / np.maximum(strength, 1e-300)


DERIVED = {
    "pcr": Derived("pressure", ("ecr",), lambda facts, ecr: (facts.gamma_cr - 1.0) * ecr),
    "pmag": Derived(
        "pressure", ("b1", "b2", "b3"), lambda facts, b1, b2, b3: 0.5 * (b1**2 + b2**2 + b3**2)
    ),
    "bmag": Derived(
        "magnetic_field",
        ("b1", "b2", "b3"),
        lambda facts, b1, b2, b3: np.sqrt(b1**2 + b2**2 + b3**2),
    ),
    "speed": Derived(
        "velocity",
        ("vel1", "vel2", "vel3"),
        lambda facts, v1, v2, v3: np.sqrt(v1**2 + v2**2 + v3**2),
    ),
    "cs": Derived(
        "velocity",
        ("dens", "press"),
        lambda facts, dens, press: np.sqrt(facts.gamma * press / dens),
    ),
    "va": Derived(
        "velocity", ("pmag", "dens"), lambda facts, pmag, dens: np.sqrt(2.0 * pmag / dens)
    ),
    "beta": Derived("none", ("press", "pmag"), lambda facts, press, pmag: press / pmag),
    "ekin": Derived(
        "pressure", ("dens", "speed"), lambda facts, dens, speed: 0.5 * dens * speed**2
    ),
    "fecr1": Derived("energy_flux", ("fcr", "b1", "bmag"), _along_field),
    "fecr2": Derived("energy_flux", ("fcr", "b2", "bmag"), _along_field),
    "fecr3": Derived("energy_flux", ("fcr", "b3", "bmag"), _along_field),
    "temp": Derived("temperature", ("dens", "press"), _temperature),
    "metallicity": Derived("none", ("metals",), lambda facts, metals: metals / SOLAR_METALS),
}

TITLES = {
    "dens": "density",
    "press": "gas pressure",
    "ecr": "CR energy density",
    "fcr": "CR energy flux along B",
    "fecr1": "CR energy flux relative to the gas, x1",
    "fecr2": "CR energy flux relative to the gas, x2",
    "fecr3": "CR energy flux relative to the gas, x3",
    "ewp": "energy density of Alfvén waves along B",
    "ewm": "energy density of Alfvén waves against B",
    "pcr": "CR pressure",
    "pmag": "magnetic pressure",
    "bmag": "field strength",
    "speed": "speed",
    "cs": "sound speed",
    "va": "Alfvén speed",
    "beta": "gas / magnetic pressure",
    "ekin": "kinetic energy density",
    "temp": "temperature",
}
SYMBOLS = {"vel": "v", "b": "B"}

# dimension to the unit in which people of this field read it
SHOWN_IN = {
    "length": "kpc",
    "time": "Myr",
    "velocity": "km/s",
    "density": "m_p/cm^3",
    "pressure": "erg/cm^3",
    "magnetic_field": "uG",
    "energy_flux": "erg/s/cm^2",
    "momentum_density": "g/s/cm^2",
    "temperature": "K",
}


def title(name):
    """Return what a quantity is called on an axis."""
    stem, number = name.rstrip("123"), name[-1]
    return (
        rf"${SYMBOLS[stem]}_{number}$"
        if stem in SYMBOLS and stem != name
        else TITLES.get(name, name)
    )


def shown_in(dimension, units):
    """Return (label, factor): the unit in which a dimension is shown, and what a value in code
    units is multiplied by; '' without units."""
    unit = SHOWN_IN.get(dimension)
    if units.dimensionless or unit is None:
        return "", 1.0
    return unit, 1.0 / units.factor(unit)


def available(names, units):
    """Return the derived quantities that the variables `names` allow."""
    known, found = set(names), []
    while True:
        more = [
            name
            for name, entry in DERIVED.items()
            if name not in known and known.issuperset(entry.needs)
        ]
        more = [name for name in more if not (name == "temp" and units.dimensionless)]
        if not more:
            return found
        known.update(more)
        found += more


def unknown(name, names, units, where):
    """Return the error for a quantity that a file does not have."""
    return CrmpiError(
        f"{where} has no '{name}'; it has {', '.join(names)} and, derived, "
        f"{', '.join(available(names, units)) or 'nothing'}"
    )
