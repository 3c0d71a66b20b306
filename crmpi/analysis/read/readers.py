"""Reading snapshots without loading more than is asked for: arrays, slices and profiles, block by
block."""

import json
import os
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np

from crmpi.analysis.read.cells import Along, Cells, Facts, MeshShape, stored_facts
from crmpi.analysis.read.derived import DERIVED, shown_in, unknown
from crmpi.analysis.read.resampled import (
    Profile,
    Slice,
    array_of,
    layer_profile,
    projection_of,
    shell_profile,
    slice_of,
    spread,
)
from crmpi.errors import CrmpiError
from crmpi.mesh.tree import BlockTree
from crmpi.output.blockfile import broken_parts
from crmpi.output.seal import DIGEST, UNREADABLE, broken_seal, damaged_block
from crmpi.units import Units

if TYPE_CHECKING:
    import builtins


class Snapshot(MeshShape):
    """An open snapshot; made by `open_snapshot`, usable in a ``with`` block. All numbers are in
    code units of `units`.

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
    levels, locations : int arrays (nblock,), (nblock, 3)
        refinement level of each block, and its place on the lattice of blocks of this level
    reason : str
        of the dump of one block in an emergency: what happened, '' otherwise
    missing : dict
        {path: what is wrong} of the parts of the file that cannot be used: their blocks read as NaN
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self._file = _open(self.path)
        attributes = self._file.attrs
        self.time, self.step = float(attributes["Time"]), int(attributes["NumCycles"])
        self.gamma, self.gamma_cr, self.mu = (
            float(attributes[name]) for name in ("gamma", "gamma_cr", "mu")
        )
        self.cells = tuple(int(n) for n in attributes["RootGridSize"])
        self.block = tuple(int(n) for n in attributes["MeshBlockSize"])
        ranges = [attributes[f"RootGridX{axis + 1}"] for axis in range(3)]
        self.lower, self.upper = (
            tuple(float(r[0]) for r in ranges),
            tuple(float(r[1]) for r in ranges),
        )
        self.names = [name.decode() for name in attributes["names"]]
        self.dimensions = dict(
            zip(self.names, (d.decode() for d in attributes["dimensions"]), strict=True)
        )
        counts = attributes["NumVariables"]
        places = [
            (data.decode(), c)
            for data, count in zip(attributes["DatasetNames"], counts, strict=True)
            for c in range(count)
        ]
        self._places = dict(zip(self.names, places, strict=True))
        self.units = _units(attributes)
        self.version, self.max_level = str(attributes["version"]), int(attributes["MaxLevel"])
        self.config = self._file["config"][()].decode()
        self.provenance = json.loads(self._file["provenance"][()])
        self.locations, self.levels = (
            self._file["LogicalLocations"][:],
            self._file["Levels"][:].astype(np.int64),
        )
        self.geometry, self.spacing = (
            str(attributes.get("geometry", "cartesian")),
            str(attributes.get("spacing", "uniform")),
        )
        self.periodic = tuple(
            bool(flag) for flag in attributes.get("periodic", (False, False, False))
        )
        self.reason = str(attributes.get("reason", ""))
        self.missing = broken_parts(self._file)

    def __enter__(self) -> "Snapshot":
        return self

    def __exit__(self, *error):
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def damage(self) -> str:
        """Return what is wrong with the file, or ''; reads all of it, block by block (not the
        blocks of missing parts)."""
        if int(self._file.attrs.get("format", 2)) < 2 and DIGEST not in self._file.attrs:
            return ""  # written before there were checksums
        try:
            reason = broken_seal(self._file)
            for name in (
                ()
                if reason or self.missing
                else dict.fromkeys(data for data, _ in self._places.values())
            ):
                block = damaged_block(self._file, name, axis=1)
                if block is not None:
                    return f"'{name}' of block {block} is not what was written"
        except UNREADABLE as error:
            return str(error)
        return reason

    @property
    def nblock(self) -> int:
        """Number of blocks."""
        return len(self.locations)

    def volumes(self) -> np.ndarray:
        """Return the volumes of the cells of a tube, in order along it."""
        return self._along_tube(f"x{self.axes[0] + 1}w", slice(None))

    def _along_tube(self, name, span):
        """Return a data set (block, n) of the mesh put together in order along the tube, of each
        block the part `span`."""
        order = np.argsort(self.locations[:, self.axes[0]])
        return self._file[name][:][order, span].ravel()

    def faces(self, axis: int, level: int = 0) -> np.ndarray:
        """Return the positions of all cell faces of the mesh of a level along an axis (0, 1, 2), n
        + 1 numbers."""
        if self.is_tube and axis in self.axes:
            return np.append(self._along_tube(f"x{axis + 1}f", slice(-1)), self.upper[axis])
        n = self.cells_at(level)[axis]
        return self.lower[axis] + (self.upper[axis] - self.lower[axis]) * (np.arange(n + 1) / n)

    def centres(self, axis: int, level: int = 0) -> np.ndarray:
        """Return the positions of all cell centres of the mesh of a level along an axis (0, 1,
        2)."""
        if self.is_tube and axis in self.axes:
            return self._along_tube(f"x{axis + 1}v", slice(None))
        faces = self.faces(axis, level)
        return 0.5 * (faces[1:] + faces[:-1])

    def dimension(self, name: str) -> str:
        """Return the dimension name of a variable or derived quantity."""
        return self.dimensions[name] if name in self.dimensions else self._derived(name).dimension

    def shown_in(self, name: str) -> tuple[str, float]:
        """Return (label, factor): the usual unit of a quantity and what its code values are
        multiplied by."""
        return shown_in(self.dimension(name), self.units)

    def values(self, name: str, gid: int, where: Any = ...) -> np.ndarray:
        """Return a quantity in (part of) a block: array (n3, n2, n1), or what the index `where`
        leaves of it."""
        if name in self._places:
            dataset, component = self._places[name]
            where = (...,) if where is ... else where
            return self._file[dataset][(component, gid, *where)].astype(np.float64, copy=False)
        entry = self._derived(name)
        with np.errstate(divide="ignore", invalid="ignore"):
            return entry.compute(self, *(self.values(need, gid, where) for need in entry.needs))

    def cells_of(self, gid: int) -> Cells:
        """Return the `crmpi.analysis.read.cells.Cells` of a block: what observables are computed
        from."""
        along = self._tube(gid) if self.is_tube else None
        tree = self.tree if self.max_level else None
        return Cells(
            self.facts,
            gid,
            self.first(gid),
            lambda name: self.values(name, gid),
            along,
            int(self.levels[gid]),
            tree,
        )

    def first(self, gid: int) -> list[int]:
        """Return the indices (x1, x2, x3) of the first cell of a block, counted in cells of its
        level."""
        return [int(place) * n for place, n in zip(self.locations[gid], self.block, strict=True)]

    def ends(self, gid: int) -> tuple[list[float], ...]:
        """Return the corners (lower, upper) of a block, code units."""
        lower, count = self.first(gid), self.cells_at(self.levels[gid])
        upper = [n + m for n, m in zip(lower, self.block, strict=True)]
        size = [high - low for low, high in zip(self.lower, self.upper, strict=True)]
        return tuple(
            [self.lower[a] + size[a] * (place[a] / count[a]) for a in range(3)]
            for place in (lower, upper)
        )

    @cached_property
    def tree(self) -> BlockTree:
        """The `BlockTree` of the mesh; not of a tube."""
        leaves = np.concatenate([self.levels[:, None], self.locations], axis=1).astype(np.int64)
        return BlockTree(
            self.cells, self.block, self.lower, self.upper, self.periodic, leaves=leaves
        )

    def blocks(self) -> Iterator[Cells]:
        """Yield the `Cells` of all blocks in the order of their numbers; only what is asked of them
        is read."""
        return (self.cells_of(gid) for gid in range(self.nblock))

    @cached_property
    def facts(self) -> Facts:
        """The `crmpi.analysis.read.cells.Facts` of this snapshot."""
        return stored_facts(self)

    def _tube(self, gid):
        name, place = f"x{self.axes[0] + 1}", self.place(gid)[2 - self.axes[0]]
        centres = np.pad(self.centres(self.axes[0]), 1, mode="reflect", reflect_type="odd")
        faces, areas, volumes = (self._file[name + kind][gid] for kind in "faw")
        return Along(centres[place.start : place.stop + 2], faces, areas, volumes)

    def spread(
        self, gid: int, values: np.ndarray, level: int, axes: Sequence[int] = (2, 1, 0)
    ) -> tuple[Any, np.ndarray]:
        """Return (index, values): where, and with what, numbers of the cells of a block add to the
        mesh of a level.

        `axes` (0, 1, 2) are those of `values`, in order.
        """
        steps = [0 if self.cells[a] == 1 else level - int(self.levels[gid]) for a in axes]
        first = self.first(gid)
        return spread(values, [first[a] for a in axes], steps)

    def array(self, name: str, level: int = 0) -> np.ndarray:
        """Return a quantity on the whole mesh of a level, array (n3, n2, n1).

        Means over volume of smaller cells, copies of larger ones; derived quantities are averaged
        as they are.
        """
        return array_of(self, name, level)

    def slice(
        self, name: str, axis: int, position: float | None = None, level: int | None = None
    ) -> "Slice":
        """Return the `Slice` of a quantity through the cells at `position` (code units; the middle
        by default) along `axis` (0, 1, 2).

        Only blocks that the plane cuts are read, and of them only one layer. The picture has the
        cells of `level`, by default the highest one of these blocks (of a picture of
        `resampled.LARGEST` cells at most).
        """
        return slice_of(self, name, axis, position, level)

    def projection(
        self, name: str, axis: int, weight: str | None = None, level: int | None = None
    ) -> "Slice":
        """Return the integral of a quantity along an axis (0, 1, 2) as a `Slice`, or its mean along
        it weighted with `weight`."""
        return projection_of(self, name, axis, weight, level)

    def profile(self, name: str, axis: int, weight: str | None = None) -> "Profile":
        """Return the `Profile` of a quantity along an axis (0, 1, 2): means over the other two,
        weighted by volume or by `weight`.

        Layers are as thick as the largest cells that lie in them.
        """
        return layer_profile(self, name, axis, weight)

    def radial_profile(
        self, name: str, nbins: int | None = None, weight: str | None = None
    ) -> "Profile":
        """Return the `Profile` of a quantity over the distance from the origin: means over shells,
        weighted by volume or by `weight`.

        `nbins` shells of equal thickness, by default half as many as there are cells along the
        longest axis; on a refined mesh these are cut where blocks are smaller.
        """
        return shell_profile(self, name, nbins, weight)

    def extrema(self, name: str) -> tuple[float, float]:
        """Return (min, max) of a quantity; NaN of missing parts is left out."""
        low, high = np.inf, -np.inf
        for gid in range(self.nblock):
            values = self.values(name, gid)
            low, high = (
                np.fmin(low, np.fmin.reduce(values, axis=None)),
                np.fmax(high, np.fmax.reduce(values, axis=None)),
            )
        return float(low), float(high)

    def weighted(
        self, name: str, weight: str | None = None
    ) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
        """Yield (gid, values, weights) of all blocks: relative volumes, times the quantity
        `weight`."""
        for gid in range(self.nblock):
            values = self.values(name, gid)
            weights = np.ones_like(values) if weight is None else self.values(weight, gid)
            if self.is_tube:
                place = self.place(gid)[2 - self.axes[0]]
                weights = weights * self.volumes()[place].reshape(values.shape)
            if self.max_level:
                weights = weights * 2.0 ** -(len(self.axes) * self.levels[gid])
            yield gid, values, weights

    def radius(self, gid: int) -> np.ndarray:
        """Return the distance of the cells of a block from the origin; missing axes do not
        count."""
        level = int(self.levels[gid])
        places = zip((2, 1, 0), self.place(gid), strict=True)
        k, j, i = (
            self.centres(a, level)[span] if a in self.axes else np.zeros(1) for a, span in places
        )
        return np.sqrt(i[None, None, :] ** 2 + j[None, :, None] ** 2 + k[:, None, None] ** 2)

    def place(self, gid: int) -> tuple["builtins.slice", ...]:
        """Return the index (k, j, i) of a block in the whole mesh of its level."""
        return tuple(
            slice(first * n, (first + 1) * n)
            for first, n in zip(self.locations[gid][::-1], self.block[::-1], strict=True)
        )

    def _derived(self, name):
        if name not in DERIVED:
            raise unknown(name, self.names, self.units, self.path)
        return DERIVED[name]


def open_snapshot(path: str | os.PathLike[str]) -> Snapshot:
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
        raise CrmpiError(
            f"cannot read {path}: it is truncated, damaged, or not an HDF5 file"
        ) from error
    if "RootGridSize" not in file.attrs or "names" not in file.attrs:
        file.close()
        raise CrmpiError(f"cannot read {path}: it is not a crmpi snapshot")
    return file


def _units(attributes):
    length, time, mass = (float(attributes[name]) for name in ("length_cm", "time_s", "mass_g"))
    system = attributes["unit_system"]
    return (
        Units("custom", length, length / time, mass / length**3)
        if system == "custom"
        else Units(system)
    )
