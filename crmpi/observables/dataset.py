"""Snapshots, runs and histories as xarray data sets: ``crmpi.open(path)``.

Arrays are read when they are used, and of them only the blocks that an index touches: one layer of a large run costs one layer of blocks,
``crmpi.open("run").dens.sel(x3=0, method="nearest")``. Quantities are in the units in which the field reads them (kpc, km/s, m_p/cm^3,
...), which their attributes name.
"""

import json
from pathlib import Path

import numpy as np

from crmpi.errors import CrmpiError
from crmpi.observables.derived import available, shown_in, title
from crmpi.observables.readers import open_snapshot
from crmpi.output.directory import in_order
from crmpi.output.history import read_history

DIMENSIONS = ("x3", "x2", "x1")


def open_dataset(path):
    """Return an ``xarray.Dataset`` of a snapshot, of all snapshots of a run's folder along ``time``, or of a history.

    Variables are those of the files and what follows from them (``temp``, ``pcr``, ...), with the attributes ``units`` and ``long_name``;
    coordinates are cell centres, and ``time``. ``attrs`` hold the configuration and where the files come from.

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
            raise CrmpiError(f"{path} holds no snapshots (*.athdf); set output.snapshot_interval, or open the history.txt in it")
        return _of_snapshots(xarray, [open_snapshot(file) for file in files], along_time=True)
    if path.suffix == ".txt":
        return _of_history(xarray, path)
    return _of_snapshots(xarray, [open_snapshot(path)], along_time=False)


def _xarray():
    try:
        import xarray
    except ImportError as error:
        raise CrmpiError("crmpi.open needs xarray: pip install 'crmpi[xarray]'") from error
    return xarray


def _of_history(xarray, path):
    history = read_history(path)
    columns = {name: ("time", values, {"units": history.units[name]}) for name, values in history.items() if name != "time"}
    time = ("time", history["time"], {"units": history.units["time"]})
    return xarray.Dataset(columns, coords={"time": time}, attrs={"source": str(path)})


def _of_snapshots(xarray, snapshots, *, along_time):
    """Return the data set of snapshots of one mesh."""
    first = snapshots[0]
    for other in snapshots[1:]:
        if (other.cells, other.lower, other.upper, other.names) != (first.cells, first.lower, first.upper, first.names):
            raise CrmpiError(f"{first.path} and {other.path} differ in their mesh or in their variables: open them one by one")
    if first.max_level:
        raise CrmpiError(f"{first.path} has {first.max_level} refinement levels: read it with crmpi.yt.load")
    dims = ("time", *DIMENSIONS) if along_time else DIMENSIONS
    lazy = _lazy_class(xarray)
    variables = {}
    for name in (*first.names, *available(first.names, first.units)):
        unit, factor = first.shown_in(name)
        data = xarray.core.indexing.LazilyIndexedArray(lazy(snapshots, name, factor, along_time))
        variables[name] = xarray.Variable(dims, data, {"units": unit or "1", "long_name": title(name)})
    length, length_factor = _scale(first, "length")
    time_unit, time_factor = _scale(first, "time")
    coordinates = {f"x{axis + 1}": (f"x{axis + 1}", first.centres(axis) * length_factor, {"units": length}) for axis in range(3)}
    times = np.array([snapshot.time for snapshot in snapshots]) * time_factor
    coordinates["time"] = ("time", times, {"units": time_unit}) if along_time else ((), times[0], {"units": time_unit})
    source = {"source": ", ".join(str(snapshot.path) for snapshot in snapshots), "config": first.config}
    dataset = xarray.Dataset(variables, coords=coordinates, attrs=source | {"provenance": json.dumps(first.provenance)})
    dataset.set_close(lambda: [snapshot.close() for snapshot in snapshots])
    return dataset


def _scale(snapshot, dimension):
    """Return (unit, factor) of a length or a time; '1' without units."""
    unit, factor = shown_in(dimension, snapshot.units)
    return unit or "1", factor


def _lazy_class(xarray):
    """Return the class of arrays that read what an index asks for; xarray is imported only by those who use it."""
    indexing = xarray.core.indexing

    class Lazy(xarray.backends.BackendArray):
        """A quantity of snapshots, (n3, n2, n1) or (time, n3, n2, n1)."""

        def __init__(self, snapshots, name, factor, along_time):
            self._snapshots, self._name, self._factor, self._along_time = snapshots, name, factor, along_time
            self.shape = ((len(snapshots),) if along_time else ()) + snapshots[0].cells[::-1]
            self.dtype = np.dtype(np.float64)

        def __getitem__(self, key):
            return indexing.explicit_indexing_adapter(key, self.shape, indexing.IndexingSupport.BASIC, self._read)

        def _read(self, key):
            """Return the part `key`, one integer or slice per axis."""
            wanted = [np.atleast_1d(np.arange(n)[part]) for n, part in zip(self.shape, key, strict=True)]
            chosen = [self._snapshots[n] for n in wanted[0]] if self._along_time else self._snapshots
            parts = [self._factor * read_part(snapshot, self._name, wanted[-3:]) for snapshot in chosen]
            whole = np.stack(parts) if self._along_time else parts[0]
            return whole[tuple(slice(None) if isinstance(part, slice) else 0 for part in key)]

    return Lazy


def read_part(snapshot, name, wanted):
    """Return a quantity, code units, in the cells `wanted` (three arrays of indices: k, j, i); only blocks that hold some are read."""
    out = np.full([len(indices) for indices in wanted], np.nan)
    for gid in range(snapshot.nblock):
        spans = snapshot.place(gid)
        here = [np.flatnonzero((w >= span.start) & (w < span.stop)) for w, span in zip(wanted, spans, strict=True)]
        if all(hits.size for hits in here):
            inside = [w[hits] - span.start for w, hits, span in zip(wanted, here, spans, strict=True)]
            lowest = [at.min() for at in inside]
            box = tuple(slice(low, at.max() + 1) for low, at in zip(lowest, inside, strict=True))
            values = snapshot.values(name, gid, box)
            out[np.ix_(*here)] = values[np.ix_(*(at - low for low, at in zip(lowest, inside, strict=True)))]
    return out
