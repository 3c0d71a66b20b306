"""``crmpi info``: what is in a file or a run folder, as text."""

import os

import h5py
import numpy as np

from crmpi.analysis.read.derived import shown_in
from crmpi.analysis.read.kinds import described, undamaged_snapshot
from crmpi.errors import CrmpiError
from crmpi.mesh.census import census
from crmpi.mesh.census import times as _times
from crmpi.model.source import ProblemSource
from crmpi.output.blockfile import broken_parts, parts_of, stray_parts
from crmpi.output.checkpoint import damage, read_checkpoint, read_leaves
from crmpi.output.directory import RunDirectory
from crmpi.output.history import read_history
from crmpi.output.seal import UNREADABLE


def info(path):
    """Return a description of a snapshot, checkpoint, history or run folder: several lines of text.

    Raises
    ------
    CrmpiError
        there is no such file, or it is none of these
    """
    return described(path, run=_run, snapshot=_snapshot, history=_history, checkpoint=_checkpoint)


def _snapshot(path):
    with undamaged_snapshot(path) as snapshot:
        unit, factor = shown_in("time", snapshot.units)
        time = f"{snapshot.time * factor:.8g} {unit}".rstrip()
        lines = [f"snapshot {path} ({_size(path)})", f"  time       {time}, step {snapshot.step}"]
        if snapshot.reason:
            lines += [f"  EMERGENCY  {snapshot.reason}"]
        lines += [
            (
                f"  mesh       {_times(snapshot.cells)} cells in {snapshot.nblock} blocks of "
                f"{_times(snapshot.block)}, code units:"
            )
        ]
        lines += [
            f"    x{axis + 1}       {snapshot.lower[axis]:.6g} to {snapshot.upper[axis]:.6g}"
            for axis in snapshot.axes
        ]
        if snapshot.max_level:
            lines += [
                f"    {line}"
                for line in census(snapshot.cells, snapshot.block, snapshot.tree.leaves)
            ]
        cells = snapshot.nblock * int(np.prod(snapshot.block))
        lines += [
            f"  memory     {_bytes(8 * cells * len(snapshot.names))} for all variables in float64"
        ]
        lines += [
            f"  units      {_units(snapshot.units)}",
            f"  gamma      {snapshot.gamma:.6g}, of cosmic rays {snapshot.gamma_cr:.6g}",
        ]
        lines += [
            f"  {fault.upper()}    {part}: its blocks read as NaN"
            for part, fault in snapshot.missing.items()
        ]
        lines += ["  variables  min and max"]
        for name in snapshot.names:
            low, high = snapshot.extrema(name)
            unit, factor = snapshot.shown_in(name)
            lines.append(
                f"    {name:<8s} {low * factor:14.6e} {high * factor:14.6e} {unit}".rstrip()
            )
        return "\n".join(lines + _origin(snapshot.provenance, snapshot.config)) + "\n"


def _checkpoint(path):
    reason = damage(path)
    if reason:
        raise CrmpiError(f"cannot read {path}: {reason}")
    checkpoint = read_checkpoint(path, [0])
    with h5py.File(path, "r") as file:
        nblock, cells = len(file["u0"]), file.attrs["cells"]
    leaves = read_leaves(path)
    low = high = None
    for gid in range(nblock):  # one block at a time: a checkpoint may exceed the memory
        block = read_checkpoint(path, [gid])
        values = [*block.u0[0], *(face[0] for face in block.faces)]
        minimum, maximum = [v.min() for v in values], [v.max() for v in values]
        low, high = (
            (minimum, maximum)
            if low is None
            else (np.minimum(low, minimum), np.maximum(high, maximum))
        )
    lines = [f"checkpoint {path} ({_size(path)}), complete, all checksums right"]
    lines += [
        (
            f"  time       {checkpoint.time:.17g} (code), step {checkpoint.step}, dt "
            f"{checkpoint.dt:.17g}"
        )
    ]
    lines += _problem(ProblemSource.from_json(checkpoint.source))
    lines += [
        f"  blocks     {nblock} of {_times(checkpoint.u0.shape[:1:-1])} cells",
        *_levels(cells, checkpoint, leaves),
    ]
    lines += ["  variables  min and max (code)"]
    names = [*checkpoint.variables, *(f"b{axis + 1}" for axis in range(len(checkpoint.faces)))]
    lines += [
        f"    {name:<8s} {a:14.6e} {b:14.6e}" for name, a, b in zip(names, low, high, strict=True)
    ]
    lines += [
        f"    {name}: {_times(values.shape[1:]) or 1} numbers per block"
        for name, values in checkpoint.blocks.items()
    ]
    lines += [f"    {name} = {value}" for name, value in checkpoint.scalars.items()]
    return "\n".join(lines + _origin(checkpoint.provenance, checkpoint.config)) + "\n"


