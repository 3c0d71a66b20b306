"""Checkpoints: everything a run needs to go on bitwise identically, on any number of ranks.

A checkpoint holds the conserved cells `u0`, the face fields, the per-block arrays of the modules,
the clock and the schedules, all in float64. The digest of the file is verified before anything in
it is used, the checksum of a block when it is read.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path

import h5py
import numpy as np

from crmpi import __version__
from crmpi.errors import CrmpiError
from crmpi.output.blockfile import BlockArray, Contents, broken_parts
from crmpi.output.directory import checkpoint_files
from crmpi.output.seal import CHECKSUMS, UNREADABLE, block_checksums, broken_seal

FORMAT = 2
_EXTRA = "blocks."  # prefix of the modules' arrays


@dataclass(frozen=True)
class Checkpoint:
    """What `read_checkpoint` returns; arrays hold the blocks asked for, in this order.

    u0 : array (nblock, nvar, n3, n2, n1), active cells
    faces : three arrays (nblock, n3, n2, n1 + 1) ..., active faces with the last; empty without a
        magnetic field
    variables : names of the components of `u0`
    blocks, scalars : the modules' data, as given in `SimState`
    schedules : writings done, by schedule name
    config : resolved configuration of the run, YAML
    source : source of its problem, JSON (`crmpi.model.source`)
    """

    path: Path
    time: float
    time_compensation: float
    step: int
    dt: float
    u0: np.ndarray
    faces: tuple[np.ndarray, ...]
    variables: tuple[str, ...]
    blocks: dict[str, np.ndarray] = field(default_factory=dict)
    scalars: dict[str, float] = field(default_factory=dict)
    schedules: dict[str, int] = field(default_factory=dict)
    config: str = ""
    source: str = "null"
    provenance: dict[str, str] = field(default_factory=dict)

    def restore(self, pack):
        """Copy `u0` and the face field into `pack`, whose blocks and variables must be those of the
        checkpoint."""
        names = tuple(pack.variable_names())
        if names != self.variables:
            raise CrmpiError(
                f"{self.path} has the variables {', '.join(self.variables)}; this run needs "
                f"{', '.join(names)}"
            )
        if bool(self.faces) != pack.magnetic:
            here, there = ("a", "has none") if self.faces else ("no", "has one")
            raise CrmpiError(f"{self.path} has {here} magnetic field; this run {there}")
        target = pack.active(pack.u0)
        if target.shape != self.u0.shape:
            raise CrmpiError(
                f"{self.path} has blocks of {self.u0.shape[:1:-1]} cells; this run has "
                f"{target.shape[:1:-1]}"
            )
        target[...] = self.u0
        for axis, face in enumerate(self.faces):
            active_faces(pack, axis)[...] = face


def active_faces(pack, axis):
    """Return the view (nblock, n3, n2, n1) of the active faces of `b0` normal to `axis`, one more
    along it (not along a missing axis)."""
    grid = pack.grid
    counts = [grid.n1, grid.n2, grid.n3]
    ghosts = [grid.ng1, grid.ng2, grid.ng3]
    counts[axis] += ghosts[axis] > 0
    span = tuple(slice(g, g + n) for n, g in zip(counts[::-1], ghosts[::-1], strict=True))
    return pack.b0[(slice(None), axis, *span)]


def write_checkpoint(path, state, record, writer, schedules=None):
    """Write a checkpoint.

    Parameters
    ----------
    state : SimState
    record : RunRecord
    writer : BlockFileWriter
    schedules : dict
        writings done, by schedule name

    Raises
    ------
    RunError
        the disk refuses; earlier checkpoints are untouched
    """
    pack = state.pack
    arrays = {"u0": pack.active(pack.u0)}
    if pack.magnetic:
        arrays |= {f"b{axis + 1}": active_faces(pack, axis) for axis in range(3)}
    arrays |= {_EXTRA + name: values for name, values in state.blocks.items()}
    listed = [
        BlockArray(name, 0, np.ascontiguousarray(pack.by_gid(values)))
        for name, values in arrays.items()
    ]
    texts = {
        "config": record.config,
        "provenance": json.dumps(record.provenance),
        "source": record.source,
    }
    common = {name: np.bytes_(text) for name, text in texts.items()}
    tree = record.tree
    common["leaves"] = tree.leaves
    attributes = {
        "format": FORMAT,
        "version": __version__,
        "kind": "checkpoint",
        "time": np.float64(state.time),
        "time_compensation": np.float64(state.time_compensation),
        "step": np.int64(state.step),
        "dt": np.float64(state.dt),
        "variables": np.array(pack.variable_names(), "S32"),
        "cells": np.array(tree.cells),
        "block": np.array(tree.block),
        "scalars": json.dumps(state.scalars, default=_plain),
        "schedules": json.dumps(schedules or {}),
        "complete": True,
    }
    writer.write(path, Contents(tuple(listed), common, attributes))


def _plain(number):
    """Turn a numpy scalar into the Python number that JSON knows."""
    return number.item()


def read_checkpoint(path, gids=None):
    """Return the `Checkpoint` in `path`, with the blocks `gids` (ascending; all by default). Every
    rank may read its own.

    Raises
    ------
    CrmpiError
        the file is missing, truncated, damaged, or not a checkpoint
    """
    path = Path(path)
    reason = damage(path)
    if reason:
        raise CrmpiError(f"cannot restart from {path}: {reason}")
    try:
        with h5py.File(path, "r") as file:
            return _read(file, path, gids)
    except UNREADABLE as error:
        raise CrmpiError(f"cannot restart from {path}: {error}") from error


def read_leaves(path):
    """Return the leaves of the mesh of a checkpoint, int array (n, 4), see `crmpi.mesh.leaves`.

    Raises
    ------
    CrmpiError
        the file is missing, truncated, damaged, or not a checkpoint
    """
    reason = damage(path)
    if reason:
        raise CrmpiError(f"cannot restart from {path}: {reason}")
    with h5py.File(path, "r") as file:
        return file["leaves"][...].astype(np.int64)


def _read(file, path, gids):
    attributes = file.attrs
    gids = np.arange(file["u0"].shape[0]) if gids is None else np.asarray(gids)
    names = [name for name in file if name + CHECKSUMS in file]
    arrays = {name: _read_blocks(file, name, gids, path) for name in names}
    return Checkpoint(
        path=path,
        time=float(attributes["time"]),
        time_compensation=float(attributes["time_compensation"]),
        step=int(attributes["step"]),
        dt=float(attributes["dt"]),
        u0=arrays["u0"],
        faces=tuple(arrays[name] for name in ("b1", "b2", "b3") if name in arrays),
        variables=tuple(name.decode() for name in attributes["variables"]),
        blocks={
            name.removeprefix(_EXTRA): values
            for name, values in arrays.items()
            if name.startswith(_EXTRA)
        },
        scalars=json.loads(attributes["scalars"]),
        schedules=json.loads(attributes["schedules"]),
        config=file["config"][()].decode(),
        source=file["source"][()].decode(),
        provenance=json.loads(file["provenance"][()]),
    )


def _read_blocks(file, name, gids, path):
    """Return the rows `gids` of a data set; a block whose checksum differs is an error."""
    dataset, checksums = file[name], file[name + CHECKSUMS][:]
    if len(gids) and max(gids) >= len(checksums):
        raise CrmpiError(
            f"cannot restart from {path}: it has {len(checksums)} blocks, this run has more; "
            "keep mesh.cells and mesh.block"
        )
    values = np.empty((len(gids), *dataset.shape[1:]), dataset.dtype)
    for row, gid in enumerate(gids):
        values[row] = dataset[gid]
    damaged = [
        int(gid)
        for gid, crc in zip(gids, block_checksums(values), strict=True)
        if crc != checksums[gid]
    ]
    if damaged:
        raise CrmpiError(
            f"cannot restart from {path}: '{name}' of block {damaged[0]} is damaged; restart "
            "from an earlier checkpoint"
        )
    return values


def damage(path):
    """Return why the file `path` cannot be a complete checkpoint, or '' if it is one (checksums are
    verified when it is read)."""
    path = Path(path)
    if not path.is_file():
        return "there is no such file"
    try:
        with h5py.File(path, "r") as file:
            if file.attrs.get("kind") != "checkpoint":
                return "it is not a crmpi checkpoint"
            if file.attrs["format"] > FORMAT:
                return f"it was written by a newer crmpi ({file.attrs['version']})"
            if file.attrs["format"] < FORMAT:
                older = file.attrs["version"]
                return (
                    f"it was written by crmpi {older}, whose checksums cover only a part of "
                    "it; restart it with that version"
                )
            broken = broken_seal(file)
            if broken:
                return f"it is damaged, {broken}; restart from an earlier checkpoint"
            faults = broken_parts(file)
            return next((f"the part {part} is {fault}" for part, fault in faults.items()), "")
    except UNREADABLE:
        return "it is truncated or damaged; restart from an earlier checkpoint"


def newest_whole(folder, comm):
    """Find the newest checkpoint whose every block has its checksum; the ranks share the blocks;
    collective.

    Returns
    -------
    (Path or None, list of str)
        the checkpoint, and a sentence for each newer one that is damaged
    """
    complaints = []
    for path in comm.bcast(checkpoint_files(folder)[::-1] if comm.rank == 0 else None):
        reason = comm.bcast(damage(path) if comm.rank == 0 else None)
        reasons = [reason] if reason else comm.allgather_object(_damaged_share(path, comm))
        found = next(filter(None, reasons), None)
        if found is None:
            return path, complaints
        complaints.append(f"cannot go on from {path}: {found.partition(';')[0]}")
    return None, complaints


def _damaged_share(path, comm):
    """Return what is wrong with the blocks that this rank checks, or None: every n-th."""
    try:
        with h5py.File(path, "r") as file:
            gids = np.arange(file["u0"].shape[0])[comm.rank :: comm.nranks]
            for name in (name for name in file if name + CHECKSUMS in file):
                checksums = file[name + CHECKSUMS][:]
                for gid in gids:
                    if block_checksums(file[name][gid : gid + 1])[0] != checksums[gid]:
                        return f"'{name}' of block {gid} is damaged"
    except UNREADABLE as error:
        return str(error)
    return None


def latest_checkpoint(folder):
    """Return the path of the newest complete checkpoint in a run or checkpoint folder, or None."""
    return next((path for path in reversed(checkpoint_files(folder)) if not damage(path)), None)
