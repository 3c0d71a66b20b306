"""yt with the units and cosmic rays of a snapshot: ``ds = crmpi.yt.load("snapshot_00010.athdf")``."""

import h5py
import numpy as np
import yt


def load(path, metallicity=None, **options):
    """Open a snapshot in yt with its code units, adiabatic index and cosmic-ray fields.

    Plain ``yt.load`` works too, but knows neither. With cosmic rays the data set has ``("gas", "cosmic_ray_energy_density")`` and
    ``("gas", "cosmic_ray_pressure")``, the names that yt's readers of other codes use, and ``ds.parameters["gamma_cr"]``.

    Parameters
    ----------
    path : path
        of an `.athdf` file
    metallicity : float, optional
        of all gas, in solar units; gives ``("gas", "metallicity")``, which Trident needs for ions of metals
    options
        passed on to ``yt.load``
    """
    with h5py.File(path, "r") as file:
        facts = dict(file.attrs)
    parameters = {"gamma": facts["gamma"], "mu": facts["mu"], "periodicity": tuple(bool(p) for p in facts["periodic"])}
    if facts["unit_system"] != "none":
        scales = {"length_unit": (facts["length_cm"], "cm"), "time_unit": (facts["time_s"], "s"), "mass_unit": (facts["mass_g"], "g")}
        options = {"units_override": scales, "unit_system": "cgs"} | options
    ds = yt.load(str(path), parameters=parameters, **options)
    ds.parameters["gamma_cr"] = float(facts["gamma_cr"])
    if b"Ec" in facts["VariableNames"]:
        _add_cosmic_rays(ds)
    if metallicity is not None:
        ds.add_field(("gas", "metallicity"), _uniform(metallicity), sampling_type="cell", units="Zsun")
    return ds


def _uniform(metallicity):
    def field(field, data):
        return data.ds.arr(np.full(data["gas", "density"].shape, metallicity), "Zsun")

    return field


def _add_cosmic_rays(ds):
    pressure = ds.unit_system["pressure"]

    def energy_density(field, data):
        return data["athena_pp", "Ec"].d * data.ds.quan(1.0, "code_pressure")

    def cosmic_ray_pressure(field, data):
        return (data.ds.parameters["gamma_cr"] - 1.0) * data["gas", "cosmic_ray_energy_density"]

    ds.add_field(("gas", "cosmic_ray_energy_density"), energy_density, sampling_type="cell", units=pressure)
    ds.add_field(("gas", "cosmic_ray_pressure"), cosmic_ray_pressure, sampling_type="cell", units=pressure)