def _levels(cells, checkpoint, leaves):
    """Return the lines on the levels of the mesh of a checkpoint, none where it has one."""
    block = checkpoint.u0.shape[:1:-1]
    return [f"    {line}" for line in census(cells, block, leaves)] if leaves[:, 0].max() else []


def _problem(source):
    """Return the line on the problem of a checkpoint."""
    if source is None:
        return []
    where = "installed" if source.installed else source.path
    return [
        (
            f"  problem    {source.name}, {where}; kept: {', '.join(sorted(source.files))}, sha256 "
            f"{source.digest[:16]}"
        )
    ]


def _history(path):
    columns = read_history(path)
    rows = len(columns["time"])
    lines = [f"history {path}: {rows} rows"]
    if rows:
        lines += [
            "  column                     first           last            min            max unit"
        ]
        for name, values in columns.items():
            numbers = (values[0], values[-1], np.nanmin(values), np.nanmax(values))
            lines.append(
                f"  {name:<20s} "
                + " ".join(f"{number:14.6e}" for number in numbers)
                + f" {columns.units[name]}"
            )
    return "\n".join(lines) + "\n"


def _run(folder):
    directory = RunDirectory(folder)
    snapshots, checkpoints = directory.snapshots(), directory.checkpoints()
    if not (directory.holds_run() or snapshots):
        raise CrmpiError(
            f"{folder} is not the folder of a run: it has no {directory.provenance.name}"
        )
    lines = [f"run {folder}: snapshots: {len(snapshots)}, checkpoints: {len(checkpoints)}"]
    for path in checkpoints:
        lines.append(f"  {path.relative_to(folder)}: {damage(path) or 'complete'}")
    streams = {name: directory.stream_files(name) for name in directory.stream_names()}
    lines += [f"  stream {name}: {len(files)} files" for name, files in streams.items()]
    shown = [*snapshots, *(path for files in streams.values() for path in files)]
    for path in shown:
        lines += [f"  {fault.upper()}    {part}" for part, fault in _faults(path).items()]
    for place in dict.fromkeys(path.parent for path in (*shown, *checkpoints)):
        lines += [f"  FOREIGN    {part}: it belongs to no file here" for part in stray_parts(place)]
    text = "\n".join(lines) + "\n"
    if directory.history.is_file():
        text += _history(directory.history)
    return text + (_last_snapshot(snapshots[-1]) if snapshots else "")


def _faults(path):
    """Return {path: what is wrong} of the parts of a file, or of the file itself."""
    try:
        with h5py.File(path, "r") as file:
            return broken_parts(file)
    except UNREADABLE:
        return {path: "truncated or damaged"}


def _last_snapshot(path):
    try:
        return _snapshot(path)
    except CrmpiError as error:
        return f"{error}\n"


def _origin(provenance, config):
    lines = ["  provenance"] + [f"    {name:<9s} {value}" for name, value in provenance.items()]
    return lines + ["  configuration"] + [f"    {line}" for line in config.splitlines()]


def _units(units):
    if units.dimensionless:
        return "none"
    return (
        f"{units.system}: length {units.cgs('length'):.6g} cm, time {units.cgs('time'):.6g} "
        f"s, mass {units.cgs('mass'):.6g} g"
    )


def _size(path):
    return _bytes(sum(os.path.getsize(file) for file in (path, *parts_of(path))))


def _bytes(size):
    power = min(int(np.log10(max(size, 1)) / 3), 3)
    return f"{size / 1000**power:.3g} {('B', 'kB', 'MB', 'GB')[power]}"
