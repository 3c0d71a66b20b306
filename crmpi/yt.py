"""yt with the units and cosmic rays of a snapshot: ``yt.load("snapshot_00010.athdf")``.

An entry point of the group ``yt.frontends`` names this module, so that yt imports it before it
reads a file: `CrmpiDataset` then takes the place of yt's own reader of this layout.
"""

import os
from typing import Any

import h5py
import numpy as np
import yt
from yt.frontends.athena_pp.api import AthenaPPDataset, AthenaPPGrid, AthenaPPHierarchy

from crmpi.analysis.read.derived import has_metallicity
from crmpi.constants import SOLAR_METALS

OWN = ("names", "unit_system", "gamma_cr")
"""Attributes that other programs do not write into files of this layout."""


class CrmpiGrid(AthenaPPGrid):
    """A block whose cells are as wide as they are along axes of one cell, too.

    yt's reader makes them 1 wide: their centres then lie outside of a box that is narrower than
    that, and yt finds no cells in it.
    """

    def _setup_dx(self):
        place = self.id - self._id_offset
        left, right = self.index.grid_left_edge[place], self.index.grid_right_edge[place]
        self.dds = self.ds.arr((right - left) / self.ActiveDimensions, "code_length")
        self.field_data["dx"], self.field_data["dy"], self.field_data["dz"] = self.dds


class CrmpiHierarchy(AthenaPPHierarchy):
    """The blocks of a snapshot."""

    def _parse_index(self):
        if self.grid is AthenaPPGrid:  # cells of one width
            self.grid = CrmpiGrid
        super()._parse_index()


class CrmpiDataset(AthenaPPDataset):
    """A snapshot with its code units, adiabatic index, mean molecular weight and periodicity.

    On a tube (`mesh.geometry`) ``("gas", "cell_volume")``, and with it masses and averages over
    volumes, are those of the tube. With cosmic rays there are ``("gas",
    "cosmic_ray_energy_density")`` and ``("gas", "cosmic_ray_pressure")``, the names that yt's
    readers of other codes use, and ``ds.parameters["gamma_cr"]``.
    """

    _index_class = CrmpiHierarchy

    def __init__(
        self,
        filename: str | os.PathLike[str],
        *args: Any,
        parameters: dict | None = None,
        **options: Any,
    ) -> None:
        with h5py.File(filename, "r") as file:
            self._facts = dict(file.attrs)
            self._tube = _read_tube(file)
        found = {
            "gamma": self._facts["gamma"],
            "mu": self._facts["mu"],
            "periodicity": tuple(bool(p) for p in self._facts["periodic"]),
        }
        if self._facts["unit_system"] != "none":
            scales = {
                "length_unit": (self._facts["length_cm"], "cm"),
                "time_unit": (self._facts["time_s"], "s"),
                "mass_unit": (self._facts["mass_g"], "g"),
            }
            options = {"units_override": scales, "unit_system": "cgs"} | options
        options["parameters"] = found | (parameters or {})
        super().__init__(filename, *args, **options)

    @classmethod
    def _is_valid(cls, filename, *args, **kwargs):
        if not super()._is_valid(filename, *args, **kwargs):
            return False
        try:
            with h5py.File(filename, "r") as file:
                return all(name in file.attrs for name in OWN)
        except OSError:
            return False

    def _parse_parameter_file(self):
        super()._parse_parameter_file()
        # yt's reader counts the axes before the first of one cell: a mesh of x1 and x3 is no line
        self.dimensionality = max(np.flatnonzero(self.domain_dimensions > 1), default=0) + 1
        self.parameters["gamma_cr"] = float(self._facts["gamma_cr"])

    def create_field_info(self) -> None:
        """Set up the fields of yt, then those of crmpi."""
        if self._instantiated_index is None:
            self.index  # noqa: B018 (making the index comes back here)
            return
        super().create_field_info()
        names = [name.decode() for name in self._facts["VariableNames"]]
        if "Ec" in names:
            _add_cosmic_rays(self)
        if self._tube is not None:
            _set_volumes(self, *self._tube)
        if has_metallicity(names):
            self.add_field(
                ("gas", "metallicity"), _carried(names), sampling_type="cell", units="Zsun"
            )


def load(
    path: str | os.PathLike[str], metallicity: float | None = None, **options: Any
) -> CrmpiDataset:
    """Open a snapshot in yt; see `CrmpiDataset`.

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
    ds = yt.load(str(path), **options)
    if metallicity is not None:
        ds.add_field(
            ("gas", "metallicity"),
            _uniform(metallicity),
            sampling_type="cell",
            units="Zsun",
            force_override=True,
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
