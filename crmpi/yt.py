"""yt with the units and cosmic rays of a snapshot: ``ds =
crmpi.yt.load("snapshot_00010.athdf")``."""

import h5py
import numpy as np
import yt

from crmpi.analysis.read.derived import has_metallicity
from crmpi.constants import SOLAR_METALS


def load(path, metallicity=None, **options):
    """Open a snapshot in yt with its code units, adiabatic index and cosmic-ray fields.

    Plain ``yt.load`` works too, but knows neither. On a tube (`mesh.geometry`) positions are exact
    either way, while ``("gas", "cell_volume")``, and with it masses and averages over volumes, are
    those of the tube only here. With cosmic rays the data set has ``("gas",
    "cosmic_ray_energy_density")`` and ``("gas", "cosmic_ray_pressure")``, the names that yt's
    readers of other codes use, and ``ds.parameters["gamma_cr"]``.

    Parameters
    ----------
    path : path
        of an `.athdf` file
    metallicity : float, optional
        of all gas, in solar units; gives ``("gas", "metallicity")``, which Trident needs for ions
        of metals. By default that of the passive scalars `metallicity` or `metals`, where the run
        has them
    options
        passed on to ``yt.load``
    """
    with h5py.File(path, "r") as file:
        facts = dict(file.attrs)
        tube = _read_tube(file)
    parameters = {
        "gamma": facts["gamma"],
        "mu": facts["mu"],
        "periodicity": tuple(bool(p) for p in facts["periodic"]),
    }
    if facts["unit_system"] != "none":
        scales = {
            "length_unit": (facts["length_cm"], "cm"),
            "time_unit": (facts["time_s"], "s"),
            "mass_unit": (facts["mass_g"], "g"),
        }
        options = {"units_override": scales, "unit_system": "cgs"} | options
    ds = yt.load(str(path), parameters=parameters, **options)
    ds.parameters["gamma_cr"] = float(facts["gamma_cr"])
    if b"Ec" in facts["VariableNames"]:
        _add_cosmic_rays(ds)
    if tube is not None:
        _set_volumes(ds, *tube)
    names = [name.decode() for name in facts["VariableNames"]]
    if metallicity is None and has_metallicity(names):
        ds.add_field(("gas", "metallicity"), _carried(names), sampling_type="cell", units="Zsun")
    if metallicity is not None:
        ds.add_field(
            ("gas", "metallicity"), _uniform(metallicity), sampling_type="cell", units="Zsun"
        )
    return ds


def _read_tube(file):
    """Return (axis, lower faces, volumes) of all cells along a tube in ascending order, code units;
    None for a plain mesh."""
    for axis in range(3):
        if f"x{axis + 1}w" in file:
            faces, volumes = (
                file[f"x{axis + 1}f"][:, :-1].ravel(),
                file[f"x{axis + 1}w"][...].ravel(),
            )
            order = np.argsort(faces)
            return axis, faces[order], volumes[order]
    return None


def _set_volumes(ds, axis, faces, volumes):
    """Make the volumes of cells those of the tube."""

    def cell_volume(field, data):
        place = (
            np.searchsorted(faces, data["index", "xyz"[axis]].to("code_length").d, side="right") - 1
        )
        return data.ds.arr(volumes[np.clip(place, 0, len(volumes) - 1)], "code_length**3")

    for kind in ("gas", "index"):
        ds.add_field(
            (kind, "cell_volume"),
            cell_volume,
            sampling_type="cell",
            units="cm**3",
            force_override=True,
        )


def _uniform(metallicity):
    def field(field, data):
        return data.ds.arr(np.full(data["gas", "density"].shape, metallicity), "Zsun")

    return field


def _carried(names):
    name, scale = ("metallicity", 1.0) if "metallicity" in names else ("metals", SOLAR_METALS)

    def field(field, data):
        return data.ds.arr(data["athena_pp", name].d / scale, "Zsun")

    return field


def _add_cosmic_rays(ds):
    pressure = ds.unit_system["pressure"]

    def energy_density(field, data):
        return data["athena_pp", "Ec"].d * data.ds.quan(1.0, "code_pressure")

    def cosmic_ray_pressure(field, data):
        return (data.ds.parameters["gamma_cr"] - 1.0) * data["gas", "cosmic_ray_energy_density"]

    ds.add_field(
        ("gas", "cosmic_ray_energy_density"), energy_density, sampling_type="cell", units=pressure
    )
    ds.add_field(
        ("gas", "cosmic_ray_pressure"), cosmic_ray_pressure, sampling_type="cell", units=pressure
    )
