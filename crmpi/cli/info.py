"""Say what is in a snapshot (.athdf), a checkpoint (.h5), a history (.txt) or the folder of a run.

crmpi info runs/galactic_wind
"""

from crmpi.cli.tables import add_json, print_json


def add_arguments(parser):
    """Declare the arguments of ``crmpi info``."""
    parser.add_argument("file", help="snapshot, checkpoint, history, or folder of a run")
    add_json(parser)


def main(arguments):
    """Run ``crmpi info``."""
    if arguments.json:
        from crmpi.analysis.read.facts import facts

        print_json(facts(arguments.file))
        return 0
    from crmpi.analysis.read.info import info

    print(info(arguments.file), end="")
    return 0
