"""What ``crmpi observe`` prints and writes: numbers over time as one table, arrays over their axes
as one table per snapshot."""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from crmpi.analysis.measure.catalogue import measure
from crmpi.analysis.measure.stream import write_measured
from crmpi.analysis.read.readers import open_snapshot
from crmpi.errors import CrmpiError
from crmpi.output.directory import RunDirectory
from crmpi.output.files import clear_write_errors, commit, temporary, write_text


class Table(NamedTuple):
    """What was measured on one snapshot: `source` its path, `time` 'label' and value, `measured` a
    list of `Measured`."""

    source: Path
    time: tuple
    measured: list


def listing(registry):
    """Return the list of all observables."""
    width = max(map(len, registry))
    return "\n".join(f"{name.ljust(width)}  {registry[name].doc}" for name in sorted(registry))


def observe(path, names, overrides=()):
    """Return [Table] of a snapshot, or of all snapshots of the folder of a run."""
    path = Path(path)
    paths = RunDirectory(path).snapshots() if path.is_dir() else [path]
    if not paths:
        raise CrmpiError(
            f"{path} has no snapshots; set output.snapshot_interval, or name observables of the "
            "run in 'observables.compute'"
        )
    tables = []
    for one in paths:
        with open_snapshot(one) as snapshot:
            units = snapshot.units
            time = (
                ("time [code]", snapshot.time)
                if units.dimensionless
                else ("time [Myr]", snapshot.time / units.factor("Myr"))
            )
            tables.append(Table(one, time, measure(snapshot, names, overrides)))
    return tables


def text(tables):
    """Return all tables as text: columns of numbers, first those over time, then the arrays of each
    snapshot."""
    rows = [
        dict([table.time])
        | {k: v for m in table.measured if not m.axes for k, v in m.columns.items()}
        for table in tables
    ]
    parts = (
        [columns_text(list(rows[0]), [list(row.values()) for row in rows])]
        if len(rows[0]) > 1
        else []
    )
    for table in tables:
        label, time = table.time
        for measured in (m for m in table.measured if m.axes):
            columns = flat_columns(measured)
            title = (
                f"# {measured.name}, {label.replace(' [', f' = {time:.8g} [')}, {table.source}\n"
            )
            parts.append(title + columns_text(list(columns), np.array(list(columns.values())).T))
    return "\n".join(parts)


def flat_columns(measured):
    """Return the axes and the columns of a `Measured` as 1-D arrays of equal length."""
    grids = np.meshgrid(*measured.axes.values(), indexing="ij")
    columns = dict(zip(measured.axes, grids, strict=True)) | measured.columns
    return {name: np.ravel(values) for name, values in columns.items()}


def columns_text(labels, rows):
    """Return a header and aligned rows of numbers."""
    heads = [f"[{n}]{label}" for n, label in enumerate(labels, start=1)]
    widths = [max(14, len(head)) for head in heads]
    lines = ["# " + " ".join(map(str.rjust, heads, widths))]
    lines += [
        "  " + " ".join(f"{value:{width}.8g}" for value, width in zip(row, widths, strict=True))
        for row in rows
    ]
    return "\n".join(lines) + "\n"


def write(tables, output):
    """Write all tables to a text file, or to an HDF5 file with one group for each snapshot."""
    output = Path(output)
    if output.suffix not in (".h5", ".hdf5"):
        write_text(output, text(tables))
        return
    import h5py

    with clear_write_errors(output):
        with h5py.File(temporary(output), "w") as file:
            for table in tables:
                group = file.create_group(table.source.stem)
                group.attrs[table.time[0]] = table.time[1]
                write_measured(group, table.measured)
        commit(output)
