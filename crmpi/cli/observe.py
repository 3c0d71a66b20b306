"""Compute observables of a snapshot, or of all snapshots of a run.

  crmpi observe                                                                      what there is
  crmpi observe runs/galactic_wind gamma_rays loading loading.heights=[1,2]          one row for each snapshot
  crmpi observe runs/cgm_halo/snapshots/snapshot_00004.athdf radial_profile -o profile.txt

Parameters, key=value, are those of the group 'observables' of a run, which computes the same numbers while it goes on;
docs/observables.md has the formulas and the assumptions.
"""

from crmpi.errors import CrmpiError


def add_arguments(parser):
    """Declare the arguments of ``crmpi observe``."""
    parser.add_argument("file", nargs="?", help="snapshot, or folder of a run")
    parser.add_argument("words", nargs="*", metavar="NAME|key=value", help="observables, and their parameters: loading.radii='[10,50] kpc'")
    parser.add_argument("--output", "-o", metavar="FILE", help="write to a text file, or, ending in .h5, to HDF5")


def main(arguments):
    """Run ``crmpi observe``."""
    from crmpi.observables import report
    from crmpi.observables.catalogue import REGISTRY

    if arguments.file is None:
        print(report.listing(REGISTRY))
        return 0
    names = [word for word in arguments.words if "=" not in word]
    if not names:
        raise CrmpiError(f"name at least one observable of {arguments.file}: {', '.join(sorted(REGISTRY))}")
    tables = report.observe(arguments.file, names, [word for word in arguments.words if "=" in word])
    if arguments.output is None:
        print(report.text(tables), end="")
    else:
        report.write(tables, arguments.output)
        print(f"wrote {arguments.output}")
    return 0
