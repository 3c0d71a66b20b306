"""Reading snapshots without loading more than is asked for: arrays, slices and profiles, block by block."""

import json
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import h5py
import numpy as np

from crmpi.errors import CrmpiError
from crmpi.observables.cells import Along, Cells, MeshShape, stored_facts
from crmpi.observables.derived import DERIVED, shown_in, unknown
from crmpi.output.blockfile import missing_parts
from crmpi.output.seal import DIGEST, UNREADABLE, broken_seal, damaged_block
from crmpi.units import Units

PLANES = {0: (1, 2), 1: (0, 2), 2: (0, 1)}  # axis across a slice or a map to its (horizontal, vertical) axes


class Slice(NamedTuple):
    """A plane of cells. `values[vertical, horizontal]`; `axes` names the two axes (0, 1, 2); `faces` are the cell faces along them."""

    values: np.ndarray
    axes: tuple[int, int]
    faces: tuple[np.ndarray, np.ndarray]
    position: float


class Profile(NamedTuple):
    """Means `values` over the cells at each `x`."""

    x: np.ndarray
    values: np.ndarray


class Snapshot(MeshShape):
    """An open snapshot; made by `open_snapshot`, usable in a ``with`` block. All numbers are in code units of `units`.

    Attributes
    ----------
    time, step, gamma, gamma_cr, mu
    names : list of str
        crmpi's names of the variables; `dimensions` maps them to dimension names
    cells, block, lower, upper : of the mesh, axes x1, x2, x3
    units : Units
    config, provenance : as in `RunRecord`
    geometry, spacing : str
        as in `mesh.geometry`, `mesh.spacing`
    periodic : tuple of bool
    missing : list of paths
        parts of the file that are not there: their blocks read as NaN
    """

    def __init__(self, path):
        self.path = Path(path)
        self._file = _open(self.path)
        attributes = self._file.attrs
        self.time, self.step = float(attributes["Time"]), int(attributes["NumCycles"])
        self.gamma, self.gamma_cr, self.mu = (float(attributes[name]) for name in ("gamma", "gamma_cr", "mu"))
        self.cells = tuple(int(n) for n in attributes["RootGridSize"])
        self.block = tuple(int(n) for n in attributes["MeshBlockSize"])
        ranges = [attributes[f"RootGridX{axis + 1}"] for axis in range(3)]
        self.lower, self.upper = tuple(float(r[0]) for r in ranges), tuple(float(r[1]) for r in ranges)
        self.names = [name.decode() for name in attributes["names"]]
        self.dimensions = dict(zip(self.names, (d.decode() for d in attributes["dimensions"]), strict=True))
        counts = attributes["NumVariables"]
        places = [(data.decode(), c) for data, count in zip(attributes["DatasetNames"], counts, strict=True) for c in range(count)]
        self._places = dict(zip(self.names, places, strict=True))
        self.units = _units(attributes)
        self.version, self.max_level = str(attributes["version"]), int(attributes["MaxLevel"])
        self.config = self._file["config"][()].decode()
        self.provenance = json.loads(self._file["provenance"][()])
        self.locations = self._file["LogicalLocations"][:]
        self.geometry, self.spacing = str(attributes.get("geometry", "cartesian")), str(attributes.get("spacing", "uniform"))
        self.periodic = tuple(bool(flag) for flag in attributes.get("periodic", (False, False, False)))
        self.missing = missing_parts(self._file)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()

    def close(self):
        """Close the file."""
        self._file.close()

    def damage(self):
        """Return what is wrong with the file, or ''; reads all of it, block by block (not the blocks of missing parts)."""
        if int(self._file.attrs.get("format", 2)) < 2 and DIGEST not in self._file.attrs:
            return ""  # written before there were checksums
        try:
            reason = broken_seal(self._file)
            for name in () if reason or self.missing else dict.fromkeys(data for data, _ in self._places.values()):
                block = damaged_block(self._file, name, axis=1)
                if block is not None:
                    return f"'{name}' of block {block} is not what was written"
        except UNREADABLE as error:
            return str(error)
        return reason

    @property
    def nblock(self):
        """Number of blocks."""
        return len(self.locations)

    def volumes(self):
        """Return the volumes of the cells of a tube, in order along it."""
        return self._along_tube(f"x{self.axes[0] + 1}w", slice(None))

    def _along_tube(self, name, span):
        """Return a data set (block, n) of the mesh put together in order along the tube, of each block the part `span`."""
        order = np.argsort(self.locations[:, self.axes[0]])
        return self._file[name][:][order, span].ravel()

    def faces(self, axis):
        """Return the positions of all cell faces along an axis (0, 1, 2), n + 1 numbers."""
        if self.is_tube and axis in self.axes:
            return np.append(self._along_tube(f"x{axis + 1}f", slice(-1)), self.upper[axis])
        n = self.cells[axis]
        return self.lower[axis] + (self.upper[axis] - self.lower[axis]) * (np.arange(n + 1) / n)

    def centres(self, axis):
        """Return the positions of all cell centres along an axis (0, 1, 2)."""
        if self.is_tube and axis in self.axes:
            return self._along_tube(f"x{axis + 1}v", slice(None))
        faces = self.faces(axis)
        return 0.5 * (faces[1:] + faces[:-1])

    def dimension(self, name):
        """Return the dimension name of a variable or derived quantity."""
        return self.dimensions[name] if name in self.dimensions else self._derived(name).dimension

    def shown_in(self, name):
        """Return (label, factor): the usual unit of a quantity and what its code values are multiplied by."""
        return shown_in(self.dimension(name), self.units)

    def values(self, name, gid, where=...):
        """Return a quantity in (part of) a block: array (n3, n2, n1), or what the index `where` leaves of it."""
        if name in self._places:
            dataset, component = self._places[name]
            where = (...,) if where is ... else where
            return self._file[dataset][(component, gid, *where)].astype(np.float64, copy=False)
        entry = self._derived(name)
        with np.errstate(divide="ignore", invalid="ignore"):
            return entry.compute(self, *(self.values(need, gid, where) for need in entry.needs))

    def cells_of(self, gid):
        """Return the `crmpi.observables.cells.Cells` of a block: what observables are computed from."""
        self._require_uniform()
        first = [int(place) * n for place, n in zip(self.locations[gid], self.block, strict=True)]
        return Cells(self.facts, gid, first, lambda name: self.values(name, gid), self._tube(gid) if self.is_tube else None)

    def blocks(self):
        """Yield the `Cells` of all blocks in the order of their numbers; only what is asked of them is read."""
        return (self.cells_of(gid) for gid in range(self.nblock))

    @cached_property
    def facts(self):
        """The `crmpi.observables.cells.Facts` of this snapshot."""
        return stored_facts(self)

    def _tube(self, gid):
        name, place = f"x{self.axes[0] + 1}", self.place(gid)[2 - self.axes[0]]
        centres = np.pad(self.centres(self.axes[0]), 1, mode="reflect", reflect_type="odd")
        faces, areas, volumes = (self._file[name + kind][gid] for kind in "faw")
        return Along(centres[place.start : place.stop + 2], faces, areas, volumes)

    def array(self, name):
        """Return a quantity on the whole mesh, array (n3, n2, n1)."""
        self._require_uniform()
        out = np.empty(self.cells[::-1])
        for gid in range(self.nblock):
            out[self.place(gid)] = self.values(name, gid)
        return out

    def slice(self, name, axis, position=None):
        """Return the `Slice` of a quantity through the cells at `position` (code units; the middle by default) along `axis` (0, 1, 2).

        Only blocks that the plane cuts are read, and of them only one layer.
        """
        self._require_uniform()
        lower, upper, n = self.lower[axis], self.upper[axis], self.cells[axis]
        position = 0.5 * (lower + upper) if position is None else position
        if not lower <= position <= upper:
            raise CrmpiError(f"a slice at x{axis + 1} = {position:g} is outside of {self.path}, which reaches from {lower:g} to {upper:g}")
        index = min(int(np.searchsorted(self.faces(axis), position, side="right")) - 1, n - 1)
        layer, inside = divmod(index, self.block[axis])
        horizontal, vertical = PLANES[axis]
        out = np.empty((self.cells[vertical], self.cells[horizontal]))
        where = tuple(inside if a == axis else slice(None) for a in (2, 1, 0))
        for gid in np.flatnonzero(self.locations[:, axis] == layer):
            place = [span for a, span in zip((2, 1, 0), self.place(gid), strict=True) if a != axis]
            out[tuple(place)] = self.values(name, gid, where)
        return Slice(out, (horizontal, vertical), (self.faces(horizontal), self.faces(vertical)), float(self.centres(axis)[index]))

    def profile(self, name, axis, weight=None):
        """Return the `Profile` of a quantity along an axis (0, 1, 2): means over the other two, weighted by volume or by `weight`."""
        others = tuple(2 - a for a in range(3) if a != axis)
        total, norm = np.zeros(self.cells[axis]), np.zeros(self.cells[axis])
        for gid, values, weights in self._weighted(name, weight):
            span = self.place(gid)[2 - axis]
            total[span] += (values * weights).sum(axis=others)
            norm[span] += weights.sum(axis=others)
        return Profile(self.centres(axis), total / norm)

    def radial_profile(self, name, nbins=None, weight=None):
        """Return the `Profile` of a quantity over the distance from the origin: means over shells, weighted by volume or by `weight`."""
        furthest = np.sqrt(sum(max(abs(self.lower[a]), abs(self.upper[a])) ** 2 for a in self.axes))
        nbins = nbins or max(self.cells) // 2
        total, norm = np.zeros(nbins), np.zeros(nbins)
        for gid, values, weights in self._weighted(name, weight):
            bins = np.minimum((self._radius(gid) / furthest * nbins).astype(int), nbins - 1).ravel()
            total += np.bincount(bins, (values * weights).ravel(), nbins)
            norm += np.bincount(bins, weights.ravel(), nbins)
        filled = norm > 0
        return Profile(((np.arange(nbins) + 0.5) * furthest / nbins)[filled], (total[filled] / norm[filled]))

    def extrema(self, name):
        """Return (min, max) of a quantity; NaN of missing parts is left out."""
        low, high = np.inf, -np.inf
        for gid in range(self.nblock):
            values = self.values(name, gid)
            low, high = np.fmin(low, np.fmin.reduce(values, axis=None)), np.fmax(high, np.fmax.reduce(values, axis=None))
        return float(low), float(high)

    def _weighted(self, name, weight):
        self._require_uniform()
        for gid in range(self.nblock):
            values = self.values(name, gid)
            weights = np.ones_like(values) if weight is None else self.values(weight, gid)
            if self.is_tube:
                place = self.place(gid)[2 - self.axes[0]]
                weights = weights * self.volumes()[place].reshape(values.shape)
            yield gid, values, weights

    def _radius(self, gid):
        """Return the distance of the cells of a block from the origin; missing axes do not count."""
        k, j, i = (self.centres(a)[span] if a in self.axes else np.zeros(1) for a, span in zip((2, 1, 0), self.place(gid), strict=True))
        return np.sqrt(i[None, None, :] ** 2 + j[None, :, None] ** 2 + k[:, None, None] ** 2)

    def place(self, gid):
        """Return the index (k, j, i) of a block in the whole mesh."""
        return tuple(slice(first * n, (first + 1) * n) for first, n in zip(self.locations[gid][::-1], self.block[::-1], strict=True))

    def _derived(self, name):
        if name not in DERIVED:
            raise unknown(name, self.names, self.units, self.path)
        return DERIVED[name]

    def _require_uniform(self):
        if self.max_level:
            levels = f"{self.path} has {self.max_level} refinement levels"
            raise CrmpiError(f"{levels}: read it with crmpi.yt.load, or block by block with values()")


def open_snapshot(path):
    """Open a snapshot and return a `Snapshot`.

    Raises
    ------
    CrmpiError
        the file is missing, damaged, or not a crmpi snapshot
    """
    try:
        return Snapshot(path)
    except UNREADABLE as error:
        raise CrmpiError(f"cannot read {path}: it is damaged ({error})") from error


def _open(path):
    if not path.is_file():
        raise CrmpiError(f"cannot read {path}: there is no such file")
    try:
        file = h5py.File(path, "r")
    except (OSError, RuntimeError) as error:
        raise CrmpiError(f"cannot read {path}: it is truncated, damaged, or not an HDF5 file") from error
    if "RootGridSize" not in file.attrs or "names" not in file.attrs:
        file.close()
        raise CrmpiError(f"cannot read {path}: it is not a crmpi snapshot")
    return file


def _units(attributes):
    length, time, mass = (float(attributes[name]) for name in ("length_cm", "time_s", "mass_g"))
    system = attributes["unit_system"]
    return Units("custom", length, length / time, mass / length**3) if system == "custom" else Units(system)
