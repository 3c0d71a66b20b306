"""What an observer would see of a run: profiles, columns and numbers of its last snapshot.

What cannot be had is noted with its reason in `Seen.absent`, and the observables that need it are untested for this run.
"""

from typing import NamedTuple

import numpy as np

from crmpi.constraints.simulated import true_kappa
from crmpi.errors import CrmpiError
from crmpi.observables.catalogue import measure
from crmpi.observables.readers import open_snapshot

_NUMBERS = ("gamma_rays", "cr_budget", "ionisation")
_PROFILES = {"pcr": ("pcr", "eV/cm^3"), "pgas": ("press", "eV/cm^3"), "temp": ("temp", "K")}


class Seen(NamedTuple):
    """What was seen of a run.

    ``radius`` (kpc) and ``profiles`` {name: array}: means over shells, `kappa` in cm^2/s; ``impacts`` (kpc) and ``columns`` {ion: (16%,
    median, 84%)}: decadic logarithms of columns in 1/cm^2; ``numbers`` {name: number}; ``absent`` {what: why}.
    """

    radius: np.ndarray
    profiles: dict
    impacts: np.ndarray
    columns: dict
    numbers: dict
    absent: dict


def observe(run, ions, choices):
    """Return what is `Seen` of a run.

    Parameters
    ----------
    run : crmpi.compare.runs.Run
    ions : sequence of str
        'O VI'
    choices : crmpi.compare.report.Choices
    """
    absent = {}
    with open_snapshot(run.snapshot) as snapshot:
        if snapshot.units.dimensionless:
            raise CrmpiError(f"{run.snapshot} is dimensionless and data are not: leave {run.path} out, or give it units.system galactic")
        radius, profiles = _profiles(snapshot, absent)
        kappa = true_kappa(run.config, snapshot.units)
        if np.isfinite(kappa):
            profiles["kappa"] = np.full(len(radius), kappa)
        numbers = _pressures(snapshot, radius, profiles) | _observables(snapshot, absent)
    return Seen(radius, profiles, np.array(choices.impacts), {}, numbers, absent)


def _profiles(snapshot, absent):
    """Return radii in kpc, inside the box, and means over shells."""
    units, found, radius = snapshot.units, {}, np.empty(0)
    edge = min(snapshot.upper) / units.factor("kpc")
    for name, (quantity, unit) in _PROFILES.items():
        try:
            profile = snapshot.radial_profile(quantity)
        except CrmpiError as error:
            absent[name] = str(error)
            continue
        radius = units.from_code(profile.x, "kpc")
        found[name] = (profile.values * (1.0 if unit == "K" else 1.0 / units.factor(unit)))[radius <= edge]
    return radius[radius <= edge], found


def _pressures(snapshot, radius, profiles):
    """Return {name: number} of the pressures at two radii."""
    numbers = {"time [Myr]": snapshot.units.from_code(snapshot.time, "Myr")}
    for place in (50.0, 100.0):
        if "pcr" in profiles and radius[0] <= place <= radius[-1]:
            numbers[f"P_cr at {place:g} kpc [eV/cm^3]"] = float(np.interp(place, radius, profiles["pcr"]))
            numbers[f"P_cr/P_gas at {place:g} kpc"] = float(np.interp(place, radius, profiles["pcr"] / profiles["pgas"]))
    return numbers


def _observables(snapshot, absent):
    """Return {'name [unit]': number} of observables that are plain numbers; a pure number goes without unit."""
    numbers = {}
    for name in _NUMBERS:
        try:
            (measured,) = measure(snapshot, [name])
        except CrmpiError as error:
            absent[name] = str(error)
            continue
        numbers |= {label.removesuffix(" [1]"): float(value) for label, value in measured.columns.items()}
    return numbers
