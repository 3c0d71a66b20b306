"""Compute observables of a snapshot, or of all snapshots of a run.

  crmpi observe                                                                      what there is
  crmpi observe runs/galactic_wind gamma_rays loading loading.heights=[1,2]
      one row for each snapshot
  crmpi observe runs/cgm_halo/snapshots/snapshot_00004.athdf radial_profile -o profile.txt
  crmpi observe runs/cgm_halo gamma_rays radial_profile phase --plot halo.png
      numbers over time, profiles and diagrams of the last

Parameters, key=value, are those of the group 'observables' of a run, which computes the same
numbers while it goes on; docs/observables.md has the formulas and the assumptions.
"""

from crmpi.cli.plugins import add_plugins, use
from crmpi.cli.tables import add_json, print_json, say
from crmpi.errors import CrmpiError


def add_arguments(parser):
    """Declare the arguments of ``crmpi observe``."""
    parser.add_argument("file", nargs="?", help="snapshot, or folder of a run")
    parser.add_argument(
        "words",
        nargs="*",
        metavar="NAME|key=value",
        help="observables, and their parameters: loading.radii='[10 kpc,50 kpc]'",
    )
    parser.add_argument(
        "--output", "-o", metavar="FILE", help="write to a text file, or, ending in .h5, to HDF5"
    )
    parser.add_argument(
        "--plot",
        metavar="FILE",
        help="draw numbers over time, profiles and diagrams: name ending in .png, .pdf or .svg",
    )
    add_json(parser)
    add_plugins(parser)


def _draw(tables, path):
    try:
        from crmpi.analysis.draw.figures import draw
    except ModuleNotFoundError as problem:
        raise CrmpiError(
            f"crmpi observe --plot needs {problem.name}: pip install matplotlib"
        ) from None
    return draw(tables, path)


def main(arguments):
    """Run ``crmpi observe``."""
    from crmpi.analysis.draw import report
    from crmpi.plugins import OBSERVABLES

    use(arguments.plugins)
    if arguments.file is None:
        if arguments.json:
            print_json({name: OBSERVABLES[name].doc for name in sorted(OBSERVABLES)})
        else:
            print(report.listing(OBSERVABLES))
        return 0
    names = [word for word in arguments.words if "=" not in word]
    if not names:
        raise CrmpiError(
            f"name at least one observable of {arguments.file}: {', '.join(sorted(OBSERVABLES))}"
        )
    tables = report.observe(
        arguments.file, names, [word for word in arguments.words if "=" in word]
    )
    if arguments.plot is not None:
        say(f"wrote {_draw(tables, arguments.plot)}", arguments)
    if arguments.output is not None:
        report.write(tables, arguments.output)
        say(f"wrote {arguments.output}", arguments)
    if arguments.json:
        print_json([_record(table) for table in tables])
    elif arguments.output is None and arguments.plot is None:
        print(report.text(tables), end="")
    return 0


def _record(table):
    """Return what was measured on one snapshot."""
    label, time = table.time
    found = {
        one.name: {"columns": one.columns, "axes": one.axes} if one.axes else one.columns
        for one in table.measured
    }
    return {"source": table.source, label: time, "observables": found}
