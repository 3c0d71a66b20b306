"""Snapshots, runs and histories as xarray data sets: ``crmpi.open(path)``.

Arrays are read when they are used, and of them only the blocks that an index touches: one layer of
a large run costs one layer of blocks, ``crmpi.open("run").dens.sel(x3=0, method="nearest")``.
Quantities are in the units in which the field reads them (kpc, km/s, m_p/cm^3, ...), which their
attributes name.
"""

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from crmpi.analysis.read.derived import available, shown_in, title
from crmpi.analysis.read.readers import open_snapshot
from crmpi.analysis.read.resampled import check_level
from crmpi.errors import CrmpiError
from crmpi.output.directory import in_order
from crmpi.output.history import read_history
from crmpi.output.unit_names import cgs_unit, portable

if TYPE_CHECKING:
    from xarray import Dataset

DIMENSIONS = ("x3", "x2", "x1")


def open_dataset(path: str | os.PathLike[str], level: int = 0, resample: bool = True) -> "Dataset":
    """Return an ``xarray.Dataset`` of a snapshot, of all snapshots of a run's folder along
    ``time``, or of a history.

    Variables are those of the files and what follows from them (``temp``, ``pcr``, ...), with the
    attributes ``units`` and ``long_name``; coordinates are cell centres, and ``time``. ``attrs``
    hold the configuration and where the files come from.

    Parameters
    ----------
    path : path
    level : int
        of a refined mesh: the refinement level whose cells the arrays have
    resample : bool
        whether smaller cells are averaged over volume and larger ones copied; if not, cells of
        other levels are NaN

    Raises
    ------
    CrmpiError
        nothing there that crmpi wrote, snapshots of different meshes, or xarray is missing
    """
    xarray = _xarray()
    path = Path(path)
    if path.is_dir():
        files = in_order(path.glob("snapshots/*.athdf")) or in_order(path.glob("*.athdf"))
        if not files:
            raise CrmpiError(
                f"{path} holds no snapshots (*.athdf); set output.snapshot_interval, or open "
                "the history.txt in it"
            )
        return _of_snapshots(
            xarray, [open_snapshot(file) for file in files], level, resample, along_time=True
        )
    if path.suffix == ".txt":
        return _of_history(xarray, path)
    return _of_snapshots(xarray, [open_snapshot(path)], level, resample, along_time=False)


def _about(snapshot, name, unit, factor):
    """Return the attributes of a quantity: its unit as unyt, pint and astropy read it, and what
    turns its numbers into cgs (gauss, kelvin)."""
    dimension = snapshot.dimension(name)
    about = {"units": portable(unit or "1"), "long_name": title(name)}
    if not snapshot.units.dimensionless:
        about["cgs_units"] = cgs_unit(dimension)
        about["cgs_factor"] = snapshot.units.cgs(dimension) / factor
    return about


def _xarray():
    try:
        import xarray
    except ImportError as error:
        raise CrmpiError("crmpi.open needs xarray: pip install 'crmpi[xarray]'") from error
    return xarray


def _of_history(xarray, path):
    history = read_history(path)
    columns = {
        name: ("time", values, {"units": history.units[name]})
        for name, values in history.items()
        if name != "time"
    }
    time = ("time", history["time"], {"units": history.units["time"]})
    return xarray.Dataset(columns, coords={"time": time}, attrs={"source": str(path)})


def _of_snapshots(xarray, snapshots, level, resample, *, along_time):
    """Return the data set of snapshots of one mesh."""
    first = snapshots[0]
    for other in snapshots[1:]:
        if (other.cells, other.lower, other.upper, other.names) != (
            first.cells,
            first.lower,
            first.upper,
            first.names,
        ):
            raise CrmpiError(
                f"{first.path} and {other.path} differ in their mesh or in their variables: "
                "open them one by one"
            )
    for snapshot in snapshots:
        check_level(snapshot, level)
    if level and first.is_tube:
        raise CrmpiError(
            f"{first.path} is of a tube, which has no refinement levels: leave 'level' out"
        )
    dims = ("time", *DIMENSIONS) if along_time else DIMENSIONS
    from crmpi.analysis.read.lazy import Files, Lazy  # which needs xarray

    files, variables = Files(snapshots), {}
    for name in (*first.names, *available(first.names, first.units)):
        unit, factor = first.shown_in(name)
        data = xarray.core.indexing.LazilyIndexedArray(
            Lazy(files, name, factor, along_time, level, resample)
        )
        variables[name] = xarray.Variable(dims, data, _about(first, name, unit, factor))
    length, length_factor = _scale(first, "length")
    time_unit, time_factor = _scale(first, "time")
    coordinates = {
        f"x{axis + 1}": (
            f"x{axis + 1}",
            first.centres(axis, level) * length_factor,
            {"units": length},
        )
        for axis in range(3)
    }
    times = np.array([snapshot.time for snapshot in snapshots]) * time_factor
    coordinates["time"] = (
        ("time", times, {"units": time_unit})
        if along_time
        else ((), times[0], {"units": time_unit})
    )
    source = {
        "source": ", ".join(str(snapshot.path) for snapshot in snapshots),
        "config": first.config,
    }
    dataset = xarray.Dataset(
        variables, coords=coordinates, attrs=source | {"provenance": json.dumps(first.provenance)}
    )
    dataset.set_close(files.close)
    return dataset


def _scale(snapshot, dimension):
    """Return (unit, factor) of a length or a time; '1' without units."""
    unit, factor = shown_in(dimension, snapshot.units)
    return unit or "1", factor
