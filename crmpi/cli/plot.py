"""Draw a picture of a snapshot (slices or profiles), of a history, or one page on the folder of a
run.

crmpi plot runs/galactic_wind
crmpi plot runs/galactic_wind/snapshots/snapshot_00004.athdf dens pcr beta --axis x2 -o wind.png
crmpi plot runs/galactic_wind/history.txt ecr ener 'floor_*'
crmpi plot runs/galactic_wind dens temp --projection --axis x2 --outlines
crmpi plot runs/galactic_wind dens temp --limits dens=1e-5,1 temp=1e4,1e7 --log --cmap magma
crmpi plot runs/galactic_wind dens --streamlines b --output lines.pdf
crmpi plot runs/galactic_wind dens temp --kind phase --weight volume
crmpi plot runs/diffusion dens pcr --beside runs/streaming runs/two_moment --output three.pdf

crmpi movie makes a movie of all snapshots of a run; docs/pictures.md shows every kind of picture.
"""

import argparse
import math
import os

from crmpi.errors import CrmpiError


def add_arguments(parser):
    """Declare the arguments of ``crmpi plot``."""
    parser.add_argument("file", help="snapshot, history, or folder of a run")
    add_what(parser)
    add_look(parser)
    parser.add_argument(
        "--output",
        "-o",
        metavar="FILE",
        help="name ending in .png, .pdf or .svg; default: beside the file",
    )


def add_what(parser):
    """Declare the arguments that say what a picture shows."""
    parser.add_argument(
        "fields",
        nargs="*",
        help="quantities, also derived ones (pcr, temp, beta); columns of a history, also with *",
    )
    parser.add_argument(
        "--axis",
        choices=("x1", "x2", "x3"),
        help="axis that a slice is normal to, or along which a profile runs",
    )
    parser.add_argument(
        "--position",
        type=float,
        help="where the slice is, in the unit of the picture; default: the middle",
    )
    kinds = parser.add_mutually_exclusive_group()
    kinds.add_argument(
        "--kind",
        choices=("slice", "projection", "profile", "radial", "phase"),
        help="default: profiles in 1-D, slices otherwise",
    )
    kinds.add_argument(
        "--projection",
        dest="kind",
        action="store_const",
        const="projection",
        help="integrals along --axis; means by mass of other fields",
    )
    parser.add_argument(
        "--weight",
        default="dens",
        metavar="NAME",
        help="what a phase diagram sums up: volume, or a density of mass or energy; default: dens",
    )
    parser.add_argument(
        "--beside",
        nargs="+",
        default=[],
        metavar="FILE",
        help="more runs, snapshots or histories for the same picture",
    )


def add_look(parser):
    """Declare the arguments for the appearance of a picture."""
    parser.add_argument(
        "--outlines", action="store_true", help="draw the edges of the blocks of the mesh"
    )
    parser.add_argument(
        "--streamlines",
        choices=("b", "vel"),
        help="draw lines of the magnetic field, or of the velocity, over images",
    )
    parser.add_argument(
        "--limits",
        nargs="+",
        metavar="LOW HIGH|NAME=LOW,HIGH",
        help="of colours, or of the vertical axis, in the unit shown",
    )
    parser.add_argument(
        "--log",
        action=argparse.BooleanOptionalAction,
        help="logarithmic or not; default: chosen from the numbers",
    )
    parser.add_argument("--cmap", metavar="NAME", help="colour map of matplotlib")
    parser.add_argument(
        "--size", nargs=2, type=float, metavar=("WIDTH", "HEIGHT"), help="of the page in inches"
    )


def main(arguments):
    """Run ``crmpi plot`` and print the name of the picture."""
    try:
        from crmpi.analysis.draw.plots import plot
    except ModuleNotFoundError as problem:
        raise CrmpiError(f"crmpi plot needs {problem.name}: pip install matplotlib") from None
    a = arguments
    refuse_files(a, "plot")
    picture = plot(
        a.file,
        fields=a.fields or None,
        axis=a.axis,
        position=a.position,
        kind=a.kind,
        output=a.output,
        others=a.beside,
        options=options_of(a),
    )
    print(picture)
    return 0


def refuse_files(a, command):
    """Refuse files where quantities are meant."""
    files = [word for word in a.fields if os.path.exists(word)]
    if files:
        raise CrmpiError(
            f"'{files[0]}' is a file, not a quantity; for one picture of several: crmpi {command} "
            f"{a.file} --beside {files[0]}"
        )


def options_of(a):
    """Return the checked `Options` of a picture."""
    from crmpi.analysis.draw.style import Options

    if a.size and not all(0.0 < length < 200.0 for length in a.size):
        raise CrmpiError(
            f"--size {a.size[0]:g} {a.size[1]:g}: width and height are inches, between 0 and 200"
        )
    return Options(
        _limits(a.limits or []),
        a.log,
        a.cmap,
        tuple(a.size) if a.size else None,
        outlines=a.outlines,
        streamlines=a.streamlines,
        weight=a.weight,
    )


def _limits(words):
    """Return {quantity: (low, high)} of the words behind --limits; '' stands for all quantities."""
    named = [word for word in words if "=" in word]
    pairs = [word.partition("=")[::2] for word in named]
    found = {name: value.split(",") for name, value in pairs}
    if plain := [word for word in words if word not in named]:
        found[""] = plain
    return {name: _range(values, words) for name, values in found.items()}


def _range(values, words):
    """Return (low, high) of two words."""
    try:
        low, high = map(float, values)
    except ValueError:
        low, high = math.nan, math.nan
    if not math.isfinite(low + high):
        form = "two numbers, or NAME=LOW,HIGH as in dens=1e-5,1"
        raise CrmpiError(f"--limits {' '.join(words)} is not of the form {form}")
    return low, high
