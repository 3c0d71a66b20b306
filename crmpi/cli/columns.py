"""Columns of hydrogen and of ions through a snapshot, over the distance of the sight lines from the
centre.

  crmpi columns runs/cgm_halo
      the usual ions, the last snapshot
  crmpi columns runs/cgm_halo "O VI" "H I" --impact 10 50 100 --axis x3
  crmpi columns snapshot_00004.athdf H "Mg II" --axis any --lines 64 --output columns.csv
  crmpi columns snapshot_00004.athdf "O VI" --background ks19 --redshift 0.3
  crmpi columns snapshot_00004.athdf "O VI" --table my_trident_table.h5
  crmpi columns snapshot_00004.athdf "H I" "Mg II" "O VI" --axis x3 --map maps.pdf

Distances without a unit are in kpc. Printed is log10 of columns in 1/cm^2: median (16th, 84th
percentile) over the lines. docs/ions.md says where the shares of the ions come from.
"""

from crmpi.cli.plugins import add_plugins, use
from crmpi.cli.tables import add_json, print_json, say
from crmpi.errors import CrmpiError

AXES = {"x1": (0,), "x2": (1,), "x3": (2,), "all": (0, 1, 2), "any": None}


def add_arguments(parser):
    """Declare the arguments of ``crmpi columns``."""
    parser.add_argument("file", help="snapshot, or folder of a run")
    parser.add_argument(
        "ions",
        nargs="*",
        metavar="ION",
        help="'O VI', 'H I'; 'H' for all hydrogen; default: the usual ones",
    )
    parser.add_argument(
        "--impact",
        nargs="+",
        metavar="LENGTH",
        help="distances from the origin; default: five inside of the box",
    )
    parser.add_argument(
        "--axis",
        choices=AXES,
        default="all",
        help="lines along an axis, along all three (default), or in any direction",
    )
    parser.add_argument(
        "--lines",
        type=int,
        default=16,
        metavar="N",
        help="lines at each distance, for each axis; default 16",
    )
    parser.add_argument(
        "--metallicity",
        type=float,
        help="of the gas, relative to the Sun; default: of composition.Z of the run, or 0.3",
    )
    parser.add_argument(
        "--redshift", type=float, default=0.2, help="of the ultraviolet background; default 0.2"
    )
    parser.add_argument(
        "--background",
        choices=("hm12", "ks19", "none"),
        default="hm12",
        help="ultraviolet background; default hm12",
    )
    parser.add_argument(
        "--scale", type=float, default=1.0, help="factor on the background; default 1"
    )
    parser.add_argument("--thin", action="store_true", help="dense gas does not shield itself")
    parser.add_argument(
        "--table",
        metavar="FILE.h5|NAME",
        help="ion table of your own, in the layout of Trident, or the name of a plug-in",
    )
    add_json(parser)
    add_plugins(parser)
    parser.add_argument(
        "--map",
        metavar="FILE",
        help="draw maps along --axis: name ending in .png, .pdf or .svg; needs matplotlib",
    )
    parser.add_argument(
        "--output", "-o", metavar="FILE.csv", help="write the table, columns in 1/cm^2"
    )


def main(arguments):
    """Run ``crmpi columns``."""
    from crmpi.analysis.measure import columns
    from crmpi.analysis.read.derived import has_metallicity
    from crmpi.analysis.read.readers import open_snapshot
    from crmpi.params import make

    a = arguments
    use(a.plugins)
    if a.lines < 1 or not a.scale > 0:
        raise CrmpiError("--lines must be at least 1, and --scale positive")
    if a.map and a.axis not in ("x1", "x2", "x3"):
        raise CrmpiError("--map needs one direction of view: --axis x1, x2 or x3")
    with open_snapshot(_snapshot(a.file)) as snapshot:
        impacts = _impacts(snapshot, a.impact)
        facts = snapshot.facts
        metallicity = facts.metallicity(a.metallicity)
        composition = make(
            columns.Composition, metallicity=metallicity, hydrogen_fraction=facts.hydrogen
        )
        ions, table = a.ions or columns.USUAL, _table(a, facts.hydrogen)
        found = columns.profile(snapshot, ions, impacts, AXES[a.axis], a.lines, table, composition)
        drawn = _draw(snapshot, ions, a, table, composition) if a.map else []
        units, path = snapshot.units, snapshot.path
        metals = None if has_metallicity(snapshot.names) else metallicity
    if a.output:
        _write(units, found, a.output)
        drawn.append(f"wrote {a.output}")
    source = found.table.source if found.table else None
    if a.json:
        about = {"snapshot": path, "metallicity": metals, "ions": source}
        print_json(about | {"warning": found.warning() or None, "columns": _columns(units, found)})
    else:
        gas = "of the run's own metals" if metals is None else f"{metals:g}"
        print(
            f"# {path}, log10 of columns [1/cm^2], {len(found.impacts)} lines, metallicity "
            f"{gas}{f'; ions {source}' if source else ''}"
        )
        print("\n".join(_text(units, found)))
        if found.warning():
            print(f"# {found.warning()}")
    for line in drawn:
        say(line, a)
    return 0


