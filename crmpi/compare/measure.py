"""What an observer would see of a run: profiles, columns and numbers of its last snapshot.

What cannot be had is noted with its reason in `Seen.absent`, and the observables that need it are
untested for this run.
"""

from typing import NamedTuple

import numpy as np

from crmpi.analysis.ions import computed_table
from crmpi.analysis.measure.catalogue import measure
from crmpi.analysis.measure.columns import Composition, profile
from crmpi.analysis.measure.stream import read_profiles
from crmpi.analysis.read.readers import open_snapshot
from crmpi.constraints.simulated import true_kappa
from crmpi.errors import CrmpiError
from crmpi.output.directory import RunDirectory
from crmpi.output.history import read_history
from crmpi.params import make
from crmpi.units import UNITS

SURFACES = (50.0, 100.0)  # kpc: where rates of mass and pressures are quoted
SHELL = 10.0  # kpc: thickness of shells on a refined mesh
LINES = 16  # sight lines at an impact parameter, around each of the three axes
_NUMBERS = ("gamma_rays", "cr_budget", "ionisation")
_PROFILES = {"pcr": "pcr", "pgas": "press", "temp": "temp", "kappa": "kappa_eff"}
_EV = UNITS["eV"].value  # erg


class Seen(NamedTuple):
    """What was seen of a run.

    ``radius`` (kpc) and ``profiles`` {name: array}: means over shells, `pcr` and `pgas` in eV/cm^3,
    `temp` in K, `kappa` in cm^2/s; ``impacts`` (kpc) and ``columns`` {ion: (16%, median, 84%)}:
    log10 of columns in 1/cm^2; ``numbers`` {name: number}; ``absent`` {what: why};
    ``width``: of the widest cells in kpc; ``floors``: energy that floors, that of the temperature
    too, have added over that of the cosmic rays injected, 0 if the run has no source.
    """

    radius: np.ndarray
    profiles: dict
    impacts: np.ndarray
    columns: dict
    numbers: dict
    absent: dict
    width: float = 0.0
    floors: float = 0.0


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
            raise CrmpiError(
                f"{run.snapshot} is dimensionless and data are not: leave {run.path} out, or "
                "give it units.system galactic"
            )
        radius, profiles = _noting(absent, "profiles", lambda: _profiles(run, snapshot)) or (
            np.empty(0),
            {},
        )
        kpc = snapshot.units.factor("kpc")
        inside = np.array([b for b in choices.impacts if b < snapshot.nearest_face() / kpc])
        columns = (
            _noting(absent, "columns", lambda: _columns(snapshot, ions, inside, choices, absent))
            or {}
        )
        numbers = {
            "time [Myr]": snapshot.units.from_code(snapshot.time, "Myr"),
            **_pressures(radius, profiles),
        }
        for name in (*_NUMBERS, "loading"):
            numbers |= _noting(absent, name, lambda name=name: _numbers(snapshot, name)) or {}
        width = snapshot.widest_cell() / kpc
    return Seen(radius, profiles, inside, columns, numbers, absent, width, _floors(run))


_FLOORS = ("floor_added_energy", "floor_added_ecr", "cr_floored", "cooling_floored")
_INJECTED = ("injection_cosmic", "star_formation_cosmic")


def _floors(run):
    """Return the energy added by floors over that of the cosmic rays injected, of the results of a
    sweep or the last row of a history."""
    plain = {_stem(label): value for label, value in run.numbers.items()}
    history = RunDirectory(run.path).history
    if not any(name in plain for name in _INJECTED) and history.is_file():
        plain |= {name: values[-1] for name, values in read_history(history).items() if len(values)}
    injected = sum(plain.get(name, 0.0) for name in _INJECTED)
    return sum(abs(plain.get(name, 0.0)) for name in _FLOORS) / injected if injected > 0.0 else 0.0


def _noting(absent, what, function):
    """Return what `function` does; note the error of what cannot be had, and return None."""
    try:
        return function()
    except CrmpiError as error:
        absent[what] = str(error)
        return None


