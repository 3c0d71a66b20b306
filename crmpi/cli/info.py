"""Say what is in a snapshot (.athdf), a checkpoint (.h5), a history (.txt) or the folder of a run.

crmpi info runs/galactic_wind
"""


def add_arguments(parser):
    """Declare the arguments of ``crmpi info``."""
    parser.add_argument("file", help="snapshot, checkpoint, history, or folder of a run")


def main(arguments):
    """Run ``crmpi info``."""
    from crmpi.analysis.read.info import info

    print(info(arguments.file), end="")
    return 0