def _snapshot(path):
    """Return the snapshot itself, or the last one of a run."""
    from pathlib import Path

    from crmpi.output.directory import RunDirectory

    if not Path(path).is_dir():
        return path
    snapshots = RunDirectory(Path(path)).snapshots()
    if not snapshots:
        raise CrmpiError(f"{path} has no snapshots; set output.snapshot_interval")
    return snapshots[-1]


def _impacts(snapshot, words):
    """Return the distances in code units; by default five that are inside of the box whatever the
    axis."""
    units = snapshot.units
    if units.dimensionless:
        raise CrmpiError(
            f"{snapshot.path} is of a dimensionless run, which has no columns; set units.system "
            "to 'galactic' or 'custom'"
        )
    if words is None:
        reach = snapshot.nearest_face()
        if snapshot.geometry == "spherical":
            return [
                snapshot.lower[0] + share * (snapshot.upper[0] - snapshot.lower[0])
                for share in (0.1, 0.3, 0.5, 0.7, 0.9)
            ]
        if reach <= 0:
            raise CrmpiError(
                f"the origin is not inside of {snapshot.path}; give distances with --impact"
            )
        return [share * reach for share in (0.1, 0.3, 0.5, 0.7, 0.9)]
    return [_length(units, word) for word in words]


def _length(units, word):
    """Return a distance in code units; a plain number is in kpc."""
    from crmpi.units import dims_of, split_value

    try:
        value, unit = split_value(word)
        unit = unit or "kpc"
        if dims_of(unit) != dims_of("length") or value < 0:
            raise ValueError("is not a distance; write for example '50' or '100 pc'")
    except ValueError as problem:
        raise CrmpiError(f"--impact '{word}' {problem}") from None
    return value * units.factor(unit)


def _table(a, hydrogen):
    from crmpi.analysis.ions import computed_table
    from crmpi.analysis.ions.base import table_of

    if a.table:
        return table_of(a.table, a.redshift)
    return computed_table(a.redshift, a.background, a.scale, not a.thin, hydrogen)


def _draw(snapshot, ions, a, table, composition):
    """Draw maps; return what to say about them."""
    try:
        from crmpi.analysis.draw.column_maps import draw_maps
    except ModuleNotFoundError as problem:
        raise CrmpiError(
            f"crmpi columns --map needs {problem.name}: pip install matplotlib"
        ) from None
    path, outside = draw_maps(snapshot, ions, AXES[a.axis][0], a.map, table, composition)
    beyond = (
        f"; {outside} cells are outside of the ion table and count with the value at its edge"
        if outside
        else ""
    )
    return [f"wrote {path}{beyond}"]


def _text(units, found):
    """Return the lines of the table for users."""
    import numpy as np

    from crmpi.constraints.tables import aligned

    names = list(found.values)
    spreads = {name: np.array(found.spread(name)) for name in names}
    rows = []
    for n, impact in enumerate(spreads[names[0]][0]):
        with np.errstate(divide="ignore"):
            logs = [np.log10(spreads[name][1:, n]) for name in names]
        rows.append(
            [f"{impact / units.factor('kpc'):.4g}"]
            + [f"{m:.2f} ({low:.2f} {high:.2f})" for m, low, high in logs]
        )
    return aligned(["b [kpc]", *names], rows)


def _write(units, found, path):
    """Write impact parameters, medians and percentiles."""
    from pathlib import Path

    from crmpi.constraints.tables import csv_text
    from crmpi.output.files import write_text

    write_text(Path(path), csv_text(_columns(units, found)))


def _columns(units, found):
    """Return the columns of the table, in 1/cm^2 and kpc."""
    table = {}
    for name in found.values:
        impacts, median, low, high = found.spread(name)
        table |= {
            "impact_kpc": impacts / units.factor("kpc"),
            name: median,
            f"{name}_16": low,
            f"{name}_84": high,
        }
    return table