def _profiles(run, snapshot):
    """Return (radius, profiles); kappa as the run measured it, else as the snapshot shows it, else
    the constant of its parameters."""
    (measured,) = measure(snapshot, ["radial_profile"], _shells(snapshot))
    columns = {_stem(label): values for label, values in measured.columns.items()}
    if "kappa_eff" not in columns:
        columns |= _stored_kappa(run, snapshot, len(columns["press"]))
    (radius,) = measured.axes.values()
    found = {name: columns[source] for name, source in _PROFILES.items() if source in columns}
    return radius, found | {name: found[name] / _EV for name in ("pcr", "pgas") if name in found}


def _shells(snapshot):
    """Return overrides that make shells thin where pressures are quoted: on levels the widest
    cells, which lie far out, would set their thickness. What a run chose is left as it is."""
    chosen = snapshot.facts.config.get("observables", {}).get("radial_profile", {})
    if not snapshot.levels.any() or chosen.get("bins") or chosen.get("outer"):
        return ()
    kpc = snapshot.units.factor("kpc")
    outer = min(snapshot.nearest_face() / kpc, 2.0 * SURFACES[-1])
    count = max(2, round(outer / SHELL))
    return (f"radial_profile.outer={outer} kpc", f"radial_profile.bins={count}")


def _stored_kappa(run, snapshot, count):
    """Return {'kappa_eff': array} of the profiles that the run wrote, or of the constant of its
    parameters; {} if there is neither."""
    try:
        stored = read_profiles(run.path, "radial_profile")
    except CrmpiError:
        stored = {}
    kappa = next(
        (values[-1] for label, values in stored.items() if _stem(label) == "kappa_eff"), np.empty(0)
    )
    if len(kappa) == count:
        return {"kappa_eff": kappa}
    constant = true_kappa(run.config, snapshot.units)
    return {"kappa_eff": np.full(count, constant)} if np.isfinite(constant) else {}


def _columns(snapshot, ions, impacts, choices, absent):
    """Return {ion: (16%, median, 84%)} of the logarithms of columns."""
    if not len(impacts):
        reach = snapshot.nearest_face() / snapshot.units.factor("kpc")
        raise CrmpiError(
            f"the box ends at {reach:.4g} kpc, before the first sight line at "
            f"{min(choices.impacts):g} kpc"
        )
    code = impacts * snapshot.units.factor("kpc")
    composition = make(
        Composition,
        metallicity=choices.metallicity,
        hydrogen_fraction=snapshot.facts.hydrogen,
    )
    seen = profile(
        snapshot,
        ions,
        code,
        count=LINES,
        table=computed_table(choices.redshift),
        composition=composition,
    )
    if seen.outside:
        absent["some cells"] = seen.warning()
    found = {}
    with np.errstate(divide="ignore"):
        for ion in ions:
            _, median, low, high = seen.spread(ion)
            found[ion] = tuple(np.log10(values) for values in (low, median, high))
    return found


def _pressures(radius, profiles):
    """Return {name: number} of the pressures at some radii."""
    numbers = {}
    for place in SURFACES:
        if {"pcr", "pgas"} <= set(profiles) and radius[0] <= place <= radius[-1]:
            numbers[f"P_cr at {place:g} kpc [eV/cm^3]"] = float(
                np.interp(place, radius, profiles["pcr"])
            )
            numbers[f"P_cr/P_gas at {place:g} kpc"] = float(
                np.interp(place, radius, profiles["pcr"] / profiles["pgas"])
            )
    return numbers


def _numbers(snapshot, name):
    """Return {'name [unit]': number} of an observable that is plain numbers; a pure number goes
    without unit. Of rates those of mass."""
    overrides = ()
    if name == "loading":
        radii = ",".join(repr(r * snapshot.units.factor("kpc")) for r in SURFACES)
        overrides = [f"loading.radii=[{radii}]"]
    (measured,) = measure(snapshot, [name], overrides)
    wanted = {
        label: value
        for label, value in measured.columns.items()
        if name != "loading" or label.startswith("mass_")
    }
    return {label.removesuffix(" [1]"): float(value) for label, value in wanted.items()}


def _stem(label):
    """Return the name of a column without its unit."""
    return label.partition(" [")[0]
