"""Write one HTML page on a run: how it went, time by phase, floors, energy ledger, last pictures,
all parameters. The page needs no other file.

crmpi report runs/galactic_wind                               report.html in its folder
crmpi report runs/galactic_wind --output wind.html
"""

from crmpi.errors import CrmpiError


def add_arguments(parser):
    """Declare the arguments of ``crmpi report``."""
    parser.add_argument("folder", metavar="DIR", help="folder of a run (its output.dir)")
    parser.add_argument(
        "--output",
        "-o",
        metavar="FILE.html",
        help="the page; default: report.html in the folder",
    )


def main(arguments):
    """Run ``crmpi report`` and print the name of the page."""
    try:
        from crmpi.analysis.draw.run_report import write_report
    except ModuleNotFoundError as problem:
        raise CrmpiError(f"crmpi report needs {problem.name}: pip install matplotlib") from None
    print(write_report(arguments.folder, arguments.output))
    return 0
