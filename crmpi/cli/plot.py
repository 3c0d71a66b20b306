"""Draw a picture of a snapshot (slices or profiles), of a history, or one page on the folder of a run.

  crmpi plot runs/galactic_wind
  crmpi plot runs/galactic_wind/snapshots/snapshot_00004.athdf dens pcr beta --axis x2 --output wind.png
  crmpi plot runs/galactic_wind/history.txt ecr ener
  crmpi plot runs/diffusion dens pcr --beside runs/streaming runs/two_moment --output three.pdf
"""

import os

from crmpi.errors import CrmpiError


def add_arguments(parser):
    """Declare the arguments of ``crmpi plot``."""
    parser.add_argument("file", help="snapshot, history, or folder of a run")
    parser.add_argument("fields", nargs="*", help="quantities, also derived ones (pcr, temp, beta); columns of a history")
    parser.add_argument("--axis", choices=("x1", "x2", "x3"), help="axis that a slice is normal to, or along which a profile runs")
    parser.add_argument("--position", type=float, help="where the slice is, in the unit of the picture; default: the middle")
    parser.add_argument("--kind", choices=("slice", "profile", "radial"), help="default: profiles in 1-D, slices otherwise")
    parser.add_argument("--beside", nargs="+", default=[], metavar="FILE", help="more runs, snapshots or histories for the same picture")
    parser.add_argument("--output", "-o", metavar="FILE", help="name ending in .png, .pdf or .svg; default: beside the file")


def main(arguments):
    """Run ``crmpi plot`` and print the name of the picture."""
    try:
        from crmpi.observables.plots import plot
    except ModuleNotFoundError as problem:
        raise CrmpiError(f"crmpi plot needs {problem.name}: pip install matplotlib") from None
    a = arguments
    files = [word for word in a.fields if os.path.exists(word)]
    if files:
        raise CrmpiError(f"'{files[0]}' is a file, not a quantity; for one picture of several: crmpi plot {a.file} --beside {files[0]}")
    print(plot(a.file, fields=a.fields or None, axis=a.axis, position=a.position, kind=a.kind, output=a.output, others=a.beside))
    return 0
