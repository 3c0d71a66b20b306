"""Make a movie of all snapshots of a run, or of several runs beside one another, on fixed scales.

crmpi movie runs/galactic_wind                                        movie.mp4 in its folder
crmpi movie runs/galactic_wind dens --streamlines b -o wind.gif
crmpi movie runs/galactic_wind dens temp --projection --axis x2 --fps 5 -o wind.mp4
crmpi movie runs/diffusion dens --beside runs/streaming runs/two_moment -o three.mp4

An MP4 needs ffmpeg, of the machine or from pip install imageio-ffmpeg; a GIF needs neither. What is
shown, and how, is chosen as for crmpi plot.
"""

import math
import sys

from crmpi.cli.plot import add_look, add_what, options_of, refuse_files
from crmpi.errors import CrmpiError


def add_arguments(parser):
    """Declare the arguments of ``crmpi movie``."""
    parser.add_argument("file", metavar="DIR", help="folder of a run")
    add_what(parser)
    add_look(parser)
    parser.add_argument(
        "--fps", type=float, default=10.0, help="snapshots shown in a second; default: 10"
    )
    parser.add_argument(
        "--every", type=int, default=1, metavar="N", help="show every N-th snapshot; default: 1"
    )
    parser.add_argument(
        "--output",
        "-o",
        metavar="FILE",
        help="name ending in .mp4 or .gif; default: movie.mp4 in the folder",
    )


def main(arguments):
    """Run ``crmpi movie`` and print the name of the movie."""
    try:
        from crmpi.analysis.draw.movie import movie
    except ModuleNotFoundError as problem:
        raise CrmpiError(f"crmpi movie needs {problem.name}: pip install matplotlib") from None
    a = arguments
    refuse_files(a, "movie")
    if not (math.isfinite(a.fps) and 0.0 < a.fps <= 100.0):
        raise CrmpiError(f"--fps {a.fps:g}: snapshots in a second are between 0 and 100")
    if a.every < 1:
        raise CrmpiError(f"--every {a.every}: must be 1 or more; 2 shows every other snapshot")
    made = movie(
        [a.file, *a.beside],
        a.fields or None,
        a.axis,
        a.position,
        a.kind,
        a.output,
        options_of(a),
        fps=a.fps,
        every=a.every,
        report=lambda line: print(f"note: {line}", file=sys.stderr),
    )
    print(made)
    return 0
